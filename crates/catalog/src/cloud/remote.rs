//! Sites that organizations have, and when they were last heard of. Not whether one is connected now: that is the
//! mediator's.

use model::{FolderId, OrganizationId, SiteId, WallTime};

use super::{
    CloudCatalog, organization,
    sql::{Row, values},
};
use crate::{Result, column::bounded};

/// A site of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteSite {
    /// Identifier, made from its identity.
    pub id: SiteId,
    /// Its public key (DER of its SubjectPublicKeyInfo).
    pub identity: Vec<u8>,
    /// Whose it is.
    pub organization: OrganizationId,
    /// In which folder.
    pub folder: FolderId,
    /// Its name.
    pub name: String,
    /// Since when the organization has it.
    pub enrolled: WallTime,
    /// When it was last heard of.
    pub last_contact: Option<WallTime>,
}

impl CloudCatalog {
    /// The site.
    pub fn remote_site(&self, id: SiteId) -> Result<Option<RemoteSite>> {
        self.read(|tx| {
            let row = tx.row(
                "SELECT id, identity, organization, folder, name, enrolled, last_contact FROM site WHERE id = $1",
                values![id],
            )?;
            row.map(|mut row| read(&mut row)).transpose()
        })
    }

    /// The sites of an organization, by name.
    pub fn remote_sites(&self, organization: OrganizationId) -> Result<Vec<RemoteSite>> {
        self.read(|tx| {
            let rows = tx.rows(
                "SELECT id, identity, organization, folder, name, enrolled, last_contact FROM site
                 WHERE organization = $1 ORDER BY name, id",
                values![organization],
            )?;
            rows.into_iter().map(|mut row| read(&mut row)).collect()
        })
    }

    /// Notes that a site was heard of.
    pub fn note_contact(&self, id: SiteId, at: WallTime) -> Result<bool> {
        self.write(|tx| tx.one("UPDATE site SET last_contact = $2 WHERE id = $1", values![id, at]))
    }

    /// Gives a site another name or folder; false where the organization has no such site.
    pub fn change_remote_site(
        &self,
        organization: OrganizationId,
        id: SiteId,
        name: Option<&str>,
        folder: Option<FolderId>,
    ) -> Result<bool> {
        if let Some(name) = name {
            bounded("name", name.as_bytes(), 1, organization::MAX_NAME)?;
        }
        self.write(|tx| {
            if let Some(folder) = folder {
                organization::of_organization(tx, organization, folder)?;
            }
            tx.one(
                "UPDATE site SET name = coalesce($3, name), folder = coalesce($4, folder)
                 WHERE organization = $1 AND id = $2",
                values![organization, id, name, folder],
            )
        })
    }

    /// The organization no longer has the site; false where it did not.
    pub fn remove_remote_site(&self, organization: OrganizationId, id: SiteId) -> Result<bool> {
        self.write(|tx| {
            tx.one("DELETE FROM site WHERE organization = $1 AND id = $2", values![organization, id])
        })
    }
}

fn read(row: &mut Row) -> Result<RemoteSite> {
    Ok(RemoteSite {
        id: row.parsed()?,
        identity: row.bytes_option()?.unwrap_or_default(),
        organization: row.parsed()?,
        folder: row.parsed()?,
        name: row.text()?,
        enrolled: row.time()?,
        last_contact: row.time_option()?,
    })
}
