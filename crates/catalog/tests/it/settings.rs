//! Settings and notes.

use std::collections::BTreeMap;

use catalog::{Error, setting::Setting};

use crate::fresh;

#[test]
fn a_setting_is_changed_as_a_whole() {
    let catalog = fresh().catalog;
    assert_eq!(catalog.setting("notifications").unwrap(), None);
    let first = Setting {
        value: serde_json::json!({"mail": {"host": "127.0.0.1"}}),
        secrets: BTreeMap::from([("mail".to_owned(), "hunter2".to_owned().into())]),
    };
    catalog
        .change_setting("notifications", |old| {
            assert_eq!(old, None);
            first.clone()
        })
        .unwrap();
    assert_eq!(catalog.setting("notifications").unwrap(), Some(first.clone()));
    let second = catalog
        .change_setting("notifications", |old| {
            let mut setting = old.unwrap();
            assert_eq!(setting, first);
            setting.secrets.clear();
            setting
        })
        .unwrap();
    assert_eq!(catalog.setting("notifications").unwrap(), Some(second));
}

#[test]
fn a_setting_that_is_too_large_leaves_the_old_one() {
    let catalog = fresh().catalog;
    let small = Setting { value: serde_json::json!(1), ..Setting::default() };
    catalog.change_setting("s", |_| small.clone()).unwrap();
    let large = Setting { value: "x".repeat(100_000).into(), ..Setting::default() };
    assert!(matches!(catalog.change_setting("s", |_| large), Err(Error::Size { .. })));
    let many = Setting {
        secrets: (0..17).map(|n| (n.to_string(), String::new().into())).collect(),
        ..Setting::default()
    };
    assert!(matches!(catalog.change_setting("s", |_| many), Err(Error::TooMany { .. })));
    assert_eq!(catalog.setting("s").unwrap(), Some(small));
}

#[test]
fn a_note_is_kept_by_purpose_and_key() {
    let catalog = fresh().catalog;
    catalog.put_note("layout", "anna", b"1").unwrap();
    catalog.put_note("layout", "anna", b"2").unwrap();
    catalog.put_note("other", "anna", b"3").unwrap();
    assert_eq!(catalog.note("layout", "anna").unwrap().as_deref(), Some(b"2".as_slice()));
    assert_eq!(catalog.note("layout", "bert").unwrap(), None);
    assert!(matches!(catalog.put_note("layout", "anna", &[0; 65 * 1024]), Err(Error::Size { .. })));
}
