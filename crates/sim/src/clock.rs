//! The one place of this crate that reads the system clock; a camera's own time is built on it in [`crate::device`].
//!
//! Not here: deadlines and intervals (those are `tokio::time::Instant`).

/// Microseconds since 1970-01-01 UTC by the machine's clock.
#[expect(
    clippy::disallowed_types,
    reason = "sim shares no code with the product, and this is its model::clock"
)]
pub(crate) fn wall_us() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_micros() as i64)
}

/// The 64-bit NTP time (RFC 5905 section 6: seconds since 1900 and a binary fraction) of a wall time in microseconds.
pub(crate) fn ntp(wall_us: i64) -> u64 {
    const SECONDS_1900_TO_1970: i64 = 2_208_988_800;
    let seconds = wall_us.div_euclid(1_000_000) + SECONDS_1900_TO_1970;
    let fraction = (wall_us.rem_euclid(1_000_000) as u64) << 32;
    ((seconds as u64) << 32) | (fraction / 1_000_000)
}

/// A wall time as `YYYY-MM-DDThh:mm:ss.ffffffZ` (RFC 3339), by the civil-from-days rule of the proleptic calendar.
pub(crate) fn rfc3339(wall_us: i64) -> String {
    let days = wall_us.div_euclid(86_400_000_000) + 719_468;
    let us = wall_us.rem_euclid(86_400_000_000);
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (second, fraction) = (us / 1_000_000, us % 1_000_000);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:06}Z")
}

#[cfg(test)]
mod tests {
    use super::{ntp, rfc3339};

    #[test]
    fn known_moments_read_as_people_write_them() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(rfc3339(951_782_400_000_001), "2000-02-29T00:00:00.000001Z");
        assert_eq!(rfc3339(1_795_269_599_999_999), "2026-11-21T13:59:59.999999Z");
    }

    #[test]
    fn ntp_time_counts_from_1900_in_binary_fractions() {
        assert_eq!(ntp(500_000), (2_208_988_800 << 32) | 0x8000_0000);
    }
}
