//! What a site signs for a cloud: that it is the one that connects, and the one that asked to be enrolled. Both name the
//! cloud by its certificate ID, so that what one cloud gets is of no use at another, and something that this cloud made for
//! this occasion, so that it is of no use twice.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::{
    BadSignature, CertificateId, Identity, PublicIdentity, Purpose, Signature, hex, identity::SPKI_LEN,
};

impl Identity {
    /// Signs the challenge of a cloud's mediator.
    #[must_use]
    pub fn sign_mediator(&self, cloud: &CertificateId, nonce: &[u8; 32]) -> Signature {
        self.sign(Purpose::MediatorSignIn, &statement(cloud, nonce))
    }

    /// Signs that it comes for the grant of this device code (RFC 8628).
    #[must_use]
    pub fn sign_enrolment(&self, cloud: &CertificateId, device_code: &str) -> Signature {
        self.sign(Purpose::Enrolment, &statement(cloud, &Sha256::digest(device_code).into()))
    }
}

impl PublicIdentity {
    /// Whether this site answered the challenge of this cloud's mediator.
    pub fn verify_mediator(
        &self,
        cloud: &CertificateId,
        nonce: &[u8; 32],
        signature: &Signature,
    ) -> Result<(), BadSignature> {
        self.verify(Purpose::MediatorSignIn, &statement(cloud, nonce), signature)
    }

    /// Whether this site comes for the grant of this device code.
    pub fn verify_enrolment(
        &self,
        cloud: &CertificateId,
        device_code: &str,
        signature: &Signature,
    ) -> Result<(), BadSignature> {
        self.verify(Purpose::Enrolment, &statement(cloud, &Sha256::digest(device_code).into()), signature)
    }
}

fn statement(cloud: &CertificateId, fresh: &[u8; 32]) -> [u8; 64] {
    let mut statement = [0; 64];
    let bytes = cloud.as_bytes().iter().chain(fresh);
    statement.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    statement
}

/// In JSON the hex digits of its SubjectPublicKeyInfo.
impl Serialize for PublicIdentity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.spki_der()))
    }
}

impl<'de> Deserialize<'de> for PublicIdentity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let der = hex::decode(&text, SPKI_LEN).map_err(serde::de::Error::custom)?;
        Self::from_spki_der(&der).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn what_one_cloud_gets_is_of_no_use_at_another_nor_twice_nor_for_something_else() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(1);
        let [site, sibling, cloud, other] = [(); 4].map(|()| Identity::generate(&mut rng));
        let (cloud, other) = (cloud.certificate_id(), other.certificate_id());
        let nonce = [7; 32];
        let signed = site.sign_mediator(&cloud, &nonce);
        assert!(site.public().verify_mediator(&cloud, &nonce, &signed).is_ok());
        assert!(site.public().verify_mediator(&other, &nonce, &signed).is_err());
        assert!(site.public().verify_mediator(&cloud, &[8; 32], &signed).is_err());
        assert!(sibling.public().verify_mediator(&cloud, &nonce, &signed).is_err());
        let signed = site.sign_enrolment(&cloud, "code");
        assert!(site.public().verify_enrolment(&cloud, "code", &signed).is_ok());
        assert!(site.public().verify_enrolment(&cloud, "edoc", &signed).is_err());
        assert!(site.public().verify_enrolment(&other, "code", &signed).is_err());
        // The same bytes for another purpose.
        let digest: [u8; 32] = Sha256::digest("code").into();
        assert!(site.public().verify_mediator(&cloud, &digest, &signed).is_err());
        let text = serde_json::to_string(site.public()).unwrap();
        assert_eq!(serde_json::from_str::<PublicIdentity>(&text).unwrap(), *site.public());
        assert!(serde_json::from_str::<PublicIdentity>("\"00\"").is_err());
    }
}
