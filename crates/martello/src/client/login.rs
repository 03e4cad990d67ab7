//! `martello login`: signs in once, and puts the site into the list of servers with a token.

use api::session::{Session, SignIn, Token, TokenRequest};
use model::{Secret, clock::wall_now};
use reqwest::Response;
use trust::CertificateId;

use super::{
    Failure, Outcome,
    connection::{self, Connection},
    output::Output,
    prompt,
    servers::{self, Server, Servers},
    target::{SiteArguments, Target},
};

/// Days until the stored token ends.
const DAYS: u32 = 90;

/// Arguments of `martello login`.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    site: SiteArguments,
    /// Name of the user at the site; not needed with --local.
    #[arg(long, required_unless_present_any = ["local", "url", "server"])]
    user: Option<String>,
    /// Read the password from the first line of stdin.
    #[arg(long)]
    password_stdin: bool,
    /// A code of the authenticator app, or a recovery code, where the user has set that up.
    #[arg(long)]
    code: Option<String>,
    /// What the site is called in the list of servers [default: its host].
    #[arg(long)]
    name: Option<String>,
}

pub(super) async fn run(arguments: Arguments, output: &mut Output) -> Outcome {
    let path = servers::path()?;
    let mut list = Servers::load(&path)?;
    let target = arguments.site.target(&list)?;
    if target.address.socket().is_some() {
        let session: Session = target.connect_as_account().await?.get("/v1/session", &[]).await?;
        let name = keep(&mut list, &target, None, arguments.name, &session.user, None)?;
        list.store(&path)?;
        return output.line(&format!(
            "Signed in to {name} as {}. No password is needed, and none is kept.",
            session.user
        ));
    }
    let user = arguments.user.ok_or_else(|| Failure::usage("who signs in? Give --user"))?;
    let pinned = pinned(&target).await?;
    let password = prompt::password("Password", arguments.password_stdin)?;
    let connection = Connection::open(&target, pinned).await?;
    let sign_in = SignIn { user, password: password.into_inner(), code: arguments.code };
    let answer = connection.submit("/v1/session", Some(&sign_in)).await?;
    let (user, token) = token(connection, answer).await?;
    keep(&mut list, &target, pinned, arguments.name, &user, Some(token))?;
    list.store(&path)?;
    output.line(&format!("Signed in to {} as {user} for {DAYS} days.", target.address))
}

/// Puts a site that somebody has signed in to into the list, and chooses it; gives back its name there.
pub(super) fn keep(
    list: &mut Servers,
    target: &Target,
    certificate_id: Option<CertificateId>,
    name: Option<String>,
    user: &str,
    token: Option<Secret<String>>,
) -> Outcome<String> {
    if let Some(name) = &name {
        servers::check_name(name)?;
    }
    let known = list.at(&target.address).map(|server| server.name.clone());
    let name = name.or_else(|| known.clone()).unwrap_or_else(|| target.address.name());
    if list.servers.iter().any(|server| server.name == name && server.address != target.address) {
        return Err(Failure::usage(format!(
            "another server is called {name:?} already: give this one a --name"
        )));
    }
    if let Some(known) = known.filter(|known| *known != name) {
        list.remove(&known);
    }
    list.put(Server {
        certificate_id,
        proxy: target.proxy.clone(),
        user: Some(user.to_owned()),
        token,
        used: Some(wall_now()),
        ..Server::new(name.clone(), target.address.clone())
    })?;
    list.chosen = Some(name.clone());
    Ok(name)
}

/// The certificate ID to pin. Where none is known, the person compares the one that answers with what the site shows;
/// a site with a certificate that the operating system trusts needs none.
pub(super) async fn pinned(target: &Target) -> Outcome<Option<CertificateId>> {
    if target.certificate_id.is_some() {
        return Ok(target.certificate_id);
    }
    let claimed = connection::claimed_id(target).await?;
    let question = format!(
        "{} says that its certificate ID is\n\n  {claimed}\n\nIs that what the site shows?",
        target.address
    );
    if prompt::confirm(&question)? {
        return Ok(Some(claimed));
    }
    Err(Failure::failed(
        "compare the certificate ID with the one that the site shows, and give it as --certificate-id",
    ))
}

/// Makes a token with the session that the answer began, and ends the session. Whose it is, and its value.
pub(super) async fn token(connection: Connection, answer: Response) -> Outcome<(String, Secret<String>)> {
    let connection = connection.with_session_of(&answer)?;
    let session: Session = connection.get("/v1/session", &[]).await?;
    let name = format!("martello login of {}", session.user);
    // A token's name has at most 128 bytes at the site.
    let name: String = name.chars().take(30).collect();
    let request = TokenRequest { name, days: Some(DAYS), scope: None };
    let token: Token = connection.post("/v1/tokens", Some(&request)).await?;
    connection.delete("/v1/session").await?;
    let token = token.value.ok_or_else(|| Failure::failed("the site gave no token"))?;
    Ok((session.user, token.into()))
}
