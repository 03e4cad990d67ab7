//! Python's aiosmtpd reads what we send.

use std::{
    io::{BufRead, BufReader, Write as _},
    process::{ChildStdout, Command, Stdio},
};

use super::*;

type Lines = std::io::Lines<BufReader<ChildStdout>>;

/// The next line that Python prints; it ends by itself after 30 s.
async fn line(mut lines: Lines) -> (Option<String>, Lines) {
    tokio::task::spawn_blocking(|| (lines.next().transpose().unwrap(), lines)).await.unwrap()
}

#[tokio::test]
async fn python_reads_our_mail() {
    // Debian's own, which has what Debian packages: another may stand before it.
    let mut command = Command::new("/usr/bin/python3");
    command.args(["-c", include_str!("sink.py")]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut python = match command.spawn() {
        Ok(python) => python,
        Err(error) => return skipped(&format!("python3 cannot be run: {error}")),
    };
    let lines = BufReader::new(python.stdout.take().unwrap()).lines();
    let (Some(port), lines) = line(lines).await else {
        python.wait().unwrap();
        return skipped("python3 has no aiosmtpd");
    };
    let address = SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap()));
    let mail = Mail { user: None, ..mail(address, MailSecurity::None) };
    mail::deliver(&mail, &alarm(), &about(), PATIENCE, None).await.unwrap();
    let line = line(lines).await.0.unwrap();
    python.wait().unwrap();
    let got: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(got["from"], "site@example.org");
    assert_eq!(got["to"], serde_json::json!(["anna@example.org", "bert@example.org"]));
    assert_eq!(got["subject"], "[Shop] Gate nörth: no frames since 13:58:04");
    assert_eq!(got["receivers"], "anna@example.org, Bert <bert@example.org>");
    let body = got["body"].as_str().unwrap().replace("\r\n", "\n");
    assert_eq!(body.trim_end(), text::Text::of(&alarm(), &about()).body.trim_end());
}

#[allow(clippy::print_stderr, reason = "a test that was skipped says so")]
fn skipped(why: &str) {
    let test = std::thread::current().name().unwrap_or("?").to_owned();
    let line = format!("SKIPPED: {test}: {why}\n");
    eprint!("{line}");
    if let Some(path) = std::env::var_os("MARTELLO_SKIP_LOG") {
        let mut log = std::fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
        log.write_all(line.as_bytes()).unwrap();
    }
}
