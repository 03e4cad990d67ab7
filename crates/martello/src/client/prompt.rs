//! Questions to a person, and passwords: typed without echo, or the first line of stdin. Never an argument, which other
//! users of the computer could read.

use std::io::{self, BufRead, IsTerminal};

use model::Secret;

use super::{Failure, Outcome};

/// No line that is read is longer.
const MAX_LINE: u64 = 4096;

/// A password: from stdin where that was asked for, else typed.
pub(crate) fn password(question: &str, from_stdin: bool) -> Outcome<Secret<String>> {
    if from_stdin {
        return line(io::stdin().lock()).map(Secret::new);
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::usage("nobody can type the password here: use --password-stdin"));
    }
    rpassword::prompt_password(format!("{question}: "))
        .map(Secret::new)
        .map_err(|e| Failure::failed(format!("cannot read the password: {e}")))
}

/// A new password, typed twice.
pub(crate) fn new_password(question: &str, from_stdin: bool) -> Outcome<Secret<String>> {
    let first = password(question, from_stdin)?;
    if !from_stdin && password("Once more", false)? != first {
        return Err(Failure::failed("the two passwords differ"));
    }
    Ok(first)
}

/// Whether a person says yes; no where there is none.
pub(super) fn confirm(question: &str) -> Outcome<bool> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    let mut terminal = io::stderr();
    io::Write::write_all(&mut terminal, format!("{question} [y/N] ").as_bytes())
        .map_err(|e| Failure::failed(format!("cannot ask: {e}")))?;
    let answer = line(io::stdin().lock())?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// Asks before something is destroyed, unless the person has said so already (`--yes`).
pub(crate) fn sure(question: &str, yes: bool) -> Outcome {
    if yes || confirm(question)? {
        return Ok(());
    }
    Err(Failure::failed("nothing was done: that has to be confirmed; give --yes where nobody can be asked"))
}

/// The first line, without its end.
fn line(from: impl BufRead) -> Outcome<String> {
    let mut text = String::new();
    from.take(MAX_LINE)
        .read_line(&mut text)
        .map_err(|e| Failure::failed(format!("cannot read stdin: {e}")))?;
    let end = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(end);
    Ok(text)
}

#[cfg(test)]
mod unit {
    use super::line;

    #[test]
    fn a_password_is_the_first_line_with_all_its_characters() {
        for (stdin, password) in
            [("£¤ÅÄÖ🗝 x\nrest", "£¤ÅÄÖ🗝 x"), (" spaces \r\n", " spaces "), ("no end", "no end"), ("", "")]
        {
            assert_eq!(line(stdin.as_bytes()).unwrap(), password);
        }
    }
}
