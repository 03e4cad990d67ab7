//! What relays carried, by account and month, and what they may still carry. Relays draw leases: a lease counts as carried
//! until its relay says how much it was; a relay that never says (it crashed) bills nothing for it.
//!
//! What is not here: which limit counts, when a month begins, what a user is told (`rendezvous::quota`).

use std::time::Duration;

use model::{AccountId, LeaseId, WallTime};

use super::{
    CloudCatalog,
    sql::{Tx, values},
};
use crate::{Error, Result};

/// Who draws, and what is left to draw from.
#[derive(Clone, Copy, Debug)]
pub struct Draw {
    /// Who pays.
    pub account: AccountId,
    /// In which month: 12 × year + month − 1.
    pub month: i64,
    /// Bytes that the account may use in that month; none: any number.
    pub limit: Option<u64>,
    /// Bytes that are asked for.
    pub bytes: u64,
    /// The lease ends after so long.
    pub lifetime: Duration,
}

/// What a relay may carry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lease {
    /// Identifier.
    pub id: LeaseId,
    /// Bytes, at least one and at most what was asked for.
    pub bytes: u64,
    /// Until when.
    pub expires: WallTime,
}

impl CloudCatalog {
    /// Draws a lease; nothing where nothing is left.
    pub fn draw_lease(&self, draw: Draw, now: WallTime) -> Result<Option<Lease>> {
        let id = LeaseId::random();
        self.write(|tx| {
            tx.execute(
                "DELETE FROM relay_lease WHERE account = $1 AND expires <= $2",
                values![draw.account, now],
            )?;
            let left = match draw.limit {
                None => draw.bytes,
                Some(limit) => {
                    let taken = carried(tx, draw.account, draw.month)? + lent(tx, draw.account, draw.month)?;
                    limit.saturating_sub(taken)
                }
            };
            let lease = Lease { id, bytes: left.min(draw.bytes), expires: now + draw.lifetime };
            if lease.bytes == 0 {
                return Ok(None);
            }
            tx.execute(
                "INSERT INTO relay_lease (id, account, month, bytes, expires) VALUES ($1, $2, $3, $4, $5)",
                values![id, draw.account, draw.month, signed(lease.bytes), lease.expires],
            )?;
            Ok(Some(lease))
        })
    }

    /// A relay says how much of a lease it carried, once; more than the lease is not billed. False: the lease has ended.
    pub fn settle_lease(&self, id: LeaseId, bytes: u64) -> Result<bool> {
        self.write(|tx| {
            let Some(mut row) =
                tx.row("DELETE FROM relay_lease WHERE id = $1 RETURNING account, month, bytes", values![id])?
            else {
                return Ok(false);
            };
            let (account, month, lent): (AccountId, i64, u64) = (row.parsed()?, row.int()?, row.bytes_of()?);
            tx.execute(
                "INSERT INTO relay_use (account, month, bytes) VALUES ($1, $2, $3)
                 ON CONFLICT (account, month) DO UPDATE SET bytes = relay_use.bytes + excluded.bytes",
                values![account, month, signed(bytes.min(lent))],
            )?;
            Ok(true)
        })
    }

    /// Bytes that were carried for an account in a month.
    pub fn relay_use(&self, account: AccountId, month: i64) -> Result<u64> {
        self.read(|tx| carried(tx, account, month))
    }
}

fn carried(tx: &mut Tx<'_>, account: AccountId, month: i64) -> Result<u64> {
    let row =
        tx.row("SELECT bytes FROM relay_use WHERE account = $1 AND month = $2", values![account, month])?;
    row.map_or(Ok(0), |mut row| row.bytes_of())
}

fn lent(tx: &mut Tx<'_>, account: AccountId, month: i64) -> Result<u64> {
    // PostgreSQL sums to NUMERIC.
    let sum = tx.number(
        "SELECT CAST(coalesce(sum(bytes), 0) AS BIGINT) FROM relay_lease WHERE account = $1 AND month = $2",
        values![account, month],
    )?;
    u64::try_from(sum).map_err(|_| Error::Sql(super::SqlError::Damaged))
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
