//! A TURN client over whatever carries bytes, as small as the tests need it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, ServerName};
use stun_types::attribute::{AttributeWrite, ErrorCode, Nonce, Realm, Username};
use stun_types::message::{
    IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageClass, MessageType, MessageWrite as _,
    MessageWriteExt as _, MessageWriteVec, Method, TransactionId,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use turn::credentials::Credentials;
use turn_types::attribute::{
    ChannelNumber, RequestedAddressFamily, RequestedTransport, XorPeerAddress, XorRelayedAddress,
};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH};

use crate::harness::Lab;

const PATIENCE: Duration = Duration::from_secs(30);

pub enum Wire {
    Udp(UdpSocket),
    Stream(Box<dyn relay::config::Connection>, Vec<u8>),
}

impl Wire {
    pub async fn udp(lab: &Lab) -> Self {
        let socket = UdpSocket::bind(SocketAddr::new(lab.address.ip(), 0)).await.unwrap();
        socket.connect(lab.address).await.unwrap();
        Self::Udp(socket)
    }

    pub async fn tcp(lab: &Lab) -> Self {
        Self::Stream(Box::new(TcpStream::connect(lab.address).await.unwrap()), Vec::new())
    }

    pub async fn tls(lab: &Lab) -> Self {
        Self::Stream(Box::new(tls(lab, &lab.certificate, &[]).await.unwrap()), Vec::new())
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        match self {
            Self::Udp(socket) => {
                socket.send(bytes).await.unwrap();
            }
            Self::Stream(stream, _) => {
                let padding =
                    if bytes[0] >= 0x40 { bytes.len().next_multiple_of(4) - bytes.len() } else { 0 };
                stream.write_all(bytes).await.unwrap();
                stream.write_all(&[0; 3][..padding]).await.unwrap();
                stream.flush().await.unwrap();
            }
        }
    }

    /// The next message; nothing after `patience` or at the end.
    pub async fn receive_within(&mut self, patience: Duration) -> Option<Vec<u8>> {
        let next = async {
            match self {
                Self::Udp(socket) => {
                    let mut bytes = vec![0; 65_536];
                    let length = socket.recv(&mut bytes).await.ok()?;
                    bytes.truncate(length);
                    Some(bytes)
                }
                Self::Stream(stream, buffer) => loop {
                    if let Some(frame) = turn::frame::next(buffer).unwrap() {
                        let message = buffer[..frame.message].to_vec();
                        buffer.drain(..frame.whole);
                        return Some(message);
                    }
                    if stream.read_buf(buffer).await.ok()? == 0 {
                        return None;
                    }
                },
            }
        };
        tokio::time::timeout(patience, next).await.ok().flatten()
    }

    pub async fn receive(&mut self) -> Vec<u8> {
        self.receive_within(PATIENCE).await.expect("a message")
    }
}

/// A TLS connection to the relay by somebody who trusts this certificate alone.
pub async fn tls(
    lab: &Lab,
    certificate: &[u8],
    alpn: &[&[u8]],
) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from(certificate.to_vec())).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|one| one.to_vec()).collect();
    let stream = TcpStream::connect(lab.address).await?;
    let name = ServerName::from(lab.address.ip());
    tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

pub struct TurnClient {
    pub wire: Wire,
    credentials: Credentials,
    realm: String,
    nonce: String,
}

impl TurnClient {
    pub fn new(wire: Wire, credentials: Credentials) -> Self {
        Self { wire, credentials, realm: String::new(), nonce: String::new() }
    }

    /// Asks; the code of the answer (0 for success) and the relayed address in it.
    pub async fn ask(
        &mut self,
        method: Method,
        attributes: &[&dyn Fn(TransactionId) -> Box<dyn AttributeWrite>],
    ) -> (u16, Option<SocketAddr>) {
        for _ in 0..3 {
            let id = TransactionId::generate();
            let kind = MessageType::from_class_method(MessageClass::Request, method);
            let mut message = Message::builder(kind, id, MessageWriteVec::new());
            for attribute in attributes {
                message.add_attribute(&*attribute(id)).unwrap();
            }
            if !self.nonce.is_empty() {
                let (name, password) =
                    (self.credentials.username.clone(), self.credentials.password.expose().clone());
                message.add_attribute(&Username::new(&name).unwrap()).unwrap();
                message.add_attribute(&Realm::new(&self.realm).unwrap()).unwrap();
                message.add_attribute(&Nonce::new(&self.nonce).unwrap()).unwrap();
                let key = LongTermKeyCredentials::new(name, password, self.realm.clone());
                message.add_message_integrity(&key.into(), IntegrityAlgorithm::Sha1).unwrap();
            }
            self.wire.send(&message.finish()).await;
            let answer = self.wire.receive().await;
            let answer = Message::from_bytes(&answer).unwrap();
            assert_eq!(answer.transaction_id(), id);
            let code = answer.attribute::<ErrorCode>().map_or(0, |code| code.code());
            if matches!(code, 401 | 438) && self.nonce.is_empty() {
                self.realm = answer.attribute::<Realm>().unwrap().realm().to_owned();
                self.nonce = answer.attribute::<Nonce>().unwrap().nonce().to_owned();
                continue;
            }
            return (code, answer.attribute::<XorRelayedAddress>().ok().map(|one| one.addr(id)));
        }
        panic!("never let in");
    }

    pub async fn allocate(&mut self) -> SocketAddr {
        let family = match &self.wire {
            Wire::Udp(socket) if socket.local_addr().unwrap().is_ipv6() => stun_types::AddressFamily::IPV6,
            _ => stun_types::AddressFamily::IPV4,
        };
        let (code, relayed) = self
            .ask(
                ALLOCATE,
                &[&|_| Box::new(RequestedTransport::new(17)), &move |_| {
                    Box::new(RequestedAddressFamily::new(family))
                }],
            )
            .await;
        assert_eq!(code, 0);
        relayed.unwrap()
    }

    pub async fn permit(&mut self, peer: SocketAddr) -> u16 {
        self.ask(CREATE_PERMISSION, &[&move |id| Box::new(XorPeerAddress::new(peer, id))]).await.0
    }

    pub async fn bind(&mut self, number: u16, peer: SocketAddr) -> u16 {
        self.ask(
            CHANNEL_BIND,
            &[&move |_| Box::new(ChannelNumber::new(number)), &move |id| {
                Box::new(XorPeerAddress::new(peer, id))
            }],
        )
        .await
        .0
    }

    pub async fn release(&mut self) {
        self.ask(REFRESH, &[&|_| Box::new(turn_types::attribute::Lifetime::new(0))]).await;
    }

    pub async fn send(&mut self, number: u16, payload: &[u8]) {
        let length = payload.len() as u16;
        self.wire.send(&[&number.to_be_bytes()[..], &length.to_be_bytes(), payload].concat()).await;
    }

    /// The next payload on a channel.
    pub async fn receive(&mut self) -> (u16, Vec<u8>) {
        let bytes = self.wire.receive().await;
        let channel = turn_types::channel::ChannelData::parse(&bytes).unwrap();
        (channel.id(), channel.data().to_vec())
    }
}
