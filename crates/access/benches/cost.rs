//! What a question costs: `cargo bench -p access`. The goal is 20 µs per request at most.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench prints figures and reads the clock"
)]

use std::{hint::black_box, time::Instant};

use access::{Folders, Grant, Origin, Rights, Source, Target};
use model::{CameraId, FolderId, GroupId, Privilege, Role};

const CAMERAS: usize = 1000;
const GROUPS: usize = 20;
const ROUNDS: u32 = 1_000_000;

fn main() {
    let cameras: Vec<CameraId> = (0..CAMERAS).map(|_| CameraId::new()).collect();
    let mut folders = Folders::default();
    let sources: Vec<Source> = (0..GROUPS)
        .map(|group| {
            let folder = FolderId::new();
            cameras.iter().skip(group).step_by(GROUPS).for_each(|camera| folders.put(folder, *camera));
            let grant = |privilege: &Privilege| Grant::new(*privilege, Target::Folder(folder));
            Source {
                origin: Origin::Group(GroupId::new(), format!("group {group}")),
                role: Role::Operator,
                grants: Privilege::ALL.iter().map(grant).collect(),
                recordings_minutes: Some(60),
            }
        })
        .collect();

    let began = Instant::now();
    let rights = Rights::of(&sources, &folders);
    println!(
        "rights of {GROUPS} groups over {CAMERAS} cameras: {:?}, once a sign-in or change",
        began.elapsed()
    );

    let began = Instant::now();
    for round in 0..ROUNDS {
        let camera = cameras[round as usize % CAMERAS];
        black_box(rights.may_on_camera(black_box(Privilege::Export), camera));
    }
    println!("one question: {:?}", began.elapsed() / ROUNDS);

    let began = Instant::now();
    let seen =
        cameras.iter().filter(|camera| rights.may_on_camera(Privilege::CameraAccess, **camera)).count();
    println!("a list of {seen} cameras filtered: {:?}", began.elapsed());
}
