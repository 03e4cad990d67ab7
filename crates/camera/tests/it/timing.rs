//! Times of a run, for every camera clock that can be thought of.

use std::time::Duration;

use camera::timing::{Arrival, Placed, Timing};
use model::{TrackKind, WallTime};
use proptest::prelude::*;

const START: i64 = 1_790_000_000_000_000;

/// The moment so many microseconds after the session began.
fn at(micros: i64) -> Arrival {
    Arrival {
        monotonic: Duration::from_micros(u64::try_from(micros).unwrap()),
        wall: WallTime::from_micros(START + micros),
    }
}

/// NTP format of so many microseconds since 1900.
fn ntp(micros: i64) -> u64 {
    let seconds = (micros / 1_000_000) as u64;
    let fraction = ((micros % 1_000_000) as u64) * (1 << 32) / 1_000_000;
    seconds << 32 | fraction
}

fn steady(timing: &mut Timing, rtp: i64, frames: i64) -> Vec<Placed> {
    (0..frames).map(|n| timing.video(rtp + n * 3600, at(n * 40_000))).collect()
}

#[test]
fn a_steady_camera_gets_steady_times() {
    let mut timing = Timing::new(None);
    let placed = steady(&mut timing, 123_456_789, 1000);
    for (n, placed) in placed.iter().enumerate() {
        let n = i64::try_from(n).unwrap();
        assert_eq!((placed.time, placed.composition_offset), (n * 3600, 0));
        assert_eq!(placed.wall.micros(), START + n * 40_000);
    }
    assert!(!timing.wants_new_run());
}

#[test]
fn a_frame_whose_timestamp_does_not_advance_comes_a_tick_later() {
    let mut timing = Timing::new(None);
    let times: Vec<i64> = (0..5).map(|n| timing.video(777, at(n * 40_000)).time).collect();
    assert_eq!(times, [0, 1, 2, 3, 4]);
}

#[test]
fn a_jump_of_the_rtp_clock_goes_on_where_arrivals_say() {
    for jump in [90_000 * 3600, -90_000 * 3600, 1 << 31, -(1 << 31)] {
        let mut timing = Timing::new(None);
        steady(&mut timing, 1 << 40, 100);
        let after = timing.video((1 << 40) + 100 * 3600 + jump, at(100 * 40_000));
        assert!((after.time - 360_000).abs() < 1000, "{jump}: {after:?}");
        let next = timing.video((1 << 40) + 101 * 3600 + jump, at(101 * 40_000));
        assert_eq!(next.time - after.time, 3600);
    }
}

#[test]
fn a_real_gap_stays_a_gap() {
    let mut timing = Timing::new(None);
    steady(&mut timing, 0, 100);
    let after = timing.video(90_000 * 64, at(64_000_000));
    assert_eq!(after.time, 90_000 * 64);
}

#[test]
fn frames_that_were_held_up_keep_their_times() {
    let mut timing = Timing::new(None);
    steady(&mut timing, 0, 100);
    // The network stood still for 20 s; then all of it comes at once.
    for n in 100..600 {
        let placed = timing.video(n * 3600, at(24_000_000 + (n - 100) * 200));
        assert_eq!(placed.time, n * 3600);
    }
    assert!(!timing.wants_new_run());
    // And from then on live again.
    for n in 600..900 {
        let placed = timing.video(n * 3600, at(n * 40_000));
        let error = placed.wall.micros() - START - n * 40_000;
        assert!(error.abs() < 50_000, "off by {error} µs");
    }
    assert!(!timing.wants_new_run());
}

#[test]
fn a_server_clock_that_was_set_asks_for_a_new_run() {
    for set in [3_600_000_000, -3_600_000_000] {
        let mut timing = Timing::new(None);
        steady(&mut timing, 0, 100);
        for n in 100..250 {
            let arrival = at(n * 40_000);
            timing.video(n * 3600, Arrival { wall: arrival.wall.plus_micros(set), ..arrival });
        }
        assert!(timing.wants_new_run());
        timing.restart();
        let arrival = at(10_000_000);
        let placed = timing.video(250 * 3600, Arrival { wall: arrival.wall.plus_micros(set), ..arrival });
        assert_eq!((placed.time, placed.wall), (0, arrival.wall.plus_micros(set)));
        assert!(!timing.wants_new_run());
    }
}

#[test]
fn a_camera_whose_crystal_is_fast_is_followed() {
    for parts_per_million in [-300, 300] {
        let mut timing = Timing::new(None);
        let mut last = WallTime::MIN;
        for n in 0..60_000 {
            let rtp = n * 3600 + n * 3600 * parts_per_million / 1_000_000;
            let placed = timing.video(rtp, at(n * 40_000));
            let error = placed.wall.micros() - START - n * 40_000;
            assert!(error.abs() < 20_000, "after {n} frames off by {error} µs");
            assert!(placed.wall > last);
            last = placed.wall;
        }
        assert!(!timing.wants_new_run());
    }
}

/// Sound at 8 kHz in packets of 20 ms, taken together with the pictures, but arriving `late` microseconds after them.
fn with_sound(reports: bool, camera_clock: [i64; 2], late: i64) -> i64 {
    let mut timing = Timing::new(Some(8000));
    let mut last = 0;
    for n in 0..500_i64 {
        let taken = n * 20_000;
        if n % 2 == 0 {
            timing.video(5_000_000 + n * 1800, at(taken));
        }
        if reports && n % 50 == 10 {
            timing.sender_report(TrackKind::Video, 5_000_000 + n * 1800, ntp(camera_clock[0] + taken));
            timing.sender_report(TrackKind::Audio, 9_000 + n * 160, ntp(camera_clock[1] + taken));
        }
        if let Some(placed) = timing.audio(9_000 + n * 160, at(taken + late)) {
            last = placed.time * 125 - taken;
        }
    }
    last
}

#[test]
fn sound_is_placed_by_sender_reports_where_both_tracks_have_them() {
    let years_off = 1_000_000_000_000_000;
    assert!(with_sound(true, [years_off, years_off], 300_000).abs() < 2_000);
    assert!((with_sound(false, [0, 0], 300_000) - 300_000).abs() < 2_000);
}

#[test]
fn sender_reports_that_contradict_each_other_by_more_than_arrivals_can_are_ignored() {
    let apart = with_sound(true, [1_000_000_000_000_000, 900_000_000_000_000], 100_000);
    assert!((apart - 100_000).abs() < 2_000, "{apart}");
}

#[derive(Clone, Debug)]
enum Event {
    Video(i64),
    Audio(i64),
    Report(bool, i64, u64),
    Restart,
}

fn events() -> impl Strategy<Value = Vec<(i64, Event)>> {
    let clock = prop_oneof![0_i64..1_000_000, any::<u32>().prop_map(i64::from), -(1_i64 << 50)..(1 << 50)];
    let event = prop_oneof![
        6 => clock.clone().prop_map(Event::Video),
        6 => clock.clone().prop_map(Event::Audio),
        2 => (any::<bool>(), clock, any::<u64>()).prop_map(|(video, rtp, ntp)| Event::Report(video, rtp, ntp)),
        1 => Just(Event::Restart),
    ];
    proptest::collection::vec((0_i64..5_000_000, event), 0..200)
}

proptest! {
    #[test]
    fn whatever_a_camera_says_times_increase_and_walls_stay_near_arrivals(events in events()) {
        let mut timing = Timing::new(Some(48_000));
        let (mut video, mut audio, mut now) = (-1, -1, 0);
        let mut started = false;
        for (wait, event) in events {
            now += wait;
            match event {
                Event::Video(rtp) => {
                    let placed = timing.video(rtp, at(now));
                    prop_assert!(placed.time > video && (started || placed.time == 0));
                    let error = placed.wall.micros() - START - now;
                    prop_assert!(error <= 7_000_000, "in the future by {error} µs");
                    (video, started) = (placed.time, true);
                }
                Event::Audio(rtp) => if let Some(placed) = timing.audio(rtp, at(now)) {
                    prop_assert!(started && placed.time > audio && placed.composition_offset == 0);
                    audio = placed.time;
                },
                Event::Report(true, rtp, ntp) => timing.sender_report(TrackKind::Video, rtp, ntp),
                Event::Report(false, rtp, ntp) => timing.sender_report(TrackKind::Audio, rtp, ntp),
                Event::Restart => { timing.restart(); (video, audio, started) = (-1, -1, false); }
            }
        }
    }

    #[test]
    fn jitter_of_arrivals_does_not_reach_the_times(delays in proptest::collection::vec(0_i64..120_000, 300)) {
        let mut timing = Timing::new(None);
        let mut now = 0;
        for (n, delay) in (0..).zip(delays) {
            now = (n * 40_000 + delay).max(now);
            let placed = timing.video(n * 3600, at(now));
            prop_assert_eq!(placed.time, n * 3600);
            let error = placed.wall.micros() - START - n * 40_000;
            prop_assert!((-20_000..=140_000).contains(&error), "off by {} µs", error);
        }
    }
}

#[test]
fn what_a_server_kept_since_the_last_key_frame_was_taken_in_the_past() {
    for kept in [1, 50, 300] {
        let mut timing = Timing::new(Some(8000));
        // All at once, 0.1 ms apart; then live.
        let burst: Vec<Placed> = (0..kept).map(|n| timing.video(n * 3600, at(1_000_000 + n * 100))).collect();
        assert!(timing.settles_at().is_some());
        timing.settled();
        let newest = START + 1_000_000 + (kept - 1) * 100;
        for (n, placed) in (0..).zip(&burst) {
            assert_eq!(placed.time, n * 3600);
            assert_eq!(
                timing.wall(placed.time).micros(),
                newest - (kept - 1 - n) * 40_000,
                "frame {n} of {kept}"
            );
        }
        for n in kept..kept + 200 {
            let placed = timing.video(n * 3600, at(1_000_000 + (n - kept + 1) * 40_000));
            assert!((placed.wall.micros() - START - 1_000_000 - (n - kept + 1) * 40_000).abs() < 40_000);
        }
        assert!(!timing.wants_new_run());
    }
}

#[test]
fn the_cameras_own_clock_is_told_beside_the_servers_and_places_nothing() {
    const NTP_TO_UNIX: i64 = 2_208_988_800_000_000;
    for ahead in [0, 2_500_000, -7_200_000_000, -94_608_000_000_000] {
        let mut timing = Timing::new(None);
        assert_eq!(timing.camera_ahead(), None);
        let mut placed = Vec::new();
        for n in 0..200 {
            placed.push(timing.video(5_000_000 + n * 3600, at(n * 40_000)));
            if n == 0 {
                assert_eq!(timing.camera_ahead(), None, "it has not said yet");
            }
            if n % 50 == 1 {
                let camera_clock = NTP_TO_UNIX + START + n * 40_000 + ahead;
                timing.sender_report(TrackKind::Video, 5_000_000 + n * 3600, ntp(camera_clock));
            }
        }
        let told = timing.camera_ahead().unwrap();
        assert!((told - ahead).abs() < 10, "{told} instead of {ahead}");
        assert_eq!(placed.last().unwrap().wall.micros(), START + 199 * 40_000);
    }
}
