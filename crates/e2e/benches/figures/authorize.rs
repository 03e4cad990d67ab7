//! What it costs a request to be authorized: who calls (token or cookie, looked up), where from, and whether they may.
//!
//! What is here: the same small request with and without credentials over one plain connection that is kept, and the time of
//! a core that the server's process took for each; their difference is authorization, from the header to the verdict.
//! What is not here: the evaluator alone (`crates/access/benches`), TLS, sign-in.

use std::{process::Command, time::Instant};

use e2e::{
    Program,
    program::{cpu_s, martello},
    system::ADMINISTRATOR,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::Outcome;

/// Requests of a round; rounds take turns, so that what else the machine does falls on all alike.
const REQUESTS: usize = 4_000;
const ROUNDS: usize = 9;
/// Requests that are sent at once: the way to the server and back is no part of what is measured.
const AT_ONCE: usize = 40;

/// Prints the table.
pub async fn measure() -> Outcome {
    let program = martello().ok_or("the program martello is not built")?;
    let place = tempfile::tempdir()?;
    let mut site = Program::start(&program, place.path()).await;
    site.set_up().await;
    site.end("-TERM").await;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("serve").arg(place.path().join("site"));
    let mut site = Program::run(command, place.path()).await;
    site.client.sign_in(ADMINISTRATOR.0, ADMINISTRATOR.1).await;
    let cookie = site.client.credential.clone().map(|(_, value)| value).ok_or("no cookie")?;
    site.use_token().await;
    let token = site.client.credential.clone().map(|(_, value)| value).ok_or("no token")?;
    let told: serde_json::Value = serde_json::from_slice(&std::fs::read(place.path().join("ready.json"))?)?;
    let plain = told["site"]["plain"].as_str().ok_or("no plain listener")?;

    let nobody = "Bearer martello_0000000000000000000000000000000000000000000";
    let cases = [
        ("nobody", String::new()),
        ("a token", format!("Authorization: {token}\r\n")),
        (
            "a cookie, from the site's own page",
            format!("Cookie: {cookie}\r\nSec-Fetch-Site: same-origin\r\n"),
        ),
        ("a token that is not in the database (asked each time)", format!("Authorization: {nobody}\r\n")),
    ];
    let mut costs = vec![Vec::new(); cases.len()];
    let process = site.id().to_string();
    // The first round warms.
    for round in 0..=ROUNDS {
        for ((_, headers), costs) in cases.iter().zip(&mut costs) {
            let request = format!("GET /healthz HTTP/1.1\r\nHost: {plain}\r\n{headers}\r\n");
            let before = cpu_s(&process);
            ask(plain, &request).await?;
            if round > 0 {
                costs.push((cpu_s(&process) - before) * 1e6 / REQUESTS as f64);
            }
        }
    }
    println!("| a request of | a core of the server, µs | of which authorization, µs |\n|---|--:|--:|");
    let medians: Vec<f64> = costs.into_iter().map(median).collect();
    let without = medians.first().copied().unwrap_or_default();
    for ((what, _), median) in cases.iter().zip(&medians) {
        println!("| {what} | {median:.1} | {:.1} |", median - without);
    }
    site.end("-TERM").await;
    Ok(())
}

/// Sends a request often over one connection; all answers have the length of the first.
async fn ask(plain: &str, request: &str) -> Outcome {
    let mut stream = TcpStream::connect(plain).await?;
    stream.set_nodelay(true)?;
    stream.write_all(request.as_bytes()).await?;
    let mut first = vec![0; 4096];
    let began = Instant::now();
    let length = loop {
        let count = stream.peek(&mut first).await?;
        let text = String::from_utf8_lossy(first.get(..count).unwrap_or_default()).into_owned();
        if let Some(end) = text.find("\r\n\r\n") {
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
            break end + 4 + length.ok_or("no length")?.parse::<usize>()?;
        }
        if began.elapsed().as_secs() > 10 {
            return Err("no answer".into());
        }
    };
    let mut answers = vec![0; length];
    stream.read_exact(&mut answers).await?;
    let many = request.repeat(AT_ONCE);
    answers.resize(length * AT_ONCE, 0);
    for _ in 0..REQUESTS / AT_ONCE {
        stream.write_all(many.as_bytes()).await?;
        stream.read_exact(&mut answers).await?;
    }
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
