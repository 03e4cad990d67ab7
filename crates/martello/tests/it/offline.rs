//! `martello export --volume` and `martello verify`: from a volume to a verdict, without any server.

use std::{path::Path, process::Command, sync::Arc};

use archive::{Archive, Dir, Options};
use evidence::SiteSigner;
use media::AudioCodec;
use rand::{SeedableRng, rngs::StdRng};
use trust::Identity;

use crate::fake_camera::{self as fake, Camera};

struct Done {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn martello(arguments: &[&str]) -> Done {
    let output = Command::new(env!("CARGO_BIN_EXE_martello"))
        .args(arguments)
        .env_remove("MARTELLO_CERTIFICATE_ID")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Done { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

/// The data of a site with half a minute of two cameras; its key.
fn site(data: &Path) -> Identity {
    let identity = Identity::generate(&mut StdRng::seed_from_u64(1));
    std::fs::write(data.join("identity.key"), identity.to_pem().unwrap().expose()).unwrap();
    let options = Options::new(identity.site_id(), Arc::new(SiteSigner(identity.clone())));
    let disk = Dir::open(data.join("recordings")).unwrap();
    let mut archive = Archive::open(disk, options, fake::start()).unwrap().0;
    for number in [1, 2] {
        let camera = Camera::new(number, Some(AudioCodec::Pcmu));
        archive.begin_run(camera.key, camera.tracks.clone(), fake::start()).unwrap();
        fake::record(&mut archive, camera.key, &camera.samples(fake::start(), 30.0));
    }
    archive.close(fake::start()).unwrap();
    identity
}

#[test]
fn an_export_of_a_volume_is_verified_and_a_changed_byte_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let identity = site(directory.path());
    let id = identity.certificate_id().to_string();
    let data = directory.path().to_str().unwrap();
    for format in ["mp4", "mkv"] {
        let file = directory.path().join(format!("export.{format}"));
        let path = file.to_str().unwrap();
        let (one, two) = (fake::camera(1).camera.to_string(), fake::camera(2).camera.to_string());
        let range = ["--from", "2026-11-21T23:58:03Z", "--to", "2026-11-21T23:58:20Z"];
        let export = ["export", "--volume", data, &one, &two, "--format", format];
        let done = martello(&[&export[..], &range, &["-o", path, "--json"]].concat());
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        let told: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
        assert_eq!((&told["signed"], &told["gaps"]), (&true.into(), &serde_json::json!([])), "{told}");

        let done = martello(&["verify", path, "--certificate-id", &id, "--json"]);
        assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);
        let told: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
        assert_eq!((&told[0]["kind"], &told[0]["holds"]), (&"export".into(), &true.into()), "{told}");

        let mut bytes = std::fs::read(&file).unwrap();
        let last = bytes.len() - 5;
        bytes[last] ^= 1;
        std::fs::write(&file, bytes).unwrap();
        let done = martello(&["verify", path]);
        assert_eq!(done.code, Some(1), "{}", done.stdout);
        assert!(done.stdout.starts_with("DOES NOT HOLD"), "{}", done.stdout);
    }
    let done = martello(&["verify", data, "--certificate-id", &id]);
    assert_eq!(done.code, Some(0), "the volume itself holds: {}", done.stdout);
    assert!(done.stdout.contains("private key"), "what a key's owner could do is said: {}", done.stdout);
}
