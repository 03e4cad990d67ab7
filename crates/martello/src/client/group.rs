//! `martello group`: users that share a role and grants. What is granted to them is `rights`'.

use api::people::{Group, GroupInput, User};
use model::{Role, UserId};

use super::{
    Failure, Outcome,
    connection::Connection,
    method::word,
    output::Output,
    people, prompt,
    target::{List, SiteArguments},
};

/// `martello group …`
#[derive(clap::Subcommand)]
pub enum Command {
    /// List groups.
    List(List),
    /// Make a group. Rights are granted with martello rights grant.
    Add(Add),
    /// Change a group; what is not given stays.
    Change(Change),
    /// Remove a group and what it gave; its members stay.
    Remove(Remove),
}

/// Arguments of `martello group add`.
#[derive(clap::Args)]
pub struct Add {
    #[command(flatten)]
    site: SiteArguments,
    /// Name of the group.
    name: String,
    /// The role that it gives its members: viewer, operator or administrator.
    #[arg(long, value_parser = word::<Role>, default_value = "viewer")]
    role: Role,
    /// A member; may be given again.
    #[arg(long = "member")]
    members: Vec<String>,
    /// Recordings older than so many minutes are kept from what is granted to the group.
    #[arg(long)]
    recordings_minutes: Option<u32>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `martello group change`.
#[derive(clap::Args)]
pub struct Change {
    #[command(flatten)]
    site: SiteArguments,
    /// Name or identifier of the group.
    group: String,
    /// Another name.
    #[arg(long)]
    name: Option<String>,
    /// viewer, operator or administrator.
    #[arg(long, value_parser = word::<Role>)]
    role: Option<Role>,
    /// Put this user into it; may be given again.
    #[arg(long)]
    add: Vec<String>,
    /// Take this user out of it; may be given again.
    #[arg(long)]
    remove: Vec<String>,
    /// Recordings older than so many minutes are kept from what is granted to the group.
    #[arg(long, conflicts_with = "all_recordings")]
    recordings_minutes: Option<u32>,
    /// Recordings of any age are shown.
    #[arg(long)]
    all_recordings: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `martello group remove`.
#[derive(clap::Args)]
pub struct Remove {
    #[command(flatten)]
    site: SiteArguments,
    /// Name or identifier of the group.
    group: String,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

pub(super) async fn run(command: Command, output: &mut Output) -> Outcome {
    match command {
        Command::List(arguments) => list(&arguments, output).await,
        Command::Add(arguments) => {
            let connection = arguments.site.connect().await?;
            let new = GroupInput {
                name: arguments.name,
                role: arguments.role,
                recordings_minutes: arguments.recordings_minutes,
                members: members(&connection, &arguments.members).await?,
                grants: Vec::new(),
            };
            let group: Group = connection.post("/v1/groups", Some(&new)).await?;
            if arguments.json {
                return output.json(&group);
            }
            output.line(&format!("The group {} was made.", group.name))
        }
        Command::Change(arguments) => change(arguments, output).await,
        Command::Remove(arguments) => {
            let connection = arguments.site.connect().await?;
            let group = people::group(&connection, &arguments.group).await?;
            prompt::sure(&format!("Remove the group {} and all that it grants?", group.name), arguments.yes)?;
            connection.delete(&format!("/v1/groups/{}", group.id)).await?;
            output.line(&format!("The group {} was removed.", group.name))
        }
    }
}

async fn list(arguments: &List, output: &mut Output) -> Outcome {
    let connection = arguments.site.connect().await?;
    let groups: Vec<Group> = people::all(&connection, "/v1/groups").await?;
    if arguments.json {
        return output.json(&groups);
    }
    let users: Vec<User> = people::all(&connection, "/v1/users").await?;
    let name = |id: &UserId| users.iter().find(|user| user.id == *id).map(|user| user.name.clone());
    let rows: Vec<_> = groups
        .iter()
        .map(|group| {
            let members: Vec<String> = group.members.iter().filter_map(name).collect();
            let (reach, grants) = (people::reach(group.recordings_minutes), people::grants(&group.grants));
            [group.name.clone(), group.role.name().to_owned(), reach, members.join(", "), grants]
        })
        .collect();
    output.table(["NAME", "ROLE", "RECORDINGS", "MEMBERS", "GRANTED"], &rows)
}

async fn change(arguments: Change, output: &mut Output) -> Outcome {
    let connection = arguments.site.connect().await?;
    let group = people::group(&connection, &arguments.group).await?;
    let (add, remove) =
        (members(&connection, &arguments.add).await?, members(&connection, &arguments.remove).await?);
    let mut new = input(&group);
    new.name = arguments.name.unwrap_or(new.name);
    new.role = arguments.role.unwrap_or(new.role);
    if arguments.all_recordings || arguments.recordings_minutes.is_some() {
        new.recordings_minutes = arguments.recordings_minutes;
    }
    new.members.extend(add);
    new.members.retain(|member| !remove.contains(member));
    new.members.sort();
    new.members.dedup();
    let changed: Group = connection.put(&format!("/v1/groups/{}", group.id), &new).await?;
    if arguments.json {
        return output.json(&changed);
    }
    output.line(&format!("The group {} was changed.", changed.name))
}

/// The group as it is, to be changed.
pub(super) fn input(group: &Group) -> GroupInput {
    GroupInput {
        name: group.name.clone(),
        role: group.role,
        recordings_minutes: group.recordings_minutes,
        members: group.members.clone(),
        grants: group.grants.clone(),
    }
}

async fn members(connection: &Connection, names: &[String]) -> Outcome<Vec<UserId>> {
    let mut ids = Vec::new();
    for name in names {
        let user = people::user(connection, name).await?;
        if user.machine {
            return Err(Failure::failed(format!("{} is an administrator of the machine, always", user.name)));
        }
        ids.push(user.id);
    }
    Ok(ids)
}
