//! `martello lock`: recordings that must be kept.
//!
//! What is not here: how a lock is kept on the volumes (the site, the crate `archive`).

use api::storage::{Lock, NewLock};
use model::{LockId, WallTime};

use super::{
    Failure, Items, Outcome, camera,
    output::Output,
    target::{List, SiteArguments},
};

/// `martello lock …`
#[derive(clap::Subcommand)]
pub enum Command {
    /// List what is locked.
    List(List),
    /// Lock recordings: nothing deletes them until they are unlocked.
    Add(Add),
    /// Unlock recordings: they are deleted when their days are over or room is needed, which may be at once.
    Remove(Remove),
}

/// Arguments of `martello lock add`.
#[derive(clap::Args)]
pub struct Add {
    #[command(flatten)]
    site: SiteArguments,
    /// What it is called.
    name: String,
    /// Name or identifier of a camera; any number of them.
    #[arg(long = "camera", required = true)]
    cameras: Vec<String>,
    /// Start, RFC 3339.
    #[arg(long)]
    from: WallTime,
    /// End, RFC 3339.
    #[arg(long)]
    to: WallTime,
    /// Why.
    #[arg(long, default_value = "")]
    reason: String,
    /// Print the lock as JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `martello lock remove`.
#[derive(clap::Args)]
pub struct Remove {
    #[command(flatten)]
    site: SiteArguments,
    /// Identifier, as `martello lock list` tells it.
    lock: LockId,
    /// It is meant so.
    #[arg(long)]
    yes: bool,
}

pub(super) async fn run(command: Command, output: &mut Output) -> Outcome {
    match command {
        Command::List(arguments) => list(&arguments, output).await,
        Command::Add(Add { site, name, cameras: names, from, to, reason, json }) => {
            let connection = site.connect().await?;
            let mut cameras = Vec::new();
            for name in &names {
                cameras.push(camera::find(&connection, name).await?.id);
            }
            let new = NewLock { cameras, from, to, name, reason };
            let lock: Lock = connection.post("/v1/locks", Some(&new)).await?;
            if json {
                return output.json(&lock);
            }
            output.line(&format!("{} is locked from {} to {}: {}", lock.name, lock.from, lock.to, lock.id))
        }
        Command::Remove(Remove { site, lock, yes }) => {
            if !yes {
                let why = "What is unlocked may be deleted at once: give --yes if it is meant so";
                return Err(Failure::usage(why));
            }
            site.connect().await?.delete_confirmed(&format!("/v1/locks/{lock}")).await?;
            output.line(&format!("{lock} was unlocked."))
        }
    }
}

async fn list(arguments: &List, output: &mut Output) -> Outcome {
    let connection = arguments.site.connect().await?;
    let list: Items<Lock> = connection.get("/v1/locks", &[]).await?;
    if arguments.json {
        return output.json(&list.items);
    }
    let cameras: Items<api::camera::Camera> = connection.get("/v1/cameras", &[]).await?;
    let name = |id: &model::CameraId| {
        let camera = cameras.items.iter().find(|camera| camera.id == *id);
        camera.map_or_else(|| id.to_string(), |camera| camera.name.clone())
    };
    let row = |lock: &Lock| {
        let names: Vec<String> = lock.cameras.iter().map(name).collect();
        let names = if names.is_empty() { "all".to_owned() } else { names.join(", ") };
        let (from, to) = (lock.from.to_string(), lock.to.to_string());
        [lock.id.to_string(), lock.name.clone(), names, from, to, lock.reason.clone()]
    };
    let rows: Vec<_> = list.items.iter().map(row).collect();
    output.table(["LOCK", "NAME", "CAMERAS", "FROM", "TO", "REASON"], &rows)
}
