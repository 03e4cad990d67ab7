//! `martello camera record`: how a camera is recorded. Schedules are made elsewhere and named here.

use api::method::{MotionFrom, RecordingMethod, RecordingSettings, Schedule, Streams};
use model::ScheduleId;
use serde::de::DeserializeOwned;

use super::{Failure, Items, Outcome, camera, output::Output, target::SiteArguments};

/// Arguments of `martello camera record`. What is left out stays; without any the settings are shown.
#[derive(clap::Args)]
pub struct Record {
    #[command(flatten)]
    site: SiteArguments,
    /// Name or identifier of the camera.
    camera: String,
    /// off, continuous, motion, both or manual.
    #[arg(long, value_parser = word::<RecordingMethod>)]
    method: Option<RecordingMethod>,
    /// Streams of continuous recording: main, sub or both.
    #[arg(long, value_parser = word::<Streams>)]
    continuous_streams: Option<Streams>,
    /// Name of the schedule of continuous recording, or `always`.
    #[arg(long)]
    continuous_schedule: Option<String>,
    /// Streams of recording on motion: main, sub or both.
    #[arg(long, value_parser = word::<Streams>)]
    motion_streams: Option<Streams>,
    /// Name of the schedule of recording on motion, or `always`.
    #[arg(long)]
    motion_schedule: Option<String>,
    /// Where motion is known from: auto, camera or estimate.
    #[arg(long, value_parser = word::<MotionFrom>)]
    motion_from: Option<MotionFrom>,
    /// Streams of recordings by hand: main, sub or both.
    #[arg(long, value_parser = word::<Streams>)]
    manual_streams: Option<Streams>,
    /// Seconds after which a recording by hand ends by itself.
    #[arg(long, value_parser = clap::value_parser!(u32).range(10..=86_400))]
    manual_longest: Option<u32>,
    /// Record sound: on or off.
    #[arg(long, value_parser = switch, action = clap::ArgAction::Set)]
    sound: Option<bool>,
    /// Seconds that are recorded before an event.
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=600))]
    pre_buffer: Option<u32>,
    /// Seconds that are recorded after an event.
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=600))]
    post_buffer: Option<u32>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: Record, output: &mut Output) -> Outcome {
    let connection = arguments.site.connect().await?;
    let camera = camera::find(&connection, &arguments.camera).await?;
    let path = format!("/v1/cameras/{}/recording", camera.id);
    let old: RecordingSettings = connection.get(&path, &[]).await?;
    let Items { items: schedules } = connection.get::<Items<Schedule>>("/v1/schedules", &[]).await?;
    let new = change(&arguments, old, &schedules)?;
    let settings = if new == old { old } else { connection.put(&path, &new).await? };
    if arguments.json {
        return output.json(&settings);
    }
    let name = |id: Option<ScheduleId>| match id {
        None => "always".to_owned(),
        Some(id) => schedules
            .iter()
            .find(|one| one.id == id)
            .map_or_else(|| format!("{id} (gone: always)"), |one| one.name.clone()),
    };
    output.table(
        ["WHAT", "SETTING"],
        &[
            ["method", &told(settings.method)].map(str::to_owned),
            ["continuous streams", &told(settings.continuous.streams)].map(str::to_owned),
            ["continuous schedule", &name(settings.continuous.schedule)].map(str::to_owned),
            ["motion streams", &told(settings.motion.streams)].map(str::to_owned),
            ["motion schedule", &name(settings.motion.schedule)].map(str::to_owned),
            ["motion from", &told(settings.motion_from)].map(str::to_owned),
            ["manual streams", &told(settings.manual_streams)].map(str::to_owned),
            ["manual longest", &format!("{} s", settings.manual_longest_s)].map(str::to_owned),
            ["sound", if settings.sound { "on" } else { "off" }].map(str::to_owned),
            ["pre buffer", &format!("{} s", settings.pre_buffer_s)].map(str::to_owned),
            ["post buffer", &format!("{} s", settings.post_buffer_s)].map(str::to_owned),
        ],
    )
}

fn change(arguments: &Record, old: RecordingSettings, schedules: &[Schedule]) -> Outcome<RecordingSettings> {
    let schedule = |asked: &Option<String>, old: Option<ScheduleId>| match asked.as_deref() {
        None => Ok(old),
        Some("always") => Ok(None),
        Some(name) => match schedules.iter().find(|schedule| schedule.name == name) {
            Some(schedule) => Ok(Some(schedule.id)),
            None => Err(Failure::failed(format!("there is no schedule {name:?}"))),
        },
    };
    let mut new = old;
    new.method = arguments.method.unwrap_or(old.method);
    new.continuous.streams = arguments.continuous_streams.unwrap_or(old.continuous.streams);
    new.continuous.schedule = schedule(&arguments.continuous_schedule, old.continuous.schedule)?;
    new.motion.streams = arguments.motion_streams.unwrap_or(old.motion.streams);
    new.motion.schedule = schedule(&arguments.motion_schedule, old.motion.schedule)?;
    new.motion_from = arguments.motion_from.unwrap_or(old.motion_from);
    new.manual_streams = arguments.manual_streams.unwrap_or(old.manual_streams);
    new.manual_longest_s = arguments.manual_longest.unwrap_or(old.manual_longest_s);
    new.sound = arguments.sound.unwrap_or(old.sound);
    new.pre_buffer_s = arguments.pre_buffer.unwrap_or(old.pre_buffer_s);
    new.post_buffer_s = arguments.post_buffer.unwrap_or(old.post_buffer_s);
    Ok(new)
}

/// A word of the API.
pub(super) fn word<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(text.into()).map_err(|error| error.to_string())
}

/// The word of the API for a value.
fn told(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| Some(value.as_str()?.to_owned())).unwrap_or_default()
}

fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("on or off is expected".into()),
    }
}
