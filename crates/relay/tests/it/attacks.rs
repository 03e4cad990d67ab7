//! What somebody gets who means harm, from a relay with sockets.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use turn_types::attribute::RequestedTransport;
use turn_types::message::ALLOCATE;

use crate::client::{TurnClient, Wire};
use crate::harness::{Lab, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_default_the_relay_reaches_nothing_private() {
    let lab = Lab::with("127.0.0.1", None, |config| config.turn.policy.allow_private = false);
    let mut client = TurnClient::new(Wire::udp(&lab).await, lab.credentials("anna", "s"));
    let relayed = client.allocate().await;
    let victim = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for peer in [victim.local_addr().unwrap(), "10.0.0.1:80".parse().unwrap(), relayed] {
        assert_eq!((client.permit(peer).await, client.bind(0x4000, peer).await), (403, 403), "{peer}");
    }
    client.send(0x4000, b"hello").await;
    assert_eq!(
        client.permit("198.51.100.1:1".parse().unwrap()).await,
        0,
        "what was sent before is done with"
    );
    assert!(victim.try_recv(&mut [0; 16]).is_err());
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_without_permission_are_not_heard() {
    let lab = Lab::start();
    let mut client = TurnClient::new(Wire::udp(&lab).await, lab.credentials("anna", "s"));
    let relayed = client.allocate().await;
    let [friend, stranger] =
        [UdpSocket::bind("127.0.0.1:0").await.unwrap(), UdpSocket::bind("127.0.0.2:0").await.unwrap()];
    assert_eq!(client.bind(0x4000, friend.local_addr().unwrap()).await, 0);
    stranger.send_to(b"let me in", relayed).await.unwrap();
    friend.send_to(b"hello", relayed).await.unwrap();
    assert_eq!(client.receive().await, (0x4000, b"hello".to_vec()));
    client.send(0x4001, b"to nobody").await;
    client.send(0x4000, b"to a friend").await;
    let mut buffer = [0; 64];
    let length = friend.recv(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..length], b"to a friend");
    client.release().await;
    until("the last report", || lab.used_by("anna", "s") == 16).await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_that_cannot_be_reached_harm_no_allocation_and_cost_nothing() {
    let lab = Lab::start();
    let mut client = TurnClient::new(Wire::udp(&lab).await, lab.credentials("anna", "s"));
    client.allocate().await;
    let friend = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    // From a loopback address the kernel sends nowhere else: each of these fails.
    let away: Vec<SocketAddr> = (1..=9).map(|n| SocketAddr::from(([198, 51, 100, n], 9))).collect();
    for (n, peer) in (1..).zip(&away) {
        assert_eq!(client.bind(0x4000 + n, *peer).await, 0);
    }
    assert_eq!(client.bind(0x4000, friend.local_addr().unwrap()).await, 0);
    for round in 0..3 {
        for n in 0..away.len() as u16 {
            client.send(0x4001 + n, b"anybody there?").await;
        }
        // A closed port answers with an ICMP error, which must not stop the next packet either.
        client.send(0x4000, &[round; 10]).await;
        let mut buffer = [0; 64];
        let length =
            tokio::time::timeout(Duration::from_secs(30), friend.recv(&mut buffer)).await.unwrap().unwrap();
        assert_eq!(buffer[..length], [round; 10]);
    }
    client.release().await;
    until("the last report", || lab.used_by("anna", "s") == 30).await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_silent_and_senseless_connections_are_closed_and_others_are_served() {
    let lab = Lab::with("127.0.0.1", None, |config| config.patience = Duration::from_millis(300));
    let client_hello_begun = [0x16, 3, 1, 2, 0, 1];
    let cases: &[(&str, &[u8])] = &[
        ("silence", b""),
        ("a handshake that stops", &client_hello_begun),
        ("a request that stops", &[0, 3, 0, 100, 0x21, 0x12]),
        ("plain HTTP", b"GET / HTTP/1.1\r\n\r\n"),
        ("what is no STUN", &[0, 3, 0, 100, 1, 2, 3, 4]),
        ("a length beyond all measure", &[0, 3, 0xff, 0xff, 0x21, 0x12, 0xa4, 0x42]),
        ("an old SSL", &[0x80, 0x2e, 1, 0, 2]),
    ];
    for (what, bytes) in cases {
        let mut stream = TcpStream::connect(lab.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let began = Instant::now();
        let mut rest = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "{what} is never closed");
        assert!(began.elapsed() < Duration::from_secs(20), "{what}");
    }
    // An allocation keeps its connection, however long nothing comes.
    let mut client = TurnClient::new(Wire::tls(&lab).await, lab.credentials("anna", "s"));
    let relayed = client.allocate().await;
    let friend = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    assert_eq!(client.bind(0x4000, friend.local_addr().unwrap()).await, 0);
    assert!(client.wire.receive_within(Duration::from_millis(900)).await.is_none());
    friend.send_to(b"hello", relayed).await.unwrap();
    assert_eq!(client.receive().await, (0x4000, b"hello".to_vec()));
    drop(client);
    until("its allocation ends with the connection", || lab.relay.health().allocations == 0).await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_does_not_take_all_connections() {
    let lab = Lab::with("127.0.0.1", None, |config| config.connections_per_address = 3);
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut client = TurnClient::new(Wire::tcp(&lab).await, lab.credentials("anna", "s"));
        client.allocate().await;
        held.push(client);
    }
    let mut refused = TcpStream::connect(lab.address).await.unwrap();
    assert_eq!(refused.read(&mut [0; 1]).await.unwrap_or(0), 0, "closed at once");
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let other = Wire::Stream(Box::new(socket.connect(lab.address).await.unwrap()), Vec::new());
    TurnClient::new(other, lab.credentials("bert", "s")).allocate().await;
    held.pop();
    until("the place is given back", || lab.relay.health().connections == 2).await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_does_not_read_costs_a_bounded_queue_and_pays_for_what_was_taken() {
    let lab = Lab::start();
    let mut client = TurnClient::new(Wire::tcp(&lab).await, lab.credentials("anna", "s"));
    let relayed = client.allocate().await;
    let friend = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    assert_eq!(client.bind(0x4000, friend.local_addr().unwrap()).await, 0);
    let began = Instant::now();
    while lab.relay.health().dropped_packets < 100 {
        for _ in 0..64 {
            friend.send_to(&[7; 1200], relayed).await.unwrap();
        }
        tokio::task::yield_now().await;
        assert!(began.elapsed() < Duration::from_secs(60), "the queue has no end");
    }
    // Others are served meanwhile.
    TurnClient::new(Wire::udp(&lab).await, lab.credentials("bert", "s")).allocate().await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_credentials_get_nothing_by_any_way() {
    let lab = Lab::start();
    for wire in [Wire::udp(&lab).await, Wire::tcp(&lab).await, Wire::tls(&lab).await] {
        let mut wrong = lab.credentials("anna", "s");
        wrong.password = model::Secret::new("guess".to_owned());
        let mut client = TurnClient::new(wire, wrong);
        let (code, relayed) = client.ask(ALLOCATE, &[&|_| Box::new(RequestedTransport::new(17))]).await;
        assert_eq!((code, relayed), (401, None));
    }
    assert_eq!(lab.relay.health().allocations, 0);
    lab.stop().await;
}
