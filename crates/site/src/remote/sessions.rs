//! Answers the sessions that clients open through the mediator: each gets a signalling of its own, and whoever serves peer
//! sessions (`peers`) does the rest. A session that stands needs the mediator no more and outlives its link.
//!
//! What is not here: the link itself (`link`), what makes an offer and an answer genuine (`live`, `trust`).

use std::{collections::HashMap, time::Duration};

use api::peer::Signal;
use model::{AccountId, PeerSessionId};
use rendezvous::{Why, message::Opener};
use serve::Stop;
use tokio::{sync::mpsc, task::JoinSet};

use super::{SessionAnswer, SessionEvent, Sessions};
use crate::peers::Peers;

/// Sessions of one account of the cloud at once.
const PER_ACCOUNT: usize = 16;
/// Letters of a name that the cloud tells.
const NAME: usize = 254;
/// How long a signal may wait for the link.
const PATIENCE: Duration = Duration::from_secs(5);

/// A session from its opening on, to the end of what came of it.
struct Open {
    account: Option<AccountId>,
    /// Until the mediator's part is over.
    signals: Option<mpsc::Sender<Signal>>,
}

/// Answers until the site stops.
pub async fn run(peers: Peers, mut sessions: Sessions, mut stop: Stop) {
    let mut open: HashMap<PeerSessionId, Open> = HashMap::new();
    let mut serving = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.requested() => break,
            Some(ended) = serving.join_next(), if !serving.is_empty() => {
                if let Ok(id) = ended {
                    open.remove(&id);
                }
            }
            event = sessions.events.recv() => match event {
                None => break,
                Some(SessionEvent::Opened(id, by)) => {
                    let account = by.as_ref().map(|by| by.account);
                    let same = open.values().filter(|one| one.account.is_some() && one.account == account);
                    if open.contains_key(&id) || same.count() >= PER_ACCOUNT {
                        close(&sessions, id, Why::TooMany);
                        continue;
                    }
                    let (signals, incoming) = mpsc::channel(live::SIGNALS);
                    open.insert(id, Open { account, signals: Some(signals) });
                    serving.spawn(answer(peers.clone(), sessions.answers.clone(), id, by, incoming));
                }
                Some(SessionEvent::Body(id, body)) => {
                    if let Err(why) = hand_on(&open, id, &body) {
                        close(&sessions, id, why);
                        hang_up(&mut open, id);
                    }
                }
                Some(SessionEvent::Closed(id)) => hang_up(&mut open, id),
            }
        }
    }
    // Each of them ends by itself when the site stops, and ends the sign-ins that were made over it.
    drop(open);
    while serving.join_next().await.is_some() {}
}

/// No more signals come.
fn hang_up(open: &mut HashMap<PeerSessionId, Open>, id: PeerSessionId) {
    if let Some(one) = open.get_mut(&id) {
        one.signals = None;
    }
}

/// Ends the mediator's part; where nobody can be told any more, it has ended.
fn close(sessions: &Sessions, id: PeerSessionId, why: Why) {
    let _ = sessions.answers.try_send(SessionAnswer::Close(id, why));
}

fn hand_on(open: &HashMap<PeerSessionId, Open>, id: PeerSessionId, body: &str) -> Result<(), Why> {
    let signal = Signal::from_json(body.as_bytes()).map_err(|_| Why::Malformed)?;
    let signals = open.get(&id).and_then(|one| one.signals.as_ref()).ok_or(Why::Done)?;
    match signals.try_send(signal) {
        Ok(()) => Ok(()),
        // The session is over, or stands and listens no more.
        Err(mpsc::error::TrySendError::Closed(_)) => Err(Why::Done),
        Err(mpsc::error::TrySendError::Full(_)) => Err(Why::TooMany),
    }
}

/// One session, to its end.
async fn answer(
    peers: Peers,
    answers: mpsc::Sender<SessionAnswer>,
    id: PeerSessionId,
    by: Option<Opener>,
    incoming: mpsc::Receiver<Signal>,
) -> PeerSessionId {
    let name = by.map_or_else(String::new, |by| by.name.chars().take(NAME).collect());
    let (outgoing, mut to_client) = mpsc::channel(live::SIGNALS);
    let serving = peers.serve(live::Signalling { outgoing, incoming }, name);
    let sending = async {
        while let Some(signal) = to_client.recv().await {
            let body = SessionAnswer::Body(id, signal.to_json());
            if answers.send_timeout(body, PATIENCE).await.is_err() {
                break;
            }
        }
    };
    let (served, ()) = tokio::join!(serving, sending);
    if let Err(error) = served {
        tracing::info!(%error, "a session that was opened through the cloud did not come about");
    }
    let _ = answers.try_send(SessionAnswer::Close(id, Why::Done));
    id
}
