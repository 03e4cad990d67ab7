//! Accounts: who somebody is at this cloud. The first one is made with a one-time code, all others by invitation.
//!
//! What is not here: what an account may do in an organization (`organization`), sign-ins (`sign_in`).

use std::time::Duration;

use access::totp;
use model::{AccountId, OrganizationId, Secret, WallTime};
use zeroize::Zeroizing;

use super::{
    CloudCatalog, organization,
    sql::{Row, Tx, values},
};
use crate::{
    Error, Result, column::bounded, name, password, seal::Place, second_factor::RECOVERY_CODES, value,
};

/// Most bytes of an address (RFC 5321 section 4.5.3.1.3, without the angle brackets).
pub const MAX_EMAIL: usize = 254;
/// Most bytes of a person's name.
pub const MAX_NAME: usize = 128;

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// Identifier.
    pub id: AccountId,
    /// The address that it is known by.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// When it was made.
    pub created: WallTime,
    /// Whether a code of an authenticator app is asked for.
    pub second_factor: bool,
    /// Whether it runs this cloud: the first account does.
    pub runs_cloud: bool,
}

/// A new account.
#[derive(Clone, Copy, Debug)]
pub struct NewAccount<'a> {
    /// The address that it is known by.
    pub email: &'a str,
    /// The person's name.
    pub name: &'a str,
    /// Its password.
    pub password: &'a str,
}

/// A new account whose password is hashed and whose address is looked at: fit to be put in, again where it must.
pub(super) struct Ready {
    id: AccountId,
    email: String,
    pub(super) email_key: String,
    name: String,
    hash: String,
}

impl NewAccount<'_> {
    /// Hashes the password: slow, before any transaction.
    pub(super) fn ready(&self) -> Result<Ready> {
        let (email, email_key) = address(self.email)?;
        let name = self.name.trim().to_owned();
        bounded("name", name.as_bytes(), 1, MAX_NAME)?;
        Ok(Ready { id: AccountId::new(), email, email_key, name, hash: password::hash(self.password)? })
    }
}

impl Ready {
    pub(super) fn insert(&self, tx: &mut Tx<'_>, now: WallTime, runs_cloud: bool) -> Result<AccountRow> {
        let made = tx.one(
            "INSERT INTO account (id, email, email_key, name, password_hash, created, runs_cloud)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
            values![self.id, &self.email, &self.email_key, &self.name, &self.hash, now, runs_cloud],
        )?;
        if !made {
            return Err(Error::NameTaken);
        }
        Ok(AccountRow {
            id: self.id,
            email: self.email.clone(),
            name: self.name.clone(),
            created: now,
            second_factor: false,
            runs_cloud,
        })
    }
}

impl CloudCatalog {
    /// Whether the cloud still waits for its first account.
    pub fn needs_setup(&self) -> Result<bool> {
        self.read(|tx| Ok(tx.number("SELECT count(*) FROM account", &[])? == 0))
    }

    /// Makes a new code for the first account, in place of an older one. Nothing where there is an account.
    pub fn new_setup_code(&self, now: WallTime, lifetime: Duration) -> Result<Option<Secret<String>>> {
        let code = value::random_code()?;
        let hash = value::hash_code(code.expose());
        let made = self.write(|tx| {
            if tx.number("SELECT count(*) FROM account", &[])? > 0 {
                return Ok(false);
            }
            tx.one(
                "INSERT INTO setup_code (only_row, hash, expires) VALUES (1, $1, $2)
                 ON CONFLICT (only_row) DO UPDATE SET hash = excluded.hash, expires = excluded.expires",
                values![hash, now + lifetime],
            )
        })?;
        Ok(made.then_some(code))
    }

    /// Makes the first account with its organization, and uses up the code. Of two that come at once, one wins.
    pub fn set_up(
        &self,
        code: &str,
        new: NewAccount<'_>,
        organization: &str,
        now: WallTime,
    ) -> Result<(AccountRow, OrganizationId)> {
        let given = value::hash_code(code).ok_or(Error::WrongSetupCode)?;
        // Cheap checks first: a wrong code must not cost a password hash.
        self.read(|tx| check_code(tx, given, now))?;
        let ready = new.ready()?;
        let founded = organization::Founding::new(organization)?;
        self.write(|tx| {
            check_code(tx, given, now)?;
            let account = ready.insert(tx, now, true)?;
            founded.insert(tx, account.id, now)?;
            tx.execute("DELETE FROM setup_code", &[])?;
            Ok((account, founded.id))
        })
    }

    /// The account with this address and password. Takes as long where there is none.
    pub fn verify_account(&self, email: &str, password: &str) -> Result<Option<AccountRow>> {
        let key = name::key(email);
        let found = self.read(|tx| {
            let row = tx.row(
                "SELECT password_hash, id, email, name, created, factor_confirmed, runs_cloud FROM account WHERE email_key = $1",
                values![&key],
            )?;
            row.map(|mut row| Ok((row.text()?, read(&mut row)?))).transpose()
        })?;
        let (hash, row) = found.unzip();
        let right = password::verify(password, hash.as_deref());
        Ok(row.filter(|_| right))
    }

    /// The account.
    pub fn account(&self, id: AccountId) -> Result<Option<AccountRow>> {
        self.read(|tx| {
            let row = tx.row(
                "SELECT id, email, name, created, factor_confirmed, runs_cloud FROM account WHERE id = $1",
                values![id],
            )?;
            row.map(|mut row| read(&mut row)).transpose()
        })
    }

    /// A new password; all sign-ins end. The old one was checked.
    pub fn set_account_password(&self, id: AccountId, password: &str) -> Result<()> {
        let hash = password::hash(password)?;
        self.write(|tx| {
            if !tx.one("UPDATE account SET password_hash = $2 WHERE id = $1", values![id, &hash])? {
                return Err(Error::NotFound("account"));
            }
            tx.execute("DELETE FROM sign_in WHERE account = $1", values![id]).map(drop)
        })
    }

    /// Makes a new key for an authenticator app, in place of one that was not confirmed. Nothing where one counts already.
    pub fn begin_account_factor(&self, id: AccountId) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let key: [u8; totp::KEY_LEN] = value::random_bytes()?;
        let key = Zeroizing::new(key.to_vec());
        let row = id.to_string();
        let sealed = self.key().seal(place(&row), &key)?;
        let begun = self.write(|tx| {
            tx.one(
                "UPDATE account SET factor_key = $2, factor_used_step = NULL WHERE id = $1 AND factor_confirmed = 0",
                values![id, sealed.clone()],
            )
        })?;
        Ok(begun.then_some(key))
    }

    /// The second factor counts from now on, if the code is right; gives back the recovery codes, once.
    pub fn confirm_account_factor(
        &self,
        id: AccountId,
        code: &str,
        now: WallTime,
    ) -> Result<Option<Vec<Secret<String>>>> {
        let codes = (0..RECOVERY_CODES).map(|_| value::random_code()).collect::<Result<Vec<_>, _>>()?;
        let confirmed = self.write(|tx| {
            let Some((key, false, _)) = self.factor(tx, id)? else { return Ok(false) };
            let Some(step) = totp::verify(&key, code, now, None) else { return Ok(false) };
            tx.execute(
                "UPDATE account SET factor_confirmed = 1, factor_used_step = $2 WHERE id = $1",
                values![id, step],
            )?;
            tx.execute("DELETE FROM recovery_code WHERE account = $1", values![id])?;
            for code in &codes {
                let hash = value::hash_code(code.expose());
                tx.execute("INSERT INTO recovery_code (account, hash) VALUES ($1, $2)", values![id, hash])?;
            }
            Ok(true)
        })?;
        Ok(confirmed.then_some(codes))
    }

    /// Whether the code is right: one of the app that was not used yet, or a recovery code, which is used up by it.
    pub fn use_account_factor(&self, id: AccountId, code: &str, now: WallTime) -> Result<bool> {
        self.write(|tx| {
            let Some((key, true, used)) = self.factor(tx, id)? else { return Ok(false) };
            if let Some(step) = totp::verify(&key, code, now, used) {
                return tx.one("UPDATE account SET factor_used_step = $2 WHERE id = $1", values![id, step]);
            }
            tx.one(
                "DELETE FROM recovery_code WHERE account = $1 AND hash = $2",
                values![id, value::hash_code(code)],
            )
        })
    }

    /// Ends the second factor.
    pub fn end_account_factor(&self, id: AccountId) -> Result<bool> {
        self.write(|tx| {
            tx.execute("DELETE FROM recovery_code WHERE account = $1", values![id])?;
            tx.one(
                "UPDATE account SET factor_key = NULL, factor_confirmed = 0, factor_used_step = NULL
                 WHERE id = $1 AND factor_key IS NOT NULL",
                values![id],
            )
        })
    }

    /// Key, whether it was confirmed, and the step that was used last.
    #[allow(clippy::type_complexity, reason = "three columns of one row")]
    fn factor(
        &self,
        tx: &mut Tx<'_>,
        id: AccountId,
    ) -> Result<Option<(Zeroizing<Vec<u8>>, bool, Option<i64>)>> {
        let row = tx.row(
            "SELECT factor_key, factor_confirmed, factor_used_step FROM account WHERE id = $1",
            values![id],
        )?;
        let Some(mut row) = row else { return Ok(None) };
        let Some(sealed) = row.bytes_option()? else { return Ok(None) };
        let key = self.key().open(place(&id.to_string()), &sealed)?;
        Ok(Some((key, row.flag()?, row.int_option()?)))
    }
}

const fn place(row: &str) -> Place<'_> {
    Place { table: "account", column: "factor_key", row }
}

fn check_code(tx: &mut Tx<'_>, given: [u8; 32], now: WallTime) -> Result<()> {
    if tx.number("SELECT count(*) FROM account", &[])? > 0 {
        return Err(Error::AlreadySetUp);
    }
    let right =
        tx.number("SELECT count(*) FROM setup_code WHERE hash = $1 AND expires > $2", values![given, now])?;
    if right == 1 { Ok(()) } else { Err(Error::WrongSetupCode) }
}

/// An address as it is shown, and the form by which it is compared: whatever stands before the `@`, two addresses that
/// differ in case alone are one here, so that nobody poses as somebody else.
pub(super) fn address(email: &str) -> Result<(String, String)> {
    let (shown, key) = name::prepare(email).map_err(|_| Error::Email)?;
    let parts = shown.split_once('@').filter(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@') && shown.len() <= MAX_EMAIL
    });
    let plain = !shown.chars().any(|c| c.is_whitespace() || matches!(c, '<' | '>' | ',' | ';' | '"' | '\\'));
    if parts.is_some() && plain { Ok((shown, key)) } else { Err(Error::Email) }
}

pub(super) fn read(row: &mut Row) -> Result<AccountRow> {
    Ok(AccountRow {
        id: row.parsed()?,
        email: row.text()?,
        name: row.text()?,
        created: row.time()?,
        second_factor: row.flag()?,
        runs_cloud: row.flag()?,
    })
}
