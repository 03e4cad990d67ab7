//! Events in an ONVIF metadata stream (ONVIF Streaming Specification, `tt:MetadataStream`; WS-BaseNotification).
//!
//! What is here: a metadata document in, its notifications out, and which of them are about motion.
//! What is not here: transport of the documents (RTP), object analytics (`tt:VideoAnalytics`), subscribing.

use model::WallTime;

use crate::xml::{self, BadXml, Element};

/// Longest metadata document that is read, in bytes.
pub const LONGEST_DOCUMENT: usize = 256 << 10;
/// Most notifications that are taken from a document.
pub const MOST_NOTIFICATIONS: usize = 256;
/// Most items that are taken from a notification.
const MOST_ITEMS: usize = 32;

/// What became of a property (`PropertyOperation`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Operation {
    /// A momentary event: the notification does not speak of a property.
    #[default]
    Momentary,
    /// The state when the subscription began.
    Initialized,
    /// The state changed.
    Changed,
    /// The property is gone.
    Deleted,
}

/// One notification.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notification {
    /// The topic as the camera wrote it, such as `tns1:RuleEngine/CellMotionDetector/Motion`.
    pub topic: String,
    /// `UtcTime`, on the camera's clock.
    pub camera_time: Option<WallTime>,
    /// What became of the property.
    pub operation: Operation,
    /// Items of `tt:Source` and `tt:Key`: name and value.
    pub source: Vec<(String, String)>,
    /// Items of `tt:Data`: name and value.
    pub data: Vec<(String, String)>,
}

/// Reads a metadata document.
///
/// # Errors
/// It is too long, not XML, or nested or filled beyond all reason.
pub fn parse(document: &[u8]) -> Result<Vec<Notification>, BadXml> {
    let document = xml::parse(document, LONGEST_DOCUMENT)?;
    Ok(document
        .descendants("NotificationMessage")
        .into_iter()
        .take(MOST_NOTIFICATIONS)
        .filter_map(notification)
        .collect())
}

fn notification(element: &Element) -> Option<Notification> {
    let topic = element.children("Topic").next()?.text.clone();
    // wsnt:Message holds tt:Message; both have the same local name.
    let message = element.children("Message").next()?;
    let message = message.children("Message").next().unwrap_or(message);
    let items = |part: &str| -> Vec<(String, String)> {
        message
            .children(part)
            .flat_map(|part| part.children("SimpleItem"))
            .filter_map(|item| {
                Some((item.attribute("Name")?.to_owned(), item.attribute("Value")?.to_owned()))
            })
            .take(MOST_ITEMS)
            .collect()
    };
    let mut source = items("Source");
    source.extend(items("Key"));
    Some(Notification {
        topic: topic.chars().filter(|c| !c.is_control()).collect(),
        camera_time: message.attribute("UtcTime").and_then(|time| time.parse().ok()),
        operation: match message.attribute("PropertyOperation") {
            Some("Initialized") => Operation::Initialized,
            Some("Changed") => Operation::Changed,
            Some("Deleted") => Operation::Deleted,
            _ => Operation::Momentary,
        },
        source,
        data: items("Data"),
    })
}

impl Notification {
    /// Whether something moves, where this is about motion or about what was made of it.
    #[must_use]
    pub fn motion(&self) -> Option<bool> {
        if !is_motion(&self.topic) {
            return None;
        }
        if self.operation == Operation::Deleted {
            return Some(false);
        }
        self.data.iter().find_map(|(name, value)| {
            let names = ["state", "ismotion", "motion", "active"];
            let known = names.iter().any(|known| name.eq_ignore_ascii_case(known));
            let truth = ["true", "1", "active"].iter().any(|truth| value.trim().eq_ignore_ascii_case(truth));
            known.then_some(truth)
        })
    }
}

/// Topics of motion: ONVIF's motion alarm and rules, and the applications that Axis devices run for it (VAPIX, event
/// streaming; motion detection, guards, object analytics).
fn is_motion(topic: &str) -> bool {
    let path: Vec<&str> =
        topic.split('/').map(|part| part.rsplit_once(':').map_or(part, |(_, local)| local)).collect();
    match path.as_slice() {
        ["VideoSource", "MotionAlarm", ..] => true,
        ["RuleEngine", rest @ ..] => rest.iter().any(|part| part.contains("Motion") || *part == "VMD3"),
        ["CameraApplicationPlatform", application, ..] => {
            matches!(
                *application,
                "VMD" | "MotionGuard" | "FenceGuard" | "LoiteringGuard" | "ObjectAnalytics"
            )
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use proptest::prelude::*;

    use super::*;

    fn document(topic: &str, operation: &str, data: &str) -> String {
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<tt:MetadataStream xmlns:tt="http://www.onvif.org/ver10/schema"><tt:Event><wsnt:NotificationMessage
 xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2"><wsnt:Topic Dialect="x">
 {topic} </wsnt:Topic><wsnt:Message><tt:Message UtcTime="2026-11-21T20:00:01.25Z" PropertyOperation="{operation}">
 <tt:Source><tt:SimpleItem Name="VideoSourceConfigurationToken" Value="1"/></tt:Source><tt:Key></tt:Key>
 <tt:Data>{data}</tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage></tt:Event></tt:MetadataStream>"#
        )
    }

    #[test]
    fn a_notification_is_read_whole() {
        let data = r#"<tt:SimpleItem Name="IsMotion" Value="true"/>"#;
        let read =
            parse(document("tns1:RuleEngine/CellMotionDetector/Motion", "Changed", data).as_bytes()).unwrap();
        expect![[r#"
            [
                Notification {
                    topic: "tns1:RuleEngine/CellMotionDetector/Motion",
                    camera_time: Some(
                        2026-11-21T20:00:01.25Z,
                    ),
                    operation: Changed,
                    source: [
                        (
                            "VideoSourceConfigurationToken",
                            "1",
                        ),
                    ],
                    data: [
                        (
                            "IsMotion",
                            "true",
                        ),
                    ],
                },
            ]
        "#]]
        .assert_debug_eq(&read);
        assert_eq!(read[0].motion(), Some(true));
    }

    #[test]
    fn topics_of_motion_are_told_from_others() {
        for (topic, item, value, motion) in [
            ("tns1:VideoSource/MotionAlarm", "State", "true", Some(true)),
            ("tns1:RuleEngine/MotionRegionDetector/Motion", "State", "0", Some(false)),
            ("tns1:RuleEngine/tnsaxis:VMD3/vmd3_video_1", "active", "1", Some(true)),
            ("tnsaxis:CameraApplicationPlatform/VMD/Camera1ProfileANY", "active", "0", Some(false)),
            ("tnsaxis:CameraApplicationPlatform/ObjectAnalytics/Device1Scenario1", "active", "1", Some(true)),
            ("tnsaxis:CameraApplicationPlatform/VMD/xinternal_data", "svgframe", "<svg/>", None),
            ("tns1:Device/tnsaxis:IO/Port", "state", "1", None),
            ("tns1:VideoSource/GlobalSceneChange/ImagingService", "State", "true", None),
        ] {
            let data = vec![(item.to_owned(), value.to_owned())];
            let seen = Notification { topic: topic.to_owned(), data, ..Notification::default() };
            assert_eq!(seen.motion(), motion, "{topic}");
        }
    }

    #[test]
    fn an_empty_stream_document_has_no_notifications() {
        let empty = br#"<tt:MetadataStream xmlns:tt="http://www.onvif.org/ver10/schema"/>"#;
        assert_eq!(parse(empty), Ok(Vec::new()));
        assert!(parse(&vec![b' '; LONGEST_DOCUMENT + 1]).is_err());
    }

    proptest! {
        #[test]
        fn a_damaged_document_is_an_error_or_fewer_events(at in 0_usize..900, byte in any::<u8>(), cut in 0_usize..900) {
            let mut bytes = document("tns1:VideoSource/MotionAlarm", "Changed", "").into_bytes();
            if let Some(place) = bytes.get_mut(at) { *place = byte; }
            bytes.truncate(cut.max(1));
            if let Ok(read) = parse(&bytes) { prop_assert!(read.len() <= 1); }
        }

        #[test]
        fn what_was_written_is_read(name in "[A-Za-z]{1,10}", value in "[ -~]{0,20}") {
            let value_in_xml = value.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
            let item = format!(r#"<tt:SimpleItem Name="{name}" Value="{value_in_xml}"/>"#);
            let read = parse(document("a:b/c", "Initialized", &item).as_bytes()).unwrap();
            prop_assert_eq!(&read[0].data, &vec![(name, value)]);
        }
    }
}
