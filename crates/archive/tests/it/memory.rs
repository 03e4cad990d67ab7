//! What waits for a slow disk takes memory, and gives it back.

use std::time::Duration;

use archive::set::{Kind, Order, Router};
use bytes::Bytes;
use media::Sample;
use model::{TrackKind, VolumeId};

use crate::fake;

/// Resident memory of this process in MiB: proc(5), `VmRSS`.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

#[test]
fn memory_of_what_waited_for_a_disk_is_given_back() {
    let volume = VolumeId::from_bytes([3; 16]);
    let mut router = Router::new(512 << 20);
    router.put(volume, Kind::Main);
    router.set_room(volume, 1 << 40);
    router.revive(volume, fake::start());
    let keys: Vec<_> = (1..=8).map(fake::camera).collect();
    for key in &keys {
        router.begin(*key, fake::tracks(None), Duration::ZERO, fake::start());
    }
    let before = resident();
    // 3 Mbit/s of eight cameras for a minute; meanwhile others ask for memory in between, and keep some of it.
    let mut others: Vec<Vec<u8>> = Vec::new();
    for frame in 0..60 * 25_i64 {
        let came = Duration::from_millis(40 * frame as u64);
        for key in &keys {
            let sample = Sample {
                track: TrackKind::Video,
                time: frame * 3600,
                composition_offset: 0,
                wall: fake::start() + came,
                key: frame % 50 == 0,
                data: Bytes::from(vec![frame as u8; 12_000 + (frame as usize * 37) % 6_000]),
            };
            assert!(router.push(*key, &sample, came, fake::start() + came));
        }
        others.push(vec![1; 500 + (frame as usize * 91) % 1500]);
    }
    let during = resident();
    assert!(router.bytes() > 160 << 20 && during > before + 150, "{before}, {during} MiB");
    // The disk is back: its thread takes all orders and confirms them.
    let mut last = std::collections::HashMap::new();
    while let Some(order) = router.next_order(volume) {
        if let Order::Push(key, number, _) = order {
            last.insert(key, number);
        }
    }
    let durable: Vec<_> = last.into_iter().collect();
    router.confirm(volume, router.epoch(volume), &durable);
    let after = resident();
    assert!(router.bytes() < 16 << 20, "only the last group of each camera is kept: {}", router.bytes());
    // Those groups lie in the last blocks, each of 40 MiB.
    assert!(after < before + 60, "{before}, {during}, then {after} MiB");
    drop(others);
}
