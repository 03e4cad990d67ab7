//! `martello-past DATA FROM TO MINUTES SECONDS`: gives the camera TO footage that began MINUTES ago and lasts SECONDS,
//! made of what the camera FROM recorded. The site that keeps DATA is stopped meanwhile. For tests only; the product has
//! no way to write the past.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program of the tests")]

use std::{path::Path, process::ExitCode};

use model::clock::wall_now;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data, from, to, minutes, seconds] = arguments.as_slice() else {
        eprintln!("usage: martello-past DATA FROM TO MINUTES SECONDS");
        return ExitCode::from(2);
    };
    let (Ok(from), Ok(to), Ok(minutes), Ok(seconds)) =
        (from.parse(), to.parse(), minutes.parse::<i64>(), seconds.parse())
    else {
        eprintln!("cameras are identifiers, times are numbers");
        return ExitCode::from(2);
    };
    let began = wall_now().plus_micros(-minutes * 60_000_000);
    e2e::past::write(Path::new(data), from, to, began, seconds);
    println!("{began}");
    ExitCode::SUCCESS
}
