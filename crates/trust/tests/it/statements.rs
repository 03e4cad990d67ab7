//! Signatures: good ones are taken, every confusion is refused.

use std::time::Duration;

use trust::{Endorsement, Purpose, TlsFingerprint, Untrusted, purpose::LABEL_LEN};

use crate::{identity, noon};

const HOUR: Duration = Duration::from_secs(3600);

fn endorsed() -> (Endorsement, trust::CertificateId) {
    let site = identity(1);
    (site.endorse_tls(b"certificate", noon() + HOUR), site.certificate_id())
}

#[test]
fn an_endorsement_holds_for_its_site_its_certificate_and_its_time() {
    let (endorsement, id) = endorsed();
    assert_eq!(endorsement.verify(&id, b"certificate", noon()), Ok(()));

    let sibling = identity(2).certificate_id();
    let cases = [
        (
            "another site",
            endorsement.verify(&sibling, b"certificate", noon()),
            Untrusted::OtherIdentity { found: id, pinned: sibling },
        ),
        ("another certificate", endorsement.verify(&id, b"other", noon()), Untrusted::OtherCertificate),
        ("too late", endorsement.verify(&id, b"certificate", noon() + HOUR), Untrusted::Ended(noon() + HOUR)),
    ];
    for (what, got, expected) in cases {
        assert_eq!(got, Err(expected), "{what}");
    }
}

#[test]
fn a_changed_endorsement_is_refused() {
    let (good, id) = endorsed();
    let longer = Endorsement { not_after: noon() + 2 * HOUR, ..good.clone() };
    let swapped = Endorsement { certificate: TlsFingerprint::of(b"mine"), ..good.clone() };
    let resigned = Endorsement {
        signature: identity(2).endorse_tls(b"certificate", good.not_after).signature,
        ..good.clone()
    };
    let segment = Endorsement { signature: identity(1).sign_segment(b"certificate"), ..good };
    assert_eq!(longer.verify(&id, b"certificate", noon()), Err(Untrusted::BadSignature));
    assert_eq!(swapped.verify(&id, b"mine", noon()), Err(Untrusted::BadSignature));
    assert_eq!(resigned.verify(&id, b"certificate", noon()), Err(Untrusted::BadSignature));
    assert_eq!(segment.verify(&id, b"certificate", noon()), Err(Untrusted::BadSignature));
}

#[test]
fn an_endorsement_survives_json_and_refuses_damage() {
    let (endorsement, _) = endorsed();
    let json = serde_json::to_string(&endorsement).unwrap();
    assert_eq!(serde_json::from_str::<Endorsement>(&json).unwrap(), endorsement);
    for (what, from, to) in
        [("key", "3059301306", "3059301307"), ("signature", "\"signature\":\"30", "\"signature\":\"31")]
    {
        let damaged = json.replacen(from, to, 1);
        assert_ne!(damaged, json, "{what}");
        assert!(serde_json::from_str::<Endorsement>(&damaged).is_err(), "{what}");
    }
}

#[test]
fn a_signature_holds_for_its_bytes_its_key_and_its_purpose_only() {
    let site = identity(1);
    let entry = site.sign_journal(b"trailer");
    assert!(site.public().verify_journal(b"trailer", &entry).is_ok());
    assert!(site.public().verify_segment(b"trailer", &entry).is_err());
    let signature = site.sign_segment(b"trailer");
    assert!(site.public().verify_segment(b"trailer", &signature).is_ok());
    assert!(site.public().verify_segment(b"trailes", &signature).is_err());
    assert!(identity(2).public().verify_segment(b"trailer", &signature).is_err());
    assert!(site.public().verify_journal(b"trailer", &signature).is_err());
}

/// The statement of an endorsement, signed as a segment trailer, is not an endorsement, and the other way.
#[test]
fn a_signature_for_one_purpose_is_none_for_another() {
    let site = identity(1);
    let endorsement = site.endorse_tls(b"certificate", noon());
    let statement = [endorsement.certificate.as_bytes().as_slice(), &noon().micros().to_be_bytes()].concat();
    assert!(site.public().verify_segment(&statement, &endorsement.signature).is_err());
    let with_label = [Purpose::TlsEndorsement.label().as_slice(), &statement].concat();
    assert!(site.public().verify_segment(&with_label, &endorsement.signature).is_err());
    let forged = Endorsement { signature: site.sign_segment(&statement), ..endorsement };
    assert_eq!(
        forged.verify(&site.certificate_id(), b"certificate", noon() - HOUR),
        Err(Untrusted::BadSignature)
    );
}

/// What a TLS client or a certificate can put in front of the signed bytes is never a label.
#[test]
fn labels_are_apart_from_each_other_and_from_tls() {
    for (at, purpose) in Purpose::ALL.into_iter().enumerate() {
        let label = purpose.label();
        assert!(label.starts_with(purpose.name().as_bytes()));
        assert!(purpose.name().len() <= 32, "all that a TLS 1.2 client chooses ends before the zeros");
        assert_eq!(label[32..], [0; LABEL_LEN - 32], "a TLS 1.2 server's random would have to be zero");
        assert_eq!(label[0], b'm', "neither a space (TLS 1.3) nor a DER sequence");
        for other in &Purpose::ALL[at + 1..] {
            assert_ne!(label, other.label());
        }
    }
}
