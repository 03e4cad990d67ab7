//! `martello provider`: OpenID Connect providers that people sign in by.
//!
//! What is not here: what their users and groups may do (`user`, `group`, `rights`); signing in by one, which takes a browser.

mod settings;

use api::{
    directory::DirectoryGrant,
    provider::{Provider, ProviderCheck, ProviderTry},
};
use model::Role;

use super::{
    Outcome,
    connection::Connection,
    method::word,
    output::Output,
    people, prompt,
    target::{List, SiteArguments},
};
use settings::{Add, Change};

/// `martello provider …`
#[derive(clap::Subcommand)]
pub enum Command {
    /// List providers, with how each answered last.
    List(List),
    /// Add a provider: it is tried first, and not added where it does not answer.
    Add(Add),
    /// Ask a provider what it says of itself, with the settings that are kept.
    Test(Which),
    /// Change what is given, and keep the rest. It is tried first.
    Change(Change),
    /// Let a person or a group of a provider in, with a role. Rights are granted with martello rights grant.
    Admit(Admit),
    /// Remove a provider with its users and groups here. Nothing changes at the provider.
    Remove(Remove),
}

/// Arguments of `martello provider test`.
#[derive(clap::Args)]
pub struct Which {
    #[command(flatten)]
    site: SiteArguments,
    /// Name or identifier of the provider.
    provider: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `martello provider admit`.
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("who").required(true).args(["user", "group"])))]
pub struct Admit {
    #[command(flatten)]
    site: SiteArguments,
    /// Name or identifier of the provider.
    provider: String,
    /// What the provider knows the person by (`sub`): who signs in and may not yet is told it.
    #[arg(long, value_name = "SUB")]
    user: Option<String>,
    /// The group, as the claim of groups has it.
    #[arg(long)]
    group: Option<String>,
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

/// Arguments of `martello provider remove`.
#[derive(clap::Args)]
pub struct Remove {
    #[command(flatten)]
    site: SiteArguments,
    /// Name or identifier of the provider.
    provider: String,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

pub(super) async fn run(command: Command, output: &mut Output) -> Outcome {
    match command {
        Command::List(arguments) => list(&arguments, output).await,
        Command::Add(arguments) => settings::add(arguments, output).await,
        Command::Test(arguments) => {
            let connection = arguments.site.connect().await?;
            let Provider { id, settings, .. } = people::provider(&connection, &arguments.provider).await?;
            let check = test(&connection, &ProviderTry { provider: Some(id), settings }).await?;
            if arguments.json { output.json(&check) } else { told(&check, output) }
        }
        Command::Change(arguments) => settings::change(arguments, output).await,
        Command::Admit(arguments) => admit(arguments, output).await,
        Command::Remove(arguments) => {
            let connection = arguments.site.connect().await?;
            let Provider { id, settings, users, groups, .. } =
                people::provider(&connection, &arguments.provider).await?;
            let question = format!(
                "Remove the provider {}, with {users} of its users and {groups} of its groups here and all that was granted to \
                 them?",
                settings.name
            );
            prompt::sure(&question, arguments.yes)?;
            connection.delete(&format!("/v1/providers/{id}")).await?;
            output.line(&format!("The provider {} was removed.", settings.name))
        }
    }
}

async fn list(arguments: &List, output: &mut Output) -> Outcome {
    let connection = arguments.site.connect().await?;
    let providers: Vec<Provider> = people::all(&connection, "/v1/providers").await?;
    if arguments.json {
        return output.json(&providers);
    }
    let row = |provider: &Provider| {
        let Provider { settings, state, users, groups, .. } = provider;
        let answers = match (&state.problem, state.checked) {
            (Some(_), _) => "does not answer",
            (None, Some(_)) => "answers",
            (None, None) => "not asked yet",
        };
        [
            settings.name.clone(),
            settings.issuer.clone(),
            answers.to_owned(),
            users.to_string(),
            groups.to_string(),
        ]
    };
    let rows: Vec<_> = providers.iter().map(row).collect();
    output.table(["NAME", "ISSUER", "STATE", "USERS", "GROUPS"], &rows)?;
    for Provider { settings, state, .. } in &providers {
        if let Some(problem) = &state.problem {
            let advice = state.advice.as_deref().unwrap_or_default();
            output.line(&format!("{}: {problem}. {advice}", settings.name))?;
        }
    }
    Ok(())
}

async fn admit(arguments: Admit, output: &mut Output) -> Outcome {
    let connection = arguments.site.connect().await?;
    let provider = people::provider(&connection, &arguments.provider).await?;
    let is_group = arguments.group.is_some();
    let given = DirectoryGrant {
        key: arguments.user.or(arguments.group).unwrap_or_default(),
        role: arguments.role,
        recordings_minutes: arguments.recordings_minutes,
        groups: Vec::new(),
        grants: Vec::new(),
    };
    let from = format!("/v1/providers/{}", provider.id);
    people::admit(&connection, &from, is_group, &given, arguments.json, output).await
}

async fn test(connection: &Connection, wish: &ProviderTry) -> Outcome<ProviderCheck> {
    connection.post("/v1/providers/test", Some(wish)).await
}

fn told(check: &ProviderCheck, output: &mut Output) -> Outcome {
    output.line(&format!(
        "It answers: {} keys of it can be used ({}), people sign in at {}.",
        check.keys,
        check.algorithms.join(", "),
        check.authorization_endpoint
    ))?;
    output.line(&format!("Register there as redirect URI, exactly so: {}", check.redirect_uri))
}
