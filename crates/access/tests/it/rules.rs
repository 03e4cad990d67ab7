//! Rules that hold for whatever was granted.

use access::{Folders, Grant, Origin, PrivilegeSet, Reach, Resource, Rights, Source, Target, explain};
use model::{CameraId, FolderId, GroupId, PortId, Privilege, Role, ViewId, WallTime};
use proptest::prelude::*;

fn camera(number: u8) -> CameraId {
    CameraId::from_bytes([number; 16])
}

fn folder(number: u8) -> FolderId {
    FolderId::from_bytes([number; 16])
}

/// Folder 1 has the cameras 1 and 2, folder 2 has camera 3.
fn folders() -> Folders {
    let mut folders = Folders::default();
    for (of, one) in [(1, 1), (1, 2), (2, 3)] {
        folders.put(folder(of), camera(one));
    }
    folders
}

fn resources() -> Vec<Resource> {
    let cameras = (1..=4).map(|number| Resource::Camera(camera(number)));
    let others = [
        Resource::Site,
        Resource::View(ViewId::from_bytes([1; 16])),
        Resource::Port(PortId::from_bytes([1; 16])),
    ];
    cameras.chain(others).collect()
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![4 => Just(Role::Viewer), 4 => Just(Role::Operator), 1 => Just(Role::Administrator)]
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![
        Just(Target::All),
        (1..=4_u8).prop_map(|number| Target::Camera(camera(number))),
        (1..=3_u8).prop_map(|number| Target::Folder(folder(number))),
        Just(Target::View(ViewId::from_bytes([1; 16]))),
        Just(Target::Port(PortId::from_bytes([1; 16]))),
    ]
}

fn grant() -> impl Strategy<Value = Grant> {
    (prop::sample::select(Privilege::ALL), target(), prop::option::of(1..=100_u8))
        .prop_map(|(privilege, target, priority)| Grant { privilege, target, priority })
}

fn source() -> impl Strategy<Value = Source> {
    (role(), prop::collection::vec(grant(), 0..6), prop::option::of(0..100_u32), 0..4_u8).prop_map(
        |(role, grants, recordings_minutes, group)| Source {
            origin: match group {
                0 => Origin::Own,
                group => Origin::Group(GroupId::from_bytes([group; 16]), format!("group {group}")),
            },
            role,
            grants,
            recordings_minutes,
        },
    )
}

/// Whether the first allows everything that the second does.
fn at_least(more: &Rights, less: &Rights) -> Result<(), TestCaseError> {
    prop_assert!(more.role() >= less.role());
    for on in resources() {
        for privilege in Privilege::ALL {
            prop_assert!(
                more.holds(*privilege, on) || !less.holds(*privilege, on),
                "{privilege} on {on:?} was taken away"
            );
        }
    }
    for number in 1..=4 {
        prop_assert!(more.cover(less, camera(number)));
        prop_assert!(more.reach(camera(number)) >= less.reach(camera(number)));
        let order = |rights: &Rights| rights.priority(camera(number)).unwrap_or(u8::MAX);
        prop_assert!(order(more) <= order(less), "a grant lowers no priority");
    }
    Ok(())
}

proptest! {
    #[test]
    fn one_more_grant_membership_or_role_never_takes_anything_away(
        sources in prop::collection::vec(source(), 0..4), more in source(), one in grant(), which in any::<prop::sample::Index>(),
    ) {
        let before = Rights::of(&sources, &folders());
        let mut joined = sources.clone();
        joined.push(more);
        at_least(&Rights::of(&joined, &folders()), &before)?;
        if !sources.is_empty() {
            let at = which.index(sources.len());
            let mut granted = sources.clone();
            granted[at].grants.push(one);
            at_least(&Rights::of(&granted, &folders()), &before)?;
            let mut raised = sources.clone();
            raised[at].role = raised[at].role.max(Role::Operator);
            at_least(&Rights::of(&raised, &folders()), &before)?;
            let mut unlimited = sources.clone();
            unlimited[at].recordings_minutes = None;
            at_least(&Rights::of(&unlimited, &folders()), &before)?;
        }
        let mut fuller = folders();
        fuller.put(folder(3), camera(4));
        at_least(&Rights::of(&sources, &fuller), &before)?;
    }

    #[test]
    fn the_order_of_grants_and_groups_does_not_matter(
        sources in prop::collection::vec(source(), 0..4).prop_shuffle(), seed in any::<u64>(),
    ) {
        let rights = Rights::of(&sources, &folders());
        let mut turned = sources.clone();
        turned.reverse();
        for source in &mut turned {
            let by = usize::try_from(seed % 7).unwrap_or(0).min(source.grants.len());
            source.grants.rotate_left(by);
        }
        prop_assert_eq!(Rights::of(&turned, &folders()), rights);
    }

    #[test]
    fn the_reasons_say_what_the_evaluator_says(sources in prop::collection::vec(source(), 0..4)) {
        let rights = Rights::of(&sources, &folders());
        for on in resources() {
            for privilege in Privilege::ALL {
                let (allowed, why) = explain(&sources, &folders(), *privilege, on);
                prop_assert_eq!(allowed, rights.holds(*privilege, on), "{} on {:?}: {:?}", privilege, on, why);
                prop_assert!(!why.is_empty(), "{} on {:?} has no reason", privilege, on);
            }
        }
    }

    #[test]
    fn a_scope_only_takes_away(
        sources in prop::collection::vec(source(), 0..4),
        scope in prop::collection::vec(prop::sample::select(Privilege::ALL), 0..5),
    ) {
        let whole = Rights::of(&sources, &folders());
        let scope: PrivilegeSet = scope.into_iter().collect();
        let within = whole.clone().within(scope);
        for on in resources() {
            for privilege in Privilege::ALL {
                let (held, before) = (within.holds(*privilege, on), whole.holds(*privilege, on));
                prop_assert!(before || !held);
                let always = matches!(privilege, Privilege::None | Privilege::SignedIn);
                prop_assert!(always || !held || scope.has(*privilege));
            }
        }
    }
}

fn own(role: Role, grants: &[(Privilege, Target)], recordings_minutes: Option<u32>) -> Source {
    let grants = grants.iter().map(|(privilege, target)| Grant::new(*privilege, *target)).collect();
    Source { origin: Origin::Own, role, grants, recordings_minutes }
}

#[test]
fn a_limit_on_recordings_holds_for_what_its_source_grants() {
    let now = WallTime::from_micros(7_200_000_000);
    let one = own(Role::Operator, &[(Privilege::CameraVideo, Target::All)], Some(60));
    let rights = Rights::of(std::slice::from_ref(&one), &folders());
    assert_eq!(rights.reach(camera(1)), Reach::Minutes(60));
    assert_eq!(rights.reach(camera(1)).since(now), Some(WallTime::from_micros(3_600_000_000)));
    let mut group = own(Role::Viewer, &[(Privilege::CameraVideo, Target::Folder(folder(1)))], None);
    group.origin = Origin::Group(GroupId::from_bytes([1; 16]), "gate".into());
    let rights = Rights::of(&[one, group], &folders());
    assert_eq!(rights.reach(camera(1)), Reach::Everything, "the group shows it without a limit");
    assert_eq!(rights.reach(camera(3)), Reach::Minutes(60));
}

#[test]
fn a_viewer_has_no_recordings_and_pictures_come_without_sound() {
    let rights = Rights::of(&[own(Role::Viewer, &[(Privilege::CameraVideo, Target::All)], None)], &folders());
    let on = Resource::Camera(camera(1));
    assert!(rights.holds(Privilege::CameraAccess, on) && rights.holds(Privilege::CameraVideo, on));
    assert!(!rights.holds(Privilege::CameraListen, on) && !rights.holds(Privilege::Recordings, on));
    assert_eq!(rights.reach(camera(1)), Reach::Minutes(0));
}

#[test]
fn saving_needs_the_right_to_save_and_the_right_to_see() {
    let source = own(
        Role::Operator,
        &[(Privilege::CameraVideo, Target::Camera(camera(1))), (Privilege::Export, Target::All)],
        None,
    );
    let rights = Rights::of(&[source], &folders());
    assert!(rights.may_on_camera(Privilege::Export, camera(1)));
    assert!(!rights.may_on_camera(Privilege::Export, camera(2)));
    assert!(!rights.may_on_camera(Privilege::Snapshot, camera(1)));
}

#[test]
fn a_token_with_a_scope_cannot_make_itself_a_token_without() {
    let administrator = Rights::of(&[own(Role::Administrator, &[], None)], &folders());
    assert!(administrator.holds(Privilege::OwnAccount, Resource::Site));
    let scope = [Privilege::Recordings].into_iter().collect();
    let token = administrator.within(scope);
    let on = Resource::Camera(camera(1));
    assert!(token.holds(Privilege::Recordings, on) && token.holds(Privilege::CameraVideo, on));
    for privilege in [Privilege::OwnAccount, Privilege::Configure, Privilege::CameraListen, Privilege::Export]
    {
        assert!(!token.holds(privilege, on), "{privilege}");
    }
}
