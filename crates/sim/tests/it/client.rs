//! A small RTSP client over TCP: requests, interleaved packets, and frames put together again.
//!
//! Written for these tests only, from the RFCs; it wants everything exactly right, which is the point.

use sim::stamp::{self, Stamp};
use std::collections::HashMap;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

const DEADLINE: Duration = Duration::from_secs(20);

/// An answer.
pub struct Reply {
    pub status: u16,
    pub headers: HashMap<String, String>,
    pub body: String,
}

/// An interleaved packet.
pub struct Packet {
    pub channel: u8,
    pub bytes: Vec<u8>,
}

impl Packet {
    pub fn is_rtp(&self) -> bool {
        self.channel.is_multiple_of(2)
    }

    pub fn sequence(&self) -> u16 {
        u16::from_be_bytes([self.bytes[2], self.bytes[3]])
    }

    pub fn timestamp(&self) -> u32 {
        u32::from_be_bytes(self.bytes[4..8].try_into().unwrap())
    }

    pub fn payload(&self) -> &[u8] {
        &self.bytes[12..]
    }

    fn marker(&self) -> bool {
        self.bytes[1] & 0x80 != 0
    }
}

/// A frame put together.
#[derive(Debug, Clone)]
pub struct Frame {
    pub nals: Vec<Vec<u8>>,
    pub timestamp: u32,
    pub stamp: Stamp,
}

impl Frame {
    pub fn is_key(&self, h265: bool) -> bool {
        self.nals.iter().any(|nal| if h265 { (16..=21).contains(&(nal[0] >> 1)) } else { nal[0] & 31 == 5 })
    }

    /// As Annex B.
    pub fn annex_b(&self) -> Vec<u8> {
        self.nals.iter().flat_map(|nal| [&[0, 0, 0, 1], nal.as_slice()].concat()).collect()
    }
}

/// A sender report: NTP time in µs since 1970, and the RTP time of the same moment.
pub struct Report {
    pub wall_us: i64,
    pub timestamp: u32,
}

pub struct Client {
    stream: TcpStream,
    input: Vec<u8>,
    sequence: u32,
    pub session: Option<String>,
    pub url: String,
}

impl Client {
    pub async fn connect(url: &str) -> std::io::Result<Self> {
        let host = url.split('/').nth(2).unwrap();
        let stream = TcpStream::connect(host).await?;
        Ok(Self { stream, input: Vec::new(), sequence: 0, session: None, url: url.to_owned() })
    }

    /// Connects, describes, sets up all streams interleaved and plays.
    pub async fn play(url: &str) -> Self {
        Self::connect(url).await.unwrap().start().await
    }

    /// The same with a receive buffer that a few packets fill.
    pub async fn play_with_small_buffer(url: &str) -> Self {
        let host = url.split('/').nth(2).unwrap().parse().unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(16 * 1024).unwrap();
        let stream = socket.connect(host).await.unwrap();
        let client = Self { stream, input: Vec::new(), sequence: 0, session: None, url: url.to_owned() };
        client.start().await
    }

    async fn start(self) -> Self {
        let mut client = self;
        let url = client.url.clone();
        let url = url.as_str();
        let description = client.request("DESCRIBE", url, &[("Accept", "application/sdp")]).await;
        assert_eq!(description.status, 200);
        let controls: Vec<_> =
            description.body.lines().filter_map(|line| line.strip_prefix("a=control:")).skip(1).collect();
        for (i, control) in controls.iter().enumerate() {
            let transport = format!("RTP/AVP/TCP;unicast;interleaved={}-{}", 2 * i, 2 * i + 1);
            let reply = client.request("SETUP", control, &[("Transport", &transport)]).await;
            assert_eq!(reply.status, 200);
        }
        assert_eq!(client.request("PLAY", url, &[("Range", "npt=0-")]).await.status, 200);
        client
    }

    pub async fn send(&mut self, method: &str, url: &str, headers: &[(&str, &str)]) {
        self.sequence += 1;
        let mut text = format!("{method} {url} RTSP/1.0\r\nCSeq: {}\r\n", self.sequence);
        if let Some(session) = &self.session {
            text += &format!("Session: {session}\r\n");
        }
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        self.stream.write_all((text + "\r\n").as_bytes()).await.unwrap();
    }

    /// Sends a request with text parameters.
    pub async fn send_with_body(&mut self, method: &str, url: &str, body: &[u8]) {
        self.sequence += 1;
        let session = self.session.as_deref().unwrap_or_default();
        let head = format!(
            "{method} {url} RTSP/1.0\r\nCSeq: {}\r\nSession: {session}\r\nContent-Type: text/parameters\r\n\
             Content-Length: {}\r\n\r\n",
            self.sequence,
            body.len()
        );
        self.stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    }

    /// The frames that follow the answer to the request just sent.
    pub async fn frames_after_reply(&mut self, count: usize) -> Vec<Frame> {
        assert_eq!(self.reply().await.unwrap().status, 200);
        self.frames(count, false).await
    }

    pub async fn request(&mut self, method: &str, url: &str, headers: &[(&str, &str)]) -> Reply {
        self.send(method, url, headers).await;
        let reply = self.reply().await.expect("an answer");
        assert_eq!(reply.headers.get("cseq"), Some(&self.sequence.to_string()));
        if let Some(session) = reply.headers.get("session") {
            assert!(session.ends_with(";timeout=60"));
            self.session = session.split(';').next().map(str::to_owned);
        }
        reply
    }

    /// The next answer; packets before it are thrown away.
    async fn reply(&mut self) -> Option<Reply> {
        loop {
            if self.input.first() == Some(&b'$') {
                self.packet().await?;
                continue;
            }
            let Some(end) = self.input.windows(4).position(|four| four == b"\r\n\r\n") else {
                self.more().await?;
                continue;
            };
            let head = String::from_utf8(self.input.drain(..end + 4).collect()).unwrap();
            let mut lines = head.trim_end().split("\r\n");
            let status = lines.next().unwrap().strip_prefix("RTSP/1.0 ").unwrap()[..3].parse().unwrap();
            let headers: HashMap<_, _> = lines
                .map(|line| line.split_once(": ").unwrap())
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect();
            let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
            while self.input.len() < length {
                self.more().await?;
            }
            let body = String::from_utf8_lossy(&self.input[..length]).into_owned();
            self.input.drain(..length);
            return Some(Reply { status, headers, body });
        }
    }

    /// The next packet; `None` when the connection has ended.
    pub async fn packet(&mut self) -> Option<Packet> {
        loop {
            if let [mark, channel, high, low, ..] = self.input[..] {
                assert_eq!(mark, b'$', "interleaved framing");
                let end = 4 + usize::from(u16::from_be_bytes([high, low]));
                if self.input.len() >= end {
                    let bytes = self.input.drain(..end).skip(4).collect();
                    return Some(Packet { channel, bytes });
                }
            }
            self.more().await?;
        }
    }

    /// All bytes that have come by the next read, raw.
    pub async fn raw(&mut self) -> Option<Vec<u8>> {
        if self.input.is_empty() {
            self.more().await?;
        }
        Some(std::mem::take(&mut self.input))
    }

    async fn more(&mut self) -> Option<()> {
        let read = tokio::time::timeout(DEADLINE, self.stream.read_buf(&mut self.input));
        match read.await.expect("something within the deadline") {
            Ok(read) if read > 0 => Some(()),
            _ => None,
        }
    }

    /// The next complete frame of the first stream, and the last sender report before its end.
    pub async fn frame(&mut self, h265: bool) -> Option<(Frame, Option<Report>)> {
        let mut report = None;
        let mut nals: Vec<Vec<u8>> = Vec::new();
        loop {
            let packet = self.packet().await?;
            if packet.channel == 1 {
                report = Some(sender_report(&packet.bytes));
            }
            if packet.channel != 0 {
                continue;
            }
            let payload = packet.payload();
            match (h265, payload[0] & 31, payload[0] >> 1 & 63) {
                (false, 28, _) => {
                    if payload[1] & 0x80 != 0 {
                        nals.push(vec![payload[0] & 0xe0 | payload[1] & 31]);
                    }
                    nals.last_mut().unwrap().extend_from_slice(&payload[2..]);
                }
                (true, _, 49) => {
                    if payload[2] & 0x80 != 0 {
                        nals.push(vec![payload[0] & 0x81 | (payload[2] & 63) << 1, payload[1]]);
                    }
                    nals.last_mut().unwrap().extend_from_slice(&payload[3..]);
                }
                _ => nals.push(payload.to_vec()),
            }
            if packet.marker() {
                let stamp = nals.iter().find_map(|nal| stamp::find(nal)).expect("a stamp in every frame");
                return Some((Frame { nals, timestamp: packet.timestamp(), stamp }, report));
            }
        }
    }

    pub async fn frames(&mut self, count: usize, h265: bool) -> Vec<Frame> {
        let mut frames = Vec::with_capacity(count);
        while frames.len() < count {
            frames.push(self.frame(h265).await.expect("a frame").0);
        }
        frames
    }

    /// Waits for the peer to close.
    pub async fn ended(&mut self) {
        while self.raw().await.is_some() {}
    }
}

fn sender_report(bytes: &[u8]) -> Report {
    assert_eq!(bytes[..4], [0x80, 200, 0, 6]);
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    let seconds = i64::from(number(8)) - 2_208_988_800;
    let us = (u64::from(number(12)) * 1_000_000) >> 32;
    assert_eq!(bytes[28..30], [0x81, 202], "a source description follows");
    assert_eq!(bytes.len(), 28 + 4 + 4 * usize::from(u16::from_be_bytes([bytes[30], bytes[31]])));
    Report { wall_us: seconds * 1_000_000 + us as i64, timestamp: number(16) }
}
