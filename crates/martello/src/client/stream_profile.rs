//! `martello camera profile`: list, add, remove, use. (A *profile* of this program, with the site's address and token, is
//! `client::profile`.)

use api::{
    camera::{Camera, Codec},
    profile::{NewProfile, Profile, ProfileChange, ProfileUse, ProfileVideo},
};
use model::StreamKind;

use super::{Failure, Outcome, camera, output::Output, target::SiteArguments};

/// `martello camera profile …`
#[derive(clap::Subcommand)]
pub enum Command {
    /// List the stream profiles of a camera.
    List(List),
    /// Add a stream profile; its stream is opened first.
    Add(Add),
    /// Remove a stream profile that is not in use.
    Remove(Remove),
    /// Say what a stream profile is used for.
    Use(Use),
}

/// Arguments of `martello camera profile list`.
#[derive(clap::Args)]
pub struct List {
    #[command(flatten)]
    site: SiteArguments,
    /// Name or identifier of the camera.
    camera: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `martello camera profile add`.
#[derive(clap::Args)]
pub struct Add {
    #[command(flatten)]
    site: SiteArguments,
    /// Name or identifier of the camera.
    camera: String,
    /// Name of the profile.
    name: String,
    /// rtsp://… of its stream. Without it: parameters of an Axis camera.
    #[arg(long, conflicts_with_all = ["codec", "resolution", "fps", "compression"])]
    address: Option<String>,
    /// Codec: h264 or h265.
    #[arg(long, value_parser = camera::codec)]
    codec: Option<Codec>,
    /// Width and height, such as 1280x720.
    #[arg(long)]
    resolution: Option<String>,
    /// Pictures a second.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=200))]
    fps: Option<u8>,
    /// From 0 (best picture) to 100 (fewest bits).
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=100))]
    compression: Option<u8>,
    /// What it is used for: main (recorded), sub (grids) or none.
    #[arg(long = "use", value_parser = usage, default_value = "none")]
    use_as: ProfileUse,
    /// Print the profile as JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `martello camera profile remove`.
#[derive(clap::Args)]
pub struct Remove {
    #[command(flatten)]
    site: SiteArguments,
    /// Name or identifier of the camera.
    camera: String,
    /// Name of the profile.
    name: String,
}

/// Arguments of `martello camera profile use`.
#[derive(clap::Args)]
pub struct Use {
    #[command(flatten)]
    site: SiteArguments,
    /// Name or identifier of the camera.
    camera: String,
    /// Name of the profile.
    name: String,
    /// main (recorded), sub (grids) or none.
    #[arg(value_parser = usage)]
    use_as: ProfileUse,
    /// Print the profile as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: Command, output: &mut Output) -> Outcome {
    match command {
        Command::List(arguments) => list(&arguments, output).await,
        Command::Add(arguments) => add(arguments, output).await,
        Command::Remove(Remove { site, camera, name }) => {
            let connection = site.connect().await?;
            let camera = camera::find(&connection, &camera).await?;
            connection.delete(&path(&camera, &name)?).await?;
            output.line(&format!("{name} of {} was removed.", camera.name))
        }
        Command::Use(Use { site, camera, name, use_as, json }) => {
            let connection = site.connect().await?;
            let camera = camera::find(&connection, &camera).await?;
            let change = ProfileChange { use_as: Some(use_as), ..ProfileChange::default() };
            let profile: Profile = connection.patch(&path(&camera, &name)?, &change).await?;
            tell(output, json, &profile, &format!("{name} of {} is {}.", camera.name, used(&profile)))
        }
    }
}

async fn list(arguments: &List, output: &mut Output) -> Outcome {
    let connection = arguments.site.connect().await?;
    let camera = camera::find(&connection, &arguments.camera).await?;
    if arguments.json {
        return output.json(&camera.profiles);
    }
    let rows: Vec<_> = camera
        .profiles
        .iter()
        .map(|profile| {
            let picture = profile.picture.as_ref().map_or_else(String::new, |picture| {
                format!("{} {}x{}", picture.video_codec, picture.width, picture.height)
            });
            [profile.name.clone(), used(profile).to_owned(), picture, video(&profile.video)]
        })
        .collect();
    output.table(["NAME", "USE", "PICTURE", "STREAM"], &rows)
}

async fn add(arguments: Add, output: &mut Output) -> Outcome {
    let Add { site, camera, name, address, codec, resolution, fps, compression, use_as, json } = arguments;
    let connection = site.connect().await?;
    let camera = camera::find(&connection, &camera).await?;
    let video = match address {
        Some(url) => ProfileVideo::Rtsp { url },
        None => ProfileVideo::Axis { codec, resolution, fps, compression },
    };
    let new = NewProfile { name, video, use_as };
    let profile: Profile =
        connection.post(&format!("/v1/cameras/{}/profiles", camera.id), Some(&new)).await?;
    tell(output, json, &profile, &format!("{} was added to {}.", profile.name, camera.name))
}

fn tell(output: &mut Output, json: bool, profile: &Profile, text: &str) -> Outcome {
    if json { output.json(profile) } else { output.line(text) }
}

fn path(camera: &Camera, name: &str) -> Outcome<String> {
    let mut url = reqwest::Url::parse("http://site/").map_err(|error| Failure::failed(error.to_string()))?;
    let id = camera.id.to_string();
    url.path_segments_mut()
        .map_err(|()| Failure::usage("the name of the profile is not usable"))?
        .extend(["v1", "cameras", &id, "profiles", name]);
    Ok(url.path().to_owned())
}

const fn used(profile: &Profile) -> &'static str {
    match profile.used_as {
        Some(StreamKind::Main) => "main",
        Some(StreamKind::Sub) => "sub",
        None => "none",
    }
}

fn video(video: &ProfileVideo) -> String {
    match video {
        ProfileVideo::Rtsp { url } => url.clone(),
        ProfileVideo::Axis { codec, resolution, fps, compression } => {
            let codec = codec.map(|codec| match codec {
                Codec::H264 => "h264".to_owned(),
                Codec::H265 => "h265".to_owned(),
            });
            let parts = [
                codec,
                resolution.clone(),
                fps.map(|fps| format!("{fps} fps")),
                compression.map(|compression| format!("compression {compression}")),
            ];
            parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
        }
    }
}

fn usage(text: &str) -> Result<ProfileUse, String> {
    match text {
        "main" => Ok(ProfileUse::Main),
        "sub" => Ok(ProfileUse::Sub),
        "none" => Ok(ProfileUse::None),
        _ => Err("main, sub or none is expected".into()),
    }
}
