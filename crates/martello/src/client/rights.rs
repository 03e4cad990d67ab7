//! `martello rights`: what is granted to whom on what, and what follows from it. The site has the rules; nothing of them
//! is here.

use api::people::{EffectiveRights, Grant, Group, PrivilegeInfo, User, UserChange, Verdict};
use model::Privilege;
use serde_json::json;

use super::{
    Failure, Outcome, camera,
    connection::Connection,
    group::input,
    output::Output,
    people::{self, On},
    target::SiteArguments,
};

/// `martello rights …`
#[derive(clap::Subcommand)]
pub enum Command {
    /// List all privileges: on what they are held, who can hold them, whether this release has operations for them.
    Privileges(Privileges),
    /// Say what a user may do, and why: on the site, or on a camera.
    Explain(Explain),
    /// Grant privileges to a user or a group, on cameras, on folders, or on everything.
    Grant(Change),
    /// Take back what was granted.
    Revoke(Change),
}

/// Arguments of `martello rights privileges`.
#[derive(clap::Args)]
pub struct Privileges {
    #[command(flatten)]
    site: SiteArguments,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `martello rights explain`.
#[derive(clap::Args)]
pub struct Explain {
    #[command(flatten)]
    site: SiteArguments,
    /// Name or identifier of the user.
    user: String,
    /// Name or identifier of the camera; without one the site as a whole.
    camera: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `martello rights grant` and `revoke`.
#[derive(clap::Args)]
pub struct Change {
    #[command(flatten)]
    site: SiteArguments,
    /// To this user (name or identifier).
    #[arg(long, required_unless_present = "group", conflicts_with = "group")]
    user: Option<String>,
    /// To this group (name or identifier).
    #[arg(long)]
    group: Option<String>,
    #[command(flatten)]
    on: On,
    /// Of camera-ptz: who steers when several do, 1 to 100; the lower number wins.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=100))]
    priority: Option<u8>,
    /// Names of privileges (martello rights privileges).
    #[arg(required = true)]
    privileges: Vec<Privilege>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: Command, output: &mut Output) -> Outcome {
    match command {
        Command::Privileges(arguments) => privileges(&arguments, output).await,
        Command::Explain(arguments) => explain(&arguments, output).await,
        Command::Grant(arguments) => change(arguments, true, output).await,
        Command::Revoke(arguments) => change(arguments, false, output).await,
    }
}

async fn privileges(arguments: &Privileges, output: &mut Output) -> Outcome {
    let connection = arguments.site.connect().await?;
    let all: Vec<PrivilegeInfo> = people::all(&connection, "/v1/privileges").await?;
    if arguments.json {
        return output.json(&all);
    }
    let rows: Vec<_> = all
        .into_iter()
        .map(|one| {
            let scope = serde_json::to_value(one.scope).ok().and_then(|word| Some(word.as_str()?.to_owned()));
            let used = if one.in_use { "yes" } else { "not yet" };
            let words = one.missing.map_or_else(|| one.words.clone(), |why| format!("{} {why}", one.words));
            let role = one.lowest_role.name().to_owned();
            [one.privilege.name().to_owned(), scope.unwrap_or_default(), role, used.to_owned(), words]
        })
        .collect();
    output.table(["PRIVILEGE", "ON", "LOWEST ROLE", "IN USE", "WHAT IT ALLOWS"], &rows)
}

async fn explain(arguments: &Explain, output: &mut Output) -> Outcome {
    let connection = arguments.site.connect().await?;
    let user = people::user(&connection, &arguments.user).await?;
    let rights: EffectiveRights = connection.get(&format!("/v1/users/{}/rights", user.id), &[]).await?;
    let Some(name) = &arguments.camera else {
        if arguments.json {
            return output.json(&json!({ "user": user.name, "role": rights.role, "verdicts": rights.site }));
        }
        output.line(&format!("{} is {} at this site.", user.name, rights.role.name()))?;
        return verdicts(&rights.site, output);
    };
    let camera = camera::find(&connection, name).await?;
    let of = rights.cameras.into_iter().find(|one| one.camera == camera.id);
    let of = of.ok_or_else(|| Failure::failed(format!("there is no camera {name:?} (any more)")))?;
    if arguments.json {
        return output.json(&json!({ "user": user.name, "role": rights.role, "camera": of }));
    }
    output.line(&format!("{} is {} at this site; {}:", user.name, rights.role.name(), of.name))?;
    verdicts(&of.verdicts, output)?;
    let recordings = of.verdicts.iter().any(|one| one.privilege == Privilege::Recordings && one.allowed);
    match of.recordings_minutes.filter(|_| recordings) {
        Some(minutes) => output.line(&format!("Recordings are shown for {minutes} min.")),
        None => Ok(()),
    }
}

fn verdicts(verdicts: &[Verdict], output: &mut Output) -> Outcome {
    let rows: Vec<_> = verdicts
        .iter()
        .map(|one| {
            let answer = if one.allowed { "yes" } else { "no" };
            [one.privilege.name().to_owned(), answer.to_owned(), one.why.join("; ")]
        })
        .collect();
    output.table(["PRIVILEGE", "MAY", "WHY"], &rows)
}

async fn change(arguments: Change, grant: bool, output: &mut Output) -> Outcome {
    let connection = arguments.site.connect().await?;
    let targets = arguments.on.targets(&connection).await?;
    let mut meant = Vec::new();
    for privilege in &arguments.privileges {
        for (camera, folder) in &targets {
            let priority = arguments.priority.filter(|_| *privilege == Privilege::CameraPtz);
            meant.push(Grant { privilege: *privilege, camera: *camera, folder: *folder, priority });
        }
    }
    let is = |one: &Grant, other: &Grant| {
        (one.privilege, one.camera, one.folder) == (other.privilege, other.camera, other.folder)
    };
    let changed = |held: &[Grant]| -> Outcome<Vec<Grant>> {
        let mut left: Vec<Grant> =
            held.iter().filter(|held| !meant.iter().any(|one| is(one, held))).copied().collect();
        if grant {
            left.extend(&meant);
        } else if left.len() == held.len() {
            return Err(Failure::failed("none of this was granted so: see martello rights explain"));
        }
        Ok(left)
    };
    let done = if grant { "granted to" } else { "taken from" };
    let (name, held) = match (&arguments.user, &arguments.group) {
        (Some(user), _) => of_user(&connection, user, changed).await?,
        (None, Some(group)) => of_group(&connection, group, changed).await?,
        (None, None) => return Err(Failure::usage("to whom? Give --user or --group")),
    };
    if arguments.json {
        return output.json(&held);
    }
    output.line(&format!("{} {done} {name}.", people::grants(&meant)))
}

async fn of_user(
    connection: &Connection,
    name: &str,
    changed: impl Fn(&[Grant]) -> Outcome<Vec<Grant>>,
) -> Outcome<(String, Vec<Grant>)> {
    let user = people::user(connection, name).await?;
    let change = UserChange { grants: Some(changed(&user.grants)?), ..UserChange::default() };
    let user: User = connection.patch(&format!("/v1/users/{}", user.id), &change).await?;
    Ok((user.name, user.grants))
}

async fn of_group(
    connection: &Connection,
    name: &str,
    changed: impl Fn(&[Grant]) -> Outcome<Vec<Grant>>,
) -> Outcome<(String, Vec<Grant>)> {
    let group = people::group(connection, name).await?;
    let new = api::people::GroupInput { grants: changed(&group.grants)?, ..input(&group) };
    let group: Group = connection.put(&format!("/v1/groups/{}", group.id), &new).await?;
    Ok((format!("the group {}", group.name), group.grants))
}
