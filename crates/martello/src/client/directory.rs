//! `martello directory`: where users and groups come from that the site does not keep itself (Active Directory, LDAP).
//!
//! What is not here: what its users and groups may do (`user`, `group`, `rights`).

mod add;
mod admit;
mod keytab;

pub(super) use add::authority;

use api::directory::{
    Directory, DirectoryCheck, DirectoryKind, DirectoryTry, Picked, PickerKind, PickerPage,
};

use super::{
    Failure, Outcome,
    connection::Connection,
    method::word,
    output::Output,
    people, prompt,
    target::{List, SiteArguments},
};

/// `martello directory …`
#[derive(clap::Subcommand)]
pub enum Command {
    /// List directories in the order in which they are asked, with how each answered last.
    List(List),
    /// Add a directory: it is tried first, and not added where it does not answer.
    Add(add::Add),
    /// Connect to a directory with the settings that are kept, and count what its account sees.
    Test(Which),
    /// Look for people and groups in a directory.
    Search(Search),
    /// Let a person or a group of a directory in, with a role. Rights are granted with martello rights grant.
    Admit(admit::Admit),
    /// Let people sign in with the account of their computer: give a directory the keytab of the site's service in its domain.
    Keytab(keytab::Keytab),
    /// Remove a directory with its users and groups here. Nothing changes in the directory.
    Remove(Remove),
}

/// Arguments of `martello directory test`.
#[derive(clap::Args)]
pub struct Which {
    #[command(flatten)]
    site: SiteArguments,
    /// Name or identifier of the directory.
    directory: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `martello directory search`.
#[derive(clap::Args)]
pub struct Search {
    #[command(flatten)]
    site: SiteArguments,
    /// Name or identifier of the directory, or this-server.
    directory: String,
    /// Part of an account or a name.
    #[arg(default_value = "")]
    filter: String,
    /// users, groups or all.
    #[arg(long, value_parser = word::<PickerKind>, default_value = "all")]
    kind: PickerKind,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `martello directory remove`.
#[derive(clap::Args)]
pub struct Remove {
    #[command(flatten)]
    site: SiteArguments,
    /// Name or identifier of the directory.
    directory: String,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

/// The picker's scope that is no directory.
const THIS_SERVER: &str = "this-server";
/// Most lines that one page of the picker has.
const PAGE: usize = 200;

pub(super) async fn run(command: Command, output: &mut Output) -> Outcome {
    match command {
        Command::List(arguments) => list(&arguments, output).await,
        Command::Add(arguments) => add::run(arguments, output).await,
        Command::Test(arguments) => {
            let connection = arguments.site.connect().await?;
            let Directory { id, settings, .. } = people::directory(&connection, &arguments.directory).await?;
            let check = test(&connection, &DirectoryTry { directory: Some(id), settings }).await?;
            if arguments.json { output.json(&check) } else { told(&check, output) }
        }
        Command::Search(arguments) => search(&arguments, output).await,
        Command::Admit(arguments) => admit::run(arguments, output).await,
        Command::Keytab(arguments) => keytab::run(arguments, output).await,
        Command::Remove(arguments) => {
            let connection = arguments.site.connect().await?;
            let Directory { id, settings, users, groups, .. } =
                people::directory(&connection, &arguments.directory).await?;
            let question = format!(
                "Remove the directory {}, with {users} of its users and {groups} of its groups here and all that was granted to \
                 them?",
                settings.name
            );
            prompt::sure(&question, arguments.yes)?;
            connection.delete(&format!("/v1/directories/{id}")).await?;
            output.line(&format!("The directory {} was removed.", settings.name))
        }
    }
}

async fn list(arguments: &List, output: &mut Output) -> Outcome {
    let connection = arguments.site.connect().await?;
    let directories: Vec<Directory> = people::all(&connection, "/v1/directories").await?;
    if arguments.json {
        return output.json(&directories);
    }
    let row = |directory: &Directory| {
        let Directory { settings, state, users, groups, .. } = directory;
        let servers: Vec<_> =
            settings.servers.iter().map(|server| format!("{}:{}", server.host, server.port)).collect();
        [
            settings.name.clone(),
            match settings.kind {
                DirectoryKind::ActiveDirectory => "Active Directory",
                DirectoryKind::Ldap => "LDAP",
            }
            .to_owned(),
            servers.join(" "),
            settings.base.clone(),
            match (state.since, state.checked) {
                (Some(since), _) => format!("away since {since}"),
                (None, Some(_)) => "answers".to_owned(),
                (None, None) => "not asked yet".to_owned(),
            },
            users.to_string(),
            groups.to_string(),
        ]
    };
    let rows: Vec<_> = directories.iter().map(row).collect();
    output.table(["NAME", "KIND", "SERVERS", "BASE", "STATE", "USERS", "GROUPS"], &rows)?;
    for Directory { settings, state, .. } in &directories {
        if let Some(problem) = &state.problem {
            let (advice, until) = (state.advice.as_deref().unwrap_or_default(), state.users_until);
            let users = until.map_or_else(String::new, |until| format!(" Its users go on until {until}."));
            output.line(&format!("{}: {problem}. {advice}{users}", settings.name))?;
        }
    }
    Ok(())
}

async fn search(arguments: &Search, output: &mut Output) -> Outcome {
    let connection = arguments.site.connect().await?;
    let scope = scope(&connection, &arguments.directory).await?;
    let page = picked(&connection, &scope, &arguments.filter, arguments.kind).await?;
    if arguments.json {
        return output.json(&page);
    }
    let row = |one: &Picked| {
        [
            one.name.clone(),
            (if one.group { "group" } else { "user" }).to_owned(),
            one.domain.clone(),
            one.role.map_or_else(|| "-".to_owned(), |role| role.name().to_owned()),
            one.details.clone(),
        ]
    };
    let rows: Vec<_> = page.items.iter().map(row).collect();
    output.table(["NAME", "KIND", "DOMAIN", "ROLE HERE", "DETAILS"], &rows)?;
    if page.more || page.items.len() < page.total as usize {
        let more = if page.more { "more than " } else { "" };
        output.line(&format!(
            "{} of {more}{} are shown: a longer filter finds the others.",
            page.items.len(),
            page.total
        ))?;
    }
    Ok(())
}

async fn picked(connection: &Connection, scope: &str, filter: &str, kind: PickerKind) -> Outcome<PickerPage> {
    let kind = match kind {
        PickerKind::Users => "users",
        PickerKind::Groups => "groups",
        PickerKind::All => "all",
    };
    let query = [("filter", filter.to_owned()), ("kind", kind.to_owned()), ("limit", PAGE.to_string())];
    connection.get(&format!("/v1/directories/{scope}/search"), &query).await
}

async fn scope(connection: &Connection, name: &str) -> Outcome<String> {
    if name == THIS_SERVER {
        return Ok(name.to_owned());
    }
    Ok(people::directory(connection, name).await?.id.to_string())
}

async fn test(connection: &Connection, wish: &DirectoryTry) -> Outcome<DirectoryCheck> {
    connection.post("/v1/directories/test", Some(wish)).await
}

fn told(check: &DirectoryCheck, output: &mut Output) -> Outcome {
    let count = |count: u32| if count >= 1000 { "1000 or more".to_owned() } else { count.to_string() };
    output.line(&format!(
        "It answers: {} people and {} groups are seen.",
        count(check.people),
        count(check.groups)
    ))?;
    output.line(&format!("Its certificate has the SHA-256 {}.", check.certificate_sha256))
}
