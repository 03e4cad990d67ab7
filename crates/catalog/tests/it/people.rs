//! Users, sign-ins, tokens, first setup.

use std::time::Duration;

use catalog::{Error, password::PasswordError, session::MAX_SESSIONS, token::MAX_TOKENS, user::UserRow};
use model::{Role, UserId};
use proptest::prelude::*;

use crate::{HOUR, fresh, noon};

const PASSWORD: &str = "£¤ÅÄÖ🗝 tower";

#[test]
fn a_user_signs_in_with_any_spelling_of_name_and_password() {
    let catalog = fresh().catalog;
    let user = catalog.create_user("Åsa", Role::Operator, PASSWORD, noon()).unwrap();
    for (name, password) in [
        ("Åsa", PASSWORD),
        ("åsa", PASSWORD),
        (" ÅSA ", PASSWORD),
        ("A\u{30a}sa", "£¤A\u{30a}A\u{308}O\u{308}🗝\u{a0}tower"),
    ] {
        assert_eq!(catalog.verify_password(name, password).unwrap().as_ref(), Some(&user), "{name}");
    }
    for (name, password) in [("Åsa", "£¤åäö🗝 tower"), ("Asa", PASSWORD), ("Åsa", ""), ("", ""), ("Åsa", "\0")]
    {
        assert_eq!(catalog.verify_password(name, password).unwrap(), None, "{name} {password}");
    }
    assert!(matches!(
        catalog.create_user("A\u{30a}SA", Role::Viewer, PASSWORD, noon()),
        Err(Error::NameTaken)
    ));
}

#[test]
fn names_that_only_look_like_another_are_refused() {
    let catalog = fresh().catalog;
    for name in ["", " ", "a\nb", "ad\u{200b}min", "\u{202e}nimda", &"x".repeat(257)] {
        let error = catalog.create_user(name, Role::Viewer, PASSWORD, noon()).unwrap_err();
        assert!(matches!(error, Error::Name | Error::Size { .. }), "{name:?}: {error}");
    }
    assert!(matches!(
        catalog.create_user("anna", Role::Viewer, "short", noon()),
        Err(Error::Password(PasswordError::TooShort))
    ));
    assert!(catalog.users().unwrap().is_empty());
}

#[test]
fn a_sign_in_holds_until_it_expires_or_is_ended() {
    let catalog = fresh().catalog;
    let user = catalog.create_user("anna", Role::Viewer, PASSWORD, noon()).unwrap();
    let (session, secret) =
        catalog.begin_session(user.id, noon(), HOUR, "127.0.0.1", &"ä".repeat(500)).unwrap();
    assert!(session.agent.len() <= 256);
    let found = catalog.session(secret.expose(), noon()).unwrap();
    assert_eq!(user.last_sign_in, None);
    let user = UserRow { last_sign_in: Some(noon()), ..user };
    assert_eq!(found, Some((session.clone(), user)));
    assert_eq!(catalog.session(secret.expose(), noon() + HOUR).unwrap(), None, "expired");
    assert_eq!(catalog.session(&secret.expose()[1..], noon()).unwrap(), None);
    assert_eq!(catalog.session(&"x".repeat(1 << 20), noon()).unwrap(), None);

    assert!(catalog.touch_session(session.id, noon() + HOUR / 2, noon() + 2 * HOUR).unwrap());
    assert!(catalog.session(secret.expose(), noon() + HOUR).unwrap().is_some(), "prolonged");
    assert!(!catalog.touch_session(session.id, noon() + 3 * HOUR, noon() + 4 * HOUR).unwrap(), "too late");
    assert!(catalog.end_session(session.id).unwrap());
    assert!(!catalog.end_session(session.id).unwrap());
    assert_eq!(catalog.session(secret.expose(), noon()).unwrap(), None);
}

#[test]
fn the_sign_in_unused_for_longest_gives_way() {
    let catalog = fresh().catalog;
    let user = catalog.create_user("anna", Role::Viewer, PASSWORD, noon()).unwrap();
    let begin = |at: i64| {
        let now = noon().plus_micros(at);
        catalog.begin_session(user.id, now, HOUR, "", "").unwrap().0
    };
    let first = begin(0);
    let second = begin(1);
    catalog.touch_session(first.id, noon().plus_micros(1_000_000), noon() + HOUR).unwrap();
    (2..=MAX_SESSIONS).for_each(|at| drop(begin(at)));
    let left = catalog.sessions_of(user.id, noon()).unwrap();
    assert_eq!(i64::try_from(left.len()).unwrap(), MAX_SESSIONS);
    assert_eq!(left[0].id, first.id);
    assert!(!left.iter().any(|session| session.id == second.id));
}

#[test]
fn a_token_holds_until_it_expires_or_is_ended_by_its_user() {
    let catalog = fresh().catalog;
    let user = catalog.create_user("anna", Role::Administrator, PASSWORD, noon()).unwrap();
    let (token, value) = catalog.create_token(user.id, "backup script", noon(), noon() + HOUR, None).unwrap();
    assert!(value.expose().starts_with("martello_"));
    assert_eq!(catalog.token(value.expose(), noon()).unwrap(), Some((token.clone(), user.clone())));
    assert_eq!(catalog.token(value.expose(), noon() + HOUR).unwrap(), None);
    assert_eq!(catalog.tokens_of(user.id).unwrap(), std::slice::from_ref(&token));
    assert!(!catalog.end_token(UserId::new(), token.id).unwrap(), "somebody else's");
    assert!(catalog.end_token(user.id, token.id).unwrap());
    assert_eq!(catalog.token(value.expose(), noon()).unwrap(), None);

    for _ in 0..MAX_TOKENS {
        catalog.create_token(user.id, "one more", noon(), noon() + HOUR, None).unwrap();
    }
    let error = catalog.create_token(user.id, "too many", noon(), noon() + HOUR, None).unwrap_err();
    assert!(matches!(error, Error::TooMany { .. }));
    assert_eq!(catalog.remove_expired(noon() + HOUR).unwrap(), MAX_TOKENS);
}

#[test]
fn a_new_password_ends_what_the_old_one_opened() {
    let catalog = fresh().catalog;
    let user = catalog.create_user("anna", Role::Viewer, PASSWORD, noon()).unwrap();
    let (_, secret) = catalog.begin_session(user.id, noon(), HOUR, "", "").unwrap();
    let (_, token) = catalog.create_token(user.id, "script", noon(), noon() + HOUR, None).unwrap();
    catalog.set_password(user.id, "another tower").unwrap();
    assert_eq!(catalog.session(secret.expose(), noon()).unwrap(), None);
    assert_eq!(catalog.token(token.expose(), noon()).unwrap(), None);
    assert_eq!(catalog.verify_password("anna", PASSWORD).unwrap(), None);
    assert!(catalog.verify_password("anna", "another tower").unwrap().is_some());
    assert!(matches!(catalog.set_password(UserId::new(), PASSWORD), Err(Error::NotFound("user"))));
}

#[test]
fn the_last_administrator_stays() {
    let catalog = fresh().catalog;
    let anna = catalog.create_user("anna", Role::Administrator, PASSWORD, noon()).unwrap();
    let bert = catalog.create_user("bert", Role::Administrator, PASSWORD, noon()).unwrap();
    assert_eq!(catalog.users().unwrap(), [anna.clone(), bert.clone()]);
    let (_, secret) = catalog.begin_session(bert.id, noon(), HOUR, "", "").unwrap();
    assert!(catalog.remove_user(bert.id).unwrap());
    assert!(!catalog.remove_user(bert.id).unwrap());
    assert_eq!(catalog.user(bert.id).unwrap(), None);
    assert_eq!(catalog.session(secret.expose(), noon()).unwrap(), None);
    assert!(matches!(catalog.remove_user(anna.id), Err(Error::LastAdministrator)));
}

#[test]
fn the_setup_code_makes_one_administrator() {
    let catalog = fresh().catalog;
    assert!(catalog.needs_setup().unwrap());
    let old = catalog.new_setup_code(noon(), HOUR).unwrap().unwrap();
    let code = catalog.new_setup_code(noon(), HOUR).unwrap().unwrap();
    let set_up = |code: &str, now| catalog.set_up(code, "anna", PASSWORD, None, now);
    for (what, wrong, now) in [
        ("replaced", old.expose().as_str(), noon()),
        ("nonsense", "nonsense", noon()),
        ("empty", "", noon()),
        ("too late", code.expose().as_str(), noon() + HOUR),
    ] {
        assert!(matches!(set_up(wrong, now), Err(Error::WrongSetupCode)), "{what}");
    }
    assert!(matches!(catalog.set_up(code.expose(), "anna", "short", None, noon()), Err(Error::Password(_))));

    let typed = format!(" {} ", code.expose().to_lowercase().replace('-', " "));
    let user = set_up(&typed, noon()).unwrap();
    assert_eq!((user.name.as_str(), user.role), ("anna", Role::Administrator));
    assert!(matches!(set_up(code.expose(), noon()), Err(Error::AlreadySetUp)));
    assert!(catalog.new_setup_code(noon(), HOUR).unwrap().is_none());
    assert!(!catalog.needs_setup().unwrap());
}

/// A name that nobody has costs an argon2id like one that somebody has. The bound is wide: it tells "no work"
/// from "work", on any machine.
/// What this thread has computed so far: what others do meanwhile does not count.
fn spent() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(now).unwrap()
}

#[test]
fn an_unknown_name_costs_as_much_as_a_wrong_password() {
    let catalog = fresh().catalog;
    catalog.create_user("anna", Role::Viewer, PASSWORD, noon()).unwrap();
    let cost = |name: &str| -> Duration {
        let begin = spent();
        assert_eq!(catalog.verify_password(name, "wrong password").unwrap(), None);
        spent() - begin
    };
    let (known, unknown) = (cost("anna"), cost("nobody"));
    assert!(unknown * 4 > known && known * 4 > unknown, "known {known:?}, unknown {unknown:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_name_and_code_are_answered(name in "\\PC{0,40}", code in "\\PC{0,200}") {
        thread_local!(static CATALOG: crate::Fresh = fresh());
        CATALOG.with(|fresh| {
            assert!(matches!(
                fresh.catalog.set_up(&code, &name, "irrelevant", None, noon()),
                Err(Error::WrongSetupCode)
            ));
            assert_eq!(fresh.catalog.token(&name, noon()).unwrap(), None);
        });
    }
}
