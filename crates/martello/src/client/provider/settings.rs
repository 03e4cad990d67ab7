//! `martello provider add` and `change`: the settings as arguments, tried before they are kept.

use std::path::PathBuf;

use api::provider::{Provider, ProviderSettings, ProviderTry};

use super::{
    super::{Outcome, directory, output::Output, people, prompt, target::SiteArguments},
    test, told,
};

/// Arguments of `martello provider add`.
#[derive(clap::Args)]
pub struct Add {
    #[command(flatten)]
    site: SiteArguments,
    /// What it is called here: people read "Sign in with …".
    name: String,
    /// Its issuer identifier, exactly as its discovery document has it.
    #[arg(long)]
    issuer: String,
    /// What the site is called there.
    #[arg(long)]
    client_id: String,
    /// The address at which people open this site, such as https://site.example.org:55754.
    #[arg(long)]
    site_address: String,
    /// Read the site's secret there from the first line of stdin.
    #[arg(long)]
    secret_stdin: bool,
    #[command(flatten)]
    more: More,
}

/// Arguments of `martello provider change`.
#[derive(clap::Args)]
pub struct Change {
    #[command(flatten)]
    site: SiteArguments,
    /// Name or identifier of the provider.
    provider: String,
    /// What it is to be called here.
    #[arg(long)]
    name: Option<String>,
    /// What the site is called there; needs the secret, too.
    #[arg(long, requires = "secret_stdin")]
    client_id: Option<String>,
    /// The address at which people open this site.
    #[arg(long)]
    site_address: Option<String>,
    /// Read another secret from the first line of stdin; the present one stays unless given.
    #[arg(long)]
    secret_stdin: bool,
    #[command(flatten)]
    more: More,
}

/// What both may say.
#[derive(clap::Args)]
struct More {
    /// PEM file of the authorities that sign its certificate; those that the server's machine trusts unless given.
    #[arg(long)]
    authority: Option<PathBuf>,
    /// Scopes that are asked for beside openid [default: profile].
    #[arg(long, value_name = "SCOPE", value_delimiter = ',')]
    scopes: Vec<String>,
    /// The claim that has the groups: a name, or a JSON pointer such as /realm_access/roles.
    #[arg(long)]
    groups_claim: Option<String>,
    /// The authentication context class that is demanded.
    #[arg(long)]
    acr: Option<String>,
    /// A sign-in ends when the provider has not confirmed it for so many minutes [default: 480].
    #[arg(long)]
    offline_minutes: Option<u32>,
    /// How many seconds after it was asked it is asked again about a sign-in [default: 60].
    #[arg(long)]
    refresh_seconds: Option<u32>,
    /// Keep it without trying it.
    #[arg(long)]
    untried: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

const SECRET: &str = "Secret of the site at the provider";

pub(super) async fn add(arguments: Add, output: &mut Output) -> Outcome {
    let Add { site, name, issuer, client_id, site_address, secret_stdin, more } = arguments;
    let secret = prompt::password(SECRET, secret_stdin)?.into_inner();
    let settings = more.over(ProviderSettings {
        name,
        issuer,
        client_id,
        client_secret: Some(secret),
        site_address,
        authority: None,
        scopes: vec!["profile".to_owned()],
        groups_claim: None,
        acr: None,
        offline_minutes: 480,
        refresh_seconds: 60,
    })?;
    let connection = site.connect().await?;
    if !more.untried {
        let check = test(&connection, &ProviderTry { provider: None, settings: settings.clone() }).await?;
        if !more.json {
            told(&check, output)?;
        }
    }
    let added: Provider = connection.post("/v1/providers", Some(&settings)).await?;
    if more.json {
        return output.json(&added);
    }
    output.line(&format!(
        "The provider {} was added. Let its people in with martello provider admit.",
        added.settings.name
    ))
}

pub(super) async fn change(arguments: Change, output: &mut Output) -> Outcome {
    let Change { site, provider, name, client_id, site_address, secret_stdin, more } = arguments;
    let secret = secret_stdin.then(|| prompt::password(SECRET, true)).transpose()?;
    let connection = site.connect().await?;
    let Provider { id, settings: kept, .. } = people::provider(&connection, &provider).await?;
    let settings = more.over(ProviderSettings {
        name: name.unwrap_or(kept.name),
        client_id: client_id.unwrap_or(kept.client_id),
        site_address: site_address.unwrap_or(kept.site_address),
        client_secret: secret.map(model::Secret::into_inner),
        ..kept
    })?;
    if !more.untried {
        let wish = ProviderTry { provider: Some(id), settings: settings.clone() };
        let check = test(&connection, &wish).await?;
        if !more.json {
            told(&check, output)?;
        }
    }
    let changed: Provider = connection.put(&format!("/v1/providers/{id}"), &settings).await?;
    if more.json {
        return output.json(&changed);
    }
    output.line(&format!("The provider {} was changed.", changed.settings.name))
}

impl More {
    /// The settings with what was said.
    fn over(&self, mut settings: ProviderSettings) -> Outcome<ProviderSettings> {
        if let Some(path) = &self.authority {
            settings.authority = Some(directory::authority(path)?);
        }
        if !self.scopes.is_empty() {
            settings.scopes.clone_from(&self.scopes);
        }
        if self.groups_claim.is_some() {
            settings.groups_claim.clone_from(&self.groups_claim);
        }
        if self.acr.is_some() {
            settings.acr.clone_from(&self.acr);
        }
        settings.offline_minutes = self.offline_minutes.unwrap_or(settings.offline_minutes);
        settings.refresh_seconds = self.refresh_seconds.unwrap_or(settings.refresh_seconds);
        Ok(settings)
    }
}
