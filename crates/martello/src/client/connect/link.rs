//! A client's link to the mediator of a cloud, for one session with one site: the machine of `rendezvous` on a socket.
//!
//! What is not here: what the bodies mean (`live`). When the session stands the link may go.

use std::time::Instant;

use api::peer::Signal;
use futures_util::{SinkExt, StreamExt};
use live::Signalling;
use model::{PeerSessionId, SiteId};
use rendezvous::{
    Dialer, Why,
    dial::{Output, Who},
    message::MAX_MESSAGE,
};
use site::remote::cloud::{Door, Socket};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message as Frame;

use super::super::{Failure, Outcome, cloud::SignedIn};

/// A link that stands or is being made.
struct Link {
    dialer: Dialer,
    socket: Socket,
}

/// Asks the mediator for a session with the site. The link lives for as long as somebody holds the signalling.
pub(super) async fn open(cloud: &SignedIn, site: SiteId) -> Outcome<Signalling> {
    let socket = cloud.cloud.link(Door::Client(&cloud.token), MAX_MESSAGE).await;
    let socket = socket.map_err(|error| Failure::failed(error.to_string()))?;
    let now = Instant::now();
    let mut dialer = Dialer::new(Who::Client, env!("CARGO_PKG_VERSION"), 0, now);
    dialer.dial(now);
    dialer.connected(now);
    let mut link = Link { dialer, socket };
    let session = PeerSessionId::random();
    loop {
        match link.next().await {
            Output::Up => {
                let opened = link.dialer.open(session, site);
                opened.map_err(|error| Failure::failed(error.to_string()))?;
            }
            Output::Opened(opened, _) if opened == session => break,
            Output::Closed(_, why) => return Err(refused(why)),
            Output::Down(Some((_, text))) if !text.is_empty() => return Err(Failure::failed(text)),
            Output::Down(_) | Output::Disconnect => return Err(Failure::failed("the cloud has hung up")),
            _ => {}
        }
    }
    let (outgoing, to_site) = mpsc::channel(live::SIGNALS);
    let (from_site, incoming) = mpsc::channel(live::SIGNALS);
    tokio::spawn(link.carry(session, to_site, from_site));
    Ok(Signalling { outgoing, incoming })
}

/// Why there is no session, for people.
fn refused(why: Why) -> Failure {
    Failure::failed(match why {
        Why::SiteOffline => "the site is not connected to the cloud now",
        Why::NoSuchSite => "the cloud lists no such site for you (any more)",
        Why::TooMany => "too many are connected to the site through the cloud: try again later",
        Why::Disabled => "remote access was switched off at the site",
        _ => "the cloud does not bring about a session with the site",
    })
}

impl Link {
    /// What the machine has to say next.
    async fn next(&mut self) -> Output {
        loop {
            while let Some(output) = self.dialer.poll_output() {
                match output {
                    Output::Send(text) => {
                        if self.socket.send(Frame::text(text)).await.is_err() {
                            self.dialer.disconnected(Instant::now());
                        }
                    }
                    Output::Connect => {}
                    other => return other,
                }
            }
            let deadline = self.dialer.poll_timeout().map(tokio::time::Instant::from_std);
            tokio::select! {
                frame = self.socket.next() => match frame {
                    Some(Ok(Frame::Text(text))) => self.dialer.handle_message(text.as_str(), Instant::now()),
                    Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => {}
                    _ => self.dialer.disconnected(Instant::now()),
                },
                () = async { match deadline {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                } } => self.dialer.handle_timeout(Instant::now()),
            }
        }
    }

    /// Carries signals until the session is over, or the link.
    async fn carry(
        mut self,
        session: PeerSessionId,
        mut to_site: mpsc::Receiver<Signal>,
        from_site: mpsc::Sender<Signal>,
    ) {
        loop {
            tokio::select! {
                signal = to_site.recv() => match signal {
                    Some(signal) => if self.dialer.send_body(session, signal.to_json()).is_err() { return },
                    None => break,
                },
                output = self.next() => match output {
                    // What is no signal, or more than anybody reads, is left out: nothing is trusted to come.
                    Output::Body(of, body) if of == session => {
                        if let Ok(signal) = Signal::from_json(body.as_bytes()) {
                            let _ = from_site.try_send(signal);
                        }
                    }
                    Output::Closed(..) | Output::Down(_) | Output::Disconnect => return,
                    _ => {}
                },
            }
        }
        self.dialer.close(session, Why::Done);
        self.dialer.hang_up(Why::Done);
        while !matches!(self.next().await, Output::Disconnect) {}
        let _ = self.socket.close(None).await;
    }
}
