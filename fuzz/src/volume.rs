//! A volume with one file from outside: opened for recording, read, checked.
//!
//! What is not here: the disk; it is the simulated one of the archive's own tests.

use std::sync::Arc;

use archive::disk::{Disk, File};
use archive::fsck::{Check, fsck};
use archive::{Archive, Options, Part, Purpose, Signer, Verifier, Volume};
use model::{SiteId, TrackKind, VolumeId, WallRange, WallTime};

#[allow(dead_code, clippy::unwrap_used, reason = "the archive's tests use more of it")]
#[path = "../../crates/archive/tests/it/sim_disk.rs"]
mod sim_disk;

use sim_disk::SimDisk;

/// What one file can cost: the plans that it leads to are read this far.
const PARTS: usize = 1000;
/// Where the segment lies that the corpus has.
const SEGMENT: &str = "2026-11-21/01010101010101010101010101010101.main/23-58-00.000-79ab729e-00000.mp4";

/// Does not sign, and does not check.
struct Nobody;

impl Signer for Nobody {
    fn public_key(&self) -> Vec<u8> {
        Vec::new()
    }

    fn sign(&self, _: Purpose, _: &[u8]) -> Vec<u8> {
        Vec::new()
    }
}

impl Verifier for Nobody {
    fn holds(&self, _: &[u8], _: Purpose, _: &[u8], _: &[u8]) -> bool {
        true
    }

    fn holds_for(&self, _: SiteId, _: &[u8], _: Purpose, _: &[u8], _: &[u8]) -> bool {
        true
    }
}

/// The first byte tells which file of a volume the rest is: `s` a segment, `l` and `d` the journals, `i` a day's index,
/// `v` the volume's description.
pub fn archive_volume(data: &[u8]) {
    let Some((which, content)) = data.split_first() else { return };
    let disk = SimDisk::new(1);
    let site = SiteId::from_bytes([7; 16]);
    let path = match which {
        b's' => SEGMENT.to_owned(),
        b'l' => "locks".to_owned(),
        b'd' => "deletions".to_owned(),
        b'i' => "2026-11-21/index".to_owned(),
        _ => "volume.json".to_owned(),
    };
    if path != "volume.json" {
        let volume = VolumeId::from_bytes([9; 16]);
        let description =
            Volume { format: archive::volume::FORMAT, volume, site, created: WallTime::from_micros(0) };
        description.write(&disk).expect("a simulated disk without faults");
    }
    let file = disk.create(&path).expect("a simulated disk without faults");
    file.append(&mut [std::io::IoSlice::new(content)]).expect("a simulated disk without faults");

    let check = Check { check_only: true, deep: true, verifier: Some(&Nobody) };
    let _ = fsck(&disk, check);
    let now = WallTime::from_micros(1_800_000_000_000_000);
    if let Ok((archive, _)) = Archive::open(disk.clone(), Options::new(site, Arc::new(Nobody)), now) {
        read(&archive);
        let _ = archive.close(now);
    }
    let _ = fsck(&disk, Check { check_only: false, ..check });
    let sound = fsck(&disk, check);
    assert!(
        sound.is_err() || sound.is_ok_and(|report| report.repaired == Default::default()),
        "repaired once, for good"
    );
}

fn read(archive: &Archive<SimDisk>) {
    let reader = archive.reader();
    let all = WallRange { from: WallTime::MIN, to: WallTime::MAX };
    for key in reader.streams() {
        let _ = (reader.oldest(key), reader.newest(key), reader.bytes(key));
        let _ = reader.spans(key.camera, key.kind, all, std::time::Duration::ZERO);
        let _ = reader.key_frame(key, WallTime::MAX);
        let mut plan = reader.plan(key, all, &[TrackKind::Video, TrackKind::Audio]);
        for _ in 0..PARTS {
            match plan.next() {
                Some(Ok(Part::Sample(sample))) => drop(plan.read(&sample)),
                Some(_) => {}
                None => break,
            }
        }
    }
}
