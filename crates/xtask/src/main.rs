//! `xtask COMMAND`: what the Makefile calls.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use xtask::{Failure, Finding, bench, clips, deb, dependencies, layering, stages, tidy, tree};

const USAGE: &str = "usage: xtask test [--installed-in SECONDS] [STAGE…] | tidy | deb PROGRAM DIRECTORY | bench [SECONDS ROUNDS] | clips …";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["test", "--installed-in", seconds, stages @ ..] => match seconds.parse() {
            Ok(seconds) => stages::run(&tree::root(), Some(seconds), stages),
            Err(error) => Err(format!("--installed-in {seconds}: {error}").into()),
        },
        ["test", stages @ ..] => stages::run(&tree::root(), None, stages),
        ["tidy"] => tidy(),
        ["clips", ..] => clips::clips(&args[1..]).map(|()| true).map_err(Failure::from),
        ["deb", program, output] => package(program, output),
        ["bench"] => bench::run(bench::Plan { window: Duration::from_secs(60), rounds: 3 }),
        ["bench", seconds, rounds] => match (seconds.parse(), rounds.parse()) {
            (Ok(seconds), Ok(rounds)) => {
                bench::run(bench::Plan { window: Duration::from_secs(seconds), rounds })
            }
            _ => Err("bench takes seconds of a window and a number of rounds".into()),
        },
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Makes the Debian package and prints where it lies.
fn package(program: &str, output: &str) -> Result<bool, Failure> {
    let (tree, program, output) = (tree::root(), Path::new(program), Path::new(output));
    let file = deb::build(&deb::Package { tree: &tree, program, output, quick: false })?;
    println!("{}", file.display());
    Ok(true)
}

/// Prints what the checks of the tree find. True when that is nothing.
fn tidy() -> Result<bool, Failure> {
    let tree = tree::Tree::read(&tree::root())?;
    let mut found: Vec<Finding> = tidy::check(&tree);
    found.extend(layering::check(&tree));
    found.extend(dependencies::check(&tree, &dependencies::packages(&tree.root)?)?);
    for one in &found {
        println!("{one}");
    }
    Ok(found.is_empty())
}
