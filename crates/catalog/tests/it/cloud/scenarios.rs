//! What a cloud's database promises, whichever it is.

use std::{collections::BTreeSet, time::Duration};

use access::totp;
use catalog::{
    Error,
    cloud::{
        CloudCatalog,
        account::{AccountRow, NewAccount},
        audit::CloudDeed,
        device::{Ask, Codes, Decision, GrantKind, GrantState},
        ledger::Draw,
        organization::RelayLimit,
        sign_in::{Begin, SignInKind},
    },
};
use model::{OrganizationId, Role, SiteId};

use crate::{HOUR, noon};

const ANNA: NewAccount<'_> =
    NewAccount { email: "Anna@example.org", name: "Anna", password: "£ ¤ Å Ä Ö 🗝" };

fn anna(cloud: &CloudCatalog) -> (AccountRow, OrganizationId) {
    let code = cloud.new_setup_code(noon(), HOUR).unwrap().unwrap();
    cloud.set_up(code.expose(), ANNA, "Pier 4", noon()).unwrap()
}

fn ben(cloud: &CloudCatalog, organization: OrganizationId, by: &AccountRow) -> AccountRow {
    let (_, code) = cloud.invite(organization, "ben@example.org", by, noon(), HOUR).unwrap();
    cloud.accept_invitation_anew(code.expose(), "Ben", "correct horse", noon()).unwrap().0
}

pub fn the_first_account_is_made_once(cloud: &CloudCatalog, other: &CloudCatalog) {
    assert!(cloud.needs_setup().unwrap());
    let old = cloud.new_setup_code(noon(), HOUR).unwrap().unwrap();
    let code = other.new_setup_code(noon(), HOUR).unwrap().unwrap();
    for wrong in [old.expose().as_str(), "", "AAAAA-BBBBB-CCCCC-DDDDD"] {
        assert!(matches!(cloud.set_up(wrong, ANNA, "Pier 4", noon()), Err(Error::WrongSetupCode)), "{wrong}");
    }
    let late = noon() + HOUR;
    assert!(matches!(cloud.set_up(code.expose(), ANNA, "Pier 4", late), Err(Error::WrongSetupCode)));
    let (row, organization) = cloud.set_up(code.expose(), ANNA, "Pier 4", noon()).unwrap();
    assert!(!other.needs_setup().unwrap() && other.new_setup_code(noon(), HOUR).unwrap().is_none());
    assert!(matches!(other.set_up(code.expose(), ANNA, "x", noon()), Err(Error::AlreadySetUp)));

    // The address is the same in any case; the password as it was typed or composed otherwise.
    let found = other.verify_account("ANNA@EXAMPLE.ORG", "£ ¤ A\u{30a} A\u{308} O\u{308} 🗝").unwrap();
    assert_eq!(found, Some(row.clone()));
    assert_eq!(other.verify_account("anna@example.org", "£ ¤ Å Ä O 🗝").unwrap(), None);
    assert_eq!(other.verify_account("nobody@example.org", ANNA.password).unwrap(), None);
    assert_eq!(cloud.account(row.id).unwrap(), Some(row.clone()));
    let all = cloud.organizations_of(row.id).unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].0.id, all[0].0.owner, all[0].1), (organization, row.id, Role::Administrator));
}

pub fn sign_ins_begin_are_used_and_end(cloud: &CloudCatalog, other: &CloudCatalog) {
    let (anna, _) = anna(cloud);
    let begin = Begin { kind: SignInKind::Browser, agent: "a browser", address: "192.0.2.1", lifetime: HOUR };
    let (row, secret) = cloud.begin_sign_in(anna.id, begin, noon()).unwrap();
    assert_eq!(other.sign_in(secret.expose(), noon()).unwrap().unwrap(), (row.clone(), anna.clone()));
    assert_eq!(other.sign_in("guessed", noon()).unwrap(), None);
    assert_eq!(other.sign_in(secret.expose(), noon() + HOUR).unwrap(), None, "it has ended");
    let later = noon() + Duration::from_secs(60);
    assert!(cloud.touch_sign_in(row.id, later, Some(later + HOUR)).unwrap());
    assert!(other.sign_in(secret.expose(), noon() + HOUR).unwrap().is_some());
    // A program's end does not move.
    assert!(cloud.touch_sign_in(row.id, later, None).unwrap());
    assert_eq!(cloud.sign_ins_of(anna.id, later).unwrap()[0].expires, later + HOUR);

    for number in 0..105 {
        cloud.begin_sign_in(anna.id, begin, noon() + Duration::from_secs(120 + number)).unwrap();
    }
    assert_eq!(cloud.sign_ins_of(anna.id, later).unwrap().len(), 100, "the oldest make room");
    let newest = cloud.sign_ins_of(anna.id, later).unwrap()[0].id;
    assert!(cloud.end_sign_in(anna.id, newest).unwrap() && !cloud.end_sign_in(anna.id, newest).unwrap());
    cloud.set_account_password(anna.id, "another password").unwrap();
    assert!(cloud.sign_ins_of(anna.id, later).unwrap().is_empty(), "a new password ends them all");
}

pub fn a_second_factor_counts_once(cloud: &CloudCatalog, other: &CloudCatalog) {
    let (anna, _) = anna(cloud);
    let key = cloud.begin_account_factor(anna.id).unwrap().unwrap();
    assert_eq!(cloud.confirm_account_factor(anna.id, "000000x", noon()).unwrap(), None);
    let code = totp::code(&key, totp::step(noon()));
    let recovery = cloud.confirm_account_factor(anna.id, &code, noon()).unwrap().unwrap();
    assert!(other.account(anna.id).unwrap().unwrap().second_factor);
    assert!(other.begin_account_factor(anna.id).unwrap().is_none(), "it is there already");
    assert!(!other.use_account_factor(anna.id, &code, noon()).unwrap(), "used up");
    let next = totp::code(&key, totp::step(noon()) + 1);
    assert!(other.use_account_factor(anna.id, &next, noon()).unwrap());
    assert!(!cloud.use_account_factor(anna.id, &next, noon()).unwrap());
    assert!(cloud.use_account_factor(anna.id, recovery[0].expose(), noon()).unwrap());
    assert!(!other.use_account_factor(anna.id, recovery[0].expose(), noon()).unwrap());
    assert!(cloud.end_account_factor(anna.id).unwrap() && !cloud.end_account_factor(anna.id).unwrap());
}

pub fn members_come_by_invitation_and_their_role_counts_at_once(cloud: &CloudCatalog, other: &CloudCatalog) {
    let (anna, pier) = anna(cloud);
    assert!(matches!(cloud.invite(pier, "anna@EXAMPLE.org", &anna, noon(), HOUR), Err(Error::NameTaken)));
    for wrong in ["", "ben", "@x", "ben@", "a@b@c", "a b@c", "<a@b>", &format!("{}@x", "a".repeat(300))] {
        assert!(matches!(cloud.invite(pier, wrong, &anna, noon(), HOUR), Err(Error::Email)), "{wrong}");
    }
    let (first, old) = cloud.invite(pier, "ben@example.org", &anna, noon(), HOUR).unwrap();
    let (_, code) = other.invite(pier, "Ben@example.org", &anna, noon(), HOUR).unwrap();
    assert_eq!(cloud.invitation(old.expose(), noon()).unwrap(), None, "a new one takes its place");
    assert_eq!(cloud.invitations(pier, noon()).unwrap().len(), 1);
    assert!(!cloud.revoke_invitation(pier, first.id).unwrap());
    // Somebody else who got hold of the code cannot use it.
    assert!(cloud.accept_invitation(code.expose(), anna.id, noon()).is_err());
    assert!(cloud.accept_invitation_anew(code.expose(), "Ben", "correct horse", noon() + HOUR).is_err());
    let (ben, joined) = cloud.accept_invitation_anew(code.expose(), "Ben", "correct horse", noon()).unwrap();
    assert_eq!((joined, ben.email.as_str()), (pier, "Ben@example.org"));
    assert!(other.accept_invitation(code.expose(), ben.id, noon()).is_err(), "used up");
    assert_eq!(cloud.member(pier, ben.id).unwrap().unwrap().role, Role::Viewer);

    let folder = cloud.add_site_folder(pier, "North", None).unwrap();
    cloud.change_member(pier, ben.id, Role::Operator, Some(&[folder.id])).unwrap();
    let member = other.member(pier, ben.id).unwrap().unwrap();
    assert_eq!((member.role, member.folders), (Role::Operator, Some(vec![folder.id])));
    let quay = cloud.found_organization("Quay", ben.id, noon()).unwrap();
    let foreign = cloud.add_site_folder(quay, "Secret", None).unwrap();
    assert!(cloud.change_member(pier, ben.id, Role::Operator, Some(&[foreign.id])).is_err());
    assert_eq!(other.member(pier, ben.id).unwrap().unwrap().folders, Some(vec![folder.id]), "unchanged");
    assert_eq!(cloud.organizations_of(ben.id).unwrap().len(), 2);

    for attempt in
        [cloud.change_member(pier, anna.id, Role::Viewer, None), cloud.remove_member(pier, anna.id)]
    {
        assert!(matches!(attempt, Err(Error::LastAdministrator)), "the owner stays");
    }
    cloud.remove_member(pier, ben.id).unwrap();
    assert_eq!(other.member(pier, ben.id).unwrap(), None);
    assert_eq!(other.members(pier).unwrap().len(), 1);
    assert!(cloud.change_organization(pier, Some("Pier 5"), Some(RelayLimit::Unlimited)).unwrap());
    assert!(cloud.change_organization(pier, None, None).unwrap());
    let row = other.organization(pier).unwrap().unwrap();
    assert_eq!((row.name.as_str(), row.relay), ("Pier 5", RelayLimit::Unlimited));
    cloud.change_organization(pier, None, Some(RelayLimit::Bytes(5))).unwrap();
    assert_eq!(other.organization(pier).unwrap().unwrap().relay, RelayLimit::Bytes(5));
    cloud.change_organization(pier, None, Some(RelayLimit::AsCloud)).unwrap();
    assert_eq!(other.organization(pier).unwrap().unwrap().relay, RelayLimit::AsCloud);
}

pub fn folders_are_emptied_before_they_go(cloud: &CloudCatalog, other: &CloudCatalog) {
    let (_, pier) = anna(cloud);
    let default = cloud.folders_of_organization(pier).unwrap();
    assert!(default.len() == 1 && default[0].is_default);
    assert!(matches!(cloud.remove_site_folder(pier, default[0].id), Err(Error::InUse(_))));
    let north = cloud.add_site_folder(pier, "North", None).unwrap();
    let inner = cloud.add_site_folder(pier, "Gate", Some(north.id)).unwrap();
    assert!(matches!(other.remove_site_folder(pier, north.id), Err(Error::InUse(_))));
    assert!(other.rename_site_folder(pier, inner.id, "Old gate").unwrap());
    other.remove_site_folder(pier, inner.id).unwrap();
    other.remove_site_folder(pier, north.id).unwrap();
    assert!(matches!(other.remove_site_folder(pier, north.id), Err(Error::NotFound(_))));
    assert!(cloud.add_site_folder(pier, "In what is gone", Some(north.id)).is_err());
}

fn ask<'a>(kind: GrantKind, identity: Option<&'a [u8]>) -> Ask<'a> {
    Ask { kind, name: "Shop", identity, address: "192.0.2.7", lifetime: Duration::from_secs(600) }
}

fn program(cloud: &CloudCatalog) -> Codes {
    cloud.ask_grant(ask(GrantKind::Program, None), noon()).unwrap()
}

pub fn a_grant_is_given_and_taken_once(cloud: &CloudCatalog, other: &CloudCatalog) {
    let (anna, pier) = anna(cloud);
    let begin = Begin { kind: SignInKind::Program, agent: "martello", address: "192.0.2.7", lifetime: HOUR };
    let codes = program(cloud);
    let (user, device) = (codes.user.expose().as_str(), codes.device.expose().as_str());
    let asked = other.grant_by_user_code(&user.to_lowercase().replace('-', " "), noon()).unwrap().unwrap();
    assert_eq!(
        (asked.kind, asked.state, asked.name.as_str()),
        (GrantKind::Program, GrantState::Pending, "Shop")
    );
    assert!(cloud.redeem(device, begin, noon()).unwrap().is_none(), "nobody has said anything");
    assert!(!cloud.decide_grant(device, anna.id, Decision::Program, noon()).unwrap(), "the wrong code");
    assert!(!cloud.decide_grant(user, anna.id, Decision::Site(pier, None), noon()).unwrap(), "no site asks");
    assert!(!cloud.decide_grant(user, anna.id, Decision::Program, codes.expires).unwrap(), "too late");
    assert!(cloud.decide_grant(user, anna.id, Decision::Program, noon()).unwrap());
    assert!(!other.decide_grant(user, anna.id, Decision::Deny, noon()).unwrap(), "it has been decided");
    assert_eq!(other.grant_by_user_code(user, noon()).unwrap(), None);
    assert!(other.redeem(device, begin, codes.expires).unwrap().is_none(), "too late");
    let token = other.redeem(device, begin, noon()).unwrap().unwrap();
    assert_eq!(cloud.sign_in(token.expose(), noon()).unwrap().unwrap().1.id, anna.id);
    assert!(cloud.redeem(device, begin, noon()).unwrap().is_none(), "once");

    let codes = program(cloud);
    assert!(cloud.decide_grant(codes.user.expose(), anna.id, Decision::Deny, noon()).unwrap());
    let row = other.grant_by_device_code(codes.device.expose(), noon()).unwrap().unwrap();
    assert_eq!(row.state, GrantState::Denied);
    assert!(cloud.redeem(codes.device.expose(), begin, noon()).unwrap().is_none());
}

pub fn a_site_enrols_and_moves(cloud: &CloudCatalog, other: &CloudCatalog) {
    let (anna, pier) = anna(cloud);
    let site = SiteId::random();
    let folder = cloud.add_site_folder(pier, "North", None).unwrap();
    let asked = || cloud.ask_grant(ask(GrantKind::Site, Some(b"a public key")), noon()).unwrap();
    let codes = asked();
    let decision = Decision::Site(pier, Some(folder.id));
    assert_eq!(cloud.enrol(codes.device.expose(), site, noon()).unwrap(), None);
    assert!(cloud.decide_grant(codes.user.expose(), anna.id, decision, noon()).unwrap());
    assert_eq!(other.enrol(codes.device.expose(), site, noon()).unwrap(), Some(pier));
    assert_eq!(cloud.enrol(codes.device.expose(), site, noon()).unwrap(), None, "once");
    let row = other.remote_site(site).unwrap().unwrap();
    assert_eq!((row.organization, row.folder, row.last_contact), (pier, folder.id, None));
    assert_eq!(row.identity, b"a public key");
    assert!(matches!(cloud.remove_site_folder(pier, folder.id), Err(Error::InUse(_))));
    cloud.note_contact(site, noon()).unwrap();
    assert_eq!(other.remote_sites(pier).unwrap()[0].last_contact, Some(noon()));

    let quay = cloud.found_organization("Quay", anna.id, noon()).unwrap();
    let codes = asked();
    assert!(cloud.decide_grant(codes.user.expose(), anna.id, Decision::Site(quay, None), noon()).unwrap());
    assert_eq!(cloud.enrol(codes.device.expose(), site, noon()).unwrap(), Some(quay));
    assert!(other.remote_sites(pier).unwrap().is_empty(), "a site has one organization");
    assert!(!cloud.change_remote_site(pier, site, Some("x"), None).unwrap());
    assert!(cloud.change_remote_site(quay, site, Some("Shop 2"), None).unwrap());
    assert_eq!(other.remote_sites(quay).unwrap()[0].name, "Shop 2");
    assert!(!cloud.remove_remote_site(pier, site).unwrap() && cloud.remove_remote_site(quay, site).unwrap());
}

pub fn leases_never_exceed_the_limit(cloud: &CloudCatalog, other: &CloudCatalog) {
    let (anna, _) = anna(cloud);
    let draw = Draw {
        account: anna.id,
        month: 24_322,
        limit: Some(2_500_000),
        bytes: 1_000_000,
        lifetime: Duration::from_secs(5),
    };
    let [one, two, three] =
        [cloud, other, cloud].map(|cloud| cloud.draw_lease(draw, noon()).unwrap().unwrap());
    assert_eq!([one.bytes, two.bytes, three.bytes], [1_000_000, 1_000_000, 500_000]);
    assert_eq!(cloud.draw_lease(draw, noon()).unwrap(), None, "nothing is left");
    assert!(cloud.settle_lease(one.id, 400_000).unwrap() && !other.settle_lease(one.id, 400_000).unwrap());
    assert_eq!(other.relay_use(anna.id, draw.month).unwrap(), 400_000);
    assert_eq!(
        other.draw_lease(draw, noon()).unwrap().unwrap().bytes,
        600_000,
        "what was not carried is free again"
    );
    // A relay that never says how much it was has crashed: nobody pays for that.
    let later = noon() + Duration::from_secs(5);
    assert_eq!(other.draw_lease(draw, later).unwrap().unwrap().bytes, 1_000_000);
    assert!(!cloud.settle_lease(two.id, 1).unwrap());
    // More than was lent is not billed.
    let lease = cloud.draw_lease(draw, later).unwrap().unwrap();
    assert!(cloud.settle_lease(lease.id, 9_000_000).unwrap());
    assert_eq!(other.relay_use(anna.id, draw.month).unwrap(), 1_400_000);
    let next_month = Draw { month: draw.month + 1, ..draw };
    assert_eq!(cloud.draw_lease(next_month, later).unwrap().unwrap().bytes, 1_000_000);
    let unlimited = Draw { limit: None, bytes: 1 << 40, ..draw };
    assert_eq!(cloud.draw_lease(unlimited, later).unwrap().unwrap().bytes, 1 << 40);
}

pub fn what_was_done_is_listed_for_its_organization(cloud: &CloudCatalog, other: &CloudCatalog) {
    let (anna, pier) = anna(cloud);
    let ben = ben(cloud, pier, &anna);
    let quay = cloud.found_organization("Quay", ben.id, noon()).unwrap();
    let deed = |organization, operation: &str| CloudDeed {
        at: noon(),
        organization: Some(organization),
        account: Some(anna.id),
        who: "anna".into(),
        address: "192.0.2.1".into(),
        operation: operation.into(),
        target: "å".repeat(300),
        outcome: "done".into(),
    };
    for operation in ["one", "two", "three"] {
        cloud.note_deed(&deed(pier, operation)).unwrap();
    }
    other.note_deed(&deed(quay, "theirs")).unwrap();
    let listed = other.deeds(pier, i64::MAX).unwrap();
    let operations: Vec<&str> = listed.iter().map(|(_, deed)| deed.operation.as_str()).collect();
    assert_eq!(operations, ["three", "two", "one"]);
    assert_eq!(listed[0].1.target, "å".repeat(128));
    assert_eq!(cloud.deeds(pier, listed[1].0).unwrap().len(), 1);
}

pub fn of_many_that_come_at_once_one_wins(cloud: &CloudCatalog, other: &CloudCatalog) {
    let (anna, _) = anna(cloud);
    let begin = Begin { kind: SignInKind::Program, agent: "martello", address: "192.0.2.7", lifetime: HOUR };
    let codes = program(cloud);
    let all = [cloud, other, cloud, other, cloud, other];
    let wins = |work: &(dyn Fn(&CloudCatalog) -> bool + Sync)| -> usize {
        std::thread::scope(|scope| {
            let threads: Vec<_> = all.iter().map(|cloud| scope.spawn(move || work(cloud))).collect();
            threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
        })
    };
    let user = codes.user.expose().clone();
    assert_eq!(wins(&|cloud| cloud.decide_grant(&user, anna.id, Decision::Program, noon()).unwrap()), 1);
    let device = codes.device.expose().clone();
    assert_eq!(wins(&|cloud| cloud.redeem(&device, begin, noon()).unwrap().is_some()), 1);

    // However many relays draw at once, they get no more together than there is.
    let draw = Draw {
        account: anna.id,
        month: 1,
        limit: Some(3_500),
        bytes: 1_000,
        lifetime: Duration::from_secs(5),
    };
    let total: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = all
            .iter()
            .map(|cloud| {
                scope.spawn(move || cloud.draw_lease(draw, noon()).unwrap().map_or(0, |lease| lease.bytes))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(total, 3_500);
    // Entries of the audit log are numbered without holes.
    let pier = cloud.organizations_of(anna.id).unwrap()[0].0.id;
    let deed = CloudDeed {
        at: noon(),
        organization: Some(pier),
        account: None,
        who: "x".into(),
        address: "x".into(),
        operation: "x".into(),
        target: "x".into(),
        outcome: "x".into(),
    };
    assert_eq!(wins(&|cloud| cloud.note_deed(&deed).is_ok()), 6);
    let numbers: BTreeSet<i64> =
        cloud.deeds(pier, i64::MAX).unwrap().into_iter().map(|(number, _)| number).collect();
    assert_eq!(numbers, (1..=6).collect());
}
