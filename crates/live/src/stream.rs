//! One exchange of a session, as whoever asks or answers holds it.

use std::sync::Arc;

use bytes::Bytes;
use carrier::{Ended, Piece, Response, StreamId, Unsent};
use tokio::sync::Notify;

use crate::session::{Gone, Shared};

/// Why something is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Too many requests are under way.
    #[error("too many requests are under way")]
    Busy,
    /// The head is too long.
    #[error("the head of the request is too long")]
    Head,
    /// The other side wants no more of it.
    #[error("the other side has ended it")]
    Ended,
    /// The session is over.
    #[error("the session is over: {0}")]
    Gone(Gone),
}

/// One exchange. Clones are the same; when the last is dropped, what was not finished is given up.
#[derive(Clone, Debug)]
pub struct Stream(Arc<Handle>);

#[derive(Debug)]
struct Handle {
    shared: Arc<Shared>,
    id: StreamId,
    wake: Arc<Notify>,
    /// What giving up means.
    how: Ended,
}

impl Stream {
    pub(crate) fn new(shared: Arc<Shared>, id: StreamId, wake: Arc<Notify>, how: Ended) -> Self {
        Self(Arc::new(Handle { shared, id, wake, how }))
    }

    /// The answer's head (as the client). To be asked once.
    ///
    /// # Errors
    /// The site refused, or the session is over.
    pub async fn response(&self) -> Result<Response, Ended> {
        self.wait(|handle| {
            let mut state = handle.shared.lock();
            if let Some(response) = state.take_response(handle.id) {
                return Some(Ok(response));
            }
            state.link.how_ended(handle.id).map(Err)
        })
        .await
        .unwrap_or(Err(Ended::Cut))
    }

    /// Answers (as the site). What of the body is not sent at once is queued; `whole`: no more of it comes.
    ///
    /// # Errors
    /// The client wants no answer any more.
    pub fn answer(&self, response: &Response, body: Bytes, whole: bool) -> Result<(), SendError> {
        let sent = self.0.shared.lock().link.answer(self.0.id, response, body, whole);
        self.0.shared.to_driver.notify_one();
        Ok(sent?)
    }

    /// What comes next; nothing when everything has come. Safe to cancel.
    ///
    /// # Errors
    /// It was given up, or the session is over.
    pub async fn recv(&self) -> Result<Option<Piece>, Ended> {
        self.wait(|handle| {
            let received = handle.shared.lock().link.recv(handle.id);
            match received {
                carrier::Received::Piece(piece) => {
                    // Credit may be on its way.
                    handle.shared.to_driver.notify_one();
                    Some(Ok(Some(piece)))
                }
                carrier::Received::End => Some(Ok(None)),
                carrier::Received::Ended(how) => Some(Err(how)),
                carrier::Received::Nothing => None,
            }
        })
        .await
        .unwrap_or(Err(Ended::Cut))
    }

    /// Sends a part of a body, or a message (`more`: a part of one); waits for room.
    ///
    /// # Errors
    /// The other side wants no more, or the session is over.
    pub async fn send(&self, bytes: Bytes, text: bool, more: bool) -> Result<(), SendError> {
        self.put(|handle| handle.shared.lock().link.send(handle.id, bytes.clone(), text, more)).await
    }

    /// Says that no more comes.
    ///
    /// # Errors
    /// As [`Stream::send`].
    pub async fn finish(&self) -> Result<(), SendError> {
        self.put(|handle| handle.shared.lock().link.finish(handle.id)).await
    }

    async fn put(&self, mut send: impl FnMut(&Handle) -> Result<(), Unsent>) -> Result<(), SendError> {
        let sent = self.wait(|handle| match send(handle) {
            Err(Unsent::Full) => None,
            sent => Some(sent),
        });
        match sent.await {
            Ok(sent) => {
                self.0.shared.to_driver.notify_one();
                Ok(sent?)
            }
            Err(gone) => Err(SendError::Gone(gone)),
        }
    }

    /// Asks again at every change, until there is an answer or the session is over.
    async fn wait<T>(&self, mut ask: impl FnMut(&Handle) -> Option<T>) -> Result<T, Gone> {
        loop {
            let changed = self.0.wake.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(answer) = ask(&self.0) {
                return Ok(answer);
            }
            if let Some(gone) = self.0.shared.is_gone() {
                return Err(gone);
            }
            changed.await;
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.lock().release(self.id, self.how);
        self.shared.to_driver.notify_one();
    }
}
