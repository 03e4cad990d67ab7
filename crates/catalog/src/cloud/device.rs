//! Grants for who has no browser (RFC 8628): a site that enrols, a program that signs in. Somebody asks, a person with the
//! user code says what may be, the asking side comes for it with the device code, once.
//!
//! What is not here: whether a site has the identity that it says it has (`trust`), who may grant what.

use std::{fmt, str::FromStr, time::Duration};

use model::{AccountId, FolderId, OrganizationId, Secret, SessionId, SiteId, WallTime};

use super::{
    CloudCatalog, SqlError, organization,
    sign_in::Begin,
    sql::{Row, Tx, text, values},
};
use crate::{
    Error, Result,
    column::{bounded, cut, room},
    value,
};

/// Most bytes of what the asking side calls itself.
pub const MAX_NAME: usize = 128;
/// Grants that wait at once, of all.
pub const MAX_PENDING: usize = 10_000;
/// Bytes of an identity: a P-256 SubjectPublicKeyInfo.
const MAX_IDENTITY: usize = 91;

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GrantKind {
    /// A site that wants to belong to an organization.
    Site,
    /// A program that wants to act as an account.
    Program,
}

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GrantState {
    /// Nobody has said anything yet.
    Pending,
    /// It may.
    Granted,
    /// It may not.
    Denied,
}

/// A text that is neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseGrantError;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Who asks.
    pub kind: GrantKind,
    /// What it calls itself.
    pub name: &'a str,
    /// A site's public key (DER of its SubjectPublicKeyInfo); not proved yet.
    pub identity: Option<&'a [u8]>,
    /// From where.
    pub address: &'a str,
    /// For how long it waits.
    pub lifetime: Duration,
}

/// A grant that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRow {
    /// Who asks.
    pub kind: GrantKind,
    /// What it calls itself.
    pub name: String,
    /// A site's public key (DER of its SubjectPublicKeyInfo).
    pub identity: Option<Vec<u8>>,
    /// From where.
    pub address: String,
    /// When it was asked.
    pub created: WallTime,
    /// Until when it waits.
    pub expires: WallTime,
    /// How far it is.
    pub state: GrantState,
    /// Who granted.
    pub account: Option<AccountId>,
    /// To which organization a site was granted.
    pub organization: Option<OrganizationId>,
    /// In which folder it is to lie.
    pub folder: Option<FolderId>,
}

/// What a person says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// The site belongs to this organization, in this folder (none: the default one).
    Site(OrganizationId, Option<FolderId>),
    /// The program acts as whoever says so.
    Program,
    /// No.
    Deny,
}

/// The two codes of a grant that was asked for.
#[derive(Debug)]
pub struct Codes {
    /// For the asking side alone.
    pub device: Secret<String>,
    /// For the person: `7QK2-M3XA`.
    pub user: Secret<String>,
    /// Until when they count.
    pub expires: WallTime,
}

impl CloudCatalog {
    /// Asks for a grant.
    pub fn ask_grant(&self, ask: Ask<'_>, now: WallTime) -> Result<Codes> {
        bounded("name", ask.name.as_bytes(), 1, MAX_NAME)?;
        if ask.name.chars().any(char::is_control) {
            return Err(Error::Name);
        }
        if let Some(identity) = ask.identity {
            bounded("identity", identity, 1, MAX_IDENTITY)?;
        }
        let codes =
            Codes { device: value::random("")?, user: value::short_code()?, expires: now + ask.lifetime };
        self.write(|tx| {
            tx.execute("DELETE FROM device_grant WHERE expires <= $1", values![now])?;
            room("grants", tx.number("SELECT count(*) FROM device_grant", &[])?, MAX_PENDING)?;
            tx.execute(
                "INSERT INTO device_grant
                    (device_hash, user_hash, kind, name, identity, address, created, expires, state)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pending')",
                values![
                    value::hash(codes.device.expose()),
                    value::hash_code(codes.user.expose()),
                    text(ask.kind),
                    ask.name,
                    ask.identity.map(<[u8]>::to_vec),
                    cut(ask.address, 64),
                    now,
                    codes.expires,
                ],
            )
        })?;
        Ok(codes)
    }

    /// What the person is asked, while it waits for an answer.
    pub fn grant_by_user_code(&self, code: &str, now: WallTime) -> Result<Option<GrantRow>> {
        let Some(hash) = value::hash_code(code) else { return Ok(None) };
        self.read(|tx| {
            let row = tx.row(
                "SELECT kind, name, identity, address, created, expires, state, account, organization, folder
                 FROM device_grant WHERE user_hash = $1 AND expires > $2 AND state = 'pending'",
                values![hash, now],
            )?;
            row.map(|mut row| read(&mut row)).transpose()
        })
    }

    /// What became of it, for the asking side.
    pub fn grant_by_device_code(&self, code: &str, now: WallTime) -> Result<Option<GrantRow>> {
        let Some(hash) = value::hash(code) else { return Ok(None) };
        self.read(|tx| by_device(tx, hash, now))
    }

    /// The person says what may be; false where nobody asks (any more), or something else was asked for. Of two who answer
    /// at once, one does.
    pub fn decide_grant(
        &self,
        code: &str,
        account: AccountId,
        decision: Decision,
        now: WallTime,
    ) -> Result<bool> {
        let Some(hash) = value::hash_code(code) else { return Ok(false) };
        self.write(|tx| {
            let (state, kind, organization, folder) = match decision {
                Decision::Site(organization, folder) => {
                    let folder = match folder {
                        Some(folder) => {
                            organization::of_organization(tx, organization, folder)?;
                            folder
                        }
                        None => organization::default_folder(tx, organization)?,
                    };
                    ("granted", Some(GrantKind::Site), Some(organization), Some(folder))
                }
                Decision::Program => ("granted", Some(GrantKind::Program), None, None),
                Decision::Deny => ("denied", None, None, None),
            };
            tx.one(
                "UPDATE device_grant SET state = $3, account = $4, organization = $5, folder = $6
                 WHERE user_hash = $1 AND expires > $2 AND state = 'pending' AND kind = coalesce($7, kind)",
                values![hash, now, state, account, organization, folder, kind.map(text)],
            )
        })
    }

    /// A site comes for its grant, its identity proved: it belongs to the organization from now on. Nothing where there is
    /// none for it (any more).
    pub fn enrol(&self, device_code: &str, site: SiteId, now: WallTime) -> Result<Option<OrganizationId>> {
        let Some(hash) = value::hash(device_code) else { return Ok(None) };
        self.write(|tx| {
            let Some(grant) = taken(tx, hash, GrantKind::Site, now)? else { return Ok(None) };
            let (Some(identity), Some(account), Some(organization), Some(folder)) =
                (grant.identity, grant.account, grant.organization, grant.folder)
            else {
                return Ok(None);
            };
            tx.execute(
                "INSERT INTO site (id, identity, organization, folder, name, enrolled, enrolled_by)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)
                 ON CONFLICT (id) DO UPDATE SET organization = excluded.organization, folder = excluded.folder,
                    name = excluded.name, enrolled = excluded.enrolled, enrolled_by = excluded.enrolled_by",
                values![site, identity, organization, folder, &grant.name, now, account],
            )?;
            Ok(Some(organization))
        })
    }

    /// A program comes for its grant: a sign-in of whoever granted it. The secret is given out once.
    pub fn redeem(
        &self,
        device_code: &str,
        begin: Begin<'_>,
        now: WallTime,
    ) -> Result<Option<Secret<String>>> {
        let Some(hash) = value::hash(device_code) else { return Ok(None) };
        let (id, secret) = (SessionId::new(), value::random("")?);
        self.write(|tx| {
            let grant = taken(tx, hash, GrantKind::Program, now)?;
            let Some(account) = grant.and_then(|grant| grant.account) else { return Ok(None) };
            begin.insert(tx, account, id, &secret, now)?;
            Ok(Some(secret.clone()))
        })
    }
}

/// A grant that was given, used up by it.
fn taken(tx: &mut Tx<'_>, hash: [u8; 32], kind: GrantKind, now: WallTime) -> Result<Option<GrantRow>> {
    let grant = by_device(tx, hash, now)?;
    let Some(grant) = grant.filter(|grant| grant.kind == kind && grant.state == GrantState::Granted) else {
        return Ok(None);
    };
    tx.execute("DELETE FROM device_grant WHERE device_hash = $1", values![hash])?;
    Ok(Some(grant))
}

fn by_device(tx: &mut Tx<'_>, hash: [u8; 32], now: WallTime) -> Result<Option<GrantRow>> {
    let row = tx.row(
        "SELECT kind, name, identity, address, created, expires, state, account, organization, folder
         FROM device_grant WHERE device_hash = $1 AND expires > $2",
        values![hash, now],
    )?;
    row.map(|mut row| read(&mut row)).transpose()
}

fn read(row: &mut Row) -> Result<GrantRow> {
    Ok(GrantRow {
        kind: row.parsed()?,
        name: row.text()?,
        identity: row.bytes_option()?,
        address: row.text()?,
        created: row.time()?,
        expires: row.time()?,
        state: match row.text()?.as_str() {
            "pending" => GrantState::Pending,
            "granted" => GrantState::Granted,
            "denied" => GrantState::Denied,
            _ => return Err(Error::Sql(SqlError::Damaged)),
        },
        account: row.parsed_option()?,
        organization: row.parsed_option()?,
        folder: row.parsed_option()?,
    })
}

impl fmt::Display for GrantKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Site => "site",
            Self::Program => "program",
        })
    }
}

impl FromStr for GrantKind {
    type Err = ParseGrantError;

    fn from_str(text: &str) -> Result<Self, ParseGrantError> {
        [Self::Site, Self::Program].into_iter().find(|kind| kind.to_string() == text).ok_or(ParseGrantError)
    }
}
