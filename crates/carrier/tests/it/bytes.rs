//! Frames survive being written and read, and no bytes break a link.

use std::time::Instant;

use bytes::Bytes;
use carrier::{
    Limits, Link, Role, StreamId,
    frame::{Frame, HEADER, Kind, MAX_PAYLOAD},
};
use proptest::prelude::*;

fn kind() -> impl Strategy<Value = Kind> {
    use Kind::{Answer, Credit, Data, Hello, Open, Ping, Pong, Reset};
    prop::sample::select(vec![Hello, Open, Answer, Data, Credit, Reset, Ping, Pong])
}

proptest! {
    #[test]
    fn a_frame_is_read_as_it_was_written(
        kind in kind(),
        flags: u8,
        stream: u32,
        number: u32,
        payload in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let frame = Frame { kind, flags, stream: StreamId(stream), number, payload: payload.into() };
        let bytes = frame.to_bytes();
        prop_assert_eq!(bytes.len(), HEADER + frame.payload.len());
        prop_assert_eq!(Frame::parse(&bytes).unwrap(), frame);
    }

    #[test]
    fn whatever_comes_a_link_answers_or_ends(
        role in prop::sample::select(vec![Role::Client, Role::Site]),
        frames in prop::collection::vec(
            (kind(), any::<u8>(), 0u32..6, 0u32..6, prop::collection::vec(any::<u8>(), 0..40)), 0..60,
        ),
    ) {
        let now = Instant::now();
        let limits = Limits { window: 16 << 10, streams: 4 };
        let mut link = Link::new(role, limits, "test", now);
        let mut other = Link::new(Role::Site, limits, "test", now);
        let (_, hello) = other.poll_transmit(now).unwrap();
        link.handle_message(&hello, now).unwrap();
        for (kind, flags, stream, number, payload) in frames {
            let payload = match kind {
                Kind::Open => Bytes::from_static(b"\0\x1d{\"method\":\"GET\",\"path\":\"/a\"}rest"),
                Kind::Answer => Bytes::from_static(b"\0\x0e{\"status\":200}rest"),
                _ => payload.into(),
            };
            let frame = Frame { kind, flags, stream: StreamId(stream), number, payload };
            if link.handle_message(&frame.to_bytes(), now).is_err() {
                break;
            }
            for stream in 0..6 {
                let _ = link.recv(StreamId(stream));
            }
            while let Some((_, bytes)) = link.poll_transmit(now) {
                prop_assert!(bytes.len() <= HEADER + MAX_PAYLOAD);
            }
        }
    }
}
