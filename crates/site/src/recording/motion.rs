//! Where a camera's motion is known from, and whether something moves: events of the camera by source, or the estimate.
//! Pure.
//!
//! A camera that sends events tells the state of each when a session begins (`Initialized`, ONVIF Core, property
//! events). One that has told of no motion after [`PATIENCE`] sends none: then its motion is estimated.
//! What is not here: reading events (the camera crate), estimating ([`super::estimator`]).

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use api::method::{Motion, MotionFrom};
use camera::{onvif::Operation, rtsp::DeviceEvent};

/// A camera that sends events of motion tells their state sooner than this.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// Most sources (regions, rules, applications) that are told apart; those above count as one.
const MOST_SOURCES: usize = 64;

/// What a change means for the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Something began to move, or stopped.
    Moving(bool),
    /// Something moved just now.
    Momentary,
}

/// What is known of motion.
#[derive(Clone, Debug, Default)]
pub struct Intake {
    from: MotionFrom,
    /// States by topic and source.
    sources: BTreeMap<String, bool>,
    /// Whether the camera has ever told of motion.
    told: bool,
    /// Since when the session that could carry events runs.
    session: Option<Instant>,
    estimate: Option<bool>,
    moving: bool,
}

impl Intake {
    /// Takes over the setting.
    pub fn handle_setting(&mut self, from: MotionFrom, now: Instant) -> Option<Change> {
        self.from = from;
        self.settle(now)
    }

    /// A session began that carries the camera's events, if it sends any.
    pub fn handle_session(&mut self, now: Instant) -> Option<Change> {
        self.session = Some(now);
        self.sources.clear();
        self.settle(now)
    }

    /// The session ended: what it told is no longer known.
    pub fn handle_end(&mut self, now: Instant) -> Option<Change> {
        self.session = None;
        self.sources.clear();
        self.settle(now)
    }

    /// An event of the camera.
    pub fn handle_event(&mut self, event: &DeviceEvent, now: Instant) -> Option<Change> {
        let moving = event.motion?;
        self.told = true;
        if event.operation == Operation::Momentary {
            let counts = moving && self.from != MotionFrom::Estimate;
            return self.settle(now).or_else(|| counts.then_some(Change::Momentary));
        }
        let name = source(event);
        if event.operation == Operation::Deleted {
            self.sources.remove(&name);
        } else if self.sources.len() < MOST_SOURCES || self.sources.contains_key(&name) {
            self.sources.insert(name, moving);
        } else {
            self.sources.insert(String::new(), moving);
        }
        self.settle(now)
    }

    /// What the estimator thinks; nothing: it does not know.
    pub fn handle_estimate(&mut self, moving: Option<bool>, now: Instant) -> Option<Change> {
        self.estimate = moving;
        self.settle(now)
    }

    /// Whether the estimate may come to count.
    #[must_use]
    pub fn may_estimate(&self) -> bool {
        match self.from {
            MotionFrom::Camera => false,
            MotionFrom::Estimate => true,
            MotionFrom::Auto => !self.told,
        }
    }

    /// Whether the estimate is what counts.
    #[must_use]
    pub fn estimates(&self, now: Instant) -> bool {
        match self.from {
            MotionFrom::Camera => false,
            MotionFrom::Estimate => true,
            MotionFrom::Auto => {
                !self.told && self.session.is_some_and(|since| now.duration_since(since) >= PATIENCE)
            }
        }
    }

    /// What is known now; nothing where motion is not known.
    #[must_use]
    pub fn known(&self, now: Instant) -> Option<Motion> {
        let estimated = self.estimates(now);
        let known = if estimated { self.estimate.is_some() } else { !self.sources.is_empty() };
        known.then_some(Motion { active: self.moving, estimated })
    }

    fn settle(&mut self, now: Instant) -> Option<Change> {
        let moving = if self.estimates(now) {
            self.estimate == Some(true)
        } else {
            self.from != MotionFrom::Estimate && self.sources.values().any(|moving| *moving)
        };
        let changed = moving != self.moving;
        self.moving = moving;
        changed.then_some(Change::Moving(moving))
    }
}

fn source(event: &DeviceEvent) -> String {
    let mut name = event.topic.clone();
    for (key, value) in &event.source {
        name.extend(["\n", key, "=", value]);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(topic: &str, operation: Operation, motion: Option<bool>) -> DeviceEvent {
        DeviceEvent {
            topic: topic.into(),
            time: model::WallTime::EPOCH,
            camera_time: None,
            operation,
            source: vec![("Source".into(), "0".into())],
            data: Vec::new(),
            motion,
        }
    }

    const START: Option<Change> = Some(Change::Moving(true));
    const END: Option<Change> = Some(Change::Moving(false));

    #[test]
    fn something_moves_while_any_source_says_so() {
        let (mut intake, now) = (Intake::default(), Instant::now());
        intake.handle_session(now);
        let mut tell = |topic, operation, motion| intake.handle_event(&event(topic, operation, motion), now);
        for (topic, operation, motion, change) in [
            ("vmd/1", Operation::Initialized, Some(false), None),
            ("vmd/2", Operation::Initialized, Some(true), START),
            ("vmd/1", Operation::Changed, Some(true), None),
            ("vmd/2", Operation::Changed, Some(false), None),
            ("io/port", Operation::Changed, None, None),
            ("vmd/1", Operation::Deleted, Some(false), END),
            ("alarm", Operation::Momentary, Some(true), Some(Change::Momentary)),
            ("alarm", Operation::Momentary, Some(false), None),
        ] {
            assert_eq!(tell(topic, operation, motion), change, "{topic} {operation:?} {motion:?}");
        }
    }

    #[test]
    fn motion_ends_with_the_session_that_told_of_it() {
        let (mut intake, now) = (Intake::default(), Instant::now());
        intake.handle_session(now);
        assert_eq!(intake.handle_event(&event("a", Operation::Changed, Some(true)), now), START);
        assert_eq!(intake.handle_end(now), END);
        intake.handle_session(now);
        assert_eq!(intake.handle_event(&event("a", Operation::Initialized, Some(true)), now), START);
    }

    #[test]
    fn a_camera_without_events_is_estimated_after_a_while() {
        let (mut intake, now) = (Intake::default(), Instant::now());
        intake.handle_session(now);
        assert_eq!(intake.handle_estimate(Some(true), now), None);
        let later = now + PATIENCE;
        assert_eq!(intake.handle_estimate(Some(true), later), START);
        assert_eq!(intake.known(later), Some(Motion { active: true, estimated: true }));
        // It does send events: they count from now on.
        assert_eq!(intake.handle_event(&event("a", Operation::Changed, Some(false)), later), END);
        assert_eq!(intake.known(later), Some(Motion { active: false, estimated: false }));
    }

    #[test]
    fn the_setting_chooses_who_is_believed() {
        let (mut intake, now) = (Intake::default(), Instant::now());
        intake.handle_session(now);
        intake.handle_event(&event("a", Operation::Changed, Some(true)), now);
        assert_eq!(intake.handle_setting(MotionFrom::Estimate, now), END);
        assert_eq!(intake.handle_estimate(Some(true), now), START);
        assert_eq!(intake.handle_estimate(Some(false), now), END);
        assert_eq!(intake.handle_event(&event("a", Operation::Momentary, Some(true)), now), None);
        assert_eq!(intake.handle_setting(MotionFrom::Camera, now), START);
    }

    #[test]
    fn a_camera_with_endless_sources_takes_bounded_memory() {
        let (mut intake, now) = (Intake::default(), Instant::now());
        intake.handle_session(now);
        for n in 0..1000 {
            intake.handle_event(&event(&format!("rule/{n}"), Operation::Changed, Some(n == 999)), now);
        }
        assert!(intake.sources.len() <= MOST_SOURCES + 1);
        assert!(intake.moving);
    }
}
