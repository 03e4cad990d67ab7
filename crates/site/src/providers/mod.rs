//! The site's OpenID Connect providers: who signs in by them.
//!
//! People and groups of a provider are kept as those of a directory are (`catalog::directory_user`), by issuer and subject;
//! there is no other mechanism for people from outside. What is here: the two steps of a sign-in. What is not here: the
//! protocol (`openid`), tries that have begun (`pending`), asking again while people are signed in (`refresh`), sessions
//! (`sessions`).

mod pending;
pub mod refresh;
pub mod settings;

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use api::{
    Code,
    provider::{OpenIdAnswer, ProviderDoor, ProviderSettings, ProviderState},
};
use catalog::{
    Catalog,
    directory::DirectoryRow,
    directory_user::Seen,
    name,
    user::{UserChange, UserRow},
};
use model::{DirectoryId, Secret, SessionId, clock::wall_now};
use openid::{Answer, Error, Person, Provider};
use tokio::sync::{Notify, Semaphore, SemaphorePermit};

use crate::http::problem::{Failure, Outcome};
pub use pending::PATIENCE;
use pending::Pending;

/// Sign-ins for which one provider is asked at the same time.
const SIGN_INS: usize = 8;
/// How long a sign-in waits for its turn.
const TURN: Duration = Duration::from_secs(5);
/// Most bytes of a name from outside, beside the provider's.
const MAX_SHOWN: usize = 120;

/// A provider that is set up.
pub struct Live {
    /// Identifier.
    pub id: DirectoryId,
    /// How it is reached; without the secret.
    pub settings: ProviderSettings,
    provider: Result<Provider, String>,
    turns: Semaphore,
    state: Mutex<ProviderState>,
}

struct Inner {
    catalog: Catalog,
    live: RwLock<Vec<Arc<Live>>>,
    pending: Pending,
    /// Wakes the refresher.
    poke: Notify,
}

/// All providers; clones are the same.
#[derive(Clone)]
pub struct Providers {
    inner: Arc<Inner>,
}

/// A sign-in that has begun.
pub struct Begun {
    /// Where the browser is sent.
    pub address: String,
    /// What ties the try to the browser.
    pub cookie: Secret<String>,
}

/// Whom a provider signed in.
pub struct Proved {
    /// The user that it is here.
    pub user: UserRow,
    /// The provider's name here, and how it signed the person in.
    pub how: String,
    provider: DirectoryId,
    nonce: String,
    refresh: Option<Secret<String>>,
}

impl Live {
    fn of(row: &DirectoryRow) -> Option<Self> {
        let settings = settings::of_row(row)?;
        let provider = settings::provider(&settings, &row.password).map_err(|error| error.to_string());
        let problem = provider.as_ref().err().cloned();
        Some(Self {
            id: row.id,
            settings: ProviderSettings { name: row.name.clone(), ..settings },
            provider,
            turns: Semaphore::new(SIGN_INS),
            state: Mutex::new(ProviderState { problem, ..ProviderState::default() }),
        })
    }

    fn provider(&self) -> Result<&Provider, Error> {
        self.provider.as_ref().map_err(|why| Error::Settings(why.clone()))
    }

    /// As whoever is not signed in is told of it.
    #[must_use]
    pub fn door(&self) -> ProviderDoor {
        ProviderDoor { id: self.id, name: self.settings.name.clone() }
    }

    /// How it answered last.
    #[must_use]
    pub fn state(&self) -> ProviderState {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes how it answered. That somebody may not sign in is an answer.
    fn answered<T>(&self, answer: &Result<T, Error>) {
        let failed = answer.as_ref().err().filter(|error| !settings::about_person(error));
        let problem = failed.map(ToString::to_string);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &problem {
            Some(problem) if state.problem.is_none() => {
                tracing::warn!(name = self.settings.name, problem, "a provider cannot be asked");
            }
            None if state.problem.is_some() => {
                tracing::info!(name = self.settings.name, "a provider answers again");
            }
            _ => {}
        }
        *state = ProviderState { checked: Some(wall_now()), problem, advice: failed.map(settings::advice) };
    }

    /// For how long its users go on without being confirmed.
    fn offline(&self) -> Duration {
        Duration::from_secs(u64::from(self.settings.offline_minutes) * 60)
    }

    /// What the catalog keeps of a person; `known` is shown as before where the provider says no name.
    fn seen(&self, person: Person, known: Option<&UserRow>) -> Seen {
        let login = person.login.as_ref().map(|login| name::cleaned(login, MAX_SHOWN));
        let login = login.filter(|login| !login.is_empty());
        let shown = match (&login, known) {
            (None, Some(known)) => known.name.clone(),
            (login, _) => self.shown(login.as_ref().unwrap_or(&person.subject)),
        };
        let kept = known.and_then(|known| known.directory.as_ref()).map(|link| link.full_name.clone());
        Seen {
            directory: self.id,
            key: person.subject,
            name: shown,
            login: login.unwrap_or_default(),
            full_name: person.name.or(kept).unwrap_or_default(),
            active: true,
            groups: person
                .groups
                .unwrap_or_default()
                .into_iter()
                .map(|group| {
                    let shown = self.shown(&group);
                    (group, shown)
                })
                .collect(),
        }
    }

    /// A name from there as it is shown here: never one of the site's own.
    #[must_use]
    pub fn shown(&self, foreign: &str) -> String {
        format!("{} ({})", name::cleaned(foreign, MAX_SHOWN), self.settings.name)
    }

    async fn turn(&self) -> Outcome<SemaphorePermit<'_>> {
        match tokio::time::timeout(TURN, self.turns.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => {
                Err(Failure::new(Code::Busy, format!("Too many people sign in with {}", self.settings.name))
                    .detail("Try again in a moment."))
            }
        }
    }
}

impl Providers {
    /// Those that are in the catalog.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub fn open(catalog: Catalog) -> catalog::Result<Self> {
        let inner =
            Inner { catalog, live: RwLock::default(), pending: Pending::default(), poke: Notify::new() };
        let providers = Self { inner: Arc::new(inner) };
        providers.reload()?;
        Ok(providers)
    }

    /// Takes over what is in the catalog now. Blocking.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub fn reload(&self) -> catalog::Result<()> {
        let rows = self.inner.catalog.providers()?;
        let live = rows.iter().filter_map(Live::of).map(Arc::new).collect();
        *self.inner.live.write().unwrap_or_else(PoisonError::into_inner) = live;
        self.inner.poke.notify_one();
        Ok(())
    }

    /// All, in order.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Live>> {
        self.inner.live.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// One.
    #[must_use]
    pub fn get(&self, id: DirectoryId) -> Option<Arc<Live>> {
        self.all().into_iter().find(|live| live.id == id)
    }

    /// Begins a sign-in of a browser that has this site open at `host` (with the port, as `Host` has it).
    ///
    /// # Errors
    /// There is no such provider, it cannot be asked, or it does not send people back to this address.
    pub async fn begin(&self, id: DirectoryId, host: Option<&str>, address: IpAddr) -> Outcome<Begun> {
        let live = self.get(id).ok_or_else(gone)?;
        let right = settings::origin(&live.settings.site_address);
        let here = host.and_then(|host| settings::origin(&format!("https://{host}")));
        if right.is_none() || here != right {
            let title = format!("Sign-in with {} does not work at this address", live.settings.name);
            return Err(Failure::new(Code::Conflict, title)
                .detail(format!("Open the site at {}.", live.settings.site_address)));
        }
        let _turn = live.turn().await?;
        let begun = match live.provider() {
            Ok(provider) => provider.begin().await,
            Err(error) => Err(error),
        };
        live.answered(&begun);
        let begun = begun.map_err(|error| settings::refusal(&live.settings.name, &error))?;
        let cookie = self.inner.pending.keep(live.id, begun.asked, address)?;
        Ok(Begun { address: begun.address, cookie })
    }

    /// Ends a sign-in with what the browser came back with. `cookie` is what [`Begun`] gave it.
    ///
    /// # Errors
    /// It belongs to no try of this browser, or the provider does not sign in, or the person has nothing here.
    pub async fn finish(&self, answer: OpenIdAnswer, cookie: Option<&str>) -> Outcome<Proved> {
        let asked = cookie.and_then(|cookie| self.inner.pending.take(&answer.state, cookie));
        let (id, asked) = asked.ok_or_else(|| {
            Failure::new(Code::Conflict, "This is not a sign-in that was begun here a moment ago")
                .detail("Begin again on the sign-in page.")
        })?;
        let live = self.get(id).ok_or_else(gone)?;
        let OpenIdAnswer { code, iss, error, error_description, .. } = answer;
        let answer = Answer { code, issuer: iss, error, description: error_description };
        let _turn = live.turn().await?;
        let signed_in = match live.provider() {
            Ok(provider) => provider.finish(&asked, &answer, wall_now()).await,
            Err(error) => Err(error),
        };
        live.answered(&signed_in);
        let signed_in = signed_in.map_err(|error| settings::refusal(&live.settings.name, &error))?;
        let person = signed_in.person.ok_or_else(|| Failure::new(Code::Internal, "Nobody is signed in"))?;
        let (subject, method) = (person.subject.clone(), person.method.clone());
        let seen = live.seen(person, None);
        let user = self.catalog(move |catalog| Ok(catalog.see_user(&seen, None, wall_now())?.0)).await?;
        let Some(user) = user.filter(UserRow::counts) else {
            let title = format!("{} knows you, but you may not sign in here", live.settings.name);
            return Err(Failure::new(Code::Forbidden, title).detail(format!(
                "An administrator of the site can add you (you are {subject} there), or one of your groups."
            )));
        };
        let how = [live.settings.name.clone(), method];
        Ok(Proved {
            user,
            how: how.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", "),
            provider: live.id,
            nonce: signed_in.nonce,
            refresh: signed_in.refresh,
        })
    }

    /// Keeps what the provider is asked again with about the sign-in that was made.
    ///
    /// # Errors
    /// The catalog cannot be written.
    pub async fn keep(&self, session: SessionId, proved: Proved) -> Outcome<()> {
        let Proved { provider, nonce, refresh, .. } = proved;
        self.catalog(move |catalog| {
            catalog.keep_openid_session(session, provider, &nonce, refresh.as_ref(), wall_now())
        })
        .await
    }

    /// Adds a person of a provider as a user, with what is given, before ever signing in.
    ///
    /// # Errors
    /// The catalog cannot be written.
    pub async fn add_user(
        &self,
        live: &Live,
        subject: String,
        change: UserChange,
    ) -> Outcome<Option<UserRow>> {
        let person = Person { subject, login: None, name: None, groups: None, method: String::new() };
        let seen = live.seen(person, None);
        self.catalog(move |catalog| catalog.add_outsider(&seen, &change, wall_now())).await
    }

    async fn catalog<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Catalog) -> catalog::Result<T> + Send + 'static,
    ) -> Outcome<T> {
        let catalog = self.inner.catalog.clone();
        crate::blocking(move || work(&catalog)).await?.map_err(Failure::from)
    }
}

/// The answer where there is no such provider.
pub fn gone() -> Failure {
    Failure::new(Code::NotFound, "There is no such provider (any more)")
}
