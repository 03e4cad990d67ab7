//! Requests over a carrier of messages: how a client uses a site's router without HTTP's own connection.
//!
//! A carrier brings messages of at most [`frame::MAX_MESSAGE`] bytes, each once and whole, on two [`Lane`]s: *control*, in any
//! order, which waits for nothing, and *bulk*, in order. A [`Link`] is one side of it, a machine without sockets or clock:
//! messages and times go in, messages come out. Three shapes of exchange go over it, each a stream of its own:
//! request and response; a response that never ends; and duplex, messages both ways.
//!
//! - A stream's frames carry numbers and are put in order by them, whichever lane brought them.
//! - Each receiver grants credit per stream: nobody makes another keep more than it has said.
//! - Bulk is held back to what the path delivers ([`pace`]), so that what is urgent does not queue behind it.
//!
//! The bytes are in `docs/reference/carrier.md`. What is not here: WebRTC (`live`), HTTP and its meaning (`site::http`), who
//! may do what.

pub mod frame;
pub mod head;
mod hello;
mod link;
pub mod pace;
mod stream;

pub use frame::Lane;
pub use head::{Priority, Request, Response};
pub use hello::PROTOCOL;
pub use link::{Event, Limits, Link, Received, Role};
pub use stream::{Ended, Piece};

/// Which stream; given by the client, one after the other, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u32);

/// What the other side did that no side does: the link is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Bytes that are no frame.
    #[error("a message that is no frame")]
    Frame,
    /// A head that is none.
    #[error("a frame whose head is not understood")]
    Head,
    /// A hello that is none, a second one, or none before all else.
    #[error("no hello, or one that is not understood")]
    Hello,
    /// No version is spoken by both.
    #[error("the other side speaks versions {min} to {max} of the carrier; this one speaks 1")]
    Version {
        /// Oldest.
        min: u16,
        /// Newest.
        max: u16,
    },
    /// More than was granted.
    #[error("more was sent than was granted")]
    Credit,
    /// A frame that its sender's role does not have, or a number twice.
    #[error("a frame out of place")]
    Place,
    /// It sends and takes nothing.
    #[error("the other side takes nothing of what it makes this one say")]
    Idle,
    /// More streams than were granted.
    #[error("more streams were opened than are allowed")]
    Streams,
}

/// Why something cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsent {
    /// The other side has not said hello yet.
    #[error("the other side has not said hello yet")]
    NotReady,
    /// Too many streams are open.
    #[error("too many requests are under way")]
    Streams,
    /// The head is too long.
    #[error("the head of the request is too long")]
    Head,
    /// The stream is over, or what is sent does not belong there.
    #[error("the stream is over")]
    Ended,
    /// As much waits as may; to be sent again when there is room.
    #[error("as much waits as may wait")]
    Full,
}
