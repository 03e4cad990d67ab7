//! What authorization costs a request: `cargo bench -p access --bench cost`. The goal is 20 µs at most, with 200 cameras
//! in 20 folders and a person in 10 groups.

#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench prints figures and reads the clock"
)]

use std::{hint::black_box, time::Instant};

use access::{Folders, Grant, Origin, PrivilegeSet, Resource, Rights, Source, Target, explain};
use model::{CameraId, FolderId, GroupId, Privilege, Role, clock::wall_now};

const CAMERAS: usize = 200;
const FOLDERS: usize = 20;
const GROUPS: usize = 10;
/// What a group of operators is granted on each of its folders.
const GRANTED: [Privilege; 4] =
    [Privilege::CameraVideo, Privilege::CameraListen, Privilege::CameraRecord, Privilege::CameraPtz];

/// A site: its cameras, its folders, and the rights of a person whose groups have four folders each.
fn site() -> (Vec<CameraId>, Folders, Vec<Source>) {
    let cameras: Vec<CameraId> = (0..CAMERAS).map(|_| CameraId::new()).collect();
    let ids: Vec<FolderId> = (0..FOLDERS).map(|_| FolderId::new()).collect();
    let mut folders = Folders::default();
    for (folder, id) in ids.iter().enumerate() {
        cameras.iter().skip(folder).step_by(FOLDERS).for_each(|camera| folders.put(*id, *camera));
    }
    let source = |group: usize| {
        let of_group = (0..4).map(|place| ids[(group * 2 + place) % FOLDERS]);
        let on_folders = of_group
            .flat_map(|folder| GRANTED.map(|privilege| Grant::new(privilege, Target::Folder(folder))));
        let on_all = [Privilege::Export, Privilege::Snapshot, Privilege::Alarms]
            .map(|one| Grant::new(one, Target::All));
        Source {
            origin: Origin::Group(GroupId::new(), format!("group {group}")),
            role: Role::Operator,
            grants: on_folders.chain(on_all).collect(),
            recordings_minutes: Some(60),
        }
    };
    (cameras, folders, (0..GROUPS).map(source).collect())
}

/// Nanoseconds of one round, the median of 21 runs.
fn cost(what: &str, rounds: u32, mut round: impl FnMut(usize)) {
    let mut runs: Vec<u128> = (0..21)
        .map(|_| {
            let began = Instant::now();
            (0..rounds).for_each(|index| round(index as usize));
            began.elapsed().as_nanos() / u128::from(rounds)
        })
        .collect();
    runs.sort_unstable();
    println!("{what:<70} {:>9} ns (slowest run {} ns)", runs[runs.len() / 2], runs[runs.len() - 1]);
}

fn main() {
    let (cameras, folders, sources) = site();
    let rights = Rights::of(&sources, &folders);
    let scoped = rights.clone().within([Privilege::CameraVideo].into_iter().collect::<PrivilegeSet>());
    let camera = |index: usize| cameras[index % CAMERAS];
    println!("{CAMERAS} cameras in {FOLDERS} folders, a person in {GROUPS} groups with 19 grants each");
    cost("a request on a camera: may it be known, may it be exported", 200_000, |index| {
        let on = Resource::Camera(camera(index));
        let seen = black_box(&rights).holds(Privilege::CameraAccess, on);
        black_box(seen && rights.may_on_camera(black_box(Privilege::Export), camera(index)));
    });
    cost("the same with a token for one privilege", 200_000, |index| {
        black_box(black_box(&scoped).may_on_camera(black_box(Privilege::CameraVideo), camera(index)));
    });
    cost("a request on the site", 200_000, |_| {
        black_box(black_box(&rights).holds_somewhere(black_box(Privilege::Alarms)));
    });
    let now = wall_now();
    cost("how far back recordings of a camera are shown", 200_000, |index| {
        black_box(black_box(&rights).reach(camera(index)).since(now));
    });
    cost("the list of 200 cameras, filtered", 2_000, |_| {
        let seen = |camera: &&CameraId| rights.may_on_camera(Privilege::CameraAccess, **camera);
        black_box(cameras.iter().filter(seen).count());
    });
    cost("what may be done to each of 200 cameras, for their list", 200, |_| {
        for camera in &cameras {
            black_box(rights.on(*camera));
        }
    });
    cost("rights made anew: once a sign-in or change, and every 2 s of use", 500, |_| {
        black_box(Rights::of(black_box(&sources), &folders));
    });
    cost("an answer with its reasons", 10_000, |index| {
        let on = Resource::Camera(camera(index));
        black_box(explain(&sources, &folders, Privilege::CameraPtz, on));
    });
}
