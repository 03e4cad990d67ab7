//! Messages of Kerberos 5 (RFC 4120, 5): what of a request with a ticket matters for a sign-in, and the answer that proves the
//! service. Not what is made of them (`lib`).

use std::fmt;

use model::WallTime;

use crate::{
    Error,
    crypto::{CONFOUNDER, Key},
    der::{self, Reader},
};

const VERSION: i64 = 5;
const AP_REQ: u8 = 14;
const AP_REP: u8 = 15;
/// What a key is used for (RFC 4120, 7.5.1).
const USAGE_TICKET: u8 = 2;
const USAGE_AUTHENTICATOR: u8 = 11;
const USAGE_REPLY: u8 = 12;
/// Most parts of a name.
const MAX_PARTS: usize = 8;

/// The name of a person or of a service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    /// `HTTP` and `site.example.org`, or `anna`.
    pub parts: Vec<String>,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.parts.join("/"))
    }
}

/// `AP-REQ`: a ticket, and the proof that whoever sends it got it.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Whether the service is to prove itself, too.
    pub mutual: bool,
    /// The realm of the service.
    pub realm: String,
    /// The service.
    pub service: Name,
    /// The ticket, encrypted with the service's key.
    pub ticket: Sealed<'a>,
    /// The proof, encrypted with the key in the ticket.
    pub authenticator: Sealed<'a>,
}

/// Something encrypted.
#[derive(Clone, Copy, Debug)]
pub struct Sealed<'a> {
    /// Encryption type.
    pub kind: i64,
    /// Which version of the key.
    pub version: Option<u32>,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// What is in a ticket.
#[derive(Clone, Debug)]
pub struct Ticket {
    /// It does not count (yet).
    pub invalid: bool,
    /// The key that the sender got with it; none: of an encryption that is not taken.
    pub key: Option<Key>,
    /// Whose ticket it is.
    pub client: Client,
    /// From when on it counts.
    pub from: WallTime,
    /// Until when it counts.
    pub until: WallTime,
}

/// Somebody, in a realm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The realm.
    pub realm: String,
    /// The name there.
    pub name: Name,
}

/// What is in an authenticator.
#[derive(Clone, Debug)]
pub struct Authenticator {
    /// Who made it.
    pub client: Client,
    /// When, by the sender's clock, to the microsecond.
    pub at: WallTime,
    /// The seconds of it, as they were sent.
    time: Vec<u8>,
    /// The microseconds of it.
    micros: u32,
}

impl<'a> Request<'a> {
    /// Reads it.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut fields = Reader::new(bytes).application(AP_REQ)?;
        same(fields.field(0)?.number()?, VERSION)?;
        same(fields.field(1)?.number()?, i64::from(AP_REQ))?;
        let options = fields.field(2)?.flags()?;
        // A ticket that is encrypted with a session key of the service: it has none.
        if options & 0x40 != 0 {
            return Err(Error::Malformed);
        }
        let mut ticket = fields.field(3)?.application(1)?;
        same(ticket.field(0)?.number()?, VERSION)?;
        Ok(Self {
            mutual: options & 0x20 != 0,
            realm: ticket.field(1)?.text()?,
            service: name(ticket.field(2)?)?,
            ticket: sealed(ticket.field(3)?)?,
            authenticator: sealed(fields.field(4)?)?,
        })
    }
}

impl Ticket {
    /// Opens a ticket.
    pub fn open(sealed: &Sealed<'_>, key: &Key) -> Result<Self, Error> {
        Self::read(&key.open(USAGE_TICKET, sealed.bytes)?)
    }

    fn read(plain: &[u8]) -> Result<Self, Error> {
        let mut fields = Reader::new(plain).application(3)?;
        let invalid = fields.field(0)?.flags()? & 0x01 != 0;
        let mut session = fields.field(1)?.inside(der::SEQUENCE)?;
        let kind = session.field(0)?.number()?;
        let key = Key::new(kind, session.field(1)?.expect(der::OCTETS)?);
        let client = Client { realm: fields.field(2)?.text()?, name: name(fields.field(3)?)? };
        let _transited = fields.field(4)?;
        let signed_in = fields.field(5)?.time()?;
        let from = fields.optional(6)?.map(|mut field| field.time()).transpose()?.unwrap_or(signed_in);
        Ok(Self { invalid, key, client, from, until: fields.field(7)?.time()? })
    }
}

impl Authenticator {
    /// Opens an authenticator.
    pub fn open(sealed: &Sealed<'_>, key: &Key) -> Result<Self, Error> {
        if sealed.kind != i64::from(key.number()) {
            return Err(Error::Malformed);
        }
        Self::read(&key.open(USAGE_AUTHENTICATOR, sealed.bytes)?)
    }

    fn read(plain: &[u8]) -> Result<Self, Error> {
        let mut fields = Reader::new(plain).application(2)?;
        same(fields.field(0)?.number()?, VERSION)?;
        let client = Client { realm: fields.field(1)?.text()?, name: name(fields.field(2)?)? };
        let _checksum = fields.optional(3)?;
        let micros = fields.field(4)?.number()?;
        let micros =
            u32::try_from(micros).ok().filter(|micros| *micros < 1_000_000).ok_or(Error::Malformed)?;
        let mut seconds = fields.field(5)?;
        let time = seconds.clone().expect(der::TIME)?.to_vec();
        Ok(Self { client, at: seconds.time()?.plus_micros(i64::from(micros)), time, micros })
    }
}

/// `AP-REP`: who could make it has the key of the ticket.
pub fn reply(to: &Authenticator, key: &Key, confounder: [u8; CONFOUNDER]) -> Result<Vec<u8>, Error> {
    let part = der::application(
        27,
        &[der::field(0, &der::element(der::TIME, &to.time)), der::field(1, &der::number(to.micros))],
    );
    let sealed = key.seal(USAGE_REPLY, confounder, &part)?;
    let encrypted =
        [der::field(0, &der::number(key.number())), der::field(2, &der::element(der::OCTETS, &sealed))];
    Ok(der::application(
        AP_REP,
        &[
            der::field(0, &der::number(5)),
            der::field(1, &der::number(u32::from(AP_REP))),
            der::field(2, &der::element(der::SEQUENCE, &encrypted.concat())),
        ],
    ))
}

/// What is read once something was opened; for fuzzing.
pub fn read_plain(bytes: &[u8]) {
    let _ = Ticket::read(bytes);
    let _ = Authenticator::read(bytes);
}

fn same(found: i64, wanted: i64) -> Result<(), Error> {
    if found == wanted { Ok(()) } else { Err(Error::Malformed) }
}

fn name(mut field: Reader<'_>) -> Result<Name, Error> {
    let mut fields = field.inside(der::SEQUENCE)?;
    let _type = fields.field(0)?.number()?;
    let mut list = fields.field(1)?.inside(der::SEQUENCE)?;
    let mut parts = Vec::new();
    while !list.rest().is_empty() && parts.len() < MAX_PARTS {
        parts.push(list.text()?);
    }
    if parts.is_empty() || !list.rest().is_empty() { Err(Error::Malformed) } else { Ok(Name { parts }) }
}

fn sealed(mut field: Reader<'_>) -> Result<Sealed<'_>, Error> {
    let mut fields = field.inside(der::SEQUENCE)?;
    let kind = fields.field(0)?.number()?;
    let version = fields.optional(1)?.map(|mut field| field.number()).transpose()?;
    // Some send it as a number with a sign.
    let version = version.map(|version| u32::try_from(version & 0xffff_ffff)).transpose().unwrap_or_default();
    Ok(Sealed { kind, version, bytes: fields.field(2)?.expect(der::OCTETS)? })
}
