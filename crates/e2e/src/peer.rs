//! A client of a peer session, joined to a site in the same process without a mediator.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use live::{Hosts, Limits, Priority, Request, Session, Settings, Stream};
use reqwest::StatusCode;
use serde_json::Value;

use crate::records::Record;

/// How long anything may take on a loaded machine.
const LATEST: Duration = Duration::from_secs(60);

/// A session of a client.
pub struct Peer {
    /// The session.
    pub session: Session,
}

/// A talk over a session.
pub struct Talk(pub Stream);

#[allow(clippy::expect_used, clippy::panic, reason = "a test's helper: what fails fails the test")]
impl Peer {
    /// Joins the site at the addresses of loopback.
    ///
    /// # Panics
    /// There is no session.
    pub async fn join(site: &site::Running) -> Self {
        let (client, at_site) = live::signalling();
        let peers = site.peers().clone();
        tokio::spawn(async move { peers.serve(at_site, String::new()).await });
        let pinned = site.certificate_id().parse().expect("a certificate ID");
        let settings = Settings {
            hosts: Hosts::These(vec!["127.0.0.1".parse().expect("an address")]),
            limits: Limits { window: 4 << 20, streams: 0 },
            release: "test".into(),
        };
        let session = live::connect(&pinned, &settings, client).await.expect("a session");
        Self { session }
    }

    /// Asks, and returns the stream of the answer with its status.
    ///
    /// # Panics
    /// There is no answer.
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> (StatusCode, live::Response, Stream) {
        let mut headers = Vec::new();
        let body = body.map_or_else(Bytes::new, |body| {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
            Bytes::from(body.to_string())
        });
        let request =
            Request { method: method.into(), path: path.into(), headers, priority: Priority::default() };
        let stream = self.session.open(&request, false, body, true).expect("a stream");
        let response =
            tokio::time::timeout(LATEST, stream.response()).await.expect("in time").expect("an answer");
        (StatusCode::from_u16(response.status).expect("a status"), response, stream)
    }

    /// Asks for JSON.
    ///
    /// # Panics
    /// There is no whole answer.
    pub async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> (StatusCode, Value) {
        let (status, _, stream) = self.ask(method, path, body).await;
        let body = whole(&stream).await.expect("a whole answer");
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    /// Begins to talk.
    ///
    /// # Panics
    /// The site refuses.
    pub async fn talk(&self, path: &str) -> Talk {
        let headers = Vec::new();
        let request =
            Request { method: "GET".into(), path: path.into(), headers, priority: Priority::default() };
        let stream = self.session.open(&request, true, Bytes::new(), false).expect("a stream");
        let response = stream.response().await.expect("an answer");
        assert_eq!(response.status, 101);
        Talk(stream)
    }
}

/// A whole body; nothing where it was cut off.
///
/// # Panics
/// It takes too long.
#[allow(clippy::expect_used, reason = "a test's helper: what fails fails the test")]
pub async fn whole(stream: &Stream) -> Option<Bytes> {
    let mut body = BytesMut::new();
    loop {
        match tokio::time::timeout(LATEST, stream.recv()).await.expect("in time") {
            Ok(Some(piece)) => body.extend_from_slice(&piece.bytes),
            Ok(None) => return Some(body.freeze()),
            Err(_) => return None,
        }
    }
}

#[allow(clippy::expect_used, reason = "a test's helper: what fails fails the test")]
impl Talk {
    /// The next whole message; nothing when the site has said all.
    ///
    /// # Panics
    /// It takes too long.
    pub async fn next(&self) -> Option<Bytes> {
        let mut message = BytesMut::new();
        loop {
            let piece = tokio::time::timeout(LATEST, self.0.recv()).await.expect("in time").ok()??;
            message.extend_from_slice(&piece.bytes);
            if !piece.more {
                return Some(message.freeze());
            }
        }
    }

    /// The next record.
    pub async fn record(&self) -> Option<Record> {
        self.next().await.map(Record::parse)
    }

    /// Says something.
    ///
    /// # Panics
    /// The session is over.
    pub async fn say(&self, value: &Value) {
        self.0.send(Bytes::from(value.to_string()), true, false).await.expect("a session");
    }
}
