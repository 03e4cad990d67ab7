//! The site's identity as the archive sees it: what it signs, and whose signatures count.
//!
//! What is not here: keys and algorithms (`trust`), key files.

use archive::{Purpose, Signer, Verifier};
use model::SiteId;
use trust::{CertificateId, Identity, Lineage, PublicIdentity, Signature};

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
#[derive(Clone, Debug, Default)]
pub struct Signatures {
    /// A key of the site whose signatures count; none: anybody's.
    pub expected: Option<CertificateId>,
    /// The keys that one site has had: they stand for each other.
    pub lineage: Lineage,
}

impl Signatures {
    /// Whether that key's signature counts.
    #[must_use]
    pub fn count(&self, signer: CertificateId) -> bool {
        self.expected.is_none_or(|expected| self.lineage.are_one_site(expected, signer))
    }
}

/// Whether the owner of the key signed; who that is.
fn signer_of(
    public_key: &[u8],
    purpose: Purpose,
    statement: &[u8],
    signature: &[u8],
) -> Option<CertificateId> {
    let identity = PublicIdentity::from_spki_der(public_key).ok()?;
    let signature = Signature::from_der(signature).ok()?;
    let verified = match purpose {
        Purpose::SegmentTrailer => identity.verify_segment(statement, &signature),
        Purpose::JournalEntry => identity.verify_journal(statement, &signature),
    };
    verified.is_ok().then(|| identity.certificate_id())
}

impl Verifier for Signatures {
    fn holds(&self, public_key: &[u8], purpose: Purpose, statement: &[u8], signature: &[u8]) -> bool {
        let signer = signer_of(public_key, purpose, statement, signature);
        signer.is_some_and(|signer| self.count(signer))
    }

    fn holds_for(
        &self,
        site: SiteId,
        public_key: &[u8],
        purpose: Purpose,
        statement: &[u8],
        signature: &[u8],
    ) -> bool {
        signer_of(public_key, purpose, statement, signature)
            .is_some_and(|signer| self.lineage.site_of(signer) == site)
    }
}
