//! Named entries one after the other: length of the name (2 bytes, big endian), name, length of the content (8 bytes, big
//! endian), content. A name without length ends them; nothing may follow.
//!
//! What is not here: sealing (`sealed`), which names there are (the site).

use std::io::{self, Read, Write};

use model::Secret;

use crate::{
    Cost, Error, RANDOM_LEN, passphrase,
    sealed::{Open, Seal},
};

/// Most bytes of a name.
pub const MAX_NAME: usize = 200;

/// Writes a backup.
pub struct Writer<W> {
    seal: Seal<W>,
}

/// What an entry is called and how many bytes it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Lower-case letters, digits, `.`, `-`, `_` and, between parts, `/`; never `..`.
    pub name: String,
    /// Bytes of its content, as its writer said. Nobody should make room for them beforehand.
    pub size: u64,
}

/// Reads a backup, entry by entry. `Read` gives the content of the entry that [`Reader::next_entry`] told.
pub struct Reader<R> {
    open: Open<R>,
    left: u64,
    ended: bool,
}

impl<W: Write> Writer<W> {
    /// Begins a backup under a new passphrase.
    pub fn begin(
        out: W,
        passphrase: &Secret<String>,
        cost: Cost,
        random: &[u8; RANDOM_LEN],
    ) -> Result<Self, Error> {
        passphrase::check_new(passphrase)?;
        Ok(Self { seal: Seal::begin(out, passphrase, cost, random)? })
    }

    /// Adds an entry; its content must have as many bytes as was said.
    pub fn add(&mut self, name: &str, size: u64, mut content: impl Read) -> Result<(), Error> {
        if !is_name(name) {
            return Err(Error::Entries);
        }
        let length = u16::try_from(name.len()).map_err(|_| Error::Entries)?;
        self.seal.write(&length.to_be_bytes())?;
        self.seal.write(name.as_bytes())?;
        self.seal.write(&size.to_be_bytes())?;
        let mut left = size;
        let mut buffer = zeroize::Zeroizing::new(vec![0; 32 << 10]);
        while left > 0 {
            let room = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let count = content.read(&mut buffer[..room])?;
            if count == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            self.seal.write(&buffer[..count])?;
            left -= count as u64;
        }
        Ok(())
    }

    /// Ends the backup; without it, it is torn.
    pub fn end(mut self) -> Result<W, Error> {
        self.seal.write(&[0, 0])?;
        self.seal.end()
    }
}

impl<R: Read> Reader<R> {
    /// Begins to read.
    pub fn begin(from: R, passphrase: &Secret<String>) -> Result<Self, Error> {
        Ok(Self { open: Open::begin(from, passphrase)?, left: 0, ended: false })
    }

    /// The next entry; what was not read of the last is passed over. Nothing at the end, which is checked: only then all that was
    /// read is whole.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, Error> {
        if self.ended {
            return Ok(None);
        }
        let mut waste = [0; 4096];
        while self.left > 0 {
            let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(waste.len());
            self.exact(room, &mut waste)?;
            self.left -= room as u64;
        }
        let mut length = [0; 2];
        self.exact(2, &mut length)?;
        let length = usize::from(u16::from_be_bytes(length));
        if length == 0 {
            self.ended = true;
            return if self.open.read(&mut [0])? == 0 { Ok(None) } else { Err(Error::Entries) };
        }
        if length > MAX_NAME {
            return Err(Error::Entries);
        }
        let mut name = [0; MAX_NAME];
        self.exact(length, &mut name)?;
        let name = std::str::from_utf8(&name[..length]).map_err(|_| Error::Entries)?.to_owned();
        if !is_name(&name) {
            return Err(Error::Entries);
        }
        let mut size = [0; 8];
        self.exact(8, &mut size)?;
        self.left = u64::from_be_bytes(size);
        Ok(Some(Entry { name, size: self.left }))
    }

    /// Some bytes of the entry's content; none at its end.
    pub fn read(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(out.len());
        let count = self.open.read(&mut out[..room])?;
        if count == 0 && room > 0 {
            return Err(Error::Entries);
        }
        self.left -= count as u64;
        Ok(count)
    }

    /// The whole content of the entry, which must not be larger than this.
    pub fn whole(&mut self, most: usize) -> Result<Vec<u8>, Error> {
        let size = usize::try_from(self.left).ok().filter(|size| *size <= most).ok_or(Error::Entries)?;
        let mut content = vec![0; size];
        self.exact(size, &mut content)?;
        self.left = 0;
        Ok(content)
    }

    /// Fills the first `count` bytes; whether they belong to the entry is the caller's to know.
    fn exact(&mut self, count: usize, out: &mut [u8]) -> Result<(), Error> {
        let mut at = 0;
        while at < count {
            match self.open.read(&mut out[at..count])? {
                0 => return Err(Error::Entries),
                more => at += more,
            }
        }
        Ok(())
    }
}

/// Whether it is a name that can be a path below a directory, and nothing else.
fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_');
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && part.bytes().all(allowed);
    name.len() <= MAX_NAME && name.split('/').all(part)
}
