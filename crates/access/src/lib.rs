//! Who may do what: the one evaluator that every handler and every carrier asks.
//!
//! A person has [`Source`]s of rights: what was granted to them, and what was granted to each of their groups. They add
//! up, and the highest role wins ([`Rights`]). [`why`] answers the same questions with the reasons. Also here, as pure:
//! how guessing is slowed down ([`throttle`]) and the one-time codes of a second factor ([`totp`]).
//! What is not here: who is who (`site::sessions`), what is stored (`catalog`), which operation asks for what (the API
//! document).

pub mod grant;
pub mod rights;
pub mod set;
pub mod throttle;
pub mod totp;
pub mod why;

pub use grant::{Folders, Grant, Origin, Source, Target};
pub use rights::{Reach, Resource, Rights};
pub use set::PrivilegeSet;
pub use why::{Reason, explain};
