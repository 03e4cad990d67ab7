//! A real PostgreSQL (Debian's) on a free port of 127.0.0.1, as its own user, gone with the test.

use std::{
    fs,
    net::TcpListener,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use catalog::cloud::Location;
use model::Secret;
use postgres::{Client, NoTls};
use tempfile::TempDir;

/// The account that Debian's package makes; PostgreSQL refuses to run as root.
const ACCOUNT: &str = "postgres";

/// A running server.
pub struct Server {
    binaries: PathBuf,
    place: TempDir,
    port: u16,
    account: Option<(u32, u32)>,
}

impl Server {
    /// Starts it; why not, where it cannot run here.
    pub fn start() -> Result<Self, String> {
        let binaries = binaries().ok_or("PostgreSQL is not installed (Debian package postgresql)")?;
        let place = tempfile::tempdir().unwrap();
        let root =
            fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own)).unwrap() == 0;
        let account = if root { Some(account().ok_or("there is no account postgres")?) } else { None };
        if let Some((user, group)) = account {
            chown(place.path(), Some(user), Some(group)).unwrap();
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { binaries, place, port, account };
        let data = server.data();
        server.run(
            "initdb",
            &["-D", &data, "-A", "trust", "-U", ACCOUNT, "--no-sync", "-E", "UTF8", "--locale=C"],
        )?;
        let place = server.place.path().display();
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories='{place}' -c fsync=off -c shared_buffers=16MB"
        );
        let log = format!("{place}/log");
        server.run("pg_ctl", &["-D", &data, "-w", "-t", "60", "-l", &log, "-o", &options, "start"])?;
        Ok(server)
    }

    /// A place in it with nothing in it.
    pub fn fresh(&self, name: &str) -> Location {
        let address = format!("host=127.0.0.1 port={} user={ACCOUNT} dbname=postgres", self.port);
        let mut client = Client::connect(&address, NoTls).unwrap();
        client.batch_execute(&format!("CREATE SCHEMA {name}")).unwrap();
        Location::Postgres(Secret::new(format!("{address} options='-c search_path={name}'")))
    }

    fn data(&self) -> String {
        self.place.path().join("data").display().to_string()
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<(), String> {
        let mut command = Command::new(self.binaries.join(program));
        // What it starts lives on: it must not hold what this waits for.
        let errors = fs::File::create(self.place.path().join("errors")).unwrap();
        command.args(arguments).current_dir("/").stdout(Stdio::null()).stderr(errors);
        if let Some((user, group)) = self.account {
            command.uid(user).gid(group);
        }
        let done = command.status().map_err(|error| format!("{program}: {error}"))?;
        let told = || fs::read_to_string(self.place.path().join("errors")).unwrap_or_default();
        if done.success() { Ok(()) } else { Err(format!("{program} failed: {}", told())) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let data = self.data();
        let _ = self.run("pg_ctl", &["-D", &data, "-m", "immediate", "stop"]);
    }
}

/// The newest release that is installed.
fn binaries() -> Option<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|path| Path::new(path).join("initdb").exists())
        .collect();
    all.sort();
    all.pop()
}

fn account() -> Option<(u32, u32)> {
    let accounts = fs::read_to_string("/etc/passwd").ok()?;
    let line = accounts.lines().find(|line| line.starts_with("postgres:"))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}
