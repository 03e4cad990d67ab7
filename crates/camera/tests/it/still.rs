//! Still pictures: of simulated cameras by ONVIF, of programs that are not ours, and of servers that mean harm.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use bytes::Bytes;
use camera::{Error, Kind, still, vapix::Access};
use sim::{CameraOptions, Farm, Options};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use url::Url;

fn access(address: &str, user: &str, password: &str) -> Access {
    Access {
        user: Some(user.to_owned()),
        password: Some(password.to_owned().into()),
        patience: Duration::from_secs(20),
        ..Access::anonymous(Url::parse(address).unwrap())
    }
}

/// Width and height of a JPEG picture, from its frame header (ISO/IEC 10918-1, B.2.2).
fn size(jpeg: &Bytes) -> (u16, u16) {
    let mut at = 2;
    while let [0xff, marker, high, low, ..] = jpeg[at..] {
        if matches!(marker, 0xc0..=0xc2) {
            let two = |at: usize| u16::from_be_bytes([jpeg[at], jpeg[at + 1]]);
            return (two(at + 7), two(at + 5));
        }
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
    }
    panic!("no frame header");
}

#[tokio::test]
async fn a_camera_tells_by_onvif_where_its_pictures_are() {
    let options =
        Options { count: 1, overrides: [(0, CameraOptions::default())].into(), ..Options::default() };
    let farm = Farm::start(options).await.unwrap();
    let camera = &farm.cameras[0];
    let url = camera.http_url();
    let picture = still::onvif(access(&url, &camera.user, &camera.password)).await.unwrap();
    assert_eq!(size(&picture), (640, 360));
    let typed = format!("{url}/onvif/device_service");
    assert_eq!(still::typed(access(&typed, &camera.user, &camera.password)).await.unwrap(), picture);
    let typed = format!("{url}/axis-cgi/jpg/image.cgi");
    let large = still::typed(access(&typed, &camera.user, &camera.password)).await.unwrap();
    assert_eq!(size(&large), (1920, 1080));
    let error = still::onvif(access(&url, &camera.user, "wrong")).await.unwrap_err();
    assert_eq!(error.kind(), Kind::RefusedPassword, "{error}");
    let error =
        still::typed(access(&format!("{url}/nothing"), &camera.user, &camera.password)).await.unwrap_err();
    assert!(matches!(error, Error::Missing { .. }), "{error}");
}

/// Ends with the value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn jpeg_by_ffmpeg(file: &Path) -> bool {
    let source = ["-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x240", "-frames:v", "1"];
    Command::new("ffmpeg").args(source).arg(file).status().is_ok_and(|status| status.success())
}

#[tokio::test]
async fn a_file_of_another_web_server_is_a_picture() {
    let directory = tempfile::tempdir().unwrap();
    if !jpeg_by_ffmpeg(&directory.path().join("still.jpg")) {
        return super::skip("ffmpeg is not installed");
    }
    std::fs::write(directory.path().join("text.jpg"), "no picture").unwrap();
    let script = "import http.server, functools, sys\n\
        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])\n\
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)\n\
        print(server.server_port, flush=True)\nserver.serve_forever()\n";
    let spawned = Command::new("python3")
        .args(["-c", script])
        .arg(directory.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut python) = spawned else { return super::skip("python3 is not installed") };
    let mut line = String::new();
    BufReader::new(python.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let _running = Running(python);
    let at = |file: &str| {
        Access::anonymous(Url::parse(&format!("http://127.0.0.1:{}/{file}", line.trim())).unwrap())
    };
    assert_eq!(size(&still::typed(at("still.jpg")).await.unwrap()), (320, 240));
    let error = still::typed(at("text.jpg")).await.unwrap_err();
    assert!(error.to_string().contains("it is not a JPEG picture"), "{error}");
}

#[tokio::test]
async fn the_first_picture_of_ffmpegs_motion_jpeg_is_taken() {
    // A free port, told by the system; ffmpeg cannot tell its own.
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}/video.mjpg");
    let spawned = Command::new("ffmpeg")
        .args(["-v", "error", "-re", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=5", "-f", "mpjpeg"])
        .args(["-content_type", "multipart/x-mixed-replace;boundary=ffmpeg", "-listen", "1", &url])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(ffmpeg) = spawned else { return super::skip("ffmpeg is not installed") };
    let _running = Running(ffmpeg);
    let begun = std::time::Instant::now();
    let picture = loop {
        match still::typed(access(&url, "nobody", "asks")).await {
            Ok(picture) => break picture,
            // It is still starting.
            Err(error) => {
                assert!(begun.elapsed() < Duration::from_secs(30), "{error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    };
    assert_eq!(size(&picture), (320, 240));
}

/// A server that answers every request by a function of its head and body.
async fn server(answer: impl Fn(&str, u16) -> Vec<u8> + Send + Sync + Clone + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut buffer = Vec::new();
                while stream.read_buf(&mut buffer).await.is_ok_and(|read| read > 0) {
                    let text = String::from_utf8_lossy(&buffer).into_owned();
                    let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                    if length.is_some_and(|length| body.len() < length.parse().unwrap()) {
                        continue;
                    }
                    buffer.clear();
                    let bytes = answer(&text, port);
                    let endless = bytes.ends_with(b"and so on");
                    let _ = stream.write_all(&bytes).await;
                    while endless && stream.write_all(&[b'a'; 60_000]).await.is_ok() {}
                }
            });
        }
    });
    format!("http://127.0.0.1:{port}/onvif/device_service")
}

fn answer(status: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn a_device_that_wants_its_token_in_the_message_gets_it_once_it_says_so() {
    let url = server(|request, port| {
        let envelope = |body: &str| format!("<e:Envelope xmlns:e=\"x\"><e:Body>{body}</e:Body></e:Envelope>");
        if request.starts_with("GET ") {
            return answer("200 OK", "image/jpeg", &[0xff, 0xd8, 0xff, 0xe0, 0xff, 0xd9]);
        }
        let has_token = ["PasswordDigest", "<wsse:Username>root</wsse:Username>", "wsu:Created"]
            .iter()
            .all(|part| request.contains(part));
        if !has_token || request.contains("hunter2") {
            let fault = envelope("<e:Fault><e:Code><e:Value>e:Sender</e:Value><e:Subcode><e:Value>ter:NotAuthorized</e:Value></e:Subcode></e:Code></e:Fault>");
            return answer("400 Bad Request", "application/soap+xml", fault.as_bytes());
        }
        let body = if request.contains("GetServices") {
            // An address behind a translation: it leads nowhere from here.
            format!("<Service><Namespace>http://www.onvif.org/ver10/media/wsdl</Namespace><XAddr>http://192.0.2.7:{port}/m</XAddr></Service>")
        } else if request.contains("GetProfiles") {
            "<Profiles token='a&amp;b'/>".to_owned()
        } else if request.contains("a&amp;b") {
            "<MediaUri><Uri>http://192.0.2.7/picture?a=1&amp;b=2</Uri></MediaUri>".to_owned()
        } else {
            String::new()
        };
        answer("200 OK", "application/soap+xml", envelope(&body).as_bytes())
    })
    .await;
    let picture = still::typed(access(&url, "root", "hunter2")).await.unwrap();
    assert_eq!(picture.len(), 6);
}

#[tokio::test]
async fn what_is_no_picture_or_never_ends_is_a_clear_error() {
    type Make = fn() -> Vec<u8>;
    let cases: [(&str, Make, &str); 6] = [
        ("an empty answer", || answer("200 OK", "image/jpeg", b""), "it is not a JPEG picture"),
        (
            "half a picture",
            || answer("200 OK", "image/jpeg", &[0xff, 0xd8, 0xff, 0xe0]),
            "it is not a JPEG picture",
        ),
        (
            "a picture without end",
            || b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\nand so on".to_vec(),
            "longer than 16777216 bytes",
        ),
        (
            "a stream that never begins a picture",
            || {
                b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\nand so on"
                    .to_vec()
            },
            "no picture begins",
        ),
        (
            "a picture of a stream without end",
            || {
                b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n--b\r\nX: y\r\n\r\nand so on"
                    .to_vec()
            },
            "a picture is too long",
        ),
        (
            "a stream that ends at once",
            || answer("200 OK", "multipart/x-mixed-replace; boundary=b", b"--b\r\n\r\n"),
            "the stream ended before its first picture",
        ),
    ];
    for (what, make, expected) in cases {
        let url = server(move |_, _| make()).await.replace("/onvif/device_service", "/still");
        let error = still::typed(access(&url, "root", "hunter2")).await.unwrap_err().to_string();
        assert!(error.contains(expected) && !error.contains("hunter2"), "{what}: {error}");
    }
    for body in ["", "<html/>", "<a><b/></a>"] {
        let url = server(move |_, _| answer("200 OK", "text/html", body.as_bytes())).await;
        let error = still::onvif(access(&url, "root", "hunter2")).await.unwrap_err();
        assert!(matches!(error.kind(), Kind::NoStream | Kind::Unexpected), "{body}: {error}");
    }
}
