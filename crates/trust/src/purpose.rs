//! What a signature is for: a closed set. Not what is signed, that is each purpose's own module.
//!
//! What is signed is always the purpose's label, filled up with zeros to 64 bytes, and then the statement. No
//! label is the beginning of another, so a signature for one purpose is never one for another. The fixed
//! length keeps statements apart from the two other things that this key signs because it is also the key of
//! the site's own TLS certificate:
//!
//! - TLS 1.2 signs `client random (32 bytes) ‖ server random (32 bytes) ‖ …` (RFC 5246 section 7.4.3). A client
//!   chooses the first 32 bytes; the zeros of the second 32 it would have to draw from the server's dice.
//! - TLS 1.3 signs 64 spaces first (RFC 8446 section 4.4.3), and a certificate begins with the tag 0x30:
//!   neither is the `m` of a label.

use sha2::{Digest, Sha256};

/// Bytes of a label.
pub const LABEL_LEN: usize = 64;

/// What a signature is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// This TLS certificate is served by this site.
    TlsEndorsement,
    /// This segment of a recording was closed by this site.
    SegmentTrailer,
    /// This entry of a volume's journal (locks, deletions) was written by this site.
    JournalEntry,
    /// This export was made by this site, and this is what it holds.
    ExportManifest,
    /// This site takes part in this peer session.
    PeerSession,
    /// The holder of this key, a client's and no site's, takes part in this peer session.
    ClientKey,
    /// This site connects to this cloud's mediator.
    MediatorSignIn,
    /// This site comes for the grant that it asked this cloud for.
    Enrolment,
    /// This site goes on with another key.
    Rotation,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::TlsEndorsement,
        Self::SegmentTrailer,
        Self::JournalEntry,
        Self::ExportManifest,
        Self::PeerSession,
        Self::ClientKey,
        Self::MediatorSignIn,
        Self::Enrolment,
        Self::Rotation,
    ];

    /// The name that the label is made of. The number grows when the statement's form changes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TlsEndorsement => "martello/tls/1",
            Self::SegmentTrailer => "martello/segment/1",
            Self::JournalEntry => "martello/journal/1",
            Self::ExportManifest => "martello/export/1",
            Self::PeerSession => "martello/peer/1",
            Self::ClientKey => "martello/client-key/1",
            Self::MediatorSignIn => "martello/mediator/1",
            Self::Enrolment => "martello/enrol/1",
            Self::Rotation => "martello/rotation/1",
        }
    }

    /// What precedes the statement: the name and zeros.
    #[must_use]
    pub fn label(self) -> [u8; LABEL_LEN] {
        let mut label = [0; LABEL_LEN];
        label.iter_mut().zip(self.name().bytes()).for_each(|(to, from)| *to = from);
        label
    }

    /// SHA-256 over label and statement: what ECDSA signs.
    pub(crate) fn digest(self, statement: &[u8]) -> Sha256 {
        Sha256::new().chain_update(self.label()).chain_update(statement)
    }
}
