//! Whatever text or bytes come, parsers answer and what they accept they write again.

use proptest::prelude::*;
use trust::{CertificateId, Identity, PublicIdentity, Signature, TlsFingerprint, presented_by};

use crate::identity;

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in "\\PC{0,140}") {
        let _ = text.parse::<CertificateId>();
        let _ = text.parse::<TlsFingerprint>();
        let _ = Identity::from_pem(&text);
        let _ = serde_json::from_str::<trust::Endorsement>(&text);
    }

    #[test]
    fn a_certificate_id_reads_back_however_it_is_written(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let id = CertificateId::of_spki(&bytes);
        let text = id.to_string();
        prop_assert_eq!(text.split('-').count(), 16);
        for written in [text.clone(), text.to_uppercase(), text.replace('-', " "), text.replace('-', "")] {
            prop_assert_eq!(written.parse::<CertificateId>(), Ok(id));
        }
        prop_assert!(text[1..].parse::<CertificateId>().is_err());
        let longer = text + "0";
        prop_assert!(longer.parse::<CertificateId>().is_err());
    }

    #[test]
    fn a_fingerprint_reads_back(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let fingerprint = TlsFingerprint::of(&bytes);
        prop_assert_eq!(fingerprint.to_string().parse::<TlsFingerprint>(), Ok(fingerprint));
    }

    #[test]
    fn any_bytes_are_parsed_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Signature::from_der(&bytes);
        let _ = presented_by(&bytes);
        if let Ok(identity) = PublicIdentity::from_spki_der(&bytes) {
            prop_assert_eq!(identity.spki_der().as_slice(), bytes.as_slice());
        }
    }

    #[test]
    fn a_damaged_public_key_is_refused_or_another_one(at in 0usize..91, bit in 0u8..8) {
        let good = identity(3);
        let mut spki = *good.public().spki_der();
        spki[at] ^= 1 << bit;
        if let Ok(other) = PublicIdentity::from_spki_der(&spki) {
            prop_assert_ne!(other.certificate_id(), good.certificate_id());
        }
    }

    #[test]
    fn a_key_and_its_signature_survive_being_written(seed in any::<u64>(), statement in proptest::collection::vec(any::<u8>(), 0..64)) {
        let made = identity(seed);
        let read = Identity::from_pem(made.to_pem().unwrap().expose()).unwrap();
        prop_assert_eq!(read.certificate_id(), made.certificate_id());
        let signature = Signature::from_der(&read.sign_segment(&statement).to_der()).unwrap();
        prop_assert!(made.public().verify_segment(&statement, &signature).is_ok());
        let public = PublicIdentity::from_spki_der(made.public().spki_der()).unwrap();
        prop_assert!(public.verify_segment(&statement, &signature).is_ok());
    }
}

#[test]
fn a_key_does_not_print() {
    let site = identity(1);
    assert_eq!(format!("{site:?}"), format!("Identity({})", site.certificate_id()));
    assert_eq!(format!("{:?}", site.to_pem().unwrap()), "Secret(…)");
}

#[test]
fn a_site_id_is_the_head_of_the_certificate_id() {
    let site = identity(1);
    assert!(site.certificate_id().to_string().replace('-', "").starts_with(&site.site_id().to_string()));
}
