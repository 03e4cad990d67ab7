//! `martello recording`: what is recorded.

use api::recording::{Span, Timeline};
use model::{WallTime, clock::wall_now};

use super::{Failure, Outcome, camera, output::Output, target::SiteArguments};

const DAY_MICROS: i64 = 86_400_000_000;

/// `martello recording …`
#[derive(clap::Subcommand)]
pub enum Command {
    /// List stretches of recording without a gap.
    List(List),
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
    let Command::List(arguments) = command;
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
