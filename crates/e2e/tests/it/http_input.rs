//! What clients send that is no proper request: every one gets a clear answer or is closed in bounded time, and the
//! site goes on serving others.

mod client_files;
mod crowd;
mod http1;
mod http2;
mod raw;
mod sockets;
