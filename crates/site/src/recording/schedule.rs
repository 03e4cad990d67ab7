//! Weekly schedules: whether a moment lies inside, by the clock on the wall of the site. Pure.
//!
//! A range means what the clock shows. A day of 23 hours has no 02:30, so what is set for then does not happen; a day
//! of 25 hours has it twice, and both count.
//! What is not here: who uses a schedule ([`super::policy`]), keeping them (the catalog).

use api::method::{DayRange, Week};
use jiff::{Timestamp, tz::TimeZone};
use model::WallTime;

/// Most ranges of a day.
pub const MOST_RANGES: usize = 24;
/// Minutes of a day of 24 hours.
const DAY_MINUTES: u16 = 1440;

/// Why a week is none; for people.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadWeek {
    /// Not seven days.
    #[error("a week has seven days, Monday first")]
    Days,
    /// Too many ranges.
    #[error("a day has at most 24 ranges")]
    Ranges,
    /// A range that ends before it begins, or after the day.
    #[error("a range ends after it begins, and within its day (24:00 at the latest)")]
    Range,
    /// Ranges out of order.
    #[error("the ranges of a day are in order and do not overlap")]
    Order,
}

/// Checks what a person or a program sent.
///
/// # Errors
/// It is no week.
pub fn check(week: &Week) -> Result<(), BadWeek> {
    if week.days.len() != 7 {
        return Err(BadWeek::Days);
    }
    for day in &week.days {
        if day.len() > MOST_RANGES {
            return Err(BadWeek::Ranges);
        }
        if day.iter().any(|range| range.from_minute >= range.to_minute || range.to_minute > DAY_MINUTES) {
            return Err(BadWeek::Range);
        }
        let overlap = |pair: &[DayRange]| matches!(pair, [a, b] if a.to_minute > b.from_minute);
        if day.windows(2).any(overlap) {
            return Err(BadWeek::Order);
        }
    }
    Ok(())
}

/// Whether the moment lies in one of the week's ranges.
#[must_use]
pub fn contains(week: &Week, zone: &TimeZone, at: WallTime) -> bool {
    let Ok(stamp) = Timestamp::from_microsecond(at.micros()) else { return false };
    let local = zone.to_datetime(stamp);
    let day = usize::try_from(local.weekday().to_monday_zero_offset()).unwrap_or(0);
    let minute = u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).unwrap_or(0);
    week.days.get(day).is_some_and(|ranges| {
        ranges.iter().any(|range| range.from_minute <= minute && minute < range.to_minute)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_day(ranges: &[(u16, u16)]) -> Week {
        let day: Vec<DayRange> = ranges
            .iter()
            .map(|(from_minute, to_minute)| DayRange { from_minute: *from_minute, to_minute: *to_minute })
            .collect();
        Week { days: vec![day; 7] }
    }

    /// Minutes of the UTC day in Stockholm's zone that lie inside, counted one by one.
    fn minutes(week: &Week, from: &str, hours: i64) -> usize {
        let zone = TimeZone::get("Europe/Stockholm").unwrap();
        let from: WallTime = from.parse().unwrap();
        (0..hours * 60).filter(|minute| contains(week, &zone, from.plus_micros(minute * 60_000_000))).count()
    }

    #[test]
    fn a_range_is_what_the_clock_on_the_wall_shows() {
        let office = every_day(&[(8 * 60, 12 * 60), (13 * 60, 17 * 60)]);
        let zone = TimeZone::get("Europe/Stockholm").unwrap();
        for (at, inside) in [
            ("2026-11-23T06:59:59.999999Z", false),
            ("2026-11-23T07:00:00Z", true),
            ("2026-11-23T11:00:00Z", false),
            ("2026-11-23T12:00:00Z", true),
            ("2026-11-23T16:00:00Z", false),
            // Summer.
            ("2026-07-06T06:00:00Z", true),
            ("2026-07-06T15:00:00Z", false),
        ] {
            assert_eq!(contains(&office, &zone, at.parse().unwrap()), inside, "{at}");
        }
    }

    #[test]
    fn days_of_23_and_25_hours_have_what_their_clocks_show() {
        let night = every_day(&[(90, 210)]);
        // An ordinary day from midnight to midnight: 01:30 to 03:30.
        assert_eq!(minutes(&night, "2026-11-22T23:00:00Z", 24), 120);
        // 29 March 2026: 02:00 becomes 03:00.
        assert_eq!(minutes(&night, "2026-03-28T23:00:00Z", 23), 60);
        // 25 October 2026: 03:00 becomes 02:00.
        assert_eq!(minutes(&night, "2026-10-24T22:00:00Z", 25), 180);
        let whole = every_day(&[(0, 1440)]);
        for (from, hours) in [("2026-03-28T23:00:00Z", 23), ("2026-10-24T22:00:00Z", 25)] {
            assert_eq!(minutes(&whole, from, hours), usize::try_from(hours).unwrap() * 60);
        }
        let missing = every_day(&[(120, 180)]);
        assert_eq!(minutes(&missing, "2026-03-28T23:00:00Z", 23), 0);
        assert_eq!(minutes(&missing, "2026-10-24T22:00:00Z", 25), 120);
    }

    #[test]
    fn each_day_is_its_own() {
        let mut week = Week { days: vec![Vec::new(); 7] };
        week.days[6] = vec![DayRange { from_minute: 0, to_minute: 1440 }];
        // Sunday in Stockholm, still Saturday in UTC.
        let zone = TimeZone::get("Europe/Stockholm").unwrap();
        assert!(contains(&week, &zone, "2026-11-21T23:30:00Z".parse().unwrap()));
        assert!(!contains(&week, &zone, "2026-11-21T22:30:00Z".parse().unwrap()));
    }

    #[test]
    fn a_week_that_is_none_is_refused() {
        for (week, why) in [
            (Week { days: vec![Vec::new(); 6] }, BadWeek::Days),
            (every_day(&[(5, 5)]), BadWeek::Range),
            (every_day(&[(5, 1441)]), BadWeek::Range),
            (every_day(&[(5, 10), (9, 20)]), BadWeek::Order),
            (every_day(&[(50, 60), (9, 20)]), BadWeek::Order),
            (Week { days: vec![vec![DayRange { from_minute: 0, to_minute: 1 }; 25]; 7] }, BadWeek::Ranges),
        ] {
            assert_eq!(check(&week), Err(why));
        }
        assert_eq!(check(&every_day(&[(0, 60), (60, 1440)])), Ok(()));
    }
}
