//! Media records: how frames travel to a client, live and played back.
//!
//! A record is a header of 36 bytes, then a payload. Over a WebSocket a record is one binary message; in an HTTP
//! answer (`application/x-martello-records`) each record stands behind its length, a 4-byte big-endian number
//! (at most [`MAX_RECORD`]). All numbers are big-endian.
//!
//! | offset | bytes | what |
//! |--:|--:|---|
//! | 0 | 1 | kind: 1 init, 2 frame, 3 gap, 4 end, 5 notice, 6 more |
//! | 1 | 1 | flags: 1 key frame, 2 pre-roll (decode, do not show), 4 discontinuity (frames before it are missing) |
//! | 2 | 1 | track: 0 video, 1 audio |
//! | 3 | 1 | version: 1 |
//! | 4 | 4 | subscription that it belongs to (0 in an HTTP answer) |
//! | 8 | 8 | wall time of the frame, µs since 1970 (signed) |
//! | 16 | 8 | decode time as written into the fragment, ticks of the track (signed) |
//! | 24 | 4 | duration as written into the fragment, ticks of the track |
//! | 28 | 4 | composition offset, ticks of the track (signed) |
//! | 32 | 4 | offset of the frame's bytes within the payload: what lies before is the `moof` and the head of `mdat` |
//! | 36 | … | payload |
//!
//! Live, the decode time begins anywhere and runs on without hole or overlap. Played back, it is the wall time in
//! ticks since 1970, so that it goes on across segments and gaps.
//!
//! Payloads: *init*: a 4-byte length, that many bytes of JSON ([`Init`]), then the MP4 initialization segment (`ftyp`
//! `moov`) of this track alone. *frame*: one fragment (`moof` `mdat`) with exactly one sample; for G.711 `init.mse`
//! tells whether the fragment holds FLAC; the bytes of the frame itself begin at *offset* and end with the payload.
//! *gap*: nothing; `wall` is where recording goes on. *end*: nothing. *notice*: JSON ([`Notice`]). *more*: nothing;
//! `wall` is where to ask on from.

use serde::{Deserialize, Serialize};

/// Length of a record's header.
pub const HEADER: usize = 36;
/// No record is longer than this.
pub const MAX_RECORD: usize = 16 << 20;
/// The version that is written.
pub const VERSION: u8 = 1;

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// How the frames after it are coded. Comes first, and again whenever that changes.
    Init = 1,
    /// One frame.
    Frame = 2,
    /// No recording until the time in the header.
    Gap = 3,
    /// Nothing more comes.
    End = 4,
    /// Something to tell the person.
    Notice = 5,
    /// The answer ends here, the range does not: the time in the header is that of the key frame that comes next.
    More = 6,
}

/// Decoding can start at this frame.
pub const KEY: u8 = 1;
/// The frame lies before the asked start: decode it, do not show it.
pub const PRE_ROLL: u8 = 2;
/// Frames before it are missing (a slow viewer was moved on to a key frame, or a run began).
pub const DISCONTINUITY: u8 = 4;

/// A record's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What it is.
    pub kind: Kind,
    /// [`KEY`], [`PRE_ROLL`], [`DISCONTINUITY`].
    pub flags: u8,
    /// 0 video, 1 audio.
    pub track: u8,
    /// Subscription that it belongs to.
    pub subscription: u32,
    /// Wall time of the frame, µs since 1970.
    pub wall_us: i64,
    /// Decode time, ticks.
    pub time: i64,
    /// Duration, ticks.
    pub duration: u32,
    /// Composition offset, ticks.
    pub composition_offset: i32,
    /// Where the frame's bytes begin in the payload.
    pub data_offset: u32,
}

/// Why bytes are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRecord {
    /// Shorter than a header.
    #[error("a record of fewer than {HEADER} bytes")]
    Short,
    /// Kind, track or version is unknown.
    #[error("a record of unknown kind, track or version")]
    Unknown,
    /// The frame's offset lies outside.
    #[error("a record whose frame lies outside of it")]
    Offset,
}

impl Header {
    /// The header as it is sent.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; HEADER] {
        let mut out = [0; HEADER];
        out[0] = self.kind as u8;
        out[1] = self.flags;
        out[2] = self.track;
        out[3] = VERSION;
        out[4..8].copy_from_slice(&self.subscription.to_be_bytes());
        out[8..16].copy_from_slice(&self.wall_us.to_be_bytes());
        out[16..24].copy_from_slice(&self.time.to_be_bytes());
        out[24..28].copy_from_slice(&self.duration.to_be_bytes());
        out[28..32].copy_from_slice(&self.composition_offset.to_be_bytes());
        out[32..36].copy_from_slice(&self.data_offset.to_be_bytes());
        out
    }

    /// The header and the payload of a received record.
    ///
    /// # Errors
    /// The bytes are no record.
    pub fn parse(bytes: &[u8]) -> Result<(Self, &[u8]), BadRecord> {
        let (head, payload) = bytes.split_first_chunk::<HEADER>().ok_or(BadRecord::Short)?;
        let kind = match head[0] {
            1 => Kind::Init,
            2 => Kind::Frame,
            3 => Kind::Gap,
            4 => Kind::End,
            5 => Kind::Notice,
            6 => Kind::More,
            _ => return Err(BadRecord::Unknown),
        };
        if head[3] != VERSION || head[2] > 1 {
            return Err(BadRecord::Unknown);
        }
        let four = |at: usize| [head[at], head[at + 1], head[at + 2], head[at + 3]];
        let eight = |at: usize| {
            let (a, b) = (four(at), four(at + 4));
            [a[0], a[1], a[2], a[3], b[0], b[1], b[2], b[3]]
        };
        let header = Self {
            kind,
            flags: head[1],
            track: head[2],
            subscription: u32::from_be_bytes(four(4)),
            wall_us: i64::from_be_bytes(eight(8)),
            time: i64::from_be_bytes(eight(16)),
            duration: u32::from_be_bytes(four(24)),
            composition_offset: i32::from_be_bytes(four(28)),
            data_offset: u32::from_be_bytes(four(32)),
        };
        if header.data_offset as usize > payload.len() {
            return Err(BadRecord::Offset);
        }
        Ok((header, payload))
    }
}

/// How a track is coded, for WebCodecs and for MSE.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Init {
    /// Codec string for WebCodecs (`avc1.…`, `hvc1.…`, `mp4a.40.2`, `ulaw`, `alaw`).
    pub codec: String,
    /// MIME type for MSE, such as `video/mp4; codecs="avc1.64001f"`; G.711 is offered as FLAC.
    pub mse: String,
    /// Base64 of the decoder's description (payload of `avcC`, `hvcC`; AudioSpecificConfig).
    pub description: String,
    /// Ticks a second.
    pub timescale: u32,
    /// Pixels; 0 for sound.
    pub width: u16,
    /// Pixels; 0 for sound.
    pub height: u16,
    /// Samples a second; 0 for pictures.
    pub sample_rate: u32,
    /// 1 or 2; 0 for pictures.
    pub channels: u8,
    /// Which stream it comes from: `main` or `sub`.
    pub stream: String,
}

/// Something about a subscription that the person should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Notice {
    /// Closed set of reasons.
    pub code: NoticeCode,
    /// For people.
    pub text: String,
}

/// Why a subscription has no pictures, or what changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeCode {
    /// The camera sends nothing now; frames come when it is back.
    NoFrames,
    /// There is no such camera.
    NoCamera,
    /// The camera has no such stream: the other one is sent.
    OtherStream,
    /// The message was not understood.
    BadAsk,
    /// The right to see or hear this has ended.
    Forbidden,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_back_as_written() {
        let header = Header {
            kind: Kind::Frame,
            flags: KEY | PRE_ROLL,
            track: 1,
            subscription: 7,
            wall_us: -5,
            time: 1 << 40,
            duration: 3600,
            composition_offset: -3600,
            data_offset: 3,
        };
        let mut bytes = header.to_bytes().to_vec();
        bytes.extend_from_slice(b"abcdef");
        assert_eq!(Header::parse(&bytes), Ok((header, &b"abcdef"[..])));
        assert_eq!(Header::parse(&bytes[..38]), Err(BadRecord::Offset));
        assert_eq!(Header::parse(&bytes[..35]), Err(BadRecord::Short));
        bytes[0] = 9;
        assert_eq!(Header::parse(&bytes), Err(BadRecord::Unknown));
    }
}
