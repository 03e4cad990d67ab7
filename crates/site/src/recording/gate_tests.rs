//! The gate against a model that knows all frames, and its limits.

use media::{AudioCodec, AudioConfig, VideoCodec, VideoConfig};
use model::WallTime;
use proptest::prelude::*;

use super::*;

fn tracks() -> Arc<Tracks> {
    let video = VideoConfig {
        codec: VideoCodec::H264,
        width: 640,
        height: 360,
        decoder_config: Vec::new().into(),
        codec_string: "avc1".into(),
        nominal_duration: 3600,
    };
    Arc::new(Tracks { video, audio: Some(AudioConfig::g711(AudioCodec::Pcmu)) })
}

fn picture(n: usize, key: bool, bytes: usize) -> Sample {
    let wall = WallTime::from_micros(n as i64);
    let (track, time) = (TrackKind::Video, n as i64 * 3600);
    Sample { track, time, composition_offset: 0, wall, key, data: vec![0; bytes].into() }
}

fn sound(n: usize) -> Sample {
    Sample { track: TrackKind::Audio, ..picture(n, true, 10) }
}

/// What a sink was given: runs of frame numbers, with their track.
#[derive(Default, Debug, PartialEq, Eq)]
struct Recorded {
    runs: Vec<(bool, Vec<(TrackKind, usize)>)>,
    open: bool,
}

impl Sink for Recorded {
    fn begin(&mut self, tracks: &Arc<Tracks>) {
        assert!(!self.open, "a run begins within a run");
        self.open = true;
        self.runs.push((tracks.audio.is_some(), Vec::new()));
    }

    fn push(&mut self, sample: &Sample) {
        assert!(self.open, "a frame outside of a run");
        let (with_sound, run) = self.runs.last_mut().unwrap();
        assert!(*with_sound || sample.track == TrackKind::Video);
        if run.is_empty() {
            assert!(sample.key && sample.track == TrackKind::Video, "a run begins with a key frame");
        }
        run.push((sample.track, usize::try_from(sample.wall.micros()).unwrap()));
    }

    fn end(&mut self) {
        assert!(self.open, "a run ends that goes on no more");
        self.open = false;
    }
}

impl Recorded {
    fn pictures(&self) -> Vec<usize> {
        let pictures = |(_, run): &(bool, Vec<(TrackKind, usize)>)| {
            run.iter().filter(|(track, _)| *track == TrackKind::Video).map(|(_, n)| *n).collect::<Vec<_>>()
        };
        self.runs.iter().flat_map(pictures).collect()
    }
}

const STEP: Duration = Duration::from_millis(40);

/// A frame of the property test.
#[derive(Clone, Copy, Debug)]
struct Frame {
    key: bool,
    record: bool,
    new_run: bool,
}

fn frames() -> impl Strategy<Value = Vec<Frame>> {
    let stretch = (1_usize..60, any::<bool>(), 1_usize..20, proptest::bool::weighted(0.1));
    proptest::collection::vec(stretch, 1..12).prop_map(|stretches| {
        let mut frames = Vec::new();
        for (length, record, gop, new_run) in stretches {
            for n in 0..length {
                frames.push(Frame { key: frames.len() % gop == 0, record, new_run: new_run && n == 0 });
            }
        }
        frames
    })
}

/// Frame numbers by group of pictures.
fn groups(frames: &[Frame]) -> Vec<Vec<usize>> {
    let (mut groups, mut open): (Vec<Vec<usize>>, _) = (Vec::new(), false);
    for (n, frame) in frames.iter().enumerate() {
        open = (open && !frame.new_run) || frame.key;
        if frame.key {
            groups.push(vec![n]);
        } else if open {
            groups.last_mut().unwrap().push(n);
        }
    }
    groups
}

/// The groups that have to be recorded: those that reach into the time from the pre buffer to a frame with a reason.
fn wanted(frames: &[Frame], pre: usize) -> Vec<usize> {
    let groups = groups(frames);
    let start = |group: usize| groups.get(group).and_then(|group| group.first().copied());
    let mut all = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        let last = group.last().copied().unwrap_or(0);
        let is = frames.iter().enumerate().any(|(n, frame)| {
            let reached = n > last && start(index + 1).is_some_and(|next| next <= n && n - next < pre);
            // Without a group that takes frames nothing begins.
            let open = groups.iter().any(|group| group.contains(&n));
            frame.record && open && (group.contains(&n) || reached)
        });
        if is {
            all.extend(group);
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn what_is_wanted_is_recorded_once_in_order_and_nothing_else(frames in frames(), pre in 0_usize..80) {
        let base = Instant::now();
        let (mut gate, mut recorded) = (Gate::new(Budget::default(), None), Recorded::default());
        let buffer = STEP * u32::try_from(pre).unwrap();
        gate.handle_tracks(tracks());
        for (n, frame) in frames.iter().enumerate() {
            if frame.new_run {
                gate.handle_tracks(tracks());
            }
            let want = if frame.record { Want::Record(buffer) } else { Want::Buffer(buffer) };
            let now = base + STEP * u32::try_from(n).unwrap();
            gate.handle_sample(&picture(n, frame.key, 100), want, true, now, &mut recorded);
        }
        gate.handle_end(&mut recorded);
        prop_assert!(!recorded.open);
        prop_assert_eq!(recorded.pictures(), wanted(&frames, pre));
    }

    #[test]
    fn memory_is_bounded_and_given_back(sizes in proptest::collection::vec(0_usize..30_000, 1..200), gop in 1_usize..30) {
        let (budget, base) = (Budget::default(), Instant::now());
        let (mut gate, mut recorded) = (Gate::new(budget.clone(), None), Recorded::default());
        gate.stream_bytes = 100_000;
        gate.handle_tracks(tracks());
        for (n, bytes) in sizes.iter().enumerate() {
            let now = base + STEP * u32::try_from(n).unwrap();
            gate.handle_sample(&picture(n, n % gop == 0, *bytes), Want::Buffer(IN_MEMORY), true, now, &mut recorded);
            prop_assert!(budget.0.load(Ordering::Relaxed) <= 100_000);
        }
        drop(gate);
        prop_assert_eq!(budget.0.load(Ordering::Relaxed), 0);
        prop_assert_eq!(recorded, Recorded::default());
    }
}

#[test]
fn a_pre_buffer_that_a_limit_shortens_says_so() {
    let (mut gate, mut recorded, base) =
        (Gate::new(Budget::default(), None), Recorded::default(), Instant::now());
    gate.handle_tracks(tracks());
    let want = Want::Buffer(Duration::from_secs(20));
    for n in 0..500 {
        let now = base + STEP * u32::try_from(n).unwrap();
        gate.handle_sample(&picture(n, n % 25 == 0, 100_000), want, true, now, &mut recorded);
    }
    let held = gate.holds_only(base + STEP * 500).unwrap();
    assert!((5..8).contains(&held), "{held} s");
    // Smaller pictures: after a while it is whole again.
    for n in 500..1200 {
        let now = base + STEP * u32::try_from(n).unwrap();
        gate.handle_sample(&picture(n, n % 25 == 0, 1000), want, true, now, &mut recorded);
    }
    assert_eq!(gate.holds_only(base + STEP * 1200), None);
}

#[test]
fn sound_that_is_switched_off_is_recorded_nowhere() {
    let (mut gate, mut recorded, base) =
        (Gate::new(Budget::default(), None), Recorded::default(), Instant::now());
    gate.handle_tracks(tracks());
    let pre = Duration::from_secs(10);
    for n in 0..400_usize {
        let now = base + STEP * u32::try_from(n).unwrap();
        // On, off before anything is recorded, on again in the middle of the recording, and off.
        let on = n < 90 || (205..310).contains(&n);
        let want = if n < 110 { Want::Buffer(pre) } else { Want::Record(pre) };
        gate.handle_sample(&picture(n, n.is_multiple_of(50), 10), want, on, now, &mut recorded);
        gate.handle_sample(&sound(n), want, on, now, &mut recorded);
    }
    assert_eq!(recorded.pictures(), (0..400).collect::<Vec<_>>());
    let heard: Vec<usize> = recorded
        .runs
        .iter()
        .flat_map(|(_, run)| run.iter().filter(|(track, _)| *track == TrackKind::Audio).map(|(_, n)| *n))
        .collect();
    assert_eq!(heard, (250..310).collect::<Vec<_>>());
    assert!(!recorded.runs.last().unwrap().0, "from the next key frame on there is no track");
}

#[test]
fn a_long_group_is_cut_when_nothing_is_wanted_for_long() {
    let (mut gate, mut recorded, base) =
        (Gate::new(Budget::default(), None), Recorded::default(), Instant::now());
    gate.handle_tracks(tracks());
    for n in 0..3000_usize {
        let want = if n < 100 { Want::Record(STEP) } else { Want::Buffer(STEP) };
        gate.handle_sample(
            &picture(n, n == 0, 10),
            want,
            true,
            base + STEP * u32::try_from(n).unwrap(),
            &mut recorded,
        );
    }
    assert!(!recorded.open);
    assert_eq!(recorded.pictures().len(), 600);
}

#[test]
fn switched_off_ends_at_once_and_keeps_nothing() {
    let (mut gate, mut recorded, base) =
        (Gate::new(Budget::default(), None), Recorded::default(), Instant::now());
    gate.handle_tracks(tracks());
    for n in 0..200_usize {
        let want = match n {
            0..60 | 120.. => Want::Record(Duration::from_secs(60)),
            _ => Want::Nothing,
        };
        gate.handle_sample(
            &picture(n, n.is_multiple_of(50), 10),
            want,
            true,
            base + STEP * u32::try_from(n).unwrap(),
            &mut recorded,
        );
    }
    assert_eq!(recorded.pictures(), (0..60).chain(150..200).collect::<Vec<_>>());
}

#[test]
fn a_long_pre_buffer_comes_from_the_rolling_file_without_a_seam() {
    let dir = tempfile::tempdir().unwrap();
    let rolling = Rolling::open(&dir.path().join("rolling"), 1 << 30).unwrap();
    let (budget, base) = (Budget::default(), Instant::now());
    let (mut gate, mut recorded) = (Gate::new(budget.clone(), Some(rolling)), Recorded::default());
    gate.handle_tracks(tracks());
    let pre = Duration::from_secs(120);
    let at = |n: usize| base + STEP * u32::try_from(n).unwrap();
    let frames = 5000;
    for n in 0..frames {
        // The thread keeps up with time that passes as it does here.
        let deadline = Instant::now() + Duration::from_secs(30);
        gate.handle_sample(
            &picture(n, n.is_multiple_of(50), 5000),
            Want::Buffer(pre),
            true,
            at(n),
            &mut recorded,
        );
        while budget.0.load(Ordering::Relaxed) > 1_600_000 {
            assert!(Instant::now() < deadline);
            gate.trim(at(n), pre);
            std::thread::yield_now();
        }
    }
    assert!(budget.0.load(Ordering::Relaxed) < 1_600_000, "most of it is not in memory");
    let mut n = frames;
    let deadline = Instant::now() + Duration::from_secs(30);
    while n < frames + 100 || gate.is_behind() {
        assert!(Instant::now() < deadline, "the file is read");
        // Live goes on for a moment; then time waits for the disk, or a loaded machine would fall behind by design.
        if n < frames + 100 {
            let sample = picture(n, n.is_multiple_of(50), 5000);
            gate.handle_sample(&sample, Want::Record(pre), true, at(n), &mut recorded);
            n += 1;
        } else {
            gate.handle_timeout(&mut recorded);
        }
        std::thread::yield_now();
    }
    assert_eq!(recorded.runs.len(), 1);
    assert_eq!(recorded.pictures(), (2000..n).collect::<Vec<_>>());
}
