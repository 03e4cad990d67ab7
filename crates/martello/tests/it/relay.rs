//! `martello relay` as a script sees it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::martello;

/// A Binding request (RFC 8489 section 5) with a transaction of ones.
const BINDING: [u8; 20] = [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];

struct Relay(Child);

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "waited in vain: {what}");
        std::thread::yield_now();
    }
}

#[test]
fn a_relay_says_when_it_serves_answers_tells_its_health_and_stops_in_order() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    std::fs::write(
        at("relay.toml"),
        "static_user = [\"lab:pw\"]\nmetrics = \"127.0.0.1:0\"\nallow_private = true\n",
    )
    .unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_martello"))
        .args(["relay", "--listen", "127.0.0.1:0", "--data"])
        .arg(at("data"))
        .arg("--config")
        .arg(at("relay.toml"))
        .arg("--ready-file")
        .arg(at("ready.json"))
        .env("MARTELLO_LOG", "off")
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut relay = Relay(child);
    let ready = until("the relay serves", || {
        assert!(relay.0.try_wait().unwrap().is_none(), "the relay has ended");
        std::fs::read(at("ready.json")).ok()
    });
    let ready: serde_json::Value = serde_json::from_slice(&ready).unwrap();
    let address = |value: &serde_json::Value| -> SocketAddr { value.as_str().unwrap().parse().unwrap() };
    let (listen, metrics) = (address(&ready["relay"]["listen"][0]), address(&ready["relay"]["metrics"]));
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    socket.send_to(&BINDING, listen).unwrap();
    let mut answer = [0; 128];
    let (length, from) = socket.recv_from(&mut answer).unwrap();
    assert_eq!((&answer[..2], length, from), (&[1, 1][..], 32, listen));
    let get = |path: &str| {
        let mut stream = TcpStream::connect(metrics).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    };
    assert!(get("/healthz").contains("\"allocations\":0"));
    assert!(get("/metrics").contains("martello_relay_allocations 0\n"));
    assert!(Command::new("kill").arg(relay.0.id().to_string()).status().unwrap().success());
    let status = until("the relay stops", || relay.0.try_wait().unwrap());
    assert!(status.success(), "{status}");
    assert!(at("data").is_dir());
}

#[tokio::test]
async fn a_relay_that_cannot_be_as_told_says_why_in_one_line() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("wrong.toml");
    std::fs::write(&file, "listne = []\n").unwrap();
    let short = home.path().join("short");
    std::fs::write(&short, "abc\n").unwrap();
    let (file, short) = (file.to_str().unwrap(), short.to_str().unwrap());
    let user = ["--static-user", "u:p", "--listen", "127.0.0.1:0"];
    let cases: &[(&[&str], i32, &str)] = &[
        (&["relay"], 1, "nobody could use this relay"),
        (&["relay", "--static-user", "nocolon"], 1, "NAME:PASSWORD"),
        (&["relay", "--secret-file", short], 1, "16 bytes"),
        (&["relay", "--config", file], 1, "listne"),
        (&[&["relay", "--ports", "9-1"], &user[..]].concat(), 1, "FIRST-LAST"),
        (&[&["relay", "--metrics", "0.0.0.0:0"], &user[..]].concat(), 1, "loopback"),
        (&[&["relay", "--tls-cert", "x"], &user[..]].concat(), 2, "--tls-key"),
        (&["relay", "--listen", "nowhere"], 2, "nowhere"),
        (
            &["relay", "--static-user", "u:p", "--listen", "192.0.2.1:3478"],
            1,
            "cannot listen on 192.0.2.1:3478",
        ),
    ];
    for (arguments, code, says) in cases {
        let done = martello(home.path(), arguments, "").await;
        assert_eq!(done.code, *code, "{arguments:?}: {}", done.stderr);
        assert!(done.stderr.contains(says), "{arguments:?}: {}", done.stderr);
        assert!(*code == 2 || done.stderr.lines().count() <= 6, "{}", done.stderr);
    }
}
