//! A site server under measurement, spoken to as a script would: through its ready file and its API, with curl.
//!
//! What is not here: measuring (`process`).

use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::{Value, json};

use super::process::{Program, until};
use crate::Failure;

/// A simulated camera, as the ready file tells it.
#[derive(Deserialize)]
pub struct Camera {
    /// Its name.
    pub name: String,
    /// Address of its main stream.
    pub rtsp: String,
    /// User there.
    pub user: String,
    /// Password there.
    pub password: String,
}

#[derive(Deserialize)]
struct Ready {
    site: Option<ReadySite>,
    #[serde(default)]
    cameras: Vec<Camera>,
}

#[derive(Deserialize)]
struct ReadySite {
    url: String,
    setup_url: Option<String>,
}

/// A running site, signed in to.
pub struct Site {
    /// Its process.
    pub program: Program,
    url: String,
    token: String,
}

/// Starts simulated cameras in a process of their own.
///
/// # Errors
/// They do not start.
pub fn cameras(binary: &str, count: usize, place: &Path) -> Result<(Program, Vec<Camera>), Failure> {
    let ready = place.join("cameras.json");
    let words = [binary, "sim", "--count", &count.to_string(), "--ready-file", &ready.to_string_lossy()];
    let program = Program::start(&words, &place.join("cameras.log"))?;
    Ok((program, ready_file(&ready)?.cameras))
}

fn ready_file(path: &Path) -> Result<Ready, Failure> {
    let text = until(&format!("{}", path.display()), || Ok(fs::read_to_string(path).ok()))?;
    Ok(serde_json::from_str(&text)?)
}

impl Site {
    /// Starts a site in an empty directory, makes its administrator and a token.
    ///
    /// # Errors
    /// It does not start, or refuses.
    pub fn start(binary: &str, place: &Path) -> Result<Self, Failure> {
        let (data, ready) = (place.join("data"), place.join("site.json"));
        let words = [
            binary,
            "site",
            "--data",
            &data.to_string_lossy(),
            "--ready-file",
            &ready.to_string_lossy(),
            "--listen",
            "127.0.0.1",
            "--https-port",
            "0",
        ];
        let program = Program::start(&words, &place.join("site.log"))?;
        let ReadySite { url, setup_url } = ready_file(&ready)?.site.ok_or("the ready file tells no site")?;
        let setup_url = setup_url.ok_or("a new site tells its setup link")?;
        let code = setup_url.rsplit(['=', '/', '#']).next().unwrap_or_default();
        let jar = place.join("cookies");
        let by_cookie = |path: &str, body: Value| {
            let jar = jar.to_string_lossy();
            curl(
                &format!("{url}{path}"),
                &["-b", &jar, "-c", &jar, "-H", &format!("Origin: {url}")],
                Some(&body),
            )
        };
        let password = "measured, not guessed";
        by_cookie("/v1/setup", json!({ "code": code, "user": "bench", "password": password }))?;
        let token = by_cookie("/v1/tokens", json!({ "name": "bench" }))?;
        let token = token["value"].as_str().ok_or("no token")?.to_owned();
        Ok(Self { program, url, token })
    }

    /// Adds a camera by the address of its stream.
    ///
    /// # Errors
    /// The site refuses it.
    pub fn add(&self, camera: &Camera) -> Result<(), Failure> {
        let source = json!({ "kind": "rtsp", "main_url": camera.rtsp });
        let body = json!({
            "name": camera.name, "source": source, "user": camera.user, "password": camera.password,
        });
        self.ask("/v1/cameras", Some(&body)).map(|_| ())
    }

    /// Waits until so many cameras are recorded.
    ///
    /// # Errors
    /// They are not within the patience of [`until`].
    pub fn wait_for_recording(&self, count: usize) -> Result<(), Failure> {
        until("all cameras to be recorded", || {
            let listed = self.ask("/v1/cameras", None)?;
            let cameras = listed["items"].as_array().ok_or("no list of cameras")?;
            let recording = cameras.iter().filter(|camera| camera["state"] == "recording").count();
            Ok((recording == count).then_some(()))
        })
    }

    fn ask(&self, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let bearer = format!("Authorization: Bearer {}", self.token);
        curl(&format!("{}{path}", self.url), &["-H", &bearer], body)
    }
}

/// One request. The certificate is the site's own, and this is loopback.
fn curl(url: &str, more: &[&str], body: Option<&Value>) -> Result<Value, Failure> {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--insecure", "--max-time", "20", "--fail-with-body", url])
        .args(more);
    if let Some(body) = body {
        curl.args(["-H", "Content-Type: application/json", "--data", &body.to_string()]);
    }
    let answer = curl.output()?;
    let text = String::from_utf8_lossy(&answer.stdout);
    if !answer.status.success() {
        return Err(format!("{url}: {text} {}", String::from_utf8_lossy(&answer.stderr)).into());
    }
    Ok(serde_json::from_str(&text)?)
}
