//! The link to the mediator: the machine of `rendezvous` on a socket, and sessions handed to whoever answers them.

use std::time::Instant;

use futures_util::{SinkExt, StreamExt};
use model::PeerSessionId;
use rendezvous::{
    Dialer, Why,
    dial::{Output, Who},
    message::MAX_MESSAGE,
};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message as Frame;

use super::{
    Remote, SessionAnswer, SessionEvent,
    cloud::{Cloud, CloudError, Door, Socket},
};
use crate::RELEASE;

/// What the loop waits for.
enum Next {
    Connected(Result<Box<Socket>, CloudError>),
    Frame(Option<Result<Frame, tokio_tungstenite::tungstenite::Error>>),
    Answer(Option<SessionAnswer>),
    Time,
}

/// Keeps the link for as long as it is polled.
pub async fn run(remote: &Remote, cloud: &Cloud, answers: &mut mpsc::Receiver<SessionAnswer>) {
    let identity = remote.0.identity.clone();
    // Sites that lose their cloud together come back apart: the seed is the site's own.
    let seed =
        identity.site_id().as_bytes().iter().fold(0_u64, |all, byte| all << 5 ^ all >> 59 ^ u64::from(*byte));
    let who = Who::Site(Box::new(identity), cloud.certificate_id());
    let mut dialer = Dialer::new(who, RELEASE, seed, Instant::now());
    let mut socket: Option<Box<Socket>> = None;
    let mut connecting = None;
    let mut answered = true;
    dialer.dial(Instant::now());
    loop {
        while let Some(output) = dialer.poll_output() {
            match output {
                Output::Connect => connecting = Some(Box::pin(cloud.link(Door::Site, MAX_MESSAGE))),
                Output::Send(text) => {
                    if let Some(open) = &mut socket
                        && open.send(Frame::text(text)).await.is_err()
                    {
                        socket = None;
                        dialer.disconnected(Instant::now());
                    }
                }
                Output::Disconnect => {
                    connecting = None;
                    if let Some(mut open) = socket.take() {
                        let _ = (*open).close(None).await;
                    }
                }
                other => told(remote, &mut dialer, other),
            }
        }
        let deadline = dialer.poll_timeout().map(tokio::time::Instant::from_std);
        let next = tokio::select! {
            connected = async { match &mut connecting {
                Some(connecting) => connecting.await,
                None => std::future::pending().await,
            } } => Next::Connected(connected.map(Box::new)),
            frame = async { match &mut socket {
                Some(socket) => socket.next().await,
                None => std::future::pending().await,
            } } => Next::Frame(frame),
            answer = answers.recv(), if answered => Next::Answer(answer),
            () = async { match deadline {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            } } => Next::Time,
        };
        let now = Instant::now();
        match next {
            Next::Connected(Ok(open)) => {
                (socket, connecting) = (Some(open), None);
                dialer.connected(now);
            }
            Next::Connected(Err(error)) => {
                connecting = None;
                remote.trouble(Some(error.to_string()));
                dialer.disconnected(now);
            }
            Next::Frame(Some(Ok(Frame::Text(text)))) => dialer.handle_message(text.as_str(), now),
            Next::Frame(Some(Ok(Frame::Ping(_) | Frame::Pong(_)))) => {}
            Next::Frame(_) => {
                socket = None;
                dialer.disconnected(now);
            }
            Next::Answer(Some(SessionAnswer::Body(session, body))) => {
                if dialer.send_body(session, body).is_err() {
                    forward(remote, &mut dialer, SessionEvent::Closed(session), session);
                }
            }
            Next::Answer(Some(SessionAnswer::Close(session, why))) => {
                dialer.close(session, why);
            }
            // Whoever answered has gone: nothing will come from there.
            Next::Answer(None) => answered = false,
            Next::Time => dialer.handle_timeout(now),
        }
    }
}

/// Notes what has happened, and hands it on.
fn told(remote: &Remote, dialer: &mut Dialer, output: Output) {
    match output {
        Output::Up => {
            let mut inside = remote.inside();
            (inside.connected, inside.trouble) = (true, None);
        }
        Output::Down(reason) => {
            let mut inside = remote.inside();
            inside.connected = false;
            inside.trouble = reason.filter(|(why, _)| *why != Why::Stopping).map(|(_, text)| text);
        }
        Output::Opened(session, by) => {
            forward(remote, dialer, SessionEvent::Opened(session, by), session);
        }
        Output::Body(session, body) => {
            forward(remote, dialer, SessionEvent::Body(session, body), session);
        }
        Output::Closed(session, _) => {
            forward(remote, dialer, SessionEvent::Closed(session), session);
        }
        Output::Connect | Output::Send(_) | Output::Disconnect => {}
    }
}

/// Hands an event to whoever answers sessions; a session that nobody answers, or not fast enough, is closed.
fn forward(remote: &Remote, dialer: &mut Dialer, event: SessionEvent, session: PeerSessionId) {
    let nobody = remote.0.sessions.lock().unwrap_or_else(std::sync::PoisonError::into_inner).is_some();
    if nobody || remote.0.events.try_send(event).is_err() {
        dialer.close(session, Why::TooMany);
    }
}
