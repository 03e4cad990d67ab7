//! Messages in a stream, and what a stream is.
//!
//! What is here: where the next message of a TCP or TLS connection ends (RFC 8656 section 12.5, RFC 8489 section 6.2.2), and by
//! its first byte what a connection speaks.
//! What is not here: buffers and sockets; what a message says.

/// Longest message that is taken from a stream, header included: ChannelData of 65,535 bytes, padded.
pub const MAX_FRAME: usize = 4 + 65_536;
/// Longest STUN message that is no Send indication. Requests of clients are a few hundred bytes.
pub const MAX_REQUEST: usize = 2_048;

/// The stream carries something that is neither STUN nor ChannelData, or a message of impossible length.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("neither STUN nor ChannelData")]
pub struct NotTurn;

/// One message at the front of a buffer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Frame {
    /// Bytes of the message.
    pub message: usize,
    /// Bytes until the next one: ChannelData is padded to four.
    pub whole: usize,
}

/// The message at the front of `buffer`; nothing where it is not there to its end.
///
/// # Errors
/// [`NotTurn`]: the connection is to be closed.
pub fn next(buffer: &[u8]) -> Result<Option<Frame>, NotTurn> {
    let &[first, _, high, low, ..] = buffer else {
        return match buffer.first() {
            Some(0x80..) => Err(NotTurn),
            _ => Ok(None),
        };
    };
    let length = usize::from(u16::from_be_bytes([high, low]));
    let frame = match first {
        0x00..=0x3f => {
            let cookie = buffer.get(4..8.min(buffer.len())).unwrap_or_default();
            if !length.is_multiple_of(4) || !COOKIE.starts_with(cookie) {
                return Err(NotTurn);
            }
            Frame { message: 20 + length, whole: 20 + length }
        }
        0x40..=0x7f => Frame { message: 4 + length, whole: 4 + length.next_multiple_of(4) },
        _ => return Err(NotTurn),
    };
    if frame.whole > MAX_FRAME {
        return Err(NotTurn);
    }
    Ok((frame.whole <= buffer.len()).then_some(frame))
}

/// Magic cookie of RFC 8489 section 5.
const COOKIE: [u8; 4] = 0x2112_A442_u32.to_be_bytes();

/// What a connection speaks, by its first byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Speaks {
    /// A TLS handshake (RFC 8446 section 5.1: content type 22).
    Tls,
    /// STUN: a client's first message is always a request, whose two first bits are 0.
    Stun,
    /// HTTP: a method, or the preface of HTTP/2, begins with a capital letter.
    Http,
    /// Nothing that is served here.
    Unknown,
}

impl Speaks {
    /// Tells by the first byte of a connection. 0x16 is no first byte of a STUN request that a client sends (it would be a
    /// response).
    #[must_use]
    pub const fn by(first: u8) -> Self {
        match first {
            0x16 => Self::Tls,
            0x00..=0x3f => Self::Stun,
            b'A'..=b'Z' => Self::Http,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_byte_tells_what_a_connection_speaks() {
        let cases: &[(&[u8], Speaks)] = &[
            (&[0x16, 3, 1], Speaks::Tls),
            (&[0x00, 0x03], Speaks::Stun),
            (&[0x00, 0x01], Speaks::Stun),
            (b"GET / HTTP/1.1", Speaks::Http),
            (b"PRI * HTTP/2.0", Speaks::Http),
            (&[0x80, 0x2e], Speaks::Unknown),
            (b"\n", Speaks::Stun),
            (b"get", Speaks::Unknown),
        ];
        for (bytes, speaks) in cases {
            assert_eq!(Speaks::by(bytes[0]), *speaks, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_no_message_is_refused_before_it_is_waited_for() {
        type Case = (&'static str, &'static [u8], Result<Option<Frame>, NotTurn>);
        let cases: &[Case] = &[
            ("nothing", &[], Ok(None)),
            ("a beginning", &[0, 3, 0], Ok(None)),
            ("half a header", &[0, 3, 0, 8, 0x21, 0x12], Ok(None)),
            ("another cookie", &[0, 3, 0, 8, 0x21, 0x13], Err(NotTurn)),
            ("an odd length", &[0, 3, 0, 7], Err(NotTurn)),
            ("TLS", &[0x80], Err(NotTurn)),
            ("channel data of 1", &[0x40, 0, 0, 1, 9, 0, 0, 0], Ok(Some(Frame { message: 5, whole: 8 }))),
            ("its padding is missing", &[0x40, 0, 0, 1, 9, 0, 0], Ok(None)),
            ("empty channel data", &[0x40, 0, 0, 0], Ok(Some(Frame { message: 4, whole: 4 }))),
        ];
        for (what, bytes, frame) in cases {
            assert_eq!(next(bytes), *frame, "{what}");
        }
    }

    proptest! {
        #[test]
        fn a_frame_is_never_longer_than_what_is_there(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(Some(frame)) = next(&bytes) {
                prop_assert!(frame.message <= frame.whole && frame.whole <= bytes.len() && frame.message >= 4);
                // Cut off anywhere it is waited for, never taken or refused.
                for cut in 0..frame.whole {
                    prop_assert_eq!(next(&bytes[..cut]), Ok(None));
                }
            }
        }
    }
}
