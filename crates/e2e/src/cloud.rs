//! A cloud in the process of a test, and its first account.

use std::{path::Path, time::Duration};

use api::{
    cloud::{CloudSession, CloudSite, Organization},
    remote::RemoteStatus,
};
use cloud::{Cloud, Config, Running};
use model::OrganizationId;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::{Client, wait::until};

/// Address and password of the first account.
pub const OWNER: (&str, &str) = ("anna@example.org", "£ ¤ Å Ä Ö 🗝 and more");

const PATIENCE: Duration = Duration::from_secs(30);

/// A running cloud.
pub struct CloudSystem {
    /// The cloud.
    pub cloud: Running,
    /// Nobody is signed in; [`Self::account`] gives somebody.
    pub nobody: Client,
    config: Config,
}

/// A list as an answer.
#[derive(serde::Deserialize)]
struct Items<T> {
    items: Vec<T>,
}

#[allow(clippy::expect_used, clippy::panic, reason = "a test's helper: what fails fails the test")]
impl CloudSystem {
    /// A cloud on a free port, its data in this directory.
    pub async fn start(data: &Path) -> Self {
        Self::start_with(Config::on_loopback(data.to_owned())).await
    }

    async fn start_with(config: Config) -> Self {
        let cloud = Cloud::start(config.clone(), &[]).await.expect("a cloud");
        let nobody = Client::new(cloud.url(), cloud.tls_certificate_sha256());
        Self { cloud, nobody, config }
    }

    /// Stops it in order and starts it again at the same address.
    pub async fn restart(self) -> Self {
        let Self { cloud, nobody, mut config } = self;
        let port = nobody.base.rsplit(':').next().and_then(|port| port.parse().ok());
        config.https_port = port.expect("a port");
        cloud.stop().await;
        Self::start_with(config).await
    }

    /// Makes the first account with its organization, and signs it in.
    pub async fn set_up(&self) -> (Client, OrganizationId) {
        let code = self.cloud.setup_code().expect("a new cloud").expose().clone();
        let (email, password) = OWNER;
        let body = json!({"code": code, "email": email, "name": "Anna", "password": password, "organization": "Pier 4"});
        let client = self.signed_in("/v1/setup", body).await;
        let organizations: Vec<Organization> = list(&client, "/v1/organizations").await;
        (client, organizations[0].id)
    }

    /// Signs somebody in.
    pub async fn account(&self, email: &str, password: &str) -> Client {
        self.signed_in("/v1/session", json!({"email": email, "password": password})).await
    }

    /// Somebody new, who was invited by an administrator; a viewer.
    pub async fn invited(&self, by: &Client, organization: OrganizationId, email: &str) -> Client {
        let password = format!("the password of {email}");
        let invitation: Value =
            by.post(&format!("/v1/organizations/{organization}/invitations"), &json!({"email": email})).await;
        let body = json!({"code": invitation["code"], "name": email, "password": password});
        let _: Value = self.nobody.post("/v1/invitations/accept", &body).await;
        self.account(email, &password).await
    }

    async fn signed_in(&self, path: &str, body: Value) -> Client {
        let answer = self.nobody.request(Method::POST, path).json(&body).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let cookie = answer.headers().get(header::SET_COOKIE).and_then(|value| value.to_str().ok());
        let cookie = cookie.and_then(|value| value.split(';').next()).expect("a cookie").to_owned();
        let _: CloudSession = answer.json().await.expect("a session");
        let mut client = self.nobody.clone();
        client.credential = Some((header::COOKIE, cookie));
        client
    }

    /// Grants what asks with this code to an organization.
    pub async fn grant(by: &Client, code: &str, organization: OrganizationId) -> StatusCode {
        let body = json!({"code": code, "grant": true, "organization": organization});
        let answer = by.request(Method::POST, "/v1/grants/decide").json(&body).send().await;
        answer.expect("an answer").status()
    }
}

/// Asks for remote access at the site; gives back what is to be typed at the cloud.
pub async fn ask(site: &Client, cloud: &CloudSystem) -> RemoteStatus {
    let wish = json!({"url": cloud.nobody.base, "certificate_id": cloud.cloud.certificate_id()});
    let _: RemoteStatus = site.post("/v1/remote", &wish).await;
    until("the cloud has given a code", PATIENCE, || async {
        let status: RemoteStatus = site.get("/v1/remote").await;
        status.user_code.is_some().then_some(status)
    })
    .await
}

/// The sites that somebody sees.
pub async fn sites(client: &Client) -> Vec<CloudSite> {
    list(client, "/v1/sites").await
}

/// A list.
pub async fn list<T: serde::de::DeserializeOwned>(client: &Client, path: &str) -> Vec<T> {
    let items: Items<T> = client.get(path).await;
    items.items
}

/// A client's link to the mediator: the machine on a socket.
pub struct Link {
    dialer: rendezvous::Dialer,
    socket: tokio_tungstenite::WebSocketStream<tokio_rustls::client::TlsStream<tokio::net::TcpStream>>,
}

#[allow(clippy::expect_used, clippy::panic, reason = "a test's helper: what fails fails the test")]
impl Link {
    /// Connects as somebody who is signed in.
    pub async fn open(client: &Client) -> Self {
        use tokio_tungstenite::tungstenite::{handshake::client::generate_key, http::Request};
        let host = client.base.trim_start_matches("https://").to_owned();
        let stream = tokio::net::TcpStream::connect(&host).await.expect("a connection");
        let tls = std::sync::Arc::new(crate::client::pinned_tls(&client.fingerprint));
        let name = "127.0.0.1".try_into().expect("a name");
        let stream = tokio_rustls::TlsConnector::from(tls).connect(name, stream).await.expect("TLS");
        let (key, value) = client.credential.clone().expect("somebody who is signed in");
        let request = Request::builder()
            .uri(format!("wss://{host}/v1/mediator/client"))
            .header("host", &host)
            .header("origin", &client.base)
            .header(key.as_str(), value)
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", generate_key())
            .body(())
            .expect("a request");
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await.expect("a WebSocket");
        let now = std::time::Instant::now();
        let mut dialer = rendezvous::Dialer::new(rendezvous::dial::Who::Client, "test", 1, now);
        dialer.dial(now);
        dialer.connected(now);
        let mut link = Self { dialer, socket };
        let up = link.next().await;
        assert_eq!(up, rendezvous::dial::Output::Up);
        link
    }

    /// The machine, to open sessions and to send bodies.
    pub const fn dialer(&mut self) -> &mut rendezvous::Dialer {
        &mut self.dialer
    }

    /// What happens next.
    pub async fn next(&mut self) -> rendezvous::dial::Output {
        use futures_util::{SinkExt, StreamExt};
        use rendezvous::dial::Output;
        use tokio_tungstenite::tungstenite::Message;
        loop {
            while let Some(output) = self.dialer.poll_output() {
                match output {
                    Output::Send(text) => self.socket.send(Message::text(text)).await.expect("a link"),
                    Output::Connect | Output::Disconnect => {}
                    other => return other,
                }
            }
            let frame = tokio::time::timeout(std::time::Duration::from_secs(20), self.socket.next()).await;
            match frame.expect("a message in time") {
                Some(Ok(Message::Text(text))) => {
                    self.dialer.handle_message(text.as_str(), std::time::Instant::now());
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => self.dialer.disconnected(std::time::Instant::now()),
            }
        }
    }
}
