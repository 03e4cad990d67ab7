//! A camera's stream profiles: which there are, which one is recorded, which one is for grids. Pure: works on rows.
//!
//! Every camera has the profile `main`, and `sub` where its source tells of a sub stream. A person may add others and choose
//! any of them for either use. What is not here: opening streams (`source`), requests (`http::profiles`).

use api::{
    camera::{Codec, Source},
    profile::{Profile, ProfilePicture, ProfileUse, ProfileVideo},
};
use catalog::camera::{
    self as row, CameraRow, CameraSource,
    profile::{self as kept, MAIN, MAX_PROFILES, ProfileRow, Profiles, SUB},
};
use model::StreamKind;

/// Which stream of a camera a feed pulls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Video {
    /// The main stream of the camera's source.
    Main,
    /// The sub stream of the camera's source.
    Sub,
    /// What a person made.
    Own(kept::ProfileVideo),
}

/// Why profiles cannot be changed so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No profile has this name.
    #[error("there is no such profile (any more)")]
    Missing,
    /// Another profile has this name.
    #[error("the camera has a profile of this name already")]
    Taken,
    /// It comes with the camera's source.
    #[error("this profile comes with the camera's source; change the source instead")]
    BuiltIn,
    /// Something must be recorded.
    #[error("this profile is recorded; choose another one to record first")]
    Recorded,
    /// It is in use.
    #[error("this profile is shown in grids; choose another one for that, or none, first")]
    Shown,
    /// No more of them.
    #[error("a camera has at most {MAX_PROFILES} profiles of its own")]
    Full,
}

/// The stream of the profile with this name.
#[must_use]
pub fn video(row: &CameraRow, name: &str) -> Option<Video> {
    match name {
        MAIN => Some(Video::Main),
        SUB => has_built_in_sub(row).then_some(Video::Sub),
        _ => own(row, name).map(|profile| Video::Own(profile.video.clone())),
    }
}

/// The profile that is recorded.
#[must_use]
pub fn main(row: &CameraRow) -> Video {
    video(row, &row.profiles.main).unwrap_or(Video::Main)
}

/// The profile for grids, where there is one.
#[must_use]
pub fn sub(row: &CameraRow) -> Option<Video> {
    video(row, row.profiles.sub.as_deref()?)
}

/// What the profile with this name is used for.
#[must_use]
pub fn used_as(row: &CameraRow, name: &str) -> Option<StreamKind> {
    if video(row, &row.profiles.main).map_or(name == MAIN, |_| name == row.profiles.main) {
        Some(StreamKind::Main)
    } else if row.profiles.sub.as_deref() == Some(name) && sub(row).is_some() {
        Some(StreamKind::Sub)
    } else {
        None
    }
}

/// All profiles as the API tells them. `seen` tells what is known of streams that are open.
#[must_use]
pub fn list(row: &CameraRow, seen: impl Fn(&str) -> Option<ProfilePicture>) -> Vec<Profile> {
    let built_in = [(MAIN, StreamKind::Main), (SUB, StreamKind::Sub)]
        .into_iter()
        .filter(|(name, _)| video(row, name).is_some())
        .map(|(name, kind)| (name, source_video(row, kind), true, None));
    let own =
        row.profiles.own.iter().map(|profile| {
            (profile.name.as_str(), told(&profile.video), false, Some(picture(&profile.picture)))
        });
    built_in
        .chain(own)
        .map(|(name, video, built_in, tried)| Profile {
            name: name.to_owned(),
            video,
            used_as: used_as(row, name),
            built_in,
            picture: seen(name).or(tried),
        })
        .collect()
}

/// Adds a profile.
///
/// # Errors
/// Its name is taken, or there are too many.
pub fn add(row: &mut CameraRow, profile: ProfileRow, use_as: ProfileUse) -> Result<(), Refused> {
    if video(row, &profile.name).is_some() || [MAIN, SUB].contains(&profile.name.as_str()) {
        return Err(Refused::Taken);
    }
    if row.profiles.own.len() >= MAX_PROFILES {
        return Err(Refused::Full);
    }
    let name = profile.name.clone();
    row.profiles.own.push(profile);
    choose(row, &name, use_as)
}

/// Changes a profile; what is `None` stays.
///
/// # Errors
/// There is no such profile, it is built in, its new name is taken, or nothing would be recorded.
pub fn change(
    row: &mut CameraRow,
    name: &str,
    new_name: Option<String>,
    new_video: Option<(kept::ProfileVideo, kept::ProfilePicture)>,
    use_as: Option<ProfileUse>,
) -> Result<(), Refused> {
    video(row, name).ok_or(Refused::Missing)?;
    let new_name = new_name.filter(|new| new != name);
    if own(row, name).is_none() && (new_name.is_some() || new_video.is_some()) {
        return Err(Refused::BuiltIn);
    }
    if new_name.as_deref().is_some_and(|new| video(row, new).is_some() || [MAIN, SUB].contains(&new)) {
        return Err(Refused::Taken);
    }
    if let Some(use_as) = use_as {
        choose(row, name, use_as)?;
    }
    if let Some(profile) = row.profiles.own.iter_mut().find(|profile| profile.name == name) {
        if let Some((video, picture)) = new_video {
            (profile.video, profile.picture) = (video, picture);
        }
        if let Some(new) = new_name {
            for used in std::iter::once(&mut row.profiles.main).chain(&mut row.profiles.sub) {
                if used == name {
                    used.clone_from(&new);
                }
            }
            profile.name = new;
        }
    }
    Ok(())
}

/// Removes a profile.
///
/// # Errors
/// There is no such profile, it is built in, or it is in use.
pub fn remove(row: &mut CameraRow, name: &str) -> Result<(), Refused> {
    video(row, name).ok_or(Refused::Missing)?;
    match used_as(row, name) {
        _ if own(row, name).is_none() => Err(Refused::BuiltIn),
        Some(StreamKind::Main) => Err(Refused::Recorded),
        Some(StreamKind::Sub) => Err(Refused::Shown),
        None => {
            row.profiles.own.retain(|profile| profile.name != name);
            Ok(())
        }
    }
}

/// What is left of profiles when a camera's source has become another.
pub fn after_change_of_source(row: &mut CameraRow) {
    if matches!(row.source, CameraSource::Rtsp { .. }) {
        row.profiles.own.retain(|profile| matches!(profile.video, kept::ProfileVideo::Rtsp { .. }));
    }
    if video(row, &row.profiles.main).is_none() {
        row.profiles.main = Profiles::default().main;
    }
    if row.profiles.sub.as_ref().is_some_and(|name| video(row, name).is_none()) {
        row.profiles.sub = Profiles::default().sub;
    }
}

fn choose(row: &mut CameraRow, name: &str, use_as: ProfileUse) -> Result<(), Refused> {
    let now = used_as(row, name);
    match use_as {
        ProfileUse::Main => {
            name.clone_into(&mut row.profiles.main);
            if now == Some(StreamKind::Sub) {
                row.profiles.sub = None;
            }
        }
        ProfileUse::Sub | ProfileUse::None if now == Some(StreamKind::Main) => return Err(Refused::Recorded),
        ProfileUse::Sub => row.profiles.sub = Some(name.to_owned()),
        ProfileUse::None if now == Some(StreamKind::Sub) => row.profiles.sub = None,
        ProfileUse::None => {}
    }
    Ok(())
}

fn own<'a>(row: &'a CameraRow, name: &str) -> Option<&'a ProfileRow> {
    row.profiles.own.iter().find(|profile| profile.name == name)
}

const fn has_built_in_sub(row: &CameraRow) -> bool {
    match &row.source {
        CameraSource::Axis { .. } => true,
        CameraSource::Rtsp { sub_url, .. } => sub_url.is_some(),
    }
}

/// What the camera's source says of a built-in profile.
fn source_video(row: &CameraRow, kind: StreamKind) -> ProfileVideo {
    match (crate::convert::source(row), kind) {
        (Source::Rtsp { main_url, .. }, StreamKind::Main) => ProfileVideo::Rtsp { url: main_url },
        (Source::Rtsp { main_url, sub_url }, StreamKind::Sub) => {
            ProfileVideo::Rtsp { url: sub_url.unwrap_or(main_url) }
        }
        (Source::Axis { codec, .. }, kind) => ProfileVideo::Axis {
            codec: Some(codec.filter(|_| kind == StreamKind::Main).unwrap_or(Codec::H264)),
            resolution: None,
            fps: None,
            compression: None,
        },
    }
}

fn told(video: &kept::ProfileVideo) -> ProfileVideo {
    match video {
        kept::ProfileVideo::Rtsp { url } => ProfileVideo::Rtsp { url: url.clone() },
        kept::ProfileVideo::Axis { codec, resolution, fps, compression } => ProfileVideo::Axis {
            codec: codec.map(|codec| match codec {
                row::Codec::H264 => Codec::H264,
                row::Codec::H265 => Codec::H265,
            }),
            resolution: resolution.map(|(width, height)| format!("{width}x{height}")),
            fps: *fps,
            compression: *compression,
        },
    }
}

fn picture(picture: &kept::ProfilePicture) -> ProfilePicture {
    let kept::ProfilePicture { video_codec, audio_codec, width, height } = picture.clone();
    ProfilePicture { video_codec, audio_codec, width, height }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{CameraId, WallTime};

    fn axis() -> CameraRow {
        CameraRow {
            id: CameraId::new(),
            name: "Gate".into(),
            source: CameraSource::Axis { address: "http://192.0.2.1".into(), rtsp_port: None, codec: None },
            user: None,
            password: None,
            transport: row::Transport::Tcp,
            audio: true,
            record: true,
            retention_days: None,
            model: None,
            serial: None,
            certificate_pin: None,
            main_url: None,
            sub_url: None,
            profiles: Profiles::default(),
            image_url: None,
            added: WallTime::from_micros(0),
        }
    }

    fn profile(name: &str) -> ProfileRow {
        ProfileRow {
            name: name.into(),
            video: kept::ProfileVideo::Axis {
                codec: None,
                resolution: None,
                fps: Some(5),
                compression: None,
            },
            picture: kept::ProfilePicture {
                video_codec: "avc1.64001f".into(),
                audio_codec: None,
                width: 1280,
                height: 720,
            },
        }
    }

    /// Names with what they are used for: `m`, `s` or `-`.
    fn uses(row: &CameraRow) -> String {
        let letter = |used: Option<StreamKind>| match used {
            Some(StreamKind::Main) => 'm',
            Some(StreamKind::Sub) => 's',
            None => '-',
        };
        let all = list(row, |_| None);
        all.iter()
            .map(|profile| format!("{}:{}", profile.name, letter(profile.used_as)))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn any_profile_is_recorded_or_shown_in_grids_or_neither() {
        let mut row = axis();
        assert_eq!(uses(&row), "main:m sub:s");
        add(&mut row, profile("a"), ProfileUse::None).unwrap();
        add(&mut row, profile("b"), ProfileUse::Sub).unwrap();
        assert_eq!(uses(&row), "main:m sub:- a:- b:s");
        for (name, use_as, then) in [
            ("a", ProfileUse::Main, Ok("main:- sub:- a:m b:s")),
            ("b", ProfileUse::Main, Ok("main:- sub:- a:- b:m")),
            ("b", ProfileUse::None, Err(Refused::Recorded)),
            ("b", ProfileUse::Sub, Err(Refused::Recorded)),
            ("main", ProfileUse::Sub, Ok("main:s sub:- a:- b:m")),
            ("main", ProfileUse::None, Ok("main:- sub:- a:- b:m")),
            ("main", ProfileUse::Main, Ok("main:m sub:- a:- b:-")),
            ("sub", ProfileUse::Sub, Ok("main:m sub:s a:- b:-")),
            ("c", ProfileUse::Sub, Err(Refused::Missing)),
        ] {
            let before = uses(&row);
            match (change(&mut row, name, None, None, Some(use_as)), then) {
                (Ok(()), Ok(then)) => assert_eq!(uses(&row), then, "{name} {use_as:?}"),
                (Err(refused), Err(then)) => {
                    assert_eq!((refused, uses(&row)), (then, before), "{name} {use_as:?}");
                }
                (outcome, _) => panic!("{name} {use_as:?}: {outcome:?}"),
            }
        }
    }

    #[test]
    fn names_are_unique_and_what_is_in_use_is_not_removed() {
        let mut row = axis();
        add(&mut row, profile("a"), ProfileUse::Main).unwrap();
        for taken in ["a", "main", "sub"] {
            assert_eq!(add(&mut row, profile(taken), ProfileUse::None), Err(Refused::Taken), "{taken}");
        }
        assert_eq!(remove(&mut row, "a"), Err(Refused::Recorded));
        assert_eq!(remove(&mut row, "main"), Err(Refused::BuiltIn));
        assert_eq!(remove(&mut row, "x"), Err(Refused::Missing));
        assert_eq!(change(&mut row, "main", Some("y".into()), None, None), Err(Refused::BuiltIn));
        change(&mut row, "a", Some("y".into()), None, None).unwrap();
        assert_eq!(uses(&row), "main:- sub:s y:m", "a new name takes the use along");
        change(&mut row, "main", None, None, Some(ProfileUse::Main)).unwrap();
        remove(&mut row, "y").unwrap();
        assert_eq!(uses(&row), "main:m sub:s");
    }

    #[test]
    fn an_address_instead_of_an_axis_camera_keeps_what_still_makes_sense() {
        let mut row = axis();
        add(&mut row, profile("a"), ProfileUse::Main).unwrap();
        row.source = CameraSource::Rtsp { main_url: "rtsp://192.0.2.1/".into(), sub_url: None };
        after_change_of_source(&mut row);
        assert_eq!(uses(&row), "main:m");
    }
}
