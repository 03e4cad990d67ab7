//! `martello export list` and `delete`: the exports that a site keeps.
//!
//! What is not here: making and downloading one (`online`).

use api::export::{Export, ExportState};
use model::ExportId;

use crate::client::{Failure, Items, Outcome, output::Output, target::SiteArguments};

/// `martello export list|delete`
#[derive(clap::Subcommand)]
pub enum Command {
    /// List the exports that the site keeps: your own, or all where you are an administrator.
    List(List),
    /// Cancel an export that is not done, or delete one that is.
    Delete(Delete),
}

/// Arguments of `martello export list`.
#[derive(clap::Args)]
pub struct List {
    #[command(flatten)]
    site: SiteArguments,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `martello export delete`.
#[derive(clap::Args)]
pub struct Delete {
    #[command(flatten)]
    site: SiteArguments,
    /// Identifiers, as `martello export list` tells them.
    #[arg(required = true)]
    exports: Vec<ExportId>,
}

pub(super) async fn run(command: Command, output: &mut Output) -> Outcome {
    match command {
        Command::List(arguments) => list(&arguments, output).await,
        Command::Delete(arguments) => {
            let connection = arguments.site.connect().await?;
            for id in &arguments.exports {
                let path = format!("/v1/exports/{id}");
                let export: Export = connection.get(&path, &[]).await?;
                connection.delete(&path).await?;
                let what = if export.state.is_over() { "deleted" } else { "cancelled" };
                output.line(&format!("{id} was {what}."))?;
            }
            Ok(())
        }
    }
}

async fn list(arguments: &List, output: &mut Output) -> Outcome {
    let list: Items<Export> = arguments.site.connect().await?.get("/v1/exports", &[]).await?;
    if arguments.json {
        return output.json(&list.items);
    }
    let row = |export: &Export| {
        let cameras: Vec<&str> = export.cameras.iter().map(|camera| camera.name.as_str()).collect();
        let bytes: u64 = export.files.iter().map(|file| file.bytes).sum();
        [
            export.id.to_string(),
            state(export),
            cameras.join(", "),
            export.from.to_string(),
            export.to.to_string(),
            if bytes > 0 { bytes.to_string() } else { String::new() },
            export.by.clone(),
        ]
    };
    let rows: Vec<_> = list.items.iter().map(row).collect();
    output.table(["EXPORT", "STATE", "CAMERAS", "FROM", "TO", "BYTES", "BY"], &rows)
}

/// How an export is, in a few words.
fn state(export: &Export) -> String {
    let percent = || (export.done_bytes.saturating_mul(100) / export.total_bytes.max(1)).min(100);
    match export.state {
        ExportState::Queued => "waits".to_owned(),
        ExportState::Running => format!("written {} %", percent()),
        ExportState::Checking => format!("checked {} %", percent()),
        ExportState::Done => "done".to_owned(),
        ExportState::Failed => "failed".to_owned(),
        ExportState::Cancelled => "cancelled".to_owned(),
    }
}

/// Why an export did not come about.
pub(super) fn failure(export: &Export) -> Failure {
    match (&export.problem, export.state) {
        (Some(problem), _) => Failure::failed(format!("{}. {}", problem.title, problem.detail)),
        (None, ExportState::Cancelled) => Failure::failed("the export was cancelled"),
        (None, _) => Failure::failed("the export failed"),
    }
}
