//! What commands print: lines for people, JSON for scripts. Not logs.

use std::io::{self, Write};

use serde::Serialize;

use super::{Failure, Outcome};

/// Where a command's answer goes.
pub(super) struct Output {
    to: io::Stdout,
}

impl Output {
    /// To the program that called this one.
    pub fn stdout() -> Self {
        Self { to: io::stdout() }
    }

    /// One line.
    pub fn line(&mut self, text: &str) -> Outcome {
        self.written(|to| writeln!(to, "{}", printable(text)))
    }

    /// JSON, indented.
    pub fn json(&mut self, value: &impl Serialize) -> Outcome {
        let text = serde_json::to_string_pretty(value).map_err(|e| Failure::failed(e.to_string()))?;
        self.written(|to| writeln!(to, "{text}"))
    }

    /// Columns under a heading, as wide as their widest cell.
    pub fn table<const N: usize>(&mut self, heading: [&str; N], rows: &[[String; N]]) -> Outcome {
        let heading = heading.map(str::to_owned);
        let mut widths = [0; N];
        for row in std::iter::once(&heading).chain(rows) {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        for row in std::iter::once(&heading).chain(rows) {
            let cells: Vec<String> =
                row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            self.line(cells.join("  ").trim_end())?;
        }
        Ok(())
    }

    /// Bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) -> Outcome {
        self.written(|to| to.write_all(bytes))
    }

    fn written(&mut self, write: impl FnOnce(&mut io::Stdout) -> io::Result<()>) -> Outcome {
        let done = write(&mut self.to).and_then(|()| self.to.flush());
        done.map_err(|e| Failure::failed(format!("cannot write the answer: {e}")))
    }
}

/// What a person has to do or to know while a command runs: one line on stderr.
pub(super) fn notice(text: &str) {
    // Where stderr is closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "{}", printable(text));
}

/// Why a command failed: one line on stderr.
pub(super) fn complain(failure: &Failure) {
    // Where stderr is closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "martello: {}", printable(&failure.to_string()));
}

/// Names come from cameras and other people: a terminal must not obey them.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
