//! `martello` as a process of its own, as its owner runs it: started, watched, stopped, killed.
//!
//! What is not here: a site inside the test's own process ([`crate::system`]).

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use api::camera::{Camera, CameraState, NewCamera, Source};
use model::CameraId;
use serde_json::Value;
use sim::{Farm, SimCamera};

use crate::{
    Client,
    system::{ADMINISTRATOR, new_camera},
    wait::until,
};

/// How long a start, a stop or a first picture may take on a loaded machine.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// A running site server.
pub struct Program {
    child: Child,
    /// Nobody is signed in, until [`Program::set_up`] or [`Client::sign_in`].
    pub client: Client,
    /// The link for the first administrator, at the first start.
    pub setup_url: Option<String>,
    printed: PathBuf,
}

/// The program that was built beside this test, unless `MARTELLO_BIN` names another.
#[must_use]
pub fn martello() -> Option<PathBuf> {
    let beside = || Some(std::env::current_exe().ok()?.parent()?.parent()?.join("martello"));
    std::env::var_os("MARTELLO_BIN").map(PathBuf::from).or_else(beside).filter(|path| path.is_file())
}

#[allow(clippy::expect_used, reason = "a test's helper: what fails fails the test")]
impl Program {
    /// Starts `martello site` with its data in `site` below this place.
    ///
    /// # Panics
    /// It does not start.
    pub async fn start(program: &Path, place: &Path) -> Self {
        Self::start_on(program, place, &place.join("site")).await
    }

    /// Starts `martello site` with its data there; what it says goes into files of `place`.
    ///
    /// # Panics
    /// It does not start.
    pub async fn start_on(program: &Path, place: &Path, data: &Path) -> Self {
        let mut command = Command::new(program);
        command
            .args(["site", "--listen", "127.0.0.1", "--https-port", "0", "--https-only", "--data"])
            .arg(data);
        Self::run(command, place).await
    }

    /// Runs a command that tells where its site is in a ready file, like `martello site`.
    ///
    /// # Panics
    /// It does not start.
    pub async fn run(mut command: Command, place: &Path) -> Self {
        let (ready, printed) = (place.join("ready.json"), place.join("printed.txt"));
        let _ = fs::remove_file(&ready);
        let child = command
            .arg("--ready-file")
            .arg(&ready)
            .stdin(Stdio::null())
            .stdout(fs::File::create(&printed).expect("a file"))
            .stderr(fs::File::create(place.join("log.txt")).expect("a file"))
            .spawn()
            .expect("the program");
        let told: Value = until("the site serves", PATIENCE, || async {
            serde_json::from_slice(&fs::read(&ready).ok()?).ok()
        })
        .await;
        let text = |name: &str| told["site"][name].as_str().map(str::to_owned);
        let (url, fingerprint) =
            (text("url").expect("a URL"), text("tls_certificate_sha256").expect("a hash"));
        Self { child, client: Client::new(&url, &fingerprint), setup_url: text("setup_url"), printed }
    }

    /// Makes the first administrator.
    ///
    /// # Panics
    /// There is one already.
    pub async fn set_up(&mut self) {
        let url = self.setup_url.clone().expect("a setup link");
        let code = url.split_once("code=").expect("a code").1;
        self.client.set_up(code, ADMINISTRATOR.0, ADMINISTRATOR.1).await;
    }

    /// Adds the cameras of a farm as Axis cameras and waits until all are recorded.
    ///
    /// # Panics
    /// They are not within [`PATIENCE`].
    pub async fn record(&self, farm: &Farm) -> Vec<CameraId> {
        let mut ids = Vec::new();
        for camera in &farm.cameras {
            ids.push(self.add(camera).await.id);
        }
        for id in &ids {
            until("the camera is recorded", PATIENCE, || async {
                let camera: Camera = self.client.get(&format!("/v1/cameras/{id}")).await;
                (camera.state == CameraState::Recording).then_some(())
            })
            .await;
        }
        ids
    }

    async fn add(&self, camera: &SimCamera) -> Camera {
        let source = Source::Axis { address: camera.http_url(), rtsp_port: None, codec: None };
        let new: NewCamera = new_camera(camera, source);
        self.client.post("/v1/cameras", &new).await
    }

    /// Goes on with a token instead of the cookie, as programs do.
    ///
    /// # Panics
    /// The site makes none.
    pub async fn use_token(&mut self) {
        let token: Value = self.client.post("/v1/tokens", &serde_json::json!({ "name": "bench" })).await;
        let value = token["value"].as_str().expect("a token");
        self.client.credential = Some((reqwest::header::AUTHORIZATION, format!("Bearer {value}")));
    }

    /// What it has printed.
    ///
    /// # Panics
    /// The file is gone.
    #[must_use]
    pub fn printed(&self) -> String {
        fs::read_to_string(&self.printed).expect("what was printed")
    }

    /// Its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Seconds of a core that it has used, user and system.
    ///
    /// # Panics
    /// It has ended.
    #[must_use]
    pub fn cpu_s(&self) -> f64 {
        cpu_s(&self.id().to_string())
    }

    /// Bytes in memory: all that is resident, and with shared pages counted by their share.
    ///
    /// # Panics
    /// It has ended.
    #[must_use]
    pub fn resident(&self) -> (u64, u64) {
        (self.memory("Rss:"), self.memory("Pss:"))
    }

    /// Bytes in memory that belong to no file.
    ///
    /// # Panics
    /// It has ended.
    #[must_use]
    pub fn anonymous(&self) -> u64 {
        self.memory("Anonymous:")
    }

    fn memory(&self, name: &str) -> u64 {
        let smaps =
            fs::read_to_string(format!("/proc/{}/smaps_rollup", self.id())).expect("a running program");
        let line = smaps.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.split_whitespace().next().and_then(|text| text.parse::<u64>().ok()).unwrap_or_default() << 10
    }

    /// Sends a signal, such as `-STOP`.
    ///
    /// # Panics
    /// It has ended.
    pub fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().expect("kill").success());
    }

    /// Sends a signal and waits for the end.
    ///
    /// # Panics
    /// It does not end within [`PATIENCE`].
    pub async fn end(mut self, signal: &str) -> ExitStatus {
        self.signal(signal);
        until("the site has ended", PATIENCE, || {
            let ended = self.child.try_wait().expect("a child");
            async move { ended }
        })
        .await
    }
}

/// Seconds of a core that a process, named by its number or `self`, has used (proc(5)).
///
/// # Panics
/// There is none.
#[must_use]
#[allow(clippy::expect_used, reason = "a test's helper")]
pub fn cpu_s(process: &str) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).expect("a running program");
    // The name in parentheses may hold anything; utime and stime are fields 14 and 15, in hundredths.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
