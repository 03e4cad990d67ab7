//! The certificate chain that somebody wants a site to serve: what it says, and whether it holds together.
//!
//! What is not here: the key that belongs to it (the TLS stack compares them), reading PEM, and cryptography: the
//! algorithms are handed in.

use std::{net::IpAddr, time::Duration};

use model::WallTime;
use rustls_pki_types::{CertificateDer, ServerName, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, Error, KeyUsage, anchor_from_trusted_cert};

use crate::name;

/// No chain is longer.
pub const MAX_CHAIN: usize = 8;
/// No certificate is larger.
pub const MAX_CERTIFICATE_LEN: usize = 16 << 10;
/// More names than this are not told.
const MAX_TOLD: usize = 100;

/// How signatures of certificates are checked, as a TLS stack has them.
pub type Algorithms<'a> = &'a [&'a dyn SignatureVerificationAlgorithm];

/// What the first certificate of a chain says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// When it begins.
    pub not_before: WallTime,
    /// When it ends.
    pub not_after: WallTime,
    /// Its host names, at most 100 of them; a wildcard as it stands there.
    pub names: Vec<String>,
    /// What its issuer calls itself; empty where it says nothing that can be read.
    pub issuer: String,
}

/// Why a chain cannot be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// Nothing there.
    #[error("there is no certificate")]
    Empty,
    /// Too much there.
    #[error("at most {MAX_CHAIN} certificates of at most {MAX_CERTIFICATE_LEN} bytes are taken")]
    TooLarge,
    /// One is none.
    #[error("certificate {0} is not an X.509 certificate")]
    NotACertificate(usize),
    /// Not yet.
    #[error("the certificate begins at {0} only")]
    NotYet(WallTime),
    /// Not any more.
    #[error("the certificate ended at {0}")]
    Ended(WallTime),
    /// It names nobody.
    #[error("the certificate names no host and no address of this machine")]
    NoName,
    /// It is for something else.
    #[error("the certificate is not one for a server")]
    NotForServers,
    /// The rest does not sign the first.
    #[error("the certificates do not form a chain from the first to the last: {0}")]
    Broken(String),
}

/// Whether the chain can be served now: first the site's certificate, then those that sign it, up to the last. One alone
/// may be signed by anybody, itself included. `addresses` are those that the machine has.
pub fn check(
    chain: &[CertificateDer<'_>],
    addresses: &[IpAddr],
    algorithms: Algorithms<'_>,
    now: WallTime,
) -> Result<Facts, ChainError> {
    if chain.len() > MAX_CHAIN || chain.iter().any(|one| one.len() > MAX_CERTIFICATE_LEN) {
        return Err(ChainError::TooLarge);
    }
    let (first, rest) = chain.split_first().ok_or(ChainError::Empty)?;
    for (at, one) in chain.iter().enumerate() {
        EndEntityCert::try_from(one).map_err(|_| ChainError::NotACertificate(at + 1))?;
    }
    let facts = facts(first)?;
    if now < facts.not_before {
        return Err(ChainError::NotYet(facts.not_before));
    }
    if now >= facts.not_after {
        return Err(ChainError::Ended(facts.not_after));
    }
    let certificate = EndEntityCert::try_from(first).map_err(|_| ChainError::NotACertificate(1))?;
    let of_address = |address: &IpAddr| {
        certificate.verify_is_valid_for_subject_name(&ServerName::IpAddress((*address).into())).is_ok()
    };
    if facts.names.is_empty() && !addresses.iter().any(of_address) {
        return Err(ChainError::NoName);
    }
    let (anchors, between) = match rest.split_last() {
        Some((last, between)) => {
            let anchor =
                anchor_from_trusted_cert(last).map_err(|_| ChainError::NotACertificate(chain.len()))?;
            (vec![anchor], between)
        }
        None => (Vec::new(), rest),
    };
    match path(&certificate, &anchors, between, algorithms, unix(now)) {
        Err(Error::RequiredEkuNotFoundContext(_)) => return Err(ChainError::NotForServers),
        Err(error) if !anchors.is_empty() => return Err(ChainError::Broken(error.to_string())),
        _ => {}
    }
    Ok(facts)
}

/// Whether one of these authorities vouches for the chain now, as a browser that trusts them would see it.
#[must_use]
pub fn is_trusted(
    chain: &[CertificateDer<'_>],
    authorities: &[CertificateDer<'_>],
    algorithms: Algorithms<'_>,
    now: WallTime,
) -> bool {
    let Some((first, rest)) = chain.split_first() else { return false };
    let anchors: Vec<_> = authorities.iter().filter_map(|one| anchor_from_trusted_cert(one).ok()).collect();
    EndEntityCert::try_from(first)
        .is_ok_and(|certificate| path(&certificate, &anchors, rest, algorithms, unix(now)).is_ok())
}

/// What a certificate (DER) says. Its dates are read off the refusals of the one library that reads certificates here.
pub fn facts(certificate: &CertificateDer<'_>) -> Result<Facts, ChainError> {
    let unreadable = || ChainError::NotACertificate(1);
    let certificate = EndEntityCert::try_from(certificate).map_err(|_| unreadable())?;
    let at = |time| path(&certificate, &[], &[], &[], time);
    let Err(Error::CertNotValidYet { not_before, .. }) = at(UnixTime::since_unix_epoch(Duration::ZERO))
    else {
        return Err(unreadable());
    };
    let Err(Error::CertExpired { not_after, .. }) = at(UnixTime::since_unix_epoch(Duration::MAX)) else {
        return Err(unreadable());
    };
    let names = certificate.valid_dns_names().take(MAX_TOLD).map(str::to_owned).collect();
    let issuer = name::words(certificate.issuer());
    Ok(Facts { not_before: wall(not_before)?, not_after: wall(not_after)?, names, issuer })
}

fn path(
    certificate: &EndEntityCert<'_>,
    anchors: &[TrustAnchor<'_>],
    between: &[CertificateDer<'_>],
    algorithms: Algorithms<'_>,
    time: UnixTime,
) -> Result<(), Error> {
    certificate
        .verify_for_usage(algorithms, anchors, between, time, KeyUsage::server_auth(), None, None)
        .map(drop)
}

fn unix(now: WallTime) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_micros(u64::try_from(now.micros()).unwrap_or(0)))
}

fn wall(time: UnixTime) -> Result<WallTime, ChainError> {
    i64::try_from(time.as_secs())
        .ok()
        .and_then(|seconds| seconds.checked_mul(1_000_000))
        .map(WallTime::from_micros)
        .ok_or(ChainError::NotACertificate(1))
}
