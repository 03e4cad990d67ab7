//! `martello login`: signs in once and stores a token.

use api::session::{Session, SignIn, Token, TokenRequest};
use reqwest::{Response, Url};
use trust::CertificateId;

use super::{
    Failure, Outcome,
    connection::{self, Connection},
    output::Output,
    profile::{self, Profile},
    prompt,
    target::SiteArguments,
};

/// Days until the stored token ends.
const DAYS: u32 = 90;

/// Arguments of `martello login`.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    site: SiteArguments,
    /// Name of the user at the site.
    #[arg(long)]
    user: String,
    /// Read the password from the first line of stdin.
    #[arg(long)]
    password_stdin: bool,
    /// A code of the authenticator app, or a recovery code, where the user has set that up.
    #[arg(long)]
    code: Option<String>,
}

pub(super) async fn run(arguments: Arguments, output: &mut Output) -> Outcome {
    let path = profile::path()?;
    let target = arguments.site.target(Profile::load(&path)?.as_ref())?;
    let pinned = pinned(&target.url, target.certificate_id).await?;
    let password = prompt::password("Password", arguments.password_stdin)?;
    let connection = Connection::open(target.url.clone(), pinned).await?;
    let sign_in = SignIn { user: arguments.user, password: password.into_inner(), code: arguments.code };
    let answer = connection.submit("/v1/session", Some(&sign_in)).await?;
    let profile = token(connection, answer, &target.url, pinned).await?;
    profile.store(&path)?;
    output.line(&format!("Signed in to {} as {} for {DAYS} days.", profile.url, profile.user))
}

/// The certificate ID to pin. Where none is known, the person compares the one that answers with what the site shows;
/// a site with a certificate that the operating system trusts needs none.
pub(super) async fn pinned(url: &Url, known: Option<CertificateId>) -> Outcome<Option<CertificateId>> {
    if known.is_some() {
        return Ok(known);
    }
    let claimed = connection::claimed_id(url).await?;
    let question =
        format!("{url} says that its certificate ID is\n\n  {claimed}\n\nIs that what the site shows?");
    if prompt::confirm(&question)? {
        return Ok(Some(claimed));
    }
    Err(Failure::failed(
        "compare the certificate ID with the one that the site shows, and give it as --certificate-id",
    ))
}

/// Makes a token with the session that the answer began, and ends the session.
pub(super) async fn token(
    connection: Connection,
    answer: Response,
    url: &Url,
    certificate_id: Option<CertificateId>,
) -> Outcome<Profile> {
    let connection = connection.with_session_of(&answer)?;
    let session: Session = connection.get("/v1/session", &[]).await?;
    let name = format!("martello login of {}", session.user);
    // A token's name has at most 128 bytes at the site.
    let name: String = name.chars().take(30).collect();
    let request = TokenRequest { name, days: Some(DAYS), scope: None };
    let token: Token = connection.post("/v1/tokens", Some(&request)).await?;
    connection.delete("/v1/session").await?;
    let token = token.value.ok_or_else(|| Failure::failed("the site gave no token"))?;
    Ok(Profile { url: url.to_string(), certificate_id, user: session.user, token: token.into() })
}
