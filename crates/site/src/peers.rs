//! Peer sessions of this site: the router that TLS serves, request by request over the streams of a session.
//!
//! A sign-in over a session is a property of that session: no cookie, no token, and it ends with it. Requests carry the
//! session's [`Connection`] as an extension. What is not here: how a session comes about (`live`), the mediator, what a
//! request means (`http`).

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::{Body, HttpBody},
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    response::Response,
};
use bytes::Bytes;
use futures_util::StreamExt;
use model::{Secret, SessionId};
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
};
use tower::ServiceExt;

use crate::{
    App,
    http::{self, duplex::Offered, outgoing::HangUp},
    server::Peer,
    sessions::SignedIn,
};

/// Sessions at once.
const SESSIONS: usize = 64;
/// What a client may send of one request before it is read, and how many it may have under way.
const LIMITS: live::Limits = live::Limits { window: 32 << 10, streams: 64 };
/// An answer of at most this many bytes goes with its head.
const SMALL: u64 = 8 << 10;
/// What is handed on at once of a longer one.
const PART: usize = 32 << 10;

/// Takes peer sessions; clones are the same.
#[derive(Clone)]
pub struct Peers {
    app: App,
    settings: Arc<live::Settings>,
    room: Arc<Semaphore>,
}

/// The sign-in of one session.
#[derive(Default)]
pub struct Connection(Mutex<Held>);

/// The sign-ins that were made, and what stands for the last.
#[derive(Default)]
struct Held {
    made: Vec<SessionId>,
    secret: Option<Secret<String>>,
    user: Option<String>,
}

impl Connection {
    /// Somebody signed in over this session; who was signed in before is not any more.
    pub fn sign_in(&self, signed_in: &SignedIn) {
        let mut held = self.held();
        held.made.push(signed_in.principal.session);
        held.secret = Some(signed_in.secret.clone());
        held.user = Some(signed_in.principal.user.clone());
    }

    /// Nobody is signed in any more.
    pub fn sign_out(&self) {
        let mut held = self.held();
        (held.secret, held.user) = (None, None);
    }

    /// The site's user who is signed in.
    pub fn user(&self) -> Option<String> {
        self.held().user.clone()
    }

    /// The sign-ins that were made over the session, to be ended with it.
    fn made(&self) -> Vec<SessionId> {
        std::mem::take(&mut self.held().made)
    }

    /// What stands for the sign-in.
    pub fn secret(&self) -> Option<Secret<String>> {
        self.held().secret.clone()
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Peers {
    /// Sessions to these addresses of this machine.
    pub(crate) fn new(app: App, hosts: live::Hosts) -> Self {
        let release = crate::RELEASE.to_owned();
        Self {
            app,
            settings: Arc::new(live::Settings { hosts, limits: LIMITS, release }),
            room: Arc::new(Semaphore::new(SESSIONS)),
        }
    }

    /// Takes part in the session that is offered over this signalling, and serves it to its end: that of the session, of the
    /// site, or of remote access. `account` is who opened it as the cloud says: a name for people, never a right.
    ///
    /// # Errors
    /// Why there was no session.
    pub async fn serve(
        &self,
        signalling: live::Signalling,
        account: String,
    ) -> Result<live::Gone, live::Error> {
        let Ok(_place) = self.room.try_acquire() else {
            let refusal = api::peer::Refusal { reason: api::peer::Reason::Busy };
            let _ = signalling.outgoing.try_send(api::peer::Signal::Refusal(refusal));
            return Err(live::Error::Refused(api::peer::Reason::Busy));
        };
        let (mut stopping, mut disabled) = (self.app.stopping(), self.app.remote.disabled());
        let (session, asked) = tokio::select! {
            accepted = live::accept(&self.app.identity, &self.settings, signalling) => accepted?,
            () = stopping.requested() => return Ok(live::Gone::Closed),
            _ = disabled.changed() => return Ok(live::Gone::Closed),
        };
        let connection = Arc::new(Connection::default());
        let entered = self.app.remote.presence().enter(&session, account.clone(), Arc::clone(&connection));
        let Some(_entered) = entered else {
            session.close();
            return Err(live::Error::Refused(api::peer::Reason::Session));
        };
        let (id, peer) = (session.id(), session.path().borrow().remote);
        let peer = peer.unwrap_or((Ipv4Addr::UNSPECIFIED, 0).into());
        tracing::info!(%peer, account, session = %id, "a peer session begins");
        let ended = async {
            tokio::select! {
                () = stopping.requested() => {}
                _ = disabled.changed() => {}
                gone = session.ended() => return gone,
            }
            session.close();
            session.ended().await
        };
        let gone = self.serve_session(asked, &connection, peer, ended).await;
        tracing::info!(%peer, account, session = %id, %gone, "a peer session is over");
        Ok(gone)
    }

    async fn serve_session(
        &self,
        mut asked: mpsc::Receiver<live::Asked>,
        connection: &Arc<Connection>,
        peer: SocketAddr,
        ended: impl Future<Output = live::Gone>,
    ) -> live::Gone {
        let router = http::router(self.app.clone());
        let mut requests = JoinSet::new();
        tokio::pin!(ended);
        let gone = loop {
            tokio::select! {
                gone = &mut ended => break gone,
                Some(_) = requests.join_next(), if !requests.is_empty() => {}
                Some(asked) = asked.recv() => {
                    requests.spawn(answer(asked, router.clone(), Arc::clone(connection), peer));
                }
            }
        };
        requests.shutdown().await;
        for sign_in in connection.made() {
            if let Err(failure) = self.app.sessions.end(sign_in).await {
                tracing::warn!(title = failure.0.title, "the sign-in of a peer session could not be ended");
            }
        }
        self.app.sessions.changed();
        gone
    }
}

/// One request, from its head to the end of its answer.
async fn answer(asked: live::Asked, router: Router, connection: Arc<Connection>, peer: SocketAddr) {
    let live::Asked { request, duplex, stream } = asked;
    let hang_up = HangUp::default();
    let Some(mut request) = read_head(&request, duplex, &stream) else {
        let refused = head(StatusCode::BAD_REQUEST, &HeaderMap::new());
        let _ = stream.answer(&refused, Bytes::new(), true);
        return;
    };
    let extensions = request.extensions_mut();
    extensions.insert(Peer(peer));
    extensions.insert(hang_up.clone());
    extensions.insert(connection);
    if duplex {
        extensions.insert(Arc::new(Offered(Mutex::new(Some(stream.clone())))));
    }
    let Ok(response) = router.oneshot(request).await;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        // The talk has the stream.
        return;
    }
    tokio::select! {
        () = hang_up.requested() => {}
        sent = send(&stream, response) => {
            if let Err(reason) = sent {
                tracing::debug!(%reason, "an answer over a peer session was cut off");
            }
        }
    }
}

/// Method, path and headers are the client's; what belongs to another carrier is left out.
fn read_head(asked: &live::Request, duplex: bool, stream: &live::Stream) -> Option<Request> {
    let body = if duplex {
        Body::empty()
    } else {
        let parts = futures_util::stream::unfold(Some(stream.clone()), |stream| async {
            let stream = stream?;
            match stream.recv().await {
                Ok(Some(piece)) => Some((Ok(piece.bytes), Some(stream))),
                Ok(None) => None,
                Err(ended) => Some((Err(ended), None)),
            }
        });
        Body::from_stream(parts)
    };
    let mut request = Request::new(body);
    *request.method_mut() = Method::from_bytes(asked.method.as_bytes()).ok()?;
    *request.uri_mut() = asked.path.parse::<Uri>().ok().filter(|uri| uri.authority().is_none())?;
    for (name, value) in &asked.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        if ![header::COOKIE, header::HOST, header::UPGRADE, header::CONNECTION].contains(&name) {
            request.headers_mut().append(name, HeaderValue::from_str(value).ok()?);
        }
    }
    Some(request)
}

fn head(status: StatusCode, headers: &HeaderMap) -> live::Response {
    let kept = |name: &HeaderName| {
        ![header::SET_COOKIE, header::STRICT_TRANSPORT_SECURITY, header::CONNECTION].contains(name)
    };
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let headers = headers.iter().filter(|(name, _)| kept(name)).filter_map(text).collect();
    live::Response { status: status.as_u16(), headers }
}

async fn send(
    stream: &live::Stream,
    response: Response,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let (parts, body) = response.into_parts();
    let head = head(parts.status, &parts.headers);
    if body.size_hint().exact().is_some_and(|length| length <= SMALL) {
        let whole = axum::body::to_bytes(body, usize::try_from(SMALL)?).await?;
        return Ok(stream.answer(&head, whole, true)?);
    }
    stream.answer(&head, Bytes::new(), false)?;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let mut chunk = chunk?;
        while !chunk.is_empty() {
            let part = chunk.split_to(chunk.len().min(PART));
            stream.send(part, false, false).await?;
        }
    }
    Ok(stream.finish().await?)
}
