//! `xtask COMMAND`: what the Makefile calls.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::process::ExitCode;

use xtask::{Failure, Finding, dependencies, layering, stages, tidy, tree};

const USAGE: &str = "usage: xtask test [--installed-in SECONDS] | tidy";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["test"] => stages::run(&tree::root(), 0),
        ["test", "--installed-in", seconds] => match seconds.parse() {
            Ok(seconds) => stages::run(&tree::root(), seconds),
            Err(error) => Err(format!("--installed-in {seconds}: {error}").into()),
        },
        ["tidy"] => tidy(),
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
