//! What is not protected or not trusted is refused, and no password gets there.

use api::directory::DirectoryCheck;
use e2e::slapd::{Authority, free_ports};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

/// A server that answers everything with these bytes, and keeps what it was told.
async fn answers(bytes: Vec<u8>, endless: bool) -> (u16, tokio::task::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let heard = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("a connection");
        let mut heard = vec![0; 4096];
        let count = socket.read(&mut heard).await.unwrap_or_default();
        heard.truncate(count);
        while socket.write_all(&bytes).await.is_ok() && endless {}
        let _ = tokio::time::timeout(Duration::from_secs(5), socket.read_to_end(&mut heard)).await;
        heard
    });
    (port, heard)
}

/// An answer to StartTLS (RFC 4511, 4.14.2) with this result.
fn start_tls(result: u8) -> Vec<u8> {
    vec![0x30, 0x0c, 2, 1, 1, 0x78, 7, 0x0a, 1, result, 4, 0, 4, 0]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_protected_or_not_trusted_is_refused_and_hears_no_password() {
    if let Some(reason) = slapd::missing() {
        return skip("what_is_not_protected_or_not_trusted_is_refused_and_hears_no_password", reason);
    }
    let slapd = Slapd::start(&people()).await;
    let system = System::start(vec![CameraOptions::default()]).await;
    let right = settings(&slapd);
    let tried = async |other: Value| {
        let body = but(right.clone(), &other);
        let (status, answer) = system.client.call(Method::POST, "/v1/directories/test", Some(&body)).await;
        (status.as_u16(), answer)
    };
    let local = |port: u16| json!([{ "host": "localhost", "port": port }]);
    let check: DirectoryCheck = system.client.post("/v1/directories/test", &right).await;
    let pin = check.certificate_sha256;

    let pinned = json!({ "authority": null, "certificate_sha256": pin });
    assert_eq!(tried(pinned).await.0, 200);
    let start_tls_of_slapd = json!({ "security": "starttls", "servers": local(slapd.port) });
    assert_eq!(tried(start_tls_of_slapd).await.0, 200);
    let [nobody] = free_ports();
    let second =
        json!([{ "host": "localhost", "port": nobody }, { "host": "localhost", "port": slapd.tls_port }]);
    assert_eq!(tried(json!({ "servers": second })).await.0, 200, "the second server answers");

    for (what, other, status, says) in [
        ("another authority", json!({ "authority": Authority::new().pem }), 422, pin.as_str()),
        (
            "another pin",
            json!({ "authority": null, "certificate_sha256": "00".repeat(32) }),
            422,
            pin.as_str(),
        ),
        ("no trust at all", json!({ "authority": null }), 400, "either"),
        ("TLS at the port without", json!({ "servers": local(slapd.port) }), 422, "port"),
        ("nobody there", json!({ "servers": local(nobody) }), 422, "port"),
        ("a wrong password", json!({ "password": "guessed" }), 422, "password is wrong"),
        ("no password", json!({ "password": "" }), 400, "password"),
        ("no account", json!({ "account": "" }), 400, "account"),
        ("a base that is not there", json!({ "base": "dc=elsewhere,dc=org" }), 422, "base"),
    ] {
        let (found, problem) = tried(other).await;
        let words = format!("{} {}", problem["title"], problem["detail"]);
        assert_eq!(found, status, "{what}: {words}");
        assert!(words.contains(says), "{what}: {words}");
        assert!(!words.contains(SEARCHER.1), "{what}: {words}");
    }

    // Somebody in between takes StartTLS away, answers with more than was asked for, or never ends.
    for (what, bytes, endless) in [
        ("StartTLS is refused", start_tls(2), false),
        ("more comes behind the answer", [start_tls(0), vec![0x30, 0x0c]].concat(), false),
        ("an answer without end", vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff], true),
        ("small answers without end", vec![0x30, 3, 2, 1, 1], true),
        ("no LDAP", b"220 mail.example.org ESMTP\r\n".to_vec(), false),
        ("success, and then no TLS", [start_tls(0)].concat(), false),
    ] {
        let (port, heard) = answers(bytes, endless).await;
        let began = Instant::now();
        let (status, problem) = tried(json!({ "security": "starttls", "servers": local(port) })).await;
        assert_eq!(status, 422, "{what}: {problem}");
        assert!(began.elapsed() < Duration::from_secs(10), "{what}: {:?}", began.elapsed());
        let heard = heard.await.expect("what was heard");
        let heard = String::from_utf8_lossy(&heard).into_owned();
        assert!(heard.contains("1.3.6.1.4.1.1466.20037") || heard.is_empty(), "{what}: {heard}");
        assert!(!heard.contains(SEARCHER.0) && !heard.contains(SEARCHER.1), "{what}: {heard}");
    }

    // The password is told to nobody, and not sent to another server than it was given for.
    let directory: Directory = system.client.post("/v1/directories", &right).await;
    let all: Value = system.client.get("/v1/directories").await;
    assert!(!all.to_string().contains(SEARCHER.1) && all["items"][0]["password"].is_null());
    let path = format!("/v1/directories/{}", directory.id);
    let elsewhere = but(right.clone(), &json!({ "password": null, "servers": local(nobody) }));
    let (status, _) = system.client.call(Method::PUT, &path, Some(&elsewhere)).await;
    assert_eq!(status, 400);
    let same = but(right, &json!({ "password": null, "name": "Example 2" }));
    let (status, told) = system.client.call(Method::PUT, &path, Some(&same)).await;
    assert_eq!((status.as_u16(), &told["name"]), (200, &json!("Example 2")));
    for file in std::fs::read_dir(system.data.path()).expect("files") {
        let path = file.expect("a file").path();
        if path.is_file() {
            let bytes = std::fs::read(&path).expect("a file");
            let found = bytes.windows(SEARCHER.1.len()).any(|part| part == SEARCHER.1.as_bytes());
            assert!(!found, "{}", path.display());
        }
    }
    system.site.stop().await;
}
