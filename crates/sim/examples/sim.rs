//! `cargo run -p sim --example sim -- --count 4`: `martello sim` without the rest of Martello.

use clap::Parser;

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    args: sim::cli::Args,
}

#[tokio::main]
async fn main() -> Result<(), sim::cli::Run> {
    sim::cli::run(Command::parse().args).await
}
