//! The metadata stream: motion, periodic and on command.

use crate::client::Client;
use sim::{Farm, Options};
use std::time::Duration;

/// The next document.
async fn document(client: &mut Client) -> String {
    let mut xml = Vec::new();
    loop {
        let packet = client.packet().await.unwrap();
        if packet.is_rtp() {
            xml.extend_from_slice(packet.payload());
            if packet.bytes[1] & 0x80 != 0 {
                return String::from_utf8(xml).unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn motion_on_command_is_told_after_the_initial_state() {
    let farm = Farm::start(Options { anonymous: true, ..Default::default() }).await.unwrap();
    let camera = &farm.cameras[0];
    let url = format!("{}&video=0&event=on", camera.main_url.replace("audio=1", "audio=0"));
    let mut client = Client::play(&url).await;
    let empty = document(&mut client).await;
    assert!(empty.contains("<tt:MetadataStream") && !empty.contains("tt:Event"), "{empty}");
    let initial = document(&mut client).await;
    assert!(initial.contains("PropertyOperation=\"Initialized\""), "{initial}");
    let moving = initial.contains("Name=\"active\" Value=\"1\"");
    camera.motion(Duration::from_secs(2));
    let expected = if moving { ["0", "1"] } else { ["1", "0"] };
    for value in expected {
        let changed = document(&mut client).await;
        assert!(changed.contains("PropertyOperation=\"Changed\""), "{changed}");
        assert!(changed.contains("tnsaxis:CameraApplicationPlatform/VMD/Camera1Profile1"));
        assert!(changed.contains(&format!("Name=\"active\" Value=\"{value}\"")), "{changed}");
        assert!(changed.contains("tns1:VideoSource/MotionAlarm"));
    }
}
