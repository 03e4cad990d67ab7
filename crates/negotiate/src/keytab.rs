//! A keytab (format 5.02, as MIT krb5 and Heimdal write it): which services' keys are in it. Those of services that are no
//! web service, and keys of broken ciphers, are left out.

use crate::{crypto::Key, message::Name};

/// Most bytes of a keytab.
pub const MAX_KEYTAB: usize = 16 << 10;
/// The first part of a web service's name (RFC 4559, 4.1).
const SERVICE: &str = "HTTP";

/// Why a keytab is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeytabError {
    /// It is none.
    #[error("this is no keytab (of format 5.02, 16 KiB at most)")]
    Malformed,
    /// There is nothing in it that could be used.
    #[error("the keytab has no AES key of a service HTTP/… of the realm {0}")]
    NoKey(String),
}

/// A key of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceKey {
    /// The service, such as `HTTP/site.example.org`.
    pub service: Name,
    /// Its realm.
    pub realm: String,
    /// The number that the key distribution centre knows the key by; each change of the password gives another.
    pub version: u32,
    /// The key.
    pub key: Key,
}

/// The keys of web services.
///
/// # Errors
/// The bytes are no keytab.
pub fn read(bytes: &[u8]) -> Result<Vec<ServiceKey>, KeytabError> {
    let mut rest = Some(bytes)
        .filter(|bytes| bytes.len() <= MAX_KEYTAB)
        .and_then(|bytes| bytes.strip_prefix(&[5, 2]))
        .ok_or(KeytabError::Malformed)?;
    let mut keys = Vec::new();
    while !rest.is_empty() {
        let size = Cursor(rest).take::<4>().map(i32::from_be_bytes).ok_or(KeytabError::Malformed)?;
        if size == 0 {
            break;
        }
        let length = usize::try_from(size.unsigned_abs()).map_err(|_| KeytabError::Malformed)?;
        let behind = rest.get(4..).and_then(|rest| rest.split_at_checked(length));
        let (record, next) = behind.ok_or(KeytabError::Malformed)?;
        rest = next;
        // A negative size is a hole, where there was a key.
        if size > 0 {
            keys.extend(entry(Cursor(record)).ok_or(KeytabError::Malformed)?);
        }
    }
    Ok(keys)
}

/// One entry; none: it is malformed; none inside: it is of no use here.
fn entry(mut record: Cursor<'_>) -> Option<Option<ServiceKey>> {
    let count = record.number()?;
    let realm = record.text()?;
    let parts = (0..count).map(|_| record.text()).collect::<Option<Vec<_>>>()?;
    let _name_type = record.take::<4>()?;
    let _time = record.take::<4>()?;
    let [short] = record.take::<1>()?;
    let kind = record.number()?;
    let bytes = record.counted()?;
    // Newer writers add the version with all its bits.
    let version = record.take::<4>().map(u32::from_be_bytes).filter(|version| *version != 0);
    let version = version.unwrap_or(u32::from(short));
    let web = parts.len() == 2 && parts.first().is_some_and(|part| part == SERVICE);
    let key = Key::new(i64::from(kind), bytes).filter(|_| web);
    Some(key.map(|key| ServiceKey { service: Name { parts }, realm, version, key }))
}

#[derive(Clone, Copy)]
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }

    fn number(&mut self) -> Option<u16> {
        self.take().map(u16::from_be_bytes)
    }

    fn counted(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.number()?);
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    fn text(&mut self) -> Option<String> {
        str::from_utf8(self.counted()?).ok().map(str::to_owned)
    }
}
