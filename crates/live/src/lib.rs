//! Peer sessions: a client and a site, each possibly behind a NAT, joined by ICE, DTLS and SCTP (WebRTC's data channels).
//!
//! [`connect`] is the client's side, [`accept`] the site's. Both speak [`Signal`](api::peer::Signal)s over a
//! [`Signalling`], which is whatever brings bounded messages: a mediator that is trusted with nothing. What they agree on
//! is `trust::peer`'s; nothing of a session comes from unchecked signals but addresses to try. Every session has a DTLS
//! certificate of its own. The [`Session`] then carries requests (`carrier`).
//!
//! What is not here: HTTP and principals (`site`), which sites there are and where their mediator is, relays.

mod agree;
mod crypto;
mod driver;
mod hosts;
mod session;
mod stream;

use std::{sync::Arc, time::Duration};

use api::peer::{Reason, Signal};
use str0m::{Rtc, RtcConfig};
use tokio::sync::{mpsc, oneshot};
use trust::{
    CertificateId, Identity,
    peer::{OtherSite, Refused, Transcript},
};

pub use carrier::{Ended, Limits, Piece, Priority, Request, Response, Violation};
pub use hosts::Hosts;
pub use session::{Asked, Gone, Path, Session};
pub use stream::{SendError, Stream};

use driver::Driver;

/// Signals that may wait in one direction; whoever sends more waits.
pub const SIGNALS: usize = 32;
/// How long offer and answer may take.
const AGREEMENT: Duration = Duration::from_secs(20);
/// How long it may take until both sides are connected.
const CONNECTING: Duration = Duration::from_secs(30);

/// Both directions of the signalling of one session. Dropping it does not end a session that stands.
#[derive(Debug)]
pub struct Signalling {
    /// To the other side.
    pub outgoing: mpsc::Sender<Signal>,
    /// From the other side.
    pub incoming: mpsc::Receiver<Signal>,
}

/// Two ends that are joined without a mediator.
#[must_use]
pub fn signalling() -> (Signalling, Signalling) {
    let (to_site, at_site) = mpsc::channel(SIGNALS);
    let (to_client, at_client) = mpsc::channel(SIGNALS);
    (
        Signalling { outgoing: to_site, incoming: at_client },
        Signalling { outgoing: to_client, incoming: at_site },
    )
}

/// What a side brings to a session.
#[derive(Clone, Debug)]
pub struct Settings {
    /// At which addresses of this machine the other side may reach it.
    pub hosts: Hosts,
    /// What it takes of the other side.
    pub limits: Limits,
    /// Its release, told to the other side.
    pub release: String,
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No socket could be opened.
    #[error("cannot open a UDP socket")]
    Bind(#[source] std::io::Error),
    /// The stack below does not take what is to be agreed on.
    #[error("the WebRTC stack failed: {0}")]
    Stack(String),
    /// The signalling ended, or said nothing in time.
    #[error("the other side did not answer")]
    Signalling,
    /// Something else than what has to come came.
    #[error("the other side says something else than it should")]
    Unexpected,
    /// The other side takes no part.
    #[error("the other side refuses: {0:?}")]
    Refused(Reason),
    /// The answer is not the site's, or not to this offer.
    #[error(transparent)]
    Untrusted(#[from] Refused),
    /// The offer is for another site.
    #[error(transparent)]
    OtherSite(#[from] OtherSite),
    /// No way between the two was found, or it broke before the session stood.
    #[error("no way to the other side was found: {0}")]
    NoPath(Gone),
}

/// Opens a session to the site with this certificate ID.
///
/// # Errors
/// Why there is none.
pub async fn connect(
    site: &CertificateId,
    settings: &Settings,
    mut signalling: Signalling,
) -> Result<Session, Error> {
    let sockets = hosts::bind(&settings.hosts).map_err(Error::Bind)?;
    let mut rtc = stack();
    let offer = agree::offer(&mut rtc, site.site_id())?;
    let sent = signalling.outgoing.send(Signal::Offer(agree::write_offer(&offer))).await;
    sent.map_err(|_| Error::Signalling)?;
    let mut early = Vec::new();
    let answer = tokio::time::timeout(AGREEMENT, async {
        loop {
            match signalling.incoming.recv().await.ok_or(Error::Signalling)? {
                Signal::Answer(answer) => return Ok(answer),
                Signal::Refusal(refusal) => return Err(Error::Refused(refusal.reason)),
                // The site's first addresses may overtake its answer.
                Signal::Candidate(candidate) if early.len() < api::peer::MAX_CANDIDATES => {
                    early.push(candidate);
                }
                Signal::EndOfCandidates => {}
                Signal::Candidate(_) | Signal::Offer(_) => return Err(Error::Unexpected),
            }
        }
    });
    let answer = answer.await.map_err(|_| Error::Signalling)??;
    let answer = agree::read_answer(&answer, &offer)?;
    let transcript = offer.check(&answer, site, model::clock::wall_now())?;
    agree::take_other(&mut rtc, &answer.site, true)?;
    let mut driver = Driver::new(rtc, sockets, signalling, carrier::Role::Client, settings)?;
    early.iter().for_each(|candidate| driver.add_candidate(candidate));
    let (session, _) = start(driver, offer.session, transcript, settings).await?;
    Ok(session)
}

/// Takes part in the session that a client offers; the offer is the first signal. What the client asks comes out of the
/// receiver.
///
/// # Errors
/// Why there is no session. The client is told.
pub async fn accept(
    identity: &Identity,
    settings: &Settings,
    mut signalling: Signalling,
) -> Result<(Session, mpsc::Receiver<Asked>), Error> {
    let first = tokio::time::timeout(AGREEMENT, signalling.incoming.recv()).await;
    let Ok(Some(Signal::Offer(offered))) = first else { return Err(Error::Signalling) };
    let refusals = signalling.outgoing.clone();
    let prepared = async {
        let offer = agree::read_offer(&offered)?;
        let sockets = hosts::bind(&settings.hosts).map_err(Error::Bind)?;
        let mut rtc = stack();
        let party = agree::party(&mut rtc)?;
        let (answer, transcript) = identity.answer_peer(&offer, party, model::clock::wall_now())?;
        agree::take_other(&mut rtc, &offer.client, false)?;
        let signal = Signal::Answer(agree::write_answer(&answer, &offer));
        signalling.outgoing.send(signal).await.map_err(|_| Error::Signalling)?;
        Ok((Driver::new(rtc, sockets, signalling, carrier::Role::Site, settings)?, transcript))
    };
    match prepared.await {
        Ok((driver, transcript)) => start(driver, offered.session, transcript, settings).await,
        Err(error) => {
            let reason = match &error {
                Error::Refused(reason) => *reason,
                Error::Bind(_) | Error::Stack(_) => Reason::Busy,
                _ => Reason::Offer,
            };
            let _ = refusals.try_send(Signal::Refusal(api::peer::Refusal { reason }));
            Err(error)
        }
    }
}

/// Runs the driver on a task of its own; returns when both sides have said hello.
async fn start(
    mut driver: Driver,
    id: model::PeerSessionId,
    transcript: Transcript,
    settings: &Settings,
) -> Result<(Session, mpsc::Receiver<Asked>), Error> {
    let (asked, asks) = mpsc::channel(settings.limits.streams.max(1) as usize);
    let (ready, is_ready) = oneshot::channel();
    let shared = driver.shared(asked, ready);
    let session = Session::new(Arc::clone(&shared), id, transcript);
    tokio::spawn(driver.run(shared));
    match tokio::time::timeout(CONNECTING, is_ready).await {
        Ok(Ok(())) => Ok((session, asks)),
        Ok(Err(_)) => Err(Error::NoPath(session.gone().unwrap_or(Gone::Lost))),
        Err(_) => Err(Error::NoPath(Gone::Silent)),
    }
}

/// A WebRTC stack with a new certificate and new ICE credentials, for data channels alone.
fn stack() -> Rtc {
    RtcConfig::new()
        .set_crypto_provider(Arc::new(crypto::provider()))
        .set_sctp_max_buffered_amount(carrier::pace::MAX_WINDOW + driver::CONTROL_BYTES)
        .clear_codecs()
        .build(std::time::Instant::now())
}
