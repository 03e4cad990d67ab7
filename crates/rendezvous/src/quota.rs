//! What relays may carry for an account in a month, and what is said about it. Months are those of UTC; 1 GB is
//! 1,000,000,000 bytes. Who counted what is the ledger's (`catalog::cloud::ledger`).

use std::time::Duration;

use model::WallTime;

/// A gigabyte.
pub const GB: u64 = 1_000_000_000;
/// What an account may use unless somebody says otherwise.
pub const DEFAULT_LIMIT: u64 = GB;
/// What a relay draws at once.
pub const LEASE_BYTES: u64 = 1_000_000;
/// After so long a lease that nobody settled is void.
pub const LEASE_LIFETIME: Duration = Duration::from_secs(5);
/// From so much on it is warned.
const WARNING_PERCENT: u128 = 80;

/// How an account stands in a month.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// There is enough.
    Good,
    /// Four fifths are used.
    Warning,
    /// Nothing is left: "No Relay Data Left".
    Used,
}

/// A month of UTC, counted from January of the year 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Month(pub i64);

impl Month {
    /// The month that a moment lies in.
    #[must_use]
    pub fn of(at: WallTime) -> Self {
        let (year, month, _) = at.utc_date();
        Self(12 * i64::from(year) + i64::from(month) - 1)
    }

    /// Its first day as `2026-11-01`.
    #[must_use]
    pub fn first_day(self) -> String {
        format!("{:04}-{:02}-01", self.0.div_euclid(12), self.0.rem_euclid(12) + 1)
    }

    /// The next one, in which counting begins anew.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// How an account stands that has used so much of a limit (none: there is no limit).
#[must_use]
pub fn standing(used: u64, limit: Option<u64>) -> Standing {
    match limit {
        None => Standing::Good,
        Some(limit) if used >= limit => Standing::Used,
        Some(limit) if u128::from(used) * 100 >= u128::from(limit) * WARNING_PERCENT => Standing::Warning,
        Some(_) => Standing::Good,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_warned_at_four_fifths_and_ends_at_the_limit() {
        for (used, limit, stands) in [
            (0, Some(GB), Standing::Good),
            (799_999_999, Some(GB), Standing::Good),
            (800_000_000, Some(GB), Standing::Warning),
            (999_999_999, Some(GB), Standing::Warning),
            (GB, Some(GB), Standing::Used),
            (u64::MAX, None, Standing::Good),
            (u64::MAX - 1, Some(u64::MAX), Standing::Warning),
            (0, Some(0), Standing::Used),
        ] {
            assert_eq!(standing(used, limit), stands, "{used} of {limit:?}");
        }
    }

    #[test]
    fn a_month_begins_at_midnight_of_utc() {
        let month = |text: &str| Month::of(text.parse().unwrap());
        assert_eq!(month("2026-11-30T23:59:59.999999Z").first_day(), "2026-11-01");
        assert_eq!(month("2026-12-01T00:00:00Z"), month("2026-11-01T00:00:00Z").next());
        assert_eq!(month("2026-12-31T00:00:00Z").next(), month("2027-01-01T00:00:00Z"));
        assert_eq!(month("2027-01-01T00:30:00+01:00").first_day(), "2026-12-01");
    }
}
