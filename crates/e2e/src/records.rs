//! Media records as a client sees them.

use api::record::{self, Header, Init, Kind};
use bytes::Bytes;
use sim::stamp::Stamp;

/// A received record.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its header.
    pub header: Header,
    /// What follows the header.
    pub payload: Bytes,
}

#[allow(clippy::expect_used, clippy::panic, reason = "a test's helper: what fails fails the test")]
impl Record {
    /// Reads one record.
    ///
    /// # Panics
    /// It is none.
    #[must_use]
    pub fn parse(bytes: Bytes) -> Self {
        let (header, payload) = Header::parse(&bytes).expect("a record");
        let payload = bytes.slice_ref(payload);
        Self { header, payload }
    }

    /// The frame's own bytes.
    #[must_use]
    pub fn data(&self) -> Bytes {
        self.payload.slice(self.header.data_offset as usize..)
    }

    /// Whether it is a picture that is to be shown.
    #[must_use]
    pub fn is_shown_picture(&self) -> bool {
        self.is_picture() && self.header.flags & record::PRE_ROLL == 0
    }

    /// Whether it is a picture.
    #[must_use]
    pub fn is_picture(&self) -> bool {
        self.header.kind == Kind::Frame && self.header.track == 0
    }

    /// Whether it is sound.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.header.kind == Kind::Frame && self.header.track == 1
    }

    /// The stamp that the simulated camera put into the picture's SEI.
    #[must_use]
    pub fn stamp(&self) -> Option<Stamp> {
        stamp_of(&self.data())
    }

    /// What a notice says.
    ///
    /// # Panics
    /// It is none.
    #[must_use]
    pub fn notice(&self) -> record::Notice {
        assert_eq!(self.header.kind, Kind::Notice);
        serde_json::from_slice(&self.payload).expect("a notice")
    }

    /// What an init record says.
    ///
    /// # Panics
    /// It is none.
    #[must_use]
    pub fn init(&self) -> Init {
        assert_eq!(self.header.kind, Kind::Init);
        let length = u32::from_be_bytes(self.payload[..4].try_into().expect("four bytes")) as usize;
        serde_json::from_slice(&self.payload[4..4 + length]).expect("an init")
    }
}

/// The stamp in a sample of length-prefixed NAL units.
#[must_use]
pub fn stamp_of(sample: &[u8]) -> Option<Stamp> {
    let mut rest = sample;
    while let Some((head, tail)) = rest.split_first_chunk::<4>() {
        let nal = tail.get(..u32::from_be_bytes(*head) as usize)?;
        if let Some(stamp) = sim::stamp::find(nal) {
            return Some(stamp);
        }
        rest = &tail[nal.len()..];
    }
    None
}

/// The records of an HTTP answer.
///
/// # Panics
/// A record is cut off.
#[must_use]
pub fn split(mut body: Bytes) -> Vec<Record> {
    let mut records = Vec::new();
    while !body.is_empty() {
        assert!(body.len() >= 4, "a cut length");
        let length = u32::from_be_bytes([body[0], body[1], body[2], body[3]]) as usize;
        assert!(body.len() >= 4 + length, "a cut record");
        records.push(Record::parse(body.slice(4..4 + length)));
        body = body.slice(4 + length..);
    }
    records
}
