//! The wrapping of a request with a ticket: SPNEGO (RFC 4178) around the tokens of the Kerberos mechanism (RFC 4121, 4.1). Not
//! what is inside (`message`).

use crate::{
    Error,
    der::{self, Reader},
};

/// 1.3.6.1.5.5.2
const SPNEGO: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x02];
/// 1.2.840.113554.1.2.2
const KERBEROS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02];
/// 1.2.840.48018.1.2.2: the same, under the number that Windows names first.
const KERBEROS_OF_WINDOWS: &[u8] = &[0x2a, 0x86, 0x48, 0x82, 0xf7, 0x12, 0x01, 0x02, 0x02];
const TOKEN: u8 = 0x60;
const AP_REQ: [u8; 2] = [1, 0];
const AP_REP: [u8; 2] = [2, 0];
/// `accept-completed`
const COMPLETED: u8 = 0;

/// A token that a browser sends first.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// The mechanism that it likes best.
    mechanism: &'a [u8],
    /// The request with the ticket.
    pub request: &'a [u8],
}

impl<'a> Offer<'a> {
    /// Unwraps a token.
    pub fn read(token: &'a [u8]) -> Result<Self, Error> {
        let mut wrapped = Reader::new(token).inside(TOKEN).map_err(|_| Error::NoKerberos)?;
        if wrapped.expect(der::OID)? != SPNEGO {
            return Err(Error::NoKerberos);
        }
        let mut fields = wrapped.field(0)?.inside(der::SEQUENCE)?;
        let mut mechanisms = fields.field(0)?.inside(der::SEQUENCE)?;
        // The token that comes along is of the first one (RFC 4178, 4.2.1). Another would cost another round.
        let mechanism = mechanisms.expect(der::OID)?;
        if ![KERBEROS, KERBEROS_OF_WINDOWS].contains(&mechanism) {
            return Err(Error::NoKerberos);
        }
        let _flags = fields.optional(1)?;
        let inner = fields.optional(2)?.ok_or(Error::NoKerberos)?.expect(der::OCTETS)?;
        let mut inner = Reader::new(inner).inside(TOKEN)?;
        // Inside, Windows uses the right number as well.
        if ![KERBEROS, KERBEROS_OF_WINDOWS].contains(&inner.expect(der::OID)?) {
            return Err(Error::NoKerberos);
        }
        let request = inner.rest().strip_prefix(&AP_REQ).ok_or(Error::Malformed)?;
        Ok(Self { mechanism, request })
    }

    /// The token that ends it: accepted, with the proof of the service where that was asked for. The list of mechanisms needs no
    /// protection, because the first of it was taken (RFC 4178, 5).
    pub fn accepted(&self, reply: Option<&[u8]>) -> Vec<u8> {
        let mut fields = vec![
            der::field(0, &der::element(der::ENUMERATED, &[COMPLETED])),
            der::field(1, &der::element(der::OID, self.mechanism)),
        ];
        if let Some(reply) = reply {
            let inner = [&der::element(der::OID, KERBEROS), &AP_REP[..], reply].concat();
            fields.push(der::field(2, &der::element(der::OCTETS, &der::element(TOKEN, &inner))));
        }
        der::field(1, &der::element(der::SEQUENCE, &fields.concat()))
    }
}
