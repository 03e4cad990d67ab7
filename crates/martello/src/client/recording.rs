//! `martello recording`: what is recorded, and recordings by hand.

use api::recording::{Span, Timeline};
use api::{camera::Camera, method::ManualRecording};
use model::{WallTime, clock::wall_now};

use super::{Failure, Outcome, camera, output::Output, target::SiteArguments};

const DAY_MICROS: i64 = 86_400_000_000;

/// `martello recording …`
#[derive(clap::Subcommand)]
pub enum Command {
    /// List stretches of recording without a gap.
    List(List),
    /// Start a recording by hand; one that goes on is prolonged.
    Start(Start),
    /// Stop the recording that was started by hand.
    Stop(Stop),
}

/// Arguments of `martello recording start`.
#[derive(clap::Args)]
pub struct Start {
    #[command(flatten)]
    site: SiteArguments,
    /// Name or identifier of the camera.
    #[arg(long)]
    camera: String,
    /// Ends by itself after so many seconds [default: the camera's own limit].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    seconds: Option<u32>,
    /// Print the camera as JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `martello recording stop`.
#[derive(clap::Args)]
pub struct Stop {
    #[command(flatten)]
    site: SiteArguments,
    /// Name or identifier of the camera.
    #[arg(long)]
    camera: String,
}

/// Arguments of `martello recording list`.
#[derive(clap::Args)]
pub struct List {
    #[command(flatten)]
    site: SiteArguments,
    /// Name or identifier of the camera.
    #[arg(long)]
    camera: String,
    #[command(flatten)]
    range: Range,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A range of time.
#[derive(clap::Args)]
pub(super) struct Range {
    /// Start, RFC 3339 [default: a day before the end].
    #[arg(long)]
    from: Option<WallTime>,
    /// End, RFC 3339 [default: now].
    #[arg(long)]
    to: Option<WallTime>,
}

impl Range {
    /// Start and end.
    pub fn ends(&self) -> Outcome<(WallTime, WallTime)> {
        let to = self.to.unwrap_or_else(wall_now);
        let from = self.from.unwrap_or_else(|| to.plus_micros(-DAY_MICROS));
        if from < to { Ok((from, to)) } else { Err(Failure::usage("the range ends before it begins")) }
    }
}

pub(super) async fn run(command: Command, output: &mut Output) -> Outcome {
    match command {
        Command::List(arguments) => list(arguments, output).await,
        Command::Start(arguments) => start(arguments, output).await,
        Command::Stop(arguments) => {
            let connection = arguments.site.connect().await?;
            let camera = camera::find(&connection, &arguments.camera).await?;
            connection.delete(&path(&camera)).await?;
            output.line(&format!("{} is no longer recorded by hand.", camera.name))
        }
    }
}

async fn start(arguments: Start, output: &mut Output) -> Outcome {
    let connection = arguments.site.connect().await?;
    let camera = camera::find(&connection, &arguments.camera).await?;
    let ask = ManualRecording { seconds: arguments.seconds };
    let camera: Camera = connection.post(&path(&camera), Some(&ask)).await?;
    if arguments.json {
        return output.json(&camera);
    }
    let until = camera.recording.manual_until.map_or_else(String::new, |until| format!(" until {until}"));
    output.line(&format!("{} is recorded by hand{until}.", camera.name))
}

fn path(camera: &Camera) -> String {
    format!("/v1/cameras/{}/recording/manual", camera.id)
}

async fn list(arguments: List, output: &mut Output) -> Outcome {
    let (from, to) = arguments.range.ends()?;
    let connection = arguments.site.connect().await?;
    let camera = camera::find(&connection, &arguments.camera).await?;
    let query = [("cameras", camera.id.to_string()), ("from", from.to_string()), ("to", to.to_string())];
    let timeline: Timeline = connection.get("/v1/timeline", &query).await?;
    let spans: Vec<Span> = timeline.lanes.into_iter().flat_map(|lane| lane.spans).collect();
    if arguments.json {
        return output.json(&spans);
    }
    let rows: Vec<_> = spans
        .iter()
        .map(|span| {
            let seconds = span.to.micros_since(span.from) as f64 / 1e6;
            let end = if span.open { "(going on)".to_owned() } else { span.to.to_string() };
            [span.from.to_string(), end, format!("{seconds:.1}"), format!("{:.1}", span.bytes as f64 / 1e6)]
        })
        .collect();
    output.table(["FROM", "TO", "SECONDS", "MB"], &rows)
}
