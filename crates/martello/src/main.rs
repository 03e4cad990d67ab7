//! The only program of Martello: `martello site`, `martello cloud`, `martello demo`, `martello sim` and the client commands.
//!
//! What is here: arguments, logging, signals, exit codes. What is not here: behaviour of any service.

mod client;
mod cloud;
mod demo;
mod embedded;
mod heap;
mod install;
mod keep;
mod ready;
mod relay;
mod serve;
mod volume;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Video surveillance that you run yourself.
#[derive(Parser)]
#[command(name = "martello", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a site server: records and shows cameras.
    #[command(args_conflicts_with_subcommands = true)]
    Site(serve::Arguments),
    /// Run a cloud: accounts, organizations, and where clients and sites meet.
    Cloud(cloud::Arguments),
    /// Try Martello: a site with simulated cameras, on this computer only.
    Demo(demo::Arguments),
    /// Run a relay (STUN and TURN): passes packets between those that cannot reach each other, and counts them.
    Relay(Box<relay::Arguments>),
    /// Run simulated cameras.
    #[cfg(feature = "sim")]
    Sim(sim::cli::Args),
    /// Check that exports, segments and volumes are what a site recorded: no byte changed.
    Verify(volume::VerifyArguments),
    /// Make the site server a service of this computer.
    Install(install::Arguments),
    /// Take the service away; recordings, database and keys stay.
    Uninstall(install::Arguments),
    /// Keep a site's configuration and keys in one file, sealed under a passphrase; recordings are not in it.
    Backup(keep::BackupArguments),
    /// Make a data directory that of a backup's site.
    Restore(keep::RestoreArguments),
    #[command(flatten)]
    Client(Box<client::ClientCommand>),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if matches!(arguments.command, Command::Site(_)) {
        heap::one_for_all();
    }
    let unless_told = match arguments.command {
        // A client command says why it failed in one line of its own.
        Command::Client(_) => "off",
        // Whoever tries Martello out reads an address and a password, not a log.
        Command::Demo(_) => "error",
        _ => "warn,site=info,cloud=info,archive=info,camera=warn,relay=info",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("MARTELLO_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(unless_told));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(true).init();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().thread_name("martello");
    if let (Command::Site(_), Some(threads)) = (&arguments.command, site_threads()) {
        builder.worker_threads(threads);
    }
    let runtime = match builder.build() {
        Ok(runtime) => runtime,
        Err(error) => return ready::fail(&format!("cannot start: {error}")),
    };
    runtime.block_on(async {
        match arguments.command {
            Command::Site(arguments) => serve::run(arguments).await,
            Command::Cloud(arguments) => cloud::run(arguments).await,
            Command::Demo(arguments) => demo::run(arguments).await,
            Command::Relay(arguments) => relay::run(*arguments).await,
            #[cfg(feature = "sim")]
            Command::Sim(arguments) => match sim::cli::run(arguments).await {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => ready::fail(&ready::chain(&error)),
            },
            Command::Verify(arguments) => volume::run_verify(&arguments),
            Command::Install(arguments) => install::run(&arguments),
            Command::Uninstall(arguments) => install::run_uninstall(&arguments),
            Command::Backup(arguments) => keep::run_backup(&arguments),
            Command::Restore(arguments) => keep::run_restore(&arguments),
            Command::Client(command) => client::run(*command).await,
        }
    })
}

/// On how many threads a site's tasks run: on half as many as there are processors; nothing where the environment says it.
///
/// One is enough for hundreds of cameras, and each further one costs: it is woken for every frame, to look whether there is
/// work left. The other half is for what blocks and has threads of its own: a thread per volume, reading, exports, the
/// database, passwords.
fn site_threads() -> Option<usize> {
    if std::env::var_os("TOKIO_WORKER_THREADS").is_some() {
        return None;
    }
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Some(processors.div_ceil(2))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn arguments_of_every_command_fit_together() {
        super::Arguments::command().debug_assert();
    }
}
