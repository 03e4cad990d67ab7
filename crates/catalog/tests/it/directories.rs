//! Directories, and the users and groups that they know.

use catalog::{
    Error,
    alarm::About,
    directory_user::{Seen, Standing},
    group::GroupChange,
    user::UserChange,
};
use model::{DirectoryId, Role, Secret, WallTime};
use rusqlite::Connection;
use serde_json::json;

use crate::{Fresh, HOUR, fresh, key, noon};

const PASSWORD: &str = "search only";

fn directory(fresh: &Fresh) -> DirectoryId {
    let settings = json!({ "base": "dc=example,dc=org" });
    let password = Secret::new(PASSWORD.to_owned());
    fresh.catalog.put_directory(None, "Example", &settings, &password, noon()).unwrap().id
}

fn anna(directory: DirectoryId, groups: &[&str]) -> Seen {
    Seen {
        directory,
        key: "key of anna".into(),
        login: "Anna".into(),
        name: "Anna@example.org".into(),
        full_name: "Anna Lind".into(),
        active: true,
        groups: groups.iter().map(|key| ((*key).to_owned(), format!("{key}@example.org"))).collect(),
    }
}

fn guards(fresh: &Fresh, directory: DirectoryId) -> model::GroupId {
    let change = GroupChange {
        name: "guards@example.org".into(),
        role: Role::Operator,
        recordings_minutes: None,
        members: Vec::new(),
        grants: Vec::new(),
    };
    fresh.catalog.put_directory_group(directory, "guards", &change, noon()).unwrap().id
}

#[test]
fn the_password_of_a_directory_is_sealed_and_opens_with_the_key() {
    let fresh = fresh();
    let id = directory(&fresh);
    assert_eq!(fresh.catalog.directory(id).unwrap().unwrap().password.expose(), PASSWORD);
    let kept: Vec<u8> = Connection::open(fresh.path())
        .unwrap()
        .query_row("SELECT password FROM directory", [], |row| row.get(0))
        .unwrap();
    assert!(!kept.windows(PASSWORD.len()).any(|part| part == PASSWORD.as_bytes()));
    let again = catalog::Catalog::open(&fresh.path(), key()).unwrap();
    assert_eq!(again.directories().unwrap()[0].password.expose(), PASSWORD);
    assert_eq!(again.directories().unwrap()[0].keytab, None);
    let keytab = Secret::new(b"the key of a service".to_vec());
    assert_eq!(again.set_keytab(id, Some(&keytab)).unwrap().keytab, Some(keytab.clone()));
    let kept: Vec<u8> = Connection::open(fresh.path())
        .unwrap()
        .query_row("SELECT keytab FROM directory", [], |row| row.get(0))
        .unwrap();
    assert!(!kept.windows(7).any(|part| part == b"service"));
    // Changed settings keep it.
    let changed = again.put_directory(Some(id), "Example", &json!({}), &Secret::new(PASSWORD.into()), noon());
    assert_eq!(changed.unwrap().keytab, Some(keytab.clone()));
    assert!(matches!(again.set_keytab(id, Some(&Secret::new(vec![0; 16385]))), Err(Error::Size { .. })));
    assert!(matches!(again.set_keytab(DirectoryId::new(), Some(&keytab)), Err(Error::NotFound(_))));
    assert_eq!(again.set_keytab(id, None).unwrap().keytab, None);
    let twice = fresh.catalog.put_directory(None, "EXAMPLE", &json!({}), &Secret::new("p".into()), noon());
    assert!(matches!(twice, Err(Error::NameTaken)));
}

#[test]
fn whom_a_directory_knows_is_a_user_while_somebody_or_a_group_lets_it_in() {
    let fresh = fresh();
    let (catalog, id) = (&fresh.catalog, directory(&fresh));
    catalog.create_user("ines", Role::Administrator, "a lighthouse", noon()).unwrap();
    let see = |seen: &Seen| catalog.see_user(seen, None, noon()).unwrap();
    assert_eq!(see(&anna(id, &["guards"])), (None, false), "no group is known here");
    let group = guards(&fresh, id);
    let (user, changed) = see(&anna(id, &["others", "guards"]));
    let user = user.unwrap();
    assert!(changed && user.counts() && user.name == "Anna@example.org");
    assert_eq!(catalog.groups_of(user.id).unwrap(), [(group, "guards@example.org".to_owned())]);
    assert!(!see(&anna(id, &["guards"])).1, "nothing is different");

    // Renamed: the same user. Another key: another one.
    let renamed =
        Seen { name: "Anna.Ek@example.org".into(), login: "Anna.Ek".into(), ..anna(id, &["guards"]) };
    let (row, changed) = see(&renamed);
    assert_eq!((row.unwrap().id, changed), (user.id, true));
    let (other, _) = see(&Seen { key: "another key".into(), ..anna(id, &["guards"]) });
    assert_ne!(other.unwrap().id, user.id);

    // Sign-ins end with the last group, with the account, and when nobody can say; tokens do not count until then.
    for (seen, standing) in [
        (anna(id, &[]), Standing::NoGroup),
        (Seen { active: false, ..anna(id, &["guards"]) }, Standing::Disabled),
    ] {
        see(&anna(id, &["guards"]));
        let (_, secret) = catalog.begin_session(user.id, noon(), HOUR, "127.0.0.1", "test").unwrap();
        let (_, token) = catalog.create_token(user.id, "script", noon(), noon() + HOUR, None).unwrap();
        assert!(catalog.token(token.expose(), noon()).unwrap().is_some());
        let (row, changed) = see(&seen);
        assert_eq!((row.unwrap().directory.unwrap().standing, changed), (standing, true));
        assert!(catalog.session(secret.expose(), noon()).unwrap().is_none());
        assert!(catalog.token(token.expose(), noon()).unwrap().is_none());
        see(&anna(id, &["guards"]));
        assert!(catalog.session(secret.expose(), noon()).unwrap().is_none(), "a sign-in does not come back");
        assert!(catalog.token(token.expose(), noon()).unwrap().is_some(), "a token does");
    }

    // Whom an administrator added stays without any group.
    let operator = UserChange { role: Some(Role::Operator), ..UserChange::default() };
    let (row, _) = catalog.see_user(&anna(id, &[]), Some(&operator), noon()).unwrap();
    assert_eq!(row.map(|user| (user.role, user.counts())), Some((Role::Operator, true)));

    // Names and memberships are the directory's.
    let name = UserChange { name: Some("other".into()), ..UserChange::default() };
    assert!(matches!(catalog.change_user(user.id, &name), Err(Error::DirectoryName)));
    let groups = UserChange { groups: Some(vec![group]), ..UserChange::default() };
    catalog.change_user(user.id, &groups).unwrap();
    assert_eq!(catalog.groups_of(user.id).unwrap(), []);

    assert_eq!(catalog.remove_directory(id).unwrap().as_deref(), Some("Example"));
    assert!(catalog.users().unwrap().len() == 1 && catalog.groups().unwrap().is_empty());
}

#[test]
fn a_kept_password_counts_for_its_user_for_as_long_as_was_allowed() {
    let fresh = fresh();
    let (catalog, id) = (&fresh.catalog, directory(&fresh));
    guards(&fresh, id);
    let user = catalog.see_user(&anna(id, &["guards"]), None, noon()).unwrap().0.unwrap();
    let (right, wrong) = (Secret::new("short".to_owned()), Secret::new("other".to_owned()));
    let verify = |login: &str, password: &Secret<String>, since: WallTime| {
        catalog.verify_kept(id, login, password, since).unwrap().map(|user| user.id)
    };
    assert_eq!(verify("anna", &right, noon()), None, "nothing was kept");
    catalog.keep_password(user.id, Some(&right)).unwrap();
    assert_eq!(verify("ANNA", &right, noon()), Some(user.id));
    let confirmed =
        |login: &str, since: WallTime| catalog.confirmed_user(id, login, since).unwrap().map(|user| user.id);
    assert_eq!(confirmed("ANNA", noon()), Some(user.id));
    assert_eq!((confirmed("anna", noon() + HOUR), confirmed("bert", noon())), (None, None));
    assert_eq!(verify("anna", &wrong, noon()), None);
    assert_eq!(verify("bert", &right, noon()), None);
    assert_eq!(verify("anna", &right, noon() + HOUR), None, "confirmed too long ago");
    assert_eq!(
        catalog.verify_password("Anna@example.org", "short").unwrap(),
        None,
        "not a password of the site"
    );
    assert!(!catalog.change_password(user.id, "short", "a longer password", None).unwrap());
    catalog.set_standing(user.id, Standing::Gone).unwrap();
    catalog.see_user(&anna(id, &["guards"]), None, noon()).unwrap();
    assert_eq!(verify("anna", &right, noon()), None, "what was kept went with the account");
}

#[test]
fn directories_stand_in_the_order_that_they_were_put_into_and_a_new_one_is_the_last() {
    let fresh = fresh();
    let add = |name: &str| {
        let password = Secret::new(PASSWORD.to_owned());
        fresh.catalog.put_directory(None, name, &json!({}), &password, noon()).unwrap().id
    };
    let names =
        || -> Vec<String> { fresh.catalog.directories().unwrap().into_iter().map(|row| row.name).collect() };
    let (a, b, c) = (add("a"), add("b"), add("c"));
    assert_eq!(names(), ["a", "b", "c"]);
    fresh.catalog.order_directories(&[c, a, b]).unwrap();
    add("d");
    assert_eq!(names(), ["c", "a", "b", "d"]);
    for wrong in [&[c, a, b][..], &[], &[a, a, b, c], &[a, b, c, DirectoryId::new()]] {
        assert!(matches!(fresh.catalog.order_directories(wrong), Err(catalog::Error::NotFound(_))));
    }
    assert_eq!(names(), ["c", "a", "b", "d"]);
}

#[test]
fn an_alarm_of_a_directory_is_one_of_that_directory() {
    let fresh = fresh();
    let (one, other) = (About::Directory(DirectoryId::new()), About::Directory(DirectoryId::new()));
    let raise = |about| fresh.catalog.raise_alarm("directory-down", about, "down", "", noon()).unwrap();
    let (row, began) = raise(one);
    assert!(began && row.about() == one && row.camera.is_none());
    assert!(!raise(one).1 && raise(other).1 && raise(About::Site).1);
    assert_eq!(fresh.catalog.end_alarm("directory-down", one, noon()).unwrap().unwrap().id, row.id);
    assert_eq!(fresh.catalog.end_alarm("directory-down", one, noon()).unwrap(), None);
    assert_eq!(fresh.catalog.alarm(row.id).unwrap().unwrap().about(), one);
}

#[test]
fn a_provider_is_kept_beside_directories_and_its_sign_ins_end_when_it_does_not_confirm_them() {
    let fresh = fresh();
    let (catalog, ldap) = (&fresh.catalog, directory(&fresh));
    let secret = Secret::new("the secret of the client".to_owned());
    let id = catalog.put_provider(None, "Company", &json!({}), &secret, noon()).unwrap().id;
    assert!(matches!(
        catalog.put_provider(None, "example", &json!({}), &secret, noon()),
        Err(Error::NameTaken)
    ));
    assert!(matches!(
        catalog.put_provider(Some(ldap), "Other", &json!({}), &secret, noon()),
        Err(Error::NotFound(_))
    ));
    assert_eq!((catalog.directories().unwrap().len(), catalog.providers().unwrap().len()), (1, 1));
    assert!(catalog.directory(id).unwrap().is_none() && catalog.provider(ldap).unwrap().is_none());

    // Somebody of whom only the key is known; later it has a name, and what was given stays.
    let unknown =
        Seen { groups: Vec::new(), login: String::new(), name: "s1 (Company)".into(), ..anna(id, &[]) };
    let give = |role| UserChange { role: Some(role), ..UserChange::default() };
    let user = catalog.add_outsider(&unknown, &give(Role::Operator), noon()).unwrap().unwrap();
    let named = catalog.see_user(&anna(id, &[]), None, noon()).unwrap().0.unwrap();
    assert_eq!((named.id, named.role, named.name.as_str()), (user.id, Role::Operator, "Anna@example.org"));
    let again = catalog.add_outsider(&unknown, &give(Role::Viewer), noon()).unwrap().unwrap();
    assert_eq!((again.id, again.role, again.name.as_str()), (user.id, Role::Viewer, "Anna@example.org"));
    assert_eq!(catalog.provider_of(user.id).unwrap().as_deref(), Some("Company"));

    let begin = || catalog.begin_session(user.id, noon(), HOUR * 24, "", "").unwrap().0.id;
    let (asked, silent) = (begin(), begin());
    let refresh = Secret::new("a refresh token".to_owned());
    catalog.keep_openid_session(asked, id, "nonce", Some(&refresh), noon()).unwrap();
    catalog.keep_openid_session(silent, id, "nonce", None, noon()).unwrap();
    let due = |since| catalog.openid_sessions_due(id, since, noon(), 10).unwrap();
    assert!(due(noon() - HOUR).is_empty(), "it was asked since");
    let one = due(noon()).pop().unwrap();
    assert_eq!(
        (one.session, one.key.as_str(), one.refresh.expose().as_str()),
        (asked, "key of anna", "a refresh token")
    );
    let kept: Vec<u8> = Connection::open(fresh.path())
        .unwrap()
        .query_row("SELECT refresh FROM openid_session WHERE refresh IS NOT NULL", [], |row| row.get(0))
        .unwrap();
    assert!(!kept.windows(7).any(|part| part == b"refresh"));
    let other = Secret::new("another one".to_owned());
    catalog.note_openid_session(asked, true, Some(&other), noon() + HOUR).unwrap();
    assert!(due(noon()).is_empty());
    catalog.note_openid_session(asked, false, None, noon() + HOUR * 2).unwrap();
    assert_eq!(due(noon() + HOUR * 2)[0].refresh.expose(), "another one");

    assert_eq!(catalog.end_unconfirmed_openid_sessions(id, noon() + HOUR).unwrap(), 1);
    let left = catalog.sessions_of(user.id, noon()).unwrap();
    assert_eq!(left.iter().map(|row| row.id).collect::<Vec<_>>(), [asked]);
    assert_eq!(catalog.end_unconfirmed_openid_sessions(id, noon() + HOUR * 2).unwrap(), 1);

    // What is asked of one kind changes nothing of the other.
    let group = GroupChange {
        name: "guards".into(),
        role: Role::Viewer,
        recordings_minutes: None,
        members: Vec::new(),
        grants: Vec::new(),
    };
    assert!(matches!(catalog.put_directory_group(id, "g", &group, noon()), Err(Error::NotFound(_))));
    assert!(matches!(catalog.put_provider_group(ldap, "g", &group, noon()), Err(Error::NotFound(_))));
    catalog.put_provider_group(id, "g", &group, noon()).unwrap();
    assert_eq!((catalog.remove_directory(id).unwrap(), catalog.remove_provider(ldap).unwrap()), (None, None));
    assert!(catalog.provider(id).unwrap().is_some() && catalog.directory(ldap).unwrap().is_some());
    assert!(catalog.user(user.id).unwrap().is_some() && catalog.groups().unwrap().len() == 1);
    assert_eq!(catalog.remove_provider(id).unwrap().as_deref(), Some("Company"));
    assert!(catalog.user(user.id).unwrap().is_none() && catalog.groups().unwrap().is_empty());
}
