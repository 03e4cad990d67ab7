//! Several writers, in one process and through several handles.

use std::thread;

use catalog::{Catalog, Error, site::SiteRow};
use model::Role;

use crate::{HOUR, fresh, key, noon};

/// Two handles stand for two processes: they have nothing in common but the file.
#[test]
fn no_write_of_two_handles_is_lost() {
    let fresh = fresh();
    let site = SiteRow { name: "0".into(), time_zone: "UTC".into(), created: noon() };
    fresh.catalog.site_or(&site).unwrap();
    let add_one = |catalog: &Catalog| {
        for _ in 0..50 {
            catalog
                .change_site(|site| site.name = (site.name.parse::<u32>().unwrap() + 1).to_string())
                .unwrap();
        }
    };
    let other = Catalog::open(&fresh.path(), key()).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| add_one(&fresh.catalog));
        scope.spawn(|| add_one(&fresh.catalog));
        scope.spawn(|| add_one(&other));
    });
    assert_eq!(other.site().unwrap().unwrap().name, "150");
}

#[test]
fn of_two_who_set_up_at_once_one_wins() {
    let fresh = fresh();
    let code = fresh.catalog.new_setup_code(noon(), HOUR).unwrap().unwrap();
    let other = Catalog::open(&fresh.path(), key()).unwrap();
    let set_up = |catalog: &Catalog, name| catalog.set_up(code.expose(), name, "password", None, noon());
    let (one, two) = thread::scope(|scope| {
        let one = scope.spawn(|| set_up(&fresh.catalog, "anna"));
        let two = scope.spawn(|| set_up(&other, "bert"));
        (one.join().unwrap(), two.join().unwrap())
    });
    let results = [&one, &two];
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(results.iter().any(|result| matches!(result, Err(Error::AlreadySetUp))));
    assert_eq!(fresh.catalog.users().unwrap().len(), 1);
}

#[test]
fn two_handles_may_open_a_new_database_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("catalog.db");
    thread::scope(|scope| {
        let openings: Vec<_> = (0..4).map(|_| scope.spawn(|| Catalog::open(&path, key()))).collect();
        for opening in openings {
            let catalog = opening.join().unwrap().unwrap();
            catalog.put_note("test", "key", b"value").unwrap();
        }
    });
}

#[test]
fn an_error_leaves_nothing_behind() {
    let catalog = fresh().catalog;
    let code = catalog.new_setup_code(noon(), HOUR).unwrap().unwrap();
    let site = SiteRow { name: "Shop".into(), time_zone: "UTC".into(), created: noon() };
    catalog.site_or(&site).unwrap();
    // The user is inserted before the site's name is found to be too long.
    let long = "x".repeat(200);
    let error = catalog.set_up(code.expose(), "anna", "password", Some(&long), noon()).unwrap_err();
    assert!(matches!(error, Error::Size { .. }));
    assert!(catalog.users().unwrap().is_empty());
    let user = catalog.set_up(code.expose(), "anna", "password", Some("House"), noon()).unwrap();
    assert_eq!(user.role, Role::Administrator);
    assert_eq!(catalog.site().unwrap().unwrap().name, "House");
}
