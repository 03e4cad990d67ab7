//! `martello setup`: the first administrator of a new site.

use api::session::{SetUp, SetupState};

use super::{
    Failure, Outcome,
    connection::Connection,
    login,
    output::Output,
    prompt,
    servers::{self, Servers},
    target::SiteArguments,
};

/// Arguments of `martello setup`.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    site: SiteArguments,
    /// The one-time code of the setup link that the site printed.
    #[arg(long, env = "MARTELLO_SETUP_CODE", hide_env_values = true)]
    code: String,
    /// Name of the administrator.
    #[arg(long)]
    user: String,
    /// Read the new password from the first line of stdin.
    #[arg(long)]
    password_stdin: bool,
    /// The site's name.
    #[arg(long)]
    site_name: Option<String>,
}

pub(super) async fn run(arguments: Arguments, output: &mut Output) -> Outcome {
    let path = servers::path()?;
    let mut list = Servers::load(&path)?;
    let target = arguments.site.target(&list)?;
    let here = target.address.socket().is_some();
    let pinned = if here { None } else { login::pinned(&target).await? };
    let connection = Connection::open(&target, pinned).await?;
    let state: SetupState = connection.get("/v1/setup", &[]).await?;
    if !state.needed {
        return Err(Failure::failed("the site has its first administrator already: use martello login"));
    }
    let password = prompt::new_password("New password (8 characters or more)", arguments.password_stdin)?;
    let set_up = SetUp {
        code: arguments.code,
        user: arguments.user,
        password: password.into_inner(),
        site_name: arguments.site_name,
    };
    let answer = connection.submit("/v1/setup", Some(&set_up)).await?;
    if here {
        output.line("The site is set up.")?;
    } else {
        let (user, token) = login::token(connection, answer).await?;
        login::keep(&mut list, &target, pinned, None, &user, Some(token))?;
        list.store(&path)?;
        output.line(&format!("{} is set up, and {user} is signed in.", target.address))?;
    }
    output.line(
        "Its identity is on one disk only. Take a backup now, on the site's computer: martello backup --data DIRECTORY \
         --output FILE",
    )
}
