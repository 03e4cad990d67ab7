//! From a camera's RTP timestamps to the times of a run: pure arithmetic, `now` comes as an argument.
//!
//! What is here: unrolled RTP timestamps in, decode and presentation times since the start of the run and the capture
//! time on the *server's* clock out. The camera's clock is believed only for what it is good for: the distance
//! between its own frames (RTP timestamps) and between its tracks (RTCP sender reports). That it is wrong by years,
//! or jumps, changes nothing.
//! What is not here: RTP, sockets, clocks.
//!
//! How the capture time is found: frames cannot arrive before they were taken, and the one that arrived with the least
//! delay in the first moments of a run was taken when it arrived. (A server may send what it kept since the last key frame
//! all at once: so a run settles for a moment, [`Timing::settles_at`], before its first capture times are told.) Each
//! other frame was taken as much earlier or later as its RTP timestamp says. Where arrivals show that this drifts (least delay over a window of
//! [`WINDOW`]), the mapping is moved by at most 0.5 %. Where it is off by [`STEP`] or more and stays so (the server's
//! clock was set, the camera's time stood still), [`Timing::wants_new_run`] says that a new run should begin.

use std::time::Duration;

use model::{TrackKind, WallTime};

use crate::reorder::Reorder;

/// How long arrivals are watched before the mapping is corrected.
pub const WINDOW: Duration = Duration::from_secs(2);
/// An error of the mapping that is not slewed away any more but ends the run.
pub const STEP: Duration = Duration::from_secs(2);
/// How long a run settles at least, and how long after the last frame that came faster than time passes; and at most.
const SETTLING: Duration = Duration::from_millis(150);
const SETTLING_MORE: Duration = Duration::from_millis(100);
const SETTLING_MOST: Duration = Duration::from_secs(2);
/// How much a server may have kept of the past when a run begins.
const BACKLOG: Duration = Duration::from_secs(30);
/// A frame that came so much faster than time passes shows that the past is still being sent.
const FASTER_MICROS: i64 = 5_000;
/// How far RTP timestamps may run ahead of arrivals before they count as having jumped.
const AHEAD: Duration = Duration::from_secs(5);
/// How far they may go back (B-frames do, by a few frames).
const BACK: Duration = Duration::from_secs(2);
/// Sound and pictures whose sender reports place them further apart than this from their arrivals: reports not believed.
const REPORTS_BELIEVED_MICROS: i64 = 1_000_000;
/// Slewing: at most one part in this many.
const SLEW: i64 = 200;
/// Ticks per second of video.
const VIDEO_RATE: u32 = media::sample::VIDEO_TIMESCALE;

/// When something arrived, on the server's two clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Since the session began; never goes back.
    pub monotonic: Duration,
    /// What the server's clock on the wall said.
    pub wall: WallTime,
}

/// Where a frame belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Decode time in ticks of its track since the start of the run; more than that of the frame before it.
    pub time: i64,
    /// Presentation minus decode time, in the same ticks.
    pub composition_offset: i32,
    /// When it was taken, on the server's clock.
    pub wall: WallTime,
}

/// A sender report: this RTP timestamp was this moment on the camera's clock.
#[derive(Clone, Copy, Debug)]
struct Report {
    rtp: i64,
    camera_micros: i64,
}

/// One track's ticks since the start of the run.
#[derive(Debug)]
struct Track {
    rate: u32,
    /// Added to an RTP timestamp, gives ticks of this track since its first frame in the run.
    shift: Option<i64>,
    last_local: i64,
    last_time: Option<i64>,
    report: Option<Report>,
}

impl Track {
    const fn new(rate: u32) -> Self {
        Self { rate, shift: None, last_local: 0, last_time: None, report: None }
    }

    fn restart(&mut self) {
        self.shift = None;
        self.last_local = 0;
        self.last_time = None;
    }

    fn micros(&self, ticks: i64) -> i64 {
        scale(ticks, 1_000_000, self.rate)
    }

    fn ticks(&self, micros: i64) -> i64 {
        scale(micros, self.rate, 1_000_000)
    }

    /// Ticks since the track's first frame; `expected` is where arrivals say that it should be now, in microseconds, and
    /// `ahead` how far before that it may be.
    fn advance(&mut self, rtp: i64, expected: Option<i64>, ahead: Duration) -> i64 {
        let local = match self.shift {
            None => {
                self.shift = Some(rtp.saturating_neg());
                0
            }
            Some(shift) => rtp.saturating_add(shift),
        };
        let back = self.ticks(micros(BACK));
        let jumped = local < self.last_local.saturating_sub(back)
            || expected.is_some_and(|expected| self.micros(local) > expected.saturating_add(micros(ahead)));
        if jumped {
            // Go on from where arrivals say that we are; reports from before the jump say nothing any more.
            let target =
                expected.map_or(self.last_local, |expected| self.ticks(expected)).max(self.last_local + 1);
            self.shift = Some(target.saturating_sub(rtp));
            self.report = None;
            self.last_local = target;
            return target;
        }
        self.last_local = local;
        local
    }

    /// The camera's clock, in microseconds, at this track's tick 0.
    fn camera_zero(&self) -> Option<i64> {
        let (report, shift) = (self.report?, self.shift?);
        Some(report.camera_micros.saturating_sub(self.micros(report.rtp.saturating_add(shift))))
    }

    /// The next decode time: `wanted`, or a tick after the last one.
    fn strictly_after(&mut self, wanted: i64) -> i64 {
        let time = self.last_time.map_or(wanted.max(0), |last| wanted.max(last + 1));
        self.last_time = Some(time);
        time
    }
}

/// Follows a slowly drifting offset through arrivals that are late by varying amounts: the least delay counts.
#[derive(Debug)]
struct Follower {
    /// The offset in use, in microseconds.
    offset: i64,
    /// What is still to be slewed.
    correction: i64,
    window_start: Duration,
    least: i64,
    first: i64,
    last_at: Duration,
}

/// What a window of arrivals told.
enum Window {
    Open,
    /// The mapping is off by this much and stays so.
    Off(i64),
}

impl Follower {
    const fn new(offset: i64, at: Duration) -> Self {
        Self { offset, correction: 0, window_start: at, least: i64::MAX, first: 0, last_at: at }
    }

    /// `error`: how much later than mapped something arrived, in microseconds.
    fn observe(&mut self, error: i64, at: Duration) -> Window {
        let most = micros(at.saturating_sub(self.last_at)) / SLEW;
        let step = self.correction.clamp(-most, most);
        self.offset = self.offset.saturating_add(step);
        self.correction -= step;
        self.last_at = at;
        if self.least == i64::MAX {
            self.first = error;
        }
        self.least = self.least.min(error);
        let length = at.saturating_sub(self.window_start);
        if length < WINDOW {
            return Window::Open;
        }
        let (least, catching_up) = (self.least, self.first.saturating_sub(error) > micros(length) / 5);
        self.least = i64::MAX;
        self.window_start = at;
        if least.saturating_abs() < micros(STEP) {
            self.correction = least;
        } else if !catching_up {
            return Window::Off(least);
        }
        Window::Open
    }
}

/// The times of one session's frames.
#[derive(Debug)]
pub struct Timing {
    video: Track,
    audio: Option<Track>,
    reorder: Reorder,
    /// Video: server's wall clock at the run's zero.
    wall: Option<Follower>,
    /// Sound: microseconds from the run's zero to the first packet of sound, as arrivals tell.
    audio_zero: Option<Follower>,
    /// The same as sender reports tell; used where it is there.
    audio_zero_by_reports: Option<i64>,
    /// When the run began, and until when it settles.
    settling: Option<(Duration, Duration)>,
    wants_new_run: bool,
}

impl Timing {
    /// For a stream with sound of so many samples a second, or without. The first picture starts the run.
    #[must_use]
    pub fn new(audio_rate: Option<u32>) -> Self {
        Self {
            video: Track::new(VIDEO_RATE),
            audio: audio_rate.filter(|rate| *rate > 0).map(Track::new),
            reorder: Reorder::new(true),
            wall: None,
            audio_zero: None,
            audio_zero_by_reports: None,
            settling: None,
            wants_new_run: false,
        }
    }

    /// Whether the mapping to the server's clock is wrong for good, so that a new run should begin at the next key frame.
    #[must_use]
    pub const fn wants_new_run(&self) -> bool {
        self.wants_new_run
    }

    /// Whether pictures may come in another order than they are shown. Where the stream says that they do not, a
    /// timestamp that goes back is a glitch. Until told, they may.
    pub fn set_reorders(&mut self, may: bool) {
        self.reorder = Reorder::new(may);
    }

    /// The next picture starts a new run: its time is 0, taken when it arrives.
    pub fn restart(&mut self) {
        self.video.restart();
        if let Some(audio) = &mut self.audio {
            audio.restart();
        }
        self.reorder.restart();
        self.wall = None;
        self.audio_zero = None;
        self.audio_zero_by_reports = None;
        self.settling = None;
        self.wants_new_run = false;
    }

    /// Until when (on the monotonic clock) the run settles: capture times told before then are not final, see
    /// [`Timing::wall`], and sound should wait. Nothing once it has settled.
    #[must_use]
    pub fn settles_at(&self) -> Option<Duration> {
        self.settling.map(|(_, until)| until)
    }

    /// The moment of [`Timing::settles_at`] has come.
    pub const fn settled(&mut self) {
        self.settling = None;
    }

    /// The capture time of a picture at this presentation time, as it is known now.
    #[must_use]
    pub fn wall(&self, presentation: i64) -> WallTime {
        let offset = self.wall.as_ref().map_or(0, |wall| wall.offset);
        WallTime::from_micros(offset.saturating_add(self.video.micros(presentation)))
    }

    /// A sender report: RTP timestamp `rtp` was `ntp` (64-bit NTP format, RFC 3550, 6.4.1) on the camera's clock.
    pub fn sender_report(&mut self, track: TrackKind, rtp: i64, ntp: u64) {
        if ntp == 0 {
            return;
        }
        let seconds = i64::try_from(ntp >> 32).unwrap_or_default();
        let fraction = i64::try_from(((ntp & 0xffff_ffff) * 1_000_000) >> 32).unwrap_or_default();
        let report = Some(Report { rtp, camera_micros: seconds * 1_000_000 + fraction });
        match track {
            TrackKind::Video => self.video.report = report,
            TrackKind::Audio => {
                if let Some(audio) = &mut self.audio {
                    audio.report = report;
                }
            }
        }
    }

    /// By how much the camera's clock is ahead of the server's, in µs, as the last sender report of the pictures tells; nothing
    /// where there is none yet. NTP counts from 1900 (RFC 5905, 6).
    #[must_use]
    pub fn camera_ahead(&self) -> Option<i64> {
        const NTP_TO_UNIX_MICROS: i64 = 2_208_988_800 * 1_000_000;
        let report = self.video.report?;
        let local = report.rtp.saturating_add(self.video.shift?);
        let taken = self.wall.as_ref()?.offset.saturating_add(self.video.micros(local));
        Some(report.camera_micros.saturating_sub(NTP_TO_UNIX_MICROS).saturating_sub(taken))
    }

    /// Places a picture; pictures come in decode order.
    pub fn video(&mut self, rtp: i64, now: Arrival) -> Placed {
        if self.settling.is_some_and(|(_, until)| now.monotonic >= until) {
            self.settling = None;
        }
        let ahead = if self.settling.is_some() { BACKLOG } else { AHEAD };
        let expected = self.wall.as_ref().map(|wall| now.wall.micros().saturating_sub(wall.offset));
        let presentation = self.video.advance(rtp, expected, ahead);
        let micros = self.video.micros(presentation);
        let wall = self.wall.get_or_insert_with(|| {
            self.settling = Some((now.monotonic, now.monotonic + SETTLING));
            Follower::new(now.wall.micros(), now.monotonic)
        });
        let error = now.wall.micros().saturating_sub(wall.offset).saturating_sub(micros);
        if let Some((began, until)) = &mut self.settling {
            wall.offset = wall.offset.saturating_add(error.min(0));
            if error < -FASTER_MICROS {
                *until = (*until).max(now.monotonic + SETTLING_MORE).min(*began + SETTLING_MOST);
            }
        } else if let Window::Off(_) = wall.observe(error, now.monotonic) {
            self.wants_new_run = true;
        }
        let reordered = self.reorder.decode_time(presentation);
        let time = self.video.strictly_after(reordered.unwrap_or(presentation));
        let composition_offset =
            if reordered.is_some() { i32::try_from(presentation - time).unwrap_or_default() } else { 0 };
        Placed { time, composition_offset, wall: self.wall(time + i64::from(composition_offset)) }
    }

    /// Places a packet of sound; nothing where it belongs before the run's first picture.
    pub fn audio(&mut self, rtp: i64, now: Arrival) -> Option<Placed> {
        let wall = self.wall.as_ref()?.offset;
        let audio = self.audio.as_mut()?;
        let arrived = now.wall.micros().saturating_sub(wall);
        let expected = self.audio_zero.as_ref().map(|zero| arrived.saturating_sub(zero.offset));
        let local = audio.advance(rtp, expected, AHEAD);
        let local_micros = audio.micros(local);
        let zero =
            self.audio_zero.get_or_insert_with(|| Follower::new(arrived - local_micros, now.monotonic));
        let error = arrived.saturating_sub(zero.offset).saturating_sub(local_micros);
        if let Window::Off(by) = zero.observe(error, now.monotonic) {
            zero.offset = zero.offset.saturating_add(by);
        }
        let by_arrival = zero.offset;
        let by_reports = match (audio.camera_zero(), self.video.camera_zero()) {
            (Some(sound), Some(pictures)) => Some(sound.saturating_sub(pictures)),
            _ => None,
        };
        let believed =
            |zero: &i64| zero.saturating_sub(by_arrival).saturating_abs() < REPORTS_BELIEVED_MICROS;
        if let Some(target) = by_reports.filter(believed) {
            // Reports are exact to a millisecond or so: small differences are not worth a moved sample.
            let current = self.audio_zero_by_reports.get_or_insert(target);
            if target.abs_diff(*current) > 5_000 {
                *current += (target - *current).clamp(-1_000, 1_000);
            }
        }
        let zero = self.audio_zero_by_reports.filter(believed).unwrap_or(by_arrival);
        let wanted = local.saturating_add(audio.ticks(zero));
        if wanted < 0 {
            return None;
        }
        let time = audio.strictly_after(wanted);
        let wall = WallTime::from_micros(wall.saturating_add(audio.micros(time)));
        Some(Placed { time, composition_offset: 0, wall })
    }
}

fn scale(value: i64, numerator: u32, denominator: u32) -> i64 {
    let exact = i128::from(value) * i128::from(numerator) / i128::from(denominator.max(1));
    i64::try_from(exact).unwrap_or(if exact < 0 { i64::MIN } else { i64::MAX })
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
