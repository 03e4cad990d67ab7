//! The packed clips: what is in them, read in place.
//!
//! A clip is a `&'static [u8]` inside the program; frames and parameter sets are slices of it, nothing is copied and
//! pages are touched only as they are sent. The format (written by `xtask clips`), numbers little-endian: magic
//! `MRTCLIP1`; nine `u32`: kind (1 H.264, 2 H.265, 3 AAC), width, height, frames per second (AAC: sampling rate,
//! channels, samples per frame), count of parameter sets P, count of frames F, three zeros; P + F entries of two
//! `u32`: offset, length (bit 31 of a frame's: key frame); then the bytes. A video frame is its slice NAL units, each
//! after its length (`u32`, network order). Not here: which clip a camera shows when ([`crate::timeline`]).

use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

/// A video codec of the simulated cameras.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// ITU-T H.264, Main profile.
    H264,
    /// ITU-T H.265, Main profile.
    H265,
}

/// Which of a camera's two pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Size {
    /// 1920 by 1080.
    Main,
    /// 640 by 360.
    Sub,
}

/// How far apart the key frames of a clip are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gop {
    /// Every frame is a key frame.
    Intra,
    /// Every 50th.
    Usual,
    /// Every 300th.
    Long,
}

/// A packed clip.
#[derive(Debug)]
pub(crate) struct Clip {
    bytes: &'static [u8],
    /// Width, height, frames per second; or sampling rate, channels, samples per frame.
    pub numbers: [u32; 3],
    sets: usize,
    frames: usize,
}

/// One frame of a clip: length-prefixed slice NAL units, or an AAC frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packed {
    pub bytes: &'static [u8],
    pub key: bool,
}

const HEAD: usize = 8 + 9 * 4;
const KEY: u32 = 1 << 31;

impl Clip {
    /// Checks the head and the whole index, so that reading a frame later cannot fail.
    fn open(bytes: &'static [u8]) -> Option<Self> {
        if !bytes.starts_with(b"MRTCLIP1") {
            return None;
        }
        let number = |at: usize| read_u32(bytes, 8 + 4 * at);
        let numbers = [number(1)?, number(2)?, number(3)?];
        let (sets, frames) = (number(4)? as usize, number(5)? as usize);
        let clip = Self { bytes, numbers, sets, frames };
        let sound = frames > 0 && (0..sets + frames).all(|i| clip.entry(i).is_some());
        sound.then_some(clip)
    }

    fn entry(&self, index: usize) -> Option<Packed> {
        let at = HEAD + 8 * index;
        let (offset, length) = (read_u32(self.bytes, at)? as usize, read_u32(self.bytes, at + 4)?);
        let end = offset.checked_add((length & !KEY) as usize)?;
        Some(Packed { bytes: self.bytes.get(offset..end)?, key: length & KEY != 0 })
    }

    /// How many frames the clip has; at least one.
    pub(crate) fn len(&self) -> usize {
        self.frames
    }

    /// The frame at `index`, counted around the clip's end.
    pub(crate) fn frame(&self, index: usize) -> Packed {
        self.entry(self.sets + index % self.frames).unwrap_or(Packed { bytes: &[], key: false })
    }

    /// The parameter sets in stream order (H.264: SPS, PPS; H.265: VPS, SPS, PPS; AAC: AudioSpecificConfig).
    pub(crate) fn sets(&self) -> impl Iterator<Item = &'static [u8]> {
        (0..self.sets).filter_map(|i| self.entry(i)).map(|set| set.bytes)
    }

    /// The parameter set at `index`, empty if there is none.
    pub(crate) fn set(&self, index: usize) -> &'static [u8] {
        self.sets().nth(index).unwrap_or_default()
    }
}

/// The NAL units of a packed video frame.
pub(crate) fn nal_units(mut frame: &'static [u8]) -> impl Iterator<Item = &'static [u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = frame.split_first_chunk::<4>()?;
        let (unit, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        frame = rest;
        Some(unit)
    })
}

fn read_u32(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at + 4)?;
    Some(u32::from_le_bytes(four.try_into().ok()?))
}

/// What a camera looks at. Every scene has an H.264 main and sub stream; the street alone has the other variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Scene {
    /// A street at dusk. H.264 main stream 3 Mbit/s, all variants.
    Street,
    /// A container yard at night; about 0.2 Mbit/s, as quiet scenes are.
    Yard,
    /// A warehouse from inside; about 0.4 Mbit/s.
    Hall,
    /// A harbour after sunset; about 0.3 Mbit/s.
    Harbour,
}

impl Scene {
    /// When something moves in the picture: ranges of frame numbers in the clip.
    pub(crate) fn motion(self) -> &'static [(u64, u64)] {
        match self {
            Scene::Street => &[(175, 550), (900, 1250)],
            Scene::Yard => &[(300, 600), (750, 1300)],
            Scene::Hall => &[(125, 525), (825, 1350)],
            Scene::Harbour => &[(350, 800)],
        }
    }
}

macro_rules! embedded {
    ($file:literal) => {{
        static CLIP: OnceLock<Option<Clip>> = OnceLock::new();
        CLIP.get_or_init(|| Clip::open(include_bytes!(concat!("../clips/", $file)))).as_ref()
    }};
}

/// The clip of a scene, if the scene has one like this.
pub(crate) fn video(scene: Scene, size: Size, codec: Codec, gop: Gop) -> Option<&'static Clip> {
    match (scene, size, codec, gop) {
        (Scene::Street, Size::Main, Codec::H264, Gop::Usual) => embedded!("street-1080p-h264.clip"),
        (Scene::Street, Size::Main, Codec::H264, Gop::Intra) => embedded!("street-1080p-h264-intra.clip"),
        (Scene::Street, Size::Main, Codec::H264, Gop::Long) => embedded!("street-1080p-h264-gop300.clip"),
        (Scene::Street, Size::Sub, Codec::H264, Gop::Usual) => embedded!("street-360p-h264.clip"),
        (Scene::Street, Size::Main, Codec::H265, Gop::Usual) => embedded!("street-1080p-h265.clip"),
        (Scene::Street, Size::Sub, Codec::H265, Gop::Usual) => embedded!("street-360p-h265.clip"),
        (Scene::Yard, Size::Main, Codec::H264, Gop::Usual) => embedded!("yard-1080p-h264.clip"),
        (Scene::Yard, Size::Sub, Codec::H264, Gop::Usual) => embedded!("yard-360p-h264.clip"),
        (Scene::Hall, Size::Main, Codec::H264, Gop::Usual) => embedded!("hall-1080p-h264.clip"),
        (Scene::Hall, Size::Sub, Codec::H264, Gop::Usual) => embedded!("hall-360p-h264.clip"),
        (Scene::Harbour, Size::Main, Codec::H264, Gop::Usual) => embedded!("harbour-1080p-h264.clip"),
        (Scene::Harbour, Size::Sub, Codec::H264, Gop::Usual) => embedded!("harbour-360p-h264.clip"),
        _ => None,
    }
}

/// Bytes of each frame of a scene's clip and whether it is a key frame, if the scene has one like this.
#[must_use]
pub fn frame_sizes(scene: Scene, size: Size, codec: Codec) -> Option<Vec<(usize, bool)>> {
    let clip = video(scene, size, codec, Gop::Usual)?;
    Some((0..clip.len()).map(|i| clip.frame(i)).map(|frame| (frame.bytes.len(), frame.key)).collect())
}

/// The AAC-LC tone of 440 Hz, 16 kHz mono.
pub(crate) fn tone() -> Option<&'static Clip> {
    embedded!("tone.clip")
}

/// A JPEG picture of the scene.
pub(crate) fn still(scene: Scene, size: Size) -> &'static [u8] {
    match (scene, size) {
        (Scene::Street, Size::Main) => include_bytes!("../clips/street.jpg"),
        (Scene::Street, Size::Sub) => include_bytes!("../clips/street-sub.jpg"),
        (Scene::Yard, Size::Main) => include_bytes!("../clips/yard.jpg"),
        (Scene::Yard, Size::Sub) => include_bytes!("../clips/yard-sub.jpg"),
        (Scene::Hall, Size::Main) => include_bytes!("../clips/hall.jpg"),
        (Scene::Hall, Size::Sub) => include_bytes!("../clips/hall-sub.jpg"),
        (Scene::Harbour, Size::Main) => include_bytes!("../clips/harbour.jpg"),
        (Scene::Harbour, Size::Sub) => include_bytes!("../clips/harbour-sub.jpg"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Codec, Gop, Scene, Size, nal_units, tone, video};
    use clap::ValueEnum;

    #[test]
    fn every_scene_has_a_main_and_a_sub_stream_of_a_minute_in_groups_of_fifty() {
        for scene in Scene::value_variants() {
            for (size, width) in [(Size::Main, 1920), (Size::Sub, 640)] {
                let clip = video(*scene, size, Codec::H264, Gop::Usual).unwrap();
                assert_eq!((clip.len(), clip.numbers), (1500, [width, width * 9 / 16, 25]));
                for i in 0..clip.len() {
                    let frame = clip.frame(i);
                    assert_eq!(frame.key, i % 50 == 0, "{scene:?} {size:?} frame {i}");
                    assert!(nal_units(frame.bytes).count() > 0);
                }
            }
        }
        assert_eq!(tone().unwrap().len(), 250);
    }

    #[test]
    fn clips_with_other_groups_have_the_same_parameter_sets() {
        let usual = video(Scene::Street, Size::Main, Codec::H264, Gop::Usual).unwrap();
        for (gop, distance) in [(Gop::Intra, 1), (Gop::Long, 300)] {
            let clip = video(Scene::Street, Size::Main, Codec::H264, gop).unwrap();
            assert!(clip.sets().eq(usual.sets()), "{gop:?}");
            for i in 0..clip.len() {
                assert_eq!(clip.frame(i).key, i % distance == 0, "{gop:?} frame {i}");
            }
        }
    }

    #[test]
    fn the_street_has_3_mbit_per_second() {
        let clip = video(Scene::Street, Size::Main, Codec::H264, Gop::Usual).unwrap();
        let bits: usize = (0..clip.len()).map(|i| clip.frame(i).bytes.len() * 8).sum();
        let rate = bits as f64 / 60e6;
        assert!((2.7..3.1).contains(&rate), "{rate} Mbit/s");
    }
}
