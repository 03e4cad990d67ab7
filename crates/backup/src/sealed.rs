//! A stream of bytes in sealed pieces of one size: XChaCha20-Poly1305 with a counter and a mark of the last piece in the nonce
//! (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015). Pieces cannot be changed, left out, swapped,
//! doubled or cut off unseen. The head is bound into each of them.
//!
//! What is not here: what the bytes mean (`entries`).

use std::io::{ErrorKind, Read, Write};

use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use model::Secret;
use zeroize::Zeroizing;

use crate::{
    Error,
    passphrase::{self, Cost, SALT_LEN},
};

/// What a backup begins with.
pub const MAGIC: &[u8; 8] = b"MARTBKUP";
/// The form of the file.
const FORM: u8 = 1;
/// Bytes of the nonce that are drawn; the other five are counter and mark.
const NONCE_HEAD_LEN: usize = 19;
/// Random bytes that a new file needs: salt and head of the nonces.
pub const RANDOM_LEN: usize = SALT_LEN + NONCE_HEAD_LEN;
/// Bytes before the first piece: magic, form, cost (3 × 4 bytes, big endian), salt, head of the nonces.
pub const HEADER_LEN: usize = 8 + 1 + 12 + RANDOM_LEN;
/// Bytes of a piece before it is sealed.
const PIECE: usize = 64 << 10;
const TAG: usize = 16;

/// Seals and opens pieces.
struct Cipher {
    cipher: XChaCha20Poly1305,
    header: [u8; HEADER_LEN],
    counter: u32,
}

impl Cipher {
    fn new(passphrase: &Secret<String>, header: [u8; HEADER_LEN], cost: Cost) -> Result<Self, Error> {
        let mut salt = [0; SALT_LEN];
        salt.copy_from_slice(&header[21..21 + SALT_LEN]);
        let key = passphrase::key(passphrase, &salt, cost)?;
        let cipher = XChaCha20Poly1305::new(Key::from_slice(key.as_slice()));
        Ok(Self { cipher, header, counter: 0 })
    }

    /// The nonce of the next piece; there are no more than 2^32.
    fn nonce(&mut self, last: bool) -> Result<XNonce, Error> {
        let mut nonce = [0; NONCE_HEAD_LEN + 5];
        let (head, rest) = nonce.split_at_mut(NONCE_HEAD_LEN);
        head.copy_from_slice(&self.header[HEADER_LEN - NONCE_HEAD_LEN..]);
        rest[..4].copy_from_slice(&self.counter.to_be_bytes());
        rest[4] = u8::from(last);
        self.counter = self.counter.checked_add(1).ok_or(Error::Entries)?;
        Ok(nonce.into())
    }
}

/// Seals what is written, into a writer.
pub(crate) struct Seal<W> {
    out: W,
    cipher: Cipher,
    piece: Zeroizing<Vec<u8>>,
}

impl<W: Write> Seal<W> {
    pub fn begin(
        mut out: W,
        passphrase: &Secret<String>,
        cost: Cost,
        random: &[u8; RANDOM_LEN],
    ) -> Result<Self, Error> {
        let mut header = [0; HEADER_LEN];
        header[..8].copy_from_slice(MAGIC);
        header[8] = FORM;
        for (at, number) in [(9, cost.memory_kib), (13, cost.passes), (17, cost.lanes)] {
            header[at..at + 4].copy_from_slice(&number.to_be_bytes());
        }
        header[21..].copy_from_slice(random);
        let cipher = Cipher::new(passphrase, header, cost)?;
        out.write_all(&header)?;
        Ok(Self { out, cipher, piece: Zeroizing::new(Vec::with_capacity(PIECE)) })
    }

    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while !bytes.is_empty() {
            // A full piece waits: only the end tells whether it is the last.
            if self.piece.len() == PIECE {
                self.put(false)?;
            }
            let (now, rest) = bytes.split_at(bytes.len().min(PIECE - self.piece.len()));
            self.piece.extend_from_slice(now);
            bytes = rest;
        }
        Ok(())
    }

    pub fn end(mut self) -> Result<W, Error> {
        self.put(true)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn put(&mut self, last: bool) -> Result<(), Error> {
        let nonce = self.cipher.nonce(last)?;
        let payload = Payload { msg: &self.piece, aad: &self.cipher.header };
        let sealed = self.cipher.cipher.encrypt(&nonce, payload).map_err(|_| Error::Entries)?;
        self.out.write_all(&sealed)?;
        self.piece.clear();
        Ok(())
    }
}

/// Opens what was sealed, out of a reader. Gives out checked bytes only.
pub(crate) struct Open<R> {
    from: R,
    cipher: Cipher,
    /// The piece that is being given out, and how far.
    piece: Zeroizing<Vec<u8>>,
    at: usize,
    /// A byte of the next piece that was read to see whether there is one.
    ahead: Option<u8>,
    ended: bool,
}

impl<R: Read> Open<R> {
    pub fn begin(mut from: R, passphrase: &Secret<String>) -> Result<Self, Error> {
        let mut header = [0; HEADER_LEN];
        from.read_exact(&mut header).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => Error::NotABackup,
            _ => Error::Io(error),
        })?;
        if header[..8] != *MAGIC {
            return Err(Error::NotABackup);
        }
        if header[8] != FORM {
            return Err(Error::TooNew { found: header[8] });
        }
        let number =
            |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let cost = Cost { memory_kib: number(9), passes: number(13), lanes: number(17) };
        let cipher = Cipher::new(passphrase, header, cost)?;
        let piece = Zeroizing::new(Vec::new());
        let mut open = Self { from, cipher, piece, at: 0, ahead: None, ended: false };
        open.next()
            .map_err(|error| if matches!(error, Error::Damaged) { Error::Passphrase } else { error })?;
        Ok(open)
    }

    /// Some bytes; none at the end.
    pub fn read(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        if self.at == self.piece.len() && !self.ended {
            self.next()?;
        }
        let left = self.piece.get(self.at..).unwrap_or_default();
        let count = left.len().min(out.len());
        out[..count].copy_from_slice(&left[..count]);
        self.at += count;
        Ok(count)
    }

    /// Opens the next piece.
    fn next(&mut self) -> Result<(), Error> {
        let mut sealed = Vec::with_capacity(PIECE + TAG);
        sealed.extend(self.ahead.take());
        let room = PIECE + TAG - sealed.len();
        self.from.by_ref().take(room as u64).read_to_end(&mut sealed)?;
        let mut one = [0];
        self.ahead = match self.from.read_exact(&mut one) {
            Ok(()) => Some(one[0]),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => None,
            Err(error) => return Err(error.into()),
        };
        self.ended = self.ahead.is_none();
        let nonce = self.cipher.nonce(self.ended)?;
        let payload = Payload { msg: &sealed, aad: &self.cipher.header };
        self.piece =
            self.cipher.cipher.decrypt(&nonce, payload).map(Zeroizing::new).map_err(|_| Error::Damaged)?;
        self.at = 0;
        Ok(())
    }
}
