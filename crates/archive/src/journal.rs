//! An append-only journal: entries that are chained by hash and signed, so that none can be changed, taken out or put
//! in unseen by somebody without the site's key.
//!
//! ```text
//! "martello journal 1\n" | base [32]
//! entry: length u32 | CRC-32 u32 | hash [32] | signature length u16 | signature | public key length u16 | public key | body
//! ```
//! Numbers are big-endian; *length* and *CRC-32* (IEEE 802.3) cover all after the CRC; *hash* = SHA-256(hash of the
//! entry before ‖ body), the first one over *base*: zeros, or, in a journal that was rewritten to be shorter, the hash of
//! the last entry before that; the signature is over *hash*. The body is JSON. An entry whose
//! CRC fails at the end of the file is torn and is cut off; anywhere else the journal is damaged, which is reported and
//! never repaired.
//!
//! What is not here: what the entries mean ([`crate::locks`], [`crate::retention`]).

use std::io::IoSlice;

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use crate::{
    Error,
    disk::{Disk, File},
    sign::{Purpose, Signer, Verifier},
};

const MAGIC: &[u8] = b"martello journal 1\n";
/// No entry is shorter than this. (Zeros, which a crash may leave, would else be an empty entry with the right CRC.)
const MIN_ENTRY: usize = 32 + 2 + 2;
/// No entry is longer than this.
const MAX_ENTRY: usize = 1 << 20;

/// A journal open for appending.
pub(crate) struct Journal<F> {
    file: F,
    path: &'static str,
    head: [u8; 32],
    len: u64,
    /// The last append failed and its remains could not be cut off.
    broken: bool,
}

/// What reading a journal found.
#[derive(Debug)]
pub(crate) struct Contents<T> {
    pub(crate) entries: Vec<T>,
    /// Bytes up to which it is sound.
    pub(crate) sound_len: u64,
    /// What follows that is not the torn end of the last append; nothing where all is well.
    pub(crate) damage: Option<String>,
    /// Bytes after `sound_len`.
    pub(crate) torn: u64,
    head: [u8; 32],
    /// Each entry's hash, and who signed it.
    pub(crate) signed: Vec<Signed>,
    /// The hash of the last entry before the journal was rewritten; zeros where it never was.
    pub(crate) base: [u8; 32],
}

/// Under an entry.
#[derive(Debug)]
pub(crate) struct Signed {
    pub(crate) hash: [u8; 32],
    pub(crate) public_key: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

fn crc(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

struct Raw<'a> {
    hash: [u8; 32],
    signature: &'a [u8],
    public_key: &'a [u8],
    body: &'a [u8],
}

fn split_raw(payload: &[u8]) -> Option<Raw<'_>> {
    let (hash, rest) = payload.split_first_chunk::<32>()?;
    let (len, rest) = rest.split_first_chunk::<2>()?;
    let (signature, rest) = rest.split_at_checked(u16::from_be_bytes(*len).into())?;
    let (len, rest) = rest.split_first_chunk::<2>()?;
    let (public_key, body) = rest.split_at_checked(u16::from_be_bytes(*len).into())?;
    Some(Raw { hash: *hash, signature, public_key, body })
}

/// One framed entry at the start of `bytes`: its payload, and what comes after.
fn split_entry(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<4>()?;
    let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
    if !(MIN_ENTRY..=MAX_ENTRY).contains(&len) {
        return None;
    }
    let (payload, rest) = rest.split_at_checked(len)?;
    (crc(payload) == u32::from_be_bytes(*sum)).then_some((payload, rest))
}

/// Reads a whole journal. Signatures are checked where a verifier is given.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8], verifier: Option<&dyn Verifier>) -> Contents<T> {
    let mut contents = Contents {
        entries: Vec::new(),
        sound_len: 0,
        damage: None,
        torn: 0,
        head: [0; 32],
        signed: Vec::new(),
        base: [0; 32],
    };
    let after_magic = bytes.strip_prefix(MAGIC);
    let Some((base, mut rest)) = after_magic.and_then(|rest| rest.split_first_chunk::<32>()) else {
        contents.torn = bytes.len() as u64;
        if after_magic.is_none() && !MAGIC.starts_with(bytes) {
            contents.damage = Some("it does not begin as a journal".to_owned());
        }
        return contents;
    };
    (contents.head, contents.base) = (*base, *base);
    contents.sound_len = (MAGIC.len() + base.len()) as u64;
    while let Some((payload, after)) = split_entry(rest) {
        match check::<T>(payload, contents.head, verifier) {
            Ok((hash, body)) => {
                contents.head = hash;
                contents.entries.push(body);
                contents.signed.extend(split_raw(payload).map(|raw| Signed {
                    hash,
                    public_key: raw.public_key.to_vec(),
                    signature: raw.signature.to_vec(),
                }));
            }
            Err(what) => {
                contents.damage = Some(format!("entry {}: {what}", contents.entries.len()));
                break;
            }
        }
        contents.sound_len += (rest.len() - after.len()) as u64;
        rest = after;
    }
    contents.torn = rest.len() as u64;
    // A torn append is followed by nothing sound; damage in the middle is.
    if contents.damage.is_none() && (1..rest.len()).any(|at| rest.get(at..).is_some_and(is_entry)) {
        contents.damage = Some(format!("entry {} is damaged", contents.entries.len()));
    }
    contents
}

fn is_entry(bytes: &[u8]) -> bool {
    split_entry(bytes).is_some_and(|(payload, _)| split_raw(payload).is_some())
}

fn check<T: DeserializeOwned>(
    payload: &[u8],
    head: [u8; 32],
    verifier: Option<&dyn Verifier>,
) -> Result<([u8; 32], T), &'static str> {
    let raw = split_raw(payload).ok_or("it has no form")?;
    let hash: [u8; 32] = Sha256::new().chain_update(head).chain_update(raw.body).finalize().into();
    if hash != raw.hash {
        return Err("its hash does not follow from the entry before");
    }
    if verifier.is_some_and(|check| !check.holds(raw.public_key, Purpose::JournalEntry, &hash, raw.signature))
    {
        return Err("its signature does not hold");
    }
    serde_json::from_slice(raw.body).map(|body| (hash, body)).map_err(|_| "it cannot be understood")
}

impl<F: File> Journal<F> {
    /// Opens or makes a journal; a torn end is cut off. Damage is told in the contents; what follows it is kept, and
    /// new entries are refused.
    pub(crate) fn open<D: Disk<File = F>, T: DeserializeOwned>(
        disk: &D,
        path: &'static str,
    ) -> Result<(Self, Contents<T>), Error> {
        let failed = |error| Error::OpenJournal { path, error };
        let file = match disk.open_append(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => disk.create(path),
            other => other,
        }
        .map_err(failed)?;
        let len = file.len().map_err(failed)?;
        let bytes = file.read_exact_at(0, usize::try_from(len).unwrap_or(usize::MAX)).map_err(failed)?;
        let mut contents = read::<T>(&bytes, None);
        let broken = contents.damage.is_some();
        if !broken && contents.torn > 0 {
            file.truncate(contents.sound_len).map_err(failed)?;
        }
        if !broken && contents.sound_len == 0 {
            file.append(&mut [IoSlice::new(MAGIC), IoSlice::new(&[0; 32])]).map_err(failed)?;
            contents.sound_len = (MAGIC.len() + 32) as u64;
        }
        disk.commit(&[&file]).map_err(failed)?;
        Ok((Self { file, path, head: contents.head, len: contents.sound_len, broken }, contents))
    }

    /// Appends an entry. It is durable on return; after an error nothing of it counts.
    pub(crate) fn append<D: Disk<File = F>, T: Serialize>(
        &mut self,
        disk: &D,
        signer: &dyn Signer,
        body: &T,
    ) -> Result<(), Error> {
        let path = self.path;
        if self.broken {
            return Err(Error::JournalDamaged { path });
        }
        let (entry, hash) =
            frame(signer, &self.head, body).map_err(|error| Error::AppendJournal { path, error })?;
        let written = self.file.append(&mut [IoSlice::new(&entry)]).and_then(|()| disk.commit(&[&self.file]));
        if let Err(error) = written {
            self.broken = self.file.truncate(self.len).is_err();
            return Err(Error::AppendJournal { path, error });
        }
        self.head = hash;
        self.len += (entry.len()) as u64;
        Ok(())
    }

    /// Puts these entries in the place of all that are there. The chain goes on from the last one. Durable on return; after
    /// an error the journal is the old one or the new one.
    pub(crate) fn rewrite<D: Disk<File = F>, T: Serialize>(
        &mut self,
        disk: &D,
        signer: &dyn Signer,
        entries: &[T],
    ) -> Result<(), Error> {
        let path = self.path;
        if self.broken {
            return Err(Error::JournalDamaged { path });
        }
        let failed = |error| Error::AppendJournal { path, error };
        let mut bytes = [MAGIC, &self.head].concat();
        let mut head = self.head;
        for body in entries {
            let (entry, hash) = frame(signer, &head, body).map_err(failed)?;
            bytes.extend_from_slice(&entry);
            head = hash;
        }
        // Until the new file is open, nothing may be added to the old one.
        self.broken = true;
        disk.replace(path, &bytes).map_err(failed)?;
        self.file = disk.open_append(path).map_err(failed)?;
        (self.head, self.len, self.broken) = (head, bytes.len() as u64, false);
        Ok(())
    }

    /// Bytes of it.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// The hash of its last entry.
    pub(crate) fn head(&self) -> [u8; 32] {
        self.head
    }
}

/// An entry as it lies in the file, and its hash.
fn frame<T: Serialize>(
    signer: &dyn Signer,
    before: &[u8; 32],
    body: &T,
) -> Result<(Vec<u8>, [u8; 32]), std::io::Error> {
    let body = serde_json::to_vec(body)?;
    let hash: [u8; 32] = Sha256::new().chain_update(before).chain_update(&body).finalize().into();
    let mut payload = hash.to_vec();
    for part in [signer.sign(Purpose::JournalEntry, &hash), signer.public_key()] {
        let len = u16::try_from(part.len()).unwrap_or(0);
        payload.extend_from_slice(&len.to_be_bytes());
        payload.extend_from_slice(part.get(..len.into()).unwrap_or_default());
    }
    payload.extend_from_slice(&body);
    if payload.len() > MAX_ENTRY {
        return Err(std::io::ErrorKind::InvalidInput.into());
    }
    let mut entry = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes().to_vec();
    entry.extend_from_slice(&crc(&payload).to_be_bytes());
    entry.extend_from_slice(&payload);
    Ok((entry, hash))
}

/// Reads a journal without opening it for appending; a missing one is empty.
pub(crate) fn read_only<D: Disk, T: DeserializeOwned>(
    disk: &D,
    path: &'static str,
    verifier: Option<&dyn Verifier>,
) -> Result<Contents<T>, Error> {
    let failed = |error| Error::OpenJournal { path, error };
    let file = match disk.open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(read(&[], verifier)),
        other => other.map_err(failed)?,
    };
    let len = usize::try_from(file.len().map_err(failed)?).unwrap_or(usize::MAX);
    Ok(read(&file.read_exact_at(0, len).map_err(failed)?, verifier))
}
