//! The ONVIF metadata stream: motion as event notifications, the way Axis devices word them.
//!
//! One document per RTP marker. A session first gets an empty `tt:MetadataStream`, then every stateful event with
//! `PropertyOperation="Initialized"`, then changes. Not here: when there is motion.

use crate::clock::rfc3339;

/// Whether there is motion, and since when by the camera's clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Motion {
    pub active: bool,
    pub steady_us: i64,
    pub wall_us: i64,
}

const HEAD: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8"?>"#,
    "\n",
    r#"<tt:MetadataStream xmlns:tt="http://www.onvif.org/ver10/schema">"#,
);

/// The document that begins a session.
pub(crate) fn empty() -> String {
    format!("{HEAD}</tt:MetadataStream>\n")
}

/// Both events of a state of motion: the motion detection application's and ONVIF's own.
pub(crate) fn motion(motion: Motion, operation: &str, address: &str) -> String {
    let time = rfc3339(motion.wall_us);
    let (number, word) = if motion.active { ("1", "true") } else { ("0", "false") };
    let event = |topic: &str, source: &str, data: &str| {
        format!(
            concat!(
                r#"<wsnt:NotificationMessage xmlns:tns1="http://www.onvif.org/ver10/topics" "#,
                r#"xmlns:tnsaxis="http://www.axis.com/2009/event/topics" "#,
                r#"xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:wsa5="http://www.w3.org/2005/08/addressing">"#,
                r#"<wsnt:Topic Dialect="http://docs.oasis-open.org/wsn/t-1/TopicExpression/Simple">{topic}</wsnt:Topic>"#,
                r#"<wsnt:ProducerReference><wsa5:Address>uri://{address}/ProducerReference</wsa5:Address>"#,
                r#"</wsnt:ProducerReference><wsnt:Message><tt:Message UtcTime="{time}" PropertyOperation="{operation}">"#,
                r#"<tt:Source>{source}</tt:Source><tt:Key></tt:Key><tt:Data>{data}</tt:Data></tt:Message>"#,
                r#"</wsnt:Message></wsnt:NotificationMessage>"#,
            ),
            topic = topic,
            address = address,
            time = time,
            operation = operation,
            source = source,
            data = data,
        )
    };
    let detection = event(
        "tnsaxis:CameraApplicationPlatform/VMD/Camera1Profile1",
        "",
        &format!(r#"<tt:SimpleItem Name="active" Value="{number}"/>"#),
    );
    let alarm = event(
        "tns1:VideoSource/MotionAlarm",
        r#"<tt:SimpleItem Name="Source" Value="0"/>"#,
        &format!(r#"<tt:SimpleItem Name="State" Value="{word}"/>"#),
    );
    format!("{HEAD}<tt:Event>{detection}{alarm}</tt:Event></tt:MetadataStream>\n")
}
