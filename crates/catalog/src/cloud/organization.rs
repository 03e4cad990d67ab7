//! Organizations, their folders and their members. Not what a role allows: that is the cloud's one evaluator.

use model::{AccountId, FolderId, OrganizationId, Role, WallTime};

use super::{
    CloudCatalog,
    sql::{Row, Tx, values},
};
use crate::{
    Error, Result,
    column::{bounded, room},
};

/// Most bytes of a name.
pub const MAX_NAME: usize = 128;
/// Most organizations of one owner.
pub const MAX_OWNED: usize = 20;
/// Most folders of an organization.
pub const MAX_FOLDERS: usize = 1000;
/// What the folder is called that every organization begins with.
const DEFAULT_FOLDER: &str = "Sites";

/// An organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationRow {
    /// Identifier.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Who owns it: always an administrator, never removed.
    pub owner: AccountId,
    /// When it was made.
    pub created: WallTime,
    /// Bytes that relays may carry for one account in a month.
    pub relay: RelayLimit,
}

/// How much relays may carry for one account in a month.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RelayLimit {
    /// As the cloud has it.
    AsCloud,
    /// So many bytes.
    Bytes(u64),
    /// Any number.
    Unlimited,
}

/// A folder of sites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderRow {
    /// Identifier.
    pub id: FolderId,
    /// In which it lies; none: at the top.
    pub parent: Option<FolderId>,
    /// Its name.
    pub name: String,
    /// Where sites go unless told otherwise.
    pub is_default: bool,
}

/// Somebody of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberRow {
    /// Who.
    pub account: AccountId,
    /// The address that the account is known by.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// What the person is there.
    pub role: Role,
    /// On which folders and what is in them; none: on all.
    pub folders: Option<Vec<FolderId>>,
    /// Since when.
    pub joined: WallTime,
}

/// An organization that is about to be made.
pub(super) struct Founding {
    pub(super) id: OrganizationId,
    folder: FolderId,
    name: String,
}

impl Founding {
    pub(super) fn new(name: &str) -> Result<Self> {
        Ok(Self { id: OrganizationId::new(), folder: FolderId::new(), name: named(name)? })
    }

    pub(super) fn insert(&self, tx: &mut Tx<'_>, owner: AccountId, now: WallTime) -> Result<()> {
        let owned = tx.number("SELECT count(*) FROM organization WHERE owner = $1", values![owner])?;
        room("organizations", owned, MAX_OWNED)?;
        tx.execute(
            "INSERT INTO organization (id, name, owner, created) VALUES ($1, $2, $3, $4)",
            values![self.id, &self.name, owner, now],
        )?;
        tx.execute(
            "INSERT INTO folder (id, organization, name, is_default) VALUES ($1, $2, $3, 1)",
            values![self.folder, self.id, DEFAULT_FOLDER],
        )?;
        join(tx, self.id, owner, Role::Administrator, now)
    }
}

/// Makes the account a member, on all folders.
pub(super) fn join(
    tx: &mut Tx<'_>,
    organization: OrganizationId,
    account: AccountId,
    role: Role,
    now: WallTime,
) -> Result<()> {
    tx.execute(
        "INSERT INTO member (organization, account, role, everywhere, joined) VALUES ($1, $2, $3, 1, $4)
         ON CONFLICT DO NOTHING",
        values![organization, account, role.name(), now],
    )
    .map(drop)
}

impl CloudCatalog {
    /// Makes an organization, which the account owns.
    pub fn found_organization(&self, name: &str, owner: AccountId, now: WallTime) -> Result<OrganizationId> {
        let founding = Founding::new(name)?;
        self.write(|tx| founding.insert(tx, owner, now))?;
        Ok(founding.id)
    }

    /// The organization.
    pub fn organization(&self, id: OrganizationId) -> Result<Option<OrganizationRow>> {
        self.read(|tx| {
            let row = tx.row(
                "SELECT id, name, owner, created, relay_bytes FROM organization WHERE id = $1",
                values![id],
            )?;
            row.map(|mut row| read(&mut row)).transpose()
        })
    }

    /// The organizations of an account with its role in each, by name.
    pub fn organizations_of(&self, account: AccountId) -> Result<Vec<(OrganizationRow, Role)>> {
        self.read(|tx| {
            let rows = tx.rows(
                "SELECT o.id, o.name, o.owner, o.created, o.relay_bytes, m.role FROM member m
                 JOIN organization o ON o.id = m.organization WHERE m.account = $1 ORDER BY o.name, o.id",
                values![account],
            )?;
            rows.into_iter().map(|mut row| Ok((read(&mut row)?, role(&mut row)?))).collect()
        })
    }

    /// Changes name and limit, where they are given; false where there is no such organization.
    pub fn change_organization(
        &self,
        id: OrganizationId,
        name: Option<&str>,
        relay: Option<RelayLimit>,
    ) -> Result<bool> {
        let name = name.map(named).transpose()?;
        let (given, bytes) = match relay {
            None => (0, None),
            Some(RelayLimit::AsCloud) => (1, None),
            Some(RelayLimit::Unlimited) => (1, Some(-1)),
            Some(RelayLimit::Bytes(bytes)) => (1, Some(i64::try_from(bytes).unwrap_or(i64::MAX))),
        };
        self.write(|tx| {
            tx.one(
                "UPDATE organization SET name = coalesce($2, name),
                    relay_bytes = CASE WHEN $3 = 1 THEN $4 ELSE relay_bytes END WHERE id = $1",
                values![id, name.clone(), given, bytes],
            )
        })
    }

    /// What the account is in the organization.
    pub fn member(&self, organization: OrganizationId, account: AccountId) -> Result<Option<MemberRow>> {
        Ok(self.members_where(organization, Some(account))?.pop())
    }

    /// Everybody of the organization, by address.
    pub fn members(&self, organization: OrganizationId) -> Result<Vec<MemberRow>> {
        self.members_where(organization, None)
    }

    fn members_where(&self, organization: OrganizationId, only: Option<AccountId>) -> Result<Vec<MemberRow>> {
        self.read(|tx| {
            let rows = tx.rows(
                "SELECT a.id, a.email, a.name, m.role, m.everywhere, m.joined FROM member m
                 JOIN account a ON a.id = m.account
                 WHERE m.organization = $1 AND a.id = coalesce($2, a.id) ORDER BY a.email_key",
                values![organization, only],
            )?;
            let mut members = Vec::with_capacity(rows.len());
            for mut row in rows {
                let (account, email, name) = (row.parsed()?, row.text()?, row.text()?);
                let (role, everywhere, joined) = (role(&mut row)?, row.flag()?, row.time()?);
                let folders = if everywhere { None } else { Some(folders_of(tx, organization, account)?) };
                members.push(MemberRow { account, email, name, role, folders, joined });
            }
            Ok(members)
        })
    }

    /// Changes what somebody is; it counts at once. The owner stays what the owner is.
    pub fn change_member(
        &self,
        organization: OrganizationId,
        account: AccountId,
        role: Role,
        folders: Option<&[FolderId]>,
    ) -> Result<()> {
        self.write(|tx| {
            if owns(tx, organization, account)? {
                return Err(Error::LastAdministrator);
            }
            let known = tx.one(
                "UPDATE member SET role = $3, everywhere = $4 WHERE organization = $1 AND account = $2",
                values![organization, account, role.name(), folders.is_none()],
            )?;
            if !known {
                return Err(Error::NotFound("member"));
            }
            tx.execute(
                "DELETE FROM member_folder WHERE organization = $1 AND account = $2",
                values![organization, account],
            )?;
            for folder in folders.unwrap_or_default() {
                of_organization(tx, organization, *folder)?;
                tx.execute(
                    "INSERT INTO member_folder (organization, account, folder) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                    values![organization, account, *folder],
                )?;
            }
            Ok(())
        })
    }

    /// Takes somebody out of the organization; the account itself stays.
    pub fn remove_member(&self, organization: OrganizationId, account: AccountId) -> Result<()> {
        self.write(|tx| {
            if owns(tx, organization, account)? {
                return Err(Error::LastAdministrator);
            }
            let gone = tx.one(
                "DELETE FROM member WHERE organization = $1 AND account = $2",
                values![organization, account],
            )?;
            if gone { Ok(()) } else { Err(Error::NotFound("member")) }
        })
    }

    /// The folders of an organization, by name.
    pub fn folders_of_organization(&self, organization: OrganizationId) -> Result<Vec<FolderRow>> {
        self.read(|tx| {
            let rows = tx.rows(
                "SELECT id, parent, name, is_default FROM folder WHERE organization = $1 ORDER BY name, id",
                values![organization],
            )?;
            let read = |mut row: Row| {
                Ok(FolderRow {
                    id: row.parsed()?,
                    parent: row.parsed_option()?,
                    name: row.text()?,
                    is_default: row.flag()?,
                })
            };
            rows.into_iter().map(read).collect()
        })
    }

    /// Makes a folder, in another one or at the top.
    pub fn add_site_folder(
        &self,
        organization: OrganizationId,
        name: &str,
        parent: Option<FolderId>,
    ) -> Result<FolderRow> {
        let folder = FolderRow { id: FolderId::new(), parent, name: named(name)?, is_default: false };
        self.write(|tx| {
            let count =
                tx.number("SELECT count(*) FROM folder WHERE organization = $1", values![organization])?;
            room("folders", count, MAX_FOLDERS)?;
            if let Some(parent) = parent {
                of_organization(tx, organization, parent)?;
            }
            tx.execute(
                "INSERT INTO folder (id, organization, parent, name, is_default) VALUES ($1, $2, $3, $4, 0)",
                values![folder.id, organization, folder.parent, &folder.name],
            )
        })?;
        Ok(folder)
    }

    /// Gives a folder another name; false where the organization has no such folder.
    pub fn rename_site_folder(&self, organization: OrganizationId, id: FolderId, name: &str) -> Result<bool> {
        let name = named(name)?;
        self.write(|tx| {
            tx.one(
                "UPDATE folder SET name = $3 WHERE organization = $1 AND id = $2",
                values![organization, id, &name],
            )
        })
    }

    /// Removes an empty folder. The default one stays.
    pub fn remove_site_folder(&self, organization: OrganizationId, id: FolderId) -> Result<()> {
        self.write(|tx| {
            of_organization(tx, organization, id)?;
            let used = tx.number(
                "SELECT (SELECT count(*) FROM folder WHERE parent = $1)
                      + (SELECT count(*) FROM site WHERE folder = $1)
                      + (SELECT count(*) FROM folder WHERE id = $1 AND is_default = 1)",
                values![id],
            )?;
            if used > 0 {
                return Err(Error::InUse("folder"));
            }
            tx.execute("DELETE FROM folder WHERE id = $1", values![id]).map(drop)
        })
    }
}

/// Refuses a folder of somebody else.
pub(super) fn of_organization(tx: &mut Tx<'_>, organization: OrganizationId, folder: FolderId) -> Result<()> {
    let count = tx.number(
        "SELECT count(*) FROM folder WHERE organization = $1 AND id = $2",
        values![organization, folder],
    )?;
    if count == 1 { Ok(()) } else { Err(Error::NotFound("folder")) }
}

/// Where sites go unless told otherwise.
pub(super) fn default_folder(tx: &mut Tx<'_>, organization: OrganizationId) -> Result<FolderId> {
    let row =
        tx.row("SELECT id FROM folder WHERE organization = $1 AND is_default = 1", values![organization])?;
    row.ok_or(Error::NotFound("folder"))?.parsed()
}

fn folders_of(tx: &mut Tx<'_>, organization: OrganizationId, account: AccountId) -> Result<Vec<FolderId>> {
    let rows = tx.rows(
        "SELECT folder FROM member_folder WHERE organization = $1 AND account = $2 ORDER BY folder",
        values![organization, account],
    )?;
    rows.into_iter().map(|mut row| row.parsed()).collect()
}

fn owns(tx: &mut Tx<'_>, organization: OrganizationId, account: AccountId) -> Result<bool> {
    let count = tx.number(
        "SELECT count(*) FROM organization WHERE id = $1 AND owner = $2",
        values![organization, account],
    )?;
    Ok(count > 0)
}

fn named(name: &str) -> Result<String> {
    let name = name.trim().to_owned();
    bounded("name", name.as_bytes(), 1, MAX_NAME)?;
    if name.chars().any(char::is_control) { Err(Error::Name) } else { Ok(name) }
}

fn read(row: &mut Row) -> Result<OrganizationRow> {
    Ok(OrganizationRow {
        id: row.parsed()?,
        name: row.text()?,
        owner: row.parsed()?,
        created: row.time()?,
        relay: limit(row.int_option()?),
    })
}

/// How much relays may carry, as it stands in the column.
pub(super) fn limit(column: Option<i64>) -> RelayLimit {
    match column.map(u64::try_from) {
        None => RelayLimit::AsCloud,
        Some(Ok(bytes)) => RelayLimit::Bytes(bytes),
        Some(Err(_)) => RelayLimit::Unlimited,
    }
}

fn role(row: &mut Row) -> Result<Role> {
    let name = row.text()?;
    Role::ALL.into_iter().find(|role| role.name() == name).ok_or(Error::Sql(super::SqlError::Damaged))
}
