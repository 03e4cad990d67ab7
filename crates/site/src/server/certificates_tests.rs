//! Which certificate is served when, and which are refused.

use model::{WallTime, clock::wall_now};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};

use super::*;

const DAY: i64 = 86_400_000_000;

struct Place {
    _data: tempfile::TempDir,
    certificates: Certificates,
    catalog: Catalog,
    identity: Identity,
    path: PathBuf,
}

fn place(now: WallTime) -> Place {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().to_owned();
    let identity = crate::identity::load_or_create(&path).unwrap();
    let key = crate::identity::load_or_create_seal_key(&path).unwrap();
    let catalog = Catalog::open(&path.join("catalog.sqlite"), key).unwrap();
    let certificates = Certificates::open(&path, "tower", &identity, &catalog, now).unwrap();
    Place { _data: data, certificates, catalog, identity, path }
}

/// An authority of the test's own.
fn authority() -> (Certificate, Issuer<'static, KeyPair>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "An authority");
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    (certificate, Issuer::new(params, key))
}

fn signed(issuer: &Issuer<'_, KeyPair>, change: impl FnOnce(&mut CertificateParams)) -> (String, String) {
    let mut params = CertificateParams::new(vec!["gate.example".to_owned()]).unwrap();
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    (params.signed_by(&key, issuer).unwrap().pem(), key.serialize_pem())
}

#[test]
fn what_cannot_be_served_is_refused_and_what_was_served_is_served_on() {
    let now = wall_now();
    let place = place(now);
    let before = place.certificates.served().fingerprint.clone();
    let (above, issuer) = authority();
    let (other, _) = authority();
    let (good, key) = signed(&issuer, |_| {});
    let (_, other_key) = signed(&issuer, |_| {});
    let (ended, ended_key) = signed(&issuer, |params| params.not_after = date_time_ymd(2020, 1, 1));
    let (not_yet, not_yet_key) = signed(&issuer, |params| params.not_before = date_time_ymd(2090, 1, 1));
    let (nameless, nameless_key) = signed(&issuer, |params| params.subject_alt_names.clear());
    let (for_clients, for_clients_key) = signed(&issuer, |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    let cut = good.replacen("MI", "M", 1);
    let many = good.repeat(9);
    for (what, chain, key, expected) in [
        ("nothing", "", key.as_str(), "there is no certificate"),
        ("noise", "noise", key.as_str(), "there is no certificate"),
        ("a damaged certificate", cut.as_str(), key.as_str(), ""),
        ("too many", many.as_str(), key.as_str(), "at most 8 certificates"),
        ("another's key", good.as_str(), other_key.as_str(), "does not belong to the certificate"),
        ("no key", good.as_str(), "", "not encrypted"),
        ("a certificate as key", good.as_str(), good.as_str(), "not encrypted"),
        ("one that has ended", ended.as_str(), ended_key.as_str(), "ended at 2020-01-01"),
        ("one that has not begun", not_yet.as_str(), not_yet_key.as_str(), "begins at 2090-01-01"),
        ("one without a name", nameless.as_str(), nameless_key.as_str(), "names no host"),
        ("one for clients", for_clients.as_str(), for_clients_key.as_str(), "not one for a server"),
        ("another's authority", &format!("{good}{}", other.pem()), key.as_str(), "do not form a chain"),
        ("the wrong way round", &format!("{}{good}", above.pem()), key.as_str(), ""),
    ] {
        let error = place.certificates.install(chain, &Secret::new(key.to_owned()), now).unwrap_err();
        assert!(error.to_string().contains(expected), "{what}: {error}");
        assert_eq!(place.certificates.served().fingerprint, before, "{what}");
    }
    for chain in [good.clone(), format!("{good}{}", above.pem())] {
        place.certificates.install(&chain, &Secret::new(key.clone()), now).unwrap();
        assert_ne!(place.certificates.served().fingerprint, before);
    }
}

#[test]
fn an_installed_certificate_is_served_after_a_start_endorsed_and_told_when_it_ends() {
    let now = wall_now();
    let place = place(now);
    let (_, issuer) = authority();
    let (chain, key) = signed(&issuer, |params| {
        let (year, month, day) = now.plus_micros(25 * DAY).utc_date();
        params.not_after = date_time_ymd(year.into(), month.unsigned_abs(), day.unsigned_abs());
    });
    place.certificates.install(&chain, &Secret::new(key), now).unwrap();
    let again = Certificates::open(&place.path, "tower", &place.identity, &place.catalog, now).unwrap();
    let (served, installed) = (again.served(), place.certificates.served());
    assert_eq!(served.fingerprint, installed.fingerprint);

    let endorsement: trust::Endorsement = serde_json::from_value(served.endorsement.clone()).unwrap();
    let certificate = served.key.cert.first().unwrap();
    assert_eq!(endorsement.verify(&place.identity.certificate_id(), certificate, now), Ok(()));

    assert_eq!(served.trouble(now), None);
    assert!(served.trouble(now.plus_micros(10 * DAY)).unwrap().contains("within 21 days"));
    assert!(served.trouble(now.plus_micros(30 * DAY)).unwrap().contains("has ended"));
    assert_eq!(served.insists(now), None, "nobody publicly trusted vouches for it");

    // Its end does not take the site away: who pinned the site's identity knows what it is.
    let late = now.plus_micros(30 * DAY);
    let late = Certificates::open(&place.path, "tower", &place.identity, &place.catalog, late).unwrap();
    assert_eq!(late.served().fingerprint, served.fingerprint);

    late.uninstall(now).unwrap();
    assert_ne!(late.served().fingerprint, served.fingerprint);
    let last = Certificates::open(&place.path, "tower", &place.identity, &place.catalog, now).unwrap();
    assert_eq!(last.served().fingerprint, late.served().fingerprint);
}

#[test]
fn a_statement_about_a_certificate_ends_long_before_the_certificate_and_is_made_anew() {
    let now = wall_now();
    let place = place(now);
    let (_, issuer) = authority();
    let (chain, key) = signed(&issuer, |_| {});
    place.certificates.install(&chain, &Secret::new(key), now).unwrap();
    let ends = || {
        let told: trust::Endorsement =
            serde_json::from_value(place.certificates.served().endorsement.clone()).unwrap();
        told.not_after
    };
    assert_eq!(ends(), now.plus_micros(30 * DAY));
    for (day, expected) in [(1, 30), (14, 30), (16, 46), (17, 46), (40, 70)] {
        place.certificates.look_after(now.plus_micros(day * DAY));
        assert_eq!(ends(), now.plus_micros(expected * DAY), "day {day}");
    }
}

#[test]
fn the_own_certificate_is_made_anew_in_time_while_the_site_runs() {
    let now = wall_now();
    let place = place(now);
    let fingerprint = || place.certificates.served().fingerprint.clone();
    let first = fingerprint();
    place.certificates.look_after(now.plus_micros(700 * DAY));
    assert_eq!(fingerprint(), first, "it has time left");
    place.certificates.look_after(now.plus_micros(800 * DAY));
    let second = fingerprint();
    assert_ne!(second, first);
    assert_eq!(place.certificates.served().trouble(now.plus_micros(1000 * DAY)), None);
    place.certificates.look_after(now.plus_micros(801 * DAY));
    assert_eq!(fingerprint(), second, "once");
}

#[test]
fn a_machine_with_another_name_gets_another_certificate() {
    let now = wall_now();
    let place = place(now);
    let names = |name: &str| {
        let certificates =
            Certificates::open(&place.path, name, &place.identity, &place.catalog, now).unwrap();
        certificates.served().tell(&place.identity, now).names
    };
    assert_eq!(names("tower"), ["localhost", "tower", "tower.local"]);
    assert_eq!(names("harbour"), ["localhost", "harbour", "harbour.local"]);
}
