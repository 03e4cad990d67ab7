//! Invitations into an organization: for one address, as Viewer, once. How the code reaches the person is the cloud's.

use std::time::Duration;

use model::{AccountId, InvitationId, OrganizationId, Role, Secret, WallTime};

use super::{
    CloudCatalog,
    account::{self, AccountRow, NewAccount},
    organization,
    sql::{Row, Tx, values},
};
use crate::{Error, Result, column::room, value};

/// Most invitations of an organization that nobody has answered yet.
pub const MAX_PENDING: usize = 500;

/// An invitation that nobody has answered yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationRow {
    /// Identifier.
    pub id: InvitationId,
    /// Where to.
    pub organization: OrganizationId,
    /// Who may accept it.
    pub email: String,
    /// Who invited, for people.
    pub invited_by: String,
    /// When.
    pub created: WallTime,
    /// When it ends.
    pub expires: WallTime,
}

impl CloudCatalog {
    /// Invites an address, in place of an older invitation. The code is given out once.
    pub fn invite(
        &self,
        organization: OrganizationId,
        email: &str,
        by: &AccountRow,
        now: WallTime,
        lifetime: Duration,
    ) -> Result<(InvitationRow, Secret<String>)> {
        let (email, key) = account::address(email)?;
        let code = value::random_code()?;
        let row = InvitationRow {
            id: InvitationId::new(),
            organization,
            email,
            invited_by: by.email.clone(),
            created: now,
            expires: now + lifetime,
        };
        self.write(|tx| {
            let there = tx.number(
                "SELECT count(*) FROM member m JOIN account a ON a.id = m.account
                 WHERE m.organization = $1 AND a.email_key = $2",
                values![organization, &key],
            )?;
            if there > 0 {
                return Err(Error::NameTaken);
            }
            tx.execute(
                "DELETE FROM invitation WHERE expires <= $1 OR (organization = $2 AND email_key = $3)",
                values![now, organization, &key],
            )?;
            let pending =
                tx.number("SELECT count(*) FROM invitation WHERE organization = $1", values![organization])?;
            room("invitations", pending, MAX_PENDING)?;
            tx.execute(
                "INSERT INTO invitation (id, organization, email, email_key, code_hash, invited_by, created, expires)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                values![
                    row.id,
                    organization,
                    &row.email,
                    &key,
                    value::hash_code(code.expose()),
                    &row.invited_by,
                    now,
                    row.expires,
                ],
            )
        })?;
        Ok((row, code))
    }

    /// Invitations of an organization that nobody has answered yet, the newest first.
    pub fn invitations(&self, organization: OrganizationId, now: WallTime) -> Result<Vec<InvitationRow>> {
        self.read(|tx| {
            let rows = tx.rows(
                "SELECT id, organization, email, invited_by, created, expires FROM invitation
                 WHERE organization = $1 AND expires > $2 ORDER BY created DESC, id DESC",
                values![organization, now],
            )?;
            rows.into_iter().map(|mut row| read(&mut row)).collect()
        })
    }

    /// Takes an invitation back; false where there is none.
    pub fn revoke_invitation(&self, organization: OrganizationId, id: InvitationId) -> Result<bool> {
        self.write(|tx| {
            tx.one("DELETE FROM invitation WHERE organization = $1 AND id = $2", values![organization, id])
        })
    }

    /// What the code invites to, and whether the address has an account already.
    pub fn invitation(&self, code: &str, now: WallTime) -> Result<Option<(InvitationRow, bool)>> {
        let Some(hash) = value::hash_code(code) else { return Ok(None) };
        self.read(|tx| {
            let Some((row, key)) = by_code(tx, hash, now)? else { return Ok(None) };
            let known = tx.number("SELECT count(*) FROM account WHERE email_key = $1", values![&key])?;
            Ok(Some((row, known > 0)))
        })
    }

    /// Somebody who has an account joins. Only the address that was invited may.
    pub fn accept_invitation(&self, code: &str, account: AccountId, now: WallTime) -> Result<OrganizationId> {
        let hash = value::hash_code(code).ok_or(Error::NotFound("invitation"))?;
        self.write(|tx| {
            let (row, key) = by_code(tx, hash, now)?.ok_or(Error::NotFound("invitation"))?;
            let own = tx.number(
                "SELECT count(*) FROM account WHERE id = $1 AND email_key = $2",
                values![account, &key],
            )?;
            if own == 0 {
                return Err(Error::NotFound("invitation"));
            }
            take(tx, &row, account, now)
        })
    }

    /// Somebody without an account makes one and joins; the address is the one that was invited.
    pub fn accept_invitation_anew(
        &self,
        code: &str,
        name: &str,
        password: &str,
        now: WallTime,
    ) -> Result<(AccountRow, OrganizationId)> {
        let hash = value::hash_code(code).ok_or(Error::NotFound("invitation"))?;
        // Cheap checks first: a wrong code must not cost a password hash.
        let (invited, _) = self.read(|tx| by_code(tx, hash, now))?.ok_or(Error::NotFound("invitation"))?;
        let ready = NewAccount { email: &invited.email, name, password }.ready()?;
        self.write(|tx| {
            let (row, key) = by_code(tx, hash, now)?.ok_or(Error::NotFound("invitation"))?;
            if key != ready.email_key {
                return Err(Error::NotFound("invitation"));
            }
            let account = ready.insert(tx, now, false)?;
            let organization = take(tx, &row, account.id, now)?;
            Ok((account, organization))
        })
    }
}

fn by_code(tx: &mut Tx<'_>, hash: [u8; 32], now: WallTime) -> Result<Option<(InvitationRow, String)>> {
    let row = tx.row(
        "SELECT email_key, id, organization, email, invited_by, created, expires FROM invitation
         WHERE code_hash = $1 AND expires > $2",
        values![hash, now],
    )?;
    row.map(|mut row| {
        let key = row.text()?;
        Ok((read(&mut row)?, key))
    })
    .transpose()
}

/// Uses the invitation up.
fn take(tx: &mut Tx<'_>, row: &InvitationRow, account: AccountId, now: WallTime) -> Result<OrganizationId> {
    organization::join(tx, row.organization, account, Role::Viewer, now)?;
    tx.execute("DELETE FROM invitation WHERE id = $1", values![row.id])?;
    Ok(row.organization)
}

fn read(row: &mut Row) -> Result<InvitationRow> {
    Ok(InvitationRow {
        id: row.parsed()?,
        organization: row.parsed()?,
        email: row.text()?,
        invited_by: row.text()?,
        created: row.time()?,
        expires: row.time()?,
    })
}
