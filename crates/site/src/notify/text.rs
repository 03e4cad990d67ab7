//! The words of an e-mail: what happened, since when, what to do, where to look.

use api::alarm::Alarm;
use jiff::tz::TimeZone;
use model::WallTime;

use super::About;

/// Subject and body.
pub(super) struct Text {
    pub subject: String,
    pub body: String,
}

impl Text {
    pub fn of(alarm: &Alarm, about: &About) -> Self {
        let state = if alarm.ended.is_some() { "Ended: " } else { "" };
        let subject = one_line(&format!("[{}] {state}{}", about.site_name, alarm.title));
        let mut body = format!("{}\n\nSince: {}\n", one_line(&alarm.title), time(alarm.since, about));
        if let Some(ended) = alarm.ended {
            body += &format!("Ended: {}\n", time(ended, about));
        }
        if !alarm.advice.is_empty() {
            body += &format!("\nWhat to do: {}\n", alarm.advice);
        }
        if let Some(url) = &about.url {
            body += &format!("\nLook: {url}\n");
        }
        body += &format!("\n-- \nMartello, site {}\n", one_line(&about.site_name));
        Self { subject, body }
    }
}

/// In the site's time zone, with its offset: `2026-11-21 13:58:04 +01:00 (Europe/Stockholm)`.
fn time(at: WallTime, about: &About) -> String {
    let Ok(timestamp) = jiff::Timestamp::from_microsecond(at.micros()) else { return at.to_string() };
    let zone = TimeZone::get(&about.time_zone);
    let name = if zone.is_ok() { about.time_zone.as_str() } else { "UTC" };
    let zoned = timestamp.to_zoned(zone.unwrap_or(TimeZone::UTC));
    format!("{} ({name})", zoned.strftime("%Y-%m-%d %H:%M:%S %:z"))
}

/// Names come from people and cameras: a line end must not begin a new line of a message.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
