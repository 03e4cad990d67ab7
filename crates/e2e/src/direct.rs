//! A camera's stream read without any site: what every delay is compared with.
//!
//! What is here: the least RTSP (RFC 2326) that plays a simulated camera's pictures over TCP, and the moment at which
//! each has arrived whole. What is not here: anything that the product uses.

use std::io;

use model::{WallTime, clock::wall_now};
use sim::stamp;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// A stream that plays.
pub struct Direct {
    stream: BufReader<TcpStream>,
    number: Option<u64>,
    packet: Vec<u8>,
}

impl Direct {
    /// Plays the pictures of a simulated camera that asks for no account.
    ///
    /// # Errors
    /// It does not answer as RTSP does.
    pub async fn play(url: &str) -> io::Result<Self> {
        let host = url.split('/').nth(2).unwrap_or_default();
        let mut stream = BufReader::with_capacity(64 << 10, TcpStream::connect(host).await?);
        let (_, sdp) = ask(&mut stream, "DESCRIBE", url, "Accept: application/sdp").await?;
        let pictures = sdp.split("m=video").nth(1).unwrap_or_default();
        let control = pictures.lines().find_map(|line| line.strip_prefix("a=control:"));
        let control = control.ok_or_else(|| io::Error::other("no pictures are described"))?.to_owned();
        let transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1";
        let (head, _) = ask(&mut stream, "SETUP", &control, transport).await?;
        let session = head.lines().find_map(|line| line.strip_prefix("Session: ")).unwrap_or_default();
        let session = format!("Session: {}", session.split(';').next().unwrap_or_default());
        ask(&mut stream, "PLAY", url, &session).await?;
        Ok(Self { stream, number: None, packet: Vec::new() })
    }

    /// The number of the next picture and when its last packet was here.
    ///
    /// # Errors
    /// The stream ended.
    pub async fn next(&mut self) -> io::Result<(u64, WallTime)> {
        loop {
            let mut head = [0; 4];
            self.stream.read_exact(&mut head).await?;
            let [b'$', channel, high, low] = head else { return Err(io::Error::other("no packet")) };
            self.packet.resize(usize::from(u16::from_be_bytes([high, low])), 0);
            self.stream.read_exact(&mut self.packet).await?;
            // RFC 3550, 5.1: a header of 12 bytes, the marker bit ends a picture.
            if channel != 0 || self.packet.len() < 13 {
                continue;
            }
            if let Some(stamp) = stamp::find(&self.packet[12..]) {
                self.number = Some(stamp.number);
            }
            if self.packet[1] & 0x80 != 0
                && let Some(number) = self.number.take()
            {
                return Ok((number, wall_now()));
            }
        }
    }
}

/// Asks and reads the answer: its head and its body.
async fn ask(
    stream: &mut BufReader<TcpStream>,
    method: &str,
    url: &str,
    header: &str,
) -> io::Result<(String, String)> {
    let request = format!("{method} {url} RTSP/1.0\r\nCSeq: 1\r\n{header}\r\n\r\n");
    stream.get_mut().write_all(request.as_bytes()).await?;
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    if !head.starts_with("RTSP/1.0 200") {
        return Err(io::Error::other(head));
    }
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    let mut body = vec![0; length.and_then(|text| text.parse().ok()).unwrap_or(0)];
    stream.read_exact(&mut body).await?;
    Ok((head, String::from_utf8_lossy(&body).into_owned()))
}
