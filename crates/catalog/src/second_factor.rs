//! The key of a person's authenticator app, sealed, and the recovery codes beside it. What a code must be is
//! `access::totp`'s.

use access::totp;
use model::{Secret, UserId, WallTime};
use rusqlite::{Connection, OptionalExtension, params};
use zeroize::Zeroizing;

use crate::{Catalog, Error, Result, column::text, seal::Place, value};

/// Recovery codes that are made at once.
pub const RECOVERY_CODES: usize = 10;

struct Kept {
    key: Zeroizing<Vec<u8>>,
    confirmed: bool,
    used: Option<i64>,
}

impl Catalog {
    /// Makes a new key, in place of one that was not confirmed. Nothing where the user has a second factor already.
    pub fn begin_second_factor(&self, user: UserId) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let key: [u8; totp::KEY_LEN] = value::random_bytes()?;
        let key = Zeroizing::new(key.to_vec());
        self.write(|tx| {
            if self.kept(tx, user)?.is_some_and(|kept| kept.confirmed) {
                return Ok(None);
            }
            let sealed = self.key().seal(place(&text(user)), &key)?;
            tx.execute(
                "INSERT INTO second_factor (user, secret, confirmed) VALUES (?1, ?2, 0)
                 ON CONFLICT (user) DO UPDATE SET secret = excluded.secret, used_step = NULL",
                params![text(user), sealed],
            )
            .map_err(Error::Write)?;
            Ok(Some(key))
        })
    }

    /// The second factor counts from now on, if the code is right; gives back the recovery codes, once.
    pub fn confirm_second_factor(
        &self,
        user: UserId,
        code: &str,
        now: WallTime,
    ) -> Result<Option<Vec<Secret<String>>>> {
        let codes = (0..RECOVERY_CODES).map(|_| value::random_code()).collect::<Result<Vec<_>, _>>()?;
        self.write(|tx| {
            let Some(kept) = self.kept(tx, user)?.filter(|kept| !kept.confirmed) else { return Ok(None) };
            let Some(step) = totp::verify(&kept.key, code, now, None) else { return Ok(None) };
            tx.execute(
                "UPDATE second_factor SET confirmed = 1, used_step = ?2 WHERE user = ?1",
                params![text(user), step],
            )
            .map_err(Error::Write)?;
            tx.execute("DELETE FROM recovery_code WHERE user = ?1", [text(user)]).map_err(Error::Write)?;
            for code in &codes {
                tx.execute(
                    "INSERT INTO recovery_code (user, hash) VALUES (?1, ?2)",
                    params![text(user), value::hash_code(code.expose())],
                )
                .map_err(Error::Write)?;
            }
            Ok(Some(codes))
        })
    }

    /// Whether the code is right: one of the app that was not used yet, or a recovery code, which is used up by it. In
    /// one transaction, so that of two who show the same code one gets in.
    pub fn use_second_factor(&self, user: UserId, code: &str, now: WallTime) -> Result<bool> {
        self.write(|tx| {
            let Some(kept) = self.kept(tx, user)?.filter(|kept| kept.confirmed) else { return Ok(false) };
            if let Some(step) = totp::verify(&kept.key, code, now, kept.used) {
                tx.execute(
                    "UPDATE second_factor SET used_step = ?2 WHERE user = ?1",
                    params![text(user), step],
                )
                .map_err(Error::Write)?;
                return Ok(true);
            }
            tx.execute(
                "DELETE FROM recovery_code WHERE user = ?1 AND hash = ?2",
                params![text(user), value::hash_code(code)],
            )
            .map(|gone| gone > 0)
            .map_err(Error::Write)
        })
    }

    /// Ends the second factor; false where there was none.
    pub fn end_second_factor(&self, user: UserId) -> Result<bool> {
        self.write(|tx| {
            tx.execute("DELETE FROM recovery_code WHERE user = ?1", [text(user)]).map_err(Error::Write)?;
            tx.execute("DELETE FROM second_factor WHERE user = ?1", [text(user)])
                .map(|gone| gone > 0)
                .map_err(Error::Write)
        })
    }

    fn kept(&self, tx: &Connection, user: UserId) -> Result<Option<Kept>> {
        let row: Option<(Vec<u8>, bool, Option<i64>)> = tx
            .query_row(
                "SELECT secret, confirmed, used_step FROM second_factor WHERE user = ?1",
                [text(user)],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .optional()
            .map_err(Error::Read)?;
        row.map(|(sealed, confirmed, used)| {
            let key = self.key().open(place(&text(user)), &sealed)?;
            Ok(Kept { key, confirmed, used })
        })
        .transpose()
    }
}

const fn place(row: &str) -> Place<'_> {
    Place { table: "second_factor", column: "secret", row }
}
