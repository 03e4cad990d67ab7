//! Sign-ins of accounts: from what a request carries to the account that it stands for, and slowing down who guesses.
//!
//! What is not here: how passwords are kept (the catalog), what an account may do (`rights`).

use std::{
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use access::throttle::Throttle;
use api::{Code, Problem, cloud::CloudSignIn};
use catalog::cloud::{
    CloudCatalog,
    account::AccountRow,
    sign_in::{Begin, SignInKind, SignInRow},
};
use model::{Secret, clock::wall_now};
use serve::{
    Failure, Outcome,
    turns::{Turn, Turns},
};

use crate::App;

/// A browser's sign-in that is not used for so long ends.
pub const LIFETIME: Duration = Duration::from_secs(7 * 86_400);
/// A program's ends after so long.
pub const PROGRAM_LIFETIME: Duration = Duration::from_secs(90 * 86_400);
/// How often the use of a sign-in is noted.
const TOUCH_MICROS: i64 = 60_000_000;

/// Slows down who guesses passwords and codes.
#[derive(Default)]
pub struct Accounts {
    throttle: Mutex<Throttle>,
    turns: Turns,
}

impl Accounts {
    /// Waits for a core to hash on; refuses who tried too often, and whom there is no room to wait for.
    async fn turn(&self, name: &str, address: IpAddr) -> Outcome<Turn<'_>> {
        let turn = self.turns.take(address).await.ok_or_else(|| {
            let problem = Problem::new(Code::Busy, "Too many sign-ins at the same time");
            Failure::from(problem.detail("Try again in a moment.").retry_after(1))
        })?;
        let Some(wait) = self.throttle().wait(name, address, Instant::now()) else { return Ok(turn) };
        let seconds = u32::try_from(wait.as_secs()).unwrap_or(60).max(1);
        let problem = Problem::new(Code::TooManyTries, "Too many tries that failed");
        Err(problem.detail(format!("Try again in {seconds} s.")).retry_after(seconds).into())
    }

    fn tried(&self, name: &str, address: IpAddr, right: bool) {
        let mut throttle = self.throttle();
        if right {
            throttle.succeeded(name, address);
        } else {
            throttle.failed(name, address, Instant::now());
        }
    }

    fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// Signs in with address and password, and with a code where the account has a second factor.
    pub(crate) async fn sign_in(
        &self,
        sign_in: CloudSignIn,
        address: IpAddr,
        agent: String,
    ) -> Outcome<(AccountRow, SignInRow, Secret<String>)> {
        let CloudSignIn { email, password, code } = sign_in;
        let name = email.to_lowercase();
        let row = self
            .prove(&name, address, move |catalog| catalog.verify_account(&email, &password))
            .await?
            .ok_or_else(|| Failure::new(Code::WrongPassword, "The address or the password is wrong"))?;
        if row.second_factor {
            let (id, given) = (row.id, code.is_some());
            let right = match code {
                Some(code) => {
                    let look = move |catalog: &CloudCatalog| {
                        Ok(catalog.use_account_factor(id, &code, wall_now())?.then_some(()))
                    };
                    self.prove(&name, address, look).await?.is_some()
                }
                None => false,
            };
            if !right {
                let title = if given {
                    "The code is wrong or was used already"
                } else {
                    "A code of your authenticator app is needed"
                };
                return Err(Failure::new(Code::SecondFactorRequired, title)
                    .detail("Enter the six digits that the app shows now, or a recovery code."));
            }
        }
        let account = row.id;
        let (sign_in, secret) = self
            .catalog(move |catalog| {
                let from = address.to_string();
                let begin =
                    Begin { kind: SignInKind::Browser, agent: &agent, address: &from, lifetime: LIFETIME };
                catalog.begin_sign_in(account, begin, wall_now())
            })
            .await?;
        Ok((row, sign_in, secret))
    }

    /// Does something that wants a secret that could be guessed, slowed down; the work gives nothing where it was wrong.
    pub(crate) async fn prove<T: Send + 'static>(
        &self,
        name: &str,
        address: IpAddr,
        work: impl FnOnce(&CloudCatalog) -> catalog::Result<Option<T>> + Send + 'static,
    ) -> Outcome<Option<T>> {
        let _turn = self.accounts.turn(name, address).await?;
        let found = self.catalog(work).await;
        let wrong_code = matches!(&found, Err(failure) if failure.0.code == Code::WrongSetupCode);
        if found.is_ok() || wrong_code {
            self.accounts.tried(name, address, matches!(&found, Ok(Some(_))));
        }
        found
    }

    /// The sign-in and the account that a cookie's or a token's secret stands for.
    pub(crate) async fn signed_in(
        &self,
        secret: String,
        kind: SignInKind,
    ) -> Outcome<Option<(SignInRow, AccountRow)>> {
        self.catalog(move |catalog| {
            let now = wall_now();
            let found = catalog.sign_in(&secret, now)?.filter(|(row, _)| row.kind == kind);
            if let Some((row, _)) = &found
                && now.micros_since(row.last_used) > TOUCH_MICROS
            {
                let expires = (kind == SignInKind::Browser).then_some(now + LIFETIME);
                catalog.touch_sign_in(row.id, now, expires)?;
            }
            Ok(found)
        })
        .await
    }
}
