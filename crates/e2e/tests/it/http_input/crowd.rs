//! Too much of what is allowed: connections without number, and downloads that nobody reads. Others go on.

use std::time::Duration;

use api::camera::CameraState;
use e2e::{Client, System, wait::until};
use futures_util::future::join_all;
use model::clock::wall_now;
use reqwest::{Method, StatusCode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use super::raw::{healthy, tcp, tls_over};

const PATIENCE: Duration = Duration::from_secs(30);
/// From one address.
const CONNECTIONS: usize = 256;
/// Recordings played back at once, in this test.
const PLAYBACKS: usize = 2;

/// Whether the site keeps the connection: it says nothing, and does not close it.
async fn is_kept(stream: &mut TcpStream) -> bool {
    tokio::time::timeout(Duration::from_millis(500), stream.read_u8()).await.is_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_does_not_take_all_connections() {
    let system = System::start(vec![sim::CameraOptions::default()]).await;
    let mut open = Vec::new();
    for _ in 0..CONNECTIONS + 44 {
        open.push(tcp(&system.client).await);
    }
    let kept = join_all(open.iter_mut().map(is_kept)).await.into_iter().filter(|kept| *kept).count();
    assert!((CONNECTIONS - 44..=CONNECTIONS).contains(&kept), "{kept} are kept");

    // Another address is served meanwhile.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.2:0".parse().expect("an address")).expect("another address");
    let site = system.client.base.trim_start_matches("https://").parse().expect("an address");
    let mut other = tls_over(&system.client, socket.connect(site).await.expect("a connection")).await;
    other.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("a request");
    let mut answer = [0; 15];
    other.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 200 OK");

    drop(open);
    let again = Client::new(&system.client.base, &system.client.fingerprint);
    until("the address is served again", PATIENCE, || async {
        again.request(Method::GET, "/healthz").send().await.ok()
    })
    .await;
    healthy(&system.client).await;
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_nothing_does_not_keep_recordings_from_others() {
    let system = System::start_with(vec![sim::CameraOptions::default()], |config| {
        config.patience = Duration::from_secs(5);
        config.playbacks = PLAYBACKS;
    })
    .await;
    let from = wall_now();
    let camera = system.add(&system.farm.cameras[0], None).await;
    system.until_state(camera.id, CameraState::Recording, PATIENCE).await;
    let path = format!(
        "/v1/cameras/{}/playback?from={from}&to={}",
        camera.id,
        from.plus_micros(PATIENCE.as_micros() as i64)
    );
    until("more is recorded than buffers on the way hold", PATIENCE, || async {
        (system.client.bytes(&path).await.len() > 3 << 20).then_some(())
    })
    .await;

    let (name, value) = system.client.credential.clone().expect("a cookie");
    let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n{name}: {value}\r\n\r\n");
    let mut deaf = Vec::new();
    for _ in 0..PLAYBACKS {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a small buffer");
        let site = system.client.base.trim_start_matches("https://").parse().expect("an address");
        let mut stream = tls_over(&system.client, socket.connect(site).await.expect("a connection")).await;
        stream.write_all(request.as_bytes()).await.expect("a request");
        // Has its turn, and reads no further.
        let mut answer = [0; 15];
        stream.read_exact(&mut answer).await.expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 200 OK");
        deaf.push(stream);
    }
    let play =
        || async { system.client.request(Method::GET, &path).send().await.expect("an answer").status() };
    until("all are taken", PATIENCE, || async {
        (play().await == StatusCode::SERVICE_UNAVAILABLE).then_some(())
    })
    .await;
    until("who reads nothing is given up", PATIENCE, || async {
        (play().await == StatusCode::OK).then_some(())
    })
    .await;
    healthy(&system.client).await;
    drop(deaf);
    system.site.stop().await;
}
