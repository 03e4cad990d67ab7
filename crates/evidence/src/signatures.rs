//! The site's identity as the archive sees it: what it signs, and whose signatures count.
//!
//! What is not here: keys and algorithms (`trust`), key files.

use archive::{Purpose, Signer, Verifier};
use trust::{CertificateId, Identity, PublicIdentity, Signature};

/// Signs what an archive writes.
pub struct SiteSigner(pub Identity);

impl Signer for SiteSigner {
    fn public_key(&self) -> Vec<u8> {
        self.0.public().spki_der().to_vec()
    }

    fn sign(&self, purpose: Purpose, statement: &[u8]) -> Vec<u8> {
        match purpose {
            Purpose::SegmentTrailer => self.0.sign_segment(statement).to_der(),
            Purpose::JournalEntry => self.0.sign_journal(statement).to_der(),
        }
    }
}

/// Accepts signatures of one site, or of whoever the statement names.
#[derive(Clone, Copy, Debug, Default)]
pub struct Signatures(pub Option<CertificateId>);

impl Verifier for Signatures {
    fn holds(&self, public_key: &[u8], purpose: Purpose, statement: &[u8], signature: &[u8]) -> bool {
        let (Ok(identity), Ok(signature)) =
            (PublicIdentity::from_spki_der(public_key), Signature::from_der(signature))
        else {
            return false;
        };
        if self.0.is_some_and(|expected| expected != identity.certificate_id()) {
            return false;
        }
        match purpose {
            Purpose::SegmentTrailer => identity.verify_segment(statement, &signature).is_ok(),
            Purpose::JournalEntry => identity.verify_journal(statement, &signature).is_ok(),
        }
    }
}
