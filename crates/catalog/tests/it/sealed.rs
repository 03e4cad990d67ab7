//! Secrets at rest: unreadable without the key, bound to their rows, not in the files.

use catalog::{Catalog, Error, SealKey, setting::Setting};
use model::Role;
use proptest::prelude::*;
use rusqlite::Connection;

use crate::{HOUR, fresh, key, noon, rtsp_camera};

#[test]
fn no_secret_is_in_the_files_or_in_debug_output() {
    let fresh = fresh();
    let catalog = &fresh.catalog;
    let user = catalog.create_user("anna", Role::Administrator, "user-password-1", noon()).unwrap();
    let (_, session) = catalog.begin_session(user.id, noon(), HOUR, "", "").unwrap();
    let (_, token) = catalog.create_token(user.id, "script", noon(), noon() + HOUR, None).unwrap();
    let camera = rtsp_camera("Gate", "camera-password-1");
    catalog.add_camera(&camera).unwrap();
    let setting = Setting {
        value: serde_json::json!({"user": "plain-to-be-found"}),
        secrets: [("mail".to_owned(), "mail-password-1".to_owned().into())].into(),
    };
    catalog.change_setting("notifications", |_| setting).unwrap();

    let secrets =
        ["user-password-1", "camera-password-1", "mail-password-1", session.expose(), token.expose()];
    let shown = format!("{:?} {:?} {:?}", catalog.cameras(), catalog.setting("notifications"), key());
    for secret in secrets {
        assert!(!shown.contains(secret), "{secret} is printed");
    }
    let mut files = 0;
    let mut found_plain = false;
    for entry in std::fs::read_dir(fresh.dir.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        for secret in secrets {
            assert!(!holds(secret), "{secret} is in a file");
        }
        found_plain |= holds("plain-to-be-found");
        files += 1;
    }
    assert!(found_plain, "the search finds what is there");
    assert_eq!(files, 3, "database, write-ahead log and its index");
}

#[cfg(unix)]
#[test]
fn the_files_are_their_owner_s_only() {
    use std::os::unix::fs::PermissionsExt;
    let fresh = fresh();
    fresh.catalog.put_note("test", "key", b"value").unwrap();
    for entry in std::fs::read_dir(fresh.dir.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
    }
}

#[test]
fn another_key_is_refused_at_opening() {
    let fresh = fresh();
    let other = SealKey::from_bytes([8; 32]);
    assert!(matches!(Catalog::open(&fresh.path(), other), Err(Error::WrongKey)));
    assert!(Catalog::open(&fresh.path(), key()).is_ok());
}

#[test]
fn a_sealed_password_opens_in_its_own_row_only() {
    let fresh = fresh();
    let (mine, other) = (rtsp_camera("Mine", "mine"), rtsp_camera("Other", "other"));
    fresh.catalog.add_camera(&mine).unwrap();
    fresh.catalog.add_camera(&other).unwrap();
    let sql = Connection::open(fresh.path()).unwrap();
    sql.execute(
        "UPDATE camera SET password = (SELECT password FROM camera WHERE id = ?1) WHERE id = ?2",
        [other.id.to_string(), mine.id.to_string()],
    )
    .unwrap();
    assert!(matches!(fresh.catalog.camera(mine.id), Err(Error::Unseal { what: "password" })));
    assert_eq!(fresh.catalog.camera(other.id).unwrap(), Some(other));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_damaged_sealed_value_is_refused(damage in proptest::collection::vec(any::<u8>(), 0..80)) {
        thread_local!(static FRESH: (crate::Fresh, catalog::camera::CameraRow) = {
            let fresh = fresh();
            let camera = rtsp_camera("Gate", "password");
            fresh.catalog.add_camera(&camera).unwrap();
            (fresh, camera)
        });
        FRESH.with(|(fresh, camera)| {
            let sql = Connection::open(fresh.path()).unwrap();
            sql.execute("UPDATE camera SET password = ?1", [&damage]).unwrap();
            assert!(matches!(fresh.catalog.camera(camera.id), Err(Error::Unseal { .. })));
        });
    }

    #[test]
    fn a_seal_key_survives_its_file(bytes in any::<[u8; 32]>(), text in "\\PC{0,70}") {
        let key = SealKey::from_bytes(bytes).to_text();
        let with_line_end = key.expose().clone() + "\n";
        let read = SealKey::from_text(&with_line_end).unwrap();
        prop_assert_eq!(read.to_text(), key);
        let _ = SealKey::from_text(&text);
    }
}
