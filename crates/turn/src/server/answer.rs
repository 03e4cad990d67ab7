//! Writing answers.
//!
//! What is here: responses with what RFC 8489 and RFC 8656 want in them, no larger than need be.
//! What is not here: when which one is given (`requests`, `authentication`).

use core::net::SocketAddr;
use core::time::Duration;

use stun_types::attribute::{
    AttributeStaticType as _, AttributeType, AttributeWrite, ErrorCode, Fingerprint, Nonce,
    PasswordAlgorithmValue, PasswordAlgorithms, Realm, UnknownAttributes, XorMappedAddress,
};
use stun_types::message::{Message, MessageWrite, MessageWriteExt, MessageWriteVec};
use turn_types::attribute::{Lifetime, XorRelayedAddress};

use super::authentication::Signer;

/// A response that is being written.
pub(super) struct Answer {
    message: MessageWriteVec,
    fingerprint: bool,
}

impl Answer {
    pub(super) fn success(to: &Message<'_>) -> Self {
        Self::new(to, Message::builder_success(to, MessageWriteVec::new()))
    }

    /// `reason` is for people; empty towards strangers.
    pub(super) fn error(to: &Message<'_>, code: u16, reason: &str) -> Self {
        let mut answer = Self::new(to, Message::builder_error(to, MessageWriteVec::new()));
        if let Ok(code) = ErrorCode::new(code, reason) {
            answer.add(&code);
        }
        answer
    }

    fn new(to: &Message<'_>, message: MessageWriteVec) -> Self {
        Self { message, fingerprint: to.has_attribute(Fingerprint::TYPE) }
    }

    fn add(&mut self, attribute: &dyn AttributeWrite) {
        // It fails only after integrity or fingerprint, which `finish` alone adds.
        let added = self.message.add_attribute(attribute);
        debug_assert!(added.is_ok());
    }

    pub(super) fn mapped(mut self, to: &Message<'_>, address: SocketAddr) -> Self {
        self.add(&XorMappedAddress::new(address, to.transaction_id()));
        self
    }

    pub(super) fn relayed(mut self, to: &Message<'_>, address: SocketAddr) -> Self {
        self.add(&XorRelayedAddress::new(address, to.transaction_id()));
        self
    }

    pub(super) fn lifetime(mut self, lifetime: Duration) -> Self {
        self.add(&Lifetime::new(u32::try_from(lifetime.as_secs()).unwrap_or(u32::MAX)));
        self
    }

    pub(super) fn unknown(mut self, types: &[AttributeType]) -> Self {
        self.add(&UnknownAttributes::new(types));
        self
    }

    /// What a client needs to ask again with credentials.
    pub(super) fn challenge(mut self, realm: &Realm, nonce: &str) -> Self {
        self.add(realm);
        if let Ok(nonce) = Nonce::new(nonce) {
            self.add(&nonce);
        }
        self.add(&PasswordAlgorithms::new(&[PasswordAlgorithmValue::SHA256, PasswordAlgorithmValue::MD5]));
        self
    }

    /// The bytes, signed as the request was.
    pub(super) fn finish(mut self, signer: Option<&Signer>) -> Vec<u8> {
        if let Some(signer) = signer {
            let signed = self.message.add_message_integrity_with_key(&signer.key, signer.algorithm);
            debug_assert!(signed.is_ok());
        }
        if self.fingerprint {
            let added = self.message.add_fingerprint();
            debug_assert!(added.is_ok());
        }
        self.message.finish()
    }
}
