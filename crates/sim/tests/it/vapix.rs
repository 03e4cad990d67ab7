//! curl and Python's `axis` package talk to the cameras' HTTP interface.

use crate::witness::{present, run, skip, text};
use sim::{Farm, Options};
use std::path::PathBuf;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(20);

async fn curl(
    camera: &sim::SimCamera,
    credentials: Option<&str>,
    path: &str,
    body: Option<&str>,
) -> (u16, String) {
    let url = format!("{}{path}", camera.http_url());
    let mut arguments = vec!["-sS", "--digest", "-w", "\n%{http_code}", &url];
    if let Some(credentials) = credentials {
        arguments.extend(["-u", credentials]);
    }
    if let Some(body) = body {
        arguments.extend(["-H", "Content-Type: application/json", "-d", body]);
    }
    let output = text("curl", &arguments, LIMIT).await;
    let (body, status) = output.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), body.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_reads_what_everybody_may_and_the_rest_with_digest() {
    if !present("curl", "curl_reads_what_everybody_may_and_the_rest_with_digest") {
        return;
    }
    let farm = Farm::start(Options::default()).await.unwrap();
    let camera = &farm.cameras[0];
    let root = Some("root:pass");
    let all = Some(r#"{"apiVersion":"1.0","context":"x","method":"getAllProperties"}"#);
    let unrestricted = Some(r#"{"apiVersion":"1.0","method":"getAllUnrestrictedProperties"}"#);
    let ready = Some(r#"{"apiVersion":"1.1","method":"systemready","params":{"timeout":1}}"#);
    let unknown = Some(r#"{"apiVersion":"1.0","method":"fly"}"#);
    let list = Some(r#"{"apiVersion":"1.0","method":"getApiList"}"#);
    let info = "/axis-cgi/basicdeviceinfo.cgi";
    let parameters =
        "/axis-cgi/param.cgi?action=list&group=Brand.Brand,Nothing,Network.RTSP.Port,Image.*.Name";
    let rtsp = format!("Network.RTSP.Port={}\nroot.Image.I0.Name=Camera 1\n", camera.rtsp_port);
    let expected =
        format!("root.Brand.Brand=AXIS\n# Error: Error -1 getting param in group 'Nothing'\n{rtsp}");
    let cases = [
        (None, "/axis-cgi/systemready.cgi", ready, 200, "\"systemready\":\"yes\""),
        (None, info, unrestricted, 200, "\"SerialNumber\":\"B8A44F000001\""),
        (None, info, all, 401, ""),
        (Some("root:wrong"), info, all, 401, ""),
        (root, info, all, 200, "\"Soc\":"),
        (root, info, unknown, 200, "\"error\":{\"code\":2004"),
        (None, "/axis-cgi/apidiscovery.cgi", list, 200, "\"id\":\"basic-device-info\""),
        (None, "/axis-cgi/param.cgi?action=list", None, 401, ""),
        (root, parameters, None, 200, expected.as_str()),
        (root, "/axis-cgi/nothing.cgi", None, 404, ""),
    ];
    for (credentials, path, body, status, part) in cases {
        let (found, answer) = curl(camera, credentials, path, body).await;
        assert_eq!(found, status, "{path}: {answer}");
        assert!(answer.contains(part), "{path}: {answer}");
        let restricted = body == unrestricted && answer.contains("SocSerialNumber");
        assert!(!restricted, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshots_are_jpeg_pictures_of_the_size_asked_for() {
    if !present("curl", "snapshots_are_jpeg_pictures_of_the_size_asked_for")
        || !present("ffprobe", "snapshots_are_jpeg_pictures_of_the_size_asked_for")
    {
        return;
    }
    let farm = Farm::start(Options::default()).await.unwrap();
    for (query, size) in [("", "1920,1080"), ("?resolution=640x360", "640,360")] {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        let url = format!("{}/axis-cgi/jpg/image.cgi{query}", farm.cameras[0].http_url());
        run("curl", &["-sS", "--digest", "-u", "root:pass", "-o", path, &url], LIMIT).await;
        let show = ["-v", "error", "-show_entries", "stream=codec_name,width,height", "-of", "csv=p=0", path];
        assert_eq!(text("ffprobe", &show, LIMIT).await.trim(), format!("mjpeg,{size}"));
    }
}

/// A virtual environment with the `axis` package, made once per machine; `None` if it cannot be made.
async fn python() -> Option<PathBuf> {
    let directory = std::env::temp_dir().join("martello-test-axis");
    let python = directory.join("bin/python");
    let place = directory.to_str()?;
    let installed = |output: std::process::Output| output.status.success();
    let check = ["-c", "import axis.device"];
    if python.exists() && installed(run(python.to_str()?, &check, LIMIT).await) {
        return Some(python);
    }
    let limit = Duration::from_secs(120);
    let made = installed(run("python3", &["-m", "venv", place], limit).await)
        && installed(run(python.to_str()?, &["-m", "pip", "install", "-q", "axis"], limit).await);
    made.then_some(python)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_axis_package_of_python_initializes_a_camera() {
    let name = "the_axis_package_of_python_initializes_a_camera";
    if !present("python3", name) {
        return;
    }
    let Some(python) = python().await else {
        return skip(name, "pip cannot install the package axis");
    };
    let farm = Farm::start(Options::default()).await.unwrap();
    let camera = &farm.cameras[0];
    let script = format!(
        r#"
import asyncio, httpx
from axis.device import AxisDevice
from axis.models.configuration import Configuration
async def main():
    async with httpx.AsyncClient() as client:
        device = AxisDevice(Configuration(client, "{}", port={}, username="root", password="pass"))
        await device.vapix.initialize()
        print(device.vapix.serial_number, device.vapix.product_number, device.vapix.firmware_version)
        print(sorted(device.vapix.api_discovery.keys()))
        print(device.vapix.params.property_handler["0"].image_format)
asyncio.run(main())
"#,
        camera.address, camera.http_port
    );
    let said = text(python.to_str().unwrap(), &["-c", &script], Duration::from_secs(60)).await;
    assert!(said.starts_with("B8A44F000001 P3245-LVE 11.11.192\n"), "{said}");
    assert!(said.contains("basic-device-info") && said.contains("jpeg,h264,h265"), "{said}");
}
