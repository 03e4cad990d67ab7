//! Exports as jobs of the site: made, checked, downloaded, cancelled, kept from others, and taken up after a stop.

use std::{io::Write as _, process::Command, time::Duration};

use api::{
    camera::{CameraState, Codec, NewCamera, Source},
    event::Event,
    export::{Export, ExportFile, ExportFileKind, ExportState},
};
use e2e::{
    Client, System, past, probe,
    program::martello,
    system::{ADMINISTRATOR, new_camera, start_again},
    wait::until,
};
use evidence::{OnDisk, verify};
use model::{CameraId, ExportId, WallTime, clock::wall_now};
use reqwest::{Method, header};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sim::CameraOptions;

const PATIENCE: Duration = Duration::from_secs(60);
const SECOND: i64 = 1_000_000;

/// A site that has recorded some seconds of each camera.
async fn site(codecs: &[Option<Codec>]) -> (System, Vec<CameraId>, WallTime) {
    let system = System::start(vec![CameraOptions::default(); codecs.len()]).await;
    let began = wall_now();
    let mut ids = Vec::new();
    for (camera, codec) in system.farm.cameras.iter().zip(codecs) {
        ids.push(system.add(camera, *codec).await.id);
    }
    for id in &ids {
        system.until_state(*id, CameraState::Recording, PATIENCE).await;
        until("some seconds are recorded", PATIENCE, || async {
            let path = format!("/v1/timeline?cameras={id}&from={began}&to={}", wall_now());
            let timeline: Value = system.client.get(&path).await;
            // Sound begins later than pictures where a camera's first report on its clock is late.
            (timeline["lanes"][0]["spans"][0]["bytes"].as_u64()? > 1_200_000).then_some(())
        })
        .await;
    }
    (system, ids, began)
}

async fn until_over(client: &Client, id: ExportId) -> Export {
    until("the export is over", PATIENCE, || async {
        let export: Export = client.get(&format!("/v1/exports/{id}")).await;
        export.state.is_over().then_some(export)
    })
    .await
}

fn address(export: &Export, file: &ExportFile) -> String {
    format!("/v1/exports/{}/files/{}", export.id, file.name)
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Downloads all files into a directory and checks them offline.
async fn download(client: &Client, export: &Export, directory: &std::path::Path) {
    for pair in export.files.chunks(2) {
        let [video, evidence] = pair else { panic!("every file has its evidence: {export:#?}") };
        assert_eq!((video.kind, evidence.kind), (ExportFileKind::Video, ExportFileKind::Evidence));
        assert_eq!(evidence.save_as, format!("{}.evidence.jsonl", video.save_as));
        for file in pair {
            let bytes = client.bytes(&address(export, file)).await;
            assert_eq!((bytes.len() as u64, digest(&bytes)), (file.bytes, file.sha256.clone()));
            std::fs::write(directory.join(&file.save_as), bytes).expect("a file");
        }
        let open = |file: &ExportFile| std::fs::File::open(directory.join(&file.save_as)).expect("a file");
        let mut side = std::io::BufReader::new(open(evidence));
        let report =
            verify(&OnDisk(open(video)), &mut side, None, &mut |_| true).expect("files that can be read");
        assert!(report.holds, "{report:#?}");
        assert_eq!(report.by.as_deref(), Some(export.by.as_str()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_two_cameras_is_checked_downloaded_in_parts_proved_offline_and_deleted() {
    let (system, cameras, began) = site(&[None, None]).await;
    let client = &system.client;
    let mut events = e2e::live::Events::open(client).await;
    for format in ["mp4", "mkv"] {
        let wish = json!({ "cameras": cameras, "from": began, "to": wall_now(), "format": format });
        let made: Export = client.post("/v1/exports", &wish).await;
        assert_eq!(made.state, ExportState::Queued);
        assert!(made.cameras.iter().all(|camera| camera.audio));
        events
            .until(PATIENCE, |event| {
                matches!(event, Event::Export { export } if export.id == made.id && export.state == ExportState::Done)
            })
            .await;
        let export: Export = client.get(&format!("/v1/exports/{}", made.id)).await;
        assert_eq!((export.state, export.files.len()), (ExportState::Done, 2), "{export:#?}");
        assert!(export.expires > Some(wall_now().plus_micros(6 * 86_400 * SECOND)));
        let directory = tempfile::tempdir().expect("a directory");
        download(client, &export, directory.path()).await;
        if probe::has("ffprobe") {
            let streams = probe::streams(&directory.path().join(&export.files[0].save_as));
            let kinds: Vec<_> = streams.iter().filter_map(|one| one["codec_name"].as_str()).collect();
            assert_eq!(kinds, ["h264", "aac", "h264", "aac"], "{format}");
        } else {
            probe::skip("an_export_of_two_cameras", "ffprobe is not installed");
        }
        parts(client, &export).await;
    }
    let list: Value = client.get("/v1/exports").await;
    assert_eq!(list["items"].as_array().map(Vec::len), Some(2));
    for export in list["items"].as_array().expect("exports") {
        let path = format!("/v1/exports/{}", export["id"].as_str().expect("an identifier"));
        assert_eq!(client.call(Method::DELETE, &path, None).await.0, 204);
        assert_eq!(client.call(Method::GET, &path, None).await.0, 404);
    }
    by_command(&system, cameras[0], began).await;
    let left = std::fs::read_dir(system.data.path().join("exports")).expect("a directory").count();
    assert_eq!(left, 0, "the files went with the exports");
    system.site.stop().await;
}

/// The program's own `martello export`, from the wish to the file.
async fn by_command(system: &System, camera: CameraId, began: WallTime) {
    let Some(program) = martello() else {
        return probe::skip("martello_export", "the program was not built");
    };
    let client = &system.client;
    let token: Value = client.post("/v1/tokens", &json!({ "name": "script" })).await;
    let told: Value = client.get("/v1/setup").await;
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("gate.mp4");
    let mut command = Command::new(program);
    command
        .args(["export", &camera.to_string(), "--from", &began.to_string(), "--to", &wall_now().to_string()])
        .args(["--keep", "--json", "-o"])
        .arg(&file)
        .env("MARTELLO_URL", &client.base)
        .env("MARTELLO_TOKEN", token["value"].as_str().expect("a token"))
        .env("MARTELLO_CERTIFICATE_ID", told["certificate_id"].as_str().expect("an ID"));
    let run = tokio::task::spawn_blocking(move || command.output().expect("the program"));
    let output = run.await.expect("an end");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let exported: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let exported = &exported[0];
    assert!(exported["signed_by"].is_string(), "{exported}");
    let list: Value = client.get("/v1/exports").await;
    let export: Export = serde_json::from_value(list["items"][0].clone()).expect("an export");
    let bytes = std::fs::read(&file).expect("a file");
    assert_eq!((bytes.len() as u64, digest(&bytes)), (export.files[0].bytes, export.files[0].sha256.clone()));
    assert!(directory.path().join("gate.mp4.evidence.jsonl").is_file());
    if probe::has("ffprobe") {
        let pictures = probe::packets(&file, "v:0").len() as u64;
        assert_eq!(Some(pictures), exported["frames"].as_u64());
    } else {
        probe::skip("martello_export", "ffprobe is not installed");
    }
    let path = format!("/v1/exports/{}", export.id);
    assert_eq!(client.call(Method::DELETE, &path, None).await.0, 204);
}

/// Ranges of a file's bytes make the file; its tag saves a second download.
async fn parts(client: &Client, export: &Export) {
    let file = &export.files[0];
    let path = address(export, file);
    let ask = |name: header::HeaderName, value: String| {
        client.request(Method::GET, &path).header(name, value).send()
    };
    let half = file.bytes / 2;
    let mut whole = Vec::new();
    for range in [format!("bytes=0-{}", half - 1), format!("bytes={half}-")] {
        let answer = ask(header::RANGE, range).await.expect("an answer");
        assert_eq!(answer.status(), 206);
        whole.extend(answer.bytes().await.expect("a body"));
    }
    assert_eq!(digest(&whole), file.sha256);
    let answer = ask(header::RANGE, format!("bytes={}-", file.bytes)).await.expect("an answer");
    assert_eq!(answer.status(), 416);
    let tag = format!("\"{}\"", file.sha256);
    let answer = ask(header::IF_NONE_MATCH, tag.clone()).await.expect("an answer");
    assert_eq!(answer.status(), 304);
    let answer = client.request(Method::HEAD, &path).send().await.expect("an answer");
    let header = |name: header::HeaderName| answer.headers()[name].to_str().expect("a text").to_owned();
    assert_eq!(header(header::ETAG), tag);
    assert_eq!(header(header::CONTENT_LENGTH), file.bytes.to_string());
    assert!(header(header::CONTENT_DISPOSITION).starts_with("attachment; filename=\""));
}

async fn user(system: &System, name: &str, grants: Vec<Value>) -> (Value, Client) {
    let password = "pier, gate and yard";
    let new = json!({ "name": name, "password": password, "role": "operator", "grants": grants });
    let user: Value = system.client.post("/v1/users", &new).await;
    let mut client = Client::new(&system.client.base, &system.client.fingerprint);
    client.sign_in(name, password).await;
    (user, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_its_makers_and_has_what_its_maker_may_have() {
    let (system, cameras, began) = site(&[None, None]).await;
    let grant = |privilege: &str| json!({ "privilege": privilege, "camera": cameras[0] });
    let grants = vec![grant("camera-video"), json!({ "privilege": "export" })];
    let (olga, client) = user(&system, "olga", grants).await;
    let (_, other) =
        user(&system, "otto", vec![json!({ "privilege": "camera-video" }), json!({ "privilege": "export" })])
            .await;
    let wish = |cameras: &[CameraId]| json!({ "cameras": cameras, "from": began, "to": wall_now() });
    for (wish, status) in [
        (wish(&cameras), 404),
        (wish(&[]), 400),
        (wish(&[cameras[0], cameras[0]]), 400),
        (json!({ "cameras": [cameras[0]], "from": wall_now(), "to": began }), 400),
        (
            json!({ "cameras": [cameras[0]], "from": began.plus_micros(-60 * SECOND), "to": began.plus_micros(-30 * SECOND) }),
            404,
        ),
        (
            json!({ "cameras": [cameras[0]], "from": began, "to": began.plus_micros(8 * 86_400 * SECOND) }),
            400,
        ),
    ] {
        let (answered, problem) = client.call(Method::POST, "/v1/exports", Some(&wish)).await;
        assert_eq!(answered, status, "{wish}: {problem}");
    }
    let made: Export = client.post("/v1/exports", &wish(&cameras[..1])).await;
    assert!(!made.cameras[0].audio, "who may not listen gets no sound");
    let export = until_over(&client, made.id).await;
    assert_eq!(export.state, ExportState::Done, "{export:#?}");
    let directory = tempfile::tempdir().expect("a directory");
    download(&client, &export, directory.path()).await;

    let path = format!("/v1/exports/{}", export.id);
    let file = address(&export, &export.files[0]);
    for path in [&path, &file] {
        assert_eq!(other.call(Method::GET, path, None).await.0, 404, "another one's is not there");
    }
    assert_eq!(other.call(Method::DELETE, &path, None).await.0, 404);
    let list: Value = other.get("/v1/exports").await;
    assert!(list["items"].as_array().expect("a list").is_empty());
    let list: Value = system.client.get("/v1/exports").await;
    assert_eq!(list["items"][0]["by"], "olga", "administrators see all");

    let less = json!({ "grants": [json!({ "privilege": "export" })] });
    let user = format!("/v1/users/{}", olga["id"].as_str().expect("an identifier"));
    assert_eq!(system.client.call(Method::PATCH, &user, Some(&less)).await.0, 200);
    assert_eq!(client.call(Method::GET, &file, None).await.0, 403, "the right to the camera is gone");

    let log: Value = system.client.get("/v1/audit?kind=export").await;
    let rows: Vec<_> = log["items"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| (&row["name"], &row["action"], &row["outcome"]))
        .collect();
    for row in [("olga", "export_make", "done"), ("olga", "export_download", "done")] {
        assert!(
            rows.iter().any(|(name, action, outcome)| (*name, *action, *outcome)
                == (&json!(row.0), &json!(row.1), &json!(row.2))),
            "{row:?}: {rows:?}"
        );
    }
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_in_which_the_coding_changes_gives_several_files_and_what_a_crash_left_half_is_made_anew() {
    let (system, cameras, _) = site(&[Some(Codec::H264), Some(Codec::H265), None]).await;
    let System { site, farm, data, client, .. } = system;
    drop(client);
    site.stop().await;
    let began = wall_now().plus_micros(-3600 * SECOND);
    let (old, seconds) = (cameras[2], 6);
    for (from, at) in [(cameras[0], began), (cameras[1], began.plus_micros(8 * SECOND))] {
        past::write(data.path(), from, old, at, seconds);
    }
    // What a crash leaves: a description, and a part of a file.
    let id = ExportId::new();
    let broken = data.path().join("exports").join(id.to_string());
    std::fs::create_dir_all(&broken).expect("a directory");
    let text = json!({
        "id": id, "user": id, "by": "olga", "made": began, "from": began, "to": began.plus_micros(20 * SECOND), "format": "mp4",
        "cameras": [{ "id": old, "name": "Old", "stream": "main", "audio": false }],
        "gaps": "keep", "state": "running", "done_bytes": 1, "total_bytes": 2, "left_s": null, "ended": null,
        "expires": null, "problem": null, "files": [],
    });
    std::fs::write(broken.join("export.json"), text.to_string()).expect("a file");
    let mut half = std::fs::File::create(broken.join("1.mp4")).expect("a file");
    half.write_all(b"half").expect("a file");
    let nameless = data.path().join("exports").join(ExportId::new().to_string());
    std::fs::create_dir(&nameless).expect("a directory");

    let site = e2e::system::start_again(&data, &farm).await;
    let mut client = Client::new(&site.url(), &site.tls_certificate_sha256());
    client.sign_in(ADMINISTRATOR.0, ADMINISTRATOR.1).await;
    assert!(!nameless.exists());
    let again = until_over(&client, id).await;
    assert_eq!((again.state, again.files.len()), (ExportState::Done, 4), "{again:#?}");
    let directory = tempfile::tempdir().expect("a directory");
    download(&client, &again, directory.path()).await;

    let wish = json!({ "cameras": [old], "from": began, "to": began.plus_micros(20 * SECOND) });
    let made: Export = client.post("/v1/exports", &wish).await;
    let export = until_over(&client, made.id).await;
    assert_eq!((export.state, export.files.len()), (ExportState::Done, 4), "{export:#?}");
    let directory = tempfile::tempdir().expect("a directory");
    download(&client, &export, directory.path()).await;
    if probe::has("ffprobe") {
        for (file, codec) in [(0, "h264"), (2, "hevc")] {
            let streams = probe::streams(&directory.path().join(&export.files[file].save_as));
            assert_eq!(streams[0]["codec_name"], codec);
        }
    }
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_that_wait_when_the_site_stops_are_made_after_its_next_start() {
    let (system, cameras, began) = site(&[None]).await;
    let mut ids = Vec::new();
    for format in ["mp4", "mkv", "mp4", "mkv"] {
        let wish = json!({ "cameras": cameras, "from": began, "to": wall_now(), "format": format });
        let made: Export = system.client.post("/v1/exports", &wish).await;
        ids.push(made.id);
    }
    let system = system.restart().await;
    for id in ids {
        let export = until_over(&system.client, id).await;
        assert_eq!((export.state, export.files.len()), (ExportState::Done, 2), "{export:#?}");
        let directory = tempfile::tempdir().expect("a directory");
        download(&system.client, &export, directory.path()).await;
    }
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_whose_volume_is_missing_after_a_start_says_so() {
    let system = System::start(vec![CameraOptions::default()]).await;
    let (other, away) = (system.data.path().join("other"), system.data.path().join("away"));
    let volume: Value = system.client.post("/v1/volumes", &json!({ "path": other })).await;
    let began = wall_now();
    let camera = system.add(&system.farm.cameras[0], None).await.id;
    let path = format!("/v1/storage/cameras/{camera}");
    let chosen = json!({ "volume": volume["id"] });
    assert_eq!(system.client.call(Method::PATCH, &path, Some(&chosen)).await.0, 200);
    let recorded = until("the other volume has recordings", PATIENCE, || async {
        (crate::volumes::volume(&system, &other).await.used_bytes > 2_200_000).then(wall_now)
    })
    .await;
    // Not the newest: what the camera sends again after the start may be as old as its last key frame.
    let (from, to) = (recorded.plus_micros(-5 * SECOND), recorded.plus_micros(-3 * SECOND));
    let wish = json!({ "cameras": [camera], "from": from, "to": to });
    let made: Export = system.client.post("/v1/exports", &wish).await;
    let done = until_over(&system.client, made.id).await;
    assert_eq!(done.state, ExportState::Done, "{done:#?}");

    // As if the site had stopped before it was made, and the disk been unplugged.
    let directory = system.data.path().join("exports").join(made.id.to_string());
    let System { farm, site, data, .. } = system;
    site.stop().await;
    let waiting = serde_json::to_vec(&made).expect("an export");
    std::fs::write(directory.join("export.json"), waiting).expect("an export that waits");
    std::fs::rename(&other, &away).expect("a volume that goes");
    let site = start_again(&data, &farm).await;
    let mut client = Client::new(&site.url(), &site.tls_certificate_sha256());
    client.sign_in(ADMINISTRATOR.0, ADMINISTRATOR.1).await;
    let failed = until_over(&client, made.id).await;
    let told = failed.problem.expect("a problem");
    assert!(failed.state == ExportState::Failed && told.title.contains("a volume is missing"), "{told:?}");
    let (status, problem) = client.call(Method::POST, "/v1/exports", Some(&wish)).await;
    assert_eq!((status.as_u16(), &problem["title"]), (404, &json!(told.title)));

    std::fs::rename(&away, &other).expect("a volume that comes back");
    let made = until("it is read again", PATIENCE, || async {
        let (status, made) = client.call(Method::POST, "/v1/exports", Some(&wish)).await;
        (status == 201).then(|| serde_json::from_value::<Export>(made).expect("an export"))
    })
    .await;
    assert_eq!(until_over(&client, made.id).await.state, ExportState::Done);
    // Before the volume came there was nothing, and that is another sentence.
    let wish = json!({ "cameras": [camera], "from": began.plus_micros(-90 * SECOND), "to": began.plus_micros(-60 * SECOND) });
    let (_, problem) = client.call(Method::POST, "/v1/exports", Some(&wish)).await;
    assert_eq!(problem["title"], "There is no recording in this range");
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_for_which_there_is_no_room_says_so_and_one_that_waits_is_cancelled() {
    let system =
        System::start_with(vec![CameraOptions::default()], |config| config.exports.total_bytes = 50_000)
            .await;
    let source = Source::Axis { address: system.farm.cameras[0].http_url(), rtsp_port: None, codec: None };
    let new: NewCamera = new_camera(&system.farm.cameras[0], source);
    let began = wall_now();
    let camera: Value = system.client.post("/v1/cameras", &new).await;
    let id = camera["id"].as_str().expect("an identifier");
    until("some seconds are recorded", PATIENCE, || async {
        let path = format!("/v1/timeline?cameras={id}&from={began}&to={}", wall_now());
        let timeline: Value = system.client.get(&path).await;
        (timeline["lanes"][0]["spans"][0]["bytes"].as_u64()? > 400_000).then_some(())
    })
    .await;
    let wish = json!({ "cameras": [id], "from": began, "to": wall_now() });
    let made: Export = system.client.post("/v1/exports", &wish).await;
    let export = until_over(&system.client, made.id).await;
    assert_eq!(export.state, ExportState::Failed);
    let problem = export.problem.expect("a reason");
    assert!(problem.title.contains("MB for exports") && problem.detail.contains("Delete"), "{problem:?}");
    let files: Vec<_> = std::fs::read_dir(system.data.path().join("exports").join(made.id.to_string()))
        .expect("a directory")
        .collect();
    assert_eq!(files.len(), 1, "only its description: {files:?}");
    system.site.stop().await;
}
