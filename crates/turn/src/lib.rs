//! STUN and TURN server (RFC 8489, RFC 8656) as a machine: values in, values out.
//!
//! What is here: who may allocate ([`credentials`], [`nonce`]), which peers may be reached ([`policy`]), allocations with their
//! permissions and channels, what each packet becomes ([`Server`]), what is counted and against which lease ([`ledger`]),
//! how messages are told apart in a stream ([`frame`]).
//! What is not here: sockets, TLS, threads and clocks (crate `relay`); accounts and their quotas (the ledger's side); a TURN client.

pub mod amplification;
mod arena;
pub mod config;
pub mod credentials;
pub mod frame;
pub mod ledger;
pub mod nonce;
pub mod policy;
mod server;

pub use arena::Key;
pub use config::{Config, Families, Family, Limits};
pub use server::data::{Pass, Prefix, To};
pub use server::events::{Counters, Ended, Event, Refusal};
pub use server::{Client, ConfigError, Now, OpenError, Reply, Server, SocketTask, Via};
