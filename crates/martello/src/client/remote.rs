//! `martello remote`: reach a site from anywhere through a cloud.

use std::time::Duration;

use api::remote::{RemoteEnable, RemotePerson, RemoteState, RemoteStatus};

use super::{
    Failure, Outcome,
    connection::Connection,
    output::Output,
    target::{List, SiteArguments},
};

const PATH: &str = "/v1/remote";
/// Between two looks whether somebody has granted.
const LOOK: Duration = Duration::from_millis(500);

/// `martello remote …`
#[derive(clap::Subcommand)]
pub enum Command {
    /// Let the site be reached through a cloud: prints what has to be typed there, and waits until it was granted.
    Enable(Enable),
    /// Switch it off.
    Disable(Disable),
    /// Say how it stands.
    Status(List),
}

/// Arguments of `martello remote enable`.
#[derive(clap::Args)]
pub struct Enable {
    #[command(flatten)]
    site: SiteArguments,
    /// Where the cloud is: https://HOST[:PORT].
    cloud: String,
    /// The cloud's certificate ID, as it prints it when it starts.
    #[arg(long)]
    cloud_id: String,
    /// Do not wait until it was granted.
    #[arg(long)]
    no_wait: bool,
}

/// Arguments of `martello remote disable`.
#[derive(clap::Args)]
pub struct Disable {
    #[command(flatten)]
    site: SiteArguments,
    /// Cut off who is connected through it.
    #[arg(long)]
    disconnect: bool,
}

pub(super) async fn run(command: Command, output: &mut Output) -> Outcome {
    match command {
        Command::Enable(arguments) => enable(arguments, output).await,
        Command::Disable(Disable { site, disconnect }) => {
            let connection = site.connect().await?;
            connection.delete_with(PATH, &[("disconnect", disconnect.to_string())]).await?;
            output.line("Remote access is off.")
        }
        Command::Status(arguments) => {
            let status: RemoteStatus = arguments.site.connect().await?.get(PATH, &[]).await?;
            if arguments.json {
                return output.json(&status);
            }
            show(&status, output)
        }
    }
}

async fn enable(arguments: Enable, output: &mut Output) -> Outcome {
    let connection = arguments.site.connect().await?;
    let wish = RemoteEnable { url: arguments.cloud, certificate_id: arguments.cloud_id };
    let mut status: RemoteStatus = connection.post(PATH, Some(&wish)).await?;
    let mut shown = None;
    loop {
        if status.state == RemoteState::On {
            return show(&status, output);
        }
        if status.state == RemoteState::Off {
            let reason = status.trouble.unwrap_or_else(|| "somebody has disabled it".to_owned());
            return Err(Failure::failed(format!("remote access is off: {reason}")));
        }
        if status.user_code.is_some() && status.user_code != shown {
            shown.clone_from(&status.user_code);
            show(&status, output)?;
            if arguments.no_wait {
                return Ok(());
            }
        }
        if let (None, Some(trouble)) = (&shown, &status.trouble) {
            return Err(Failure::failed(trouble.clone()));
        }
        tokio::time::sleep(LOOK).await;
        status = look(&connection).await?;
    }
}

async fn look(connection: &Connection) -> Outcome<RemoteStatus> {
    connection.get(PATH, &[]).await
}

fn show(status: &RemoteStatus, output: &mut Output) -> Outcome {
    match status.state {
        RemoteState::Off => output.line("Remote access is off."),
        RemoteState::WaitingForGrant => {
            let (Some(url), Some(code)) = (&status.grant_url, &status.user_code) else {
                return output.line("Waiting for the cloud.");
            };
            let id = &status.certificate_id;
            let lines = [
                &format!("Open {url}, sign in, and type this code:"),
                "",
                &format!("  {code}"),
                "",
                "Grant it only if this certificate ID is shown there:",
                &format!("  {id}"),
            ];
            lines.into_iter().try_for_each(|line| output.line(line))
        }
        RemoteState::On => {
            let organization = status.organization.as_deref().unwrap_or_default();
            let url = status.url.as_deref().unwrap_or_default();
            let connected = if status.connected { "connected" } else { "not connected" };
            output.line(&format!("Remote access is on: {organization} at {url}, {connected}."))?;
            if let Some(trouble) = &status.trouble {
                output.line(&format!("Trouble: {trouble}"))?;
            }
            status.people.iter().try_for_each(|person| output.line(&format!("  {}", told(person))))
        }
    }
}

/// Who is connected, in one line.
fn told(person: &RemotePerson) -> String {
    let user = person.user.as_deref().unwrap_or("nobody signed in yet");
    let address = person.address.as_deref().unwrap_or("an unknown address");
    format!("{user} ({}) from {address} since {}", person.account, person.since)
}
