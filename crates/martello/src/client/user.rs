//! `martello user`: users of a site. What they may do is `rights`'.

use api::people::{NewPassword, NewUser, User, UserChange};
use model::{GroupId, Role};

use super::{
    Failure, Outcome,
    connection::Connection,
    method::word,
    output::Output,
    people, prompt,
    target::{List, SiteArguments},
};

/// `martello user …`
#[derive(clap::Subcommand)]
pub enum Command {
    /// List users.
    List(List),
    /// Make a user. Rights are granted with martello rights grant, or come from groups.
    Add(Add),
    /// Change a user; what is not given stays.
    Change(Change),
    /// Set a user's password; ends all its sign-ins and tokens.
    Password(Password),
    /// End a user's second factor, for who has lost both the app and the recovery codes.
    EndSecondFactor(One),
    /// Remove a user with its sign-ins and tokens.
    Remove(One),
}

/// Arguments of `martello user add`.
#[derive(clap::Args)]
pub struct Add {
    #[command(flatten)]
    site: SiteArguments,
    /// Name of the user.
    name: String,
    /// viewer, operator or administrator.
    #[arg(long, value_parser = word::<Role>, default_value = "viewer")]
    role: Role,
    /// A group that the user is in; may be given again.
    #[arg(long = "group")]
    groups: Vec<String>,
    /// Recordings older than so many minutes are kept from what is granted to the user itself.
    #[arg(long)]
    recordings_minutes: Option<u32>,
    /// Read the password from the first line of stdin.
    #[arg(long)]
    password_stdin: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `martello user change`.
#[derive(clap::Args)]
pub struct Change {
    #[command(flatten)]
    site: SiteArguments,
    /// Name or identifier of the user.
    user: String,
    /// Another name.
    #[arg(long)]
    name: Option<String>,
    /// viewer, operator or administrator.
    #[arg(long, value_parser = word::<Role>)]
    role: Option<Role>,
    /// Nobody signs in as this user any more; what is under way ends.
    #[arg(long, conflicts_with = "enable")]
    disable: bool,
    /// It can sign in again.
    #[arg(long)]
    enable: bool,
    /// Recordings older than so many minutes are kept from what is granted to the user itself.
    #[arg(long, conflicts_with = "all_recordings")]
    recordings_minutes: Option<u32>,
    /// Recordings of any age are shown.
    #[arg(long)]
    all_recordings: bool,
    /// Put it into this group; may be given again.
    #[arg(long)]
    join: Vec<String>,
    /// Take it out of this group; may be given again.
    #[arg(long)]
    leave: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `martello user password`.
#[derive(clap::Args)]
pub struct Password {
    #[command(flatten)]
    site: SiteArguments,
    /// Name or identifier of the user.
    user: String,
    /// Read the password from the first line of stdin.
    #[arg(long)]
    password_stdin: bool,
}

/// One user, and whether to ask.
#[derive(clap::Args)]
pub struct One {
    #[command(flatten)]
    site: SiteArguments,
    /// Name or identifier of the user.
    user: String,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

pub(super) async fn run(command: Command, output: &mut Output) -> Outcome {
    match command {
        Command::List(arguments) => list(&arguments, output).await,
        Command::Add(arguments) => add(arguments, output).await,
        Command::Change(arguments) => change(arguments, output).await,
        Command::Password(arguments) => {
            let connection = arguments.site.connect().await?;
            let user = people::user(&connection, &arguments.user).await?;
            let question = format!("New password of {} (8 characters or more)", user.name);
            let password = prompt::new_password(&question, arguments.password_stdin)?.into_inner();
            connection.replace(&format!("/v1/users/{}/password", user.id), &NewPassword { password }).await?;
            output.line(&format!(
                "The password of {} was set; all its sign-ins and tokens have ended.",
                user.name
            ))
        }
        Command::EndSecondFactor(arguments) => {
            let connection = arguments.site.connect().await?;
            let user = people::user(&connection, &arguments.user).await?;
            prompt::sure(&format!("End the second factor of {}?", user.name), arguments.yes)?;
            connection.delete(&format!("/v1/users/{}/second-factor", user.id)).await?;
            output.line(&format!("{} signs in by password alone.", user.name))
        }
        Command::Remove(arguments) => {
            let connection = arguments.site.connect().await?;
            let user = people::user(&connection, &arguments.user).await?;
            prompt::sure(&format!("Remove {} with all sign-ins and tokens?", user.name), arguments.yes)?;
            connection.delete(&format!("/v1/users/{}", user.id)).await?;
            output.line(&format!("{} was removed.", user.name))
        }
    }
}

async fn list(arguments: &List, output: &mut Output) -> Outcome {
    let connection = arguments.site.connect().await?;
    let users: Vec<User> = people::all(&connection, "/v1/users").await?;
    if arguments.json {
        return output.json(&users);
    }
    let rows: Vec<_> = users
        .iter()
        .map(|user| {
            let state = match (user.machine, user.disabled, user.second_factor) {
                (true, ..) => "of this machine",
                (_, true, _) => "disabled",
                (_, _, true) => "second factor",
                _ => "",
            };
            let groups = user.groups.len().to_string();
            let (reach, grants) = (people::reach(user.recordings_minutes), people::grants(&user.grants));
            [user.name.clone(), user.role.name().to_owned(), state.to_owned(), groups, reach, grants]
        })
        .collect();
    output.table(["NAME", "ROLE", "STATE", "GROUPS", "RECORDINGS", "GRANTED"], &rows)
}

async fn add(arguments: Add, output: &mut Output) -> Outcome {
    let connection = arguments.site.connect().await?;
    let groups = groups(&connection, &arguments.groups).await?;
    let password = prompt::new_password("Password (8 characters or more)", arguments.password_stdin)?;
    let new = NewUser {
        name: arguments.name,
        password: password.into_inner(),
        role: arguments.role,
        recordings_minutes: arguments.recordings_minutes,
        groups,
        grants: Vec::new(),
    };
    let user: User = connection.post("/v1/users", Some(&new)).await?;
    if arguments.json {
        return output.json(&user);
    }
    output.line(&format!("{} was made: {}.", user.name, user.role.name()))
}

async fn change(arguments: Change, output: &mut Output) -> Outcome {
    let connection = arguments.site.connect().await?;
    let user = people::user(&connection, &arguments.user).await?;
    let (join, leave) =
        (groups(&connection, &arguments.join).await?, groups(&connection, &arguments.leave).await?);
    let change = UserChange {
        name: arguments.name,
        role: arguments.role,
        disabled: (arguments.disable || arguments.enable).then_some(arguments.disable),
        recordings_minutes: match (arguments.recordings_minutes, arguments.all_recordings) {
            (None, false) => None,
            (minutes, _) => Some(minutes),
        },
        groups: (!join.is_empty() || !leave.is_empty()).then(|| {
            let mut groups: Vec<GroupId> =
                user.groups.iter().chain(&join).filter(|group| !leave.contains(group)).copied().collect();
            groups.sort();
            groups.dedup();
            groups
        }),
        grants: None,
    };
    if serde_json::to_value(&change)
        .is_ok_and(|value| value.as_object().is_some_and(serde_json::Map::is_empty))
    {
        return Err(Failure::usage("nothing is to be changed: see martello user change --help"));
    }
    let user: User = connection.patch(&format!("/v1/users/{}", user.id), &change).await?;
    if arguments.json {
        return output.json(&user);
    }
    output.line(&format!("{} was changed.", user.name))
}

async fn groups(connection: &Connection, names: &[String]) -> Outcome<Vec<GroupId>> {
    let mut ids = Vec::new();
    for name in names {
        ids.push(people::group(connection, name).await?.id);
    }
    Ok(ids)
}
