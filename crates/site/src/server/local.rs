//! The Unix socket of this machine: who connects is told by the kernel (SO_PEERCRED, unix(7)), so no password is asked.
//!
//! What is here: the socket with its directory and mode, and the check at every connection. What is not here: who counts
//! as an administrator (`machine`), and what a request means (`http`, the same router as on TLS).

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::{DirBuilderExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use api::Code;
use axum::Router;
use serve::listen::DRAIN;
use tokio::{
    net::{UnixListener, UnixStream},
    sync::Semaphore,
    task::JoinSet,
};

use super::{Peer, serve_requests};
use crate::{App, audit::Deed, http::problem::Failure, machine, stop::Stop};

/// Connections at once. They are counted apart: a flood from the network never keeps out who sits at the machine.
const CONNECTIONS: usize = 64;
/// How often a connection's account is judged again.
const RECHECK: Duration = Duration::from_secs(1);
/// The directory, where it has to be made: only root, the site and the group come in.
const DIRECTORY: u32 = 0o750;
/// The socket, where the group can be given to it, and where it cannot.
const SHARED: u32 = 0o660;
const OWN: u32 = 0o600;

/// The account that sent a request over the local socket (its user ID); such requests carry it as an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalAccount(pub u32);

/// A bound socket; the file goes with it.
pub struct LocalSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl Drop for LocalSocket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Binds the socket. It appears under its name with its final owner and mode.
///
/// # Errors
/// Its directory cannot be made, the path is longer than the kernel takes (107 bytes), or another site answers there.
pub fn bind(path: &Path, group: Option<u32>) -> io::Result<LocalSocket> {
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(io::Error::new(io::ErrorKind::AddrInUse, "another site answers there"));
    }
    if let Some(directory) = path.parent().filter(|directory| !directory.exists()) {
        fs::DirBuilder::new().recursive(true).mode(DIRECTORY).create(directory)?;
        let _ = chown(directory, None, group);
    }
    let draft = path.with_extension("new");
    let _ = fs::remove_file(&draft);
    // Until its mode is set nobody but the site's own account can write to it, and so nobody else can connect.
    let listener = UnixListener::bind(&draft)?;
    let shared = group.is_some() && chown(&draft, None, group).is_ok();
    if group.is_some() && !shared {
        tracing::warn!(
            path = %path.display(),
            "the local socket cannot be given to the group of administrators: only root can use it"
        );
    }
    let mode = if shared { SHARED } else { OWN };
    fs::set_permissions(&draft, fs::Permissions::from_mode(mode))?;
    fs::rename(&draft, path)?;
    Ok(LocalSocket { listener, path: path.to_owned() })
}

/// Serves the router to administrators of this machine until `stop` says so.
pub async fn serve_local(socket: LocalSocket, app: App, router: Router, mut stop: Stop) {
    let limit = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            () = stop.requested() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            accepted = socket.listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "accepting a local connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        // Who comes beyond the limit finds the connection closed.
        let Ok(permit) = Arc::clone(&limit).try_acquire_owned() else { continue };
        let (app, router, stop) = (app.clone(), router.clone(), stop.clone());
        connections.spawn(async move {
            if let Err(reason) = serve_account(stream, &app, router, stop).await {
                tracing::debug!(%reason, "local connection ended");
            }
            drop(permit);
        });
    }
    let drained = tokio::time::timeout(DRAIN, async { while connections.join_next().await.is_some() {} });
    if drained.await.is_err() {
        connections.shutdown().await;
    }
}

async fn serve_account(
    stream: UnixStream,
    app: &App,
    router: Router,
    stop: Stop,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let uid = stream.peer_cred()?.uid();
    let router = if administrates(app, uid).await {
        router
    } else {
        let name = crate::blocking(move || machine::account(uid)).await.unwrap_or_default();
        tracing::info!(uid, name, "refused at the local socket: no administrator of this machine");
        app.audit.note(Deed::at_machine(uid, name).refused("no administrator of this machine")).await;
        Router::new().fallback(|| async { refusal() })
    };
    let origin = Peer(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    let connection = serve_requests(stream, router, stop, move |request| {
        request.insert(origin);
        request.insert(LocalAccount(uid));
    });
    tokio::select! {
        ended = connection => ended,
        // What is being sent ends with the right to it, too.
        () = lost(app, uid) => Err("no administrator of this machine any more".into()),
    }
}

/// What is answered to an account that does not administrate this machine.
#[must_use]
pub fn refusal() -> Failure {
    Failure::new(Code::Forbidden, "Only administrators of this machine sign in without a password").detail(
        "Use sudo, sign in as a user of the site, or have root add you to the group of administrators.",
    )
}

/// Ends when the account does not administrate this machine any more; never for one that did not to begin with.
async fn lost(app: &App, uid: u32) {
    if !administrates(app, uid).await {
        return std::future::pending().await;
    }
    while administrates(app, uid).await {
        tokio::time::sleep(RECHECK).await;
    }
}

async fn administrates(app: &App, uid: u32) -> bool {
    app.blocking(move |app| app.machine.administrator(uid).is_some()).await.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_socket_is_for_its_owner_unless_a_group_has_it_and_goes_with_the_site() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("run").join("site.sock");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let socket = bind(&path, None).unwrap();
        assert_eq!((mode(&path), mode(path.parent().unwrap()) & !DIRECTORY), (OWN, 0));
        assert!(bind(&path, None).is_err(), "another one answers there");
        drop(socket);
        assert!(!path.exists());
        // What a crash left behind is replaced. A group of one's own can be given to it by anybody.
        std::os::unix::net::UnixListener::bind(&path).unwrap();
        let group = std::os::unix::fs::MetadataExt::gid(&fs::metadata(home.path()).unwrap());
        let socket = bind(&path, Some(group)).unwrap();
        assert_eq!(mode(&path), SHARED);
        drop(socket);
        let long = home.path().join("x".repeat(100)).join("site.sock");
        assert!(bind(&long, None).is_err());
    }
}
