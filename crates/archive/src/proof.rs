//! Proves that a segment is what was recorded: no byte of it was changed.
//!
//! Every byte is covered: those before the first fragment by the chain's first value; `moof`, pictures and sound of each
//! fragment by its link; the heads of `mdat` and links by being exactly what they must be; table and `mfra` by the
//! seal's digest; the seal by its signature. What the file alone cannot show: that the whole trailer was cut off (it
//! says so: not sealed), that the file was removed or swapped (heads and the journal of deletions show it: `fsck`), and
//! what somebody with the site's key could write anew.
//!
//! What is not here: where files lie; whose key it is that signed (the verifier's business).

use serde::Serialize;

use crate::{
    chain,
    disk::File,
    format::Head,
    scan::{self, ScanError},
    sign::Verifier,
};

/// Read at once; no fragment is longer.
const MAX_FRAGMENT: usize = 64 << 20;

/// What is known of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Signature {
    /// It holds.
    Holds,
    /// It does not.
    Broken,
    /// Nobody was asked.
    Unchecked,
    /// There is none: the segment was never closed.
    Missing,
}

/// What checking a segment found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// Fragments whose chain value holds, from the first one on.
    pub sound_fragments: u64,
    /// Bytes up to the end of the last of them.
    pub sound_bytes: u64,
    /// Whether there is a whole trailer.
    pub sealed: bool,
    /// The trailer's signature.
    pub signature: Signature,
    /// What does not hold; empty where all does.
    pub problems: Vec<String>,
    /// The head, where it can be read.
    #[serde(skip)]
    pub head: Option<Head>,
    /// The chain's last value.
    #[serde(skip)]
    pub chain: chain::Value,
}

/// Checks every byte of a segment. An error is the disk's; all else is in the proof.
pub fn verify<F: File>(file: &F, verifier: Option<&dyn Verifier>) -> Result<Proof, std::io::Error> {
    let mut proof = Proof {
        sound_fragments: 0,
        sound_bytes: 0,
        sealed: false,
        signature: Signature::Missing,
        problems: Vec::new(),
        head: None,
        chain: chain::Value::default(),
    };
    let header = match scan::header(file) {
        Ok(header) => header,
        Err(ScanError::Io(error)) => return Err(error),
        Err(ScanError::Malformed(what)) => {
            proof.problems.push(what);
            return Ok(proof);
        }
    };
    proof.head = Some(header.head);
    proof.chain = header.value;
    proof.sound_bytes = header.len as u64;
    let walked = scan::walk(file, &header, u64::MAX)?;
    for (index, fragment) in walked.table.fragments.iter().enumerate() {
        let len = fragment.len as usize;
        if len > MAX_FRAGMENT {
            proof.problems.push(format!("fragment {index}: it is larger than any fragment"));
            return Ok(proof);
        }
        match scan::check_fragment(&file.read_exact_at(fragment.offset.into(), len)?, &proof.chain) {
            Ok(value) => proof.chain = value,
            Err(what) => {
                proof.problems.push(format!("fragment {index}: {what}"));
                return Ok(proof);
            }
        }
        proof.sound_fragments += 1;
        proof.sound_bytes = fragment.end_offset();
    }
    check_trailer(file, &mut proof, verifier)?;
    Ok(proof)
}

fn check_trailer<F: File>(
    file: &F,
    proof: &mut Proof,
    verifier: Option<&dyn Verifier>,
) -> Result<(), std::io::Error> {
    let len = file.len()?;
    let rest = len - proof.sound_bytes;
    if rest == 0 {
        return Ok(());
    }
    let trailer = match usize::try_from(rest) {
        Ok(rest) if rest <= crate::format::MAX_TRAILER => {
            scan::parse_trailer(&file.read_exact_at(proof.sound_bytes, rest)?)
        }
        _ => None,
    };
    let Some(trailer) = trailer else {
        proof.problems.push(format!("{rest} bytes after the last fragment are neither fragment nor trailer"));
        return Ok(());
    };
    proof.sealed = true;
    if !trailer.digest_holds {
        proof.problems.push("the table or mfra is not what was sealed".to_owned());
    }
    if trailer.seal.chain != proof.chain {
        proof.problems.push("the seal is not that of these fragments".to_owned());
    }
    proof.signature = match verifier {
        None => Signature::Unchecked,
        Some(verifier) if trailer.seal.holds(verifier) => Signature::Holds,
        Some(_) => {
            proof.problems.push("the signature does not hold".to_owned());
            Signature::Broken
        }
    };
    Ok(())
}
