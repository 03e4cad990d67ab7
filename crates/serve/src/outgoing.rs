//! An answer that is made while it is read: chunks go through a short queue, so that a client that reads slowly costs no
//! memory. One that has taken nothing for long is given up, and its connection closed: it would hold what it reads for ever.
//!
//! What is not here: what is sent (`playback`, `clip`).

use std::{io, sync::Arc, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use tokio::{
    runtime::Handle,
    sync::{Notify, mpsc},
};

/// How long a client may pause.
pub const PATIENCE: Duration = Duration::from_secs(30 * 60);
/// Chunks that wait.
const WAITING: usize = 4;

/// Ends a connection at once; every request carries its own as an extension.
#[derive(Clone, Default)]
pub struct HangUp(Arc<Notify>);

/// The end into which is written, on a thread that may wait.
pub struct Outgoing {
    chunks: mpsc::Sender<io::Result<Bytes>>,
    patience: Duration,
    hang_up: HangUp,
    runtime: Handle,
}

impl HangUp {
    /// Ends the connection.
    pub fn now(&self) {
        self.0.notify_one();
    }

    /// Returns when it is to end. Safe to cancel.
    pub async fn requested(&self) {
        self.0.notified().await;
    }
}

/// Both ends. To be called in the runtime.
pub fn outgoing(patience: Duration, hang_up: HangUp) -> (Outgoing, Body) {
    let (chunks, body) = mpsc::channel(WAITING);
    let body = Body::from_stream(futures_util::stream::unfold(body, |mut body| async move {
        body.recv().await.map(|chunk| (chunk, body))
    }));
    (Outgoing { chunks, patience, hang_up, runtime: Handle::current() }, body)
}

impl Outgoing {
    /// Hands on a chunk; waits while the client is slow. False: the client has gone, or was given up. Blocking.
    #[must_use]
    pub fn send(&self, chunk: Bytes) -> bool {
        self.put(Ok(chunk))
    }

    /// Cuts the answer off, so that the client sees that it is not whole. Blocking.
    pub fn fail(&self, reason: &'static str) {
        let _ = self.put(Err(io::Error::other(reason)));
    }

    fn put(&self, chunk: io::Result<Bytes>) -> bool {
        match self.runtime.block_on(self.chunks.send_timeout(chunk, self.patience)) {
            Ok(()) => true,
            Err(mpsc::error::SendTimeoutError::Closed(_)) => false,
            Err(mpsc::error::SendTimeoutError::Timeout(_)) => {
                tracing::debug!("a client has taken nothing for long: its connection is closed");
                self.hang_up.now();
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_client_that_takes_nothing_is_given_up_and_its_connection_ended() {
        let hang_up = HangUp::default();
        let (outgoing, body) = outgoing(Duration::from_millis(50), hang_up.clone());
        let taken = tokio::task::spawn_blocking(move || {
            (0..100).take_while(|_| outgoing.send(Bytes::from_static(b"x"))).count()
        });
        assert_eq!(taken.await.unwrap(), WAITING);
        hang_up.requested().await;
        drop(body);
    }
}
