//! The head of a segment: whose it is and where it stands. What is not here: the tracks, which `moov` tells.
//!
//! The anchor is that of the first picture that is *shown*. Pictures before it in the file are the *lead-in*: the stream's
//! footage before has them already (a camera sent them again, or they lie on another volume), and they are there only
//! so that what follows can be decoded. Their media times are less than the anchor's; so nothing else marks them.
//!
//! | bytes | what |
//! |--:|---|
//! | 2 | format version: 1 |
//! | 16 16 16 | site, volume, camera |
//! | 1 | stream: 0 main, 1 sub |
//! | 16 4 | run, number of the segment in the run (from 0) |
//! | 8 8 4 | anchor: wall time of the first shown picture in µs since 1970, its media time in 1/90000 s, slew in millionths |
//! | 8 8 | what the source said about that picture's wall time, and what the server's clock said when it was written |
//! | 8 | what the camera's own clock said then, as its sender reports tell (RFC 3550, 6.4.1); the least number: it did not |
//! | 32 | chain value at the end of the stream's segment before; zeros for the first |
//! | 1 | number of the stream's segments before that had begun after the last commit: a power cut may have taken them whole |

use model::{CameraId, RunId, SiteId, StreamKey, StreamKind, VolumeId, WallTime};

use super::{HEAD, Malformed, fields::Fields, uuid_box};
use crate::{
    chain,
    clock::Anchor,
    layout::{SegmentName, run_tag},
};

const VERSION: u16 = 1;
/// In the place of a camera's time.
const NOT_SAID: i64 = i64::MIN;

/// What a segment says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Who recorded it.
    pub site: SiteId,
    /// The volume that it was written to.
    pub volume: VolumeId,
    /// Which stream.
    pub key: StreamKey,
    /// Which run.
    pub run: RunId,
    /// Which segment of the run, from 0.
    pub number: u32,
    /// Where it stands on the wall clock.
    pub anchor: Anchor,
    /// What the source said about the first picture's wall time.
    pub source_wall: WallTime,
    /// What the server's clock said when the first fragment was written.
    pub server_wall: WallTime,
    /// What the camera's own clock said when it took the first picture; nothing where it did not say. It may be wrong by years:
    /// nothing is placed by it.
    pub camera_wall: Option<WallTime>,
    /// Chain value at the end of the stream's segment before; zeros for the first.
    pub previous: chain::Value,
    /// So many of the stream's segments before had begun after the last commit when this one began: a power cut may have
    /// taken the whole of them.
    pub previous_at_risk: u8,
}

impl Head {
    /// The name of the file.
    #[must_use]
    pub fn name(&self) -> SegmentName {
        let start_ms = self.anchor.wall.millis();
        SegmentName { start_ms, run_tag: run_tag(self.run), number: self.number }
    }

    /// Whether what is shown at that moment belongs to the lead-in. Only a run's first segment has one: the first pictures
    /// of a later one may be shown before its anchor, where they are shown in another order than they are decoded.
    #[must_use]
    pub fn is_lead_in(&self, wall: WallTime) -> bool {
        self.number == 0 && wall < self.anchor.wall
    }

    /// The whole box.
    #[must_use]
    pub fn to_box(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(153);
        out.extend_from_slice(&VERSION.to_be_bytes());
        out.extend_from_slice(self.site.as_bytes());
        out.extend_from_slice(self.volume.as_bytes());
        out.extend_from_slice(self.key.camera.as_bytes());
        out.push(match self.key.kind {
            StreamKind::Main => 0,
            StreamKind::Sub => 1,
        });
        out.extend_from_slice(self.run.as_bytes());
        out.extend_from_slice(&self.number.to_be_bytes());
        out.extend_from_slice(&self.anchor.wall.micros().to_be_bytes());
        out.extend_from_slice(&self.anchor.media.to_be_bytes());
        out.extend_from_slice(&self.anchor.slew_ppm.to_be_bytes());
        out.extend_from_slice(&self.source_wall.micros().to_be_bytes());
        out.extend_from_slice(&self.server_wall.micros().to_be_bytes());
        out.extend_from_slice(&self.camera_wall.map_or(NOT_SAID, WallTime::micros).to_be_bytes());
        out.extend_from_slice(&self.previous);
        out.push(self.previous_at_risk);
        uuid_box(&HEAD, &out)
    }

    /// Reads the content of the box.
    pub fn parse(content: &[u8]) -> Result<Self, Malformed> {
        let mut fields = Fields(content);
        if fields.u16()? != VERSION {
            return Err(Malformed("the head's format version is unknown"));
        }
        let site = SiteId::from_bytes(fields.array()?);
        let volume = VolumeId::from_bytes(fields.array()?);
        let camera = CameraId::from_bytes(fields.array()?);
        let kind = match fields.array()? {
            [0] => StreamKind::Main,
            [1] => StreamKind::Sub,
            _ => return Err(Malformed("the head's stream is neither main nor sub")),
        };
        let run = RunId::from_bytes(fields.array()?);
        let number = fields.u32()?;
        let wall = WallTime::from_micros(fields.i64()?);
        let anchor = Anchor { wall, media: fields.i64()?, slew_ppm: fields.i32()? };
        if !(-500_000..=0).contains(&anchor.slew_ppm) {
            return Err(Malformed("the head's slew is out of range"));
        }
        let source_wall = WallTime::from_micros(fields.i64()?);
        let server_wall = WallTime::from_micros(fields.i64()?);
        let camera_wall = Some(fields.i64()?).filter(|at| *at != NOT_SAID).map(WallTime::from_micros);
        let previous = fields.array()?;
        let [previous_at_risk] = fields.array()?;
        fields.end()?;
        let key = StreamKey { camera, kind };
        Ok(Self {
            site,
            volume,
            key,
            run,
            number,
            anchor,
            source_wall,
            server_wall,
            camera_wall,
            previous,
            previous_at_risk,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::uuid_content;

    #[test]
    fn a_head_is_read_as_it_was_written_and_no_other_way() {
        let head = Head {
            site: SiteId::from_bytes([1; 16]),
            volume: VolumeId::from_bytes([2; 16]),
            key: StreamKey { camera: CameraId::from_bytes([3; 16]), kind: StreamKind::Sub },
            run: RunId::from_bytes([4; 16]),
            number: 5,
            anchor: Anchor { wall: WallTime::from_millis(6), media: 7, slew_ppm: -8 },
            source_wall: WallTime::from_millis(9),
            server_wall: WallTime::from_millis(10),
            camera_wall: Some(WallTime::from_millis(-12)),
            previous: [11; 32],
            previous_at_risk: 3,
        };
        let bytes = head.to_box();
        let content = uuid_content(&bytes, &HEAD).unwrap();
        assert_eq!(Head::parse(content), Ok(head));
        for len in 0..content.len() {
            assert!(Head::parse(&content[..len]).is_err(), "{len} bytes");
        }
    }
}
