//! Which site a command goes to: flags, then environment, then the stored profile.

use model::Secret;
use reqwest::Url;
use trust::CertificateId;

use super::{Failure, Outcome, connection::Connection, profile, profile::Profile};

/// Arguments of every command that is sent to a site. What is not given is taken from what `martello login` stored.
#[derive(clap::Args, Clone, Default)]
pub(super) struct SiteArguments {
    /// Address of the site, https://HOST:PORT.
    #[arg(long, env = "MARTELLO_URL")]
    pub url: Option<String>,
    /// API token.
    #[arg(long, env = "MARTELLO_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Certificate ID of the site: 16 groups of 4 hex digits, as the site shows it.
    #[arg(long, env = "MARTELLO_CERTIFICATE_ID")]
    pub certificate_id: Option<CertificateId>,
}

/// A site and how to get in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// Address of the site.
    pub url: Url,
    /// API token.
    pub token: Option<Secret<String>>,
    /// Whose certificate is taken.
    pub certificate_id: Option<CertificateId>,
}

impl SiteArguments {
    /// The site that is meant. Nobody is signed in where there is no token.
    pub fn target(&self, profile: Option<&Profile>) -> Outcome<Target> {
        let given = self.url.as_deref().map(parse).transpose()?;
        // A stored token and pin belong to the site that they were stored for.
        let profile = profile.filter(|profile| {
            given.as_ref().is_none_or(|url| parse(&profile.url).is_ok_and(|stored| stored == *url))
        });
        let url = match (given, profile) {
            (Some(url), _) => url,
            (None, Some(profile)) => parse(&profile.url)?,
            (None, None) => {
                return Err(Failure::usage("which site? Give --url, or sign in with martello login"));
            }
        };
        let token =
            self.token.clone().map(Secret::new).or_else(|| profile.map(|profile| profile.token.clone()));
        let certificate_id =
            self.certificate_id.or_else(|| profile.and_then(|profile| profile.certificate_id));
        Ok(Target { url, token, certificate_id })
    }

    /// Connects to the site that is meant, as the token's user.
    pub async fn connect(&self) -> Outcome<Connection> {
        let complete = self.url.is_some() && self.token.is_some() && self.certificate_id.is_some();
        let profile = if complete { None } else { Profile::load(&profile::path()?)? };
        let target = self.target(profile.as_ref())?;
        let token = target
            .token
            .ok_or_else(|| Failure::usage("nobody is signed in: give --token, or use martello login"))?;
        Ok(Connection::open(target.url, target.certificate_id).await?.with_token(token))
    }
}

/// The address of a site: https, and nothing but host and port.
fn parse(text: &str) -> Outcome<Url> {
    let mut url = Url::parse(text).map_err(|e| {
        Failure::usage(format!("{text:?} is not an address such as https://192.168.0.5:55754: {e}"))
    })?;
    if url.scheme() != "https" {
        return Err(Failure::usage(format!("{text:?}: a site is reached by https only")));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Failure::usage("name and password do not belong into the address"));
    }
    url.set_path("/");
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}
