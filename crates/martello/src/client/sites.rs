//! `martello sites`: which sites one reaches through a cloud; and finding one of them by its name.

use api::cloud::CloudSite;

use super::{Failure, Outcome, cloud::CloudArguments, output::Output};

/// Arguments of `martello sites`.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    cloud: CloudArguments,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: Arguments, output: &mut Output) -> Outcome {
    let (_, sites) = arguments.cloud.sign_in().await?;
    if arguments.json {
        return output.json(&sites);
    }
    let row = |site: &CloudSite| {
        let contact = match (site.online, site.last_contact) {
            (true, _) => "online".to_owned(),
            (false, Some(at)) => format!("last seen {at}"),
            (false, None) => "never seen".to_owned(),
        };
        [site.name.clone(), contact, site.certificate_id.clone(), site.id.to_string()]
    };
    let rows: Vec<_> = sites.iter().map(row).collect();
    output.table(["NAME", "CONTACT", "CERTIFICATE ID (AS THE CLOUD SAYS)", "ID"], &rows)
}

/// The site with this name or identifier.
pub(super) fn find<'s>(sites: &'s [CloudSite], wanted: &str) -> Outcome<&'s CloudSite> {
    if let Some(site) = sites.iter().find(|site| site.id.to_string() == wanted) {
        return Ok(site);
    }
    let mut named = sites.iter().filter(|site| site.name.to_lowercase() == wanted.to_lowercase());
    match (named.next(), named.next()) {
        (Some(site), None) => Ok(site),
        (Some(_), Some(_)) => Err(Failure::usage(format!(
            "several sites are called {wanted:?}: give the identifier that martello sites shows"
        ))),
        (None, _) => {
            let names: Vec<&str> = sites.iter().map(|site| site.name.as_str()).collect();
            Err(Failure::usage(format!(
                "the cloud lists no site {wanted:?} (it lists: {})",
                names.join(", ")
            )))
        }
    }
}
