//! A gate's frames into the recorder, with the marks of what happens.

use std::sync::Arc;

use archive::{Mark, MarkKind};
use media::{Sample, Tracks};
use model::{StreamKey, WallTime};

use super::{control::Active, gate::Sink};
use crate::recorder::{Recorder, Take};

/// Where a stream's recorded frames go.
pub struct Tap {
    recorder: Recorder,
    key: StreamKey,
    take: Option<Take>,
    /// What the run has marks for.
    marked: Active,
}

impl Sink for Tap {
    fn begin(&mut self, tracks: &Arc<Tracks>) {
        self.take = Some(self.recorder.begin(self.key, Arc::clone(tracks)));
        self.marked = Active::default();
    }

    fn push(&mut self, sample: &Sample) {
        if let Some(take) = &mut self.take {
            take.push(sample);
        }
    }

    fn end(&mut self) {
        self.take = None;
    }
}

impl Tap {
    /// Nothing is recorded yet.
    #[must_use]
    pub fn new(recorder: Recorder, key: StreamKey) -> Self {
        Self { recorder, key, take: None, marked: Active::default() }
    }

    /// What the camera's own clock says, in µs ahead of the server's.
    pub fn camera_clock(&self, ahead_us: Option<i64>) {
        self.recorder.camera_clock(self.key, ahead_us);
    }

    /// Marks what began or ended. What goes on already when a run begins is marked at its beginning.
    pub fn mark(&mut self, active: Active, now: WallTime) {
        let Some(take) = &mut self.take else { return };
        let was = std::mem::replace(&mut self.marked, active);
        let kind = |estimated| if estimated { MarkKind::MotionEstimated } else { MarkKind::Motion };
        if was.motion != active.motion {
            if let Some((_, estimated)) = was.motion {
                take.mark(Mark { time: now, kind: kind(estimated), on: false });
            }
            if let Some((since, estimated)) = active.motion {
                take.mark(Mark { time: since, kind: kind(estimated), on: true });
            }
        }
        if was.manual.is_some() != active.manual.is_some() {
            let time = active.manual.unwrap_or(now);
            take.mark(Mark { time, kind: MarkKind::Manual, on: active.manual.is_some() });
        }
    }
}
