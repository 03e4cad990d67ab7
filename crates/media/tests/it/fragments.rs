//! Initialization segments and fragments: written and read back, and read by ffmpeg.

use bytes::Bytes;
use expect_test::expect;
use media::{
    Tracks, VideoCodec,
    fmp4::{
        RandomAccess, SampleMeta, TrackSamples, fragment_head, fragment_one, init_segment,
        random_access_index,
        read::{BadFile, BoxHead, ReadAt, TopLevelError, boxes, read_fragment, read_init, top_level},
        uuid_box,
    },
};
use model::TrackKind::{self, Audio, Video};
use proptest::prelude::*;

use crate::{
    clip::{Clip, PLAIN, Recipe, all_tracks},
    tools::{ffmpeg, ffprobe, rows, skip},
};

#[test]
fn an_initialization_segment_is_read_back_to_its_tracks() {
    for mut tracks in all_tracks() {
        tracks.video.nominal_duration = 4567;
        let both = init_segment(&tracks, &[Audio, Video]);
        let read = read_init(&both).unwrap();
        assert_eq!(read.clone().tracks(), Some(tracks.clone()));
        let video = read_init(&init_segment(&tracks, &[Video])).unwrap();
        assert_eq!((video.video.as_ref(), video.audio), (Some(&tracks.video), None));
        let audio = read_init(&init_segment(&tracks, &[Audio])).unwrap();
        assert_eq!((audio.video, audio.audio.as_ref()), (None, tracks.audio.as_ref()));
    }
}

/// The tree of boxes, indented; sample entries are named, their content is not.
fn tree(bytes: &[u8], depth: usize, out: &mut String) {
    const CONTAINERS: [&[u8; 4]; 9] =
        [b"moov", b"trak", b"mdia", b"minf", b"dinf", b"stbl", b"mvex", b"moof", b"traf"];
    for (head, content) in boxes(bytes).map(|item| item.unwrap()) {
        let indent = "  ".repeat(depth);
        out.push_str(&format!("{indent}{} {}\n", head.kind.escape_ascii(), head.size));
        if CONTAINERS.contains(&&head.kind) {
            tree(content, depth + 1, out);
        } else if head.kind == *b"stsd" {
            tree(&content[8..], depth + 1, out);
        }
    }
}

#[test]
fn the_boxes_are_those_of_the_documentation() {
    let tracks = all_tracks().remove(1);
    let mut file = init_segment(&tracks, &[Video, Audio]).to_vec();
    let meta = SampleMeta { size: 9, duration: 3600, composition_offset: 0, key: true };
    let parts = [
        TrackSamples { kind: Video, time: 0, samples: &[meta; 12] },
        TrackSamples { kind: Audio, time: 0, samples: &[meta; 23] },
    ];
    let head = fragment_head(1, &parts).unwrap();
    file.extend_from_slice(&head[..head.len() - 8]);
    let mut out = String::new();
    tree(&file, 0, &mut out);
    expect![[r#"
        ftyp 28
        moov 1070
          mvhd 108
          trak 477
            tkhd 92
            mdia 377
              mdhd 32
              hdlr 38
              minf 299
                vmhd 20
                dinf 36
                  dref 28
                stbl 235
                  stsd 159
                    avc1 143
                  stts 16
                  stsc 16
                  stsz 20
                  stco 16
          trak 405
            tkhd 92
            mdia 305
              mdhd 32
              hdlr 38
              minf 227
                smhd 16
                dinf 36
                  dref 28
                stbl 167
                  stsd 91
                    mp4a 75
                  stts 16
                  stsc 16
                  stsz 20
                  stco 16
          mvex 72
            trex 32
            trex 32
        moof 480
          mfhd 16
          traf 208
            tfhd 16
            tfdt 20
            trun 164
          traf 248
            tfhd 16
            tfdt 20
            trun 204
    "#]]
    .assert_eq(&out);
}

#[test]
fn a_cut_initialization_segment_is_an_error_wherever_it_is_cut() {
    for tracks in all_tracks() {
        let whole = init_segment(&tracks, &[Video, Audio]);
        for end in 0..whole.len() {
            assert!(read_init(&whole[..end]).is_err(), "{end} of {}", whole.len());
        }
    }
}

fn metas() -> impl Strategy<Value = Vec<SampleMeta>> {
    let meta = (1..200_000u32, 0..200_000u32, -9000..9000i32, any::<bool>()).prop_map(
        |(size, duration, composition_offset, key)| SampleMeta { size, duration, composition_offset, key },
    );
    proptest::collection::vec(meta, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_fragment_is_read_back_sample_by_sample(
        video in metas(), mut audio in metas(), time in 0..1i64 << 60, sequence: u32, at in 0..1u64 << 40,
    ) {
        audio.iter_mut().for_each(|meta| meta.key = true);
        let tracks = [
            TrackSamples { kind: Video, time, samples: &video },
            TrackSamples { kind: Audio, time: 7, samples: &audio },
        ];
        let head = fragment_head(sequence, &tracks).unwrap();
        let data: u64 = video.iter().chain(&audio).map(|meta| u64::from(meta.size)).sum();
        let begin = at + head.len() as u64;
        // The head of mdat says where the data end.
        let mdat = &head[head.len() - 8..];
        prop_assert_eq!(u64::from(u32::from_be_bytes(mdat[..4].try_into().unwrap())), data + 8);
        prop_assert_eq!(&mdat[4..], b"mdat");
        let read = read_fragment(&head[..head.len() - 8], at, begin..begin + data).unwrap();
        prop_assert_eq!(read.sequence, sequence);
        let mut offset = begin;
        for (track, written) in read.tracks.iter().zip(tracks) {
            prop_assert_eq!(track.kind, written.kind);
            prop_assert_eq!(track.samples.len(), written.samples.len());
            let mut time = written.time;
            for (sample, meta) in track.samples.iter().zip(written.samples) {
                prop_assert_eq!((sample.offset, sample.time), (offset, time));
                let back = SampleMeta {
                    size: sample.size, duration: sample.duration,
                    composition_offset: sample.composition_offset, key: sample.key,
                };
                prop_assert_eq!(back, *meta);
                offset += u64::from(meta.size);
                time += i64::from(meta.duration);
            }
        }
        // One byte less of data, and a sample lies outside.
        if data > 0 {
            let short = read_fragment(&head[..head.len() - 8], at, begin..begin + data - 1);
            prop_assert_eq!(short, Err(BadFile::Outside));
        }
    }

    #[test]
    fn a_fragment_of_one_sample_has_one_small_head(
        time in 0..1i64 << 60, size in 1..1u32 << 24, duration: u32, composition_offset: i32, key: bool,
    ) {
        let meta = SampleMeta { size, duration, composition_offset, key };
        let head = fragment_one(1, Video, time, meta).unwrap();
        prop_assert!(head.len() <= 112);
        let begin = head.len() as u64;
        let read = read_fragment(&head[..head.len() - 8], 0, begin..begin + u64::from(size)).unwrap();
        let sample = read.tracks[0].samples[0];
        prop_assert_eq!((sample.offset, sample.time, sample.duration), (begin, time, duration));
        prop_assert_eq!((sample.composition_offset, sample.key), (composition_offset, key));
    }
}

#[test]
fn samples_that_no_fragment_can_hold_are_refused() {
    let large = SampleMeta { size: u32::MAX, duration: 1, composition_offset: 0, key: true };
    assert!(fragment_one(1, Video, 0, large).is_err());
    let tracks = [TrackSamples { kind: Video, time: 0, samples: &[SampleMeta { size: 1 << 31, ..large }] }];
    assert!(fragment_head(1, &tracks).is_err());
}

/// A source that can be read only in small pieces.
struct Pieces(Bytes);

impl ReadAt for Pieces {
    type Error = std::io::Error;

    fn size(&self) -> Result<u64, Self::Error> {
        Ok(self.0.len() as u64)
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<usize, Self::Error> {
        let Ok(count) = self.0[..].read_at(offset, out);
        Ok(count)
    }
}

#[test]
fn top_level_boxes_are_found_up_to_the_one_that_is_cut_off() {
    let tracks = all_tracks().remove(0);
    let mut file = init_segment(&tracks, &[Video]).to_vec();
    file.extend_from_slice(&uuid_box(*b"0123456789abcdef", b"of our own"));
    let sound = file.len() as u64;
    let meta = SampleMeta { size: 100, duration: 3600, composition_offset: 0, key: true };
    file.extend_from_slice(&fragment_one(1, Video, 0, meta).unwrap());
    file.extend_from_slice(&[0; 60]);
    let source = Pieces(file.into());
    let found: Vec<_> = top_level(&source, 0).collect();
    let kinds: Vec<&[u8]> = found.iter().flatten().map(|head| &head.kind[..]).collect();
    assert_eq!(kinds, [&b"ftyp"[..], b"moov", b"uuid", b"moof"]);
    let uuid = found[2].as_ref().unwrap();
    assert_eq!(uuid.usertype.as_ref(), Some(b"0123456789abcdef"));
    assert_eq!(uuid.content(), sound - 10..sound);
    let moof: &BoxHead = found[3].as_ref().unwrap();
    match &found[4] {
        Err(TopLevelError::Bad { at, why: BadFile::Truncated(kind) }) => {
            assert_eq!((*at, kind), (moof.end(), b"mdat"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(found.len(), 5);
}

#[test]
fn a_large_size_and_a_size_to_the_end_are_understood() {
    let mut file = vec![0, 0, 0, 1, b'm', b'd', b'a', b't', 0, 0, 0, 0, 0, 0, 0, 20, 1, 2, 3, 4];
    file.extend([0, 0, 0, 0, b'f', b'r', b'e', b'e', 9]);
    let found: Vec<_> = boxes(&file).map(|item| item.unwrap()).collect();
    assert_eq!(found[0].1, [1, 2, 3, 4]);
    assert_eq!((found[1].0.size, found[1].1), (9, &[9][..]));
    assert_eq!(boxes(&[0, 0, 0, 7, b'f', b'r', b'e', b'e']).next(), Some(Err(BadFile::Size)));
}

/// A file of fragments of up to half a second, as the archive writes them, with a random access index.
pub fn fragmented(clip: &Clip, which: &[TrackKind]) -> Vec<u8> {
    let mut file = init_segment(&clip.tracks, which).to_vec();
    let seconds = |kind, time: i64| time as f64 / f64::from(clip.tracks.timescale(kind).unwrap());
    let mut keys = Vec::new();
    for number in 0..40 {
        let within = |kind, time| (seconds(kind, time) / 0.5).floor() as i64 == number;
        let mut parts = Vec::new();
        for kind in which {
            let all: Vec<_> = clip.of(*kind).collect();
            let next = all.iter().skip(1).map(|sample| sample.time).chain([all[all.len() - 1].time + 3600]);
            let chosen: Vec<_> =
                all.iter().zip(next).filter(|(sample, _)| within(*kind, sample.time)).collect();
            let metas: Vec<_> = chosen
                .iter()
                .map(|(sample, next)| SampleMeta {
                    size: sample.data.len() as u32,
                    duration: (next - sample.time) as u32,
                    composition_offset: sample.composition_offset,
                    key: sample.key,
                })
                .collect();
            if let Some((first, _)) = chosen.first() {
                let data: Vec<u8> = chosen.iter().flat_map(|(sample, _)| sample.data.to_vec()).collect();
                parts.push((*kind, first.time, metas, data));
            }
        }
        if parts.is_empty() {
            break;
        }
        for (_, time, metas, _) in parts.iter().filter(|part| part.0 == Video) {
            let mut time = *time;
            for (number, meta) in (1..).zip(metas) {
                if meta.key {
                    let time = time + i64::from(meta.composition_offset);
                    keys.push(RandomAccess { time, moof_offset: file.len() as u64, sample_number: number });
                }
                time += i64::from(meta.duration);
            }
        }
        let tracks: Vec<_> = parts
            .iter()
            .map(|(kind, time, metas, _)| TrackSamples { kind: *kind, time: *time, samples: metas })
            .collect();
        file.extend_from_slice(&fragment_head(number as u32 + 1, &tracks).unwrap());
        parts.iter().for_each(|(_, _, _, data)| file.extend_from_slice(data));
        file.extend_from_slice(&uuid_box([7; 16], &[0; 32]));
    }
    file.extend_from_slice(&random_access_index(&keys));
    file
}

#[test]
fn ffmpeg_reads_fragments_of_both_codecs_to_the_last_frame() {
    let test = "ffmpeg_reads_fragments_of_both_codecs_to_the_last_frame";
    let recipes = [
        Recipe { audio: true, ..PLAIN },
        Recipe { encoder: "-pix_fmt yuv420p -g 10 -bf 2", ..PLAIN },
        Recipe { codec: VideoCodec::H265, audio: true, ..PLAIN },
        Recipe { codec: VideoCodec::H265, encoder: "-pix_fmt yuv420p -g 10", ..PLAIN },
    ];
    for recipe in recipes {
        let Some(clip) = Clip::encode(recipe) else { return skip(test, "ffmpeg is not installed") };
        let which = if recipe.audio { &[Video, Audio][..] } else { &[Video] };
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("fragmented.mp4");
        std::fs::write(&path, fragmented(&clip, which)).unwrap();
        for kind in which {
            let stream = if *kind == Video { "v" } else { "a" };
            let entries = "packet=pts,dts,size,flags";
            let command = format!("-select_streams {stream} -show_entries {entries} {{}}");
            let printed = ffprobe(&command, &[&path]).unwrap();
            assert_eq!(printed.err, "", "{recipe:?}");
            let ours: Vec<_> = clip
                .of(*kind)
                .map(|sample| {
                    let pts = sample.time + i64::from(sample.composition_offset);
                    let flags = if sample.key { "K_" } else { "__" };
                    let fields = [pts.to_string(), sample.time.to_string(), sample.data.len().to_string()];
                    fields.into_iter().chain([flags.to_owned()]).collect::<Vec<_>>()
                })
                .collect();
            assert_eq!(rows(&printed), ours, "{recipe:?}");
        }
        let decoded = ffmpeg("-xerror -i {} -map 0:v -f md5 -", &[&path]).unwrap();
        assert_eq!(decoded.err, "");
        let original = ffmpeg("-i {} -map 0:v -f md5 -", &[&clip.mp4]).unwrap();
        assert_eq!(decoded.text(), original.text(), "{recipe:?}");
        let read = read_init(&std::fs::read(&path).unwrap()).unwrap().tracks().unwrap();
        assert_eq!(read.video, clip.tracks.video);
        let entries =
            "-select_streams v -show_entries stream=codec_tag_string,width,height,avg_frame_rate {}";
        let tag = if recipe.codec == VideoCodec::H264 { "avc1" } else { "hvc1" };
        assert_eq!(ffprobe(entries, &[&path]).unwrap().text(), format!("{tag},320,180,25/1"));
    }
}

#[test]
fn ffmpeg_finds_a_key_frame_by_the_random_access_index() {
    let Some(clip) = Clip::encode(PLAIN) else {
        return skip("ffmpeg_finds_a_key_frame_by_the_random_access_index", "ffmpeg is not installed");
    };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("indexed.mp4");
    std::fs::write(&path, fragmented(&clip, &[Video])).unwrap();
    let command = "-select_streams v -read_intervals 0.5%+#1 -show_entries packet=pts,flags {}";
    assert_eq!(ffprobe(command, &[&path]).unwrap().text(), "36000,K_");
}

#[test]
fn ffmpeg_names_g711_by_its_sample_entry() {
    let test = "ffmpeg_names_g711_by_its_sample_entry";
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sound.mp4");
    for (tracks, codec) in all_tracks().iter().zip(["", "aac", "pcm_mulaw", "pcm_alaw", "flac"]) {
        let Tracks { audio: Some(_), .. } = tracks else { continue };
        let mut file = init_segment(tracks, &[Audio]).to_vec();
        let meta = SampleMeta { size: 160, duration: 160, composition_offset: 0, key: true };
        file.extend_from_slice(&fragment_one(1, Audio, 0, meta).unwrap());
        file.extend_from_slice(&[0xd5; 160]);
        std::fs::write(&path, file).unwrap();
        let command = "-v quiet -show_entries stream=codec_name,sample_rate,channels {}";
        let Some(printed) = ffprobe(command, &[&path]) else { return skip(test, "ffmpeg is not installed") };
        let audio = tracks.audio.as_ref().unwrap();
        assert_eq!(printed.text(), format!("{codec},{},{}", audio.sample_rate, audio.channels));
    }
}
