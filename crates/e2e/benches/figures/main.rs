//! Figures of the whole product, for docs/benchmarks.md: `cargo bench -p e2e --bench figures -- NAME…`.
//!
//! What is here: the names. Each module is one table; the server is a process of its own everywhere (`martello`, built
//! beside this program or named by `MARTELLO_BIN`), cameras and clients are in this one.
//! What is not here: recording beside ffmpeg (`xtask bench`), the engine alone (`crates/archive/benches`), the browser
//! (`web/e2e`).

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod authorize;
mod fanout;
mod live;
mod loss;
mod seek;
mod soak;
mod streams;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

/// What a measurement ends with when it cannot be made: a sentence.
type Outcome = Result<(), Box<dyn Error>>;

const NAMES: &str = "authorize | fanout | live | loss | seek | soak | streams";

fn main() -> ExitCode {
    let _ = rustls::crypto::ring::default_provider().install_default();
    // `cargo bench` adds a flag of its own.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.to_string()),
    };
    if let ["serve", data, "--ready-file", ready] = words[..] {
        return end(runtime.block_on(fanout::serve(data.into(), ready.as_ref())));
    }
    if words.is_empty() {
        return failed(&format!("name what is measured: {NAMES}"));
    }
    for word in words {
        let outcome = runtime.block_on(async {
            match word {
                "authorize" => authorize::measure().await,
                "fanout" => fanout::measure().await,
                "live" => live::measure().await,
                "loss" => loss::measure().await,
                "seek" => seek::measure().await,
                "soak" => soak::measure().await,
                "streams" => streams::measure().await,
                _ => Err(format!("{word} is none of {NAMES}").into()),
            }
        });
        if let Err(error) = outcome {
            return failed(&format!("{word}: {error}"));
        }
    }
    ExitCode::SUCCESS
}

fn end(outcome: Outcome) -> ExitCode {
    outcome.map_or_else(|error| failed(&error.to_string()), |()| ExitCode::SUCCESS)
}

fn failed(reason: &str) -> ExitCode {
    eprintln!("figures: {reason}");
    ExitCode::FAILURE
}

/// A number that a variable of the environment may change.
fn wish(name: &str, usual: u64) -> Result<u64, std::num::ParseIntError> {
    std::env::var(name).map_or(Ok(usual), |text| text.parse())
}

/// Lets time pass: a measuring window.
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

/// A line of a table of times in milliseconds: percentiles 50, 95, 99 and the longest.
fn row(what: &str, mut micros: Vec<i64>) {
    micros.sort_unstable();
    let at = |percent: usize| {
        let index = micros.len().saturating_sub(1) * percent / 100;
        micros.get(index).map_or(f64::NAN, |micros| *micros as f64 / 1000.0)
    };
    println!("| {what} | {:.2} | {:.2} | {:.2} | {:.2} |", at(50), at(95), at(99), at(100));
}
