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

use api::{Code, Problem};
use catalog::{Catalog, user::UserRow};
use model::{SessionId, WallTime, clock::wall_now};
use tokio::sync::Semaphore;

use crate::{
    http::problem::{Failure, Outcome},
    principal::{Principal, Via},
    throttle::Throttle,
};

/// A sign-in that is not used for so long ends.
pub const LIFETIME: Duration = Duration::from_secs(7 * 86_400);
/// How often the use of a sign-in is noted.
const TOUCH: i64 = 60_000_000;
/// For so long a secret that was looked up is not looked up again.
const REMEMBER: Duration = Duration::from_secs(2);
const REMEMBERED: usize = 4096;
/// Passwords hashed at once: each takes memory and a core.
const HASHES: usize = 2;

#[derive(Clone)]
struct Known {
    principal: Principal,
    expires: WallTime,
    looked_up: Instant,
}

struct Inner {
    catalog: Catalog,
    throttle: Mutex<Throttle>,
    /// By secret. Only secrets that were found are here.
    known: Mutex<HashMap<String, Known>>,
    hashing: Semaphore,
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
    pub secret: model::Secret<String>,
    /// When it ends if it is not used.
    pub expires: WallTime,
}

impl Sessions {
    /// Over the catalog.
    #[must_use]
    pub fn new(catalog: Catalog) -> Self {
        let inner = Inner {
            catalog,
            throttle: Mutex::default(),
            known: Mutex::default(),
            hashing: Semaphore::new(HASHES),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Signs in with name and password.
    ///
    /// # Errors
    /// Wrong name or password (never told apart), or too many tries.
    pub async fn sign_in(
        &self,
        user: String,
        password: String,
        peer: Option<SocketAddr>,
        agent: String,
    ) -> Outcome<SignedIn> {
        let address = ip(peer);
        let name = user.to_lowercase();
        let _turn = self
            .inner
            .hashing
            .acquire()
            .await
            .map_err(|_| Failure::new(Code::Busy, "The site is stopping"))?;
        if let Some(wait) = lock(&self.inner.throttle).wait(&name, address, Instant::now()) {
            let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
            let problem = Problem::new(Code::TooManyTries, "Too many wrong passwords")
                .detail(format!("Wait {seconds} s, then try again."))
                .retry_after(seconds);
            return Err(problem.into());
        }
        let row = self.catalog(move |catalog| catalog.verify_password(&user, &password)).await?;
        let Some(row) = row else {
            lock(&self.inner.throttle).failed(&name, address, Instant::now());
            tracing::info!(%address, "a sign-in failed");
            return Err(Failure::new(Code::WrongPassword, "The name or the password is wrong"));
        };
        lock(&self.inner.throttle).succeeded(&name, address);
        self.begin(row, peer, agent).await
    }

    /// Begins a session of a user whose identity is proved.
    ///
    /// # Errors
    /// The catalog cannot be written.
    pub async fn begin(&self, row: UserRow, peer: Option<SocketAddr>, agent: String) -> Outcome<SignedIn> {
        let (address, user) = (ip(peer).to_string(), row.id);
        let (session, secret) = self
            .catalog(move |catalog| catalog.begin_session(user, wall_now(), LIFETIME, &address, &agent))
            .await?;
        let principal = principal(session.id, &row, Via::Cookie);
        Ok(SignedIn { principal, secret, expires: session.expires })
    }

    /// The principal of a session's secret.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn by_cookie(&self, secret: &str, _peer: Option<SocketAddr>) -> Outcome<Option<Principal>> {
        if let Some(known) = self.remembered(secret) {
            return Ok(Some(known.principal));
        }
        let wanted = secret.to_owned();
        let found = self.catalog(move |catalog| catalog.session(&wanted, wall_now())).await?;
        let Some((session, row)) = found else { return Ok(None) };
        let now = wall_now();
        if now.micros_since(session.last_used) > TOUCH {
            let id = session.id;
            self.catalog(move |catalog| catalog.touch_session(id, now, now + LIFETIME)).await?;
        }
        let principal = principal(session.id, &row, Via::Cookie);
        self.remember(secret, principal.clone(), now + LIFETIME);
        Ok(Some(principal))
    }

    /// The principal of a token.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn by_token(&self, value: &str, _peer: Option<SocketAddr>) -> Outcome<Option<Principal>> {
        if let Some(known) = self.remembered(value) {
            return Ok(Some(known.principal));
        }
        let wanted = value.to_owned();
        let found = self.catalog(move |catalog| catalog.token(&wanted, wall_now())).await?;
        let Some((token, row)) = found else { return Ok(None) };
        let principal = principal(SessionId::from_bytes(*token.id.as_bytes()), &row, Via::Token);
        self.remember(value, principal.clone(), token.expires);
        Ok(Some(principal))
    }

    /// Whether whoever began a stream may still be there, and what they may do now.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn renew(&self, held: &Principal) -> Outcome<Option<Principal>> {
        let (user, session, via) = (held.user_id, held.session, held.via);
        let row = self
            .catalog(move |catalog| {
                let now = wall_now();
                let lives = match via {
                    Via::Cookie => catalog.sessions_of(user, now)?.iter().any(|row| row.id == session),
                    Via::Token => catalog
                        .tokens_of(user)?
                        .iter()
                        .any(|row| row.id.as_bytes() == session.as_bytes() && row.expires > now),
                };
                if lives { catalog.user(user) } else { Ok(None) }
            })
            .await?;
        Ok(row.map(|row| principal(session, &row, via)))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// The catalog cannot be written.
    pub async fn end(&self, session: SessionId) -> Outcome<()> {
        lock(&self.inner.known).retain(|_, known| known.principal.session != session);
        self.catalog(move |catalog| catalog.end_session(session)).await?;
        Ok(())
    }

    /// Forgets a token at once.
    pub fn forget(&self, session: SessionId) {
        lock(&self.inner.known).retain(|_, known| known.principal.session != session);
    }

    fn remembered(&self, secret: &str) -> Option<Known> {
        let known = lock(&self.inner.known).get(secret).cloned()?;
        (known.looked_up.elapsed() < REMEMBER && wall_now() < known.expires).then_some(known)
    }

    fn remember(&self, secret: &str, principal: Principal, expires: WallTime) {
        let mut known = lock(&self.inner.known);
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

fn principal(session: SessionId, row: &UserRow, via: Via) -> Principal {
    Principal { session, user_id: row.id, user: row.name.clone(), role: row.role, via }
}

fn ip(peer: Option<SocketAddr>) -> IpAddr {
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
