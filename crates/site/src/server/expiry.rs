//! The alarms before a TLS certificate ends, and when it has ended. The site makes its own one anew in time: it is told
//! only where that fails. Which one is served is not decided here (`certificates`).

use api::alarm::AlarmKind;
use model::{WallTime, clock::wall_now};

use super::certificates::{DAY_US, SOON_DAYS};
use crate::App;

/// From so many days before its end on; the last that is reached counts.
const STAGES: [(AlarmKind, i64); 3] = [
    (AlarmKind::CertificateEnds, SOON_DAYS),
    (AlarmKind::CertificateEndsSoon, 7),
    (AlarmKind::CertificateEnded, 0),
];

/// Begins and ends the alarms as the certificate is that is served now. Blocking.
pub fn check(app: &App) {
    let (begins, ends) = app.certificates.served().lasts();
    let now = stage(ends, wall_now());
    for (kind, days) in STAGES {
        if now != Some(kind) {
            app.alarms.clear(kind, None);
            continue;
        }
        let when = app.site_time(ends).unwrap_or_else(|_| ends.to_string());
        let title = match kind {
            AlarmKind::CertificateEnded => format!("The TLS certificate has ended: {when}"),
            _ => format!("The TLS certificate ends within {days} days: {when}"),
        };
        app.alarms.raise(kind, None, begins.max(ends.plus_micros(-days * DAY_US)), title, ADVICE);
    }
}

const ADVICE: &str = "Install the next one: Settings, Certificate, or martello certificate install. Or go back to the one that \
    the site makes itself. When it has ended, browsers warn of this site and other programs may refuse it; recording goes on.";

fn stage(ends: WallTime, now: WallTime) -> Option<AlarmKind> {
    let left = ends.micros_since(now);
    STAGES.into_iter().rev().find(|(_, days)| left <= days * DAY_US).map(|(kind, _)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_stage_counts() {
        let ends = WallTime::from_micros(1_800_000_000_000_000);
        for (hours_left, expected) in [
            (22 * 24, None),
            (21 * 24, Some(AlarmKind::CertificateEnds)),
            (7 * 24 + 1, Some(AlarmKind::CertificateEnds)),
            (7 * 24, Some(AlarmKind::CertificateEndsSoon)),
            (1, Some(AlarmKind::CertificateEndsSoon)),
            (0, Some(AlarmKind::CertificateEnded)),
            (-1000, Some(AlarmKind::CertificateEnded)),
        ] {
            let now = ends.plus_micros(-hours_left * 3_600_000_000);
            assert_eq!(stage(ends, now), expected, "{hours_left} hours");
        }
    }
}
