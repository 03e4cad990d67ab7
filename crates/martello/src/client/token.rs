//! `martello token`: one's own tokens for scripts. The one that `martello login` keeps is among them.

use api::session::{Token, TokenRequest};
use model::{Privilege, TokenId};

use super::{
    Failure, Outcome,
    output::Output,
    people, prompt,
    target::{List, SiteArguments},
};

/// `martello token …`
#[derive(clap::Subcommand)]
pub enum Command {
    /// List own tokens; their values are not told again.
    List(List),
    /// Make a token; its value is printed once.
    Add(Add),
    /// End a token; it counts for nothing from now on.
    Remove(Remove),
}

/// Arguments of `martello token add`.
#[derive(clap::Args)]
pub struct Add {
    #[command(flatten)]
    site: SiteArguments,
    /// What it is for.
    name: String,
    /// Days until it ends.
    #[arg(long, default_value = "90", value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
    /// For this privilege only; may be given again. A token with a scope cannot change its user's sign-in.
    #[arg(long = "scope")]
    scope: Vec<Privilege>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `martello token remove`.
#[derive(clap::Args)]
pub struct Remove {
    #[command(flatten)]
    site: SiteArguments,
    /// Identifier of the token, or its name where only one has it.
    #[arg(value_name = "TOKEN")]
    wanted: String,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

pub(super) async fn run(command: Command, output: &mut Output) -> Outcome {
    match command {
        Command::List(arguments) => {
            let connection = arguments.site.connect().await?;
            let tokens: Vec<Token> = people::all(&connection, "/v1/tokens").await?;
            if arguments.json {
                return output.json(&tokens);
            }
            let scope = |scope: &Option<Vec<Privilege>>| match scope {
                None => "all".to_owned(),
                Some(scope) => scope.iter().map(|one| one.name()).collect::<Vec<_>>().join(" "),
            };
            let rows: Vec<_> = tokens
                .iter()
                .map(|one| {
                    let (created, expires) = (one.created.to_string(), one.expires.to_string());
                    [one.id.to_string(), one.name.clone(), created, expires, scope(&one.scope)]
                })
                .collect();
            output.table(["ID", "NAME", "MADE", "ENDS", "SCOPE"], &rows)
        }
        Command::Add(arguments) => {
            let connection = arguments.site.connect().await?;
            let scope = (!arguments.scope.is_empty()).then_some(arguments.scope);
            let request = TokenRequest { name: arguments.name, days: Some(arguments.days), scope };
            let token: Token = connection.post("/v1/tokens", Some(&request)).await?;
            if arguments.json {
                return output.json(&token);
            }
            // The value alone, so that a script can take it as it is.
            output.line(&token.value.ok_or_else(|| Failure::failed("the site gave no token"))?)
        }
        Command::Remove(arguments) => {
            let connection = arguments.site.connect().await?;
            let tokens: Vec<Token> = people::all(&connection, "/v1/tokens").await?;
            let id = match arguments.wanted.parse::<TokenId>() {
                Ok(id) => id,
                Err(_) => named(&tokens, &arguments.wanted)?,
            };
            prompt::sure(&format!("End the token {}?", arguments.wanted), arguments.yes)?;
            connection.delete(&format!("/v1/tokens/{id}")).await?;
            output.line("The token has ended.")
        }
    }
}

fn named(tokens: &[Token], name: &str) -> Outcome<TokenId> {
    let mut named = tokens.iter().filter(|token| token.name == name);
    match (named.next(), named.next()) {
        (Some(token), None) => Ok(token.id),
        (Some(_), Some(_)) => {
            Err(Failure::failed(format!("several tokens are called {name:?}: give the ID of one")))
        }
        (None, _) => Err(Failure::failed(format!("there is no token {name:?}"))),
    }
}
