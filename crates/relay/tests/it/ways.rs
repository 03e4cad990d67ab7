//! Every way in and out, and that what is counted is what arrived.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UdpSocket;

use crate::client::{TurnClient, Wire, tls};
use crate::harness::{Lab, certificate, until};

/// A peer that counts what it gets.
async fn peer(ip: &str) -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind((ip, 0)).await.unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_peers_and_clients_get_is_what_is_billed_to_the_byte() {
    let lab = Lab::start();
    for (session, wire) in
        [("udp", Wire::udp(&lab).await), ("tcp", Wire::tcp(&lab).await), ("tls", Wire::tls(&lab).await)]
    {
        let mut client = TurnClient::new(wire, lab.credentials("anna", session));
        let relayed = client.allocate().await;
        let (socket, address) = peer("127.0.0.1").await;
        assert_eq!(client.bind(0x4000, address).await, 0);
        let mut counted = 0;
        // Of every length, in bursts of equal ones, so that packets are gathered and taken apart again.
        for length in [0_usize, 1, 3, 4, 100, 1199, 1200] {
            for n in 0..20_u8 {
                client.send(0x4000, &vec![n; length]).await;
            }
            let mut buffer = [0; 2048];
            for n in 0..20_u8 {
                let got = tokio::time::timeout(Duration::from_secs(30), socket.recv_from(&mut buffer)).await;
                let (got, from) = got.expect("a packet").unwrap();
                assert_eq!((got, from), (length, relayed), "{session}");
                assert!(buffer[..got].iter().all(|byte| *byte == n), "in order and whole");
                counted += got as u64;
            }
            for n in 0..20_u8 {
                socket.send_to(&vec![n; length], relayed).await.unwrap();
            }
            for n in 0..20_u8 {
                let got = client.receive().await;
                assert_eq!(got, (0x4000, vec![n; length]), "{session}");
                counted += got.1.len() as u64;
            }
        }
        client.release().await;
        until("the last report", || lab.used_by("anna", session) == counted).await;
    }
    assert_eq!(lab.relay.health().allocations, 0);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pair_of_any_two_ways_in_is_switched_inside_and_billed_once() {
    let lab = Lab::start();
    let mut a = TurnClient::new(Wire::udp(&lab).await, lab.credentials("anna", "pair"));
    let mut b = TurnClient::new(Wire::tls(&lab).await, lab.credentials("anna", "pair"));
    let (at_a, at_b) = (a.allocate().await, b.allocate().await);
    assert_eq!((a.bind(0x4000, at_b).await, b.bind(0x4001, at_a).await), (0, 0));
    for n in 0..100_u8 {
        a.send(0x4000, &[n; 1000]).await;
        assert_eq!(b.receive().await, (0x4001, vec![n; 1000]));
        b.send(0x4001, &[n; 501]).await;
        assert_eq!(a.receive().await, (0x4000, vec![n; 501]));
    }
    a.release().await;
    b.release().await;
    until("the last report", || lab.used_by("anna", "pair") == 150_100).await;
    assert_eq!(lab.relay.health().switched_bytes, 150_100);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ipv6_clients_reach_ipv6_peers() {
    let lab = Lab::with("::1", None, |_| {});
    let mut client = TurnClient::new(Wire::udp(&lab).await, lab.credentials("anna", "v6"));
    let relayed = client.allocate().await;
    assert!(relayed.is_ipv6());
    let (socket, address) = peer("::1").await;
    assert_eq!(client.bind(0x4000, address).await, 0);
    client.send(0x4000, b"hello").await;
    let mut buffer = [0; 64];
    let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
    assert_eq!((&buffer[..length], from), (&b"hello"[..], relayed));
    socket.send_to(b"world", relayed).await.unwrap();
    assert_eq!(client.receive().await, (0x4000, b"world".to_vec()));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_nat_peers_are_told_the_public_address() {
    let public = "203.0.113.9".parse().unwrap();
    let lab = Lab::with("127.0.0.1", None, |config| {
        config.relay = relay::Config::relay_addresses(&config.listen, &[public]);
        config.ports = 50_000..=50_100;
    });
    let mut clients = Vec::new();
    for n in 0..2 {
        let mut client = TurnClient::new(Wire::udp(&lab).await, lab.credentials("anna", "nat"));
        let relayed = client.allocate().await;
        assert!(relayed.ip() == public && (50_000..=50_100).contains(&relayed.port()), "{n}: {relayed}");
        clients.push((client, relayed));
    }
    // The public address of another client works from here, whatever the NAT thinks of that.
    let [(a, at_a), (b, at_b)] = &mut clients[..] else { panic!() };
    assert_eq!((a.bind(0x4000, *at_b).await, b.bind(0x4000, *at_a).await), (0, 0));
    a.send(0x4000, b"hello").await;
    assert_eq!(b.receive().await, (0x4000, b"hello".to_vec()));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_certificate_is_changed_and_allocations_go_on() {
    let lab = Lab::start();
    let mut client = TurnClient::new(Wire::tls(&lab).await, lab.credentials("anna", "tls"));
    let relayed = client.allocate().await;
    let (chain, key, new) = certificate();
    let (other_chain, ..) = certificate();
    assert!(lab.certificates.replace(other_chain.as_bytes(), key.as_bytes()).is_err(), "another one's key");
    assert!(tls(&lab, &lab.certificate, &[]).await.is_ok(), "the old one is still served");
    lab.certificates.replace(chain.as_bytes(), key.as_bytes()).unwrap();
    assert!(tls(&lab, &lab.certificate, &[]).await.is_err());
    assert!(tls(&lab, &new, &[]).await.is_ok());
    let (socket, address) = peer("127.0.0.1").await;
    assert_eq!(client.bind(0x4000, address).await, 0);
    socket.send_to(b"still here", relayed).await.unwrap();
    assert_eq!(client.receive().await, (0x4000, b"still here".to_vec()));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_after_the_handshake_is_handed_over_whole_and_turn_is_served_beside_it() {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = seen.clone();
    let handler: relay::HttpHandler = Arc::new(move |mut stream, _| {
        let log = log.clone();
        tokio::spawn(async move {
            let mut request = vec![0; 18];
            stream.read_exact(&mut request).await.unwrap();
            log.lock().unwrap().push(String::from_utf8(request).unwrap());
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
            stream.shutdown().await.unwrap();
        });
    });
    let lab = Lab::with("127.0.0.1", Some(handler), |_| {});
    for alpn in [&[][..], &[&b"http/1.1"[..]]] {
        let mut browser = tls(&lab, &lab.certificate, alpn).await.unwrap();
        browser.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        browser.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    }
    assert_eq!(*seen.lock().unwrap(), ["GET / HTTP/1.1\r\n\r\n"; 2]);
    // On the same port: TURN over TLS, over plain TCP, and over UDP.
    for wire in [Wire::tls(&lab).await, Wire::tcp(&lab).await, Wire::udp(&lab).await] {
        TurnClient::new(wire, lab.credentials("anna", "s")).allocate().await;
    }
    // A client that names itself by ALPN (RFC 7443) is let in too.
    let named = tls(&lab, &lab.certificate, &[b"stun.turn"]).await.unwrap();
    TurnClient::new(Wire::Stream(Box::new(named), Vec::new()), lab.credentials("anna", "s")).allocate().await;
    lab.stop().await;
}
