//! What clients and peers send to a relay.
//!
//! What is here: frames of a stream, each given to a server that has an allocation with a permission and a channel.
//! What is not here: making that allocation by hand: the corpus holds recorded exchanges, and the server's seed is fixed.

use std::net::SocketAddr;
use std::time::Duration;

use model::Secret;
use turn::credentials::StaticUser;
use turn::{Client, Config, Now, Server, SocketTask, Via, frame};

/// Every frame of a stream, to one client's server; the answers and what passes stay inside their bounds.
pub fn turn_server(data: &[u8]) {
    let mut config = Config::new("fuzz".to_owned());
    config.users.static_users =
        vec![StaticUser { name: "u".to_owned(), password: Secret::new("p".to_owned()) }];
    let Ok(mut server) = Server::new(config, &[7; 32]) else { return };
    let client =
        Client { remote: SocketAddr::from(([192, 0, 2, 1], 1000)), via: Via::Stream { connection: 1 } };
    let mut now = Now { since_start: Duration::from_secs(1), unix_s: 1_800_000_000 };
    let mut rest = data;
    while let Ok(Some(frame)) = frame::next(rest) {
        assert!(frame.message <= frame.whole && frame.whole <= rest.len());
        if let Some(pass) = server.handle_client(client, &rest[..frame.message], now) {
            assert!(pass.payload.end <= frame.message && pass.padding < 4);
        }
        while let Some(task) = server.poll_socket() {
            if let SocketTask::Open { allocation, .. } = task {
                let relayed = SocketAddr::from(([203, 0, 113, 1], 49152));
                server.handle_opened(allocation, Ok(relayed), now);
                let peer = SocketAddr::from(([198, 51, 100, 7], 4000));
                let _ = server.handle_peer(allocation, peer, frame.message, now);
            }
        }
        while let Some(reply) = server.poll_reply() {
            assert!(stun_length(&reply.bytes) == Some(reply.bytes.len()), "an answer is a whole message");
        }
        now.since_start += Duration::from_millis(100);
        server.handle_timeout(now);
        rest = &rest[frame.whole..];
    }
    assert!(server.allocations() <= 1);
}

fn stun_length(bytes: &[u8]) -> Option<usize> {
    frame::next(bytes).ok().flatten().map(|frame| frame.message)
}
