//! One connection to a directory: TLS before anything else, one question at a time, everything bounded in size and
//! count. Time is the caller's: every call may be dropped at any moment, and the connection with it.

use std::sync::Arc;

use model::Secret;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    Error, ber,
    filter::Filter,
    message::{self, Answer, Entry, Outcome, Scope, Search},
    settings::{Security, Server, Settings},
    tls::{self, Verifier},
};

/// No message of a server is longer.
pub(crate) const MAX_MESSAGE: usize = 1 << 20;
/// No search gives more bytes.
const MAX_ANSWER: usize = 16 << 20;
const PAGE: u32 = 500;
/// No search takes more pages.
const MAX_PAGES: usize = 64;
/// Seconds that a server may search.
const SECONDS: u32 = 5;

/// A protected connection.
pub(crate) struct Connection {
    stream: TlsStream<TcpStream>,
    /// What came and was not looked at yet.
    bytes: Vec<u8>,
    id: u32,
    server: String,
}

/// What a search found.
pub(crate) struct Found {
    pub entries: Vec<Entry>,
    /// There is more than was asked for.
    pub more: bool,
}

/// Connects, and protects the connection.
pub(crate) async fn open(
    settings: &Settings,
    server: &Server,
    verifier: &Arc<Verifier>,
) -> Result<Connection, Error> {
    let shown = format!("{}:{}", server.host, server.port);
    let connect = |source| Error::Connect { server: shown.clone(), source };
    let mut socket = TcpStream::connect((server.host.as_str(), server.port)).await.map_err(connect)?;
    socket.set_nodelay(true).map_err(connect)?;
    if settings.security == Security::StartTls {
        let mut bytes = Vec::new();
        socket.write_all(&message::start_tls(1)).await.map_err(connect)?;
        let (_, answer) = receive(&mut socket, &mut bytes, &shown).await?;
        // What came behind the answer was not protected: whoever put it there does not get it read as if it were.
        match answer {
            Answer::Extended(Outcome { code: Outcome::SUCCESS, .. }) if bytes.is_empty() => {}
            Answer::Extended(outcome) => {
                return Err(Error::StartTls { server: shown, reason: outcome.diagnostic });
            }
            _ => return Err(Error::Malformed { server: shown }),
        }
    }
    let name = ServerName::try_from(server.host.clone())
        .map_err(|_| Error::Settings(format!("{:?} is not the name of a server", server.host)))?;
    let connector = TlsConnector::from(Arc::new(verifier.client()?));
    let stream = connector.connect(name, socket).await.map_err(|error| {
        let reason = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref())
            .map_or_else(|| error.to_string(), tls::reason);
        Error::Tls { server: shown.clone(), reason, certificate: verifier.seen() }
    })?;
    Ok(Connection { stream, bytes: Vec::new(), id: 0, server: shown })
}

/// The next whole message.
async fn receive(
    stream: &mut (impl AsyncRead + Unpin),
    bytes: &mut Vec<u8>,
    server: &str,
) -> Result<(u32, Answer), Error> {
    let malformed = |_| Error::Malformed { server: server.to_owned() };
    loop {
        let length = ber::frame(bytes, MAX_MESSAGE).map_err(malformed)?;
        if let Some(length) = length.filter(|length| *length <= bytes.len()) {
            let rest = bytes.split_off(length);
            let message = std::mem::replace(bytes, rest);
            return message::read(&message).map_err(malformed);
        }
        let mut piece = [0; 16 << 10];
        let count = stream
            .read(&mut piece)
            .await
            .map_err(|source| Error::Connect { server: server.to_owned(), source })?;
        if count == 0 {
            let source = std::io::ErrorKind::UnexpectedEof.into();
            return Err(Error::Connect { server: server.to_owned(), source });
        }
        bytes.extend_from_slice(&piece[..count]);
    }
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> std::io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}

impl Connection {
    /// Which server it is.
    pub fn server(&self) -> &str {
        &self.server
    }

    async fn ask(&mut self, request: impl FnOnce(u32) -> Vec<u8>) -> Result<(), Error> {
        self.id += 1;
        let bytes = request(self.id);
        let sent = send(&mut self.stream, &bytes).await;
        sent.map_err(|source| Error::Connect { server: self.server.clone(), source })
    }

    /// The next answer to the question that was asked last.
    async fn answer(&mut self) -> Result<Answer, Error> {
        let (id, answer) = receive(&mut self.stream, &mut self.bytes, &self.server).await?;
        // Number 0 is the server saying good-bye (RFC 4511, 4.4.1).
        if id == self.id { Ok(answer) } else { Err(Error::Malformed { server: self.server.clone() }) }
    }

    /// Signs in; the server's answer. A name or password that is empty never gets there: that would be no sign-in at
    /// all, which servers answer with success (RFC 4513, 5.1.2).
    pub async fn bind(&mut self, name: &str, password: &Secret<String>) -> Result<Outcome, Error> {
        if name.is_empty() || password.expose().is_empty() {
            return Ok(Outcome { code: Outcome::INVALID_CREDENTIALS, diagnostic: String::new() });
        }
        self.ask(|id| message::bind(id, name, password.expose())).await?;
        match self.answer().await? {
            Answer::Bound(outcome) => Ok(outcome),
            _ => Err(Error::Malformed { server: self.server.clone() }),
        }
    }

    /// Entries that match, no more than `most`.
    pub async fn search(
        &mut self,
        base: &str,
        scope: Scope,
        filter: &Filter,
        attributes: &[&str],
        most: usize,
    ) -> Result<Found, Error> {
        let (mut found, mut size, mut next) = (Found { entries: Vec::new(), more: false }, 0, Vec::new());
        for _ in 0..MAX_PAGES {
            let page = PAGE.min(u32::try_from(most + 1).unwrap_or(PAGE));
            let cookie = std::mem::take(&mut next);
            let search = Search { base, scope, filter, attributes, seconds: SECONDS, page, cookie: &cookie };
            self.ask(|id| message::search(id, &search)).await?;
            let outcome = loop {
                match self.answer().await? {
                    Answer::Entry(entry) => {
                        size += entry.attributes.values().flatten().map(Vec::len).sum::<usize>()
                            + entry.name.len();
                        if size > MAX_ANSWER {
                            return Err(Error::TooMuch { server: self.server.clone() });
                        }
                        if found.entries.len() < most {
                            found.entries.push(entry);
                        } else {
                            found.more = true;
                        }
                    }
                    Answer::Elsewhere => {}
                    Answer::Done(outcome, cookie) => {
                        next = cookie;
                        break outcome;
                    }
                    _ => return Err(Error::Malformed { server: self.server.clone() }),
                }
            };
            match outcome.code {
                Outcome::SUCCESS if next.is_empty() => return Ok(found),
                Outcome::SUCCESS if found.entries.len() >= most => {
                    found.more = true;
                    return Ok(found);
                }
                Outcome::SUCCESS => {}
                Outcome::SIZE_LIMIT => {
                    found.more = true;
                    return Ok(found);
                }
                Outcome::NO_SUCH_OBJECT if matches!(scope, Scope::Base) => return Ok(found),
                code => {
                    return Err(Error::Search {
                        server: self.server.clone(),
                        code,
                        reason: outcome.diagnostic,
                    });
                }
            }
        }
        Err(Error::TooMuch { server: self.server.clone() })
    }
}
