//! The only reader of the system's clock. Shells call it and hand the value to pure code as an argument.

use crate::WallTime;

/// What the clock on the wall says now.
#[must_use]
#[allow(clippy::disallowed_types, reason = "the one place that reads the system clock")]
pub fn wall_now() -> WallTime {
    let micros = match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_micros()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |micros| -micros),
    };
    WallTime::from_micros(micros)
}
