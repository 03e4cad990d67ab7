//! WebSocket messages that are not for `/v1/live` and `/v1/events`.

use std::time::Duration;

use api::{
    live::{Ask, MAX_SUBSCRIPTIONS},
    record::{Kind, Notice, NoticeCode},
};
use e2e::{Client, Live, System, records::Record};
use futures_util::{SinkExt, StreamExt};
use model::StreamKind;
use reqwest::Method;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest},
};

use super::raw::{LIMIT, healthy, send, tls};

const SOON: Duration = Duration::from_secs(10);

async fn open(client: &Client, path: &str) -> WebSocketStream<TlsStream<TcpStream>> {
    let url = format!("{}{path}", client.base.replacen("https", "wss", 1));
    let mut request = url.into_client_request().expect("a request");
    request.headers_mut().insert("origin", client.base.parse().expect("a header"));
    let (name, value) = client.credential.clone().expect("signed in");
    request.headers_mut().insert(name, value.parse().expect("a header"));
    let stream = tls(client, b"http/1.1").await;
    tokio_tungstenite::client_async(request, stream).await.expect("a socket").0
}

/// Waits until the site closes.
async fn closed(socket: &mut WebSocketStream<TlsStream<TcpStream>>) -> bool {
    let wait = async { while !matches!(socket.next().await, None | Some(Err(_) | Ok(Message::Close(_)))) {} };
    tokio::time::timeout(LIMIT, wait).await.is_ok()
}

/// The next event.
async fn event(socket: &mut WebSocketStream<TlsStream<TcpStream>>) -> String {
    loop {
        match tokio::time::timeout(SOON, socket.next()).await.expect("an event") {
            Some(Ok(Message::Text(text))) => return text.as_str().to_owned(),
            Some(Ok(Message::Ping(_))) => {}
            other => panic!("no event: {other:?}"),
        }
    }
}

fn notice(record: &Record) -> Option<Notice> {
    (record.header.kind == Kind::Notice).then(|| serde_json::from_slice(&record.payload).expect("a notice"))
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_are_no_asks_are_told_so_or_close_the_socket() {
    let system = System::start(vec![sim::CameraOptions::default()]).await;
    let client = &system.client;
    let mut live = open(client, "/v1/live").await;
    for text in ["", "x", "{}", "null", r#"{"do":"dance"}"#, r#"{"do":"unsubscribe","subscription":-1}"#] {
        live.send(Message::Text(text.into())).await.expect("an open socket");
        let record = loop {
            match tokio::time::timeout(SOON, live.next()).await.expect("an answer") {
                Some(Ok(Message::Binary(bytes))) => break Record::parse(bytes),
                Some(Ok(Message::Ping(_))) => {}
                other => panic!("{text}: {other:?}"),
            }
        };
        assert_eq!(notice(&record).map(|notice| notice.code), Some(NoticeCode::BadAsk), "{text}");
    }
    let large = format!(r#"{{"do":"unsubscribe","subscription":1,"x":"{}"}}"#, "x".repeat(5000));
    for message in [Message::Binary(vec![1, 2, 3].into()), Message::Text(large.into())] {
        let mut live = open(client, "/v1/live").await;
        live.send(message).await.expect("an open socket");
        assert!(closed(&mut live).await);
    }
    // Nothing is expected on the socket of events: small messages are not heard, large ones close it.
    let mut events = open(client, "/v1/events").await;
    for message in [Message::Text("x".into()), Message::Binary(vec![0; 100].into())] {
        events.send(message).await.expect("an open socket");
    }
    assert!(event(&mut events).await.contains("hello"));
    let (status, _) = client.call(Method::POST, "/v1/discovery", None).await;
    assert!(status.is_success(), "{status}");
    assert!(event(&mut events).await.contains("discovery"));
    events.send(Message::Text("x".repeat(100_000).into())).await.expect("an open socket");
    assert!(closed(&mut events).await);
    healthy(client).await;
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_has_no_more_subscriptions_than_are_told() {
    let system = System::start(vec![sim::CameraOptions::default()]).await;
    let camera = system.add(&system.farm.cameras[0], None).await.id;
    let mut live = Live::open(&system.client).await;
    let ask = |subscription: usize| Ask::Subscribe {
        subscription: subscription as u32,
        camera,
        stream: StreamKind::Sub,
        audio: false,
        profile: None,
        flac: false,
    };
    for subscription in 0..=MAX_SUBSCRIPTIONS {
        live.ask(&ask(subscription)).await;
    }
    let refused = loop {
        let record = live.next(LIMIT).await;
        if let Some(notice) = notice(&record).filter(|notice| notice.code == NoticeCode::BadAsk) {
            break (record.header.subscription as usize, notice.text);
        }
    };
    assert_eq!(refused.0, MAX_SUBSCRIPTIONS, "{}", refused.1);
    assert!(refused.1.contains("128"), "{}", refused.1);
    // Those that were there go on, and one that ends makes room.
    live.ask(&Ask::Unsubscribe { subscription: 5 }).await;
    live.ask(&ask(MAX_SUBSCRIPTIONS)).await;
    loop {
        let record = live.next(LIMIT).await;
        assert!(notice(&record).is_none_or(|notice| notice.code != NoticeCode::BadAsk));
        if record.header.subscription as usize == MAX_SUBSCRIPTIONS && record.is_picture() {
            break;
        }
    }
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_are_none_close_the_socket_and_a_plain_request_is_a_problem() {
    let system = System::start(vec![sim::CameraOptions::default()]).await;
    let client = &system.client;
    let (name, cookie) = client.credential.clone().expect("signed in");
    for path in ["/v1/live", "/v1/events"] {
        let (status, problem) = client.call(Method::GET, path, None).await;
        assert_eq!((status.as_u16(), &problem["code"]), (400, &"bad-request".into()), "{path}: {problem}");
        for (what, frames) in [
            ("not masked", vec![0x81, 2, b'h', b'i']),
            ("reserved bits", vec![0xf1, 0x80, 0, 0, 0, 0]),
            ("an unknown kind", vec![0x87, 0x80, 0, 0, 0, 0]),
            ("a length of 2^63", vec![0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            ("a control frame in pieces", vec![0x09, 0x80, 0, 0, 0, 0]),
            ("text that is no UTF-8", vec![0x81, 0x82, 0, 0, 0, 0, 0xff, 0xff]),
        ] {
            let mut bytes = format!(
                "GET {path} HTTP/1.1\r\nHost: {}\r\nOrigin: {}\r\n{name}: {cookie}\r\nConnection: Upgrade\r\n\
                 Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                client.base.trim_start_matches("https://"),
                client.base
            )
            .into_bytes();
            bytes.extend(frames);
            let given = send(tls(client, b"http/1.1").await, bytes).await;
            assert_eq!(given.answer().map(|answer| answer.status), Some(101), "{path} {what}");
            assert!(given.closed, "{path} {what}: still open");
        }
    }
    healthy(client).await;
    system.site.stop().await;
}
