//! Sign-ins and tokens: from what a request carries to the principal that it stands for.
//!
//! What is here: sign-in with throttling, lifetime of sessions. What is not here: how passwords are kept (the catalog),
//! what a principal may do (`principal`).

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use access::{Rights, throttle::Throttle};
use api::{Code, Problem, session::SignIn};
use catalog::{Catalog, user::UserRow};
use model::{Privilege, Secret, SessionId, UserId, WallTime, clock::wall_now};
use tokio::sync::watch;

use crate::{
    directories::{self, Directories},
    http::problem::{Failure, Outcome},
    machine::Machine,
    principal::{Principal, Via},
    turns::{Turn, Turns},
};

/// A sign-in that is not used for so long ends.
pub const LIFETIME: Duration = Duration::from_secs(7 * 86_400);
/// How often the use of a sign-in is noted.
const TOUCH: i64 = 60_000_000;
/// For so long a secret that was looked up is not looked up again.
const REMEMBER: Duration = Duration::from_secs(2);
const REMEMBERED: usize = 4096;

#[derive(Clone)]
struct Known {
    principal: Principal,
    expires: WallTime,
    looked_up: Instant,
}

struct Inner {
    catalog: Catalog,
    machine: Arc<Machine>,
    directories: Directories,
    throttle: Mutex<Throttle>,
    /// By secret. Only secrets that were found are here.
    known: Mutex<HashMap<String, Known>>,
    turns: Turns,
    /// Counts changes of anybody's rights.
    changes: watch::Sender<u64>,
}

/// All sign-ins.
#[derive(Clone)]
pub struct Sessions {
    inner: Arc<Inner>,
}

/// A sign-in that was just made.
pub struct SignedIn {
    /// Who.
    pub principal: Principal,
    /// The secret for the cookie.
    pub secret: Secret<String>,
    /// When it ends if it is not used.
    pub expires: WallTime,
}

impl Sessions {
    /// Over the catalog, whom the operating system names, and the directories.
    #[must_use]
    pub fn new(catalog: Catalog, machine: Arc<Machine>, directories: Directories) -> Self {
        let inner = Inner {
            catalog,
            machine,
            directories,
            throttle: Mutex::default(),
            known: Mutex::default(),
            turns: Turns::default(),
            changes: watch::Sender::new(0),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Signs in with name and password, and with a code where the user has a second factor.
    ///
    /// # Errors
    /// Wrong name or password (never told apart), a code that is missing or wrong, or too many tries.
    pub async fn sign_in(
        &self,
        sign_in: SignIn,
        peer: Option<SocketAddr>,
        agent: String,
    ) -> Outcome<SignedIn> {
        let address = ip(peer);
        let SignIn { user, password, code } = sign_in;
        let name = user.to_lowercase();
        let (found, password) = {
            let _turn = self.turn(&name, address).await?;
            let user = user.clone();
            self.catalog(move |catalog| {
                let row = catalog.verify_password(&user, &password)?;
                let known = row.is_some() || catalog.is_own_user(&user)?;
                Ok((known.then_some(row), Secret::new(password)))
            })
            .await?
        };
        let row = match found {
            Some(row) => row,
            // Nobody of the site's own has the name. No directory ever gets the password of a user who has it here, and
            // nobody who has it here waits for one.
            None => self.by_directory(&user, &password, address).await?,
        };
        let Some(row) = row else {
            lock(&self.inner.throttle).failed(&name, address, Instant::now());
            tracing::info!(%address, "a sign-in failed");
            return Err(Failure::new(Code::WrongPassword, "The name or the password is wrong"));
        };
        self.second_step(&row, code, &name, address).await?;
        lock(&self.inner.throttle).succeeded(&name, address);
        self.begin(row, peer, agent).await
    }

    /// The user whose password a directory takes.
    async fn by_directory(
        &self,
        typed: &str,
        password: &Secret<String>,
        address: IpAddr,
    ) -> Outcome<Option<UserRow>> {
        let name = typed.to_lowercase();
        // Whoever waits for a slow directory may have become somebody who tried too often.
        let may_try = || self.may_try(&name, address);
        match self.inner.directories.sign_in(typed, password, may_try).await? {
            directories::SignIn::Proved(row) => Ok(Some(*row)),
            directories::SignIn::Nobody => Ok(None),
            directories::SignIn::NotAllowed => {
                Err(Failure::new(Code::Forbidden, "The password is right, but you may not sign in here")
                    .detail("An administrator of the site can add you, or one of your groups."))
            }
            directories::SignIn::Unreachable => {
                // It was held against the password that was kept, too: that is a guess like any other.
                lock(&self.inner.throttle).failed(&name, address, Instant::now());
                Err(directories::away())
            }
        }
    }

    /// Begins a session of a user whose account is proved, with a code where the user has a second factor.
    ///
    /// # Errors
    /// A code that is missing or wrong, or too many tries.
    pub async fn begin_with(
        &self,
        row: UserRow,
        code: Option<String>,
        peer: Option<SocketAddr>,
        agent: String,
    ) -> Outcome<SignedIn> {
        self.second_step(&row, code, &row.name.to_lowercase(), ip(peer)).await?;
        self.begin(row, peer, agent).await
    }

    /// Wants a code where the user has a second factor.
    async fn second_step(
        &self,
        row: &UserRow,
        code: Option<String>,
        name: &str,
        address: IpAddr,
    ) -> Outcome<()> {
        if !row.second_factor {
            return Ok(());
        }
        let (user, code_given) = (row.id, code.is_some());
        let right = match code {
            Some(code) => {
                let _turn = self.turn(name, address).await?;
                self.catalog(move |catalog| catalog.use_second_factor(user, &code, wall_now())).await?
            }
            None => false,
        };
        if right {
            return Ok(());
        }
        let title = if code_given {
            lock(&self.inner.throttle).failed(name, address, Instant::now());
            "The code is wrong or was used already"
        } else {
            "A code of your authenticator app is needed"
        };
        Err(Failure::new(Code::SecondFactorRequired, title)
            .detail("Enter the six digits that the app shows now, or a recovery code."))
    }

    /// Does something that wants the caller's own password, or another secret that could be guessed: slowed down as a
    /// sign-in is. The work says whether it was right.
    ///
    /// # Errors
    /// Too many tries, or what the work fails with.
    pub async fn prove<T: Send + 'static>(
        &self,
        principal: &Principal,
        work: impl FnOnce(&Catalog) -> catalog::Result<Option<T>> + Send + 'static,
    ) -> Outcome<Option<T>> {
        let (name, address) = (principal.user.to_lowercase(), principal.address);
        let _turn = self.turn(&name, address).await?;
        let proved = self.catalog(work).await?;
        let mut throttle = lock(&self.inner.throttle);
        if proved.is_some() {
            throttle.succeeded(&name, address);
        } else {
            throttle.failed(&name, address, Instant::now());
        }
        Ok(proved)
    }

    /// Waits for a core to hash on; refuses who tried too often, and whom there is no room to wait for.
    async fn turn(&self, name: &str, address: IpAddr) -> Outcome<Turn<'_>> {
        let turn = self.inner.turns.take(address).await.ok_or_else(|| {
            let problem = Problem::new(Code::Busy, "Too many sign-ins at the same time");
            Failure::from(problem.detail("Try again in a moment.").retry_after(1))
        })?;
        self.may_try(name, address)?;
        Ok(turn)
    }

    /// Refuses who tried too often.
    fn may_try(&self, name: &str, address: IpAddr) -> Outcome<()> {
        let Some(wait) = lock(&self.inner.throttle).wait(name, address, Instant::now()) else {
            return Ok(());
        };
        let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
        let problem = Problem::new(Code::TooManyTries, "Too many wrong passwords")
            .detail(format!("Wait {seconds} s, then try again."))
            .retry_after(seconds);
        Err(problem.into())
    }

    /// Begins a session of a user whose identity is proved.
    ///
    /// # Errors
    /// The catalog cannot be written.
    pub async fn begin(&self, row: UserRow, peer: Option<SocketAddr>, agent: String) -> Outcome<SignedIn> {
        let (address, user) = (ip(peer), row.id);
        let ((session, secret), rights) = self
            .catalog(move |catalog| {
                let begun =
                    catalog.begin_session(user, wall_now(), LIFETIME, &address.to_string(), &agent)?;
                Ok((begun, rights(catalog, user, None)?))
            })
            .await?;
        let principal = principal(session.id, &row, Via::Cookie, address, rights);
        Ok(SignedIn { principal, secret, expires: session.expires })
    }

    /// The principal of a session's secret.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn by_cookie(&self, secret: &str, peer: Option<SocketAddr>) -> Outcome<Option<Principal>> {
        if let Some(known) = self.remembered(secret) {
            return Ok(Some(Principal { address: ip(peer), ..known.principal }));
        }
        let generation = self.generation();
        let wanted = secret.to_owned();
        let found = self
            .catalog(move |catalog| {
                let Some((session, row)) = catalog.session(&wanted, wall_now())? else { return Ok(None) };
                let rights = rights(catalog, row.id, None)?;
                Ok(Some((session, row, rights)))
            })
            .await?;
        let Some((session, row, rights)) = found else { return Ok(None) };
        let now = wall_now();
        if now.micros_since(session.last_used) > TOUCH {
            let id = session.id;
            self.catalog(move |catalog| catalog.touch_session(id, now, now + LIFETIME)).await?;
        }
        let principal = principal(session.id, &row, Via::Cookie, ip(peer), rights);
        self.remember(secret, principal.clone(), now + LIFETIME, generation);
        Ok(Some(principal))
    }

    /// The principal of a token.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn by_token(&self, value: &str, peer: Option<SocketAddr>) -> Outcome<Option<Principal>> {
        if let Some(known) = self.remembered(value) {
            return Ok(Some(Principal { address: ip(peer), ..known.principal }));
        }
        let generation = self.generation();
        let wanted = value.to_owned();
        let found = self
            .catalog(move |catalog| {
                let Some((token, row)) = catalog.token(&wanted, wall_now())? else { return Ok(None) };
                let rights = rights(catalog, row.id, token.scope.as_deref())?;
                Ok(Some((token, row, rights)))
            })
            .await?;
        let Some((token, row, rights)) = found else { return Ok(None) };
        let session = SessionId::from_bytes(*token.id.as_bytes());
        let principal = principal(session, &row, Via::Token, ip(peer), rights);
        self.remember(value, principal.clone(), token.expires, generation);
        Ok(Some(principal))
    }

    /// The principal of an account of this machine; none where it does not administrate the machine (any more). The
    /// operating system is asked every time: nothing of this kind is kept, and no session or token comes of it.
    ///
    /// # Errors
    /// The catalog cannot be read, or the user that stands for the account not be made.
    pub async fn by_machine(&self, uid: u32) -> Outcome<Option<Principal>> {
        let machine = Arc::clone(&self.inner.machine);
        self.catalog(move |catalog| {
            let Some(account) = machine.administrator(uid) else { return Ok(None) };
            let row = catalog.machine_user(&account, wall_now())?;
            let rights = rights(catalog, row.id, None)?;
            let session = SessionId::from_bytes(*row.id.as_bytes());
            Ok(Some(principal(session, &row, Via::Machine(uid), Ipv4Addr::LOCALHOST.into(), rights)))
        })
        .await
    }

    /// Whether whoever began a stream may still be there, and what they may do now.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn renew(&self, held: &Principal) -> Outcome<Option<Principal>> {
        let (user, session, via, address) = (held.user_id, held.session, held.via, held.address);
        let remote = held.remote;
        let machine = Arc::clone(&self.inner.machine);
        self.catalog(move |catalog| {
            let now = wall_now();
            let scope = match via {
                Via::Machine(uid) => machine.administrator(uid).map(|_| None),
                Via::Cookie => {
                    catalog.sessions_of(user, now)?.iter().any(|row| row.id == session).then_some(None)
                }
                Via::Token => catalog
                    .tokens_of(user)?
                    .into_iter()
                    .find(|row| row.id.as_bytes() == session.as_bytes() && row.expires > now)
                    .map(|row| row.scope),
            };
            let (Some(scope), Some(row)) = (scope, catalog.user(user)?) else { return Ok(None) };
            if !row.counts() {
                return Ok(None);
            }
            let rights = rights(catalog, user, scope.as_deref())?;
            Ok(Some(Principal { remote, ..principal(session, &row, via, address, rights) }))
        })
        .await
    }

    /// Ends a session.
    ///
    /// # Errors
    /// The catalog cannot be written.
    pub async fn end(&self, session: SessionId) -> Outcome<()> {
        self.catalog(move |catalog| catalog.end_session(session)).await?;
        Ok(())
    }

    /// Says that somebody's rights may have changed: nothing that was looked up before counts any more, and streams ask
    /// again.
    pub fn changed(&self) {
        self.inner.changes.send_modify(|count| *count += 1);
        lock(&self.inner.known).clear();
    }

    /// Tells whenever somebody's rights may have changed.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changes.subscribe()
    }

    fn generation(&self) -> u64 {
        *self.inner.changes.borrow()
    }

    fn remembered(&self, secret: &str) -> Option<Known> {
        let known = lock(&self.inner.known).get(secret).cloned()?;
        (known.looked_up.elapsed() < REMEMBER && wall_now() < known.expires).then_some(known)
    }

    fn remember(&self, secret: &str, principal: Principal, expires: WallTime, generation: u64) {
        let mut known = lock(&self.inner.known);
        // What was looked up before a change is not kept after it.
        if self.generation() != generation {
            return;
        }
        if known.len() >= REMEMBERED {
            known.retain(|_, known| known.looked_up.elapsed() < REMEMBER);
        }
        if known.len() < REMEMBERED {
            known.insert(secret.to_owned(), Known { principal, expires, looked_up: Instant::now() });
        }
    }

    async fn catalog<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Catalog) -> catalog::Result<T> + Send + 'static,
    ) -> Outcome<T> {
        let catalog = self.inner.catalog.clone();
        crate::blocking(move || work(&catalog)).await?.map_err(Failure::from)
    }
}

fn principal(session: SessionId, row: &UserRow, via: Via, address: IpAddr, rights: Rights) -> Principal {
    Principal {
        session,
        user_id: row.id,
        user: row.name.clone(),
        machine: row.machine,
        second_factor: row.second_factor,
        rights: Arc::new(rights),
        via,
        address,
        remote: false,
    }
}

/// What a user may do, within what a token is for.
fn rights(catalog: &Catalog, user: UserId, scope: Option<&[Privilege]>) -> catalog::Result<Rights> {
    let rights = Rights::of(&catalog.sources(user)?, &catalog.folder_table()?);
    Ok(match scope {
        Some(scope) => rights.within(scope.iter().copied().collect()),
        None => rights,
    })
}

fn ip(peer: Option<SocketAddr>) -> IpAddr {
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
