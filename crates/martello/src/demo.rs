//! `martello demo`: a site and simulated cameras in one process, on loopback only.
//!
//! The demo is a user like any other: it makes its administrator and adds its cameras through the site's API. What it
//! made is kept in the data directory, so that a second start shows the same site with its recordings.

use std::path::PathBuf;

/// Arguments of `martello demo`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Directory for everything that the demo keeps.
    #[arg(long, env = "MARTELLO_DATA", default_value = "martello-demo")]
    data: PathBuf,
    /// How many cameras.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    cameras: u16,
    /// Port for HTTPS; 0: any free one.
    #[arg(long, default_value_t = 0)]
    https_port: u16,
    /// Do not add the cameras to the site: they are there to be found.
    #[arg(long)]
    empty: bool,
    /// When serving, write addresses, user and password into this file (JSON).
    #[arg(long)]
    ready_file: Option<PathBuf>,
}

#[cfg(not(feature = "sim"))]
/// Says that there is no demo in this build.
pub async fn run(_: Arguments) -> std::process::ExitCode {
    crate::ready::fail("this binary was built without simulated cameras (feature sim)")
}

#[cfg(feature = "sim")]
pub use with_cameras::run;

#[cfg(feature = "sim")]
mod with_cameras {
    use std::{
        fs,
        io::{self, Write},
        net::{Ipv4Addr, SocketAddr, SocketAddrV4},
        os::unix::fs::OpenOptionsExt,
        path::Path,
        process::ExitCode,
    };

    use api::{
        camera::{Camera, CameraChange, NewCamera, Source, Transport},
        session::{SetUp, SignIn, Token, TokenRequest},
    };
    use model::Secret;
    use serde::{Deserialize, Serialize};
    use sim::{Audio, CameraOptions, Farm, Scene, SimCamera};
    use site::{Config, DiscoveryConfig, Running, Site};

    use super::Arguments;
    use crate::{
        client::connection::Connection,
        embedded,
        ready::{self, Ready, ReadyCamera},
        serve,
    };

    const USER: &str = "demo";

    /// What the demo keeps, to be the same at the next start.
    #[derive(Default, Serialize, Deserialize)]
    struct Kept {
        password: Option<String>,
        cameras: Option<(Ipv4Addr, u16, u16)>,
    }

    /// Runs the demo until it is asked to stop.
    pub async fn run(arguments: Arguments) -> ExitCode {
        match start(&arguments).await {
            Ok((running, farm)) => {
                ready::stop_signal().await;
                running.stop().await;
                farm.stop().await;
                ExitCode::SUCCESS
            }
            Err(reason) => ready::fail(&reason),
        }
    }

    async fn start(arguments: &Arguments) -> Result<(Running, Farm), String> {
        fs::create_dir_all(&arguments.data)
            .map_err(|error| format!("cannot make the directory {}: {error}", arguments.data.display()))?;
        let file = arguments.data.join("demo.json");
        let mut kept: Kept =
            fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        let farm = cameras(arguments.cameras, &mut kept).await?;
        let mut config = Config::on_loopback(arguments.data.clone());
        config.https_port = arguments.https_port;
        if let Some(at) = &farm.discovery {
            config.discovery =
                DiscoveryConfig::Addresses { mdns: v4(at.mdns), ssdp: v4(at.ssdp), wsd: v4(at.wsd) };
        }
        let running = Site::start(config, embedded::SITE).await.map_err(|error| ready::chain(&error))?;
        let prepared = prepare(arguments, &running, &farm, &mut kept, &file).await;
        match prepared {
            Ok(token) => {
                let password = kept.password.unwrap_or_default();
                announce(&running, &password, arguments);
                if let Some(path) = &arguments.ready_file {
                    let ready = tell(&running, &farm, password, token);
                    ready::write(path, &ready)
                        .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
                }
                Ok((running, farm))
            }
            Err(reason) => {
                running.stop().await;
                Err(reason)
            }
        }
    }

    /// The cameras of the last start, at the same addresses where those are free.
    async fn cameras(count: u16, kept: &mut Kept) -> Result<Farm, String> {
        let scenes = [
            ("Street", Scene::Street, Audio::Aac),
            ("Container yard", Scene::Yard, Audio::Pcmu),
            ("Hall", Scene::Hall, Audio::Aac),
            ("Harbour", Scene::Harbour, Audio::None),
        ];
        let overrides = (0..count)
            .zip(scenes.iter().cycle())
            .map(|(index, (name, scene, audio))| {
                let round = usize::from(index) / scenes.len();
                let name = if round == 0 { (*name).to_owned() } else { format!("{name} {}", round + 1) };
                (
                    index,
                    CameraOptions {
                        name: Some(name),
                        scene: *scene,
                        audio: *audio,
                        ..CameraOptions::default()
                    },
                )
            })
            .collect();
        let mut options = sim::Options { count, overrides, ..sim::Options::default() };
        if let Some((base, rtsp_port, http_port)) = kept.cameras {
            let again = sim::Options { base: Some(base), rtsp_port, http_port, ..options.clone() };
            if let Ok(farm) = Farm::start(again).await {
                return Ok(farm);
            }
        }
        options.base = None;
        let farm = Farm::start(options)
            .await
            .map_err(|error| format!("the simulated cameras cannot start: {error}"))?;
        kept.cameras = farm.cameras.first().map(|first| (first.address, first.rtsp_port, first.http_port));
        Ok(farm)
    }

    /// Administrator and cameras; gives back a token.
    async fn prepare(
        arguments: &Arguments,
        running: &Running,
        farm: &Farm,
        kept: &mut Kept,
        file: &Path,
    ) -> Result<String, String> {
        let text = |error: crate::client::Failure| error.to_string();
        let connect = || async {
            let id = running
                .certificate_id()
                .parse()
                .map_err(|error: trust::certificate_id::ParseCertificateIdError| error.to_string())?;
            Connection::open_own(&running.url(), id).await.map_err(text)
        };
        let connection = connect().await?;
        let answer = if let Some(code) = running.setup_code() {
            let password = password();
            kept.password = Some(password.clone());
            let set_up = SetUp {
                code: code.expose().clone(),
                user: USER.to_owned(),
                password,
                site_name: Some("Martello demo".to_owned()),
            };
            connection.submit("/v1/setup", Some(&set_up)).await.map_err(text)?
        } else {
            let password = kept.password.clone().ok_or("this directory holds another site than a demo's")?;
            let sign_in = SignIn { user: USER.to_owned(), password, code: None };
            connection.submit("/v1/session", Some(&sign_in)).await.map_err(text)?
        };
        keep(file, kept).map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        let connection = connection.with_session_of(&answer).map_err(text)?;
        let request = TokenRequest { name: "demo".to_owned(), days: Some(1), scope: None };
        let token: Token = connection.post("/v1/tokens", Some(&request)).await.map_err(text)?;
        let value = token.value.ok_or("the site made a token without a value")?;
        let connection = connect().await?.with_token(Secret::new(value.clone()));
        if !arguments.empty {
            add_all(&connection, farm).await?;
        }
        Ok(value)
    }

    /// Adds cameras that are not there, and tells the site where those that are there have moved.
    async fn add_all(connection: &Connection, farm: &Farm) -> Result<(), String> {
        #[derive(Deserialize)]
        struct Items {
            items: Vec<Camera>,
        }
        let text = |error: crate::client::Failure| error.to_string();
        let known: Items = connection.get("/v1/cameras", &[]).await.map_err(text)?;
        for camera in &farm.cameras {
            let source = Source::Axis { address: camera.http_url(), rtsp_port: None, codec: None };
            match known.items.iter().find(|known| known.serial.as_deref() == Some(&*camera.serial)) {
                Some(known) if known.source == source => {}
                Some(known) => {
                    let change = CameraChange { source: Some(source), ..CameraChange::default() };
                    let path = format!("/v1/cameras/{}", known.id);
                    let _: Camera = connection.patch(&path, &change).await.map_err(text)?;
                }
                None => {
                    let _: Camera =
                        connection.post("/v1/cameras", Some(&new(camera, source))).await.map_err(text)?;
                }
            }
        }
        Ok(())
    }

    fn new(camera: &SimCamera, source: Source) -> NewCamera {
        NewCamera {
            name: Some(camera.name.clone()),
            source,
            user: Some(camera.user.clone()),
            password: Some(camera.password.clone()),
            transport: Transport::Tcp,
            audio: true,
            record: true,
            retention_days: Some(3),
            image_url: None,
        }
    }

    fn tell(running: &Running, farm: &Farm, password: String, token: String) -> Ready {
        let mut site = serve::site(running);
        site.setup_url = None;
        site.user = Some(USER.to_owned());
        site.password = Some(password);
        site.token = Some(token);
        let cameras = farm
            .cameras
            .iter()
            .map(|camera| ReadyCamera {
                name: camera.name.clone(),
                rtsp: camera.main_url.clone(),
                http: camera.http_url(),
                user: camera.user.clone(),
                password: camera.password.clone(),
            })
            .collect();
        Ready {
            site: Some(site),
            cameras,
            control: Some(format!("http://{}", farm.control)),
            ..Ready::default()
        }
    }

    /// Twelve letters and digits that are not mistaken for each other: 58 bits.
    fn password() -> String {
        const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
        let id = model::TokenId::random();
        let letters =
            id.as_bytes().iter().take(12).map(|byte| {
                char::from(LETTERS.get(usize::from(*byte) % LETTERS.len()).copied().unwrap_or(b'x'))
            });
        letters.collect()
    }

    fn keep(file: &Path, kept: &Kept) -> io::Result<()> {
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file)?;
        file.write_all(&serde_json::to_vec_pretty(kept)?)
    }

    fn v4(address: SocketAddr) -> Vec<SocketAddrV4> {
        match address {
            SocketAddr::V4(address) => vec![address],
            SocketAddr::V6(_) => Vec::new(),
        }
    }

    #[allow(clippy::print_stdout, reason = "a command's own words")]
    fn announce(running: &Running, password: &str, arguments: &Arguments) {
        println!(
            "Martello demo: a site with {} simulated cameras, on this computer only.",
            arguments.cameras
        );
        println!();
        println!("  Look here   {}", running.url());
        println!("  User        {USER}");
        println!("  Password    {password}");
        println!();
        println!("The browser will warn: the site has made its certificate itself. Compare, then go on:");
        println!("  SHA-256     {}", running.tls_certificate_sha256());
        println!();
        println!("Everything is kept in {}. Ctrl-C stops.", arguments.data.display());
    }
}
