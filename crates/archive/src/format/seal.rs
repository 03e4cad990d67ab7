//! The seal of a segment: the chain's last value and the trailer's digest, signed by the site.
//!
//! | bytes | what |
//! |--:|---|
//! | 2 | format version: 1 |
//! | 32 | the chain's last value |
//! | 32 | SHA-256(box with the table ‖ `mfra`) |
//! | 2 … | length, public key (SubjectPublicKeyInfo, DER) |
//! | 2 … | length, signature over the 66 bytes before the public key |
//! | 4 | bytes from the begin of the box with the table to the end of the file |
//!
//! What is not here: making and checking signatures ([`crate::sign`]).

use sha2::{Digest, Sha256};

use super::{Malformed, SEAL, UUID_HEADER, fields::Fields, uuid_box};
use crate::{
    chain,
    sign::{Purpose, Signer, Verifier},
};

const VERSION: u16 = 1;
/// Public keys and signatures are cut at this many bytes when written, and refused when read.
const MAX_PART: usize = 4096;

/// The seal, as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// The chain's last value.
    pub chain: chain::Value,
    /// SHA-256(box with the table ‖ `mfra`).
    pub digest: [u8; 32],
    /// The site's public key (SubjectPublicKeyInfo, DER).
    pub public_key: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
    /// Bytes of the trailer.
    pub trailer_len: u32,
}

/// SHA-256(box with the table ‖ `mfra`).
#[must_use]
pub fn digest(table: &[u8], mfra: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(table).chain_update(mfra).finalize().into()
}

fn statement(chain: &chain::Value, digest: &[u8; 32]) -> Vec<u8> {
    [VERSION.to_be_bytes().as_slice(), chain, digest].concat()
}

/// The whole trailer: table, seal, `mfra`.
#[must_use]
pub fn trailer(signer: &dyn Signer, chain: &chain::Value, table: &[u8], mfra: &[u8]) -> Vec<u8> {
    let mut seal = statement(chain, &digest(table, mfra));
    let signature = signer.sign(Purpose::SegmentTrailer, &seal);
    for part in [signer.public_key(), signature] {
        let part = part.get(..part.len().min(MAX_PART)).unwrap_or_default();
        seal.extend_from_slice(&u16::try_from(part.len()).unwrap_or(0).to_be_bytes());
        seal.extend_from_slice(part);
    }
    let len = table.len() + UUID_HEADER + seal.len() + 4 + mfra.len();
    seal.extend_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes());
    [table, &uuid_box(&SEAL, &seal), mfra].concat()
}

impl Seal {
    /// Reads the content of the box.
    pub fn parse(content: &[u8]) -> Result<Self, Malformed> {
        let mut fields = Fields(content);
        if fields.u16()? != VERSION {
            return Err(Malformed("the seal's format version is unknown"));
        }
        let (chain, digest) = (fields.array()?, fields.array()?);
        let mut part = || {
            let len = usize::from(fields.u16()?);
            if len > MAX_PART {
                Err(Malformed("the seal is too long"))
            } else {
                Ok(fields.bytes(len)?.to_vec())
            }
        };
        let (public_key, signature) = (part()?, part()?);
        let trailer_len = fields.u32()?;
        fields.end()?;
        Ok(Self { chain, digest, public_key, signature, trailer_len })
    }

    /// What is signed: format version, chain value and digest.
    #[must_use]
    pub fn statement(&self) -> Vec<u8> {
        statement(&self.chain, &self.digest)
    }

    /// Whether the signature holds.
    #[must_use]
    pub fn holds(&self, verifier: &dyn Verifier) -> bool {
        let statement = self.statement();
        verifier.holds(&self.public_key, Purpose::SegmentTrailer, &statement, &self.signature)
    }
}
