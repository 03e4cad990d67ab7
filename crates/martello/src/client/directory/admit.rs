//! `martello directory admit`: a person or a group of a directory becomes one of the site.

use api::directory::{DirectoryGrant, Picked, PickerKind};
use model::Role;

use super::{
    super::{Failure, Outcome, method::word, output::Output, people, target::SiteArguments},
    picked,
};

/// Arguments of `martello directory admit`.
#[derive(clap::Args)]
pub struct Admit {
    #[command(flatten)]
    site: SiteArguments,
    /// Name or identifier of the directory.
    directory: String,
    /// Account of a person or name of a group, whole.
    who: String,
    /// users or groups, where both have the name.
    #[arg(long, value_parser = word::<PickerKind>, default_value = "all")]
    kind: PickerKind,
    /// viewer, operator or administrator.
    #[arg(long, value_parser = word::<Role>)]
    role: Role,
    /// Recordings older than so many minutes are kept from what is granted.
    #[arg(long)]
    recordings_minutes: Option<u32>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: Admit, output: &mut Output) -> Outcome {
    let connection = arguments.site.connect().await?;
    let directory = people::directory(&connection, &arguments.directory).await?;
    let page = picked(&connection, &directory.id.to_string(), &arguments.who, arguments.kind).await?;
    let lower = arguments.who.to_lowercase();
    let found: Vec<&Picked> = page.items.iter().filter(|one| one.name.to_lowercase() == lower).collect();
    let one = match found.as_slice() {
        [one] => *one,
        [] => {
            return Err(Failure::failed(format!(
                "{:?} is nobody in {}: martello directory search shows who is there",
                arguments.who, directory.settings.name
            )));
        }
        _ => {
            return Err(Failure::failed(format!(
                "{:?} is more than one in {}: martello directory search shows them, --kind chooses",
                arguments.who, directory.settings.name
            )));
        }
    };
    let given = DirectoryGrant {
        key: one.key.clone(),
        role: arguments.role,
        recordings_minutes: arguments.recordings_minutes,
        groups: Vec::new(),
        grants: Vec::new(),
    };
    let from = format!("/v1/directories/{}", directory.id);
    people::admit(&connection, &from, one.group, &given, arguments.json, output).await
}
