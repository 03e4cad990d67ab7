//! OpenSSL's command line as independent witness.

use std::{fs, io::Write as _, path::Path, process::Command};

use trust::Purpose;

use crate::{identity, noon};

/// Runs openssl in the directory and gives back what it prints; nothing where it is not installed.
fn openssl(dir: &Path, args: &[&str]) -> Option<Vec<u8>> {
    let output = match Command::new("openssl").args(args).current_dir(dir).output() {
        Ok(output) => output,
        Err(e) => {
            skip(&format!("openssl cannot be run: {e}"));
            return None;
        }
    };
    assert!(output.status.success(), "openssl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    Some(output.stdout)
}

/// Says that the running test cannot run here.
fn skip(reason: &str) {
    let test = std::thread::current().name().unwrap_or("?").to_owned();
    let line = format!("SKIPPED: {test}: {reason}\n");
    eprint!("{line}");
    if let Some(path) = std::env::var_os("MARTELLO_SKIP_LOG") {
        let mut log = fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
        log.write_all(line.as_bytes()).unwrap();
    }
}

#[test]
fn openssl_verifies_a_segment_signature_and_prints_the_same_certificate_id() {
    let dir = tempfile::tempdir().unwrap();
    let site = identity(7);
    let statement = b"head and trailer of a segment";
    let signed = [Purpose::SegmentTrailer.label().as_slice(), statement].concat();
    fs::write(dir.path().join("key.pem"), site.to_pem().unwrap().expose()).unwrap();
    fs::write(dir.path().join("signed"), signed).unwrap();
    fs::write(dir.path().join("signature"), site.sign_segment(statement).to_der()).unwrap();

    let Some(spki) = openssl(dir.path(), &["pkey", "-in", "key.pem", "-pubout", "-outform", "DER"]) else {
        return;
    };
    assert_eq!(spki, site.public().spki_der());
    fs::write(dir.path().join("public.der"), &spki).unwrap();
    let digest = openssl(dir.path(), &["dgst", "-sha256", "-r", "public.der"]).unwrap();
    let digest = String::from_utf8(digest).unwrap();
    assert_eq!(digest.split(' ').next().unwrap(), site.certificate_id().to_string().replace('-', ""));
    openssl(
        dir.path(),
        &["dgst", "-sha256", "-keyform", "DER", "-verify", "public.der", "-signature", "signature", "signed"],
    );
}

#[test]
fn openssl_reads_the_certificate_and_its_fingerprint() {
    let dir = tempfile::tempdir().unwrap();
    let site = identity(7);
    let tls = site
        .tls_certificate(
            &["localhost".into(), "gate.example".into()],
            &["127.0.0.1".parse().unwrap()],
            noon(),
        )
        .unwrap();
    fs::write(dir.path().join("tls.der"), &tls.certificate_der).unwrap();
    let args = ["x509", "-inform", "DER", "-in", "tls.der", "-noout", "-text", "-fingerprint", "-sha256"];
    let Some(text) = openssl(dir.path(), &args) else { return };
    let text = String::from_utf8(text).unwrap();
    let fingerprint = trust::TlsFingerprint::of(&tls.certificate_der).to_string();
    for expected in [
        fingerprint.as_str(),
        "DNS:localhost, DNS:gate.example, IP Address:127.0.0.1",
        "Digital Signature",
        "TLS Web Server Authentication",
        "ecdsa-with-SHA256",
    ] {
        assert!(text.contains(expected), "{expected} is missing in {text}");
    }

    // The signature over the certificate is by its own key.
    openssl(dir.path(), &["x509", "-inform", "DER", "-in", "tls.der", "-out", "tls.pem"]).unwrap();
    openssl(dir.path(), &["verify", "-CAfile", "tls.pem", "-partial_chain", "-no_check_time", "tls.pem"]);
}
