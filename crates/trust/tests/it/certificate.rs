//! The site's own TLS certificate.

use trust::{TlsFingerprint, presented_by, tls::CertificateError};

use crate::{identity, noon};

#[test]
fn the_certificate_holds_the_identity_s_own_key() {
    let site = identity(1);
    let tls = site.tls_certificate(&["localhost".into()], &["127.0.0.1".parse().unwrap()], noon()).unwrap();
    assert_eq!(presented_by(&tls.certificate_der).unwrap(), site.certificate_id());
    assert_eq!(tls.not_after.to_string(), "2029-02-17T00:00:00Z");
    assert_eq!(TlsFingerprint::of(&tls.certificate_der).to_string().len(), 32 * 3 - 1);
}

#[test]
fn the_same_arguments_give_the_same_certificate_and_others_another_number() {
    let site = identity(1);
    let make = |names: &[String]| site.tls_certificate(names, &[], noon()).unwrap().certificate_der;
    let one = ["localhost".to_owned()];
    let two = ["localhost".to_owned(), "gate.example".to_owned()];
    assert_eq!(make(&one), make(&one));
    assert_ne!(make(&one), make(&two));
}

#[test]
fn names_that_cannot_stand_in_a_certificate_are_refused() {
    let site = identity(1);
    for name in ["", "two words", "käse", "a\nb", "a\0b", &"x".repeat(300)] {
        assert_eq!(
            site.tls_certificate(&[name.to_owned()], &[], noon()).unwrap_err(),
            CertificateError::Name(name.to_owned())
        );
    }
    let many = vec!["localhost".to_owned(); 65];
    assert_eq!(site.tls_certificate(&many, &[], noon()).unwrap_err(), CertificateError::TooManyNames);
}
