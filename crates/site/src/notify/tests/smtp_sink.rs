//! E-mail against a small SMTP server (RFC 5321) of this test.

use std::sync::Arc;

use lettre::transport::smtp::client::Certificate;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpListener,
    sync::mpsc,
};
use tokio_rustls::TlsAcceptor;

use super::*;

/// All lines of the client in one session, the message's own included.
type Session = Vec<String>;

/// How the server behaves.
#[derive(Clone, Copy, PartialEq)]
enum Behaviour {
    Good,
    /// Answers every recipient with 450: try later.
    Later,
    /// Answers every sign-in with 535: no.
    WrongPassword,
    /// Has no STARTTLS.
    NoTls,
}

struct Sink {
    address: SocketAddr,
    sessions: mpsc::Receiver<Session>,
    /// Signs the server's certificate.
    root: Certificate,
}

async fn sink(security: MailSecurity, behaviour: Behaviour) -> Sink {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let root = Certificate::from_der(own.cert.der().to_vec()).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, sessions) = mpsc::channel(16);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut lines = Session::new();
            match security {
                MailSecurity::Tls => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        lines.push("(tls)".into());
                        talk(stream, true, false, behaviour, &mut lines).await;
                    }
                }
                MailSecurity::None => drop(talk(stream, true, false, behaviour, &mut lines).await),
                MailSecurity::Starttls => {
                    let plain =
                        talk(stream, true, behaviour != Behaviour::NoTls, behaviour, &mut lines).await;
                    if let Some(plain) = plain
                        && let Ok(stream) = acceptor.accept(plain).await
                    {
                        lines.push("(tls)".into());
                        talk(stream, false, false, behaviour, &mut lines).await;
                    }
                }
            }
            if sender.send(lines).await.is_err() {
                return;
            }
        }
    });
    Sink { address, sessions, root }
}

/// One session; gives the stream back when the client asks for TLS.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    greet: bool,
    starttls: bool,
    behaviour: Behaviour,
    lines: &mut Session,
) -> Option<S> {
    let mut stream = BufReader::new(stream);
    if greet {
        stream.write_all(b"220 sink\r\n").await.ok()?;
    }
    let mut in_message = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end_matches(['\r', '\n']).to_owned();
        let word = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        lines.push(line.clone());
        let answer = match word.as_str() {
            _ if in_message && line == "." => {
                in_message = false;
                "250 taken\r\n"
            }
            _ if in_message => continue,
            "EHLO" if starttls => "250-sink\r\n250 STARTTLS\r\n",
            "EHLO" => "250-sink\r\n250 AUTH PLAIN\r\n",
            "STARTTLS" => {
                stream.write_all(b"220 go\r\n").await.ok()?;
                return Some(stream.into_inner());
            }
            "AUTH" if behaviour == Behaviour::WrongPassword => "535 wrong password\r\n",
            "AUTH" => "235 hello\r\n",
            "RCPT" if behaviour == Behaviour::Later => "450 try later\r\n",
            "DATA" => {
                in_message = true;
                "354 go on\r\n"
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await.ok()?;
                return None;
            }
            _ => "250 fine\r\n",
        };
        stream.write_all(answer.as_bytes()).await.ok()?;
    }
}

#[tokio::test]
async fn an_alarm_is_mailed_to_all_receivers_under_every_protection() {
    for security in [MailSecurity::None, MailSecurity::Starttls, MailSecurity::Tls] {
        let mut sink = sink(security, Behaviour::Good).await;
        let mail = mail(sink.address, security);
        mail::deliver(&mail, &alarm(), &about(), PATIENCE, Some(sink.root)).await.unwrap();
        let session = soon("the mail", sink.sessions.recv()).await.unwrap();
        let has = |line: &str| session.iter().any(|got| got == line);
        let all = session.join("\n");
        for line in [
            "RCPT TO:<anna@example.org>",
            "RCPT TO:<bert@example.org>",
            "From: Martello <site@example.org>",
            "Auto-Submitted: auto-generated",
            "Message-ID: <01010101010101010101010101010101.began@example.org>",
        ] {
            assert!(has(line), "{security:?}: {line} is missing in\n{all}");
        }
        // PLAIN of "\0anna\0hunter2".
        assert!(session.iter().any(|line| line == "AUTH PLAIN AGFubmEAaHVudGVyMg=="), "{security:?}\n{all}");
        let at = |wanted: &str| session.iter().position(|line| line.starts_with(wanted));
        assert_eq!(at("(tls)").is_some(), security != MailSecurity::None);
        assert!(at("(tls)") < at("AUTH"), "the password goes through TLS:\n{all}");
    }
}

#[tokio::test]
async fn the_end_of_an_alarm_answers_its_beginning() {
    let mut sink = sink(MailSecurity::None, Behaviour::Good).await;
    let mail = Mail { user: None, ..mail(sink.address, MailSecurity::None) };
    let ended = Alarm { ended: Some(alarm().since), ..alarm() };
    mail::deliver(&mail, &ended, &about(), PATIENCE, None).await.unwrap();
    let session = soon("the mail", sink.sessions.recv()).await.unwrap();
    let began = "<01010101010101010101010101010101.began@example.org>";
    assert!(session.contains(&format!("In-Reply-To: {began}")), "{session:?}");
    assert!(session.contains(&format!("References: {began}")));
    assert!(!session.iter().any(|line| line.starts_with("AUTH")), "no user, no sign-in");
}

#[tokio::test]
async fn a_server_without_starttls_or_with_a_foreign_certificate_gets_no_password() {
    for (behaviour, trusted) in [(Behaviour::NoTls, true), (Behaviour::Good, false)] {
        let mut sink = sink(MailSecurity::Starttls, behaviour).await;
        let mail = mail(sink.address, MailSecurity::Starttls);
        let root = trusted.then_some(sink.root);
        let error = mail::deliver(&mail, &alarm(), &about(), PATIENCE, root).await.unwrap_err();
        assert!(matches!(error, Error::Mail { .. }), "{error}");
        let session = soon("the session", sink.sessions.recv()).await.unwrap();
        assert!(!session.iter().any(|line| line.starts_with("AUTH")), "{session:?}");
    }
}

#[tokio::test]
async fn a_busy_server_is_tried_three_times_and_a_wrong_password_once() {
    for (behaviour, tries, word) in [(Behaviour::Later, 3, "RCPT"), (Behaviour::WrongPassword, 1, "AUTH")] {
        let mut sink = sink(MailSecurity::None, behaviour).await;
        let settings = Notifications { mail: Some(mail(sink.address, MailSecurity::None)), webhook: None };
        let (handle, _settings) = started(settings, &patience());
        handle.send(alarm());
        soon("the end", handle.stop(PATIENCE)).await;
        for _ in 0..tries {
            let session = soon("a try", sink.sessions.recv()).await.unwrap();
            assert!(session.iter().any(|line| line.starts_with(word)), "{session:?}");
        }
        assert!(sink.sessions.try_recv().is_err(), "no more tries");
    }
}

#[tokio::test]
async fn a_mail_server_that_hangs_does_not_hold_up_the_stop() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings =
        Notifications { mail: Some(mail(listener.local_addr().unwrap(), MailSecurity::Tls)), webhook: None };
    let (handle, _settings) = started(settings, &patience());
    handle.send(alarm());
    let _connected = soon("the connection", listener.accept()).await.unwrap();
    soon("the end", handle.stop(Duration::ZERO)).await;
}
