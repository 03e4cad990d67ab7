//! The client commands: what a person or a script asks of a site, over its HTTP API.
//!
//! What is here: arguments, the pinned connection, what is printed. What is not here: anything that a site does by
//! itself; every command is one or a few operations of the API.
//!
//! Exit codes: 0 done, 1 failed with one line on stderr, 2 wrong usage.

mod audit;
mod camera;
mod certificate;
mod cloud;
mod clouds;
mod connect;
pub(crate) mod connection;
mod device;
mod directory;
mod export;
mod group;
mod lock;
mod login;
mod method;
mod output;
mod people;
mod private_file;
pub(crate) mod prompt;
mod provider;
mod recording;
mod remote;
mod rights;
mod route;
mod server;
mod servers;
mod session;
mod setup;
mod sites;
mod stream_profile;
mod target;
mod token;
mod user;
mod volume;

use std::process::ExitCode;

pub(crate) use export::evidence_of;
use output::Output;

/// Commands that are sent to a running site.
#[derive(clap::Subcommand)]
pub enum ClientCommand {
    /// Sign in to a site; the commands that follow use it.
    Login(login::Arguments),
    /// Make the first administrator of a new site.
    Setup(setup::Arguments),
    /// Add, list and remove cameras; choose how they are recorded.
    #[command(subcommand)]
    Camera(camera::Command),
    /// Look what is recorded; start and stop a recording by hand.
    #[command(subcommand)]
    Recording(recording::Command),
    /// Save recordings as a file that every player plays, with the evidence that proves it.
    Export(export::Arguments),
    /// Show, install, renew and remove the site's TLS certificate.
    #[command(subcommand)]
    Certificate(certificate::Command),
    /// Where recordings lie: add, change, adopt and remove volumes.
    #[command(subcommand)]
    Volume(volume::Command),
    /// Recordings that must be kept: nothing deletes what is locked.
    #[command(subcommand)]
    Lock(lock::Command),
    /// Find devices on the site's network.
    #[command(subcommand)]
    Device(device::Command),
    /// The list of sites that you use.
    #[command(subcommand)]
    Server(server::Command),
    /// Users of a site.
    #[command(subcommand)]
    User(user::Command),
    /// Groups of users.
    #[command(subcommand)]
    Group(group::Command),
    /// Where users and groups come from: Active Directory, LDAP.
    #[command(subcommand)]
    Directory(directory::Command),
    /// OpenID Connect providers that people sign in by.
    #[command(subcommand)]
    Provider(provider::Command),
    /// What is granted to whom, and what follows from it.
    #[command(subcommand)]
    Rights(rights::Command),
    /// Sign-ins: who is signed in, and ending it.
    #[command(subcommand)]
    Session(session::Command),
    /// Own tokens for scripts.
    #[command(subcommand)]
    Token(token::Command),
    /// Who did what at a site.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Reach the site from anywhere through a cloud: enable, disable, status.
    #[command(subcommand)]
    Remote(remote::Command),
    /// List the sites that you reach through a cloud.
    Sites(sites::Arguments),
    /// Open a site from anywhere: serves it at an address of this computer, for this computer only.
    Connect(connect::Arguments),
}

/// Why a command did not do what it should.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The arguments do not fit together.
    #[error("{0}")]
    Usage(String),
    /// It was tried and failed.
    #[error("{0}")]
    Failed(String),
}

/// A list as the site sends it.
#[derive(serde::Deserialize)]
struct Items<T> {
    items: Vec<T>,
}

pub(crate) type Outcome<T = ()> = Result<T, Failure>;

/// Runs the command; what it has to say goes to stdout, why it failed to stderr.
pub async fn run(command: ClientCommand) -> ExitCode {
    match dispatch(command, &mut Output::stdout()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::complain(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}

async fn dispatch(command: ClientCommand, output: &mut Output) -> Outcome {
    match command {
        ClientCommand::Login(arguments) => login::run(arguments, output).await,
        ClientCommand::Setup(arguments) => setup::run(arguments, output).await,
        ClientCommand::Camera(command) => camera::run(command, output).await,
        ClientCommand::Recording(command) => recording::run(command, output).await,
        ClientCommand::Export(arguments) => export::run(arguments, output).await,
        ClientCommand::Certificate(command) => certificate::run(command, output).await,
        ClientCommand::Volume(command) => volume::run(command, output).await,
        ClientCommand::Lock(command) => lock::run(command, output).await,
        ClientCommand::Device(command) => device::run(command, output).await,
        ClientCommand::Server(command) => server::run(command, output).await,
        ClientCommand::User(command) => user::run(command, output).await,
        ClientCommand::Group(command) => group::run(command, output).await,
        ClientCommand::Directory(command) => directory::run(command, output).await,
        ClientCommand::Provider(command) => provider::run(command, output).await,
        ClientCommand::Rights(command) => rights::run(command, output).await,
        ClientCommand::Session(command) => session::run(command, output).await,
        ClientCommand::Token(command) => token::run(command, output).await,
        ClientCommand::Audit(command) => audit::run(command, output).await,
        ClientCommand::Remote(command) => remote::run(command, output).await,
        ClientCommand::Sites(arguments) => sites::run(arguments, output).await,
        ClientCommand::Connect(arguments) => connect::run(arguments, output).await,
    }
}

impl Failure {
    fn usage(reason: impl Into<String>) -> Self {
        Self::Usage(reason.into())
    }

    fn failed(reason: impl Into<String>) -> Self {
        Self::Failed(reason.into())
    }

    const fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Failed(_) => 1,
        }
    }
}
