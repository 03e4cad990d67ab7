//! Resource × privilege × role, committed: a change of who may do what shows as a change of this file.

use std::fmt::Write as _;

use access::{Folders, Grant, Origin, Resource, Rights, Source, Target};
use expect_test::expect_file;
use model::{CameraId, PortId, Privilege, Role, ViewId};

/// The resources that a question can be about.
fn resources() -> [(&'static str, Resource, Target); 4] {
    let (camera, view, port) =
        (CameraId::from_bytes([1; 16]), ViewId::from_bytes([1; 16]), PortId::from_bytes([1; 16]));
    [
        ("site", Resource::Site, Target::All),
        ("camera", Resource::Camera(camera), Target::Camera(camera)),
        ("view", Resource::View(view), Target::View(view)),
        ("port", Resource::Port(port), Target::Port(port)),
    ]
}

fn holds(role: Role, grants: Vec<Grant>, privilege: Privilege, on: Resource) -> bool {
    let source = Source { origin: Origin::Own, role, grants, recordings_minutes: None };
    Rights::of(&[source], &Folders::default()).holds(privilege, on)
}

/// `-` never; `r` by the role alone; `g` when it is granted on this; `a` when it is granted on all.
fn letter(role: Role, privilege: Privilege, on: Resource, target: Target) -> char {
    let granted = |target| vec![Grant::new(privilege, target)];
    let by_video = vec![Grant::new(Privilege::CameraVideo, target)];
    if holds(role, Vec::new(), privilege, on) {
        'r'
    } else if holds(role, granted(target), privilege, on) {
        'g'
    } else if holds(role, granted(Target::All), privilege, on) {
        'a'
    } else if holds(role, by_video, privilege, on) {
        'v'
    } else {
        '-'
    }
}

#[test]
fn who_can_hold_what_on_what_is_as_committed() {
    let mut text = String::from(
        "Who can hold which privilege on what. -: never; r: by the role alone; g: granted on it (or on all); a: granted on\n\
         all; v: with the right to see its pictures. Written by `UPDATE_EXPECT=1 cargo test -p access`.\n\n",
    );
    let _ = writeln!(
        text,
        "{:<26}{:<8}{:>8}{:>10}{:>15}",
        "privilege", "on", "viewer", "operator", "administrator"
    );
    for privilege in Privilege::ALL {
        for (name, on, target) in resources() {
            let letters = Role::ALL.map(|role| letter(role, *privilege, on, target));
            let _ = writeln!(
                text,
                "{:<26}{:<8}{:>8}{:>10}{:>15}",
                privilege.name(),
                name,
                letters[0],
                letters[1],
                letters[2]
            );
        }
    }
    expect_file!["./matrix.txt"].assert_eq(&text);
}
