//! Several volumes that record and are read as one.
//!
//! ```text
//! samples ──▶ Router ──orders──▶ Lane (one volume, one thread) ──▶ Archive ──▶ disk
//!               ▲                  │ what is durable, what failed
//!               └──────reports─────┘
//! Reader, Plan: all volumes of the set, one timeline
//! ```
//!
//! [`Router`] keeps every sample until the volume that it was given to says that it is durable. When a volume fails, what it
//! had not confirmed is given to another one, from the key frame on, and the first copy is [`Void`]: a frame is read from
//! exactly one volume. Nothing of this starts a thread or reads a clock; the shell runs one thread per [`Lane`].
//!
//! What is not here: the bytes of a volume ([`crate::Archive`]), which volumes there are and what people are told (the site).

mod again;
mod blocks;
mod buffer;
mod forecast;
mod lane;
mod plan;
mod reader;
mod router;
mod void;

pub use forecast::{Forecast, forecast, horizon};
pub use lane::{Done, Lane, Ticked};
pub use plan::Plan;
pub use reader::Reader;
pub use router::{Kind, Load, Order, Placed, Router};
pub(crate) use void::Entry as CopyEntry;
pub use void::{Void, resolve};

/// Where else a stream may have footage: asked when a segment is given its place in time, so that footage of a stream never
/// overlaps, on whichever volumes it lies.
pub trait Elsewhere: Send + Sync + 'static {
    /// The end of footage of the stream that was there before the moment and reaches beyond it.
    fn reaches(&self, key: model::StreamKey, at: model::WallTime) -> Option<model::WallTime>;
}
