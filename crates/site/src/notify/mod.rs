//! Alarms sent to people and programs: by e-mail and to a webhook.
//!
//! What is here: queues, tries, the two ways out, and how the settings stand in the catalog. What is not here: which
//! alarms there are (`alarms`), and the list that clients show.
//!
//! Each way has a queue and a task of its own, so that a mail server that hangs does not hold up the webhook.
//! A queue has room for [`QUEUE`] alarms; one more pushes out the oldest, and the log says so.

mod mail;
mod queue;
mod settings;
#[cfg(test)]
mod tests;
mod text;
mod webhook;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use api::{
    Code, Problem,
    alarm::{Alarm, AlarmKind},
    notification::Notifications,
};
use model::{AlarmId, SiteId, clock::wall_now};
use tokio::{sync::watch, task::JoinHandle};

pub use settings::{keep, kept, with_kept_secrets};

use queue::Queue;

/// Alarms that wait for one way out.
pub const QUEUE: usize = 256;

/// What a message says about its sender.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The site's name.
    pub site_name: String,
    /// IANA name of its time zone.
    pub time_zone: String,
    /// Where its client is, `https://…`; none: not known.
    pub url: Option<String>,
}

/// How long and how often is tried.
#[derive(Clone, Debug)]
pub struct Patience {
    /// For one try, all included.
    pub one_try: Duration,
    /// Pauses before the second try and those after it.
    pub pauses: Vec<Duration>,
}

impl Default for Patience {
    /// Three tries of 10 s; 5 s and 30 s between them.
    fn default() -> Self {
        Self { one_try: Duration::from_secs(10), pauses: [5, 30].map(Duration::from_secs).to_vec() }
    }
}

/// Why a message was not delivered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Neither e-mail nor webhook is set up.
    #[error("neither e-mail nor a webhook is set up")]
    NothingSetUp,
    /// An address is none.
    #[error("{0:?} is not an e-mail address")]
    MailAddress(String),
    /// Too few or too many receivers.
    #[error("an e-mail needs 1 to {} receivers", mail::MAX_RECEIVERS)]
    Receivers,
    /// The message could not be put together.
    #[error("the e-mail could not be written: {0}")]
    Compose(String),
    /// The mail server did not take it.
    #[error("the mail server {host} did not take the message: {reason}")]
    Mail {
        /// Which server.
        host: String,
        /// What it or the connection said.
        reason: String,
        /// Whether trying again makes sense.
        again: bool,
    },
    /// The address is no web address.
    #[error("{0:?} is not an http or https address")]
    WebhookAddress(String),
    /// The web address did not take it.
    #[error("the webhook did not take the message: {reason}")]
    Webhook {
        /// What it or the connection said.
        reason: String,
        /// Whether trying again makes sense.
        again: bool,
    },
    /// Nothing came back in time.
    #[error("{host} did not answer within {seconds} s")]
    Silent {
        /// Who.
        host: String,
        /// How long was waited.
        seconds: u64,
    },
}

impl Error {
    const fn again(&self) -> bool {
        match self {
            Self::Mail { again, .. } | Self::Webhook { again, .. } => *again,
            Self::Silent { .. } => true,
            _ => false,
        }
    }
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let title = error.to_string();
        match error {
            Error::NothingSetUp | Error::MailAddress(_) | Error::Receivers | Error::WebhookAddress(_) => {
                Self::new(Code::BadRequest, title)
            }
            Error::Compose(_) => Self::new(Code::DeliveryFailed, title),
            Error::Mail { .. } => Self::new(Code::DeliveryFailed, title)
                .detail("Check host, port, security, user and password of the mail server."),
            Error::Webhook { .. } => Self::new(Code::DeliveryFailed, title)
                .detail("Check the address. Redirects are not followed; the answer must be 200 to 299."),
            Error::Silent { .. } => Self::new(Code::DeliveryFailed, title)
                .detail("Check host and port, and that no firewall is in the way."),
        }
    }
}

/// Takes alarms; clones are the same.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

struct Shared {
    mail: Arc<Queue>,
    webhook: Arc<Queue>,
    about: watch::Sender<About>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

/// Starts delivering. Settings are looked at anew for every try.
#[must_use]
pub fn start(settings: watch::Receiver<Notifications>, site: SiteId) -> Handle {
    start_with(settings, site, &Patience::default())
}

fn start_with(settings: watch::Receiver<Notifications>, site: SiteId, patience: &Patience) -> Handle {
    let [mail, webhook] = ["e-mail", "webhook"].map(|name| Arc::new(Queue::new(name, QUEUE)));
    let (about, about_now) = watch::channel(About { site_name: site.to_string(), ..About::default() });
    let limit = patience.one_try;
    let by_mail = deliver_all(mail.clone(), patience.clone(), {
        let settings = settings.clone();
        async move |alarm: &Alarm| {
            let Some(mail) = settings.borrow().mail.clone() else { return Ok(()) };
            let about = about_now.borrow().clone();
            mail::deliver(&mail, alarm, &about, limit, None).await
        }
    });
    let by_webhook = deliver_all(webhook.clone(), patience.clone(), async move |alarm: &Alarm| {
        let Some(webhook) = settings.borrow().webhook.clone() else { return Ok(()) };
        webhook::deliver(&webhook, alarm, webhook::Occasion::Alarm, limit).await
    });
    let tasks = Mutex::new(vec![tokio::spawn(by_mail), tokio::spawn(by_webhook)]);
    Handle { shared: Arc::new(Shared { mail, webhook, about, tasks }) }
}

impl Handle {
    /// Sends the alarm by every way that is set up. Never waits.
    pub fn send(&self, alarm: Alarm) {
        self.shared.mail.push(alarm.clone());
        self.shared.webhook.push(alarm);
    }

    /// Tells what messages say about the site from now on. Until then they have its identifier only.
    pub fn describe(&self, about: About) {
        self.shared.about.send_replace(about);
    }

    /// Sends a message that says that it is a test, once, by every way that is set up.
    ///
    /// # Errors
    /// The first way that failed; the other was tried as well.
    pub async fn send_test(&self, settings: &Notifications) -> Result<(), Error> {
        let about = self.shared.about.borrow().clone();
        send_test(settings, &about).await
    }

    /// Takes no more alarms, gives those that wait `grace` to go out, and ends.
    pub async fn stop(&self, grace: Duration) {
        self.shared.mail.close();
        self.shared.webhook.close();
        let deadline = tokio::time::Instant::now() + grace;
        let tasks = std::mem::take(&mut *self.shared.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for mut task in tasks {
            if tokio::time::timeout_at(deadline, &mut task).await.is_err() {
                tracing::warn!("alarms were still waiting to be sent when the site stopped");
                task.abort();
            }
        }
    }
}

/// Delivers what comes into the queue until it is closed and empty.
async fn deliver_all(
    queue: Arc<Queue>,
    patience: Patience,
    mut deliver: impl AsyncFnMut(&Alarm) -> Result<(), Error>,
) {
    while let Some(alarm) = queue.next().await {
        let mut pauses = patience.pauses.iter();
        loop {
            let Err(error) = deliver(&alarm).await else { break };
            match pauses.next().filter(|_| error.again()) {
                Some(pause) => {
                    tracing::warn!(way = queue.name, %error, again_in = ?pause, "an alarm was not delivered");
                    tokio::time::sleep(*pause).await;
                }
                None => {
                    tracing::error!(way = queue.name, %error, title = alarm.title, "an alarm was given up");
                    break;
                }
            }
        }
    }
}

/// Whether settings can be used at all; says for people what is wrong with them. Nothing is sent.
///
/// # Errors
/// An address that is none.
pub fn check(settings: &Notifications) -> Result<(), String> {
    let mail = settings.mail.as_ref().map_or(Ok(()), |mail| mail::addresses(mail).map(drop));
    let webhook = settings.webhook.as_ref().map_or(Ok(()), |webhook| webhook::address(webhook).map(drop));
    mail.and(webhook).map_err(|error| error.to_string())
}

async fn send_test(settings: &Notifications, about: &About) -> Result<(), Error> {
    if settings.mail.is_none() && settings.webhook.is_none() {
        return Err(Error::NothingSetUp);
    }
    let now = wall_now();
    let test = Alarm {
        id: AlarmId::new(),
        kind: AlarmKind::CameraSilent,
        camera: None,
        directory: None,
        title: "This is a test".into(),
        advice: "Nothing has to be done: messages about alarms arrive.".into(),
        since: now,
        ended: Some(now),
        acknowledged: None,
        acknowledged_by: None,
    };
    let limit = Patience::default().one_try;
    let by_mail = async {
        match &settings.mail {
            Some(mail) => mail::deliver(mail, &test, about, limit, None).await,
            None => Ok(()),
        }
    };
    let by_webhook = async {
        match &settings.webhook {
            Some(webhook) => webhook::deliver(webhook, &test, webhook::Occasion::Test, limit).await,
            None => Ok(()),
        }
    };
    let (by_mail, by_webhook) = tokio::join!(by_mail, by_webhook);
    by_mail.and(by_webhook)
}
