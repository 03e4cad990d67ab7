//! A real squid as an HTTP proxy that wants a name and a password, for one test.
//!
//! What is not here: proxies that misbehave (the command line's own tests make them).

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use crate::{slapd::free_ports, wait::until};

const SQUID: &str = "/usr/sbin/squid";
const PASSWORDS: &str = "/usr/lib/squid/basic_ncsa_auth";
const PATIENCE: Duration = Duration::from_secs(30);

/// A running squid.
pub struct Squid {
    child: Child,
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    place: TempDir,
}

/// Why squid cannot be used here.
#[must_use]
pub fn missing() -> Option<&'static str> {
    let there = [SQUID, PASSWORDS, "/usr/bin/openssl"].into_iter().all(|path| Path::new(path).exists());
    (!there).then_some("squid and openssl are not installed")
}

#[allow(clippy::expect_used, reason = "a test's helper: what fails fails the test")]
impl Squid {
    /// Starts one that connects whoever has this name and password, anywhere, and does nothing else.
    ///
    /// # Panics
    /// It does not start.
    pub async fn start(user: &str, password: &str) -> Self {
        let place = tempfile::tempdir().expect("a directory");
        // Started as root it becomes another user, who writes its logs there.
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o777)).expect("its mode");
        let at = |name: &str| place.path().join(name).display().to_string();
        let hash = Command::new("openssl").args(["passwd", "-apr1", password]).output().expect("openssl");
        let hash = String::from_utf8(hash.stdout).expect("a text");
        fs::write(at("passwords"), format!("{user}:{hash}")).expect("a file");
        let [port] = free_ports();
        let config = format!(
            "http_port 127.0.0.1:{port}\nvisible_hostname proxy.example\nauth_param basic program {PASSWORDS} {}\n\
             auth_param basic realm harbour\nacl known proxy_auth REQUIRED\nacl CONNECT method CONNECT\n\
             http_access allow CONNECT known\nhttp_access deny all\ncache deny all\nvia off\n\
             access_log stdio:{}\ncache_log {}\npid_filename none\ncoredump_dir {}\nshutdown_lifetime 0 seconds\n",
            at("passwords"),
            at("access.log"),
            at("cache.log"),
            place.path().display(),
        );
        fs::write(at("squid.conf"), config).expect("a file");
        let child = Command::new(SQUID)
            .args(["-N", "-f", &at("squid.conf")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("squid");
        until("squid listens", PATIENCE, || async move {
            tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await;
        Self { child, port, place }
    }

    /// What it has logged of requests.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.place.path().join("access.log")).unwrap_or_default()
    }
}

impl Drop for Squid {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
