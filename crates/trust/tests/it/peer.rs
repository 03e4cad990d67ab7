//! The transcript of a peer session: the agreed way holds, and everything that a mediator could change is refused.

use model::PeerSessionId;
use trust::{
    Purpose, Signature,
    peer::{Answer, BadParty, DtlsFingerprint, OtherSite, Party, Refused, Setup, Transcript},
    purpose::LABEL_LEN,
};

use crate::{identity, noon};

fn party(seed: u8) -> Party {
    let fingerprint = DtlsFingerprint([seed ^ 0x55; 32]);
    Party::new(
        [seed; 32],
        fingerprint,
        &format!("ufrag{seed:03}"),
        &format!("a+password/of+22chars{seed:03}"),
    )
    .unwrap()
}

fn offer(seed: u8) -> trust::peer::Offer {
    trust::peer::Offer {
        site: identity(1).site_id(),
        session: PeerSessionId::from_bytes([seed; 16]),
        client: party(seed),
    }
}

fn answered(offer: &trust::peer::Offer) -> (Answer, Transcript) {
    identity(1).answer_peer(offer, party(200), noon()).unwrap()
}

#[test]
fn client_and_site_come_to_the_same_transcript() {
    let (answer, of_site) = answered(&offer(7));
    let of_client = offer(7).check(&answer, &identity(1).certificate_id(), noon()).unwrap();
    assert_eq!(of_client, of_site);
    assert_eq!(Signature::from_fixed(&answer.signature.to_fixed()), Ok(answer.signature));
}

/// What changes an answer on its way.
type Change = fn(&mut Answer);

#[test]
fn an_answer_that_was_changed_on_its_way_is_refused() {
    let changes: [(&str, Change); 6] = [
        ("swapped fingerprint", |answer| {
            let site = &answer.site;
            answer.site =
                Party::new(*site.nonce(), DtlsFingerprint([9; 32]), site.ufrag(), site.pwd()).unwrap();
        }),
        ("other nonce", |answer| {
            let site = &answer.site;
            answer.site = Party::new([9; 32], site.fingerprint(), site.ufrag(), site.pwd()).unwrap();
        }),
        ("other user fragment", |answer| {
            let site = &answer.site;
            answer.site = Party::new(*site.nonce(), site.fingerprint(), "mine", site.pwd()).unwrap();
        }),
        ("other password", |answer| {
            let site = &answer.site;
            answer.site =
                Party::new(*site.nonce(), site.fingerprint(), site.ufrag(), &"m".repeat(22)).unwrap();
        }),
        ("longer life", |answer| answer.expires = answer.expires.plus_micros(1)),
        ("signed by a sibling", |answer| answer.signature = identity(2).sign_export(b"whatever")),
    ];
    let pinned = identity(1).certificate_id();
    for (what, change) in changes {
        let (mut answer, _) = answered(&offer(7));
        change(&mut answer);
        assert_eq!(offer(7).check(&answer, &pinned, noon()), Err(Refused::BadSignature), "{what}");
    }
    let (mut answer, _) = answered(&offer(7));
    answer.setup = Setup::Active;
    assert_eq!(offer(7).check(&answer, &pinned, noon()), Err(Refused::Role), "swapped setup role");
}

/// A mediator that hands the site an offer of its own making, to sit in between, gets an answer that no client takes.
#[test]
fn an_answer_to_another_offer_is_refused() {
    let pinned = identity(1).certificate_id();
    let mine = offer(7);
    let others = [
        ("replayed from another session", offer(8)),
        (
            "its session chosen by the mediator",
            trust::peer::Offer { session: PeerSessionId::from_bytes([9; 16]), ..mine.clone() },
        ),
        (
            "with the mediator's fingerprint",
            trust::peer::Offer {
                client: Party::new([7; 32], DtlsFingerprint([1; 32]), mine.client.ufrag(), mine.client.pwd())
                    .unwrap(),
                ..mine.clone()
            },
        ),
        (
            "with the mediator's user fragment",
            trust::peer::Offer {
                client: Party::new([7; 32], mine.client.fingerprint(), "other", mine.client.pwd()).unwrap(),
                ..mine.clone()
            },
        ),
    ];
    for (what, other) in others {
        let (answer, _) = answered(&other);
        assert_eq!(mine.check(&answer, &pinned, noon()), Err(Refused::BadSignature), "{what}");
        assert!(other.check(&answer, &pinned, noon()).is_ok(), "{what}: and nothing else is wrong with it");
    }
}

#[test]
fn the_answer_of_a_sibling_site_is_refused_and_a_site_answers_no_offer_to_another() {
    let (sibling, pinned) = (identity(2), identity(1).certificate_id());
    let redirected = trust::peer::Offer { site: sibling.site_id(), ..offer(7) };
    let (answer, _) = sibling.answer_peer(&redirected, party(200), noon()).unwrap();
    let found = sibling.certificate_id();
    assert_eq!(offer(7).check(&answer, &pinned, noon()), Err(Refused::OtherIdentity { found, pinned }));
    assert_eq!(
        sibling.answer_peer(&offer(7), party(200), noon()).unwrap_err(),
        OtherSite(identity(1).site_id())
    );
}

#[test]
fn an_answer_has_its_time_and_clocks_may_differ_by_minutes() {
    let pinned = identity(1).certificate_id();
    let (answer, _) = answered(&offer(7));
    let minutes = |minutes: i64| noon().plus_micros(minutes * 60_000_000);
    for (what, now, expected) in [
        ("ten minutes later", minutes(11), None),
        ("a client that is late", minutes(-9), None),
        ("replayed after an hour", minutes(60), Some(Refused::Expired(answer.expires))),
        ("at the end of the tolerance", minutes(12), Some(Refused::Expired(answer.expires))),
        ("a clock that is an hour late", minutes(-60), Some(Refused::FarAhead(answer.expires))),
    ] {
        assert_eq!(offer(7).check(&answer, &pinned, now).err(), expected, "{what}");
    }
}

#[test]
fn nothing_can_be_put_in_beside_a_field() {
    let fingerprint = DtlsFingerprint([1; 32]);
    let good = "p".repeat(22);
    for bad in [
        "abc",
        "a b c",
        "ufrag\r\na=fingerprint:sha-256 AA",
        "ufrag\na=setup:active",
        "käse",
        &"u".repeat(33),
    ] {
        assert_eq!(Party::new([0; 32], fingerprint, bad, &good), Err(BadParty::Ufrag), "{bad:?}");
    }
    for bad in ["short", "p\r\na=fingerprint:sha-256 AA:BB", &"p".repeat(65)] {
        assert_eq!(Party::new([0; 32], fingerprint, "ufrag", bad), Err(BadParty::Pwd), "{bad:?}");
    }
}

#[test]
fn a_client_s_key_proves_itself_for_one_session_only() {
    let key = identity(42);
    let (_, transcript) = answered(&offer(7));
    let (_, other) = answered(&offer(8));
    let proof = key.prove_peer(&transcript);
    assert_eq!(key.public().verify_peer(&transcript, &proof), Ok(()));
    assert!(key.public().verify_peer(&other, &proof).is_err(), "another session");
    assert!(identity(43).public().verify_peer(&transcript, &proof).is_err(), "another key");
    let as_site = key.sign_export(transcript.as_bytes());
    assert!(key.public().verify_peer(&transcript, &as_site).is_err(), "another purpose");
}

/// What a browser signs with WebCrypto: the label, then the 32 bytes; r and s come back.
#[test]
fn a_proof_is_made_of_what_documents_say() {
    use p256::ecdsa::signature::Signer;
    let (_, transcript) = answered(&offer(7));
    let pem = identity(42).to_pem().unwrap();
    let key: p256::ecdsa::SigningKey = p256::pkcs8::DecodePrivateKey::from_pkcs8_pem(pem.expose()).unwrap();
    let mut signed = [0u8; LABEL_LEN + 32];
    signed[.."martello/client-key/1".len()].copy_from_slice(b"martello/client-key/1");
    signed[LABEL_LEN..].copy_from_slice(transcript.as_bytes());
    let proof: p256::ecdsa::Signature = key.sign(&signed);
    let proof = Signature::from_fixed(&proof.to_bytes().into()).unwrap();
    assert_eq!(identity(42).public().verify_peer(&transcript, &proof), Ok(()));
    assert_eq!(Purpose::ClientKey.label()[..], signed[..LABEL_LEN]);
}
