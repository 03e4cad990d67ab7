//! The database of a cloud: the same scenarios on SQLite and on a real PostgreSQL.

mod postgres_server;
mod scenarios;

use catalog::cloud::{CloudCatalog, Location};

use crate::key;
use postgres_server::Server;

/// What each scenario gets: a database with nothing in it, and a second handle on the same one.
type Scenario = fn(&CloudCatalog, &CloudCatalog);

const SCENARIOS: &[(&str, Scenario)] = &[
    ("the first account is made once", scenarios::the_first_account_is_made_once),
    ("sign-ins begin, are used and end", scenarios::sign_ins_begin_are_used_and_end),
    ("a second factor counts once", scenarios::a_second_factor_counts_once),
    ("members come by invitation", scenarios::members_come_by_invitation_and_their_role_counts_at_once),
    ("folders are emptied before they go", scenarios::folders_are_emptied_before_they_go),
    ("a grant is given once", scenarios::a_grant_is_given_and_taken_once),
    ("a site enrols", scenarios::a_site_enrols_and_moves),
    ("leases never exceed the limit", scenarios::leases_never_exceed_the_limit),
    ("who did what", scenarios::what_was_done_is_listed_for_its_organization),
    ("races", scenarios::of_many_that_come_at_once_one_wins),
];

fn run(open: impl Fn(usize) -> Location) {
    for (number, (name, scenario)) in SCENARIOS.iter().enumerate() {
        eprintln!("{name}");
        let location = open(number);
        let first = CloudCatalog::open(&location, key()).unwrap();
        let second = CloudCatalog::open(&location, key()).unwrap();
        scenario(&first, &second);
        assert!(
            matches!(
                CloudCatalog::open(&location, catalog::SealKey::from_bytes([8; 32])),
                Err(catalog::Error::WrongKey)
            ),
            "another key"
        );
    }
}

#[test]
fn a_cloud_keeps_its_promises_on_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    run(|number| Location::Sqlite(dir.path().join(format!("cloud-{number}.sqlite"))));
}

#[test]
fn a_cloud_keeps_its_promises_on_postgresql() {
    let server = match Server::start() {
        Ok(server) => server,
        Err(reason) => return skip(&reason),
    };
    run(|number| server.fresh(&format!("scenario_{number}")));
}

#[test]
fn what_is_no_cloud_or_of_a_newer_release_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("of-a-site.sqlite");
    catalog::Catalog::open(&path, key()).unwrap();
    let opened = CloudCatalog::open(&Location::Sqlite(path), key());
    assert!(matches!(opened, Err(catalog::Error::NotACatalog)));
}

/// Says that the running test cannot run here. (A test runs on a thread of its name.)
fn skip(reason: &str) {
    use std::io::Write as _;
    let test = std::thread::current().name().unwrap_or("?").to_owned();
    let line = format!("SKIPPED: {test}: {reason}\n");
    eprint!("{line}");
    if let Some(path) = std::env::var_os("MARTELLO_SKIP_LOG") {
        let mut log = std::fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
        log.write_all(line.as_bytes()).unwrap();
    }
}
