//! Who a site is, and what its signature means. The only place that signs or verifies.
//!
//! A site is a P-256 key ([`Identity`]); everybody else knows it by the SHA-256 of its public key
//! ([`CertificateId`]). The key signs a closed set of statements, each under a label of its own
//! ([`Purpose`]), among them that it goes on with another key ([`Rotation`]), and its own X.509 certificate, with which a site that has no other serves TLS. Any other
//! TLS certificate is vouched for by an [`Endorsement`], after [`chain`] has looked whether it can be served at all. What a client
//! and a site agree on through a mediator is vouched for by the site's signature over the transcript ([`peer`]).
//!
//! What is not here: files, sockets, clocks (`now` and randomness are arguments), and who may do what at a
//! site (users, sessions).

pub mod certificate_id;
pub mod chain;
pub mod endorsement;
mod hex;
pub mod identity;
mod name;
pub mod peer;
pub mod purpose;
mod remote;
pub mod rotation;
pub mod signature;
pub mod tls;

pub use certificate_id::CertificateId;
pub use endorsement::{Endorsement, Untrusted};
pub use identity::{Identity, KeyError, PublicIdentity};
pub use purpose::Purpose;
pub use rotation::{Lineage, Rotation};
pub use rustls_pki_types::CertificateDer;
pub use signature::{BadSignature, Signature};
pub use tls::{TlsCertificate, TlsFingerprint, presented_by};
