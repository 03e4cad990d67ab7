//! How fast room is used, from what was really recorded lately, and where a camera's share of room ends.
//!
//! What is not here: what people are told of it (the site), deleting ([`crate::retention`]).

#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "days are told to a tenth"
)]

use std::collections::HashMap;

use model::{CameraId, VolumeId, WallRange, WallTime};

use crate::{Reader, Summary, disk::Disk, index};

/// Hours of a week.
const WEEK: usize = 168;
/// So many weeks are looked at.
const WEEKS: usize = 4;
const HOUR_US: i64 = 3_600_000_000;

/// How fast room is used in each hour of the week, from what was recorded in the last four weeks. A week counts half as
/// much as the one after it, so that a change is soon known and one odd week is not. (Hours are those of UTC: when
/// summer time begins, a pattern is told an hour off.)
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    now: WallTime,
    /// Bytes an hour, from the hour of `now` on; empty where too little was recorded to tell.
    hours: Vec<f64>,
}

impl Forecast {
    /// Bytes a day, on the average of the week; nothing where too little was recorded to tell (less than a minute).
    #[must_use]
    pub fn bytes_per_day(&self) -> Option<u64> {
        let week: f64 = self.hours.iter().sum();
        (week > 0.0).then_some((week / 7.0) as u64)
    }

    /// Days of footage that so many bytes hold, on the average of the week.
    #[must_use]
    pub fn days(&self, bytes: u64) -> Option<f64> {
        let week: f64 = self.hours.iter().sum();
        (week > 0.0).then_some(bytes as f64 * 7.0 / week)
    }

    /// Days until so many bytes are used, from now on.
    #[must_use]
    pub fn days_until(&self, bytes: u64) -> Option<f64> {
        let week: f64 = self.hours.iter().sum();
        if week <= 0.0 {
            return None;
        }
        let weeks = (bytes as f64 / week).floor();
        let mut left = bytes as f64 - weeks * week;
        let passed = self.now.micros().rem_euclid(HOUR_US) as f64 / HOUR_US as f64;
        let mut hours = 0.0;
        let first = self.hours.first().map(|rate| (*rate, 1.0 - passed));
        let later = self.hours.iter().skip(1).map(|rate| (*rate, 1.0));
        let again = self.hours.first().map(|rate| (*rate, passed));
        for (rate, part) in first.into_iter().chain(later).chain(again) {
            if left <= rate * part {
                hours += if rate > 0.0 { left / rate } else { 0.0 };
                break;
            }
            left -= rate * part;
            hours += part;
        }
        Some(weeks * 7.0 + hours / 24.0)
    }
}

/// How fast room is used on these volumes: by one camera, or by all. Of each camera time before its first footage does not
/// count, so that a new one is told right after a minute; hours of the week of which nothing is known yet are taken as its
/// others. Who has recorded nothing for a week is not counted.
#[must_use]
pub fn forecast<D: Disk>(volumes: &[Reader<D>], camera: Option<CameraId>, now: WallTime) -> Forecast {
    let from = now.plus_micros(-((WEEKS * WEEK) as i64) * HOUR_US);
    let mut cameras: HashMap<CameraId, Vec<Recorded>> = HashMap::new();
    for (key, summary) in volumes.iter().flat_map(|volume| volume.segments(camera, from)) {
        let recorded = (summary.start, summary.end(), summary.bytes.into());
        cameras.entry(key.camera).or_default().push(recorded);
    }
    let none = Forecast { now, hours: Vec::new() };
    cameras.into_values().fold(none, |sum, one| sum.plus(Forecast::of(&one, now)))
}

/// Begin and end of a segment, and its bytes.
type Recorded = (WallTime, WallTime, u64);

impl Forecast {
    fn plus(mut self, other: Self) -> Self {
        if self.hours.is_empty() {
            return other;
        }
        self.hours.iter_mut().zip(other.hours).for_each(|(sum, more)| *sum += more);
        self
    }

    /// Of one camera.
    fn of(segments: &[Recorded], now: WallTime) -> Self {
        // Hours are counted back from the one that goes on: 0 is this one, 168 the same of the week before.
        let begun = now.micros().div_euclid(HOUR_US);
        let back = |at: WallTime| begun - at.micros().div_euclid(HOUR_US);
        let mut bytes = vec![0.0; WEEKS * WEEK + 1];
        let (mut first, mut last) = (now, WallTime::MIN);
        for (start, end, size) in segments.iter().copied() {
            (first, last) = (first.min(start), last.max(end));
            let length = end.micros_since(start).max(1) as f64;
            for hour in back(end)..=back(start) {
                let opens = WallTime::from_micros((begun - hour).saturating_mul(HOUR_US));
                let within = end.min(opens.plus_micros(HOUR_US)).micros_since(start.max(opens)).max(0) as f64;
                if let Some(sum) = usize::try_from(hour).ok().and_then(|hour| bytes.get_mut(hour)) {
                    *sum += size as f64 * within / length;
                }
            }
        }
        let first = first.max(now.plus_micros(-((WEEKS * WEEK) as i64) * HOUR_US));
        let mut sums = vec![(0.0, 0.0); WEEK];
        for (hour, bytes) in bytes.iter().enumerate() {
            let opens = WallTime::from_micros((begun - hour as i64).saturating_mul(HOUR_US));
            let seen = opens.plus_micros(HOUR_US).min(now).micros_since(opens.max(first)).max(0);
            let weight = 0.5_f64.powi((hour / WEEK) as i32);
            // The next hour of that kind: this one stands first, the one before it last.
            if let Some(sum) = sums.get_mut((WEEK - hour % WEEK) % WEEK) {
                sum.0 += bytes * weight;
                sum.1 += seen as f64 / HOUR_US as f64 * weight;
            }
        }
        let (all, seen) = sums.iter().fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let silent = now.micros_since(last) > WEEK as i64 * HOUR_US;
        if all <= 0.0 || silent || now.micros_since(first) < 60_000_000 {
            return Self { now, hours: Vec::new() };
        }
        let hour = |(bytes, hours): (f64, f64)| if hours > 0.0 { bytes / hours } else { all / seen };
        Self { now, hours: sums.into_iter().map(hour).collect() }
    }
}

/// The moment up to which footage of a camera is beyond its share of `max_bytes`, counted over all volumes of the set, the
/// oldest first; nothing where all of it is within.
#[must_use]
pub fn horizon<D: Disk>(
    volumes: &[(VolumeId, Reader<D>)],
    camera: CameraId,
    max_bytes: u64,
) -> Option<WallTime> {
    let mut all: Vec<Summary> = volumes
        .iter()
        .flat_map(|(_, volume)| volume.segments(Some(camera), WallTime::MIN))
        .map(|(_, summary)| summary)
        .collect();
    all.sort_unstable_by_key(Summary::end);
    let mut kept = 0_u64;
    for summary in all.iter().rev() {
        kept = kept.saturating_add(summary.bytes.into());
        if kept > max_bytes {
            return Some(summary.end());
        }
    }
    None
}

impl<D: Disk> Reader<D> {
    /// The segments of one camera or of all that end after that moment, those being written too.
    fn segments(&self, camera: Option<CameraId>, from: WallTime) -> Vec<(model::StreamKey, Summary)> {
        self.need(WallRange { from, to: WallTime::MAX });
        let mut segments = Vec::new();
        for key in self.streams().into_iter().filter(|key| camera.is_none_or(|camera| key.camera == camera)) {
            let Some(stream) = self.shared().index.get(key) else { continue };
            segments.extend(index::read(&stream).from(from).map(|(summary, _)| (key, summary)));
        }
        segments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24;
    const MB: u64 = 1_000_000;

    /// 2026-11-02 was a Monday; so many hours after its begin (UTC).
    fn monday(hours: i64) -> WallTime {
        "2026-11-02T00:00:00Z".parse::<WallTime>().unwrap().plus_micros(hours * HOUR_US)
    }

    /// Segments of a quarter of an hour with 1 MB each, recorded in these hours of these days.
    fn recorded(
        days: std::ops::Range<i64>,
        when: impl Fn(i64, i64) -> bool,
    ) -> Vec<(WallTime, WallTime, u64)> {
        let hours = days.flat_map(|day| (0..24).map(move |hour| (day, hour)));
        let quarters = hours.filter(|(day, hour)| when(day.rem_euclid(7), *hour));
        let of_hour = |(day, hour): (i64, i64)| {
            (0..4).map(move |quarter| {
                let start = monday(day * DAY + hour).plus_micros(quarter * HOUR_US / 4);
                (start, start.plus_micros(HOUR_US / 4), MB)
            })
        };
        quarters.flat_map(of_hour).collect()
    }

    fn near(found: Option<f64>, wanted: f64) {
        assert!(found.is_some_and(|found| (found - wanted).abs() < 0.02), "{found:?}, not {wanted}");
    }

    #[test]
    fn a_camera_that_records_on_working_days_is_told_right_on_sundays() {
        // Monday to Friday from 8 to 16 h: 32 MB a day, 160 MB a week.
        let office = |day, hour| day < 5 && (8..16).contains(&hour);
        for weeks in 1..=4 {
            let sunday = Forecast::of(&recorded(-7 * weeks..6, office), monday(6 * DAY + 12));
            assert_eq!(sunday.bytes_per_day(), Some(160 * MB / 7), "{weeks}");
            near(sunday.days(160 * MB), 7.0);
            // Half a day to Monday, eight hours, and two more working hours.
            near(sunday.days_until(8 * MB), (12.0 + 8.0 + 2.0) / 24.0);
            near(sunday.days_until(160 * MB + 8 * MB), 7.0 + (12.0 + 8.0 + 2.0) / 24.0);
            let friday = Forecast::of(&recorded(-7 * weeks..4, office), monday(4 * DAY + 8));
            near(friday.days_until(32 * MB), 8.0 / 24.0);
            near(friday.days_until(33 * MB), 3.0 + 0.25 / 24.0);
        }
    }

    #[test]
    fn what_is_new_is_told_after_a_minute_and_what_has_changed_counts_more_than_what_was() {
        let now = monday(10);
        let fresh = [(now.plus_micros(-90_000_000), now, MB)];
        let day = Forecast::of(&fresh, now).bytes_per_day().unwrap();
        assert!(day.abs_diff(960 * MB) < MB, "{day}");
        let young = [(now.plus_micros(-59_000_000), now, MB)];
        assert_eq!(Forecast::of(&young, now).bytes_per_day(), None);
        assert_eq!(Forecast::of(&[], now).days_until(MB), None);
        // Three weeks around the clock, then six days of nothing.
        let stops = recorded(-28..-6, |_, _| true);
        let left = Forecast::of(&stops, monday(0)).bytes_per_day().unwrap() as f64 / (96 * MB) as f64;
        assert!((0.4..0.6).contains(&left), "{left}");
        assert_eq!(Forecast::of(&stops, monday(26)).bytes_per_day(), None, "after a week it has stopped");
    }

    #[test]
    fn cameras_are_told_each_from_its_own_first_footage_on() {
        let now = monday(0);
        let (old, new) = (recorded(-28..0, |_, _| true), recorded(-1..0, |_, _| true));
        let both = Forecast::of(&old, now).plus(Forecast::of(&new, now));
        assert_eq!(both.bytes_per_day(), Some(2 * 96 * MB));
    }
}
