//! Mutated and random input for every parser: an error or a value, never a panic, never more memory than the input
//! justifies.

use bytes::Bytes;
use media::{
    VideoCodec, VideoConfig,
    aac::AudioSpecificConfig,
    flac::block_size,
    fmp4::{
        SampleMeta, TrackSamples, fragment_head, init_segment,
        read::{ReadAt, boxes, read_fragment, read_init, top_level},
    },
    h264, h265, nal,
};
use model::TrackKind::{Audio, Video};
use proptest::prelude::*;

use crate::clip::{AXIS_SPS, X265_PPS, X265_SPS, all_tracks};

/// All parsers, one after the other.
fn read_all(bytes: &[u8]) {
    let _ = h264::Sps::parse(bytes);
    let _ = h265::Sps::parse(bytes);
    let _ = h265::parallel_tools(bytes);
    let _ = VideoConfig::from_avcc(bytes);
    let _ = VideoConfig::from_hvcc(bytes);
    let _ = VideoConfig::from_h264(bytes, bytes);
    let _ = VideoConfig::from_h265(bytes, bytes, bytes);
    let _ = AudioSpecificConfig::parse(bytes);
    let _ = block_size(bytes);
    let shared = Bytes::copy_from_slice(bytes);
    for codec in [VideoCodec::H264, VideoCodec::H265] {
        let _ = nal::is_key(codec, bytes);
        if let Ok(split) = nal::split(codec, &shared) {
            assert!(split.data.len() <= bytes.len());
            let _ = VideoConfig::from_parameter_sets(codec, &split.parameter_sets);
        }
    }
    assert!(nal::annex_b(bytes).map(<[u8]>::len).sum::<usize>() <= bytes.len());
    let found = boxes(bytes).filter(Result::is_ok).count();
    assert!(found <= bytes.len() / 8);
    assert_eq!(top_level(bytes, 0).filter(Result::is_ok).count(), found);
    let _ = read_init(bytes);
    if let Ok(fragment) = read_fragment(bytes, 0, 0..u64::MAX) {
        let samples: usize = fragment.tracks.iter().map(|track| track.samples.len()).sum();
        assert!(samples <= bytes.len() / 8);
    }
}

/// Sound input of every kind.
fn seeds() -> Vec<Vec<u8>> {
    let meta = SampleMeta { size: 9, duration: 3600, composition_offset: 3600, key: true };
    let samples = [meta; 5];
    let parts = [
        TrackSamples { kind: Video, time: 1 << 40, samples: &samples },
        TrackSamples { kind: Audio, time: 0, samples: &samples[..3] },
    ];
    let fragment = fragment_head(3, &parts).unwrap();
    let mut out = vec![
        AXIS_SPS.to_vec(),
        X265_SPS.to_vec(),
        X265_PPS.to_vec(),
        vec![0x2b, 0x11, 0x88, 0x00],
        fragment[..fragment.len() - 8].to_vec(),
    ];
    for tracks in all_tracks() {
        out.push(init_segment(&tracks, &[Video, Audio]).to_vec());
        out.push(tracks.video.decoder_config.to_vec());
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn random_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        read_all(&bytes);
    }

    #[test]
    fn damaged_input_is_survived(
        seed in proptest::sample::select(seeds()),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<proptest::sample::Index>(),
        whole: bool,
    ) {
        let mut bytes = seed;
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if !whole {
            bytes.truncate(cut.index(bytes.len()));
        }
        read_all(&bytes);
    }

    #[test]
    fn damaged_parameter_sets_are_survived(
        head in proptest::sample::select(vec![vec![0x67u8, 100], vec![0x42, 1, 1], vec![0x44, 1]]),
        tail in proptest::collection::vec(prop_oneof![Just(0u8), Just(0xff), any::<u8>()], 0..200),
    ) {
        read_all(&[head, tail].concat());
    }
}

#[test]
fn a_count_that_the_input_cannot_hold_allocates_nothing() {
    // A trun that claims 65536 samples in 12 bytes.
    let mut moof = fragment_head(1, &[TrackSamples { kind: Video, time: 0, samples: &[] }]).unwrap().to_vec();
    moof.truncate(moof.len() - 8);
    let at = moof.len() - 8;
    moof[at..at + 4].copy_from_slice(&65_536u32.to_be_bytes());
    assert!(read_fragment(&moof, 0, 0..100).is_err());
    moof[at..at + 4].copy_from_slice(&u32::MAX.to_be_bytes());
    assert!(read_fragment(&moof, 0, 0..100).is_err());
}

#[test]
fn reading_behind_the_end_reads_nothing() {
    let Ok(count) = [1, 2, 3][..].read_at(u64::MAX, &mut [0; 4]);
    assert_eq!(count, 0);
}
