//! The policy against a model that looks back over everything that ever happened.

use api::method::{Streams, When};
use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Input {
    Settings(RecordingSettings),
    Schedules(Allowed),
    Motion(bool),
    Momentary,
    Start(Option<u64>),
    Stop,
}

fn streams() -> impl Strategy<Value = Streams> {
    prop_oneof![Just(Streams::Main), Just(Streams::Sub), Just(Streams::Both)]
}

fn settings() -> impl Strategy<Value = RecordingSettings> {
    let method = prop_oneof![
        Just(RecordingMethod::Off),
        Just(RecordingMethod::Continuous),
        Just(RecordingMethod::Motion),
        Just(RecordingMethod::Both),
        Just(RecordingMethod::Manual)
    ];
    (method, streams(), streams(), streams(), 10_u32..40).prop_map(|(method, a, b, c, longest)| {
        RecordingSettings {
            method,
            continuous: When { streams: a, schedule: None },
            motion: When { streams: b, schedule: None },
            manual_streams: c,
            manual_longest_s: longest,
            // The same all the time: what a tail is worth after a change of its length is not what this is about.
            post_buffer_s: 7,
            ..RecordingSettings::default()
        }
    })
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        1 => settings().prop_map(Input::Settings),
        2 => any::<(bool, bool)>().prop_map(|(continuous, motion)| Input::Schedules(Allowed { continuous, motion })),
        5 => any::<bool>().prop_map(Input::Motion),
        1 => Just(Input::Momentary),
        2 => proptest::option::of(1_u64..60).prop_map(Input::Start),
        1 => Just(Input::Stop),
    ]
}

/// Everything that ever happened: seconds and what.
struct Model(Vec<(u64, Input)>);

impl Model {
    fn settings(&self) -> RecordingSettings {
        let last = self.0.iter().rev().find_map(|(_, input)| match input {
            Input::Settings(settings) => Some(*settings),
            _ => None,
        });
        last.unwrap_or_default()
    }

    fn allowed(&self) -> Allowed {
        let last = self.0.iter().rev().find_map(|(_, input)| match input {
            Input::Schedules(allowed) => Some(*allowed),
            _ => None,
        });
        last.unwrap_or_default()
    }

    /// Stretches in which something moved, with their post buffers, since the method was last `off`.
    fn moved(&self, now: u64) -> bool {
        let (mut moving, mut since_off) = (false, Vec::new());
        for (at, input) in &self.0 {
            match input {
                Input::Motion(next) => {
                    if moving && !next {
                        since_off.push(at + 7);
                    }
                    moving = *next;
                }
                Input::Momentary => since_off.push(at + 7),
                Input::Settings(settings) if settings.method == RecordingMethod::Off => since_off.clear(),
                _ => {}
            }
        }
        // A later end of motion replaces the tail; as time only goes on, the last is the longest.
        moving || since_off.iter().any(|tail| *tail > now)
    }

    fn by_hand(&self, now: u64) -> bool {
        let mut method = RecordingMethod::default();
        let mut longest = u64::from(RecordingSettings::default().manual_longest_s);
        let mut until: Option<u64> = None;
        let mut tails = Vec::new();
        let expire = |until: &mut Option<u64>, tails: &mut Vec<u64>, at: u64| {
            if let Some(end) = until.filter(|end| *end <= at) {
                tails.push(end + 7);
                *until = None;
            }
        };
        for (at, input) in &self.0 {
            expire(&mut until, &mut tails, *at);
            match input {
                Input::Settings(settings) => {
                    (method, longest) = (settings.method, settings.manual_longest_s.into());
                    until = until.map(|end| end.min(at + longest));
                    if method == RecordingMethod::Off {
                        (until, tails) = (None, Vec::new());
                    }
                }
                Input::Start(asked) if method != RecordingMethod::Off => {
                    until = Some(at + asked.unwrap_or(longest).min(longest));
                }
                Input::Stop if until.is_some() => {
                    until = None;
                    tails.push(at + 7);
                }
                _ => {}
            }
        }
        expire(&mut until, &mut tails, now);
        until.is_some() || tails.last().is_some_and(|tail| *tail > now)
    }

    fn reasons(&self, kind: StreamKind, now: u64) -> Reasons {
        let settings = self.settings();
        let allowed = self.allowed();
        Reasons {
            continuous: matches!(settings.method, RecordingMethod::Continuous | RecordingMethod::Both)
                && allowed.continuous
                && settings.continuous.streams.has(kind),
            motion: matches!(settings.method, RecordingMethod::Motion | RecordingMethod::Both)
                && allowed.motion
                && settings.motion.streams.has(kind)
                && self.moved(now),
            manual: settings.method != RecordingMethod::Off
                && settings.manual_streams.has(kind)
                && self.by_hand(now),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn every_frame_with_a_reason_is_recorded_and_no_other(
        steps in proptest::collection::vec((0_u64..9, input()), 1..40),
        looks in proptest::collection::vec(any::<bool>(), 40),
    ) {
        let base = Instant::now();
        let at = |seconds| base + Duration::from_secs(seconds);
        let first = RecordingSettings { post_buffer_s: 7, ..RecordingSettings::default() };
        let (mut policy, mut model, mut now) = (Policy::default(), Model(vec![(0, Input::Settings(first))]), 0);
        policy.handle_settings(first, base);
        for ((wait, input), look) in steps.into_iter().zip(looks) {
            now += wait;
            match &input {
                Input::Settings(settings) => policy.handle_settings(*settings, at(now)),
                Input::Schedules(allowed) => policy.handle_schedules(*allowed),
                Input::Motion(moving) => policy.handle_motion(*moving, at(now)),
                Input::Momentary => policy.handle_momentary_motion(at(now)),
                Input::Start(asked) => {
                    policy.handle_start(asked.map(Duration::from_secs), at(now));
                }
                Input::Stop => {
                    policy.handle_stop(at(now));
                }
            }
            model.0.push((now, input));
            // Whether anybody looks in between changes nothing.
            if look {
                for kind in [StreamKind::Main, StreamKind::Sub] {
                    prop_assert_eq!(policy.reasons(kind, at(now)), model.reasons(kind, now), "{:?} at {}", kind, now);
                }
            }
        }
        for later in [1, 6, 7, 8, 30, 100] {
            let now = now + later;
            prop_assert_eq!(policy.reasons(StreamKind::Main, at(now)), model.reasons(StreamKind::Main, now));
        }
    }
}

#[test]
fn events_that_overlap_are_one_recording() {
    let base = Instant::now();
    let at = |seconds| base + Duration::from_secs(seconds);
    let mut policy = Policy::default();
    policy.handle_settings(
        RecordingSettings {
            method: RecordingMethod::Motion,
            post_buffer_s: 10,
            ..RecordingSettings::default()
        },
        base,
    );
    for (from, to) in [(5, 8), (15, 16), (26, 40)] {
        policy.handle_motion(true, at(from));
        policy.handle_motion(false, at(to));
    }
    assert!(policy.reasons(StreamKind::Main, at(49)).motion);
    assert!(!policy.reasons(StreamKind::Main, at(50)).any());
}
