//! Who did what at a cloud: a list that is only added to. Not proof against whoever owns the database.

use model::{AccountId, OrganizationId, WallTime};

use super::{
    CloudCatalog,
    sql::{Row, values},
};
use crate::{Result, column::cut};

/// Most entries of one answer.
pub const PAGE: i64 = 200;
/// Most bytes of each text.
const MAX_TEXT: usize = 256;

/// Something that somebody did, or tried to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudDeed {
    /// When.
    pub at: WallTime,
    /// At which organization, where it was at one.
    pub organization: Option<OrganizationId>,
    /// Who, where somebody was signed in.
    pub account: Option<AccountId>,
    /// Who, for people: an address, a site.
    pub who: String,
    /// From where.
    pub address: String,
    /// `operationId`.
    pub operation: String,
    /// On what.
    pub target: String,
    /// `done`, or why not.
    pub outcome: String,
}

impl CloudCatalog {
    /// Adds an entry.
    pub fn note_deed(&self, deed: &CloudDeed) -> Result<()> {
        self.write(|tx| {
            tx.execute(
                "INSERT INTO audit (number, at, organization, account, who, address, operation, target, outcome)
                 SELECT coalesce(max(number), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8 FROM audit",
                values![
                    deed.at,
                    deed.organization,
                    deed.account,
                    cut(&deed.who, MAX_TEXT),
                    cut(&deed.address, MAX_TEXT),
                    cut(&deed.operation, MAX_TEXT),
                    cut(&deed.target, MAX_TEXT),
                    cut(&deed.outcome, MAX_TEXT),
                ],
            )
            .map(drop)
        })
    }

    /// Entries of an organization before a number, the newest first, with their numbers.
    pub fn deeds(&self, organization: OrganizationId, before: i64) -> Result<Vec<(i64, CloudDeed)>> {
        self.read(|tx| {
            let rows = tx.rows(
                "SELECT number, at, organization, account, who, address, operation, target, outcome FROM audit
                 WHERE organization = $1 AND number < $2 ORDER BY number DESC LIMIT $3",
                values![organization, before, PAGE],
            )?;
            rows.into_iter().map(|mut row| Ok((row.int()?, read(&mut row)?))).collect()
        })
    }
}

fn read(row: &mut Row) -> Result<CloudDeed> {
    Ok(CloudDeed {
        at: row.time()?,
        organization: row.parsed_option()?,
        account: row.parsed_option()?,
        who: row.text()?,
        address: row.text()?,
        operation: row.text()?,
        target: row.text()?,
        outcome: row.text()?,
    })
}
