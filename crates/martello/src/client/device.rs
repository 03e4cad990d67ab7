//! `martello device`: what is on the site's network.

use std::time::Duration;

use api::discovery::Discovery;
use tokio::time::{Instant, sleep};

use super::{Failure, Outcome, output::Output, target::SiteArguments};

/// A search takes some seconds; one that takes longer hangs.
const LONGEST_SEARCH: Duration = Duration::from_secs(60);
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// `martello device …`
#[derive(clap::Subcommand)]
pub enum Command {
    /// Search the site's network for cameras.
    Discover(Discover),
}

/// Arguments of `martello device discover`.
#[derive(clap::Args)]
pub struct Discover {
    #[command(flatten)]
    site: SiteArguments,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: Command, output: &mut Output) -> Outcome {
    let Command::Discover(arguments) = command;
    let connection = arguments.site.connect().await?;
    let mut search: Discovery = connection.post("/v1/discovery", None::<&()>).await?;
    let deadline = Instant::now() + LONGEST_SEARCH;
    while search.running {
        if Instant::now() > deadline {
            return Err(Failure::failed("the search does not end"));
        }
        sleep(ASK_AGAIN).await;
        search = connection.get("/v1/discovery", &[]).await?;
    }
    if arguments.json {
        return output.json(&search.found);
    }
    let rows: Vec<_> = search
        .found
        .into_iter()
        .map(|found| {
            let added = if found.added_as.is_some() { "yes" } else { "no" };
            let model = found.model.unwrap_or_default();
            [found.name, model, found.address, found.http_url, added.to_owned()]
        })
        .collect();
    output.table(["NAME", "MODEL", "ADDRESS", "URL", "ADDED"], &rows)
}
