//! Packs an elementary stream into the one indexed file format that `sim` reads in place.
//!
//! All numbers little-endian. `magic` is `MRTCLIP1`. Then nine `u32`: kind (1 H.264, 2 H.265, 3 AAC), three numbers
//! (video: width, height, frames per second; AAC: sampling rate, channels, samples per frame), how many parameter
//! sets P, how many frames F, and three zeros. Then P + F index entries of two `u32`: offset from the file's start,
//! length (bit 31 of a frame's length: it is a key frame). Then the bytes. A parameter set is one NAL unit without
//! start code (or the AudioSpecificConfig); a video frame is its slice NAL units, each after its length as `u32` in
//! network order; delimiters, parameter sets and SEI are left out of frames: the sender writes its own.
//!
//! Not here: any understanding of a stream beyond NAL unit types.

use super::{FPS, Variant};
use std::path::Path;

const KEY: u32 = 1 << 31;

struct Frame {
    bytes: Vec<u8>,
    key: bool,
}

/// Packs an Annex B stream whose access units begin with delimiters.
pub(super) fn video(from: &Path, to: &Path, variant: Variant) -> Result<(), String> {
    let stream = std::fs::read(from).map_err(|e| format!("{}: {e}", from.display()))?;
    let mut sets: Vec<Vec<u8>> = Vec::new();
    let mut frames: Vec<Frame> = Vec::new();
    for nal in nal_units(&stream) {
        let kind = if variant.h265 { (nal[0] >> 1) & 0x3f } else { nal[0] & 0x1f };
        let (delimiter, set, slice, key) = if variant.h265 {
            (kind == 35, (32..=34).contains(&kind), kind < 32, (16..=21).contains(&kind))
        } else {
            (kind == 9, kind == 7 || kind == 8, (1..=5).contains(&kind), kind == 5)
        };
        if delimiter {
            frames.push(Frame { bytes: Vec::new(), key: false });
        } else if set {
            if !sets.iter().any(|s| s == nal) {
                sets.push(nal.to_vec());
            }
        } else if slice {
            let frame = frames.last_mut().ok_or("a slice before any delimiter")?;
            frame.bytes.extend_from_slice(&(nal.len() as u32).to_be_bytes());
            frame.bytes.extend_from_slice(nal);
            frame.key |= key;
        }
    }
    let wanted = if variant.h265 { 3 } else { 2 };
    if sets.len() != wanted {
        return Err(format!("{}: {} parameter sets instead of {wanted}", from.display(), sets.len()));
    }
    let kind = if variant.h265 { 2 } else { 1 };
    write(to, kind, [variant.width as u32, variant.height as u32, FPS as u32], &sets, &frames)
}

/// Packs the steady middle of an ADTS stream of AAC-LC mono 16 kHz: 250 frames from the 25th on.
pub(super) fn adts(from: &Path, to: &Path) -> Result<(), String> {
    let stream = std::fs::read(from).map_err(|e| format!("{}: {e}", from.display()))?;
    let mut frames = Vec::new();
    let mut rest = stream.as_slice();
    while rest.len() > 7 {
        let length =
            (usize::from(rest[3] & 3) << 11) | (usize::from(rest[4]) << 3) | usize::from(rest[5] >> 5);
        let header = if rest[1] & 1 == 1 { 7 } else { 9 };
        if length < header || length > rest.len() {
            return Err(format!("{}: broken ADTS frame", from.display()));
        }
        frames.push(Frame { bytes: rest[header..length].to_vec(), key: true });
        rest = &rest[length..];
    }
    if frames.len() < 275 {
        return Err(format!("{}: only {} frames", from.display(), frames.len()));
    }
    // AAC-LC, 16 kHz (index 8), one channel: 00010 1000 0001 000
    write(to, 3, [16_000, 1, 1024], &[vec![0x14, 0x08]], &frames[25..275])
}

/// The NAL units of an Annex B stream, without start codes and trailing zeros.
fn nal_units(stream: &[u8]) -> Vec<&[u8]> {
    let mut units = Vec::new();
    let mut start = None;
    let mut at = 0;
    while at + 3 <= stream.len() {
        if stream[at..at + 3] == [0, 0, 1] {
            if let Some(start) = start {
                units.push(trimmed(&stream[start..at]));
            }
            at += 3;
            start = Some(at);
        } else {
            at += 1;
        }
    }
    units.extend(start.map(|start| trimmed(&stream[start..])));
    units.retain(|unit| !unit.is_empty());
    units
}

fn trimmed(unit: &[u8]) -> &[u8] {
    let end = unit.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    &unit[..end]
}

fn write(to: &Path, kind: u32, numbers: [u32; 3], sets: &[Vec<u8>], frames: &[Frame]) -> Result<(), String> {
    let mut head = b"MRTCLIP1".to_vec();
    let [a, b, c] = numbers;
    for number in [kind, a, b, c, sets.len() as u32, frames.len() as u32, 0, 0, 0] {
        head.extend_from_slice(&number.to_le_bytes());
    }
    let mut offset = (head.len() + 8 * (sets.len() + frames.len())) as u32;
    let mut body = Vec::new();
    let mut add = |bytes: &[u8], flag: u32| {
        head.extend_from_slice(&offset.to_le_bytes());
        head.extend_from_slice(&(bytes.len() as u32 | flag).to_le_bytes());
        body.extend_from_slice(bytes);
        offset += bytes.len() as u32;
    };
    for set in sets {
        add(set, 0);
    }
    for frame in frames {
        add(&frame.bytes, if frame.key { KEY } else { 0 });
    }
    head.extend_from_slice(&body);
    std::fs::write(to, head).map_err(|e| format!("{}: {e}", to.display()))
}
