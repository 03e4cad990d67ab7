//! HTTP/2 frames as broken and hostile clients send them (RFC 9113), written by hand.

use std::time::Duration;

use e2e::System;
use futures_util::future::join_all;

use super::raw::{LIMIT, exchange, healthy, noise, resident, tls};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A request's fields in HPACK (RFC 7541), nothing compressed. `method` is its index in the static table.
fn fields(method: u8, path: &str) -> Vec<u8> {
    let mut fields = vec![0x80 | method, 0x87, 0x04, path.len() as u8];
    fields.extend(path.as_bytes());
    fields.extend([0x01, 1, b'a']);
    fields
}

const GET: u8 = 2;
const POST: u8 = 3;

/// What is sent after the handshake: a beginning, and a piece so many times, made for the stream of its number.
struct Case {
    name: &'static str,
    begin: Vec<u8>,
    times: u32,
    piece: Box<dyn Fn(u32) -> Vec<u8> + Send>,
    /// Whether the site has to close the connection; else it may also refuse the streams.
    closes: bool,
}

fn cases() -> Vec<Case> {
    let hello = || [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat();
    let once =
        |name, begin: Vec<u8>| Case { name, begin, times: 0, piece: Box::new(|_| Vec::new()), closes: true };
    // One field of 4000 bytes put into the table, then named 15,000 times: 60 MB for 19 KB.
    let mut bomb = fields(GET, "/healthz");
    bomb.extend([0x40, 1, b'x', 0x7f, 0xa1, 0x1e]);
    bomb.extend([b'a'; 4000]);
    let mut first = vec![frame(HEADERS, END_STREAM, 1, &bomb)];
    first.push(frame(CONTINUATION, END_HEADERS, 1, &[0xbe; 15_000]));
    vec![
        once("a preface that stops", PREFACE[..8].to_vec()),
        once("no request after the preface", hello()),
        once("another protocol", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()),
        once("noise after the preface", [PREFACE, &noise(50_000)].concat()),
        once("a frame that is too large", [hello(), frame(DATA, 0, 1, &vec![0; 20_000])].concat()),
        once("data on a stream that is none", [hello(), frame(DATA, 0, 7, b"x")].concat()),
        once("fields that are none", [hello(), frame(HEADERS, END_HEADERS, 1, &[0xff; 100])].concat()),
        once("headers that do not end", [hello(), frame(HEADERS, 0, 1, &fields(GET, "/"))].concat()),
        Case {
            name: "headers that go on for ever",
            begin: [hello(), frame(HEADERS, END_STREAM, 1, &fields(GET, "/"))].concat(),
            times: 4000,
            piece: Box::new(|_| {
                let field = [&[0x00, 1, b'x', 0x7f, 0xa1, 0x1e][..], &[b'a'; 4000]].concat();
                frame(CONTINUATION, 0, 1, &field)
            }),
            closes: true,
        },
        Case {
            name: "streams begun and reset at once",
            begin: hello(),
            times: 20_000,
            piece: Box::new(|number| {
                let stream = number * 2 + 1;
                [
                    frame(HEADERS, END_HEADERS | END_STREAM, stream, &fields(GET, "/healthz")),
                    frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()),
                ]
                .concat()
            }),
            closes: true,
        },
        Case {
            name: "more streams than are taken",
            begin: hello(),
            times: 5_000,
            piece: Box::new(|number| {
                frame(HEADERS, END_HEADERS, number * 2 + 1, &fields(POST, "/v1/session"))
            }),
            closes: false,
        },
        Case {
            name: "fields that grow when they are read",
            begin: [hello(), first.concat()].concat(),
            times: 0,
            piece: Box::new(|_| Vec::new()),
            closes: false,
        },
        Case {
            name: "many pings and settings",
            begin: hello(),
            times: 50_000,
            piece: Box::new(|_| [frame(PING, 0, 0, &[0; 8]), frame(SETTINGS, 0, 0, &[])].concat()),
            closes: true,
        },
    ]
}

/// Kinds of the frames that came, and the status where one is in the static table.
fn frames(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let Some(head) = bytes.get(..9) {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let Some(payload) = bytes.get(9..9 + length) else { break };
        frames.push((head[3], payload.to_vec()));
        bytes = &bytes[9 + length..];
    }
    frames
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_are_not_for_it_end_the_connection_or_the_stream_in_bounded_time() {
    let system = System::start(vec![sim::CameraOptions::default()]).await;
    let client = &system.client;
    let before = resident();
    let tries = cases().into_iter().map(|case| async move {
        let stream = tls(client, b"h2").await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let Case { begin, piece, .. } = case;
        let pieces = std::iter::once(begin).chain((0..case.times).map(piece));
        let limit = if case.closes { LIMIT } else { Duration::from_secs(12) };
        (case.name, case.closes, exchange(stream, pieces, Duration::ZERO, limit).await)
    });
    for (name, closes, given) in join_all(tries).await {
        let frames = frames(&given.bytes);
        let refused = frames.iter().any(|(kind, _)| *kind == RST_STREAM)
            // 431 has no index in the static table: its digits are told, perhaps Huffman coded.
            || frames.iter().any(|(kind, payload)| *kind == HEADERS && payload.first() != Some(&0x88));
        assert!(given.closed || (!closes && refused), "{name}: still open, {} frames came", frames.len());
        let answered =
            frames.iter().any(|(kind, payload)| *kind == HEADERS && payload.first() == Some(&0x88));
        assert!(!answered || name == "streams begun and reset at once", "{name}: answered with 200");
    }
    let more = resident().saturating_sub(before);
    assert!(more < 100 << 20, "{more} bytes more");
    healthy(client).await;
    system.site.stop().await;
}
