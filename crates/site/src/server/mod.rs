//! Ways in that only a site has, and which certificate it serves: the plain port that only redirects, the socket of this
//! machine. TLS and its limits are `serve::listen`'s; what a request means is `http`'s.

pub mod certificates;
pub mod expiry;
pub mod local;
mod redirect;

pub use certificates::Certificates;
pub use redirect::serve_redirect;
pub use serve::{
    limits::Limits,
    listen::{Peer, bind, serve_requests, serve_tls},
    tls,
};
