//! `martello session`: who is signed in, and ending it. Tokens are `token`'s.

use api::{people::SignInInfo, session::Session};
use model::SessionId;

use super::{
    Failure, Outcome, connection::Connection, output::Output, people, prompt, target::SiteArguments,
};

/// `martello session …`
#[derive(clap::Subcommand)]
pub enum Command {
    /// Say who commands are sent as, and what that user may do.
    Show(Show),
    /// List sign-ins, one's own or a user's.
    List(List),
    /// End a sign-in; what it streams ends within a second.
    End(End),
}

/// Arguments of `martello session show`.
#[derive(clap::Args)]
pub struct Show {
    #[command(flatten)]
    site: SiteArguments,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `martello session list`.
#[derive(clap::Args)]
pub struct List {
    #[command(flatten)]
    site: SiteArguments,
    /// Of this user (name or identifier); one's own unless given.
    #[arg(long)]
    user: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `martello session end`.
#[derive(clap::Args)]
pub struct End {
    #[command(flatten)]
    site: SiteArguments,
    /// Of this user (name or identifier); one's own unless given.
    #[arg(long)]
    user: Option<String>,
    /// Identifier of the sign-in (martello session list).
    #[arg(required_unless_present = "all")]
    session: Option<SessionId>,
    /// All but the one that asks.
    #[arg(long, conflicts_with = "session")]
    all: bool,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

pub(super) async fn run(command: Command, output: &mut Output) -> Outcome {
    match command {
        Command::Show(arguments) => {
            let session: Session = arguments.site.connect().await?.get("/v1/session", &[]).await?;
            if arguments.json {
                return output.json(&session);
            }
            let Session { user, role, privileges, .. } = session;
            output.line(&format!("{user}, {}", role.name()))?;
            output.line(&privileges.join(" "))
        }
        Command::List(arguments) => {
            let connection = arguments.site.connect().await?;
            let sessions: Vec<SignInInfo> =
                people::all(&connection, &place(&connection, arguments.user.as_deref()).await?).await?;
            if arguments.json {
                return output.json(&sessions);
            }
            let row = |one: SignInInfo| {
                let own = if one.own { "*" } else { "" }.to_owned();
                [
                    own,
                    one.id.to_string(),
                    one.created.to_string(),
                    one.last_used.to_string(),
                    one.address,
                    one.agent,
                ]
            };
            let rows: Vec<_> = sessions.into_iter().map(row).collect();
            output.table(["", "ID", "BEGAN", "LAST USED", "FROM", "BY"], &rows)
        }
        Command::End(arguments) => end(&arguments, output).await,
    }
}

/// Where the sign-ins of a user are.
async fn place(connection: &Connection, user: Option<&str>) -> Outcome<String> {
    match user {
        None => Ok("/v1/account/sessions".to_owned()),
        Some(user) => Ok(format!("/v1/users/{}/sessions", people::user(connection, user).await?.id)),
    }
}

async fn end(arguments: &End, output: &mut Output) -> Outcome {
    let connection = arguments.site.connect().await?;
    let place = place(&connection, arguments.user.as_deref()).await?;
    let sessions: Vec<SignInInfo> = people::all(&connection, &place).await?;
    let ended: Vec<SessionId> = match arguments.session {
        Some(session) => vec![session],
        None => sessions.iter().filter(|one| !one.own).map(|one| one.id).collect(),
    };
    if let Some(missing) = ended.iter().find(|id| !sessions.iter().any(|one| one.id == **id)) {
        return Err(Failure::failed(format!("there is no sign-in {missing} (any more)")));
    }
    prompt::sure(&format!("End {} sign-ins?", ended.len()), arguments.yes)?;
    for session in &ended {
        connection.delete(&format!("{place}/{session}")).await?;
    }
    output.line(&format!("{} sign-ins have ended.", ended.len()))
}
