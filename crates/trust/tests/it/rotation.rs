//! Rotations: the old key leads to the new one, and nobody else leads anywhere.

use model::WallTime;
use trust::{
    Identity, Lineage, Rotation,
    rotation::{FOLLOWED_DAYS, LineageError, MAX_ROTATIONS, NotFollowed},
};

use crate::identity;

const DAY_US: i64 = 86_400_000_000;

fn day(number: i64) -> WallTime {
    WallTime::from_micros(1_800_000_000_000_000 + number * DAY_US)
}

/// A site that has rotated its key on day 0, 1, 2 …: identities 1, 2, 3 …
fn rotated(times: u64) -> Vec<Identity> {
    let mut all = vec![identity(1)];
    for number in 0..times {
        let next = all[number as usize].rotate(identity(number + 2), day(number as i64)).unwrap();
        all.push(next);
    }
    all
}

fn rotations(identity: &Identity) -> Vec<Rotation> {
    identity.lineage().rotations().to_vec()
}

#[test]
fn a_site_stays_the_same_site_and_its_file_keeps_how_it_came_to_its_key() {
    let all = rotated(3);
    let (first, last) = (&all[0], &all[3]);
    assert_eq!(last.site_id(), first.site_id());
    assert_ne!(last.certificate_id(), first.certificate_id());
    let pem = last.to_pem().unwrap();
    let read = Identity::from_pem(pem.expose()).unwrap();
    assert_eq!((read.certificate_id(), read.site_id()), (last.certificate_id(), first.site_id()));
    assert_eq!(read.lineage(), last.lineage());
    // A key whose rotations were cut off is a site of its own, and one with those of another is none.
    let alone = pem.expose().split_inclusive("-----END PRIVATE KEY-----\n").next().unwrap();
    assert_ne!(Identity::from_pem(alone).unwrap().site_id(), first.site_id());
    let others = identity(8).rotate(identity(9), day(0)).unwrap();
    let json = serde_json::to_string(others.lineage()).unwrap();
    for wrong in [json.as_str(), "x", "[{}]", "{}"] {
        assert!(Identity::from_pem(&format!("{alone}{wrong}\n")).is_err(), "{wrong}");
    }
}

#[test]
fn whoever_pinned_an_earlier_key_is_led_to_the_present_one_for_some_time() {
    let all = rotated(3);
    let ids: Vec<_> = all.iter().map(Identity::certificate_id).collect();
    let lineage = all[3].lineage();
    assert_eq!(lineage.follow(ids[0], ids[3], day(3)).unwrap().len(), 3);
    assert_eq!(lineage.follow(ids[2], ids[3], day(3)).unwrap().len(), 1);
    for (pinned, found, now, refused) in [
        (ids[3], ids[0], day(3), NotFollowed::NotFromThere),
        (ids[3], ids[3], day(3), NotFollowed::NotFromThere),
        (identity(9).certificate_id(), ids[3], day(3), NotFollowed::NotFromThere),
        (ids[0], identity(9).certificate_id(), day(3), NotFollowed::NotFromThere),
        (ids[0], ids[3], day(1 + FOLLOWED_DAYS), NotFollowed::TooOld(day(0))),
        (ids[0], ids[3], day(-3), NotFollowed::Future(day(0))),
    ] {
        assert_eq!(lineage.follow(pinned, found, now), Err(refused));
    }
    // One that was not away as long is still led.
    assert!(lineage.follow(ids[2], ids[3], day(1 + FOLLOWED_DAYS)).is_ok());
    assert!(
        lineage.are_one_site(ids[0], ids[2]) && !lineage.are_one_site(ids[0], identity(9).certificate_id())
    );
    assert_eq!((lineage.given_up(ids[1]), lineage.given_up(ids[3])), (Some(day(1)), None));
}

#[test]
fn statements_of_others_and_those_that_were_changed_cut_off_or_mixed_are_refused() {
    let all = rotated(3);
    let good = rotations(&all[3]);
    let stranger = rotations(&identity(8).rotate(identity(9), day(1)).unwrap()).remove(0);
    let with = |change: &dyn Fn(&mut Vec<Rotation>)| {
        let mut changed = good.clone();
        change(&mut changed);
        Lineage::try_from(changed).unwrap_err()
    };
    let (bad, torn) = (LineageError::BadSignature, LineageError::Torn);
    // A stranger signs that the site goes on with the stranger's key; and takes the site for its own past.
    assert_eq!(with(&|all| all[2].to = stranger.to.clone()), bad(3));
    assert_eq!(with(&|all| all[2].signed_by_old = stranger.signed_by_old.clone()), bad(3));
    assert_eq!(with(&|all| all[0].from = stranger.from.clone()), bad(1));
    assert_eq!(with(&|all| all[0].signed_by_new = stranger.signed_by_new.clone()), bad(1));
    assert_eq!(with(&|all| all[1].at = day(2)), bad(2));
    assert_eq!(with(&|all| all[0].signed_by_old = all[0].signed_by_new.clone()), bad(1));
    // One is left out, two are swapped, one of another site stands between.
    let left_out = |all: &mut Vec<Rotation>| {
        all.remove(1);
    };
    assert_eq!(with(&left_out), torn(2));
    assert_eq!(with(&|all| all.swap(0, 1)), torn(2));
    assert_eq!(with(&|all| all.insert(1, stranger.clone())), torn(2));
    assert_eq!(with(&|all| all.push(all[2].clone())), torn(4));
    // A signature for something else is none for this.
    let export = identity(1).sign_export(b"");
    assert_eq!(with(&|all| all[0].signed_by_old = export.clone()), bad(1));
    // Cut off at its end it is true, but leads to a key that was given up, not to the present one.
    let cut = Lineage::try_from(good[..2].to_vec()).unwrap();
    assert!(cut.follow(all[0].certificate_id(), all[3].certificate_id(), day(3)).is_err());
}

#[test]
fn no_rotation_leads_back_or_runs_backwards_and_there_is_an_end_to_them() {
    let (one, two) = (identity(1), identity(2));
    let second = one.rotate(two.clone(), day(5)).unwrap();
    assert!(second.rotate(identity(1), day(6)).is_err(), "back to the first");
    assert!(one.rotate(identity(1), day(6)).is_err(), "to itself");
    assert!(second.rotate(identity(3), day(4)).is_err(), "before the last");
    let back = rotations(&two.rotate(one.clone(), day(6)).unwrap()).remove(0);
    let looped = [rotations(&second), vec![back]].concat();
    assert_eq!(Lineage::try_from(looped), Err(LineageError::Loop(2)));
    let most = rotated(MAX_ROTATIONS as u64).pop().unwrap();
    assert!(most.rotate(identity(99), day(99)).is_err());
    assert!(Identity::from_pem(most.to_pem().unwrap().expose()).is_ok(), "the file has room for all of them");
    let json = serde_json::to_string(&vec![rotations(&most).remove(0); 1000]).unwrap();
    assert!(serde_json::from_str::<Lineage>(&json).is_err());
}
