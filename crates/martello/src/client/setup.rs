//! `martello setup`: the first administrator of a new site.

use api::session::{SetUp, SetupState};

use super::{
    Failure, Outcome,
    connection::Connection,
    login,
    output::Output,
    profile::{self, Profile},
    prompt,
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
    let path = profile::path()?;
    let target = arguments.site.target(Profile::load(&path)?.as_ref())?;
    let pinned = login::pinned(&target.url, target.certificate_id).await?;
    let connection = Connection::open(target.url.clone(), pinned).await?;
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
    let profile = login::token(connection, answer, &target.url, pinned).await?;
    profile.store(&path)?;
    output.line(&format!("{} is set up, and {} is signed in.", profile.url, profile.user))
}
