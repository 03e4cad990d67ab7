//! Messages both ways, whichever carrier: a WebSocket over TLS, a stream of its own over a peer session.
//!
//! Handlers take [`Duplex`] and get a [`Talk`]. What is not here: what the messages mean.

use std::{future::Future, sync::Mutex};

use axum::{
    extract::{
        FromRequestParts, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};

use super::problem::Failure;

/// Bytes of a message that one frame of a peer session's stream may be asked to take.
const PART: usize = 32 << 10;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Bytes),
}

/// The stream of a request over a peer session; taken once, by the handler that wants it.
pub struct Offered(pub Mutex<Option<live::Stream>>);

/// A request that wants to talk.
pub struct Duplex {
    carrier: Carrier,
    limit: usize,
}

enum Carrier {
    Socket(WebSocketUpgrade),
    Peer(live::Stream),
}

/// Both ends of the talk.
pub struct Talk {
    /// To the client.
    pub says: Says,
    /// From the client.
    pub hears: Hears,
}

/// To the client.
pub struct Says(SaysBy);

enum SaysBy {
    Socket(SplitSink<WebSocket, Message>),
    Peer(live::Stream),
}

/// From the client.
pub struct Hears {
    by: HearsBy,
    limit: usize,
    /// The part of a message that has come.
    part: BytesMut,
}

enum HearsBy {
    Socket(SplitStream<WebSocket>),
    Peer(live::Stream),
}

/// The client has gone, or says what it should not.
#[derive(Debug)]
pub struct Over;

impl<S: Send + Sync> FromRequestParts<S> for Duplex {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let offered = parts.extensions.get::<std::sync::Arc<Offered>>();
        let stream = offered.and_then(|offered| offered.0.lock().ok()?.take());
        let carrier = match stream {
            Some(stream) => Carrier::Peer(stream),
            None => Carrier::Socket(
                WebSocketUpgrade::from_request_parts(parts, state).await.map_err(Failure::from)?,
            ),
        };
        Ok(Self { carrier, limit: 1024 })
    }
}

impl Duplex {
    /// No message of the client is longer, bytes.
    #[must_use]
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Takes part, on a task of its own.
    pub fn serve<F>(self, talk: impl FnOnce(Talk) -> F + Send + 'static) -> Response
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (limit, part) = (self.limit, BytesMut::new());
        match self.carrier {
            Carrier::Socket(upgrade) => upgrade
                .max_message_size(limit)
                .max_frame_size(limit)
                .write_buffer_size(0)
                // The library clears this buffer at every look for something to read, which is after every picture sent.
                .read_buffer_size(4096)
                .on_upgrade(move |socket| {
                    let (sink, stream) = socket.split();
                    let hears = Hears { by: HearsBy::Socket(stream), limit, part };
                    talk(Talk { says: Says(SaysBy::Socket(sink)), hears })
                }),
            Carrier::Peer(stream) => {
                let head =
                    live::Response { status: StatusCode::SWITCHING_PROTOCOLS.as_u16(), headers: Vec::new() };
                if stream.answer(&head, Bytes::new(), false).is_ok() {
                    let hears = Hears { by: HearsBy::Peer(stream.clone()), limit, part };
                    tokio::spawn(talk(Talk { says: Says(SaysBy::Peer(stream)), hears }));
                }
                StatusCode::SWITCHING_PROTOCOLS.into_response()
            }
        }
    }
}

impl Says {
    /// Says something; over a socket it may wait for [`Says::flush`]. Waits while the client is slow.
    ///
    /// # Errors
    /// The client has gone.
    pub async fn feed(&mut self, said: Said) -> Result<(), Over> {
        match &mut self.0 {
            SaysBy::Socket(sink) => {
                let message = match said {
                    Said::Text(text) => Message::Text(text.into()),
                    Said::Binary(bytes) => Message::Binary(bytes),
                };
                sink.feed(message).await.map_err(|_| Over)
            }
            SaysBy::Peer(stream) => {
                let (mut bytes, text) = match said {
                    Said::Text(text) => (Bytes::from(text), true),
                    Said::Binary(bytes) => (bytes, false),
                };
                loop {
                    let part = bytes.split_to(bytes.len().min(PART));
                    let more = !bytes.is_empty();
                    stream.send(part, text, more).await.map_err(|_| Over)?;
                    if !more {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Sends what was fed.
    ///
    /// # Errors
    /// The client has gone.
    pub async fn flush(&mut self) -> Result<(), Over> {
        match &mut self.0 {
            SaysBy::Socket(sink) => sink.flush().await.map_err(|_| Over),
            SaysBy::Peer(_) => Ok(()),
        }
    }

    /// Says something at once.
    ///
    /// # Errors
    /// The client has gone.
    pub async fn send(&mut self, said: Said) -> Result<(), Over> {
        self.feed(said).await?;
        self.flush().await
    }

    /// Keeps what lies between from thinking that nobody talks. (A peer session looks after itself.)
    ///
    /// # Errors
    /// The client has gone.
    pub async fn keep_alive(&mut self) -> Result<(), Over> {
        match &mut self.0 {
            SaysBy::Socket(sink) => sink.send(Message::Ping(Bytes::new())).await.map_err(|_| Over),
            SaysBy::Peer(_) => Ok(()),
        }
    }

    /// Says that this is all.
    pub async fn close(&mut self) {
        match &mut self.0 {
            SaysBy::Socket(sink) => drop(sink.close().await),
            SaysBy::Peer(stream) => drop(stream.finish().await),
        }
    }
}

impl Hears {
    /// The next message; none when the client has said all. Safe to cancel.
    ///
    /// # Errors
    /// The client has gone, or says more at once than is taken.
    pub async fn next(&mut self) -> Result<Option<Said>, Over> {
        match &mut self.by {
            HearsBy::Socket(stream) => loop {
                match stream.next().await {
                    Some(Ok(Message::Text(text))) => return Ok(Some(Said::Text(text.as_str().to_owned()))),
                    Some(Ok(Message::Binary(bytes))) => return Ok(Some(Said::Binary(bytes))),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    None | Some(Ok(Message::Close(_))) => return Ok(None),
                    Some(Err(_)) => return Err(Over),
                }
            },
            HearsBy::Peer(stream) => loop {
                let Some(piece) = stream.recv().await.map_err(|_| Over)? else { return Ok(None) };
                if self.part.len() + piece.bytes.len() > self.limit {
                    return Err(Over);
                }
                self.part.extend_from_slice(&piece.bytes);
                if piece.more {
                    continue;
                }
                let whole = self.part.split().freeze();
                return match piece.text {
                    true => {
                        String::from_utf8(whole.into()).map(|text| Some(Said::Text(text))).map_err(|_| Over)
                    }
                    false => Ok(Some(Said::Binary(whole))),
                };
            },
        }
    }
}
