//! What is sent, to whom, how often: against small servers of this test's own, and against Python's.

mod http_sink;
mod smtp_sink;
mod witness;

use std::{net::SocketAddr, time::Duration};

use api::notification::{Mail, MailSecurity, Webhook};

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

fn alarm() -> Alarm {
    Alarm {
        id: AlarmId::from_bytes([1; 16]),
        kind: AlarmKind::CameraSilent,
        camera: None,
        directory: None,
        title: "Gate nörth: no frames since 13:58:04".into(),
        advice: "Check its power and its network cable.".into(),
        since: "2026-11-21T12:58:04Z".parse().unwrap(),
        ended: None,
        acknowledged: None,
        acknowledged_by: None,
    }
}

fn about() -> About {
    About {
        site_name: "Shop".into(),
        time_zone: "Europe/Stockholm".into(),
        url: Some("https://shop.example:55754/".into()),
    }
}

fn mail(address: SocketAddr, security: MailSecurity) -> Mail {
    Mail {
        host: if security == MailSecurity::None { "127.0.0.1".into() } else { "localhost".into() },
        port: address.port(),
        security,
        user: Some("anna".into()),
        password: Some("hunter2".into()),
        from: "Martello <site@example.org>".into(),
        to: vec!["anna@example.org".into(), "Bert <bert@example.org>".into()],
    }
}

fn webhook(address: SocketAddr) -> Webhook {
    Webhook { url: format!("http://{address}/hook"), secret: Some("key".into()) }
}

fn patience() -> Patience {
    Patience { one_try: PATIENCE, pauses: vec![Duration::ZERO; 2] }
}

/// Delivers to these settings while the test runs.
fn started(settings: Notifications, patience: &Patience) -> (Handle, watch::Sender<Notifications>) {
    let (sender, receiver) = watch::channel(settings);
    let handle = start_with(receiver, SiteId::from_bytes([2; 16]), patience);
    handle.describe(about());
    (handle, sender)
}

async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} did not happen in time"),
    }
}

#[test]
fn the_mail_says_what_happened_since_when_and_what_to_do() {
    let text = text::Text::of(&alarm(), &about());
    assert_eq!(text.subject, "[Shop] Gate nörth: no frames since 13:58:04");
    expect_test::expect![[r#"
        Gate nörth: no frames since 13:58:04

        Since: 2026-11-21 13:58:04 +01:00 (Europe/Stockholm)

        What to do: Check its power and its network cable.

        Look: https://shop.example:55754/

        -- 
        Martello, site Shop
    "#]]
    .assert_eq(&text.body);
    let ended = Alarm { ended: Some("2026-07-21T12:58:04Z".parse().unwrap()), ..alarm() };
    let text = text::Text::of(&ended, &About { time_zone: "Nowhere/At_All".into(), ..about() });
    assert!(text.subject.starts_with("[Shop] Ended: "));
    assert!(text.body.contains("Ended: 2026-07-21 12:58:04 +00:00 (UTC)"), "{}", text.body);
}

#[test]
fn names_cannot_begin_new_lines_of_a_message() {
    let hostile = Alarm { title: "Gate\r\nBcc: everybody@example.org".into(), ..alarm() };
    let text = text::Text::of(&hostile, &About { site_name: "Shop\r\n\r\nx".into(), ..about() });
    assert!(!text.subject.contains(['\r', '\n']));
    assert!(!text.body.contains("\r"));
}

#[test]
fn settings_that_cannot_work_are_refused_with_the_reason() {
    let address = "127.0.0.1:25".parse().unwrap();
    let good =
        Notifications { mail: Some(mail(address, MailSecurity::Tls)), webhook: Some(webhook(address)) };
    assert_eq!(check(&good), Ok(()));
    assert_eq!(check(&Notifications::default()), Ok(()));
    let change_mail = |change: fn(&mut Mail)| {
        let mut settings = good.clone();
        settings.mail.as_mut().map(change);
        check(&settings).unwrap_err()
    };
    assert!(change_mail(|mail| mail.from = "nobody".into()).contains("nobody"));
    assert!(change_mail(|mail| mail.to = vec!["a b@c".into()]).contains("a b@c"));
    assert!(change_mail(|mail| mail.to.clear()).contains("1 to 20"));
    assert!(change_mail(|mail| mail.to = vec!["a@example.org".into(); 21]).contains("1 to 20"));
    for url in ["", "example.org", "ftp://example.org/", "file:///etc/passwd", "http://"] {
        let webhook = Some(Webhook { url: url.into(), secret: None });
        assert!(check(&Notifications { mail: None, webhook }).is_err(), "{url}");
    }
}

#[test]
fn a_kept_secret_goes_only_to_whom_it_was_given_for() {
    let address = "127.0.0.1:25".parse().unwrap();
    let old = Notifications { mail: Some(mail(address, MailSecurity::Tls)), webhook: Some(webhook(address)) };
    let mut new = old.clone();
    new.mail.as_mut().unwrap().password = None;
    new.webhook.as_mut().unwrap().secret = None;
    let same = with_kept_secrets(new.clone(), &old);
    assert_eq!(same.mail.unwrap().password.as_deref(), Some("hunter2"));
    assert_eq!(same.webhook.unwrap().secret.as_deref(), Some("key"));
    new.mail.as_mut().unwrap().host = "elsewhere.example".into();
    new.webhook.as_mut().unwrap().url += "2";
    let other = with_kept_secrets(new, &old);
    assert_eq!((other.mail.unwrap().password, other.webhook.unwrap().secret), (None, None));
}

#[test]
fn settings_survive_the_catalog_with_their_secrets_sealed() {
    let dir = tempfile::tempdir().unwrap();
    let key = catalog::SealKey::from_bytes([3; 32]);
    let catalog = catalog::Catalog::open(&dir.path().join("catalog.db"), key).unwrap();
    assert!(kept(&catalog).unwrap().mail.is_none());
    let address = "127.0.0.1:25".parse().unwrap();
    let settings =
        Notifications { mail: Some(mail(address, MailSecurity::Starttls)), webhook: Some(webhook(address)) };
    keep(&catalog, &settings).unwrap();
    let read = kept(&catalog).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), serde_json::to_value(&settings).unwrap());
    let open = catalog.setting("notifications").unwrap().unwrap().value.to_string();
    assert!(!open.contains("hunter2") && !open.contains("\"key\""), "{open}");
}

#[tokio::test]
async fn the_queue_pushes_out_the_oldest() {
    let queue = Queue::new("test", 2);
    for title in ["first", "second", "third"] {
        queue.push(Alarm { title: title.into(), ..alarm() });
    }
    queue.close();
    queue.push(alarm());
    assert_eq!(queue.next().await.unwrap().title, "second");
    assert_eq!(queue.next().await.unwrap().title, "third");
    assert!(queue.next().await.is_none(), "closed and empty");
}

/// The signature of a body and key that a receiver can check its own code with; from `openssl dgst -hmac`.
#[test]
fn the_signature_is_hmac_sha256() {
    assert_eq!(
        webhook::signature("key", b"The quick brown fox jumps over the lazy dog"),
        "sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
    );
}

#[tokio::test]
async fn nothing_set_up_is_said_and_alarms_are_dropped_in_silence() {
    let (handle, _settings) = started(Notifications::default(), &patience());
    handle.send(alarm());
    assert!(matches!(handle.send_test(&Notifications::default()).await, Err(Error::NothingSetUp)));
    soon("the end", handle.stop(PATIENCE)).await;
}
