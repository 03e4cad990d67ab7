//! Passwords of every kind, from the wire to the wire: of people, who type them on different keyboards, and of cameras.

use std::time::Duration;

use api::camera::CameraState;
use e2e::{Client, System, system::new_camera};
use reqwest::{Method, StatusCode};
use serde_json::json;

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn people_sign_in_with_passwords_of_every_kind_composed_and_decomposed() {
    let system = System::start(vec![sim::CameraOptions::default()]).await;
    let long: String = "£¤ÅÄÖ🗝é x".chars().cycle().take(255).chain(['!']).collect();
    let keys = "🗝".repeat(256);
    for (user, kept, typed, other) in [
        ("signs", "£ ¤ Å Ä Ö", "£\u{a0}¤ A\u{30a} A\u{308} O\u{308}", "£ ¤ A A O"),
        ("decomposed", "A\u{30a}ngstro\u{308}m", "Ångström", "Angstrom"),
        ("emoji", "👩‍👩‍👧‍👦🔑🏳️‍🌈🇸🇪", "👩‍👩‍👧‍👦🔑🏳️‍🌈🇸🇪", "👩👩👧👦🔑🏳🌈🇸🇪"),
        ("markup", r#"</script>"'\u0000%00"#, r#"</script>"'\u0000%00"#, r#"</script>"'\u0000%0"#),
        ("long", &long, &long, &long[..long.len() - 1]),
        ("keys", &keys, &keys, "🗝"),
    ] {
        let new = json!({ "name": user, "password": kept, "role": "viewer" });
        let (status, body) = system.client.call(Method::POST, "/v1/users", Some(&new)).await;
        assert_eq!(status, StatusCode::CREATED, "{user}: {body}");
        let mut client = Client::new(&system.client.base, &system.client.fingerprint);
        let wrong = json!({ "user": user, "password": other });
        let (status, problem) = client.call(Method::POST, "/v1/session", Some(&wrong)).await;
        assert_eq!((status.as_u16(), &problem["code"]), (401, &json!("wrong-password")), "{user}");
        assert!(!problem.to_string().contains(other), "{user}: {problem}");
        client.sign_in(user, typed).await;
    }
    // A new password has eight characters and no control characters; at a sign-in anything is merely wrong, and too much
    // is no reason for a fault.
    let million = "x".repeat(60_000);
    for (password, new, sign_in) in [
        ("£", 400, 401),
        ("1234567", 400, 401),
        ("", 400, 401),
        ("tab\tand end\n", 400, 401),
        ("zero\0zero", 400, 401),
        (&"🗝".repeat(257), 400, 401),
        (&million, 400, 401),
    ] {
        let shown: String = password.chars().take(10).collect();
        let user = json!({ "name": "refused", "password": password, "role": "viewer" });
        let (status, problem) = system.client.call(Method::POST, "/v1/users", Some(&user)).await;
        assert_eq!(status.as_u16(), new, "{shown:?}: {problem}");
        // Each under a name of its own, so that none has to wait.
        let user = json!({ "user": format!("nobody {}", password.len()), "password": password });
        let (status, problem) = system.client.call(Method::POST, "/v1/session", Some(&user)).await;
        assert!(
            matches!(status.as_u16(), 429) || status.as_u16() == sign_in,
            "{shown:?}: {status} {problem}"
        );
    }
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cameras_are_reached_with_passwords_of_every_kind() {
    for password in ["£ ¤ Å Ä Ö 🗝", "\":/@?#%20\\", "1", &"é".repeat(256)] {
        let cameras = sim::Options { password: password.to_owned(), ..sim::Options::default() };
        let system = System::start_among(cameras, |_| {}).await;
        let sim = &system.farm.cameras[0];
        let axis = api::camera::Source::Axis { address: sim.http_url(), rtsp_port: None, codec: None };
        let camera: api::camera::Camera = system.client.post("/v1/cameras", &new_camera(sim, axis)).await;
        system.until_state(camera.id, CameraState::Recording, PATIENCE).await;
        system.site.stop().await;
    }
}
