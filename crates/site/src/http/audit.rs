//! The audit log: looked through, taken out, checked.

use api::audit::{AuditChain, AuditEntry, AuditPage};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use catalog::audit::{AuditRow, Chain, MAX_PAGE, Query as Wanted};
use model::WallTime;
use serde::Deserialize;
use tokio::sync::mpsc;
use utoipa::IntoParams;

use super::problem::{Json, Outcome, Query};
use crate::App;

const PAGE: usize = 100;

/// Which rows.
#[derive(Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Ask {
    /// From this moment on.
    from: Option<WallTime>,
    /// Before this moment.
    to: Option<WallTime>,
    /// Of this kind: `sign-in`, `account`, `view`, `export`, `rights`, `device`, `configuration`.
    kind: Option<String>,
    /// With this outcome: `done`, `refused`, `failed`.
    outcome: Option<String>,
    /// With this text in the name of who.
    name: Option<String>,
    /// With this text in what was done.
    action: Option<String>,
    /// With this text in on what.
    target: Option<String>,
    /// With this text in name, address, action, target or detail.
    text: Option<String>,
    /// Older than this row: `next` of the page before.
    before: Option<i64>,
    /// Rows of a page, 1 to 1000; none: 100.
    limit: Option<usize>,
    /// Of an export: `jsonl` (unless given) or `csv`.
    format: Option<Format>,
}

/// How rows are taken out.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated values (RFC 4180) under a heading.
    Csv,
}

impl Ask {
    fn wanted(&self) -> Wanted {
        Wanted {
            from: self.from,
            to: self.to,
            kind: self.kind.clone(),
            outcome: self.outcome.clone(),
            name: self.name.clone(),
            action: self.action.clone(),
            target: self.target.clone(),
            text: self.text.clone(),
            before: self.before,
        }
    }
}

/// The audit log.
///
/// Who did what, from where, on what, when, with what outcome; the newest first, page by page.
#[utoipa::path(
    get, path = "/v1/audit", operation_id = "audit_list", tag = "audit", params(Ask),
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = AuditPage), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn list(State(app): State<App>, Query(ask): Query<Ask>) -> Outcome<Json<AuditPage>> {
    let limit = ask.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE);
    let mut rows = app
        .catalog(move |catalog| catalog.audit(&ask.wanted(), limit.saturating_add(1).min(MAX_PAGE)))
        .await?;
    let more = rows.len() > limit || rows.len() == MAX_PAGE;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| row.number);
    Ok(Json(AuditPage { items: rows.into_iter().map(entry).collect(), next }))
}

/// Take the audit log out.
///
/// All rows that match, the newest first, as JSON lines or CSV. Made while it is read.
#[utoipa::path(
    get, path = "/v1/audit/export", operation_id = "audit_export", tag = "audit", params(Ask),
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, content_type = "application/jsonl", body = String), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn export(State(app): State<App>, Query(ask): Query<Ask>) -> Outcome<Response> {
    let format = ask.format.unwrap_or(Format::Jsonl);
    let (lines, body) = mpsc::channel::<Result<Bytes, std::io::Error>>(2);
    let catalog = app.catalog.clone();
    tokio::task::spawn_blocking(move || {
        let mut wanted = ask.wanted();
        let mut text = if format == Format::Csv { HEADING.to_owned() } else { String::new() };
        loop {
            let rows = match catalog.audit(&wanted, MAX_PAGE) {
                Ok(rows) => rows,
                Err(error) => {
                    tracing::error!(%error, "the audit log cannot be read");
                    let _ = lines.blocking_send(Err(std::io::Error::other("the audit log cannot be read")));
                    return;
                }
            };
            wanted.before = rows.last().map(|row| row.number);
            let last = rows.len() < MAX_PAGE;
            for row in rows {
                line(&entry(row), format, &mut text);
            }
            if lines.blocking_send(Ok(Bytes::from(std::mem::take(&mut text)))).is_err() || last {
                return;
            }
        }
    });
    let body = Body::from_stream(futures_util::stream::unfold(body, |mut body| async move {
        body.recv().await.map(|chunk| (chunk, body))
    }));
    let (kind, name) = match format {
        Format::Jsonl => ("application/jsonl", "attachment; filename=\"audit.jsonl\""),
        Format::Csv => ("text/csv; charset=utf-8; header=present", "attachment; filename=\"audit.csv\""),
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static(name)),
    ];
    Ok((headers, body).into_response())
}

/// Check the audit log.
///
/// Reads it whole and says whether a row was changed, put in or taken away.
#[utoipa::path(
    get, path = "/v1/audit/chain", operation_id = "audit_verify", tag = "audit",
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = AuditChain), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn chain(State(app): State<App>) -> Outcome<Json<AuditChain>> {
    let chain = app.blocking(|app| app.audit.verify()).await??;
    Ok(Json(match chain {
        Chain::Whole { rows, number, hash } => AuditChain {
            whole: true,
            rows: Some(rows),
            number: Some(number),
            hash: Some(hex(&hash)),
            broken_at: None,
        },
        Chain::Broken { at } => {
            AuditChain { whole: false, rows: None, number: None, hash: None, broken_at: Some(at) }
        }
    }))
}

const HEADING: &str = "number,at,user,name,address,kind,action,target,outcome,detail,hash\r\n";

fn line(entry: &AuditEntry, format: Format, text: &mut String) {
    match format {
        Format::Jsonl => {
            text.push_str(&serde_json::to_string(entry).unwrap_or_default());
            text.push('\n');
        }
        Format::Csv => {
            let user = entry.user.map(|user| user.to_string()).unwrap_or_default();
            let (number, at) = (entry.number.to_string(), entry.at.to_string());
            let cells = [
                &number,
                &at,
                &user,
                &entry.name,
                &entry.address,
                &entry.kind,
                &entry.action,
                &entry.target,
                &entry.outcome,
                &entry.detail,
                &entry.hash,
            ];
            text.push_str(&cells.map(|cell| quoted(cell)).join(","));
            text.push_str("\r\n");
        }
    }
}

/// A cell of CSV. One that a spreadsheet would take for a formula gets an apostrophe before it: names come from anybody.
fn quoted(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

fn entry(row: AuditRow) -> AuditEntry {
    let e = row.entry;
    AuditEntry {
        number: row.number,
        at: e.at,
        user: e.user,
        name: e.name,
        address: e.address,
        kind: e.kind,
        action: e.action,
        target: e.target,
        outcome: e.outcome,
        detail: e.detail,
        hash: hex(&row.hash),
    }
}

fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_are_no_formulas() {
        for (cell, expected) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"x\"\r\n", "\"say \"\"x\"\"\r\n\""),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("@x", "'@x"),
        ] {
            assert_eq!(quoted(cell), expected);
        }
    }
}
