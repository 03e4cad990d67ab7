//! Who signs what the archive writes: the site's identity, seen through two verbs.
//!
//! What is not here: keys and algorithms. The shell lends the site's identity key (`trust`); tests lend a fake.

use model::SiteId;

/// What a signature is for. The signer puts a different prefix before each, so that a signature for one is never
/// one for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The end of a segment: see [`crate::format::seal`].
    SegmentTrailer,
    /// An entry of a journal: see `journal.rs`.
    JournalEntry,
}

/// Makes signatures.
pub trait Signer: Send + Sync + 'static {
    /// The public key, as SubjectPublicKeyInfo in DER; at most 4096 bytes.
    fn public_key(&self) -> Vec<u8>;

    /// A signature over the statement; at most 4096 bytes.
    fn sign(&self, purpose: Purpose, statement: &[u8]) -> Vec<u8>;
}

/// Checks signatures.
pub trait Verifier {
    /// Whether the owner of that public key (SubjectPublicKeyInfo, DER) signed the statement for this purpose.
    fn holds(&self, public_key: &[u8], purpose: Purpose, statement: &[u8], signature: &[u8]) -> bool;

    /// The same, if the key is that site's, whosever signatures are asked for otherwise: a volume may have had another owner.
    fn holds_for(
        &self,
        site: SiteId,
        public_key: &[u8],
        purpose: Purpose,
        statement: &[u8],
        signature: &[u8],
    ) -> bool;
}
