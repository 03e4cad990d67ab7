//! `martello directory keytab`: the keys of the site's service in the domain of a directory.

use std::path::{Path, PathBuf};

use api::directory::{Directory, DirectoryKeytab};
use base64::{Engine, prelude::BASE64_STANDARD};

use super::{super::target::SiteArguments, Failure, Outcome, Output, people};

/// The site takes no more.
const MAX_KEYTAB: u64 = 16 << 10;

/// Arguments of `martello directory keytab`.
#[derive(clap::Args)]
pub struct Keytab {
    #[command(flatten)]
    site: SiteArguments,
    /// Name or identifier of the directory.
    directory: String,
    /// The keytab, with AES keys of HTTP/NAME, NAME being how browsers address the site. It is not needed afterwards.
    #[arg(required_unless_present = "remove")]
    file: Option<PathBuf>,
    /// Forget the keytab instead: nobody signs in with the account of a computer any more.
    #[arg(long, conflicts_with = "file")]
    remove: bool,
    /// Print JSON.
    #[arg(long, conflicts_with = "remove")]
    json: bool,
}

pub(super) async fn run(arguments: Keytab, output: &mut Output) -> Outcome {
    let keytab = arguments.file.as_deref().map(read).transpose()?;
    let connection = arguments.site.connect().await?;
    let Directory { id, settings, .. } = people::directory(&connection, &arguments.directory).await?;
    let path = format!("/v1/directories/{id}/keytab");
    let Some(keytab) = keytab else {
        connection.delete(&path).await?;
        return output.line(&format!("{} takes no tickets any more.", settings.name));
    };
    let kept: Directory = connection.put(&path, &DirectoryKeytab { keytab }).await?;
    if arguments.json {
        return output.json(&kept);
    }
    output.line(&format!("{} takes tickets for {}.", settings.name, kept.services.join(" and ")))
}

fn read(path: &Path) -> Outcome<String> {
    let failed = |reason: String| Failure::failed(format!("{}: {reason}", path.display()));
    let length = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?.len();
    if length > MAX_KEYTAB {
        return Err(failed("too large for a keytab".into()));
    }
    std::fs::read(path).map(|bytes| BASE64_STANDARD.encode(bytes)).map_err(|error| failed(error.to_string()))
}
