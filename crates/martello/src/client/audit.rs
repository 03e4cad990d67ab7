//! `martello audit`: the audit log of a site, looked through, taken out and checked.

use std::{
    fs::File,
    io::{self, BufReader},
    path::{Path, PathBuf},
    str::FromStr,
};

use api::audit::{AuditChain, AuditPage};
use model::WallTime;
use serde_json::json;
use site::audit_file::{self, AuditFileError};

use super::{Failure, Outcome, connection::Connection, export::save, output::Output, target::SiteArguments};

/// Rows of one question.
const PAGE: usize = 1000;

/// `martello audit …`
#[derive(clap::Subcommand)]
pub enum Command {
    /// List rows, the newest first.
    List(List),
    /// Write the log into a file, and say how it ends: keep that apart, and a log that is rewritten later is found.
    Export(Export),
    /// Check the log: exit code 1 where a row was changed, put in or taken away.
    Verify(Verify),
}

/// Which rows.
#[derive(clap::Args)]
struct Rows {
    /// From this moment on (RFC 3339).
    #[arg(long)]
    from: Option<WallTime>,
    /// Before this moment (RFC 3339).
    #[arg(long)]
    to: Option<WallTime>,
    /// sign-in, account, view, export, rights, device or configuration.
    #[arg(long)]
    kind: Option<String>,
    /// done, refused or failed.
    #[arg(long)]
    outcome: Option<String>,
    /// With this text in name, address, action, target or detail.
    #[arg(long)]
    text: Option<String>,
}

/// Arguments of `martello audit list`.
#[derive(clap::Args)]
pub struct List {
    #[command(flatten)]
    site: SiteArguments,
    #[command(flatten)]
    rows: Rows,
    /// So many rows at most.
    #[arg(long, default_value_t = 100)]
    limit: usize,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `martello audit export`.
#[derive(clap::Args)]
pub struct Export {
    #[command(flatten)]
    site: SiteArguments,
    #[command(flatten)]
    rows: Rows,
    /// The file.
    #[arg(short, long)]
    output: PathBuf,
    /// jsonl, which can be checked again, or csv.
    #[arg(long, default_value = "jsonl", value_parser = ["jsonl", "csv"])]
    format: String,
    /// Replace the file where there is one.
    #[arg(long)]
    force: bool,
    /// Print how the log ends as JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `martello audit verify`.
#[derive(clap::Args)]
pub struct Verify {
    #[command(flatten)]
    site: SiteArguments,
    /// A log that was exported as jsonl, whole; without one the site checks its own.
    file: Option<PathBuf>,
    /// How the log ended at an earlier time, NUMBER:HASH, as martello audit export told it.
    #[arg(long)]
    head: Option<Head>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A row's number and hash, kept apart from the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    number: i64,
    hash: String,
}

impl FromStr for Head {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "a row's number, a colon and 64 hex digits are expected".to_owned();
        let (number, hash) = text.split_once(':').ok_or_else(wrong)?;
        if hash.len() != 64 || !hash.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        Ok(Self { number: number.parse().map_err(|_| wrong())?, hash: hash.to_lowercase() })
    }
}

impl Rows {
    fn query(&self) -> Vec<(&'static str, String)> {
        let time = |time: Option<WallTime>| time.map(|time| time.to_string());
        let given = [
            ("from", time(self.from)),
            ("to", time(self.to)),
            ("kind", self.kind.clone()),
            ("outcome", self.outcome.clone()),
            ("text", self.text.clone()),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

pub(super) async fn run(command: Command, output: &mut Output) -> Outcome {
    match command {
        Command::List(arguments) => list(&arguments, output).await,
        Command::Export(arguments) => export(&arguments, output).await,
        Command::Verify(arguments) => verify(arguments, output).await,
    }
}

async fn list(arguments: &List, output: &mut Output) -> Outcome {
    let connection = arguments.site.connect().await?;
    let (mut rows, mut before) = (Vec::new(), None::<i64>);
    while rows.len() < arguments.limit {
        let mut query = arguments.rows.query();
        query.push(("limit", (arguments.limit - rows.len()).min(PAGE).to_string()));
        query.extend(before.map(|before| ("before", before.to_string())));
        let page: AuditPage = connection.get("/v1/audit", &query).await?;
        rows.extend(page.items);
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    if arguments.json {
        return output.json(&rows);
    }
    let rows: Vec<_> = rows
        .into_iter()
        .map(|row| {
            let (number, at) = (row.number.to_string(), row.at.to_string());
            [number, at, row.name, row.address, row.action, row.target, row.outcome, row.detail]
        })
        .collect();
    output.table(["ROW", "WHEN", "WHO", "FROM", "WHAT", "ON", "OUTCOME", "MORE"], &rows)
}

async fn export(arguments: &Export, output: &mut Output) -> Outcome {
    if !arguments.force && arguments.output.exists() {
        let path = arguments.output.display();
        return Err(Failure::failed(format!("{path} is there already: give --force to replace it")));
    }
    let connection = arguments.site.connect().await?;
    let chain: AuditChain = connection.get("/v1/audit/chain", &[]).await?;
    let mut query = arguments.rows.query();
    query.push(("format", arguments.format.clone()));
    let answer = connection.download("/v1/audit/export", &query).await?;
    let bytes = save(answer, &arguments.output).await?;
    if arguments.json {
        output.json(&json!({ "file": arguments.output, "bytes": bytes, "chain": chain }))?;
    } else {
        output.line(&format!("{bytes} bytes were saved as {}.", arguments.output.display()))?;
        if let (Some(number), Some(hash)) = (chain.number, &chain.hash) {
            output.line(&format!("The log ended with {number}:{hash}"))?;
            output.line("Keep that line apart from the site: martello audit verify --head finds a log that was rewritten.")?;
        }
    }
    whole(&chain)
}

async fn verify(arguments: Verify, output: &mut Output) -> Outcome {
    let Some(path) = &arguments.file else { return at_site(&arguments, output).await };
    let checked = check_file(path, arguments.head.as_ref())?;
    if arguments.json {
        return output.json(&json!({ "whole": true, "rows": checked.rows, "number": checked.number }));
    }
    output.line(&format!("{} rows are as they were written, up to row {}.", checked.rows, checked.number))?;
    if checked.oldest > 1 {
        output.line(&format!("What was before row {} is not in the file.", checked.oldest))?;
    }
    Ok(())
}

fn check_file(path: &Path, head: Option<&Head>) -> Outcome<audit_file::Checked> {
    let failed = |reason: String| Failure::failed(format!("{}: {reason}", path.display()));
    let file = File::open(path).map_err(|e: io::Error| failed(e.to_string()))?;
    let head = head.map(|head| (head.number, head.hash.as_str()));
    audit_file::check(BufReader::new(file), head).map_err(|e: AuditFileError| failed(e.to_string()))
}

async fn at_site(arguments: &Verify, output: &mut Output) -> Outcome {
    let connection = arguments.site.connect().await?;
    let chain: AuditChain = connection.get("/v1/audit/chain", &[]).await?;
    if arguments.json {
        output.json(&chain)?;
    }
    whole(&chain)?;
    if let Some(head) = &arguments.head {
        let kept = row_hash(&connection, head.number).await?;
        let kept = kept.ok_or_else(|| {
            Failure::failed(format!(
                "row {} is not in the log: it was cut off, or it is so old that it went",
                head.number
            ))
        })?;
        if kept != head.hash {
            return Err(Failure::failed(format!(
                "row {} is another one than then: the log was rewritten",
                head.number
            )));
        }
    }
    if arguments.json {
        return Ok(());
    }
    output.line(&format!("All {} rows are as they were written.", chain.rows.unwrap_or_default()))
}

fn whole(chain: &AuditChain) -> Outcome {
    if chain.whole {
        return Ok(());
    }
    let at = chain.broken_at.unwrap_or_default();
    Err(Failure::failed(format!(
        "the audit log was changed: row {at} is not what was written, or is missing"
    )))
}

async fn row_hash(connection: &Connection, number: i64) -> Outcome<Option<String>> {
    let query = [("before", number.saturating_add(1).to_string()), ("limit", "1".to_owned())];
    let page: AuditPage = connection.get("/v1/audit", &query).await?;
    Ok(page.items.into_iter().find(|row| row.number == number).map(|row| row.hash))
}
