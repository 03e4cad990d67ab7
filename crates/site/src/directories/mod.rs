//! The site's directories: who signs in by them, and what they said last.
//!
//! What is here: which directory is asked when somebody signs in, and what becomes of its answer; a slow one holds up
//! nobody who does not need it. What is not here: LDAP (`directory`), what is kept (`catalog::directory_user`), asking
//! again while people are signed in (`refresh`), tickets (`tickets`), the alarm when one is down (`alarm`), sessions (`sessions`).

pub mod alarm;
pub mod refresh;
pub mod settings;
mod tickets;

use std::{
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use api::{
    Code,
    directory::{DirectorySettings, DirectoryState},
};
use catalog::{
    Catalog,
    directory::DirectoryRow,
    directory_user::Seen,
    user::{UserChange, UserRow},
};
use directory::{Directory, Error, Person};
use model::{DirectoryId, Secret, WallTime, clock::wall_now};
use negotiate::{Acceptor, Replays};
use tokio::sync::{Notify, Semaphore};

use crate::http::problem::{Failure, Outcome};

/// Sign-ins that one directory is asked about at the same time.
const SIGN_INS: usize = 8;
/// How long a sign-in waits for its turn.
const TURN: Duration = Duration::from_secs(5);

/// A directory that is set up.
pub struct Live {
    /// Identifier.
    pub id: DirectoryId,
    /// How it is reached; without the password.
    pub settings: DirectorySettings,
    directory: Result<Directory, String>,
    /// Takes tickets, where there is a keytab of its realm.
    acceptor: Option<Acceptor>,
    turns: Semaphore,
    state: Mutex<DirectoryState>,
}

struct Inner {
    catalog: Catalog,
    live: RwLock<Vec<Arc<Live>>>,
    /// Tickets that were used.
    replays: Mutex<Replays>,
    /// Wakes the refresher.
    poke: Notify,
}

/// All directories; clones are the same.
#[derive(Clone)]
pub struct Directories {
    inner: Arc<Inner>,
}

/// How a sign-in by directories ended.
pub enum SignIn {
    /// No directory knows this name with this password.
    Nobody,
    /// The directory that might know could not be asked.
    Unreachable,
    /// The password is right, and the person has nothing here.
    NotAllowed,
    /// It is this user.
    Proved(Box<UserRow>),
}

impl Live {
    fn of(row: &DirectoryRow) -> Option<Self> {
        let settings = settings::of_row(row)?;
        let directory = settings::directory(&settings, &row.password).map_err(|error| error.to_string());
        let acceptor = directory.as_ref().ok().zip(row.keytab.as_ref()).and_then(|(directory, keytab)| {
            settings::acceptor(directory, keytab.expose())
                .inspect_err(|error| tracing::warn!(%error, name = row.name, "a keytab is of no use"))
                .ok()
        });
        let problem = directory.as_ref().err().cloned();
        let since = problem.as_ref().map(|_| wall_now());
        let state = DirectoryState { problem, since, ..DirectoryState::default() };
        Some(Self {
            id: row.id,
            settings: DirectorySettings { name: row.name.clone(), ..settings },
            directory,
            acceptor,
            turns: Semaphore::new(SIGN_INS),
            state: Mutex::new(state),
        })
    }

    /// What can be asked.
    ///
    /// # Errors
    /// Its settings cannot be used.
    pub fn directory(&self) -> Result<&Directory, Error> {
        self.directory.as_ref().map_err(|why| Error::Settings(why.clone()))
    }

    /// How it answered last, without what only the catalog knows.
    #[must_use]
    pub fn state(&self) -> DirectoryState {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes how it answered.
    pub fn answered<T>(&self, answer: &Result<T, Error>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let problem = answer.as_ref().err().map(ToString::to_string);
        match &problem {
            Some(problem) if state.problem.is_none() => {
                tracing::warn!(name = self.settings.name, problem, "a directory cannot be asked");
            }
            None if state.problem.is_some() => {
                tracing::info!(name = self.settings.name, "a directory answers again");
            }
            _ => {}
        }
        let advice = answer.as_ref().err().map(settings::advice);
        let now = wall_now();
        let since = problem.as_ref().map(|_| state.since.unwrap_or(now));
        *state = DirectoryState { checked: Some(now), since, problem, advice, users_until: None };
    }

    /// Until when whoever it confirmed last goes on without it; none where nobody is let in without it. Blocking.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub fn users_until(&self, catalog: &Catalog) -> catalog::Result<Option<WallTime>> {
        let last = catalog.last_confirmed(self.id)?.filter(|_| self.settings.offline_minutes > 0);
        Ok(last.map(|last| last + self.offline()))
    }

    /// What the catalog keeps of a person.
    #[must_use]
    pub fn seen(&self, person: Person) -> Seen {
        let domain = self.directory.as_ref().map(Directory::domain).unwrap_or_default();
        Seen {
            directory: self.id,
            key: person.key.to_string(),
            name: format!("{}@{domain}", person.account),
            login: person.account,
            full_name: person.name,
            active: person.active,
            groups: person
                .groups
                .into_iter()
                .map(|group| (group.key.to_string(), format!("{}@{domain}", group.name)))
                .collect(),
        }
    }

    /// For how long its users go on without it.
    fn offline(&self) -> Duration {
        Duration::from_secs(u64::from(self.settings.offline_minutes) * 60)
    }
}

impl Directories {
    /// Those that are in the catalog.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub fn open(catalog: Catalog) -> catalog::Result<Self> {
        let inner =
            Inner { catalog, live: RwLock::default(), replays: Mutex::default(), poke: Notify::new() };
        let directories = Self { inner: Arc::new(inner) };
        directories.reload()?;
        Ok(directories)
    }

    /// Takes over what is in the catalog now. Blocking.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub fn reload(&self) -> catalog::Result<()> {
        let rows = self.inner.catalog.directories()?;
        let live = rows.iter().filter_map(Live::of).map(Arc::new).collect();
        *self.inner.live.write().unwrap_or_else(PoisonError::into_inner) = live;
        self.poke();
        Ok(())
    }

    /// Asks all of them about their users now.
    pub fn poke(&self) {
        self.inner.poke.notify_one();
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

    /// Signs in by the first directory that knows the name with the password. `may_try` is asked when it is the turn of
    /// this sign-in.
    ///
    /// # Errors
    /// The catalog cannot be used, or it may not be tried.
    pub async fn sign_in(
        &self,
        typed: &str,
        password: &Secret<String>,
        may_try: impl Fn() -> Outcome<()>,
    ) -> Outcome<SignIn> {
        let mut unreachable = false;
        for live in self.all() {
            let Ok(directory) = live.directory() else { continue };
            if !directory.may_know(typed) {
                continue;
            }
            let Ok(Ok(_turn)) = tokio::time::timeout(TURN, live.turns.acquire()).await else {
                unreachable = true;
                continue;
            };
            may_try()?;
            let answer = directory.sign_in(typed, password, wall_now()).await;
            live.answered(&answer);
            match answer {
                Ok(Some(person)) => return self.proved(&live, person, password).await,
                Ok(None) => {}
                Err(_) => {
                    if let Some(user) = self.kept(&live, directory, typed, password).await? {
                        return Ok(SignIn::Proved(Box::new(user)));
                    }
                    unreachable = true;
                }
            }
        }
        Ok(if unreachable { SignIn::Unreachable } else { SignIn::Nobody })
    }

    /// The directory took the password: what it says of the person counts from now on.
    async fn proved(&self, live: &Live, person: Person, password: &Secret<String>) -> Outcome<SignIn> {
        let seen = live.seen(person);
        let kept = (live.settings.offline_minutes > 0).then(|| password.clone());
        self.catalog(move |catalog| {
            let (user, _) = catalog.see_user(&seen, None, wall_now())?;
            Ok(match user.filter(UserRow::counts) {
                Some(user) => {
                    // A password that cannot be kept is asked of the directory each time.
                    if let Err(error) = catalog.keep_password(user.id, kept.as_ref()) {
                        tracing::debug!(%error, "a password is not kept");
                    }
                    SignIn::Proved(Box::new(user))
                }
                None => SignIn::NotAllowed,
            })
        })
        .await
    }

    /// The directory cannot be asked: whom it confirmed a while ago signs in with the password that it took then.
    async fn kept(
        &self,
        live: &Live,
        directory: &Directory,
        typed: &str,
        password: &Secret<String>,
    ) -> Outcome<Option<UserRow>> {
        let (id, since) = (live.id, wall_now() - live.offline());
        let (login, password) = (directory.login(typed).to_owned(), password.clone());
        if live.settings.offline_minutes == 0 {
            return Ok(None);
        }
        self.catalog(move |catalog| catalog.verify_kept(id, &login, &password, since)).await
    }

    /// Adds a person of a directory as a user, with what is given; none where there is no such person.
    ///
    /// # Errors
    /// The directory or the catalog cannot be asked.
    pub async fn add_user(
        &self,
        live: &Live,
        key: &directory::Key,
        change: UserChange,
    ) -> Outcome<Option<UserRow>> {
        let person = live.directory().map_err(|error| Failure(settings::problem(&error)))?;
        let person = person.ask(async |session| session.person(key, wall_now()).await).await;
        live.answered(&person);
        let Some(person) = person.map_err(|error| Failure(settings::problem(&error)))? else {
            return Ok(None);
        };
        let seen = live.seen(person);
        self.catalog(move |catalog| Ok(catalog.see_user(&seen, Some(&change), wall_now())?.0)).await
    }

    async fn catalog<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Catalog) -> catalog::Result<T> + Send + 'static,
    ) -> Outcome<T> {
        let catalog = self.inner.catalog.clone();
        crate::blocking(move || work(&catalog)).await?.map_err(Failure::from)
    }
}

/// The answer where whoever signs in is somebody of a directory that cannot be asked.
pub fn away() -> Failure {
    Failure::new(Code::DirectoryFailed, "The directory that knows you does not answer")
        .detail("Try again in a moment. Users of the site itself can sign in.")
        .status(axum::http::StatusCode::SERVICE_UNAVAILABLE)
}
