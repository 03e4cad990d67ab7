//! `martello camera`: add, list, remove. Stream profiles are in `stream_profile`, recording methods in `method`.

use api::camera::{Camera, Codec, NewCamera, Source, Transport};
use model::CameraId;
use reqwest::Url;

use super::{
    Failure, Items, Outcome,
    connection::Connection,
    output::Output,
    prompt, stream_profile,
    target::{List, SiteArguments},
};

/// `martello camera …`
#[derive(clap::Subcommand)]
pub enum Command {
    /// Add a camera and record it.
    Add(Add),
    /// List cameras.
    List(List),
    /// Show or change how a camera is recorded.
    Record(super::method::Record),
    /// Remove a camera; its recordings stay until retention removes them.
    Remove(Remove),
    /// Stream profiles of a camera: which there are, which one is recorded.
    #[command(subcommand)]
    Profile(stream_profile::Command),
}

/// Arguments of `martello camera add`.
#[derive(clap::Args)]
pub struct Add {
    #[command(flatten)]
    site: SiteArguments,
    /// Its name.
    name: String,
    /// rtsp://… of its main stream, or http://HOST or https://HOST of an Axis camera.
    address: String,
    /// rtsp://… of its small stream for grids. (Further streams: martello camera profile add.)
    #[arg(long)]
    sub: Option<String>,
    /// User at the camera; the password is asked for.
    #[arg(long)]
    user: Option<String>,
    /// Read the camera's password from the first line of stdin.
    #[arg(long, requires = "user")]
    password_stdin: bool,
    /// RTSP port of an Axis camera where it is not 554.
    #[arg(long)]
    rtsp_port: Option<u16>,
    /// Codec of an Axis camera's main stream: h264 (shown by every browser) or h265.
    #[arg(long, value_parser = codec)]
    codec: Option<Codec>,
    /// Let the video come in datagrams instead of inside the RTSP connection.
    #[arg(long)]
    udp: bool,
    /// Do not record sound.
    #[arg(long)]
    no_audio: bool,
    /// Do not record.
    #[arg(long)]
    no_record: bool,
    /// Days that recordings are kept; as long as there is room unless given.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3650))]
    retention_days: Option<u32>,
    /// Print the camera as JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `martello camera remove`.
#[derive(clap::Args)]
pub struct Remove {
    #[command(flatten)]
    site: SiteArguments,
    /// Name or identifier.
    camera: String,
}

pub(super) async fn run(command: Command, output: &mut Output) -> Outcome {
    match command {
        Command::Add(arguments) => add(arguments, output).await,
        Command::List(arguments) => list(&arguments, output).await,
        Command::Record(arguments) => super::method::run(arguments, output).await,
        Command::Remove(arguments) => {
            let connection = arguments.site.connect().await?;
            let camera = find(&connection, &arguments.camera).await?;
            connection.delete(&format!("/v1/cameras/{}", camera.id)).await?;
            output.line(&format!("{} was removed.", camera.name))
        }
        Command::Profile(command) => stream_profile::run(command, output).await,
    }
}

async fn add(arguments: Add, output: &mut Output) -> Outcome {
    let source = source(&arguments)?;
    let password = match &arguments.user {
        Some(_) => Some(prompt::password("Password of the camera", arguments.password_stdin)?.into_inner()),
        None => None,
    };
    let new = NewCamera {
        name: Some(arguments.name),
        source,
        user: arguments.user,
        password,
        transport: if arguments.udp { Transport::Udp } else { Transport::Tcp },
        audio: !arguments.no_audio,
        record: !arguments.no_record,
        retention_days: arguments.retention_days,
        image_url: None,
    };
    let camera: Camera = arguments.site.connect().await?.post("/v1/cameras", Some(&new)).await?;
    if arguments.json {
        output.json(&camera)
    } else {
        output.line(&format!("{} was added as {}.", camera.name, camera.id))
    }
}

async fn list(arguments: &List, output: &mut Output) -> Outcome {
    let cameras = all(&arguments.site.connect().await?).await?;
    if arguments.json {
        return output.json(&cameras);
    }
    let rows: Vec<_> = cameras
        .iter()
        .map(|camera| {
            let address = match &camera.source {
                Source::Axis { address, .. } => address,
                Source::Rtsp { main_url, .. } => main_url,
            };
            [camera.name.clone(), state(camera), camera.id.to_string(), address.clone()]
        })
        .collect();
    output.table(["NAME", "STATE", "ID", "ADDRESS"], &rows)
}

/// The camera with this name or identifier.
pub(super) async fn find(connection: &Connection, wanted: &str) -> Outcome<Camera> {
    let cameras = all(connection).await?;
    if let Ok(id) = wanted.parse::<CameraId>()
        && let Some(camera) = cameras.iter().find(|camera| camera.id == id)
    {
        return Ok(camera.clone());
    }
    let mut named = cameras.into_iter().filter(|camera| camera.name == wanted);
    match (named.next(), named.next()) {
        (Some(camera), None) => Ok(camera),
        (Some(_), Some(_)) => {
            Err(Failure::failed(format!("several cameras are called {wanted:?}: give the ID of one")))
        }
        (None, _) => Err(Failure::failed(format!("there is no camera {wanted:?}"))),
    }
}

async fn all(connection: &Connection) -> Outcome<Vec<Camera>> {
    connection.get("/v1/cameras", &[]).await.map(|Items { items }| items)
}

/// What the address is of. A password in it could be read by other users of this computer.
fn source(arguments: &Add) -> Outcome<Source> {
    let checked = |text: &str| -> Outcome<Url> {
        let url = Url::parse(text).map_err(|e| Failure::usage(format!("{text:?} is not an address: {e}")))?;
        if url.username().is_empty() && url.password().is_none() {
            Ok(url)
        } else {
            Err(Failure::usage(
                "name and password do not belong into the address: use --user and --password-stdin",
            ))
        }
    };
    let url = checked(&arguments.address)?;
    match url.scheme() {
        "rtsp" | "rtsps" => {
            if arguments.rtsp_port.is_some() || arguments.codec.is_some() {
                return Err(Failure::usage(
                    "--rtsp-port and --codec are for Axis cameras, given as http://HOST",
                ));
            }
            let sub_url = arguments.sub.as_deref().map(checked).transpose()?.map(String::from);
            Ok(Source::Rtsp { main_url: url.into(), sub_url })
        }
        "http" | "https" => {
            if arguments.sub.is_some() {
                return Err(Failure::usage(
                    "--sub is for rtsp:// addresses: an Axis camera tells its streams itself",
                ));
            }
            let address = url.origin().ascii_serialization();
            Ok(Source::Axis { address, rtsp_port: arguments.rtsp_port, codec: arguments.codec })
        }
        other => Err(Failure::usage(format!("{other}:// is none of rtsp://, http:// and https://"))),
    }
}

pub(super) fn codec(text: &str) -> Result<Codec, String> {
    match text {
        "h264" => Ok(Codec::H264),
        "h265" => Ok(Codec::H265),
        _ => Err("h264 or h265 is expected".into()),
    }
}

/// The state's name on the wire.
fn state(camera: &Camera) -> String {
    serde_json::to_value(camera.state)
        .ok()
        .and_then(|value| Some(value.as_str()?.to_owned()))
        .unwrap_or_default()
}
