//! A camera that means harm: it costs itself its recordings, nobody else, and is tried again with growing patience.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use api::camera::{Camera, CameraState, Source};
use e2e::{System, system::new_camera, wait::until};
use sim::CameraOptions;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

const PATIENCE: Duration = Duration::from_secs(40);

/// Passes everything on to a camera, until it turns: then it answers whatever it is asked with headers without end.
struct Turncoat {
    port: u16,
    turned: watch::Sender<bool>,
    /// When it was asked since it turned.
    asked: Arc<Mutex<Vec<Instant>>>,
}

impl Turncoat {
    async fn before(camera: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let port = listener.local_addr().expect("an address").port();
        let (turned, seen) = watch::channel(false);
        let asked = Arc::new(Mutex::new(Vec::new()));
        let times = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut seen = seen.clone();
                if *seen.borrow() {
                    times.lock().expect("a lock").push(Instant::now());
                    tokio::spawn(async move {
                        let _ = stream.read(&mut [0; 1024]).await;
                        let _ = stream.write_all(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n").await;
                        while stream.write_all(&b"X-A: b\r\n".repeat(1000)).await.is_ok() {}
                    });
                } else {
                    tokio::spawn(async move {
                        let mut camera = TcpStream::connect(camera).await.expect("the camera");
                        tokio::select! {
                            _ = tokio::io::copy_bidirectional(&mut stream, &mut camera) => {}
                            _ = seen.wait_for(|turned| *turned) => {}
                        }
                    });
                }
            }
        });
        Self { port, turned, asked }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_floods_is_told_and_tried_again_with_growing_patience() {
    let system = System::start(vec![CameraOptions::default(); 2]).await;
    let witness = system.add(&system.farm.cameras[0], None).await.id;
    let victim = &system.farm.cameras[1];
    let turncoat = Turncoat::before(SocketAddr::new(victim.address.into(), victim.rtsp_port)).await;
    let main_url = format!("rtsp://127.0.0.1:{}/axis-media/media.amp", turncoat.port);
    let source = Source::Rtsp { main_url, sub_url: None };
    let hostile: Camera = system.client.post("/v1/cameras", &new_camera(victim, source)).await;
    for id in [witness, hostile.id] {
        system.until_state(id, CameraState::Recording, PATIENCE).await;
    }
    turncoat.turned.send_replace(true);
    let told = until("the site says what is wrong", PATIENCE, || async {
        let camera: Camera = system.client.get(&format!("/v1/cameras/{}", hostile.id)).await;
        camera.detail.filter(|told| camera.state == CameraState::Silent && told.contains("allowed"))
    })
    .await;
    assert!(told.contains("sent more than is allowed: the head of an RTSP message is longer than"), "{told}");
    until("it is tried again", PATIENCE, || async { (turncoat.asked.lock().ok()?.len() >= 4).then_some(()) })
        .await;
    let times = turncoat.asked.lock().expect("a lock").clone();
    let waits: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(waits[2] > waits[0], "{waits:?}");
    let camera: Camera = system.client.get(&format!("/v1/cameras/{witness}")).await;
    assert_eq!(camera.state, CameraState::Recording);
}
