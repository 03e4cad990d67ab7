//! RTSP servers that send something without end, as fast as they can: the session ends with a clear error, and this
//! process never grows by more than the limits allow. (That a process has not grown is read from `/proc`.)

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use camera::{
    Error, Kind,
    rtsp::{Input, Limits, Target, Transport, open},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
};

/// Two buffers of the library (it copies when it grows), a finished frame, and as much again for everything else.
const MOST_GROWTH: u64 = 32 << 20;

const LIMITS: Limits = Limits {
    open: Duration::from_secs(3),
    silence: Duration::from_secs(2),
    frame: 2 << 20,
    document: 1 << 16,
};

/// Where in the conversation the flood comes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// Instead of the answer to `DESCRIBE`.
    Describe,
    /// After the answer to `PLAY`, inside the connection.
    Play,
    /// After the answer to `PLAY`, as datagrams.
    Datagrams,
}

/// What a server floods with.
#[derive(Clone, Copy)]
struct Flood {
    what: &'static str,
    at: At,
    /// How the media are described.
    media: &'static str,
    /// What comes first; `CSEQ` stands for the request's number.
    first: &'static str,
    /// What is then sent again and again; for packets the RTP payload of the n-th.
    piece: fn(u32) -> Vec<u8>,
    /// The channel of the packets.
    channel: u8,
    /// What the session ends in.
    ends: fn(&Error) -> bool,
}

const OK: &str = "RTSP/1.0 200 OK\r\nCSeq: CSEQ\r\nContent-Type: application/sdp\r\n";
const H264: &str = "m=video 0 RTP/AVP 96\r\na=control:v\r\na=rtpmap:96 H264/90000\r\n\
    a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LADdkBQfsBEAAAAwAQAAADAyDxQqSA,aMuDyyA=\r\n";
const H265: &str = "m=video 0 RTP/AVP 96\r\na=control:v\r\na=rtpmap:96 H265/90000\r\n";
const EVENTS: &str = "m=video 0 RTP/AVP 96\r\na=control:v\r\na=rtpmap:96 H264/90000\r\n\
    a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LADdkBQfsBEAAAAwAQAAADAyDxQqSA,aMuDyyA=\r\n\
    m=application 0 RTP/AVP 98\r\na=control:e\r\na=rtpmap:98 vnd.onvif.metadata/90000\r\n";

/// What is dropped as it comes, so that any number of bytes may come.
const EMPTY_LINES: &str = "empty lines";

const DATAGRAM: usize = 8000;

fn too_much(error: &Error) -> bool {
    matches!(error, Error::TooMuch { .. }) && error.to_string().contains("sent more than is allowed")
}

fn after(start: &[u8], length: usize) -> Vec<u8> {
    let mut out = start.to_vec();
    out.resize(length, 0x55);
    out
}

/// Fragments of a NAL unit that never ends.
fn fragment_h264(n: u32) -> Vec<u8> {
    after(if n == 0 { &[0x7c, 0x85] } else { &[0x7c, 0x05] }, 60_000)
}

fn fragment_h265(n: u32) -> Vec<u8> {
    after(if n == 0 { &[49 << 1, 1, 0x93] } else { &[49 << 1, 1, 0x13] }, 60_000)
}

/// One that begins anew now and then, so that a lost datagram does not end the attack.
fn fragment_datagram(n: u32) -> Vec<u8> {
    after(if n.is_multiple_of(1024) { &[0x7c, 0x85] } else { &[0x7c, 0x05] }, DATAGRAM)
}

const FLOODS: [Flood; 12] = [
    Flood {
        what: "lines of headers",
        at: At::Describe,
        media: H264,
        first: OK,
        piece: |_| "X-A: b\r\n".repeat(1000).into_bytes(),
        channel: 0,
        ends: too_much,
    },
    Flood {
        what: "one header",
        at: At::Describe,
        media: H264,
        first: "RTSP/1.0 200 OK\r\nX-A: ",
        piece: |_| vec![b'b'; 60_000],
        channel: 0,
        ends: too_much,
    },
    Flood {
        what: "the first line",
        at: At::Describe,
        media: H264,
        first: "RTSP/1.0 200 ",
        piece: |_| vec![b'b'; 60_000],
        channel: 0,
        ends: too_much,
    },
    Flood {
        what: EMPTY_LINES,
        at: At::Describe,
        media: H264,
        first: "",
        piece: |_| b"\r\n".repeat(30_000),
        channel: 0,
        // Nothing of them is kept; but half of one at the end of a full buffer looks like a line that is too long.
        ends: |error| too_much(error) || error.kind() == Kind::Unreachable,
    },
    Flood {
        what: "a body of 2^60 bytes",
        at: At::Describe,
        media: H264,
        first: "RTSP/1.0 200 OK\r\nContent-Length: 1152921504606846976\r\n\r\n",
        piece: |_| vec![b'b'; 60_000],
        channel: 0,
        ends: too_much,
    },
    Flood {
        what: "a body of 2 MiB",
        at: At::Describe,
        media: H264,
        first: "RTSP/1.0 200 OK\r\nContent-Length: 2097152\r\n\r\n",
        piece: |_| vec![b'b'; 60_000],
        channel: 0,
        ends: too_much,
    },
    Flood {
        what: "an answer after the stream began",
        at: At::Play,
        media: H264,
        first: "RTSP/1.0 200 OK\r\nCSeq: 9\r\nX-A: ",
        piece: |_| Vec::new(),
        channel: b'b',
        ends: too_much,
    },
    Flood {
        what: "an H.264 frame",
        at: At::Play,
        media: H264,
        first: "",
        piece: fragment_h264,
        channel: 0,
        ends: too_much,
    },
    Flood {
        what: "an H.265 frame",
        at: At::Play,
        media: H265,
        first: "",
        piece: fragment_h265,
        channel: 0,
        ends: too_much,
    },
    Flood {
        what: "NAL units of one byte",
        at: At::Play,
        media: H264,
        first: "",
        piece: |_| [&[0x78][..], &[0, 1, 0x65].repeat(20_000)].concat(),
        channel: 0,
        ends: |error| error.to_string().contains("too many NAL units"),
    },
    Flood {
        what: "an H.264 frame in datagrams",
        at: At::Datagrams,
        media: H264,
        first: "",
        piece: fragment_datagram,
        channel: 0,
        // A datagram that is lost on a loaded machine costs the frame: then nothing is kept, and nothing comes.
        ends: |error| too_much(error) || error.kind() == Kind::Silent,
    },
    Flood {
        what: "a document of events",
        at: At::Play,
        media: EVENTS,
        first: "",
        piece: |_| vec![b'<'; 60_000],
        channel: 2,
        ends: |error| error.kind() == Kind::Silent,
    },
];

/// An RTP packet of one access unit that does not end.
fn packet(n: u32, payload: &[u8]) -> Vec<u8> {
    let [.., high, low] = n.to_be_bytes();
    // A new access unit with every new beginning of `fragment_datagram`.
    let [a, b, c, d] = (9000 + (n / 1024) * 3600).to_be_bytes();
    [&[0x80, 96, high, low, a, b, c, d, 1, 2, 3, 4], payload].concat()
}

fn framed(flood: &Flood, n: u32) -> Vec<u8> {
    match (flood.at, flood.channel) {
        (At::Describe, _) => (flood.piece)(n),
        (_, b'b') => vec![b'b'; 60_000],
        (_, channel) => {
            let mut packet = packet(n, &(flood.piece)(n));
            // One frame from beginning to end.
            packet[4..8].copy_from_slice(&9000_u32.to_be_bytes());
            let length = u16::try_from(packet.len()).unwrap().to_be_bytes();
            [&[b'$', channel, length[0], length[1]], &packet[..]].concat()
        }
    }
}

async fn serve(mut stream: TcpStream, flood: Flood, sent: Arc<AtomicU64>) -> std::io::Result<()> {
    let mut buffer = Vec::new();
    let mut channel = 0;
    let socket = even().await?;
    let mut client: Option<SocketAddr> = None;
    loop {
        let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else {
            let mut piece = [0; 4096];
            let read = stream.read(&mut piece).await?;
            if read == 0 {
                return Ok(());
            }
            buffer.extend_from_slice(&piece[..read]);
            continue;
        };
        let request = String::from_utf8_lossy(&buffer[..end]).into_owned();
        buffer.drain(..end + 4);
        let cseq = request.lines().find_map(|line| line.strip_prefix("CSeq: ")).unwrap_or("0").to_owned();
        let ok = format!("RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\n");
        let method = request.split(' ').next().unwrap_or_default();
        let answer = match method {
            "DESCRIBE" if flood.at == At::Describe => flood.first.replace("CSEQ", &cseq),
            "DESCRIBE" => {
                let sdp = format!("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\n{}", flood.media);
                format!("{ok}Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}", sdp.len())
            }
            "SETUP" => {
                let ports = request.split("client_port=").nth(1).and_then(|rest| rest.split('-').next());
                let transport = if let Some(Ok(port)) = ports.map(str::parse::<u16>) {
                    client = Some(([127, 0, 0, 1], port).into());
                    let own = socket.local_addr()?.port();
                    format!(
                        "RTP/AVP/UDP;unicast;client_port={port}-{};server_port={own}-{}",
                        port + 1,
                        own + 1
                    )
                } else {
                    channel += 2;
                    format!("RTP/AVP/TCP;unicast;interleaved={}-{}", channel - 2, channel - 1)
                };
                format!("{ok}Transport: {transport}\r\nSession: 1;timeout=60\r\n\r\n")
            }
            "PLAY" => format!("{ok}Session: 1\r\n\r\n{}", flood.first),
            _ => format!("{ok}\r\n"),
        };
        stream.write_all(answer.as_bytes()).await?;
        match (method, flood.at) {
            ("DESCRIBE", At::Describe) | ("PLAY", At::Play) => {
                for n in 0.. {
                    let piece = framed(&flood, n);
                    stream.write_all(&piece).await?;
                    sent.fetch_add(piece.len() as u64, Ordering::Relaxed);
                }
            }
            ("PLAY", At::Datagrams) => {
                let mut every = tokio::time::interval(Duration::from_millis(1));
                for n in 0..100_000 {
                    if n % 4 == 0 {
                        every.tick().await;
                    }
                    let packet = packet(n, &(flood.piece)(n));
                    if let Some(client) = client {
                        let _ = socket.send_to(&packet, client).await;
                    }
                    sent.fetch_add(packet.len() as u64, Ordering::Relaxed);
                }
            }
            _ => {}
        }
    }
}

/// A socket for RTP: its port is even (RFC 3550, 11).
async fn even() -> std::io::Result<UdpSocket> {
    loop {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        if socket.local_addr()?.port().is_multiple_of(2) {
            return Ok(socket);
        }
    }
}

/// What a session with this server ends in, and how many bytes were sent until then.
async fn meet(flood: Flood) -> (Error, u64) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let sent = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&sent);
    let server = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = serve(stream, flood, Arc::clone(&counted)).await;
        }
    });
    let transport = if flood.at == At::Datagrams { Transport::Udp } else { Transport::Tcp };
    let target =
        Target { transport, events: true, ..Target::parse(&format!("rtsp://127.0.0.1:{port}/x")).unwrap() };
    let session = async {
        let mut session = match open(&target, LIMITS).await {
            Err(error) => return error,
            Ok(session) => session,
        };
        loop {
            match session.next().await {
                Err(error) => return error,
                Ok(Input::Sample(_)) => panic!("{}: a frame", flood.what),
                Ok(_) => {}
            }
        }
    };
    let error = tokio::time::timeout(Duration::from_secs(60), session)
        .await
        .unwrap_or_else(|_| panic!("{}: the session goes on and on", flood.what));
    server.abort();
    (error, sent.load(Ordering::Relaxed))
}

/// The most memory that this process ever had, in bytes.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_ends_costs_a_camera_its_session_and_the_site_no_memory() {
    let before = peak();
    for flood in FLOODS {
        let (error, sent) = meet(flood).await;
        assert!((flood.ends)(&error), "{}: {:?}: {error}", flood.what, error.kind());
        let most = if too_much(&error) && flood.what != EMPTY_LINES { 64 << 20 } else { u64::MAX };
        assert!(sent < most, "{}: {sent} bytes were sent", flood.what);
        println!("{}: {} KiB sent, then: {error}", flood.what, sent >> 10);
    }
    match (before, peak()) {
        (Some(before), Some(after)) => {
            let growth = after - before;
            println!("the process grew by {} KiB", growth >> 10);
            assert!(growth < MOST_GROWTH, "the process grew by {} KiB", growth >> 10);
        }
        _ => super::skip("/proc does not tell how much memory a process has"),
    }
}
