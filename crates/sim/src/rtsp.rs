//! RTSP 1.0 (RFC 2326) as an Axis camera speaks it: one task per connection reads requests and writes media.
//!
//! `Connection` reads and answers; [`session`] holds what is set up and writes media; [`describe`] knows URLs and
//! session descriptions. A session ends with its connection. Not here: HTTP, frames' making.

mod describe;
mod session;

use crate::device::Device;
use crate::digest::Verdict;
use crate::message::{Request, response};
use describe::Address;
use session::Session;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// A reader who takes nothing for so long has gone.
const WRITE_PATIENCE: Duration = Duration::from_secs(20);

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Serve {
    #[error("the connection broke: {0}")]
    Io(#[from] std::io::Error),
    #[error("the peer sent no request: {0}")]
    Request(#[from] crate::message::ReadRequest),
    #[error("the peer reads nothing")]
    Stuck,
    #[error("the session timed out")]
    Silent,
}

/// Serves one connection until it ends.
pub(crate) async fn serve(device: Arc<Device>, stream: TcpStream) -> Result<(), Serve> {
    let _ = stream.set_nodelay(true);
    let peer = stream.peer_addr()?.ip();
    let (reader, writer) = stream.into_split();
    let mut connection =
        Connection { device, peer, reader, writer, input: Vec::new(), asked: None, session: None };
    connection.run().await
}

struct Connection {
    device: Arc<Device>,
    peer: std::net::IpAddr,
    reader: OwnedReadHalf,
    writer: OwnedWriteHalf,
    input: Vec<u8>,
    /// What the last description was asked for, for clients that leave the query out of later URLs.
    asked: Option<String>,
    session: Option<Session>,
}

impl Connection {
    async fn run(&mut self) -> Result<(), Serve> {
        loop {
            tokio::select! {
                read = self.reader.read_buf(&mut self.input) => {
                    if read? == 0 {
                        return Ok(());
                    }
                    while let Some(message) = self.take()? {
                        self.answer(&message).await?;
                    }
                }
                media = session::next(&mut self.session) => {
                    let Some(session) = &mut self.session else { continue };
                    session.fill(&self.device, media);
                    write(&mut self.writer, session).await?;
                    if session.timed_out() {
                        return Err(Serve::Silent);
                    }
                }
            }
        }
    }

    /// The next request in the input; interleaved packets from the client (receiver reports) only keep it alive.
    fn take(&mut self) -> Result<Option<Request>, Serve> {
        while let [b'$', _, high, low, ..] = self.input[..] {
            let end = 4 + usize::from(u16::from_be_bytes([high, low]));
            if self.input.len() < end {
                return Ok(None);
            }
            self.input.drain(..end);
            self.session.iter_mut().for_each(Session::heard);
        }
        if self.input.is_empty() || self.input[0] == b'$' {
            return Ok(None);
        }
        let Some((request, length)) = Request::take(&self.input)? else {
            return Ok(None);
        };
        self.input.drain(..length);
        Ok(Some(request))
    }

    async fn answer(&mut self, request: &Request) -> Result<(), Serve> {
        if self.device.faults().stall {
            return Ok(());
        }
        let reply = self.handle(request).await;
        let sequence = request.header("cseq").unwrap_or("0");
        let mut headers = vec![("CSeq", sequence), ("Server", "GStreamer RTSP server")];
        headers.extend(reply.headers.iter().map(|(name, value)| (*name, value.as_str())));
        let bytes = response("RTSP/1.0", reply.status, &headers, reply.body.as_bytes());
        tokio::time::timeout(WRITE_PATIENCE, self.writer.write_all(&bytes))
            .await
            .map_err(|_| Serve::Stuck)??;
        if reply.play
            && let Some(session) = &mut self.session
        {
            session.start(&self.device);
            write(&mut self.writer, session).await?;
        }
        Ok(())
    }

    async fn handle(&mut self, request: &Request) -> Reply {
        const METHODS: &str = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER";
        self.session.iter_mut().for_each(Session::heard);
        let method = request.method.as_str();
        if method == "OPTIONS" {
            return Reply::ok().with("Public", METHODS);
        }
        if !METHODS.split(", ").any(|m| m == method) {
            return Reply::new("501 Not Implemented");
        }
        if let Some(refusal) = self.refusal(request) {
            return refusal;
        }
        if let Some(given) = request.header("session") {
            let own = self.session.as_ref().map(|s| s.id.as_str());
            if own != given.split(';').next().map(str::trim) {
                return Reply::new("454 Session Not Found");
            }
        }
        match (method, &mut self.session) {
            ("DESCRIBE", _) => self.describe(request),
            ("SETUP", _) => self.setup(request).await,
            ("PLAY", Some(session)) => {
                let info = session.info(&self.device);
                Reply::ok().session(session).with("Range", "npt=now-").with("RTP-Info", &info).playing()
            }
            ("PAUSE", Some(session)) => {
                session.pause();
                Reply::ok().session(session)
            }
            ("TEARDOWN", Some(_)) => {
                self.session = None;
                Reply::ok()
            }
            ("GET_PARAMETER", Some(session)) => Reply::ok().session(session),
            ("SET_PARAMETER", session) => {
                if String::from_utf8_lossy(&request.body).to_ascii_lowercase().contains("renew-stream: yes") {
                    self.device.renew();
                }
                session.as_ref().map_or_else(Reply::ok, |session| Reply::ok().session(session))
            }
            ("GET_PARAMETER", None) => Reply::ok(),
            _ => Reply::new("455 Method Not Valid in This State"),
        }
    }

    /// The refusal of a request without the right credentials.
    fn refusal(&self, request: &Request) -> Option<Reply> {
        let (device, wrong) = (&self.device, self.device.faults().wrong_password);
        if device.identity.anonymous && !wrong {
            return None;
        }
        let verdict = device.gate.judge(&request.method, request.header("authorization"));
        let stale = verdict == Verdict::Stale;
        match verdict {
            Verdict::Welcome if !wrong => None,
            // Some clients keep the first nonce for a session's whole life.
            Verdict::Stale if !wrong && self.session.is_some() => None,
            _ => Some(
                Reply::new("401 Unauthorized").with("WWW-Authenticate", &device.gate.challenge(true, stale)),
            ),
        }
    }

    fn describe(&mut self, request: &Request) -> Reply {
        let (path, query) = request.target();
        let Some(address) = Address::of(path, query) else {
            return Reply::new("404 Not Found");
        };
        let Some(description) = describe::description(&self.device, &address.ask, query) else {
            return Reply::new("415 Unsupported Media Type");
        };
        self.asked = Some(query.to_owned());
        let garbage = self.device.faults().garbage_sdp;
        let body =
            if garbage { "\u{1}v=?\r\nm=vid\u{fffd}eo -1 x\r\na\r\n=\r\n".into() } else { description };
        let base = format!("{}/", describe::base(&self.device.identity));
        Reply { body, ..Reply::ok().with("Content-Type", "application/sdp").with("Content-Base", &base) }
    }

    async fn setup(&mut self, request: &Request) -> Reply {
        let (path, query) = request.target();
        let query = if query.is_empty() { self.asked.as_deref().unwrap_or_default() } else { query };
        let Some(Address { ask, stream }) = Address::of(path, query) else {
            return Reply::new("404 Not Found");
        };
        let tracks = ask.tracks(&self.device);
        let Some(kind) = tracks.get(stream.unwrap_or(0)).copied() else {
            return Reply::new("404 Not Found");
        };
        if self.session.as_ref().is_some_and(Session::playing) {
            return Reply::new("455 Method Not Valid in This State");
        }
        let transport = request.header("transport").unwrap_or_default();
        let url = request.uri.clone();
        let session = self.session.get_or_insert_with(Session::new);
        match session.add(&self.device, kind, url, transport, self.peer).await {
            Some(transport) => Reply::ok().session(session).with("Transport", &transport),
            None => Reply::new("461 Unsupported Transport"),
        }
    }
}

async fn write(writer: &mut OwnedWriteHalf, session: &mut Session) -> Result<(), Serve> {
    tokio::time::timeout(WRITE_PATIENCE, session.flush(writer)).await.map_err(|_| Serve::Stuck)??;
    Ok(())
}

/// An answer in the making.
struct Reply {
    status: &'static str,
    headers: Vec<(&'static str, String)>,
    body: String,
    play: bool,
}

impl Reply {
    fn new(status: &'static str) -> Self {
        Self { status, headers: Vec::new(), body: String::new(), play: false }
    }

    fn ok() -> Self {
        Self::new("200 OK")
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn session(self, session: &Session) -> Self {
        let value = format!("{};timeout=60", session.id);
        self.with("Session", &value)
    }

    fn playing(mut self) -> Self {
        self.play = true;
        self
    }
}
