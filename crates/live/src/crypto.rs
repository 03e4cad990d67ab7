//! The cryptography that the WebRTC stack asks for, out of crates that are here already: no second TLS library in C.
//!
//! What is here: the glue. DTLS is `dimpl`'s, ciphers and hashes are RustCrypto's, the certificate is made by `rcgen`.

use std::{fmt, sync::Arc, time::Instant};

use aes::cipher::{BlockEncrypt, KeyIvInit, StreamCipher};
use aes_gcm::{
    Aes128Gcm, Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use hmac::Mac;
use sha2::Digest;
use str0m::crypto::{
    AeadAes128GcmCipher, AeadAes256GcmCipher, Aes128CmSha1_80Cipher, CryptoError, CryptoProvider,
    Sha1HmacProvider, Sha256Provider, SrtpProvider, SupportedAeadAes128Gcm, SupportedAeadAes256Gcm,
    SupportedAes128CmSha1_80,
    dtls::{DtlsCert, DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, DtlsVersion, ProtocolVersion},
};

/// Everything that the stack asks for.
pub fn provider() -> CryptoProvider {
    CryptoProvider {
        srtp_provider: &Glue,
        sha1_hmac_provider: &Glue,
        sha256_provider: &Glue,
        dtls_provider: &Glue,
    }
}

#[derive(Debug)]
struct Glue;

impl Sha1HmacProvider for Glue {
    fn sha1_hmac(&self, key: &[u8], payloads: &[&[u8]]) -> [u8; 20] {
        // A key of HMAC has any length.
        let Ok(mut mac) = <hmac::Hmac<sha1::Sha1> as Mac>::new_from_slice(key) else { return [0; 20] };
        payloads.iter().for_each(|payload| mac.update(payload));
        mac.finalize().into_bytes().into()
    }
}

impl Sha256Provider for Glue {
    fn sha256(&self, data: &[u8]) -> [u8; 32] {
        sha2::Sha256::digest(data).into()
    }
}

impl DtlsProvider for Glue {
    /// ECDSA P-256, for one session alone. Nobody looks at names or times: its fingerprint is what counts (RFC 8827).
    fn generate_certificate(&self) -> Option<DtlsCert> {
        let key = rcgen::KeyPair::generate().ok()?;
        let certificate = rcgen::CertificateParams::new(Vec::new()).ok()?.self_signed(&key).ok()?;
        Some(DtlsCert { certificate: certificate.der().to_vec(), private_key: key.serialize_der() })
    }

    fn new_dtls(
        &self,
        cert: &DtlsCert,
        now: Instant,
        _: DtlsVersion,
        mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        // ICE has shown already that the other side is where it says: no cookie is needed.
        let mut builder = dimpl::Config::builder().use_server_cookie(false);
        if let Some(mtu) = mtu {
            builder = builder.mtu(mtu);
        }
        let config = builder.build().map_err(|error| CryptoError::Other(error.to_string()))?;
        Ok(Box::new(Dtls(dimpl::Dtls::new_12(Arc::new(config), cert.clone(), now))))
    }
}

struct Dtls(dimpl::Dtls);

impl fmt::Debug for Dtls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dtls")
    }
}

impl DtlsInstance for Dtls {
    fn set_active(&mut self, active: bool) {
        self.0.set_active(active);
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        self.0.handle_packet(packet)
    }

    fn poll_output<'a>(&mut self, buf: &'a mut [u8]) -> DtlsOutput<'a> {
        self.0.poll_output(buf)
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.0.handle_timeout(now)
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<(), DtlsImplError> {
        self.0.send_application_data(data)
    }

    fn is_active(&self) -> bool {
        self.0.is_active()
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.0.protocol_version()
    }

    fn is_closing(&self) -> bool {
        self.0.is_closing()
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.0.close()
    }
}

// SRTP (RFC 3711, RFC 7714): set up by every handshake, used when media tracks are.

impl SrtpProvider for Glue {
    fn aes_128_cm_sha1_80(&self) -> &'static dyn SupportedAes128CmSha1_80 {
        &Glue
    }

    fn aead_aes_128_gcm(&self) -> &'static dyn SupportedAeadAes128Gcm {
        &Glue
    }

    fn aead_aes_256_gcm(&self) -> &'static dyn SupportedAeadAes256Gcm {
        &Glue
    }

    fn srtp_aes_128_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        ecb::<aes::Aes128>(key, input, output);
    }

    fn srtp_aes_256_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        ecb::<aes::Aes256>(key, input, output);
    }
}

/// One block, and behind it the block of padding that the stack expects (PKCS #7).
fn ecb<C: KeyInit + BlockEncrypt>(key: &[u8], input: &[u8], output: &mut [u8]) {
    let Ok(cipher) = C::new_from_slice(key) else { return };
    for (from, to) in [input, &[16; 16]].into_iter().zip(output.chunks_exact_mut(16)) {
        let mut block = aes::cipher::Block::<C>::default();
        block.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
        cipher.encrypt_block(&mut block);
        to.iter_mut().zip(&block).for_each(|(to, from)| *to = *from);
    }
}

impl SupportedAes128CmSha1_80 for Glue {
    fn create_cipher(&self, key: [u8; 16], _: bool) -> Box<dyn Aes128CmSha1_80Cipher> {
        Box::new(CounterMode(key))
    }
}

impl SupportedAeadAes128Gcm for Glue {
    fn create_cipher(&self, key: [u8; 16], _: bool) -> Box<dyn AeadAes128GcmCipher> {
        Box::new(Gcm(Aes128Gcm::new(&key.into())))
    }
}

impl SupportedAeadAes256Gcm for Glue {
    fn create_cipher(&self, key: [u8; 32], _: bool) -> Box<dyn AeadAes256GcmCipher> {
        Box::new(Gcm(Aes256Gcm::new(&key.into())))
    }
}

struct CounterMode([u8; 16]);

impl fmt::Debug for CounterMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CounterMode")
    }
}

impl Aes128CmSha1_80Cipher for CounterMode {
    fn encrypt(&mut self, iv: &[u8; 16], input: &[u8], output: &mut [u8]) -> Result<(), CryptoError> {
        let mut cipher = ctr::Ctr128BE::<aes::Aes128>::new(&self.0.into(), iv.into());
        let output = output.get_mut(..input.len()).ok_or_else(short)?;
        cipher.apply_keystream_b2b(input, output).map_err(|error| CryptoError::Other(error.to_string()))
    }

    fn decrypt(&mut self, iv: &[u8; 16], input: &[u8], output: &mut [u8]) -> Result<(), CryptoError> {
        self.encrypt(iv, input, output)
    }
}

struct Gcm<C>(C);

impl<C> fmt::Debug for Gcm<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gcm")
    }
}

macro_rules! gcm {
    ($cipher:ty, $of:ident) => {
        impl $of for Gcm<$cipher> {
            fn encrypt(
                &mut self,
                iv: &[u8; 12],
                aad: &[u8],
                input: &[u8],
                output: &mut [u8],
            ) -> Result<(), CryptoError> {
                put(self.0.encrypt(iv.into(), Payload { msg: input, aad }), output).map(|_| ())
            }

            fn decrypt(
                &mut self,
                iv: &[u8; 12],
                aads: &[&[u8]],
                input: &[u8],
                output: &mut [u8],
            ) -> Result<usize, CryptoError> {
                put(self.0.decrypt(iv.into(), Payload { msg: input, aad: &aads.concat() }), output)
            }
        }
    };
}

gcm!(Aes128Gcm, AeadAes128GcmCipher);
gcm!(Aes256Gcm, AeadAes256GcmCipher);

fn put(made: Result<Vec<u8>, aes_gcm::Error>, output: &mut [u8]) -> Result<usize, CryptoError> {
    let made = made.map_err(|_| CryptoError::Other("not what was encrypted".into()))?;
    output.get_mut(..made.len()).ok_or_else(short)?.copy_from_slice(&made);
    Ok(made.len())
}

fn short() -> CryptoError {
    CryptoError::Other("no room for what comes out".into())
}
