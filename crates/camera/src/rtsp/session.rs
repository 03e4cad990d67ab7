//! An open stream: what comes from the library becomes samples, events and notes of loss.
//!
//! What is here: runs (they begin with a key frame, at time 0), the deadline for pictures, limits of size.
//! What is not here: opening ([`super::open`]), the arithmetic of times ([`crate::timing`]).

use std::{collections::VecDeque, sync::Arc, time::Duration};

use bytes::Bytes;
use media::{Sample, Tracks, nal};
use model::{TrackKind, clock::wall_now};
use retina::{
    PacketContext,
    client::{Demuxed, SessionGroup},
    codec::{AudioFrame, CodecItem, MessageFrame, VideoFrame},
    rtcp::ReceivedCompoundPacket,
};
use tokio::time::{Instant, timeout, timeout_at};

use super::{
    DeviceEvent, Input, Limits, Target,
    open::{receive, video_config},
};
use crate::{
    Error, onvif,
    timing::{Arrival, Placed, Timing},
};

/// How long [`Session::close`] waits for the camera's answer to `TEARDOWN`.
const FAREWELL: Duration = Duration::from_secs(1);

/// Most that is held while a run settles, in frames and in bytes.
const MOST_HELD: usize = 2048;
const MOST_HELD_BYTES: usize = 64 << 20;

/// What came while the run settled.
enum Held {
    Picture { placed: Placed, key: bool, data: Bytes },
    Sound { rtp: i64, arrival: Arrival, data: Bytes },
}

/// Which of the described streams were set up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chosen {
    pub(super) video: usize,
    pub(super) audio: Option<usize>,
    pub(super) events: Option<usize>,
}

/// An open stream. Dropped, it says goodbye to the camera in the background.
pub struct Session {
    target: Target,
    limits: Limits,
    demuxed: Demuxed,
    group: Arc<SessionGroup>,
    chosen: Chosen,
    tracks: Arc<Tracks>,
    notes: Vec<String>,
    timing: Timing,
    began: std::time::Instant,
    /// Whether the run has had its first key frame.
    running: bool,
    last_picture: Instant,
    held: Vec<Held>,
    held_bytes: usize,
    /// What one item of the library became: at most [`onvif::MOST_NOTIFICATIONS`] inputs, or what was held.
    ready: VecDeque<Input>,
}

impl Session {
    #[allow(clippy::too_many_arguments, reason = "called once, by open")]
    pub(super) fn new(
        target: Target,
        limits: Limits,
        demuxed: Demuxed,
        group: Arc<SessionGroup>,
        chosen: Chosen,
        tracks: Arc<Tracks>,
        notes: Vec<String>,
        first: Option<CodecItem>,
    ) -> Result<Self, Error> {
        let timing = timing_of(&tracks);
        let mut session = Self {
            target,
            limits,
            demuxed,
            group,
            chosen,
            tracks,
            notes,
            timing,
            began: std::time::Instant::now(),
            running: false,
            last_picture: Instant::now(),
            held: Vec::new(),
            held_bytes: 0,
            ready: VecDeque::new(),
        };
        if let Some(item) = first {
            session.take(item)?;
        }
        Ok(session)
    }

    /// The tracks of the current run.
    #[must_use]
    pub const fn tracks(&self) -> &Arc<Tracks> {
        &self.tracks
    }

    /// By how much the camera's own clock is ahead of the server's, in µs, as its sender reports tell; nothing where it has not
    /// said. Nothing is placed by it.
    #[must_use]
    pub fn camera_ahead(&self) -> Option<i64> {
        self.timing.camera_ahead()
    }

    /// What was left out of the stream, and why, for people.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The next thing that comes. May be dropped while waiting without losing anything.
    ///
    /// # Errors
    /// The stream ended, fell silent, or sent something that is not understood. Each ends the session.
    pub async fn next(&mut self) -> Result<Input, Error> {
        loop {
            if let Some(input) = self.ready.pop_front() {
                return Ok(input);
            }
            let silent = self.last_picture + self.limits.silence;
            let settles = self.timing.settles_at().map(|at| Instant::from_std(self.began) + at);
            let wait = settles.map_or(silent, |settles| settles.min(silent));
            let item = match timeout_at(wait, receive(&self.target, &mut self.demuxed)).await {
                Ok(item) => item?,
                Err(_) if settles == Some(wait) => {
                    self.release();
                    continue;
                }
                Err(_) => {
                    let (host, after) = (self.target.host(), self.limits.silence);
                    return Err(Error::Silent { host, what: "picture", after });
                }
            };
            self.take(item)?;
        }
    }

    /// Says goodbye to the camera and waits a moment for its answer.
    pub async fn close(self) {
        let Self { demuxed, group, .. } = self;
        drop(demuxed);
        // Nobody to tell: a camera that does not answer forgets the session by itself.
        let _ = timeout(FAREWELL, group.await_teardown()).await;
    }

    fn take(&mut self, item: CodecItem) -> Result<(), Error> {
        match item {
            CodecItem::VideoFrame(frame) => self.picture(frame),
            CodecItem::AudioFrame(frame) => self.sound(&frame),
            CodecItem::MessageFrame(message) => {
                self.message(&message);
                Ok(())
            }
            CodecItem::Rtcp(packet) => {
                self.report(&packet);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn picture(&mut self, frame: VideoFrame) -> Result<(), Error> {
        self.last_picture = Instant::now();
        if frame.loss() > 0 {
            self.release();
            self.ready.push_back(Input::Lost { packets: frame.loss() });
        }
        self.check_size(frame.data().len())?;
        // Not what the library says: it does not count H.265's CRA pictures.
        let key = nal::is_key(self.tracks.video.codec, frame.data());
        let mut new_run = key && self.running && self.timing.wants_new_run();
        if frame.has_new_parameters() {
            let stream = self.demuxed.streams().get(self.chosen.video);
            let config = stream.map_or(Ok(None), |stream| video_config(stream, &self.target.host()))?;
            if let Some(video) = config.filter(|video| *video != self.tracks.video) {
                self.tracks = Arc::new(Tracks { video, audio: self.tracks.audio.clone() });
                new_run = true;
            }
        }
        if new_run {
            self.release();
            self.timing.restart();
            self.timing.set_reorders(reorders(&self.tracks));
            self.running = false;
            self.ready.push_back(Input::Tracks(Arc::clone(&self.tracks)));
        }
        if !self.running && !key {
            return Ok(());
        }
        self.running = true;
        let placed = self.timing.video(frame.timestamp().timestamp(), self.arrival(frame.start_ctx()));
        let data = Bytes::from(frame.into_data());
        if self.timing.settles_at().is_some() {
            self.hold(Held::Picture { placed, key, data });
        } else {
            self.release();
            self.push_picture(placed, key, data);
        }
        Ok(())
    }

    fn sound(&mut self, frame: &AudioFrame) -> Result<(), Error> {
        self.check_size(frame.data().len())?;
        if !self.running || Some(frame.stream_id()) != self.chosen.audio || frame.data().is_empty() {
            return Ok(());
        }
        let (rtp, arrival) = (frame.timestamp().timestamp(), self.arrival(frame.ctx()));
        let data = Bytes::copy_from_slice(frame.data());
        if self.timing.settles_at().is_some() {
            self.hold(Held::Sound { rtp, arrival, data });
        } else {
            self.push_sound(rtp, arrival, data);
        }
        Ok(())
    }

    fn hold(&mut self, held: Held) {
        let (Held::Picture { data, .. } | Held::Sound { data, .. }) = &held;
        self.held_bytes += data.len();
        self.held.push(held);
        if self.held.len() >= MOST_HELD || self.held_bytes >= MOST_HELD_BYTES {
            self.release();
        }
    }

    /// The run has settled: what was held becomes samples.
    fn release(&mut self) {
        self.timing.settled();
        self.held_bytes = 0;
        for held in std::mem::take(&mut self.held) {
            match held {
                Held::Picture { placed, key, data } => {
                    let wall = self.timing.wall(placed.time + i64::from(placed.composition_offset));
                    self.push_picture(Placed { wall, ..placed }, key, data);
                }
                Held::Sound { rtp, arrival, data } => self.push_sound(rtp, arrival, data),
            }
        }
    }

    fn push_picture(&mut self, placed: Placed, key: bool, data: Bytes) {
        let Placed { time, composition_offset, wall } = placed;
        let track = TrackKind::Video;
        self.ready.push_back(Input::Sample(Sample { track, time, composition_offset, wall, key, data }));
    }

    fn push_sound(&mut self, rtp: i64, arrival: Arrival, data: Bytes) {
        if let Some(Placed { time, composition_offset, wall }) = self.timing.audio(rtp, arrival) {
            let track = TrackKind::Audio;
            self.ready.push_back(Input::Sample(Sample {
                track,
                time,
                composition_offset,
                wall,
                key: true,
                data,
            }));
        }
    }

    fn message(&mut self, message: &MessageFrame) {
        if message.data().len() > self.limits.document {
            tracing::debug!(host = %self.target.host(), bytes = message.data().len(), "metadata document too long");
            return;
        }
        match onvif::parse(message.data()) {
            Ok(notifications) => {
                let time = self.arrival(message.ctx()).wall;
                self.ready.extend(notifications.into_iter().map(|seen| {
                    let motion = seen.motion();
                    let onvif::Notification { topic, camera_time, operation, source, data } = seen;
                    Input::Event(DeviceEvent { topic, time, camera_time, operation, source, data, motion })
                }));
            }
            // A damaged document costs its events, not the recording.
            Err(error) => tracing::debug!(host = %self.target.host(), %error, "metadata not understood"),
        }
    }

    fn report(&mut self, packet: &ReceivedCompoundPacket) {
        let track = match packet.stream_id() {
            id if id == self.chosen.video => TrackKind::Video,
            id if Some(id) == self.chosen.audio => TrackKind::Audio,
            _ => return,
        };
        let report = packet.pkts().next().and_then(|first| first.as_sender_report().ok().flatten());
        if let (Some(rtp), Some(report)) = (packet.rtp_timestamp(), report) {
            self.timing.sender_report(track, rtp.timestamp(), report.ntp_timestamp().0);
        }
    }

    fn check_size(&self, bytes: usize) -> Result<(), Error> {
        if bytes <= self.limits.frame {
            return Ok(());
        }
        let reason = format!("a frame of {bytes} bytes is longer than {} bytes", self.limits.frame);
        Err(Error::TooMuch { host: self.target.host(), reason })
    }

    /// When a packet arrived, on both clocks.
    fn arrival(&self, packet: &PacketContext) -> Arrival {
        let received = packet.received();
        Arrival {
            monotonic: received.saturating_duration_since(self.began),
            wall: wall_now() - received.elapsed(),
        }
    }
}

fn reorders(tracks: &Tracks) -> bool {
    tracks.video.num_reorder_frames() != Some(0)
}

fn timing_of(tracks: &Tracks) -> Timing {
    let mut timing = Timing::new(tracks.audio.as_ref().map(|audio| audio.sample_rate));
    timing.set_reorders(reorders(tracks));
    timing
}
