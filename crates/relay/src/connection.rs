//! One connection that speaks TURN: frames in, a bounded queue out.
//!
//! What is here: reading frames, the queue, when a connection is given up.
//! What is not here: accepting, TLS (`streams`).

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::Notify;
use turn::{Client, Pass, Via, frame};

use crate::batch::Batch;
use crate::core::{Core, Outputs};

/// Bytes that may wait for a client that reads slowly. Beyond, packets for it are lost, as on every full link.
const QUEUE: usize = 512 * 1024;
/// A connection whose client reads nothing for so long is closed.
const STUCK: Duration = Duration::from_secs(30);
/// Bytes asked of a connection at once: what a TLS record holds.
const READ: usize = 16 * 1024;

/// What waits to be written to a connection.
#[derive(Default)]
pub(crate) struct Queue {
    bytes: Mutex<Vec<u8>>,
    more: Notify,
    closed: AtomicBool,
}

impl Queue {
    /// Adds a message; false where there is no room.
    pub(crate) fn push(&self, parts: &[&[u8]]) -> bool {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        if bytes.len() + length > QUEUE || self.closed.load(Ordering::Relaxed) {
            return false;
        }
        let was_empty = bytes.is_empty();
        for part in parts {
            bytes.extend_from_slice(part);
        }
        drop(bytes);
        if was_empty {
            self.more.notify_one();
        }
        true
    }

    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.more.notify_one();
    }

    /// Everything that waits, in exchange for an empty buffer.
    fn swap(&self, empty: &mut Vec<u8>) {
        std::mem::swap(&mut *self.bytes.lock().unwrap_or_else(PoisonError::into_inner), empty);
    }
}

/// Serves a connection until it ends.
pub(crate) async fn serve<S: AsyncRead + AsyncWrite>(
    core: Arc<Core>,
    stream: S,
    remote: SocketAddr,
    patience: Duration,
) {
    let (connection, queue) = core.add_stream();
    let client = Client { remote, via: Via::Stream { connection } };
    let (reader, writer) = tokio::io::split(stream);
    tokio::select! {
        _ = read(&core, client, reader, patience) => {}
        _ = write(&queue, writer) => {}
    }
    core.remove_stream(connection);
    core.run(|server, now| server.handle_disconnected(client, now));
}

async fn write(queue: &Queue, mut writer: impl AsyncWrite + Unpin) -> io::Result<()> {
    let mut bytes = Vec::new();
    loop {
        queue.swap(&mut bytes);
        if bytes.is_empty() {
            if queue.closed.load(Ordering::Relaxed) {
                return writer.shutdown().await;
            }
            queue.more.notified().await;
            continue;
        }
        let written = async {
            writer.write_all(&bytes).await?;
            writer.flush().await
        };
        match tokio::time::timeout(STUCK, written).await {
            Ok(result) => result?,
            Err(_) => return Err(io::ErrorKind::TimedOut.into()),
        }
        bytes.clear();
        // What a burst needed is not kept for a connection that is quiet.
        if bytes.capacity() > 4 * READ {
            bytes = Vec::new();
        }
    }
}

async fn read(
    core: &Arc<Core>,
    client: Client,
    mut reader: impl AsyncRead + Unpin,
    patience: Duration,
) -> io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        buffer.reserve(READ);
        let more = match tokio::time::timeout(patience, reader.read_buf(&mut buffer)).await {
            Ok(more) => more?,
            // Silence is kept up by those alone who have an allocation; half a message by nobody.
            Err(_) if buffer.is_empty() && core.lock().has_allocation(&client) => {
                buffer = Vec::new();
                continue;
            }
            Err(_) => return Ok(()),
        };
        if more == 0 {
            return Ok(());
        }
        let used = handle(core, client, &buffer)?;
        buffer.drain(..used);
    }
}

/// Passes with where their message begins and ends, and what is sent of them.
type Round = (Vec<(usize, usize, Pass)>, Batch);

thread_local! {
    /// Of this thread, for one call of [`handle`] at a time.
    static ROUND: RefCell<Round> = RefCell::default();
}

/// Handles all whole frames at the front of a buffer; how many bytes they were.
fn handle(core: &Core, client: Client, buffer: &[u8]) -> io::Result<usize> {
    ROUND.with_borrow_mut(|(passes, batch)| {
        let mut used = 0;
        let now = core.now();
        let mut server = core.lock();
        let broken = loop {
            let rest = buffer.get(used..).unwrap_or_default();
            match frame::next(rest) {
                Ok(Some(frame)) => {
                    let message = rest.get(..frame.message).unwrap_or_default();
                    if let Some(pass) = server.handle_client(client, message, now) {
                        passes.push((used, used + frame.message, pass));
                    }
                    used += frame.whole;
                }
                Ok(None) => break false,
                Err(frame::NotTurn) => break true,
            }
        };
        let outputs = Outputs::take(&mut server);
        drop(server);
        for (from, to, pass) in passes.drain(..) {
            batch.push(&pass, buffer.get(from..to).unwrap_or_default(), core);
        }
        batch.flush(core, &core.listeners);
        if batch.has_unsent() {
            batch.settle(&mut core.lock());
        }
        core.perform(outputs);
        if broken { Err(io::ErrorKind::InvalidData.into()) } else { Ok(used) }
    })
}
