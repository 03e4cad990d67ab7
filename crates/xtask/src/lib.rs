//! The project's own tasks: checks of the tree, the stages of `make test`, measurements, test clips.
//!
//! What is here: what reads or runs the project from outside. The checks are functions from a tree to findings, so that
//! they are ordinary tests too (`tests/it`).
//! What is not here: anything that the product needs to run. This crate is not shipped.

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

pub mod bench;
pub mod clips;
pub mod counts;
pub mod deb;
pub mod dependencies;
pub mod layering;
pub mod licence;
pub mod stages;
pub mod step;
pub mod tidy;
pub mod tree;

use std::fmt;

/// Something in the tree that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// File, relative to the root; with a line where there is one.
    pub place: String,
    /// What is wrong, and what is right.
    pub what: String,
}

impl Finding {
    /// A finding at a place.
    pub fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// What a task ends with when it fails: a sentence for the terminal.
pub type Failure = Box<dyn std::error::Error>;
