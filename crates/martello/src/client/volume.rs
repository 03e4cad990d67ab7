//! `martello volume`: where a site's recordings lie.
//!
//! What is not here: checking a volume without a site (`martello site fsck`, `martello verify`).

use api::storage::{Confirm, NewVolume, Volume, VolumeChange, VolumeKind, VolumeState};

use super::{
    Failure, Items, Outcome,
    connection::Connection,
    output::Output,
    target::{List, SiteArguments},
};

/// `martello volume …`
#[derive(clap::Subcommand)]
pub enum Command {
    /// List volumes: how full they are, how long they last, whether they take recordings.
    List(List),
    /// Record to a directory, usually a disk of its own. One of another site is read only until it is adopted.
    Add(Add),
    /// Change how much of a volume recordings may take, or what it is for.
    Change(Change),
    /// Let a volume go. What is on it stays there, but is no longer found.
    Remove(Which),
    /// Take over a volume that another site made: this site writes to it, and deletes from it, from then on.
    Adopt(Which),
}

/// Arguments of `martello volume add`.
#[derive(clap::Args)]
pub struct Add {
    #[command(flatten)]
    site: SiteArguments,
    /// The directory, a whole path on the site's machine. It is made where it is missing.
    path: String,
    /// Take recordings only while a main volume cannot.
    #[arg(long)]
    fallback: bool,
    /// How much recordings may take, such as "500 GB"; all but a reserve unless given.
    #[arg(long, value_parser = bytes)]
    limit: Option<u64>,
    /// Print the volume as JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `martello volume change`.
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true).multiple(true).args(["limit", "no_limit", "kind"])))]
pub struct Change {
    #[command(flatten)]
    site: SiteArguments,
    /// Path or identifier.
    volume: String,
    /// How much recordings may take, such as "500 GB". What is too much then is deleted, the oldest first.
    #[arg(long, value_parser = bytes)]
    limit: Option<u64>,
    /// Let recordings take all but a reserve.
    #[arg(long, conflicts_with = "limit")]
    no_limit: bool,
    /// main, or fallback: takes recordings only while a main volume cannot.
    #[arg(long, value_parser = kind)]
    kind: Option<VolumeKind>,
    /// Print the volume as JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `martello volume remove` and `martello volume adopt`.
#[derive(clap::Args)]
pub struct Which {
    #[command(flatten)]
    site: SiteArguments,
    /// Path or identifier.
    volume: String,
    /// It is meant so.
    #[arg(long)]
    yes: bool,
    /// Print the volume as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: Command, output: &mut Output) -> Outcome {
    match command {
        Command::List(arguments) => list(&arguments, output).await,
        Command::Add(Add { site, path, fallback, limit, json }) => {
            let kind = if fallback { VolumeKind::Fallback } else { VolumeKind::Main };
            let new = NewVolume { path, kind, limit_bytes: limit };
            let volume: Volume = site.connect().await?.post("/v1/volumes", Some(&new)).await?;
            told(&volume, "was added", json, output)
        }
        Command::Change(Change { site, volume, limit, no_limit, kind, json }) => {
            let connection = site.connect().await?;
            let volume = find(&connection, &volume).await?;
            let change = VolumeChange { limit_bytes: limit.or(no_limit.then_some(0)), kind };
            let volume: Volume = connection.patch(&format!("/v1/volumes/{}", volume.id), &change).await?;
            told(&volume, "was changed", json, output)
        }
        Command::Remove(which) => {
            which.confirmed("Recordings on it are no longer found")?;
            let connection = which.site.connect().await?;
            let volume = find(&connection, &which.volume).await?;
            connection.delete_confirmed(&format!("/v1/volumes/{}", volume.id)).await?;
            told(&volume, "was removed; what is on it stays there", which.json, output)
        }
        Command::Adopt(which) => {
            which.confirmed("This site will write to it and delete from it")?;
            let connection = which.site.connect().await?;
            let volume = find(&connection, &which.volume).await?;
            let path = format!("/v1/volumes/{}/adopt", volume.id);
            let volume: Volume = connection.post(&path, Some(&Confirm { confirm: true })).await?;
            told(&volume, "was adopted", which.json, output)
        }
    }
}

impl Which {
    fn confirmed(&self, what: &str) -> Outcome {
        if self.yes { Ok(()) } else { Err(Failure::usage(format!("{what}: give --yes if it is meant so"))) }
    }
}

fn told(volume: &Volume, what: &str, json: bool, output: &mut Output) -> Outcome {
    if json {
        return output.json(volume);
    }
    output.line(&format!("{} {what}.", volume.path))?;
    match &volume.reason {
        Some(reason) => output.line(&format!("It takes no recordings: {reason}")),
        None => Ok(()),
    }
}

/// The volume with this path or identifier.
async fn find(connection: &Connection, name: &str) -> Outcome<Volume> {
    let Items { items } = connection.get::<Items<Volume>>("/v1/volumes", &[]).await?;
    let known: Vec<String> = items.iter().map(|volume| volume.path.clone()).collect();
    items.into_iter().find(|volume| volume.path == name || volume.id.to_string() == name).ok_or_else(|| {
        Failure::failed(format!("there is no volume {name:?}; there are: {}", known.join(", ")))
    })
}

async fn list(arguments: &List, output: &mut Output) -> Outcome {
    let list: Items<Volume> = arguments.site.connect().await?.get("/v1/volumes", &[]).await?;
    if arguments.json {
        return output.json(&list.items);
    }
    let gigabytes = |bytes: u64| format!("{:.1} GB", bytes as f64 / 1e9);
    let row = |volume: &Volume| {
        [
            volume.id.to_string(),
            volume.path.clone(),
            match volume.kind {
                VolumeKind::Main => "main",
                VolumeKind::Fallback => "fallback",
            }
            .to_owned(),
            state(volume.state).to_owned(),
            gigabytes(volume.used_bytes),
            volume.limit_bytes.map_or_else(|| "none".to_owned(), gigabytes),
            gigabytes(volume.free_bytes),
            volume.holds_days.map_or_else(|| "-".to_owned(), |days| format!("{days:.1}")),
        ]
    };
    let rows: Vec<_> = list.items.iter().map(row).collect();
    output.table(["VOLUME", "PATH", "KIND", "STATE", "USED", "LIMIT", "FREE", "HOLDS DAYS"], &rows)?;
    for volume in &list.items {
        if let Some(reason) = &volume.reason {
            output.line(&format!("{}: {reason}", volume.path))?;
        }
    }
    Ok(())
}

const fn state(state: VolumeState) -> &'static str {
    match state {
        VolumeState::Opening => "opening",
        VolumeState::Ok => "ok",
        VolumeState::Slow => "slow",
        VolumeState::Full => "full",
        VolumeState::Failed => "failed",
        VolumeState::Foreign => "another site's",
    }
}

fn kind(text: &str) -> Result<VolumeKind, String> {
    match text {
        "main" => Ok(VolumeKind::Main),
        "fallback" => Ok(VolumeKind::Fallback),
        _ => Err("main or fallback".to_owned()),
    }
}

/// "500 GB", "1.5TB", or bytes.
fn bytes(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits).unwrap_or((text, ""));
    let factor: f64 = match unit.trim().to_ascii_uppercase().as_str() {
        "" | "B" => 1.0,
        "MB" => 1e6,
        "GB" => 1e9,
        "TB" => 1e12,
        "MIB" => 1_048_576.0,
        "GIB" => 1_073_741_824.0,
        "TIB" => 1_099_511_627_776.0,
        _ => return Err("a size such as 500 GB or 2 TB is expected".to_owned()),
    };
    let number: f64 = number.parse().map_err(|_| "a size such as 500 GB or 2 TB is expected".to_owned())?;
    Ok((number * factor) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_read_as_people_write_it() {
        for (text, wanted) in [
            ("500 GB", 500_000_000_000),
            ("1.5TB", 1_500_000_000_000),
            ("100000000", 100_000_000),
            ("2 gib", 2 << 30),
        ] {
            assert_eq!(bytes(text), Ok(wanted), "{text}");
        }
        for text in ["", "GB", "5 apples", "-1 GB", "1.2.3 GB", "1 GB 2"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
