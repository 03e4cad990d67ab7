//! G.711 as FLAC: decoded by a small decoder of the test's own, and by ffmpeg.

use bytes::Bytes;
use media::{
    AudioCodec, AudioConfig, Tracks,
    flac::{FlacTrack, block_size},
    fmp4::init_segment,
    g711,
    live::LiveTrack,
    progressive::{Layout, SampleRef, Start},
};
use model::TrackKind::Audio;
use proptest::prelude::*;

use crate::{
    clip::{Clip, PLAIN, all_tracks, sample},
    tools::{ffmpeg, ffprobe, skip},
};

/// Reads bits, the highest first.
struct Bits<'a>(&'a [u8], usize);

impl Bits<'_> {
    fn take(&mut self, count: usize) -> u64 {
        (0..count).fold(0, |value, _| {
            let bit = self.0[self.1 / 8] >> (7 - self.1 % 8) & 1;
            self.1 += 1;
            value << 1 | u64::from(bit)
        })
    }

    fn signed(&mut self, count: usize) -> i64 {
        let value = self.take(count) as i64;
        if value >> (count - 1) & 1 == 1 { value - (1 << count) } else { value }
    }

    fn unary(&mut self) -> u64 {
        let mut zeros = 0;
        while self.take(1) == 0 {
            zeros += 1;
        }
        zeros
    }
}

/// Decodes a frame of fixed, constant or verbatim subframes: (number of the first sample, channels).
fn decode(frame: &[u8]) -> (u64, Vec<Vec<i64>>) {
    let mut bits = Bits(frame, 0);
    assert_eq!(bits.take(16), 0xfff9);
    let (size_code, rate) = (bits.take(4), bits.take(4));
    assert_eq!(rate, 4);
    let channels = bits.take(4) + 1;
    assert_eq!(bits.take(4), 0b1000);
    let first = bits.take(8);
    let more = (!(first as u8)).leading_zeros().saturating_sub(1);
    let mut number = if more == 0 { first } else { first & (0x3f >> more) };
    for _ in 0..more {
        let tail = bits.take(8);
        assert_eq!(tail >> 6, 0b10);
        number = number << 6 | tail & 0x3f;
    }
    let block = bits.take(if size_code == 6 { 8 } else { 16 }) as usize + 1;
    assert_eq!(block_size(frame), Some(block as u32));
    bits.take(8);
    let mut out = Vec::new();
    for _ in 0..channels {
        assert_eq!(bits.take(1), 0);
        let kind = bits.take(6);
        let wasted = if bits.take(1) == 1 { bits.unary() + 1 } else { 0 };
        let depth = 16 - wasted as usize;
        let mut pcm: Vec<i64> = match kind {
            0 => vec![bits.signed(depth); block],
            1 => (0..block).map(|_| bits.signed(depth)).collect(),
            _ => fixed(&mut bits, kind as usize - 8, depth, block),
        };
        pcm.iter_mut().for_each(|value| *value <<= wasted);
        out.push(pcm);
    }
    assert_eq!(bits.1.div_ceil(8) + 2, frame.len());
    (number, out)
}

fn fixed(bits: &mut Bits<'_>, order: usize, depth: usize, block: usize) -> Vec<i64> {
    let mut pcm: Vec<i64> = (0..order).map(|_| bits.signed(depth)).collect();
    assert_eq!(bits.take(6), 0);
    let parameter = bits.take(4) as usize;
    let weights: &[i64] = [&[][..], &[1], &[2, -1], &[3, -3, 1], &[4, -6, 4, -1]][order];
    while pcm.len() < block {
        let folded = bits.unary() << parameter | bits.take(parameter);
        let residual = (folded >> 1) as i64 ^ -((folded & 1) as i64);
        let predicted: i64 = weights.iter().zip(pcm.iter().rev()).map(|(weight, value)| weight * value).sum();
        pcm.push(predicted + residual);
    }
    pcm
}

fn linear(codec: AudioCodec, bytes: &[u8]) -> Vec<i64> {
    let table = g711::decoder(codec).unwrap();
    bytes.iter().map(|byte| i64::from(table[usize::from(*byte)])).collect()
}

/// Packets of a tone, of noise and of silence.
fn packets() -> Vec<Vec<u8>> {
    let mut noise = 1u32;
    (0..150usize)
        .map(|packet| {
            let length = [160, 160, 240, 1, 300, 17][packet % 6];
            (0..length)
                .map(|at| match packet / 50 {
                    0 => ((packet * 160 + at) as f64 / 5.0).sin().mul_add(20.0, 150.0) as u8,
                    1 => {
                        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                        (noise >> 24) as u8
                    }
                    _ => 0xff,
                })
                .collect()
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_packet_comes_back_sample_by_sample(
        data in proptest::collection::vec(any::<u8>(), 1..600), time in 0..1i64 << 36, alaw: bool, stereo: bool,
    ) {
        let codec = if alaw { AudioCodec::Pcma } else { AudioCodec::Pcmu };
        let channels = if stereo { 2 } else { 1 };
        let config = AudioConfig { channels, ..AudioConfig::g711(codec) };
        let track = FlacTrack::new(&config).unwrap();
        let packet = sample(Audio, time, true, data.clone().into());
        if stereo && data.len() % 2 == 1 {
            prop_assert!(track.wrap(&packet).is_err());
            return Ok(());
        }
        let frame = track.wrap(&packet).unwrap();
        let (number, pcm) = decode(&frame.data);
        prop_assert_eq!(number, time.unsigned_abs());
        let all = linear(codec, &data);
        for (channel, pcm) in pcm.iter().enumerate() {
            let expected: Vec<i64> = all.iter().skip(channel).step_by(usize::from(channels)).copied().collect();
            prop_assert_eq!(pcm, &expected);
        }
        // Never much longer than the samples as they are.
        prop_assert!(frame.data.len() <= data.len() * 2 + 20 + usize::from(channels));
    }
}

#[test]
fn a_tone_takes_less_than_its_linear_samples_and_silence_nearly_nothing() {
    let track = FlacTrack::new(&AudioConfig::g711(AudioCodec::Pcmu)).unwrap();
    let size = |data: Vec<u8>| track.wrap(&sample(Audio, 0, true, data.into())).unwrap().data.len();
    assert!(size(packets()[0].clone()) < 2 * 160);
    assert!(size(vec![0xff; 160]) < 16);
}

#[test]
fn what_is_no_g711_is_not_wrapped() {
    assert!(FlacTrack::new(&AudioConfig::from_aac(&[0x11, 0x90]).unwrap()).is_none());
    let track = FlacTrack::new(&AudioConfig::g711(AudioCodec::Pcma)).unwrap();
    assert!(track.wrap(&sample(Audio, 0, true, Bytes::new())).is_err());
    assert!(track.wrap(&sample(Audio, 0, true, vec![0; 70_000].into())).is_err());
    for bytes in [&[][..], &[0xff, 0xf9], &[0xff, 0xf9, 0x64, 0x08], &[0xff, 0xf9, 0x64, 0x08, 0xff]] {
        assert_eq!(block_size(bytes), None);
    }
}

#[test]
fn ffmpeg_decodes_our_flac_in_mp4_to_exactly_the_pcm_of_g711() {
    let directory = tempfile::tempdir().unwrap();
    let [path, raw] = ["live.mp4", "packets.raw"].map(|name| directory.path().join(name));
    for (codec, format) in [(AudioCodec::Pcmu, "mulaw"), (AudioCodec::Pcma, "alaw")] {
        let wrapper = FlacTrack::new(&AudioConfig::g711(codec)).unwrap();
        let tracks = Tracks { audio: Some(wrapper.config()), ..all_tracks().remove(0) };
        let mut live = LiveTrack::new(&tracks, Audio).unwrap();
        let mut file = init_segment(&tracks, &[Audio]).to_vec();
        let mut time = 0;
        for packet in packets() {
            let length = packet.len() as i64;
            let frame = wrapper.wrap(&sample(Audio, time, true, packet.into())).unwrap();
            let fragment = live.push(&frame).unwrap();
            assert_eq!((fragment.time, i64::from(fragment.duration)), (time, length));
            file.extend_from_slice(&fragment.head);
            file.extend_from_slice(&fragment.data);
            time += length;
        }
        std::fs::write(&path, file).unwrap();
        std::fs::write(&raw, packets().concat()).unwrap();
        let Some(ours) = ffmpeg("-xerror -i {} -f s16le -", &[&path]) else {
            return skip(
                "ffmpeg_decodes_our_flac_in_mp4_to_exactly_the_pcm_of_g711",
                "ffmpeg is not installed",
            );
        };
        assert_eq!(ours.err, "");
        let theirs = ffmpeg(&format!("-f {format} -ar 8000 -i {{}} -f s16le -"), &[&raw]).unwrap();
        assert!(ours.out == theirs.out, "{format}: other samples");
        let pcm: Vec<u8> = linear(codec, &packets().concat())
            .iter()
            .flat_map(|value| (*value as i16).to_le_bytes())
            .collect();
        assert!(pcm == ours.out, "{format}: other samples than ours");
        let printed = ffprobe("-show_entries stream=codec_name,sample_rate,channels {}", &[&path]).unwrap();
        assert_eq!(printed.text(), "flac,8000,1");
    }
}

#[test]
fn a_saved_clip_carries_g711_as_flac_from_the_asked_start_on() {
    let Some(clip) = Clip::encode(PLAIN) else {
        return skip("a_saved_clip_carries_g711_as_flac_from_the_asked_start_on", "ffmpeg is not installed");
    };
    let wrapper = FlacTrack::new(&AudioConfig::g711(AudioCodec::Pcmu)).unwrap();
    let tracks = Tracks { audio: Some(wrapper.config()), ..clip.tracks.clone() };
    let bytes: Vec<u8> = packets().into_iter().flatten().take(6400).collect();
    let mut samples = clip.samples.clone();
    samples.extend((0..).zip(bytes.chunks(160)).map(|(number, packet)| {
        wrapper.wrap(&sample(Audio, number * 160, true, Bytes::copy_from_slice(packet))).unwrap()
    }));
    let references = samples.iter().map(|sample| SampleRef {
        track: sample.track,
        size: sample.data.len() as u32,
        time: sample.time,
        duration: if sample.track == Audio { 160 } else { 3600 },
        composition_offset: 0,
        key: sample.key,
    });
    let start = Start { time: Some(36_000), end: None, wall: samples[0].wall };
    let layout = Layout::new(&tracks, start, references).unwrap();
    let mut file = layout.head().to_vec();
    for chunk in layout.chunks() {
        let data = samples.iter().filter(|sample| sample.track == chunk.track).skip(chunk.first as usize);
        data.take(chunk.count as usize).for_each(|sample| file.extend_from_slice(&sample.data));
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("clip.mp4");
    std::fs::write(&path, file).unwrap();
    let pcm = ffmpeg("-xerror -i {} -map 0:a -f s16le -", &[&path]).unwrap();
    assert_eq!(pcm.err, "");
    // 0.4 s of 8 kHz are hidden.
    let expected: Vec<u8> = linear(AudioCodec::Pcmu, &bytes)[3200..]
        .iter()
        .flat_map(|value| (*value as i16).to_le_bytes())
        .collect();
    assert_eq!(pcm.out.len(), expected.len());
    assert!(pcm.out == expected, "other samples");
}
