//! The ciphers of Kerberos that are taken: AES with HMAC-SHA-1 (RFC 3962) and with HMAC-SHA-2 (RFC 8009), both over AES in CBC
//! mode with ciphertext stealing. Not DES and RC4, which are broken, and no keys from passwords: a keytab has keys.

use aes::{
    Aes128, Aes256, Block,
    cipher::{BlockDecrypt, BlockEncrypt, KeyInit},
};
use hmac::{Hmac, Mac};
use model::Secret;
use sha1::Sha1;
use sha2::{Sha256, Sha384};
use zeroize::Zeroizing;

use crate::Error;

const BLOCK: usize = 16;
/// Bytes of randomness before what is encrypted.
pub const CONFOUNDER: usize = 16;

/// How something is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// aes128-cts-hmac-sha1-96 (17) and aes256-cts-hmac-sha1-96 (18).
    Sha1,
    /// aes128-cts-hmac-sha256-128 (19).
    Sha256,
    /// aes256-cts-hmac-sha384-192 (20).
    Sha384,
}

/// A key that is made of another for one purpose.
type Derived = Zeroizing<Vec<u8>>;

/// A key with the way that it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    kind: Kind,
    number: u32,
    bytes: Secret<Vec<u8>>,
}

impl Key {
    /// A key of this encryption type; none where the type is not taken or its keys have another length.
    pub fn new(number: i64, bytes: &[u8]) -> Option<Self> {
        let (kind, number, length) = match number {
            17 => (Kind::Sha1, 17, 16),
            18 => (Kind::Sha1, 18, 32),
            19 => (Kind::Sha256, 19, 16),
            20 => (Kind::Sha384, 20, 32),
            _ => return None,
        };
        (bytes.len() == length).then(|| Self { kind, number, bytes: Secret::new(bytes.to_vec()) })
    }

    /// The number of its encryption type.
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Opens what was encrypted for this purpose (RFC 4120, 7.5.1).
    pub fn open(&self, usage: u8, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let body = sealed.len().checked_sub(self.mac_length()).ok_or(Error::Unopened)?;
        let (body, mac) = sealed.split_at_checked(body).ok_or(Error::Unopened)?;
        if body.len() < CONFOUNDER {
            return Err(Error::Unopened);
        }
        let (encryption, integrity) = self.derived(usage)?;
        let cipher = Cipher::new(&encryption)?;
        // RFC 3962 authenticates what was encrypted, RFC 8009 what came of it.
        let opened = match self.kind {
            Kind::Sha1 => {
                let opened = cipher.open(body);
                self.verify(&integrity, &[&opened], mac)?;
                opened
            }
            Kind::Sha256 | Kind::Sha384 => {
                self.verify(&integrity, &[&[0; BLOCK], body], mac)?;
                cipher.open(body)
            }
        };
        Ok(Zeroizing::new(opened.get(CONFOUNDER..).unwrap_or_default().to_vec()))
    }

    /// Encrypts for this purpose.
    pub fn seal(&self, usage: u8, confounder: [u8; CONFOUNDER], plain: &[u8]) -> Result<Vec<u8>, Error> {
        let (encryption, integrity) = self.derived(usage)?;
        let plain = Zeroizing::new([&confounder[..], plain].concat());
        let body = Cipher::new(&encryption)?.seal(&plain);
        let mac = match self.kind {
            Kind::Sha1 => self.mac(&integrity, &[&plain])?,
            Kind::Sha256 | Kind::Sha384 => self.mac(&integrity, &[&[0; BLOCK], &body])?,
        };
        let mac = mac.get(..self.mac_length()).unwrap_or_default();
        Ok([&body, mac].concat())
    }

    const fn mac_length(&self) -> usize {
        match self.kind {
            Kind::Sha1 => 12,
            Kind::Sha256 => 16,
            Kind::Sha384 => 24,
        }
    }

    /// The keys for encryption and integrity of this purpose.
    fn derived(&self, usage: u8) -> Result<(Derived, Derived), Error> {
        let constant = |last| [0, 0, 0, usage, last];
        let length = self.bytes.expose().len();
        let (encryption, integrity) = (constant(0xaa), constant(0x55));
        Ok(match self.kind {
            Kind::Sha1 => (self.folded(encryption)?, self.folded(integrity)?),
            Kind::Sha256 | Kind::Sha384 => {
                (self.hashed(encryption, length)?, self.hashed(integrity, self.mac_length())?)
            }
        })
    }

    /// `DK` of RFC 3961, 5.1: the constant, folded to a block, encrypted again and again.
    fn folded(&self, constant: [u8; 5]) -> Result<Derived, Error> {
        let cipher = Cipher::new(self.bytes.expose())?;
        let mut block = Block::from(fold(&constant));
        let mut key = Zeroizing::new(Vec::with_capacity(2 * BLOCK));
        while key.len() < self.bytes.expose().len() {
            cipher.encrypt(&mut block);
            key.extend(block);
        }
        Ok(key)
    }

    /// `KDF-HMAC-SHA2` of RFC 8009, 3, for keys that are no longer than one hash.
    fn hashed(&self, constant: [u8; 5], length: usize) -> Result<Derived, Error> {
        let bits = u32::try_from(length * 8).unwrap_or_default().to_be_bytes();
        let mut hash = self.mac(self.bytes.expose(), &[&[0, 0, 0, 1], &constant, &[0], &bits])?;
        hash.truncate(length);
        Ok(Zeroizing::new(hash))
    }

    fn mac(&self, key: &[u8], parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        match self.kind {
            Kind::Sha1 => hmac::<Hmac<Sha1>>(key, parts).map(|mac| mac.finalize().into_bytes().to_vec()),
            Kind::Sha256 => hmac::<Hmac<Sha256>>(key, parts).map(|mac| mac.finalize().into_bytes().to_vec()),
            Kind::Sha384 => hmac::<Hmac<Sha384>>(key, parts).map(|mac| mac.finalize().into_bytes().to_vec()),
        }
    }

    /// Holds the beginning of the hash against what came, in constant time.
    fn verify(&self, key: &[u8], parts: &[&[u8]], came: &[u8]) -> Result<(), Error> {
        match self.kind {
            Kind::Sha1 => hmac::<Hmac<Sha1>>(key, parts)?.verify_truncated_left(came),
            Kind::Sha256 => hmac::<Hmac<Sha256>>(key, parts)?.verify_truncated_left(came),
            Kind::Sha384 => hmac::<Hmac<Sha384>>(key, parts)?.verify_truncated_left(came),
        }
        .map_err(|_| Error::Unopened)
    }
}

fn hmac<H: Mac + KeyInit>(key: &[u8], parts: &[&[u8]]) -> Result<H, Error> {
    let mut mac = <H as Mac>::new_from_slice(key).map_err(|_| Error::Unopened)?;
    parts.iter().for_each(|part| mac.update(part));
    Ok(mac)
}

/// AES with a key of either length.
enum Cipher {
    Short(Box<Aes128>),
    Long(Box<Aes256>),
}

impl Cipher {
    fn new(key: &[u8]) -> Result<Self, Error> {
        let short = || Aes128::new_from_slice(key).map(Box::new).map(Self::Short);
        let long = |_| Aes256::new_from_slice(key).map(Box::new).map(Self::Long);
        short().or_else(long).map_err(|_| Error::Unopened)
    }

    fn encrypt(&self, block: &mut Block) {
        match self {
            Self::Short(cipher) => cipher.encrypt_block(block),
            Self::Long(cipher) => cipher.encrypt_block(block),
        }
    }

    fn decrypt(&self, block: &mut Block) {
        match self {
            Self::Short(cipher) => cipher.decrypt_block(block),
            Self::Long(cipher) => cipher.decrypt_block(block),
        }
    }

    /// CBC with ciphertext stealing (RFC 3962, 5; CBC-CS3): the last two blocks stand in the other order, the last is cut off.
    fn seal(&self, plain: &[u8]) -> Vec<u8> {
        let mut previous = Block::default();
        let mut blocks = Vec::with_capacity(plain.len().div_ceil(BLOCK));
        for part in plain.chunks(BLOCK) {
            part.iter().zip(&mut previous).for_each(|(byte, mixed)| *mixed ^= byte);
            self.encrypt(&mut previous);
            blocks.push(previous);
        }
        if let [.., one, other] = blocks.as_mut_slice() {
            std::mem::swap(one, other);
        }
        let mut sealed = blocks.concat();
        // What is a block at least stays one; of more, the last is as long as the last of what was encrypted.
        sealed.truncate(plain.len().max(BLOCK));
        sealed
    }

    /// The other way round. Less than a block opens as nothing.
    fn open(&self, sealed: &[u8]) -> Vec<u8> {
        let last = match sealed.len() % BLOCK {
            0 => BLOCK,
            part => part,
        };
        let cut = sealed.len().saturating_sub(last);
        let (whole, last) = sealed.split_at_checked(cut).unwrap_or_default();
        let mut blocks: Vec<Block> = whole.chunks_exact(BLOCK).map(Block::clone_from_slice).collect();
        match blocks.pop() {
            Some(next_to_last) => {
                // What was cut off stands behind what was encrypted with it.
                let mut stolen = next_to_last;
                self.decrypt(&mut stolen);
                last.iter().zip(&mut stolen).for_each(|(byte, stolen)| *stolen = *byte);
                blocks.extend([stolen, next_to_last]);
            }
            None if last.len() == BLOCK => blocks.push(Block::clone_from_slice(last)),
            None => return Vec::new(),
        }
        let mut previous = Block::default();
        let mut opened = Vec::with_capacity(blocks.len() * BLOCK);
        for block in blocks {
            let mut plain = block;
            self.decrypt(&mut plain);
            opened.extend(plain.iter().zip(previous).map(|(byte, before)| byte ^ before));
            previous = block;
        }
        opened.truncate(sealed.len());
        opened
    }
}

/// `n-fold` of RFC 3961, 5.1, to one block: copies, each rotated by 13 bits more, are added up with the carry going round.
fn fold(constant: &[u8; 5]) -> [u8; BLOCK] {
    const BITS: usize = 8 * 5;
    let bit = |at: usize| constant.get(at / 8).is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1);
    // As many copies as make whole blocks: the least common multiple of both lengths.
    let total = BLOCK * 5;
    let byte = |index: usize| {
        (0..8).fold(0u16, |value, offset| {
            let (copy, at) = ((index * 8 + offset) / BITS, (index * 8 + offset) % BITS);
            value << 1 | u16::from(bit((at + BITS * 13 - 13 * copy % BITS) % BITS))
        })
    };
    let mut sum = [0u16; BLOCK];
    for index in 0..total {
        if let Some(place) = sum.get_mut(index % BLOCK) {
            *place += byte(index);
        }
    }
    let mut folded = [0u8; BLOCK];
    let mut carry = 0u16;
    // Twice: what is carried out of the first byte goes into the last.
    for _ in 0..2 {
        for (sum, folded) in sum.iter_mut().zip(&mut folded).rev() {
            let value = *sum + carry;
            [_, *folded] = value.to_be_bytes();
            carry = value >> 8;
            *sum = u16::from(*folded);
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let hex: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        hex.chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    /// RFC 3962, appendix B.
    #[test]
    fn cbc_with_stealing_gives_what_the_standard_gives() {
        let cipher = Cipher::new(&bytes("636869636b656e207465726979616b69")).unwrap();
        let text = b"I would like the General Gau's Chicken, please, and wonton soup.";
        for (length, sealed) in [
            (17, "c6353568f2bf8cb4d8a580362da7ff7f97"),
            (31, "fc00783e0efdb2c1d445d4c8eff7ed2297687268d6ecccc0c07b25e25ecfe5"),
            (32, "39312523a78662d5be7fcbcc98ebf5a897687268d6ecccc0c07b25e25ecfe584"),
            (
                47,
                "97687268d6ecccc0c07b25e25ecfe584b3fffd940c16a18c1b5549d2f838029e39312523a78662d5be7fcbcc98ebf5",
            ),
        ] {
            assert_eq!(cipher.seal(&text[..length]), bytes(sealed), "{length}");
            assert_eq!(cipher.open(&bytes(sealed)), text[..length], "{length}");
        }
    }

    /// RFC 8009, appendix A; for RFC 3961, the values of MIT's own test of derived keys.
    #[test]
    fn keys_are_derived_as_the_standard_derives_them() {
        let key = Key::new(17, &bytes("42263C6E89F4FC28B8DF68EE09799F15")).unwrap();
        let (encryption, integrity) = key.derived(2).unwrap();
        assert_eq!(*encryption, bytes("5B14FC4E250E14DDF9DCCF1AF6674F53"));
        assert_eq!(*integrity, bytes("4ED31063621684F09AE8D89991AF3E8F"));
        let key = Key::new(19, &bytes("3705D96080C17728A0E800EAB6E0D23C")).unwrap();
        let (encryption, integrity) = key.derived(2).unwrap();
        assert_eq!(*encryption, bytes("9B197DD1E8C5609D6E67C3E37C62C72E"));
        assert_eq!(*integrity, bytes("9FDA0E56AB2D85E1569A688696C26A6C"));
        let key =
            Key::new(20, &bytes("6D404D37FAF79F9DF0D33568D320669800EB4836472EA8A026D16B7182460C52")).unwrap();
        let (encryption, integrity) = key.derived(2).unwrap();
        assert_eq!(*encryption, bytes("56AB22BEE63D82D7BC5227F6773F8EA7A5EB1C825160C38312980C442E5C7E49"));
        assert_eq!(*integrity, bytes("69B16514E3CD8E56B82010D5C73012B622C4D00FFC23ED1F"));
    }

    /// RFC 8009, appendix A: 6 bytes, a confounder, and what comes of them.
    #[test]
    fn what_the_standard_encrypted_opens() {
        for (number, key, sealed) in [
            (
                19,
                "3705D96080C17728A0E800EAB6E0D23C",
                "84D7F30754ED987BAB0BF3506BEB09CFB55402CEF7E6877CE99E247E52D16ED4421DFDF8976C",
            ),
            (
                20,
                "6D404D37FAF79F9DF0D33568D320669800EB4836472EA8A026D16B7182460C52",
                "4ED7B37C2BCAC8F74F23C1CF07E62BC7B75FB3F637B9F559C7F664F69EAB7B6092237526EA0D1F61CB20D69D10F2",
            ),
        ] {
            let key = Key::new(number, &bytes(key)).unwrap();
            assert_eq!(*key.open(2, &bytes(sealed)).unwrap(), bytes("000102030405"));
        }
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_and_nothing_else_does(
            number in 17i64..=20, plain in prop::collection::vec(any::<u8>(), 0..100), flip in 0usize..10_000, usage in 1u8..30
        ) {
            let length = if number % 2 == 1 { 16 } else { 32 };
            let key = Key::new(number, &vec![7; length]).unwrap();
            let mut sealed = key.seal(usage, [9; 16], &plain).unwrap();
            prop_assert_eq!(&*key.open(usage, &sealed).unwrap(), &plain);
            prop_assert!(key.open(usage + 1, &sealed).is_err());
            let at = flip % sealed.len();
            sealed[at] ^= 1;
            prop_assert!(key.open(usage, &sealed).is_err());
            prop_assert!(key.open(usage, &sealed[..at]).is_err());
        }
    }

    #[test]
    fn broken_ciphers_are_not_taken() {
        for (number, length) in [(1, 8), (3, 8), (16, 24), (23, 16), (17, 32), (18, 16), (-1, 16), (0, 0)] {
            assert_eq!(Key::new(number, &vec![0; length]), None, "{number}");
        }
    }
}
