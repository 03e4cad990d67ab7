//! A session that stands, as both sides hold it. The sockets and the WebRTC stack are the driver's.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use carrier::{Ended, Event, Link, Request, Response, StreamId, Unsent, Violation};
use model::PeerSessionId;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use trust::peer::Transcript;

use crate::stream::{SendError, Stream};

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Gone {
    /// This side closed it.
    #[error("it was closed here")]
    Closed,
    /// The other side closed it.
    #[error("the other side closed it")]
    ByOther,
    /// Nothing comes any more.
    #[error("nothing comes from the other side any more")]
    Lost,
    /// It never stood in time.
    #[error("no address of the other side answered")]
    Silent,
    /// The other side broke the rules.
    #[error(transparent)]
    Violation(#[from] Violation),
    /// The keys are not those that were agreed on, or the stack below failed.
    #[error("the connection failed: the other side is not who it was agreed to be, or the stack broke")]
    Stack,
}

/// What a client asks of a site.
#[derive(Debug)]
pub struct Asked {
    /// What for.
    pub request: Request,
    /// Whether it wants messages both ways.
    pub duplex: bool,
    /// To answer it on.
    pub stream: Stream,
}

/// How the two are joined now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Path {
    /// Where the other side is, as seen from here.
    pub remote: Option<SocketAddr>,
}

/// A session. Clones are the same; when the last one and its streams are dropped it is closed.
#[derive(Clone, Debug)]
pub struct Session {
    shared: Arc<Shared>,
    id: PeerSessionId,
    transcript: Transcript,
    _open: Arc<Open>,
}

/// Closes the session when nobody holds it any more.
#[derive(Debug)]
struct Open(Arc<Shared>);

/// What driver, session and streams share.
#[derive(Debug)]
pub struct Shared {
    state: Mutex<State>,
    /// Wakes the driver: there is something to send.
    pub to_driver: Notify,
    pub path: watch::Sender<Path>,
    gone: watch::Sender<Option<Gone>>,
}

#[derive(Debug)]
pub struct State {
    pub link: Link,
    streams: HashMap<StreamId, Waiting>,
    asked: mpsc::Sender<Asked>,
    ready: Option<oneshot::Sender<()>>,
    pub close: bool,
}

/// Who waits for something on a stream.
#[derive(Debug, Default)]
struct Waiting {
    wake: Arc<Notify>,
    response: Option<Response>,
}

impl Session {
    pub(crate) fn new(shared: Arc<Shared>, id: PeerSessionId, transcript: Transcript) -> Self {
        Self { _open: Arc::new(Open(Arc::clone(&shared))), shared, id, transcript }
    }

    /// Which session; drawn by the client.
    #[must_use]
    pub const fn id(&self) -> PeerSessionId {
        self.id
    }

    /// What was agreed on; a key's proof is made over it.
    #[must_use]
    pub const fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// Asks (as the client). What of the body is not sent at once is queued; `whole`: no more of it comes.
    ///
    /// # Errors
    /// Too many are under way, the head is too long, or the session is over.
    pub fn open(
        &self,
        request: &Request,
        duplex: bool,
        body: Bytes,
        whole: bool,
    ) -> Result<Stream, SendError> {
        let mut state = self.shared.lock();
        if let Some(gone) = self.gone() {
            return Err(SendError::Gone(gone));
        }
        let id = state.link.open(request, duplex, body, whole)?;
        let waiting = Waiting::default();
        let wake = Arc::clone(&waiting.wake);
        state.streams.insert(id, waiting);
        drop(state);
        self.shared.to_driver.notify_one();
        Ok(Stream::new(Arc::clone(&self.shared), id, wake, Ended::Cancelled))
    }

    /// How the two are joined now; follows changes.
    #[must_use]
    pub fn path(&self) -> watch::Receiver<Path> {
        self.shared.path.subscribe()
    }

    /// The shortest round trip of late, as far as the site measures it.
    #[must_use]
    pub fn round_trip(&self) -> Option<Duration> {
        self.shared.lock().link.pace().round_trip()
    }

    /// Why it is over, if it is.
    #[must_use]
    pub fn gone(&self) -> Option<Gone> {
        *self.shared.gone.borrow()
    }

    /// Returns when it is over. Safe to cancel.
    pub async fn ended(&self) -> Gone {
        let mut gone = self.shared.gone.subscribe();
        let ended = gone.wait_for(Option::is_some).await;
        ended.ok().and_then(|gone| *gone).unwrap_or(Gone::Closed)
    }

    /// Closes it; the other side is told.
    pub fn close(&self) {
        self.shared.close();
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Shared {
    pub fn new(link: Link, asked: mpsc::Sender<Asked>, ready: oneshot::Sender<()>) -> Arc<Self> {
        let state = State { link, streams: HashMap::new(), asked, ready: Some(ready), close: false };
        Arc::new(Self {
            state: Mutex::new(state),
            to_driver: Notify::new(),
            path: watch::Sender::new(Path::default()),
            gone: watch::Sender::new(None),
        })
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn is_gone(&self) -> Option<Gone> {
        *self.gone.borrow()
    }

    fn close(&self) {
        self.lock().close = true;
        self.to_driver.notify_one();
    }

    /// The session is over: everybody who waits hears so.
    pub fn end(&self, why: Gone) {
        self.gone.send_replace(Some(why));
        let mut state = self.lock();
        state.ready = None;
        for waiting in state.streams.values() {
            waiting.wake.notify_waiters();
        }
    }

    /// What came of a message.
    pub fn handle_message(self: &Arc<Self>, message: &Bytes, now: Instant) -> Result<(), Violation> {
        let mut state = self.lock();
        state.link.handle_message(message, now)?;
        state.tell(self);
        Ok(())
    }
}

impl State {
    /// Hands on what happened.
    pub fn tell(&mut self, shared: &Arc<Shared>) {
        while let Some(event) = self.link.poll_event() {
            match event {
                Event::Ready { .. } => {
                    if let Some(ready) = self.ready.take() {
                        let _ = ready.send(());
                    }
                }
                Event::Opened { stream: id, request, duplex } => {
                    let waiting = Waiting::default();
                    let wake = Arc::clone(&waiting.wake);
                    self.streams.insert(id, waiting);
                    let stream = Stream::new(Arc::clone(shared), id, wake, Ended::Cut);
                    // There is a place for each stream that the client may have open. Where nobody answers any more, the
                    // stream is dropped outside of this lock.
                    if let Err(error) = self.asked.try_send(Asked { request, duplex, stream }) {
                        let asked = match error {
                            mpsc::error::TrySendError::Full(asked)
                            | mpsc::error::TrySendError::Closed(asked) => asked,
                        };
                        tokio::spawn(async move { drop(asked) });
                    }
                }
                Event::Answered { stream, response } => {
                    if let Some(waiting) = self.streams.get_mut(&stream) {
                        waiting.response = Some(response);
                        waiting.wake.notify_waiters();
                    }
                }
                Event::Readable(stream) | Event::Writable(stream) => {
                    if let Some(waiting) = self.streams.get(&stream) {
                        waiting.wake.notify_waiters();
                    }
                }
            }
        }
    }

    pub fn take_response(&mut self, id: StreamId) -> Option<Response> {
        self.streams.get_mut(&id)?.response.take()
    }

    pub fn release(&mut self, id: StreamId, how: Ended) {
        self.streams.remove(&id);
        self.link.release(id, how);
    }
}

impl From<Unsent> for SendError {
    fn from(unsent: Unsent) -> Self {
        match unsent {
            Unsent::Streams | Unsent::NotReady => Self::Busy,
            Unsent::Head => Self::Head,
            Unsent::Ended | Unsent::Full => Self::Ended,
        }
    }
}
