//! How a client and a site meet at a cloud: the messages of the mediator, the machines on both of its sides and in its
//! middle, and what relays may carry in a month. Pure: sockets, clocks and the database are the shells' (`cloud::mediator`,
//! `site::remote`), randomness is an argument.
//!
//! The mediator is a postman. It knows which site is connected and who opened a session, and hands bodies on that it does
//! not look into; that a body is the site's own is proved end to end (`trust`), not here.
//! What is not here: the bodies, ICE and everything behind it, who may see which site.

pub mod dial;
pub mod mediator;
pub mod message;
pub mod pace;
pub mod quota;

pub use dial::Dialer;
pub use mediator::Mediator;
pub use message::{Message, Why};
