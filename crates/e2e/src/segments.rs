//! Segment files as they lie on a disk, before anything repairs them.
//!
//! What is here: finding them and the stamps of frames in them. A frame counts only where the box that holds it is
//! whole; nothing of the product reads along.
//! What is not here: any other understanding of a segment.

use std::{
    fs,
    path::{Path, PathBuf},
};

use model::CameraId;
use sim::stamp::{self, Stamp};

/// Segments of a camera below a directory, in order of their names.
#[must_use]
pub fn of_camera(recordings: &Path, id: CameraId) -> Vec<PathBuf> {
    let (mut found, mut waiting) = (Vec::new(), vec![recordings.to_owned()]);
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|end| end == "mp4")
                && path.to_string_lossy().contains(&id.to_string())
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// All stamps of frames in the files, in order.
///
/// # Panics
/// A file cannot be read.
#[must_use]
#[allow(clippy::expect_used, reason = "a test's helper")]
pub fn stamps(files: &[PathBuf]) -> Vec<Stamp> {
    let mut stamps = Vec::new();
    for file in files {
        let bytes = fs::read(file).expect("a file");
        for media in media_boxes(&bytes) {
            for at in 3..media.len().saturating_sub(stamp::UUID.len()) {
                if media[at] == stamp::UUID[0] && media[at..].starts_with(&stamp::UUID) {
                    stamps.extend(stamp::find(&media[at - 3..]));
                }
            }
        }
    }
    stamps
}

/// The newest frame of a camera's files, of which the last two are read; nothing where there is none.
#[must_use]
pub fn newest(files: &[PathBuf]) -> Option<Stamp> {
    stamps(&files[files.len().saturating_sub(2)..]).into_iter().max_by_key(|stamp| stamp.number)
}

/// What the `mdat` boxes hold that are followed by another whole box, as every fragment's is by its chain value; up to
/// the first box that is torn (ISO/IEC 14496-12, 4.2).
fn media_boxes(mut bytes: &[u8]) -> Vec<&[u8]> {
    let (mut found, mut media) = (Vec::new(), None);
    while let Some((head, _)) = bytes.split_first_chunk::<8>() {
        let [a, b, c, d, kind @ ..] = *head;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let Some(whole) = bytes.get(..length).filter(|_| length >= 8) else { break };
        found.extend(media.take());
        if &kind == b"mdat" {
            media = Some(&whole[8..]);
        }
        bytes = &bytes[length..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_box_does_not_count() {
        let file =
            [&[0, 0, 0, 9][..], b"mdat1", &[0, 0, 0, 10], b"free..", &[0, 0, 0, 12], b"mdat123"].concat();
        assert_eq!(media_boxes(&file), [&b"1"[..]]);
        assert!(media_boxes(&[0; 40]).is_empty());
    }
}
