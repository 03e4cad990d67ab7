//! Live pictures and sound, as a client gets them.

use std::time::{Duration, Instant};

use api::{
    camera::CameraState,
    live::Ask,
    record::{DISCONTINUITY, KEY, Kind, NoticeCode},
};
use e2e::{System, live::Live, records::Record};
use model::{CameraId, StreamKind, clock::wall_now};
use sim::{Audio, CameraOptions, Codec};

const PATIENCE: Duration = Duration::from_secs(10);

fn subscribe(subscription: u32, camera: CameraId, stream: StreamKind, audio: bool) -> Ask {
    Ask::Subscribe { subscription, camera, stream, audio, profile: None, flac: false }
}

async fn recording(cameras: Vec<CameraOptions>) -> (System, Vec<CameraId>) {
    let system = System::start(cameras).await;
    let mut ids = Vec::new();
    for camera in &system.farm.cameras {
        ids.push(system.add(camera, None).await.id);
    }
    for id in &ids {
        system.until_state(*id, CameraState::Recording, PATIENCE).await;
    }
    (system, ids)
}

/// The next pictures of a subscription, until the condition holds.
async fn pictures(live: &mut Live, mut enough: impl FnMut(&Record) -> bool) -> Vec<Record> {
    let mut all = Vec::new();
    loop {
        let record = live.next(PATIENCE).await;
        if record.is_picture() {
            let done = enough(&record);
            all.push(record);
            if done {
                return all;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn live_starts_at_once_from_the_buffered_group_and_misses_no_frame() {
    let (system, ids) = recording(vec![CameraOptions::default()]).await;
    let mut live = Live::open(&system.client).await;
    let asked = Instant::now();
    live.ask(&subscribe(7, ids[0], StreamKind::Main, true)).await;
    let init = live.next(PATIENCE).await;
    assert_eq!((init.header.kind, init.header.subscription, init.header.track), (Kind::Init, 7, 0));
    assert!(init.init().codec.starts_with("avc1."), "{:?}", init.init());
    let sound = live.next(PATIENCE).await;
    assert_eq!((sound.header.kind, sound.header.track), (Kind::Init, 1));
    assert_eq!(sound.init().codec, "mp4a.40.2");
    let first = live.next(PATIENCE).await;
    assert!(asked.elapsed() < Duration::from_secs(1), "the first picture after {:?}", asked.elapsed());
    assert_ne!(first.header.flags & KEY, 0, "begins with a key frame");

    let mut end = None;
    let mut sounds = 0;
    let mut last = first.stamp().expect("a stamp").number;
    let mut time = first.header.time + i64::from(first.header.duration);
    while end.is_none_or(|end| last < end) {
        let record = live.next(PATIENCE).await;
        sounds += u32::from(record.is_sound());
        if !record.is_picture() {
            continue;
        }
        let stamp = record.stamp().expect("a stamp");
        assert_eq!(stamp.number, last + 1, "no frame is missing");
        assert_eq!(record.header.time, time, "no hole, no overlap");
        time += i64::from(record.header.duration);
        last = stamp.number;
        end.get_or_insert(last + 100);
        let age = wall_now().micros() - record.header.wall_us;
        assert!(age < 3_000_000, "a picture of {age} µs ago");
    }
    assert!(sounds > 40, "{sounds} packets of sound");
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_socket_carries_many_tiles_and_changes_streams_without_a_hole() {
    let mut cameras = vec![CameraOptions::default(); 3];
    cameras[1].audio = Audio::Pcmu;
    cameras[2].codec = Codec::H264;
    let (system, ids) = recording(cameras).await;
    let mut live = Live::open(&system.client).await;
    for (subscription, id) in (1..).zip(&ids) {
        live.ask(&subscribe(subscription, *id, StreamKind::Sub, subscription == 2)).await;
    }
    let mut seen = [0; 4];
    let mut sounds = 0;
    while seen[1..].iter().any(|count| *count < 50) || sounds < 20 {
        let record = live.next(PATIENCE).await;
        match record.header.kind {
            Kind::Init if record.header.track == 0 => assert_eq!(record.init().width, 640),
            Kind::Init => assert_eq!(record.init().codec, "ulaw"),
            Kind::Frame if record.header.track == 0 => seen[record.header.subscription as usize] += 1,
            Kind::Frame => sounds += 1,
            _ => {}
        }
    }
    // The focused tile takes the main stream: it begins with a key frame, nothing of the small stream comes after it.
    live.ask(&subscribe(1, ids[0], StreamKind::Main, false)).await;
    let mut large = false;
    let taken =
        pictures(&mut live, |record| record.header.subscription == 1 && record.data().len() > 40_000).await;
    for record in taken.iter().filter(|record| record.header.subscription == 1) {
        large |= record.header.flags & KEY != 0;
    }
    assert!(large, "the main stream begins with a key frame");
    live.ask(&Ask::Unsubscribe { subscription: 2 }).await;
    live.ask(&subscribe(9, CameraId::new(), StreamKind::Main, false)).await;
    loop {
        let record = live.next(PATIENCE).await;
        if record.header.kind == Kind::Notice {
            let notice: api::record::Notice = serde_json::from_slice(&record.payload).expect("a notice");
            assert_eq!((record.header.subscription, notice.code), (9, NoticeCode::NoCamera));
            break;
        }
    }
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_viewer_is_moved_on_to_a_key_frame_and_harms_nobody() {
    let (system, ids) = recording(vec![CameraOptions { gop: Some(1), ..CameraOptions::default() }]).await;
    let mut slow = Live::open(&system.client).await;
    slow.ask(&subscribe(1, ids[0], StreamKind::Main, false)).await;
    let _ = slow.next(PATIENCE).await;
    let mut quick = Live::open(&system.client).await;
    quick.ask(&subscribe(1, ids[0], StreamKind::Main, false)).await;
    let mut last: Option<u64> = None;
    // All-intra pictures fill the slow viewer's sockets and its queue within these frames.
    for _ in 0..400 {
        let record = quick.next(PATIENCE).await;
        if let Some(stamp) = record.is_picture().then(|| record.stamp()).flatten() {
            assert!(last.is_none_or(|last| stamp.number == last + 1), "the quick viewer misses nothing");
            last = Some(stamp.number);
        }
    }
    let moved = pictures(&mut slow, |record| record.header.flags & DISCONTINUITY != 0).await;
    assert_ne!(moved.last().expect("a frame").header.flags & KEY, 0, "goes on at a key frame");
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_takes_its_live_pictures_along() {
    let (system, ids) = recording(vec![CameraOptions::default()]).await;
    let mut live = Live::open(&system.client).await;
    live.ask(&subscribe(1, ids[0], StreamKind::Sub, false)).await;
    let _ = live.next(PATIENCE).await;
    let (status, _) = system.client.call(reqwest::Method::DELETE, "/v1/session", None).await;
    assert_eq!(status, 204);
    let ended = tokio::time::timeout(Duration::from_secs(12), async {
        while live.next_or_end(PATIENCE).await.is_some() {}
    });
    ended.await.expect("the socket is closed soon after the session ended");
    system.site.stop().await;
}
