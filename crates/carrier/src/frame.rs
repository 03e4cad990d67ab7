//! Frames: one message of the carrier is one frame. Only their bytes; what may follow what is [`crate::Link`]'s.
//!
//! | offset | bytes | what |
//! |--:|--:|---|
//! | 0 | 1 | kind |
//! | 1 | 1 | flags |
//! | 2 | 4 | stream |
//! | 6 | 4 | number of the frame in its stream and direction, from 0 (open, answer, data), else 0 |
//! | 10 | … | payload |
//!
//! Numbers are big endian. A payload of *open* and *answer* is a 2-byte length, that much JSON, and the first bytes of
//! the body.

use bytes::{BufMut, Bytes, BytesMut};

use crate::{StreamId, Violation};

/// No message is longer: larger ones are where WebRTC stacks begin to differ.
pub const MAX_MESSAGE: usize = 16 << 10;
/// Bytes before the payload.
pub const HEADER: usize = 10;
/// No payload is longer.
pub const MAX_PAYLOAD: usize = MAX_MESSAGE - HEADER;
/// What a data frame counts against the credit of its stream beside its payload.
pub const COST: u64 = 16;

/// The last frame of its direction.
pub const FIN: u8 = 1;
/// Of a duplex stream: the message is text.
pub const TEXT: u8 = 2;
/// Of a duplex stream: the message goes on in the next frame.
pub const MORE: u8 = 4;
/// Of an opening: the stream is duplex.
pub const DUPLEX: u8 = 8;

/// On which of the two channels a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Any order, waits for nothing.
    Control,
    /// In order, held back to what the path delivers.
    Bulk,
}

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// First of all, both ways: versions and limits.
    Hello = 1,
    /// A request begins.
    Open = 2,
    /// Its answer begins.
    Answer = 3,
    /// More of a body, or a message.
    Data = 4,
    /// So much may be sent in all: 8 bytes.
    Credit = 5,
    /// The stream ends at once: 1 byte, [`crate::Ended`].
    Reset = 6,
    /// To be sent back: 8 bytes.
    Ping = 7,
    /// What came with a ping.
    Pong = 8,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What it is.
    pub kind: Kind,
    /// [`FIN`], [`TEXT`], [`MORE`], [`DUPLEX`].
    pub flags: u8,
    /// Its stream.
    pub stream: StreamId,
    /// Its number there.
    pub number: u32,
    /// The rest.
    pub payload: Bytes,
}

impl Kind {
    const fn of(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Hello,
            2 => Self::Open,
            3 => Self::Answer,
            4 => Self::Data,
            5 => Self::Credit,
            6 => Self::Reset,
            7 => Self::Ping,
            8 => Self::Pong,
            _ => return None,
        })
    }
}

impl Frame {
    /// Reads a message.
    ///
    /// # Errors
    /// It is no frame.
    pub fn parse(message: &Bytes) -> Result<Self, Violation> {
        let Some((&[kind, flags, s0, s1, s2, s3, n0, n1, n2, n3], _)) = message.split_first_chunk::<HEADER>()
        else {
            return Err(Violation::Frame);
        };
        if message.len() > MAX_MESSAGE {
            return Err(Violation::Frame);
        }
        Ok(Self {
            kind: Kind::of(kind).ok_or(Violation::Frame)?,
            flags,
            stream: StreamId(u32::from_be_bytes([s0, s1, s2, s3])),
            number: u32::from_be_bytes([n0, n1, n2, n3]),
            payload: message.slice(HEADER..),
        })
    }

    /// As it is sent.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        let mut bytes = BytesMut::with_capacity(HEADER + self.payload.len());
        bytes.put_u8(self.kind as u8);
        bytes.put_u8(self.flags);
        bytes.put_u32(self.stream.0);
        bytes.put_u32(self.number);
        bytes.put_slice(&self.payload);
        bytes.freeze()
    }

    /// The 8 bytes of a credit, ping or pong.
    pub(crate) fn word(&self) -> Result<u64, Violation> {
        let word: [u8; 8] = self.payload.as_ref().try_into().map_err(|_| Violation::Frame)?;
        Ok(u64::from_be_bytes(word))
    }
}
