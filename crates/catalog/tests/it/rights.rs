//! Groups, folders, grants; administrators of the machine; second factors.

use access::{Grant, Origin, Target, totp};
use catalog::{Error, grant::Holder, group::GroupChange, second_factor::RECOVERY_CODES, user::UserChange};
use model::{CameraId, FolderId, GroupId, Privilege, Role, UserId};

use crate::{HOUR, fresh, noon, rtsp_camera};

const PASSWORD: &str = "a tower of bricks";

fn operators(members: Vec<UserId>, grants: Vec<Grant>) -> GroupChange {
    let name = "Night shift".to_owned();
    GroupChange { name, role: Role::Operator, recordings_minutes: Some(60), members, grants }
}

#[test]
fn what_was_granted_to_a_user_and_its_groups_is_found_together() {
    let catalog = fresh().catalog;
    let (gate, yard) = (rtsp_camera("Gate", "p"), rtsp_camera("Yard", "p"));
    catalog.add_camera(&gate).unwrap();
    catalog.add_camera(&yard).unwrap();
    let outside = catalog.put_folder(None, "Outside", &[gate.id, yard.id]).unwrap();
    let own = Grant { priority: Some(10), ..Grant::new(Privilege::CameraPtz, Target::Camera(gate.id)) };
    let change = UserChange {
        role: Some(Role::Viewer),
        recordings_minutes: Some(Some(5)),
        grants: Some(vec![own]),
        ..UserChange::default()
    };
    let anna = catalog.create_user_with("anna", PASSWORD, &change, noon()).unwrap();
    let grants = vec![
        Grant::new(Privilege::CameraVideo, Target::Folder(outside.id)),
        Grant::new(Privilege::Export, Target::All),
    ];
    let group = catalog.put_group(None, &operators(vec![anna.id], grants.clone()), noon()).unwrap();
    let sources = catalog.sources(anna.id).unwrap();
    assert_eq!(sources.len(), 2);
    assert_eq!(
        (&sources[0].origin, sources[0].role, sources[0].recordings_minutes),
        (&Origin::Own, Role::Viewer, Some(5))
    );
    assert_eq!(sources[0].grants, [own]);
    assert_eq!(sources[1].origin, Origin::Group(group.id, "Night shift".into()));
    assert_eq!((sources[1].grants.clone(), sources[1].recordings_minutes), (grants, Some(60)));
    assert_eq!(catalog.folder_table().unwrap().cameras(outside.id).len(), 2);
    assert_eq!(catalog.groups_of(anna.id).unwrap(), [(group.id, "Night shift".to_owned())]);

    // A camera, a folder and a group take what was granted on and to them along.
    assert!(catalog.remove_camera(gate.id, noon()).unwrap());
    assert_eq!(catalog.sources(anna.id).unwrap()[0].grants, []);
    assert_eq!(catalog.folders().unwrap()[0].cameras, [yard.id]);
    assert!(catalog.remove_folder(outside.id).unwrap() && !catalog.remove_folder(outside.id).unwrap());
    assert_eq!(catalog.grants(Holder::Group(group.id)).unwrap().len(), 1);
    assert!(catalog.remove_group(group.id).unwrap() && !catalog.remove_group(group.id).unwrap());
    assert_eq!(catalog.sources(anna.id).unwrap().len(), 1);
    assert_eq!(catalog.sources(UserId::new()).unwrap(), []);
}

#[test]
fn grants_on_what_does_not_exist_are_refused_whole() {
    let catalog = fresh().catalog;
    let anna = catalog.create_user("anna", Role::Viewer, PASSWORD, noon()).unwrap();
    let bert = catalog.create_user("bert", Role::Administrator, PASSWORD, noon()).unwrap();
    let kept = Grant::new(Privilege::Snapshot, Target::All);
    let change = |grants: Vec<Grant>| UserChange { grants: Some(grants), ..UserChange::default() };
    catalog.change_user(anna.id, &change(vec![kept])).unwrap();
    for target in
        [Target::Camera(CameraId::new()), Target::Folder(FolderId::new()), Target::View(model::ViewId::new())]
    {
        let grants = vec![Grant::new(Privilege::CameraVideo, target)];
        assert!(
            matches!(catalog.change_user(anna.id, &change(grants)), Err(Error::NotFound(_))),
            "{target:?}"
        );
        assert_eq!(catalog.grants(Holder::User(anna.id)).unwrap(), [kept]);
    }
    let unknown = UserChange { groups: Some(vec![GroupId::new()]), ..UserChange::default() };
    assert!(matches!(catalog.change_user(anna.id, &unknown), Err(Error::NotFound("group"))));
    assert!(matches!(
        catalog.put_group(None, &operators(vec![UserId::new()], Vec::new()), noon()),
        Err(Error::NotFound("user"))
    ));
    assert!(catalog.groups().unwrap().is_empty());
    assert!(matches!(catalog.put_folder(Some(FolderId::new()), "x", &[]), Err(Error::NotFound("folder"))));
    catalog.put_folder(None, "Outside", &[]).unwrap();
    assert!(matches!(catalog.put_folder(None, "OUTSIDE", &[]), Err(Error::NameTaken)));
    let renamed = UserChange { name: Some("BERT".into()), ..UserChange::default() };
    assert!(matches!(catalog.change_user(anna.id, &renamed), Err(Error::NameTaken)));
    assert!(catalog.change_user(bert.id, &renamed).unwrap().is_some(), "its own name in another case");
}

#[test]
fn the_last_administrator_cannot_be_lowered_or_disabled() {
    let catalog = fresh().catalog;
    let anna = catalog.create_user("anna", Role::Administrator, PASSWORD, noon()).unwrap();
    // One of the machine is no replacement: it may not be there tomorrow.
    catalog.machine_user("root", noon()).unwrap();
    let lowered = UserChange { role: Some(Role::Operator), ..UserChange::default() };
    let disabled = UserChange { disabled: Some(true), ..UserChange::default() };
    for change in [&lowered, &disabled] {
        assert!(matches!(catalog.change_user(anna.id, change), Err(Error::LastAdministrator)));
    }
    assert!(matches!(catalog.remove_user(anna.id), Err(Error::LastAdministrator)));
    let bert = catalog.create_user("bert", Role::Administrator, PASSWORD, noon()).unwrap();
    let (_, secret) = catalog.begin_session(anna.id, noon(), HOUR, "", "").unwrap();
    assert!(catalog.change_user(anna.id, &disabled).unwrap().unwrap().disabled);
    assert_eq!(catalog.session(secret.expose(), noon()).unwrap(), None);
    assert_eq!(catalog.verify_password("anna", PASSWORD).unwrap(), None);
    assert!(matches!(catalog.remove_user(bert.id), Err(Error::LastAdministrator)), "the other is disabled");
}

#[test]
fn administrators_of_the_machine_have_no_password_and_cannot_be_changed() {
    let catalog = fresh().catalog;
    let root = catalog.machine_user("root", noon()).unwrap();
    assert_eq!(
        (root.name.as_str(), root.role, root.machine),
        ("root (this machine)", Role::Administrator, true)
    );
    assert_eq!(catalog.machine_user("root", noon()).unwrap(), root);
    assert!(catalog.needs_setup().unwrap(), "the site still wants an administrator of its own");
    assert_eq!(catalog.verify_password("root (this machine)", "").unwrap(), None);
    assert!(matches!(catalog.set_password(root.id, PASSWORD), Err(Error::NotFound("user"))));
    assert!(!catalog.change_password(root.id, "", PASSWORD, None).unwrap());
    assert!(matches!(catalog.remove_user(root.id), Err(Error::MachineUser)));
    assert!(matches!(catalog.change_user(root.id, &UserChange::default()), Err(Error::MachineUser)));
}

#[test]
fn an_own_password_change_wants_the_old_one_and_keeps_only_this_sign_in() {
    let catalog = fresh().catalog;
    let anna = catalog.create_user("anna", Role::Viewer, PASSWORD, noon()).unwrap();
    let (this, secret) = catalog.begin_session(anna.id, noon(), HOUR, "", "").unwrap();
    let (_, other) = catalog.begin_session(anna.id, noon(), HOUR, "", "").unwrap();
    assert!(!catalog.change_password(anna.id, "wrong", "another tower", Some(this.id)).unwrap());
    assert!(catalog.change_password(anna.id, PASSWORD, "another tower", Some(this.id)).unwrap());
    assert!(catalog.session(secret.expose(), noon()).unwrap().is_some());
    assert_eq!(catalog.session(other.expose(), noon()).unwrap(), None);
    assert!(catalog.verify_password("anna", "another tower").unwrap().is_some());
    assert!(!catalog.end_session_of(UserId::new(), this.id).unwrap(), "somebody else's");
    assert!(catalog.end_session_of(anna.id, this.id).unwrap());
}

#[test]
fn a_code_of_a_second_factor_counts_once() {
    let catalog = fresh().catalog;
    let anna = catalog.create_user("anna", Role::Viewer, PASSWORD, noon()).unwrap();
    let key = catalog.begin_second_factor(anna.id).unwrap().unwrap();
    let code = |steps: i64| totp::code(&key, totp::step(noon()) + steps);
    assert!(!catalog.user(anna.id).unwrap().unwrap().second_factor, "not yet");
    assert!(!catalog.use_second_factor(anna.id, &code(0), noon()).unwrap());
    assert!(catalog.confirm_second_factor(anna.id, "000000", noon()).unwrap().is_none());
    let recovery = catalog.confirm_second_factor(anna.id, &code(-1), noon()).unwrap().unwrap();
    assert_eq!(recovery.len(), RECOVERY_CODES);
    assert!(catalog.user(anna.id).unwrap().unwrap().second_factor);
    assert!(catalog.begin_second_factor(anna.id).unwrap().is_none(), "no new key without ending the old one");
    assert!(!catalog.use_second_factor(anna.id, &code(-1), noon()).unwrap(), "used when it was set up");
    assert!(catalog.use_second_factor(anna.id, &code(0), noon()).unwrap());
    assert!(!catalog.use_second_factor(anna.id, &code(0), noon()).unwrap(), "a second time");
    let first = recovery[0].expose().to_lowercase();
    assert!(catalog.use_second_factor(anna.id, &first, noon()).unwrap());
    assert!(!catalog.use_second_factor(anna.id, &first, noon()).unwrap());
    assert!(catalog.end_second_factor(anna.id).unwrap() && !catalog.end_second_factor(anna.id).unwrap());
    assert!(!catalog.use_second_factor(anna.id, recovery[1].expose(), noon()).unwrap());
}

#[test]
fn passwords_of_every_kind_sign_in_composed_and_decomposed() {
    let catalog = fresh().catalog;
    let long: String = "£¤ÅÄÖ🗝é".chars().cycle().take(256).collect();
    for (name, kept, typed) in [
        ("signs", "£¤ÅÄÖåäö", "£¤A\u{30a}A\u{308}O\u{308}a\u{30a}a\u{308}o\u{308}"),
        ("decomposed", "A\u{30a}ngstro\u{308}m", "Ångström"),
        ("emoji", "👩‍👩‍👧‍👦🔑🏳️‍🌈🇸🇪", "👩‍👩‍👧‍👦🔑🏳️‍🌈🇸🇪"),
        ("long", &long, &long),
    ] {
        let user = catalog.create_user(name, Role::Viewer, kept, noon()).unwrap();
        assert_eq!(catalog.verify_password(name, typed).unwrap(), Some(user), "{name}");
        let shorter: String = typed.chars().skip(1).collect();
        assert_eq!(catalog.verify_password(name, &shorter).unwrap(), None, "{name}");
    }
    // One character is refused as a new password, and is a wrong one at a sign-in.
    assert!(catalog.create_user("one", Role::Viewer, "£", noon()).is_err());
    assert_eq!(catalog.verify_password("long", "£").unwrap(), None);
}
