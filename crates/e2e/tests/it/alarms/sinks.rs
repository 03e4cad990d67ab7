//! Where alarms go in these tests: an SMTP server (RFC 5321) and a web server of the tests' own, which keep what comes.

use std::{
    io::Write,
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

/// A mail server.
pub struct MailSink {
    pub address: SocketAddr,
    messages: mpsc::Receiver<String>,
}

/// A web server.
pub struct WebSink {
    pub address: SocketAddr,
    posts: mpsc::Receiver<Post>,
}

/// What was posted.
#[derive(Debug)]
pub struct Post {
    head: String,
    pub body: Vec<u8>,
}

impl Post {
    /// The value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

impl MailSink {
    /// Takes everything.
    pub async fn start() -> Self {
        Self::answering("235 welcome\r\n").await
    }

    /// Refuses every sign-in.
    pub async fn refusing() -> Self {
        Self::answering("535 wrong password\r\n").await
    }

    async fn answering(sign_in: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let address = listener.local_addr().expect("an address");
        let (sender, messages) = mpsc::channel(64);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, sign_in, sender.clone()));
            }
        });
        Self { address, messages }
    }

    /// The next session that brought a message: the client's lines, the message's text decoded.
    pub async fn next(&mut self, limit: Duration) -> String {
        tokio::time::timeout(limit, self.messages.recv()).await.expect("a mail in time").expect("a mail")
    }

    /// Whether no message waits.
    pub fn nothing_more(&mut self) -> bool {
        self.messages.try_recv().is_err()
    }
}

async fn talk(stream: TcpStream, sign_in: &str, messages: mpsc::Sender<String>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 sink\r\n").await.ok()?;
    let (mut session, mut in_message) = (String::new(), false);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        session.push_str(&line);
        let word = line.trim_end().split([' ', ':']).next().unwrap_or_default().to_uppercase();
        let answer = match word.as_str() {
            "." if in_message => {
                in_message = false;
                messages.send(unquoted(&std::mem::take(&mut session))).await.ok()?;
                "250 taken\r\n"
            }
            _ if in_message => continue,
            "EHLO" => "250-sink\r\n250 AUTH PLAIN\r\n",
            "AUTH" => sign_in,
            "DATA" => {
                in_message = true;
                "354 go on\r\n"
            }
            "QUIT" => return stream.write_all(b"221 bye\r\n").await.ok(),
            _ => "250 fine\r\n",
        };
        stream.write_all(answer.as_bytes()).await.ok()?;
    }
}

/// Quoted-printable (RFC 2045 section 6.7) undone, where a message has it. The texts of these tests are ASCII.
fn unquoted(session: &str) -> String {
    if !session.contains("quoted-printable") {
        return session.to_owned();
    }
    let joined = session.replace("=\r\n", "");
    let mut pieces = joined.split('=');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                text.push(char::from(byte));
                text.push_str(&piece[2..]);
            }
            None => {
                text.push('=');
                text.push_str(piece);
            }
        }
    }
    text
}

/// What a client that signs in by PLAIN (RFC 4616) sends.
pub fn plain(user: &str, password: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(format!("\0{user}\0{password}"))
}

impl WebSink {
    /// Takes everything but what goes to `/error`.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let address = listener.local_addr().expect("an address");
        let (sender, posts) = mpsc::channel(64);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(post) = read(&mut stream).await else { continue };
                let fails = post.head.starts_with("post /error ");
                let status = if fails { "500 Broken" } else { "204 Taken" };
                let answer = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
                if !fails && sender.send(post).await.is_err() {
                    return;
                }
            }
        });
        Self { address, posts }
    }

    /// The next message.
    pub async fn next(&mut self, limit: Duration) -> Post {
        tokio::time::timeout(limit, self.posts.recv()).await.expect("a post in time").expect("a post")
    }

    /// Whether no message waits.
    pub fn nothing_more(&mut self) -> bool {
        self.posts.try_recv().is_err()
    }
}

async fn read(stream: &mut TcpStream) -> Option<Post> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse::<usize>().ok()?;
        if bytes.len() - end - 4 == length {
            return Some(Post { head, body: bytes[end + 4..].to_vec() });
        }
    }
}

/// A port where nobody listens.
pub async fn closed_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    listener.local_addr().expect("an address").port()
}

/// A signature by a program that is not ours.
pub enum Sign {
    Made(String),
    NoTool,
}

/// What the signature header has to be, by openssl.
pub fn signature(secret: &str, body: &[u8]) -> Sign {
    let child = Command::new("openssl")
        .args(["dgst", "-sha256", "-hmac", secret, "-r"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else { return Sign::NoTool };
    child.stdin.take().expect("an input").write_all(body).expect("an open input");
    let output = child.wait_with_output().expect("openssl");
    let text = String::from_utf8_lossy(&output.stdout);
    Sign::Made(format!("sha256={}", text.split_whitespace().next().expect("a digest")))
}

/// All files of a directory with their bytes, without those under these names.
pub fn files(directory: &Path, without: &[&str]) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if without.contains(&&*name) {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path, without));
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).expect("a file")));
        }
    }
    found
}

/// Whether the text stands in the bytes, as it is, in hex digits or in base64.
pub fn holds(bytes: &[u8], text: &str) -> bool {
    use base64::Engine as _;
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let base64 = base64::engine::general_purpose::STANDARD_NO_PAD.encode(text);
    [text, &hex, &base64, &plain("site", text)]
        .iter()
        .any(|form| bytes.windows(form.len()).any(|window| window == form.as_bytes()))
}
