//! Two kinds of time that must never be confused: the clock on the wall, and a stream's own ticks.

use std::{fmt, ops, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Microseconds since 1970-01-01T00:00:00Z, as a site's clock or a camera's clock says it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct WallTime(i64);

/// Ticks of a track since the start of its run; how long a tick is, the track's timescale says (video: 1/90000 s).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MediaTime(pub i64);

/// A range of wall time, end excluded.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct WallRange {
    /// First moment inside.
    pub from: WallTime,
    /// First moment after it.
    pub to: WallTime,
}

/// A text that is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a time: RFC 3339 is expected, such as 2026-11-21T14:07:21.5Z")]
pub struct ParseTimeError;

impl WallTime {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);
    /// Later than every time that can be written in RFC 3339.
    pub const MAX: Self = Self(253_402_207_200_000_000);
    /// Earlier than every time that can be written in RFC 3339.
    pub const MIN: Self = Self(-62_135_510_400_000_000);

    /// The time so many microseconds after the epoch, kept inside what RFC 3339 can write.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        if micros > Self::MAX.0 {
            Self::MAX
        } else if micros < Self::MIN.0 {
            Self::MIN
        } else {
            Self(micros)
        }
    }

    /// The time so many milliseconds after the epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self::from_micros(millis.saturating_mul(1000))
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since the epoch, rounded down.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Microseconds from `earlier` to this; negative when `earlier` is later.
    #[must_use]
    pub const fn micros_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// This time moved by so many microseconds.
    #[must_use]
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self::from_micros(self.0.saturating_add(micros))
    }

    /// Year, month, day of the UTC day that this lies in.
    #[must_use]
    pub fn utc_date(self) -> (i16, i8, i8) {
        let date = self.zoned().date();
        (date.year(), date.month(), date.day())
    }

    fn zoned(self) -> jiff::Zoned {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or_default().to_zoned(jiff::tz::TimeZone::UTC)
    }
}

impl ops::Add<Duration> for WallTime {
    type Output = Self;

    fn add(self, by: Duration) -> Self {
        self.plus_micros(i64::try_from(by.as_micros()).unwrap_or(i64::MAX))
    }
}

impl ops::Sub<Duration> for WallTime {
    type Output = Self;

    fn sub(self, by: Duration) -> Self {
        Self::from_micros(self.0.saturating_sub(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl WallRange {
    /// The range, or nothing where it would be empty.
    #[must_use]
    pub fn new(from: WallTime, to: WallTime) -> Option<Self> {
        (from < to).then_some(Self { from, to })
    }

    /// Whether the moment lies inside.
    #[must_use]
    pub fn contains(&self, at: WallTime) -> bool {
        self.from <= at && at < self.to
    }

    /// What both have in common.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        Self::new(self.from.max(other.from), self.to.min(other.to))
    }

    /// How many microseconds it lasts.
    #[must_use]
    pub const fn micros(&self) -> i64 {
        self.to.micros_since(self.from)
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(timestamp) => write!(f, "{timestamp}"),
            Err(_) => write!(f, "{} µs", self.0),
        }
    }
}

impl fmt::Debug for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for WallTime {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let timestamp: jiff::Timestamp = text.parse().map_err(|_| ParseTimeError)?;
        Ok(Self::from_micros(timestamp.as_microsecond()))
    }
}

impl Serialize for WallTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WallTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl utoipa::PartialSchema for WallTime {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::DateTime)))
            .into()
    }
}

impl utoipa::ToSchema for WallTime {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_and_read_as_rfc_3339() {
        let time: WallTime = "2026-11-21T14:07:21.5Z".parse().unwrap();
        assert_eq!(time.to_string(), "2026-11-21T14:07:21.5Z");
        assert_eq!("2026-11-21T15:07:21.5+01:00".parse::<WallTime>().unwrap(), time);
        assert_eq!(time.utc_date(), (2026, 11, 21));
        assert!("yesterday".parse::<WallTime>().is_err());
    }

    #[test]
    fn times_never_leave_what_can_be_written() {
        assert_eq!(WallTime::from_micros(i64::MAX), WallTime::MAX);
        assert_eq!(WallTime::MAX.plus_micros(i64::MAX), WallTime::MAX);
        for time in [WallTime::MAX, WallTime::MIN, WallTime::EPOCH] {
            assert_eq!(time.to_string().parse::<WallTime>().unwrap(), time);
        }
    }

    #[test]
    fn an_empty_range_is_no_range() {
        let at = WallTime::from_millis(5);
        assert!(WallRange::new(at, at).is_none());
    }
}
