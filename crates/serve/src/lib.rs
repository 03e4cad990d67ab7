//! What every service of Martello is served with: listeners with TLS, limits of connections, key files, problems as
//! answers, the files of a web client, what is checked of a request before anybody looks at what it asks, the configuration file and the API document.
//! Also whose certificate somebody who connects to a service takes ([`pin`]).
//!
//! What is not here: any operation, who may do what, which certificate is served ([`tls::acceptor`] takes whoever decides
//! that), SQL.

pub mod answer;
pub mod client;
pub mod config;
pub mod document;
pub mod in_use;
pub mod keys;
pub mod limits;
pub mod listen;
pub mod outgoing;
pub mod pin;
pub mod problem;
pub mod request;
pub mod stop;
pub mod tls;
pub mod turns;

pub use client::{ClientFile, WebClient};
pub use limits::Limits;
pub use listen::{Peer, bind, serve_tls};
pub use problem::{Failure, Outcome};
pub use stop::Stop;
