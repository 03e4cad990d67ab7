//! Alarms from end to end: what goes wrong is told once to people and programs, and so is its end.

mod sinks;
mod storage;

use std::{
    sync::{Mutex, OnceLock, PoisonError},
    time::Duration,
};

use api::{alarm::Alarm, camera::CameraState};
use e2e::{System, wait::until};
use model::clock::wall_now;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sim::{CameraOptions, Fault};

use sinks::{MailSink, Sign, WebSink};

const PATIENCE: Duration = Duration::from_secs(40);
const SILENCE: Duration = Duration::from_secs(3);
const MAIL_PASSWORD: &str = "mail-secret-7391";
const WEBHOOK_SECRET: &str = "hook-secret-4402";

/// Everything that is logged in this process.
fn log() -> &'static Mutex<Vec<u8>> {
    static LOG: OnceLock<Mutex<Vec<u8>>> = OnceLock::new();
    struct Writer(&'static Mutex<Vec<u8>>);
    impl std::io::Write for Writer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = LOG.get_or_init(Mutex::default);
    let writer = move || Writer(log);
    let _ = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(writer)
        .with_ansi(false)
        .try_init();
    log
}

async fn alarms(system: &System) -> Vec<Alarm> {
    let list: Value = system.client.get("/v1/alarms").await;
    serde_json::from_value(list["items"].clone()).expect("alarms")
}

fn settings(mail: &MailSink, web: &WebSink) -> Value {
    json!({
        "mail": {
            "host": "127.0.0.1", "port": mail.address.port(), "security": "none", "user": "site",
            "password": MAIL_PASSWORD, "from": "site@example.org", "to": ["ines@example.org"],
        },
        "webhook": { "url": format!("http://{}/hook", web.address), "secret": WEBHOOK_SECRET },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_camera_is_told_once_by_mail_and_webhook_and_so_is_its_end() {
    let log = log();
    let system = System::start_with(vec![CameraOptions::default()], |config| config.silence = SILENCE).await;
    let (mut mail, mut web) = (MailSink::start().await, WebSink::start().await);
    let zone = json!({ "name": "Corner shop", "time_zone": "Asia/Kathmandu" });
    assert_eq!(system.client.call(Method::PATCH, "/v1/site", Some(&zone)).await.0, 200);
    let path = "/v1/settings/notifications";
    let (status, kept) = system.client.call(Method::PUT, path, Some(&settings(&mail, &web))).await;
    assert_eq!(status, 200, "{kept}");

    let camera = &system.farm.cameras[0];
    let added = system.add(camera, None).await;
    system.until_state(added.id, CameraState::Recording, PATIENCE).await;
    let before = wall_now();
    camera.fault(Fault::Refuse);
    let told = mail.next(PATIENCE).await;
    assert!(wall_now().micros_since(before) >= 2_000_000, "not before the time is over");
    assert!(told.contains(&format!("Subject: [Corner shop] {}: no frames\r\n", added.name)), "{told}");
    assert!(told.contains("To: ines@example.org"), "{told}");
    // Since when in the site's time zone: Kathmandu is 5:45 ahead.
    let since = told.lines().find(|line| line.starts_with("Since: ")).expect("since when");
    assert!(since.ends_with(" +05:45 (Asia/Kathmandu)"), "{since}");
    let list = alarms(&system).await;
    let alarm = &list[0];
    assert_eq!((list.len(), alarm.camera, alarm.ended), (1, Some(added.id), None), "{list:?}");
    let off = alarm.since.micros_since(before).abs();
    assert!(off < 1_500_000, "the alarm is since the last frame: {off} µs off");
    let local = (alarm.since.micros() / 1_000_000 + 5 * 3600 + 45 * 60) % 86_400;
    let local = format!(" {:02}:{:02}:{:02} ", local / 3600, local / 60 % 60, local % 60);
    assert!(since.contains(&local), "{since}: {local}");
    let advice = told.lines().find(|line| line.starts_with("What to do: ")).expect("what to do");
    assert!(advice.contains("power") && advice.contains("cable"), "{advice}");
    assert!(told.contains(&format!("Look: {}", system.site.url())), "{told}");

    let post = web.next(PATIENCE).await;
    assert_eq!(post.header("martello-occasion"), Some("alarm"));
    assert_eq!(serde_json::from_slice::<Alarm>(&post.body).expect("an alarm"), *alarm);
    match sinks::signature(WEBHOOK_SECRET, &post.body) {
        Sign::Made(signature) => assert_eq!(post.header("martello-signature"), Some(&*signature)),
        Sign::NoTool => {
            e2e::probe::skip("a_silent_camera…: the webhook's signature", "openssl is not installed")
        }
    }

    let acknowledge = format!("/v1/alarms/{}/acknowledge", alarm.id);
    let seen: Alarm = system.client.post(&acknowledge, &json!({})).await;
    assert_eq!(seen.acknowledged_by.as_deref(), Some("ines"));
    let unknown = "/v1/alarms/0123456789abcdef0123456789abcdef/acknowledge";
    let (status, problem) = system.client.call(Method::POST, unknown, None).await;
    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &"not-found".into()));

    // The camera is still away after a restart: the alarm is the same, and nobody is told again.
    let system = system.restart().await;
    let restarted = wall_now();
    until("the camera has been silent again", PATIENCE, || async {
        (wall_now().micros_since(restarted) > 2 * SILENCE.as_micros() as i64).then_some(())
    })
    .await;
    let list = alarms(&system).await;
    assert_eq!((list.len(), list[0].id, list[0].ended), (1, seen.id, None), "{list:?}");
    assert_eq!((list[0].acknowledged, &list[0].acknowledged_by), (seen.acknowledged, &seen.acknowledged_by));

    let camera = &system.farm.cameras[0];
    camera.fault(Fault::Clear);
    let told = mail.next(PATIENCE).await;
    assert!(told.contains(&format!("Subject: [Corner shop] Ended: {}: no frames\r\n", added.name)), "{told}");
    assert!(told.contains("\nEnded: "), "{told}");
    let post = web.next(PATIENCE).await;
    let ended: Alarm = serde_json::from_slice(&post.body).expect("an alarm");
    assert!(ended.id == seen.id && ended.ended.is_some(), "{ended:?}");
    assert_eq!(alarms(&system).await, [ended]);
    assert!(mail.nothing_more() && web.nothing_more(), "one message each at the beginning and at the end");

    let data = system.data.path().to_owned();
    let System { site, farm, data: _directory, .. } = system;
    site.stop().await;
    farm.stop().await;
    let mut seen = sinks::files(&data, &["recordings"]);
    assert!(!seen.is_empty(), "{} is empty", data.display());
    seen.push(("the log".into(), log.lock().unwrap_or_else(PoisonError::into_inner).clone()));
    for (name, bytes) in seen {
        for secret in [MAIL_PASSWORD, WEBHOOK_SECRET] {
            assert!(!sinks::holds(&bytes, secret), "{name} holds {secret} in the clear");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_message_is_delivered_or_says_why_not_and_secrets_are_never_given_back() {
    let system = System::start(vec![CameraOptions::default()]).await;
    let (mut mail, mut web) = (MailSink::start().await, WebSink::start().await);
    let (path, test) = ("/v1/settings/notifications", "/v1/settings/notifications/test");
    let call = async |method, path, body: &Value| system.client.call(method, path, Some(body)).await;

    let (status, problem) = call(Method::POST, test, &json!({})).await;
    assert_eq!((status.as_u16(), &problem["code"]), (400, &"bad-request".into()), "{problem}");
    let good = settings(&mail, &web);
    assert_eq!(call(Method::POST, test, &good).await.0, StatusCode::NO_CONTENT);
    assert!(mail.next(PATIENCE).await.contains("This is a test"));
    assert_eq!(web.next(PATIENCE).await.header("martello-occasion"), Some("test"));
    let nothing: Value = system.client.get(path).await;
    assert_eq!(nothing["mail"], Value::Null, "trying keeps nothing: {nothing}");

    // Kept: secrets are not given back, but are there when they are left out.
    for body in [&good, &{
        let mut without = good.clone();
        without["mail"].as_object_mut().expect("mail").remove("password");
        without["webhook"].as_object_mut().expect("webhook").remove("secret");
        without
    }] {
        let (status, kept) = call(Method::PUT, path, body).await;
        assert_eq!(status, 200, "{kept}");
        let got: Value = system.client.get(path).await;
        assert_eq!(got["mail"]["user"], "site");
        for value in [kept, got] {
            let text = value.to_string();
            assert!(!text.contains(MAIL_PASSWORD) && !text.contains(WEBHOOK_SECRET), "{text}");
        }
        assert_eq!(call(Method::POST, test, body).await.0, StatusCode::NO_CONTENT);
        assert!(
            mail.next(PATIENCE).await.contains(&sinks::plain("site", MAIL_PASSWORD)),
            "the password is there"
        );
        assert!(web.next(PATIENCE).await.header("martello-signature").is_some(), "the secret is there");
    }

    // A mail server that refuses, one that is not there, a webhook that answers an error.
    let refusing = MailSink::refusing().await;
    let away = sinks::closed_port().await;
    for (change, said) in [
        (json!({ "mail": { "port": refusing.address.port() } }), "535"),
        (json!({ "mail": { "port": away } }), "mail server"),
        (json!({ "webhook": { "url": format!("http://127.0.0.1:{away}/") } }), "webhook"),
        (json!({ "webhook": { "url": format!("http://{}/error", web.address) } }), "500"),
    ] {
        let mut body = good.clone();
        for (way, fields) in change.as_object().expect("an object") {
            for (name, value) in fields.as_object().expect("fields") {
                body[way][name] = value.clone();
            }
        }
        let (status, problem) = call(Method::POST, test, &body).await;
        assert_eq!((status.as_u16(), &problem["code"]), (422, &"delivery-failed".into()), "{problem}");
        let text = problem.to_string();
        assert!(text.contains(said), "{change}: {text}");
        assert!(problem["detail"].is_string(), "what to do: {text}");
        assert!(!text.contains(MAIL_PASSWORD) && !text.contains(WEBHOOK_SECRET), "{text}");
    }
    for (body, said) in [
        (json!({ "webhook": { "url": "file:///etc/passwd" } }), "http"),
        (json!({ "mail": { "host": "a", "port": 25, "from": "x", "to": ["y@z"] } }), "e-mail address"),
    ] {
        let (status, problem) = call(Method::PUT, path, &body).await;
        assert!(status == 400 && problem.to_string().contains(said), "{body}: {problem}");
    }
    system.site.stop().await;
}
