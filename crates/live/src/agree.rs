//! Between signals, the agreement and the WebRTC stack: fields are copied, nothing is parsed but what `trust` has checked.
//!
//! No SDP is taken from anybody or given to the stack. The roles are fixed: the client controls ICE and begins DTLS and
//! SCTP.

use api::peer as wire;
use model::{PeerSessionId, SiteId};
use rand::Rng;
use str0m::{Rtc, crypto::Fingerprint, ice::IceCreds};
use trust::{
    PublicIdentity, Signature,
    peer::{Answer, DtlsFingerprint, Offer, Party, Setup},
};

use crate::Error;

/// RFC 8122 section 5.
const SHA_256: &str = "sha-256";

/// This side's part: what its stack has made.
pub fn party(rtc: &mut Rtc) -> Result<Party, Error> {
    let api = rtc.direct_api();
    let fingerprint = api.local_dtls_fingerprint();
    let bytes = fingerprint.bytes.as_slice().try_into();
    let (SHA_256, Ok(bytes)) = (fingerprint.hash_func.as_str(), bytes) else {
        return Err(Error::Stack(format!("a fingerprint by {}", fingerprint.hash_func)));
    };
    let creds = api.local_ice_credentials();
    let nonce = rand::rng().random();
    Party::new(nonce, DtlsFingerprint(bytes), &creds.ufrag, &creds.pass)
        .map_err(|error| Error::Stack(error.to_string()))
}

/// A new offer to the site.
pub fn offer(rtc: &mut Rtc, site: SiteId) -> Result<Offer, Error> {
    Ok(Offer { site, session: PeerSessionId::random(), client: party(rtc)? })
}

/// Gives the stack what it has to know of the other side, and the roles.
pub fn take_other(rtc: &mut Rtc, other: &Party, client: bool) -> Result<(), Error> {
    let mut api = rtc.direct_api();
    let fingerprint = other.fingerprint().0.to_vec();
    api.set_remote_fingerprint(Fingerprint { hash_func: SHA_256.to_owned(), bytes: fingerprint });
    let creds = IceCreds { ufrag: other.ufrag().to_owned(), pass: other.pwd().to_owned() };
    api.set_remote_ice_credentials(creds);
    api.set_ice_controlling(client);
    api.start_dtls(client).map_err(|error| Error::Stack(error.to_string()))?;
    api.start_sctp(client);
    Ok(())
}

fn write_party(party: &Party) -> wire::Party {
    wire::Party {
        nonce: wire::Hex(*party.nonce()),
        fingerprint: wire::Hex(party.fingerprint().0),
        ufrag: party.ufrag().to_owned(),
        pwd: party.pwd().to_owned(),
    }
}

fn read_party(party: &wire::Party) -> Result<Party, Error> {
    Party::new(party.nonce.0, DtlsFingerprint(party.fingerprint.0), &party.ufrag, &party.pwd)
        .map_err(|_| Error::Unexpected)
}

pub fn write_offer(offer: &Offer) -> wire::Offer {
    wire::Offer {
        version: wire::VERSION,
        site: offer.site,
        session: offer.session,
        client: write_party(&offer.client),
    }
}

pub fn read_offer(offer: &wire::Offer) -> Result<Offer, Error> {
    if offer.version != wire::VERSION {
        return Err(Error::Refused(wire::Reason::Version));
    }
    Ok(Offer { site: offer.site, session: offer.session, client: read_party(&offer.client)? })
}

pub fn write_answer(answer: &Answer, offer: &Offer) -> wire::Answer {
    wire::Answer {
        version: wire::VERSION,
        session: offer.session,
        site: write_party(&answer.site),
        setup: match answer.setup {
            Setup::Passive => wire::Setup::Passive,
            Setup::Active => wire::Setup::Active,
        },
        expires: answer.expires,
        identity: wire::Hex(*answer.identity.spki_der()),
        signature: wire::Hex(answer.signature.to_fixed()),
    }
}

/// The answer as it is checked next; one to another session is none.
pub fn read_answer(answer: &wire::Answer, offer: &Offer) -> Result<Answer, Error> {
    if answer.version != wire::VERSION || answer.session != offer.session {
        return Err(Error::Unexpected);
    }
    Ok(Answer {
        site: read_party(&answer.site)?,
        setup: match answer.setup {
            wire::Setup::Passive => Setup::Passive,
            wire::Setup::Active => Setup::Active,
        },
        expires: answer.expires,
        identity: PublicIdentity::from_spki_der(&answer.identity.0).map_err(|_| Error::Unexpected)?,
        signature: Signature::from_fixed(&answer.signature.0).map_err(|_| Error::Unexpected)?,
    })
}
