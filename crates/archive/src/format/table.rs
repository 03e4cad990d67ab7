//! The table of a segment: where each fragment and each key frame lies. Written at close; rebuilt by reading the
//! fragments' heads where a crash kept it from being written.
//!
//! Times are 1/90000 s since the anchor's media time ([`crate::clock::Anchor`]), so wall times follow from the head.
//!
//! | bytes | what |
//! |--:|---|
//! | 2 2 | format version: 1; number of marks |
//! | 8 8 | wall time of the first picture and of the end of the last one, µs since 1970 |
//! | 4 4 | number of fragments, number of key frames |
//! | 32 each | fragments: offset, length, length of `moof`; decode time, duration; video samples (2), audio samples (2), first key frame in the list below, kinds of marks that held (2), reserved (2) |
//! | 28 each | key frames: fragment, sample in the fragment; decode time, duration, composition offset; offset in the fragment, length |
//! | 11 … each | marks: see [`crate::mark`] |
//!
//! What is not here: sizes and times of single samples, which the `moof` of the fragment tells.

use media::fmp4;
use model::WallTime;

use super::{MAX_TRAILER, Malformed, TABLE, fields::Fields, uuid_box};
use crate::{
    clock::Anchor,
    mark::{self, Mark, MarkKinds},
};

const VERSION: u16 = 1;
const FRAGMENT_LEN: usize = 32;
const KEY_FRAME_LEN: usize = 28;

/// A fragment: `moof`, `mdat` and the box with its chain value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Where it begins in the file.
    pub offset: u32,
    /// Bytes of the three boxes.
    pub len: u32,
    /// Bytes of `moof`.
    pub moof_len: u32,
    /// Decode time of its first picture; of one without pictures 1 s before its first sound. Never decreases.
    pub time: i32,
    /// From there to the end of what is shown by then, as far as it is known.
    pub duration: u32,
    /// Number of pictures.
    pub video_samples: u16,
    /// Number of packets of sound.
    pub audio_samples: u16,
    /// Number of key frames in the table before this fragment.
    pub keys_before: u32,
    /// What happened meanwhile.
    pub marks: MarkKinds,
}

/// A key frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyFrame {
    /// Index of its fragment.
    pub fragment: u32,
    /// Its index among the fragment's pictures.
    pub sample: u32,
    /// Decode time.
    pub time: i32,
    /// Ticks to the next picture.
    pub duration: u32,
    /// Presentation time minus decode time.
    pub composition_offset: i32,
    /// Where its bytes begin in the fragment.
    pub offset: u32,
    /// How many bytes.
    pub len: u32,
}

/// Sound may stand in a file this much before or after the pictures of its time, in 1/90000 s.
pub const SKEW: i64 = 90_000;

/// All fragments of a segment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// In order.
    pub fragments: Vec<Fragment>,
    /// In order.
    pub keys: Vec<KeyFrame>,
    /// In the order in which they were written.
    pub marks: Vec<Mark>,
}

impl Fragment {
    /// Decode time of what follows it.
    #[must_use]
    pub fn end(&self) -> i64 {
        i64::from(self.time) + i64::from(self.duration)
    }

    /// Offset of the byte after it.
    #[must_use]
    pub fn end_offset(&self) -> u64 {
        u64::from(self.offset) + u64::from(self.len)
    }
}

impl Table {
    /// Time and duration of the next fragment, whose pictures and sound reach from and to these times.
    #[must_use]
    pub fn next(&self, pictures: Option<(i64, i64)>, sound: Option<(i64, i64)>) -> (i64, i64) {
        let begin = pictures.or(sound.map(|(begin, end)| (begin - SKEW, end))).map_or(0, |(begin, _)| begin);
        let time = begin.max(self.fragments.last().map_or(begin, |last| last.time.into()));
        let before = self.fragments.last().map_or(time, Fragment::end);
        let end = pictures.or(sound).map_or(time, |(_, end)| end).max(before);
        (time, (end - time).max(0))
    }

    /// What of it lies before that byte of the file. (Marks stay: nothing tells which fragment holds them.)
    #[must_use]
    pub fn before(&self, offset: u64) -> Self {
        let fragments = self.fragments.iter().take_while(|fragment| fragment.end_offset() <= offset);
        let fragments: Vec<Fragment> = fragments.copied().collect();
        let keys = self.keys.iter().take_while(|key| (key.fragment as usize) < fragments.len());
        Self { keys: keys.copied().collect(), fragments, marks: self.marks.clone() }
    }

    /// Decode time of the end of the last picture.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.fragments.last().map_or(0, Fragment::end)
    }

    /// `mfra`: where the key frames are, for players. `media` is the anchor's media time.
    #[must_use]
    pub fn random_access(&self, media: i64) -> bytes::Bytes {
        let entries: Vec<fmp4::RandomAccess> = self
            .keys
            .iter()
            .filter_map(|key| {
                let fragment = self.fragments.get(key.fragment as usize)?;
                Some(fmp4::RandomAccess {
                    time: media.saturating_add(key.time.into()).saturating_add(key.composition_offset.into()),
                    moof_offset: fragment.offset.into(),
                    sample_number: key.sample.saturating_add(1),
                })
            })
            .collect();
        fmp4::random_access_index(&entries)
    }

    /// The whole box.
    #[must_use]
    pub fn to_box(&self, anchor: &Anchor) -> Vec<u8> {
        let bytes = 28 + self.fragments.len() * FRAGMENT_LEN + self.keys.len() * KEY_FRAME_LEN;
        let mut out = Vec::with_capacity(bytes);
        let end = anchor.wall_at(anchor.media.saturating_add(self.end()));
        out.extend_from_slice(&VERSION.to_be_bytes());
        out.extend_from_slice(&u16::try_from(self.marks.len()).unwrap_or(u16::MAX).to_be_bytes());
        out.extend_from_slice(&anchor.wall.micros().to_be_bytes());
        out.extend_from_slice(&end.micros().to_be_bytes());
        for count in [self.fragments.len(), self.keys.len()] {
            out.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
        }
        for fragment in &self.fragments {
            out.extend_from_slice(&fragment.offset.to_be_bytes());
            out.extend_from_slice(&fragment.len.to_be_bytes());
            out.extend_from_slice(&fragment.moof_len.to_be_bytes());
            out.extend_from_slice(&fragment.time.to_be_bytes());
            out.extend_from_slice(&fragment.duration.to_be_bytes());
            out.extend_from_slice(&fragment.video_samples.to_be_bytes());
            out.extend_from_slice(&fragment.audio_samples.to_be_bytes());
            out.extend_from_slice(&fragment.keys_before.to_be_bytes());
            out.extend_from_slice(&fragment.marks.0.to_be_bytes());
            out.extend_from_slice(&[0; 2]);
        }
        for key in &self.keys {
            for number in [key.fragment, key.sample] {
                out.extend_from_slice(&number.to_be_bytes());
            }
            out.extend_from_slice(&key.time.to_be_bytes());
            out.extend_from_slice(&key.duration.to_be_bytes());
            out.extend_from_slice(&key.composition_offset.to_be_bytes());
            for number in [key.offset, key.len] {
                out.extend_from_slice(&number.to_be_bytes());
            }
        }
        mark::encode(&self.marks, &mut out);
        uuid_box(&TABLE, &out)
    }

    /// Reads the content of the box; also tells when the segment ends on the wall clock.
    pub fn parse(content: &[u8]) -> Result<(Self, WallTime), Malformed> {
        let mut fields = Fields(content);
        if fields.u16()? != VERSION {
            return Err(Malformed("the table's format version is unknown"));
        }
        let marks = usize::from(fields.u16()?);
        let _start = fields.i64()?;
        let end = WallTime::from_micros(fields.i64()?);
        let (fragments, keys) = (fields.u32()? as usize, fields.u32()? as usize);
        if fragments.saturating_mul(FRAGMENT_LEN).saturating_add(keys.saturating_mul(KEY_FRAME_LEN))
            > MAX_TRAILER
        {
            return Err(Malformed("the table is larger than any segment's"));
        }
        let fragments =
            (0..fragments).map(|_| Self::parse_fragment(&mut fields)).collect::<Result<_, _>>()?;
        let keys = (0..keys).map(|_| Self::parse_key(&mut fields)).collect::<Result<_, _>>()?;
        let marks = mark::parse(&mut fields, Some(marks))?;
        fields.end()?;
        Ok((Self { fragments, keys, marks }, end))
    }

    fn parse_fragment(fields: &mut Fields<'_>) -> Result<Fragment, Malformed> {
        let fragment = Fragment {
            offset: fields.u32()?,
            len: fields.u32()?,
            moof_len: fields.u32()?,
            time: fields.i32()?,
            duration: fields.u32()?,
            video_samples: fields.u16()?,
            audio_samples: fields.u16()?,
            keys_before: fields.u32()?,
            marks: MarkKinds(fields.u16()?),
        };
        fields.u16()?;
        Ok(fragment)
    }

    fn parse_key(fields: &mut Fields<'_>) -> Result<KeyFrame, Malformed> {
        Ok(KeyFrame {
            fragment: fields.u32()?,
            sample: fields.u32()?,
            time: fields.i32()?,
            duration: fields.u32()?,
            composition_offset: fields.i32()?,
            offset: fields.u32()?,
            len: fields.u32()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::uuid_content;

    #[test]
    fn a_table_is_read_as_it_was_written_and_no_other_way() {
        let anchor = Anchor { wall: WallTime::from_millis(60_000), media: 45_000, slew_ppm: 0 };
        let fragment = Fragment {
            offset: 1000,
            len: 200,
            moof_len: 100,
            time: 0,
            duration: 45_000,
            video_samples: 12,
            audio_samples: 4,
            keys_before: 0,
            marks: MarkKinds::MOTION,
        };
        let next = Fragment { offset: 1200, time: 45_000, keys_before: 1, ..fragment };
        let key = KeyFrame {
            fragment: 0,
            sample: 0,
            time: 0,
            duration: 3600,
            composition_offset: 0,
            offset: 108,
            len: 20,
        };
        let mark = Mark {
            time: WallTime::from_millis(60_010),
            kind: crate::MarkKind::Event("door".to_owned()),
            on: true,
        };
        let table = Table { fragments: vec![fragment, next], keys: vec![key], marks: vec![mark] };
        let bytes = table.to_box(&anchor);
        let content = uuid_content(&bytes, &TABLE).unwrap();
        assert_eq!(Table::parse(content), Ok((table.clone(), WallTime::from_millis(61_000))));
        for len in 0..content.len() {
            assert!(Table::parse(&content[..len]).is_err(), "{len} bytes");
        }
    }
}
