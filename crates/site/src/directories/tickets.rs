//! Sign-in with the account of a computer: the ticket that a browser sends is held against the keytab of a directory, then the
//! directory is asked who that is, as at any other sign-in. Tokens and keys: `negotiate`.

use std::sync::PoisonError;

use api::Code;
use catalog::user::UserRow;
use model::clock::wall_now;
use negotiate::{Acceptor, Error, Proved, Token};

use super::{Directories, Live, TURN, away};
use crate::http::problem::{Failure, Outcome};

/// Somebody whom a ticket signed in.
pub struct SignedIn {
    /// The user that it is here.
    pub user: UserRow,
    /// The directory, and how.
    pub how: String,
    /// What the browser is answered, by which it knows the site.
    pub reply: Vec<u8>,
}

impl Live {
    /// The services whose keys it has.
    #[must_use]
    pub fn services(&self) -> Vec<String> {
        self.acceptor.as_ref().map(Acceptor::services).unwrap_or_default()
    }
}

impl Directories {
    /// Whether any directory has a keytab.
    #[must_use]
    pub fn take_tickets(&self) -> bool {
        self.all().iter().any(|live| live.acceptor.is_some())
    }

    /// Signs in with a token that came after `Negotiate`.
    ///
    /// # Errors
    /// It proves nobody, or nobody who has something here, or the directory cannot be asked.
    pub async fn by_ticket(&self, token: &[u8]) -> Outcome<SignedIn> {
        let token = Token::read(token).map_err(|error| refusal(&error))?;
        let all = self.all();
        let ours = |live: &&_| {
            let live: &Live = live;
            live.acceptor.as_ref().is_some_and(|acceptor| acceptor.realm() == token.realm())
        };
        let Some((live, acceptor)) =
            all.iter().map(AsRef::as_ref).find(ours).and_then(|live| Some((live, live.acceptor.as_ref()?)))
        else {
            return Err(Failure::new(Code::Forbidden, "Your computer is in another domain than this site")
                .detail(format!("No directory of the site takes tickets of the realm {}.", token.realm())));
        };
        let Proved { account, reply } = {
            let mut replays = self.inner.replays.lock().unwrap_or_else(PoisonError::into_inner);
            acceptor
                .accept(&token, wall_now(), rand::random(), &mut replays)
                .map_err(|error| refusal(&error))?
        };
        let user = self.of_account(live, &account).await?;
        Ok(SignedIn { user, how: format!("{}, Kerberos", live.settings.name), reply })
    }

    /// The user that an account of a directory is here. While the directory cannot be asked, whom it confirmed a while ago.
    async fn of_account(&self, live: &Live, account: &str) -> Outcome<UserRow> {
        let Ok(Ok(_turn)) = tokio::time::timeout(TURN, live.turns.acquire()).await else {
            return Err(Failure::new(Code::Busy, "Too many sign-ins at the same time")
                .detail("Try again in a moment."));
        };
        let answer = match live.directory() {
            Ok(directory) => directory.account(account, wall_now()).await,
            Err(error) => Err(error),
        };
        live.answered(&answer);
        let user = match answer {
            Ok(Some(person)) => {
                let seen = live.seen(person);
                self.catalog(move |catalog| Ok(catalog.see_user(&seen, None, wall_now())?.0)).await?
            }
            Ok(None) => None,
            Err(_) => Some(self.confirmed(live, account).await?.ok_or_else(away)?),
        };
        user.filter(UserRow::counts).ok_or_else(|| {
            Failure::new(
                Code::Forbidden,
                format!("{} knows you, but you may not sign in here", live.settings.name),
            )
            .detail(format!(
                "An administrator of the site can add you (you are {account} there), or one of your groups."
            ))
        })
    }

    async fn confirmed(&self, live: &Live, account: &str) -> Outcome<Option<UserRow>> {
        if live.settings.offline_minutes == 0 {
            return Ok(None);
        }
        let (id, login, since) = (live.id, account.to_owned(), wall_now() - live.offline());
        self.catalog(move |catalog| catalog.confirmed_user(id, &login, since)).await
    }
}

/// What a person and an administrator can do about a token that lets nobody in.
fn refusal(error: &Error) -> Failure {
    let advice = match error {
        Error::NoKerberos | Error::Malformed => {
            "The computer has to be in the domain, and you signed in to it with your account there; the browser has to be allowed to \
             use it for this site's name."
        }
        Error::NoKey { .. } | Error::Unopened => {
            "An administrator exports the keytab of the site's service again, with AES keys, and gives it to the directory's settings."
        }
        Error::Cipher => "An administrator of the domain allows AES for the account of the site's service.",
        Error::Clock { .. } | Error::Expired => {
            "Set the clocks of computer, domain and site by the same time server, then sign in to the computer again."
        }
        Error::Nobody => "Only people of the directory's own domain sign in this way.",
        Error::Replayed | Error::TooMany => "Wait a few minutes, then try again.",
    };
    let code = if *error == Error::TooMany { Code::Busy } else { Code::Forbidden };
    Failure::new(code, format!("Your computer's account does not sign in here: {error}")).detail(advice)
}
