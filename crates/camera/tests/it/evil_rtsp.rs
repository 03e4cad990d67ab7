//! RTSP servers that mean harm, or are broken: a clear error in bounded time, whatever they send.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use camera::{
    Error, Kind,
    rtsp::{Limits, Target, Transport, open},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const SDP: &str = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=control:v\r\n\
    a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LADdkBQfsBEAAAAwAQAAADAyDxQqSA,aMuDyyA=\r\n";

/// What a server does.
#[derive(Clone)]
struct Script {
    /// The whole answer to `DESCRIBE`, but for `CSEQ`; empty: as it should be.
    describe: Vec<u8>,
    sdp: String,
    /// What follows the answer to `PLAY`.
    media: Vec<u8>,
    /// Whether `media` is sent again and again, a piece a millisecond.
    endless: bool,
    /// Whether the connection is closed after that.
    close: bool,
}

impl Default for Script {
    fn default() -> Self {
        Self { describe: Vec::new(), sdp: SDP.to_owned(), media: Vec::new(), endless: false, close: false }
    }
}

async fn serve(mut stream: TcpStream, script: Arc<Script>) -> std::io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let read = stream.read(&mut piece).await?;
        if read == 0 {
            return Ok(());
        }
        buffer.extend_from_slice(&piece[..read]);
        let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let request = String::from_utf8_lossy(&buffer[..end]).into_owned();
        buffer.drain(..end + 4);
        let cseq = request.lines().find_map(|line| line.strip_prefix("CSeq: ")).unwrap_or("0").to_owned();
        let ok = format!("RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\n");
        match request.split(' ').next().unwrap_or_default() {
            "DESCRIBE" if script.describe.is_empty() => {
                let length = script.sdp.len();
                let head = format!("{ok}Content-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n");
                stream.write_all(format!("{head}{}", script.sdp).as_bytes()).await?;
            }
            "DESCRIBE" => {
                let text = String::from_utf8_lossy(&script.describe).replace("CSEQ", &cseq);
                stream.write_all(text.as_bytes()).await?;
                repeat(&mut stream, &script, text.as_bytes()).await?;
            }
            "SETUP" => {
                let transport =
                    "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1;timeout=60\r\n\r\n";
                stream.write_all(format!("{ok}{transport}").as_bytes()).await?;
            }
            "PLAY" => {
                stream.write_all(format!("{ok}Session: 1\r\n\r\n").as_bytes()).await?;
                stream.write_all(&script.media).await?;
                repeat(&mut stream, &script, &script.media).await?;
                if script.close {
                    return Ok(());
                }
            }
            _ => stream.write_all(format!("{ok}\r\n").as_bytes()).await?,
        }
    }
}

async fn repeat(stream: &mut TcpStream, script: &Script, piece: &[u8]) -> std::io::Result<()> {
    let mut every = tokio::time::interval(Duration::from_millis(1));
    for _ in 0..10_000 {
        if !script.endless {
            break;
        }
        every.tick().await;
        let tail = piece.len().saturating_sub(4096);
        stream.write_all(&piece[tail..]).await?;
    }
    Ok(())
}

const LIMITS: Limits = Limits {
    open: Duration::from_millis(1500),
    silence: Duration::from_millis(1000),
    frame: 1 << 20,
    document: 1 << 16,
};

/// What a session with this server ends in.
async fn meet(script: Script) -> Error {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let script = Arc::new(script);
    let server = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let script = Arc::clone(&script);
            tokio::spawn(async move {
                let _ = serve(stream, script).await;
            });
        }
    });
    let target = Target::parse(&format!("rtsp://root:hunter2@127.0.0.1:{port}/x")).unwrap();
    let began = Instant::now();
    let error = match open(&target, LIMITS).await {
        Err(error) => error,
        Ok(mut session) => loop {
            assert!(began.elapsed() < Duration::from_secs(10), "the session goes on and on");
            if let Err(error) = session.next().await {
                break error;
            }
        },
    };
    server.abort();
    assert!(began.elapsed() < Duration::from_secs(10), "{error} took {:?}", began.elapsed());
    assert!(!error.to_string().contains("hunter2") && error.to_string().len() < 600, "{error}");
    error
}

/// An RTP packet inside the RTSP connection.
fn rtp(sequence: u16, timestamp: u32, mark: bool, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![b'$', 0];
    out.extend_from_slice(&u16::try_from(12 + payload.len()).unwrap().to_be_bytes());
    out.extend_from_slice(&[0x80, 96 | u8::from(mark) << 7]);
    out.extend_from_slice(&sequence.to_be_bytes());
    out.extend_from_slice(&timestamp.to_be_bytes());
    out.extend_from_slice(&[1, 2, 3, 4]);
    out.extend_from_slice(payload);
    out
}

fn describe(text: &str) -> Script {
    Script { describe: text.as_bytes().to_vec(), ..Script::default() }
}

fn media(pieces: &[Vec<u8>]) -> Script {
    Script { media: pieces.concat(), ..Script::default() }
}

#[tokio::test]
async fn broken_answers_to_describe_are_errors() {
    let ok = "RTSP/1.0 200 OK\r\nCSeq: CSEQ\r\nContent-Type: application/sdp\r\n";
    let sdp = |sdp: &str| Script { sdp: sdp.to_owned(), ..Script::default() };
    let many = format!("v=0\r\ns=x\r\nt=0 0\r\n{}", "m=video 0 RTP/AVP 26\r\n".repeat(5000));
    for (what, script, kinds) in [
        (
            "a body of 2^60 bytes",
            describe(&format!("{ok}Content-Length: 1152921504606846976\r\n\r\nx")),
            &[Kind::Unexpected][..],
        ),
        ("a negative body", describe(&format!("{ok}Content-Length: -1\r\n\r\n")), &[Kind::Unexpected]),
        (
            "nothing",
            Script { describe: b" ".to_vec(), ..Script::default() },
            &[Kind::Unreachable, Kind::Unexpected],
        ),
        ("an HTTP server", describe("HTTP/1.1 200 OK\r\n\r\n"), &[Kind::Unexpected]),
        ("zeros", Script { describe: vec![0; 5000], ..Script::default() }, &[Kind::Unexpected]),
        ("another CSeq", describe("RTSP/1.0 200 OK\r\nCSeq: 77\r\n\r\n"), &[Kind::Unexpected]),
        (
            "a redirection",
            describe("RTSP/1.0 302 Moved\r\nCSeq: CSEQ\r\nLocation: rtsp://127.0.0.2/\r\n\r\n"),
            &[Kind::Unexpected],
        ),
        ("not found", describe("RTSP/1.0 404 Not Found\r\nCSeq: CSEQ\r\n\r\n"), &[Kind::NoStream]),
        (
            "never the right password",
            describe(
                "RTSP/1.0 401 No\r\nCSeq: CSEQ\r\nWWW-Authenticate: Digest realm=\"a\", nonce=\"b\"\r\n\r\n",
            ),
            &[Kind::RefusedPassword],
        ),
        (
            "a challenge that is none",
            describe("RTSP/1.0 401 No\r\nCSeq: CSEQ\r\nWWW-Authenticate: Digest \"\r\n\r\n"),
            &[Kind::RefusedPassword],
        ),
        ("no SDP", sdp("<html></html>"), &[Kind::Unexpected]),
        (
            "an SDP without streams",
            sdp("v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=x\r\nt=0 0\r\n"),
            &[Kind::NoStream],
        ),
        ("5000 streams", sdp(&many), &[Kind::NoStream, Kind::Unexpected]),
        (
            "headers without end",
            Script { endless: true, ..describe(&format!("{ok}{}", "X-A: b\r\n".repeat(512))) },
            &[Kind::Unexpected],
        ),
        (
            "a header without end",
            Script { endless: true, ..describe(&format!("{ok}X-A: {}", "b".repeat(4096))) },
            &[Kind::Unexpected],
        ),
    ] {
        let error = meet(script).await;
        assert!(kinds.contains(&error.kind()), "{what}: {:?}: {error}", error.kind());
    }
}

#[tokio::test]
async fn broken_media_end_the_session() {
    let fragment = |sequence, start: u8, payload: &[u8]| {
        rtp(sequence, 9000, false, &[&[0x7c, start | 5], payload].concat())
    };
    let key = rtp(1, 9000, true, &[&[0x65, 0x88][..], &[0x55; 100]].concat());
    for (what, script, kinds) in [
        ("nothing", media(&[]), &[Kind::Silent][..]),
        ("the end", Script { close: true, ..media(&[]) }, &[Kind::Ended]),
        (
            "the end in a packet",
            Script { close: true, ..media(&[key.clone(), b"$\0\xff\xffx".to_vec()]) },
            &[Kind::Ended, Kind::Unexpected],
        ),
        (
            "a packet that is too long for what follows",
            media(&[key.clone(), b"$\0\xff\xff".to_vec()]),
            &[Kind::Silent],
        ),
        ("another RTP version", media(&[b"$\0\0\x0c\0\0\0\0\0\0\0\0\0\0\0\0".to_vec()]), &[Kind::Unexpected]),
        ("an empty packet", media(&[b"$\0\0\0".to_vec()]), &[Kind::Unexpected]),
        ("a fragment that ends before it began", media(&[fragment(1, 0x40, &[1; 50])]), &[Kind::Unexpected]),
        ("a fragment without content", media(&[rtp(1, 9000, true, &[0x7c])]), &[Kind::Unexpected]),
        (
            "a fragment cut by another frame",
            media(&[fragment(1, 0x80, &[1; 50]), rtp(2, 12_600, true, &[0x65, 1])]),
            &[Kind::Unexpected, Kind::Silent],
        ),
        (
            "an aggregate that lies about lengths",
            media(&[rtp(1, 9000, true, &[0x78, 0xff, 0xff, 1])]),
            &[Kind::Unexpected],
        ),
        (
            "parameter sets of nonsense",
            media(&[
                rtp(1, 9000, false, &[0x67, 0xff, 0xff, 0xff, 1]),
                rtp(2, 9000, false, &[0x68, 0xff]),
                rtp(3, 9000, true, &[0x65, 1]),
            ]),
            &[Kind::Unexpected],
        ),
        (
            "a request",
            media(&[b"REDIRECT rtsp://127.0.0.2/ RTSP/1.0\r\nCSeq: 5\r\n\r\n".to_vec()]),
            &[Kind::Silent, Kind::Unexpected],
        ),
        (
            "an answer to nothing",
            media(&[b"RTSP/1.0 200 OK\r\nCSeq: 99\r\n\r\n".to_vec()]),
            &[Kind::Unexpected],
        ),
        ("text", media(&[b"hello\r\n\r\n".to_vec()]), &[Kind::Unexpected]),
        ("zeros without end", Script { endless: true, ..media(&[vec![0; 4096]]) }, &[Kind::Unexpected]),
        (
            "data on channels that nobody asked for",
            Script { endless: true, ..media(&[b"$\x09\0\x04abcd".to_vec()]) },
            &[Kind::Silent],
        ),
        (
            "reports of nonsense",
            media(&[b"$\x01\0\x08\x80\xc8\xff\xff\0\0\0\0".to_vec()]),
            &[Kind::Unexpected, Kind::Silent],
        ),
    ] {
        let error = meet(script).await;
        assert!(kinds.contains(&error.kind()), "{what}: {:?}: {error}", error.kind());
    }
}

#[tokio::test]
async fn a_frame_that_never_ends_or_is_too_long_is_an_error() {
    let mut pieces = vec![rtp(1, 9000, false, &[0x7c, 0x85, 1])];
    pieces.extend((2..90).map(|n| rtp(n, 9000, false, &[&[0x7c, 5][..], &[0x55; 10_000]].concat())));
    let error = meet(media(&pieces)).await;
    assert_eq!(error.kind(), Kind::Silent, "{error}");
    pieces.extend((90..200).map(|n| rtp(n, 9000, false, &[&[0x7c, 5][..], &[0x55; 10_000]].concat())));
    let error = meet(media(&pieces)).await;
    assert!(matches!(error, Error::TooMuch { .. }), "{error}");
    assert!(error.to_string().contains("an unfinished frame is longer than 1048576 bytes"), "{error}");
}

#[tokio::test]
async fn random_bytes_in_every_place_end_in_an_error() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut meetings = Vec::new();
    for round in 0..60_u16 {
        let mut pieces = Vec::new();
        for n in 0..20_u16 {
            let length = usize::try_from(random() % 60).unwrap();
            let payload: Vec<u8> = (0..length).map(|_| random().to_le_bytes()[3]).collect();
            let step = u16::try_from(random() % 4).unwrap();
            let mut packet =
                rtp(n * step, u32::try_from(random() >> 33).unwrap(), random() % 2 == 0, &payload);
            if round % 3 == 0 {
                packet[1] = random().to_le_bytes()[1] % 3;
            }
            if round % 7 == 0 {
                let at = usize::try_from(random() % packet.len() as u64).unwrap();
                packet[at] ^= random().to_le_bytes()[2];
            }
            pieces.push(packet);
        }
        meetings.push(meet(Script { close: true, ..media(&pieces) }));
    }
    for error in futures_util::future::join_all(meetings).await {
        assert!(
            matches!(error.kind(), Kind::Unexpected | Kind::Ended | Kind::Silent),
            "{:?}: {error}",
            error.kind()
        );
    }
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    for transport in [Transport::Tcp, Transport::Udp] {
        let target = Target { transport, ..Target::parse(&format!("rtsp://127.0.0.1:{port}/")).unwrap() };
        let error = open(&target, LIMITS).await.err().expect("nobody there");
        assert_eq!(error.kind(), Kind::Unreachable, "{error}");
    }
}
