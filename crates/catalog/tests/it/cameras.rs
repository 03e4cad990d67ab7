//! Cameras, volumes and alarms come back as they were put.

use catalog::{
    Error,
    camera::{
        CameraRow, CameraSource, Codec, Transport,
        profile::{MAX_PROFILES, ProfilePicture, ProfileRow, ProfileVideo, Profiles},
    },
    site::SiteRow,
    volume::VolumeRow,
};
use model::{CameraId, VolumeId};

use crate::{HOUR, fresh, noon, rtsp_camera};

fn profile(name: &str, video: ProfileVideo) -> ProfileRow {
    let picture = ProfilePicture {
        video_codec: "avc1.64001f".into(),
        audio_codec: Some("mp4a.40.2".into()),
        width: 1280,
        height: 720,
    };
    ProfileRow { name: name.into(), video, picture }
}

fn with_profiles(own: Vec<ProfileRow>) -> CameraRow {
    CameraRow { profiles: Profiles { own, ..Profiles::default() }, ..rtsp_camera("Gate", "") }
}

#[test]
fn every_field_of_a_camera_comes_back() {
    let catalog = fresh().catalog;
    let axis = CameraRow {
        source: CameraSource::Axis {
            address: "https://192.168.0.90".into(),
            rtsp_port: Some(8554),
            codec: Some(Codec::H265),
        },
        transport: Transport::Udp,
        audio: false,
        record: false,
        retention_days: Some(30),
        model: Some("P3265".into()),
        serial: Some("ACCC8E000001".into()),
        certificate_pin: Some([9; 32]),
        main_url: Some("rtsp://192.168.0.90/main".into()),
        sub_url: Some("rtsp://192.168.0.90/sub".into()),
        profiles: Profiles {
            main: "Sharp".into(),
            sub: None,
            own: vec![
                profile("Sharp", ProfileVideo::Rtsp { url: "rtsp://192.168.0.90/sharp".into() }),
                profile(
                    "Slow",
                    ProfileVideo::Axis {
                        codec: Some(Codec::H265),
                        resolution: Some((1280, 720)),
                        fps: Some(5),
                        compression: Some(30),
                    },
                ),
                profile(
                    "Any",
                    ProfileVideo::Axis { codec: None, resolution: None, fps: None, compression: None },
                ),
            ],
        },
        image_url: Some("https://192.168.0.90/still.jpg".into()),
        added: noon() + HOUR,
        ..rtsp_camera("Gate £¤ÅÄÖ🗝", "pass word")
    };
    let rtsp = CameraRow { user: None, password: None, ..rtsp_camera("Yard", "") };
    for camera in [&axis, &rtsp] {
        catalog.add_camera(camera).unwrap();
        assert_eq!(catalog.camera(camera.id).unwrap().as_ref(), Some(camera));
    }
    assert_eq!(catalog.cameras().unwrap(), [rtsp, axis], "in the order in which they were added");
}

#[test]
fn a_camera_is_changed_and_removed() {
    let catalog = fresh().catalog;
    let camera = rtsp_camera("Gate", "one");
    catalog.add_camera(&camera).unwrap();
    let changed = catalog
        .change_camera(camera.id, |row| {
            row.name = "North gate".into();
            row.profiles.own.push(profile("Sharp", ProfileVideo::Rtsp { url: "rtsp://127.0.0.1/2".into() }));
            row.password = Some("two".to_owned().into());
            row.id = CameraId::new();
        })
        .unwrap()
        .unwrap();
    assert_eq!((changed.id, changed.name.as_str()), (camera.id, "North gate"), "the identifier stays");
    assert_eq!(catalog.camera(camera.id).unwrap(), Some(changed));

    let (_, began) = catalog.raise_alarm("camera-silent", Some(camera.id), "silent", "look", noon()).unwrap();
    assert!(began);
    assert!(catalog.remove_camera(camera.id, noon() + HOUR).unwrap());
    assert!(!catalog.remove_camera(camera.id, noon() + HOUR).unwrap());
    assert_eq!(catalog.alarms(10).unwrap()[0].ended, Some(noon() + HOUR));
    assert_eq!(catalog.change_camera(camera.id, |_| {}).unwrap(), None);
}

#[test]
fn values_out_of_bounds_are_refused_and_nothing_is_kept() {
    let catalog = fresh().catalog;
    let long = "x".repeat(5000);
    let cases = [
        ("camera name", CameraRow { name: String::new(), ..rtsp_camera("", "") }),
        ("image address", CameraRow { image_url: Some(long.clone()), ..rtsp_camera("Gate", "") }),
        ("profile name", with_profiles(vec![profile(&long, ProfileVideo::Rtsp { url: "rtsp://a".into() })])),
        ("profile address", with_profiles(vec![profile("a", ProfileVideo::Rtsp { url: long.clone() })])),
        ("camera name", CameraRow { name: long.clone(), ..rtsp_camera("", "") }),
        ("camera password", rtsp_camera("Gate", &long)),
        (
            "camera address",
            CameraRow {
                source: CameraSource::Rtsp { main_url: long.clone(), sub_url: None },
                ..rtsp_camera("Gate", "")
            },
        ),
        ("camera serial number", CameraRow { serial: Some(long.clone()), ..rtsp_camera("Gate", "") }),
    ];
    for (expected, camera) in cases {
        let error = catalog.add_camera(&camera).unwrap_err();
        assert!(matches!(error, Error::Size { what, .. } if what == expected), "{expected}: {error}");
    }
    let many = (0..=MAX_PROFILES)
        .map(|n| profile(&n.to_string(), ProfileVideo::Rtsp { url: "rtsp://a".into() }))
        .collect();
    let error = catalog.add_camera(&with_profiles(many)).unwrap_err();
    assert!(matches!(error, Error::TooMany { .. }), "{error}");
    assert_eq!(catalog.cameras().unwrap(), []);
}

#[test]
fn a_condition_that_lasts_is_one_alarm() {
    let catalog = fresh().catalog;
    let camera = Some(CameraId::new());
    let (first, began) = catalog.raise_alarm("camera-silent", camera, "silent", "look", noon()).unwrap();
    assert!(began);
    let (again, began) = catalog.raise_alarm("camera-silent", camera, "other", "", noon() + HOUR).unwrap();
    assert_eq!((again, began), (first.clone(), false));
    assert!(catalog.raise_alarm("camera-silent", None, "another", "", noon()).unwrap().1);

    let seen = catalog.acknowledge_alarm(first.id, "anna", noon() + HOUR).unwrap().unwrap();
    assert_eq!((seen.acknowledged, seen.acknowledged_by.as_deref()), (Some(noon() + HOUR), Some("anna")));
    let again = catalog.acknowledge_alarm(first.id, "bert", noon() + 2 * HOUR).unwrap().unwrap();
    assert_eq!(again, seen, "the first who has seen it stays");

    let ended = catalog.end_alarm("camera-silent", camera, noon() + HOUR).unwrap().unwrap();
    assert_eq!((ended.id, ended.ended), (first.id, Some(noon() + HOUR)));
    assert_eq!(catalog.end_alarm("camera-silent", camera, noon()).unwrap(), None);
    assert!(catalog.raise_alarm("camera-silent", camera, "again", "", noon() + 2 * HOUR).unwrap().1);

    let titles: Vec<_> = catalog.alarms(10).unwrap().into_iter().map(|alarm| alarm.title).collect();
    assert_eq!(titles, ["again", "another", "silent"], "lasting ones first, then by beginning");
    assert_eq!(catalog.alarms(1).unwrap().len(), 1);
}

#[test]
fn volumes_are_added_changed_and_forgotten() {
    let catalog = fresh().catalog;
    let mut volume =
        VolumeRow { id: VolumeId::new(), path: "/srv/video".into(), limit_bytes: None, fallback: false };
    catalog.put_volume(&volume).unwrap();
    (volume.limit_bytes, volume.fallback) = (Some(1 << 40), true);
    catalog.put_volume(&volume).unwrap();
    assert_eq!(catalog.volumes().unwrap(), [volume.clone()]);
    let same_path = VolumeRow { id: VolumeId::new(), ..volume.clone() };
    assert!(matches!(catalog.put_volume(&same_path), Err(Error::NameTaken)));
    assert!(catalog.remove_volume(volume.id).unwrap());
    assert!(catalog.volumes().unwrap().is_empty());
}

#[test]
fn the_site_keeps_its_first_row_until_it_is_changed() {
    let catalog = fresh().catalog;
    assert_eq!(catalog.site().unwrap(), None);
    let first = SiteRow { name: "Shop".into(), time_zone: "Europe/Stockholm".into(), created: noon() };
    assert_eq!(catalog.site_or(&first).unwrap(), first);
    let other = SiteRow { name: "Other".into(), ..first.clone() };
    assert_eq!(catalog.site_or(&other).unwrap(), first);
    assert_eq!(catalog.change_site(|site| site.name = "House".into()).unwrap().name, "House");
    assert!(matches!(catalog.change_site(|site| site.name.clear()), Err(Error::Size { .. })));
    assert_eq!(catalog.site().unwrap().unwrap().name, "House");
}
