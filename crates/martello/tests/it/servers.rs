//! The list of servers, and the way to them through a proxy.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

use crate::{
    Done,
    client::answer,
    fake_site::{FakeSite, certificate, identity},
    martello, martello_with,
};

struct Lab {
    home: tempfile::TempDir,
}

impl Lab {
    fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    fn list(&self) -> PathBuf {
        self.home.path().join(".config/martello/servers.toml")
    }

    async fn run(&self, arguments: &[&str], stdin: &str) -> Done {
        martello(self.home.path(), arguments, stdin).await
    }

    async fn done(&self, arguments: &[&str], stdin: &str) -> String {
        let done = self.run(arguments, stdin).await;
        assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{arguments:?}: {done:?}");
        done.text().to_owned()
    }

    async fn login(&self, site: &FakeSite, seed: u64, more: &[&str]) -> String {
        let (url, id) = (site.url(), id(seed));
        let login = ["login", "--url", &url, "--certificate-id", &id, "--user", "anna", "--password-stdin"];
        self.done(&[&login, more].concat(), "hunter2 £🗝\n").await
    }

    async fn listed(&self) -> Vec<Value> {
        serde_json::from_str(&self.done(&["server", "list", "--json"], "").await).unwrap()
    }
}

fn id(seed: u64) -> String {
    identity(seed).certificate_id().to_string()
}

async fn site(seed: u64) -> FakeSite {
    FakeSite::start(&[certificate(&identity(seed))], answer).await
}

#[tokio::test(flavor = "multi_thread")]
async fn several_sites_are_named_chosen_and_forgotten() {
    let (lab, shop, house) = (Lab::new(), site(1).await, site(2).await);
    lab.login(&shop, 1, &["--name", "Shop Å"]).await;
    lab.login(&house, 2, &[]).await;
    assert_eq!(fs::metadata(lab.list()).unwrap().permissions().mode() & 0o777, 0o600);
    let kept = fs::read_to_string(lab.list()).unwrap();
    assert!(
        kept.contains("martello_value") && !kept.contains("hunter2"),
        "a token and never a password: {kept}"
    );

    // The one used last comes first, and is where commands go.
    let listed = lab.listed().await;
    assert_eq!((&listed[0]["address"], &listed[0]["chosen"]), (&json!(house.url()), &json!(true)));
    assert_eq!((&listed[1]["name"], &listed[1]["certificate_id"]), (&json!("Shop Å"), &json!(id(1))));
    assert!(!listed.iter().any(|one| one.to_string().contains("martello_value")), "no token is shown");
    lab.done(&["camera", "list"], "").await;
    house.request("GET /v1/cameras");
    lab.done(&["camera", "list", "--server", "Shop Å"], "").await;
    shop.request("GET /v1/cameras");
    lab.done(&["server", "use", "Shop Å"], "").await;
    lab.done(&["camera", "list"], "").await;
    assert_eq!(lab.listed().await[0]["name"], "Shop Å");

    // An address that is typed has the token and the pin that were stored for it, and no other's.
    lab.done(&["camera", "list", "--url", &house.url()], "").await;
    let other = site(3).await;
    let done = lab.run(&["camera", "list", "--url", &other.url()], "").await;
    assert_eq!((done.code, other.seen().len()), (2, 0), "{done:?}");
    // Who answers there with another identity gets nothing.
    let fake = FakeSite::start(&[certificate(&identity(9))], answer).await;
    let list = fs::read_to_string(lab.list())
        .unwrap()
        .replace(&house.address.to_string(), &fake.address.to_string());
    fs::write(lab.list(), list).unwrap();
    let done = lab.run(&["camera", "list", "--url", &fake.url()], "").await;
    assert!(done.code == 1 && done.stderr.contains("certificate ID"), "{done:?}");
    assert!(fake.seen().iter().all(|request| request.header("authorization").is_none()));

    // Forgetting ends the token at the site and deletes it here; nobody is asked where nobody can answer.
    let done = lab.run(&["server", "forget", "Shop Å"], "").await;
    assert!(done.code == 1 && done.stderr.contains("--yes"), "{done:?}");
    assert!(lab.done(&["server", "forget", "--all", "--yes"], "").await.contains("could not be ended"));
    assert!(!fs::read_to_string(lab.list()).unwrap().contains("martello_value"));
    assert!(shop.seen().iter().any(|request| request.line.starts_with("DELETE /v1/tokens/")));
    assert_eq!(lab.run(&["camera", "list"], "").await.code, 2);
    lab.done(&["server", "remove", "Shop Å", "--yes"], "").await;
    assert_eq!(lab.listed().await.len(), 1);
    for wrong in [
        ["server", "use", "Shop Å"].as_slice(),
        &["server", "add", "x", "http://127.0.0.1"],
        &["server", "add", "this computer", "127.0.0.1"],
        &["server", "add", "x\ny", "127.0.0.1"],
        &["server", "add", "x", "127.0.0.1", "--proxy", "http://anna:secret@127.0.0.1:3128"],
    ] {
        assert_eq!(lab.run(wrong, "").await.code, 2, "{wrong:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_goes_to_another_computer_without_tokens_and_a_swapped_one_gets_none() {
    let (lab, shop) = (Lab::new(), site(1).await);
    lab.login(&shop, 1, &["--name", "shop"]).await;
    lab.done(&["server", "add", "house", "house.example", "--proxy", "http://anna@127.0.0.1:3128"], "").await;
    let file = lab.home.path().join("list.json");
    let path = file.to_str().unwrap();
    lab.done(&["server", "export", "-o", path], "").await;
    let exported = fs::read_to_string(&file).unwrap();
    assert!(!exported.contains("martello_value") && exported.contains(&id(1)), "{exported}");

    let other = Lab::new();
    other.done(&["server", "import", path], "").await;
    let listed = other.listed().await;
    let shop_there = listed.iter().find(|one| one["name"] == "shop").unwrap();
    assert_eq!((&shop_there["certificate_id"], &shop_there["signed_in"]), (&json!(id(1)), &json!(false)));
    let house = listed.iter().find(|one| one["name"] == "house").unwrap();
    assert_eq!(
        (&house["address"], &house["proxy"]),
        (&json!("https://house.example:55754"), &json!("http://anna@127.0.0.1:3128"))
    );

    // The same list again changes nothing here; one that names another site by a known name is refused, and gets no token.
    lab.done(&["server", "import", path], "").await;
    lab.done(&["camera", "list", "--server", "shop"], "").await;
    let thief = site(9).await;
    let swapped_id = exported.replace(&id(1), &id(9));
    let swapped_address = exported.replace(&shop.address.to_string(), &thief.address.to_string());
    let both = swapped_id.replace(&shop.address.to_string(), &thief.address.to_string());
    for swapped in [&swapped_id, &swapped_address, &both] {
        let done = lab.run(&["server", "import", "-"], swapped).await;
        assert!(done.code == 1 && done.stderr.contains("is known here"), "{done:?}");
    }
    lab.done(&["server", "import", "-", "--replace"], &both).await;
    let done = lab.run(&["camera", "list", "--server", "shop"], "").await;
    assert_eq!(done.code, 2, "nobody is signed in there: {done:?}");
    assert!(thief.seen().is_empty());
    assert!(!fs::read_to_string(lab.list()).unwrap().contains("martello_value"));

    for (what, text) in [
        ("no list", "{}".to_owned()),
        ("another form", r#"{"martello_servers":2,"servers":[]}"#.to_owned()),
        ("an unknown key", r#"{"martello_servers":1,"servers":[],"tokens":[]}"#.to_owned()),
        (
            "a token",
            r#"{"martello_servers":1,"servers":[{"name":"x","address":"x","token":"t"}]}"#.to_owned(),
        ),
        ("a socket", r#"{"martello_servers":1,"servers":[{"name":"x","address":"unix:/tmp/x"}]}"#.to_owned()),
        ("no end", r#"{"martello_servers":1,"servers":["#.to_owned()),
    ] {
        let before = fs::read_to_string(lab.list()).unwrap();
        let done = lab.run(&["server", "import", "-"], &text).await;
        assert!(matches!(done.code, 1 | 2), "{what}: {done:?}");
        assert_eq!(fs::read_to_string(lab.list()).unwrap(), before, "{what}");
    }
}

/// A proxy that takes one name and password, and tells what it was asked.
async fn proxy(credentials: &'static str) -> (String, std::sync::Arc<std::sync::Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let told = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let told = told.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(client.read_u8().await.unwrap());
                }
                let head = String::from_utf8(head).unwrap();
                told.lock().unwrap().push(head.clone());
                let right = head.lines().any(|line| {
                    line.to_lowercase().starts_with("proxy-authorization: basic ")
                        && line.ends_with(credentials)
                });
                let target = head.split(' ').nth(1).unwrap().to_owned();
                if !head.starts_with("CONNECT ") || !right {
                    let refusal = "HTTP/1.1 407 -\r\nproxy-authenticate: Basic realm=\"x\"\r\ncontent-length: 0\r\n\r\n";
                    client.write_all(refusal.as_bytes()).await.unwrap();
                    return;
                }
                let mut site = TcpStream::connect(target).await.unwrap();
                client.write_all(b"HTTP/1.1 200 -\r\n\r\n").await.unwrap();
                let _ = copy_bidirectional(&mut client, &mut site).await;
            });
        }
    });
    (address.to_string(), asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_go_through_a_proxy_that_learns_an_address_and_nothing_more() {
    let (lab, shop) = (Lab::new(), site(1).await);
    // åsa:p£ss in base 64 (RFC 7617).
    let (address, asked) = proxy("w6VzYTpwwqNzcw==").await;
    let through = format!("http://%C3%A5sa@{address}");
    let password = [("MARTELLO_PROXY_PASSWORD", "p£ss")];
    let (url, id) = (shop.url(), id(1));
    let login = ["login", "--url", &url, "--certificate-id", &id, "--user", "anna", "--password-stdin"];
    let login = [&login[..], &["--proxy", &through]].concat();
    let done = martello_with(lab.home.path(), &password, &login, "hunter2 £🗝\n").await;
    assert_eq!(done.code, 0, "{done:?}");
    // The proxy is kept with the site, its password is not.
    let list = fs::read_to_string(lab.list()).unwrap();
    assert!(list.contains(&address) && !list.contains("p£ss"), "{list}");
    let before = asked.lock().unwrap().len();
    let done = martello_with(lab.home.path(), &password, &["camera", "list"], "").await;
    assert_eq!(done.code, 0, "{done:?}");
    let asked = asked.lock().unwrap().clone();
    assert!(asked.len() > before);
    for head in &asked {
        assert!(head.starts_with(&format!("CONNECT {} ", shop.address)), "{head}");
        assert!(!head.contains("martello_value") && !head.contains("hunter2"), "{head}");
    }
    for (what, password, code) in [("wrong", Some("other"), 1), ("none", None, 2)] {
        let variables: Vec<_> =
            password.map(|password| ("MARTELLO_PROXY_PASSWORD", password)).into_iter().collect();
        let done = martello_with(lab.home.path(), &variables, &["camera", "list"], "").await;
        assert_eq!(done.code, code, "{what}: {done:?}");
    }
    // One that puts another site in its place is found by the pin.
    let thief = site(9).await;
    let swapping = swapping_proxy(thief.address).await;
    let done = lab.run(&["camera", "list", "--proxy", &format!("http://{swapping}")], "").await;
    assert!(done.code == 1 && done.stderr.contains("certificate ID"), "{done:?}");
    assert!(thief.seen().iter().all(|request| request.header("authorization").is_none()));
}

/// A proxy that leads everybody to one place.
async fn swapping_proxy(to: std::net::SocketAddr) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(client.read_u8().await.unwrap());
                }
                let mut site = TcpStream::connect(to).await.unwrap();
                client.write_all(b"HTTP/1.1 200 -\r\n\r\n").await.unwrap();
                let _ = copy_bidirectional(&mut client, &mut site).await;
            });
        }
    });
    address
}
