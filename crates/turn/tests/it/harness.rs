//! A server with a clock that is moved by hand, clients that speak STUN, and relay sockets that are numbers.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use model::Secret;
use stun_types::attribute::AttributeStaticType as _;
use stun_types::attribute::{
    AttributeWrite, ErrorCode, MessageIntegrity, Nonce, PasswordAlgorithm, PasswordAlgorithmValue,
    PasswordAlgorithms, RawAttribute, Realm, Username, XorMappedAddress,
};
use stun_types::message::{
    IntegrityAlgorithm, IntegrityKey, LongTermKeyCredentials, Message, MessageClass, MessageType,
    MessageWrite as _, MessageWriteExt as _, MessageWriteVec, Method, TransactionId,
};
use turn::config::{Config, Families};
use turn::credentials::{Credentials, StaticUser, issue};
use turn::ledger::{LeaseRequest, LeaseVerdict};
use turn::{Client, Event, Key, Now, OpenError, Pass, Server, SocketTask, To, Via};
use turn_types::attribute::{
    ChannelNumber, Data, EvenPort, Lifetime, RequestedAddressFamily, RequestedTransport, XorPeerAddress,
    XorRelayedAddress,
};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH, SEND};

/// Seconds since the epoch when a laboratory starts.
pub const EPOCH: u64 = 1_800_000_000;

/// What the ledger of a laboratory says to a request.
pub type Ledger = Box<dyn FnMut(&LeaseRequest) -> Option<LeaseVerdict>>;

pub struct Lab {
    pub server: Server,
    pub now: Now,
    pub ledger: Ledger,
    pub secret: Secret<Vec<u8>>,
    pub events: Vec<Event>,
    pub asked: Vec<LeaseRequest>,
    pub replies: VecDeque<(Client, Vec<u8>)>,
    /// Open relay sockets.
    pub sockets: HashMap<Key, SocketAddr>,
    pub ports_left: u16,
    next_port: u16,
}

/// A ledger that knows no end.
pub fn generous(request: &LeaseRequest) -> Option<LeaseVerdict> {
    Some(if request.wanted_bytes == 0 {
        LeaseVerdict::Noted
    } else {
        LeaseVerdict::Granted { bytes: request.wanted_bytes, lasts_ms: 5000, last: false }
    })
}

impl Lab {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Config)) -> Self {
        let secret = Secret::new(b"a shared secret".to_vec());
        let mut config = Config::new("relay-1".to_owned());
        config.families = Families { v4: true, v6: true };
        config.own_addresses = vec!["203.0.113.1".parse().unwrap()];
        config.users.secret = Some(secret.clone());
        config.users.static_users =
            vec![StaticUser { name: "lab".to_owned(), password: Secret::new("pw".to_owned()) }];
        change(&mut config);
        Self {
            server: Server::new(config, &[9; 32]).unwrap(),
            now: Now { since_start: Duration::from_secs(1), unix_s: EPOCH + 1 },
            ledger: Box::new(generous),
            secret,
            events: Vec::new(),
            asked: Vec::new(),
            replies: VecDeque::new(),
            sockets: HashMap::new(),
            ports_left: u16::MAX,
            next_port: 49152,
        }
    }

    /// Takes every output until there are none.
    pub fn settle(&mut self) {
        loop {
            let mut quiet = true;
            while let Some(task) = self.server.poll_socket() {
                quiet = false;
                match task {
                    SocketTask::Open { allocation, family, even, .. } => {
                        let opened = self.open(family, even);
                        if let Ok(address) = opened {
                            self.sockets.insert(allocation, address);
                        }
                        self.server.handle_opened(allocation, opened, self.now);
                    }
                    SocketTask::Close { allocation } => {
                        self.sockets.remove(&allocation);
                    }
                }
            }
            while let Some(request) = self.server.poll_lease() {
                quiet = false;
                let verdict = (self.ledger)(&request);
                self.asked.push(request.clone());
                if let Some(verdict) = verdict {
                    self.server.handle_lease(&request.answer(verdict), self.now);
                }
            }
            while let Some(reply) = self.server.poll_reply() {
                quiet = false;
                self.replies.push_back((reply.client, reply.bytes));
            }
            self.events.extend(std::iter::from_fn(|| self.server.poll_event()));
            if quiet {
                return;
            }
        }
    }

    fn open(&mut self, family: turn::Family, even: bool) -> Result<SocketAddr, OpenError> {
        self.ports_left = self.ports_left.checked_sub(1).ok_or(OpenError)?;
        self.next_port += if even && self.next_port % 2 == 1 { 1 } else { 0 };
        let ip = match family {
            turn::Family::V4 => "203.0.113.1".parse().unwrap(),
            turn::Family::V6 => "2001:db8::1".parse().unwrap(),
        };
        let address = SocketAddr::new(ip, self.next_port);
        self.next_port += 1;
        Ok(address)
    }

    pub fn pass_time(&mut self, time: Duration) {
        self.now.since_start += time;
        self.now.unix_s = EPOCH + self.now.since_start.as_secs();
        self.server.handle_timeout(self.now);
        self.settle();
    }

    /// What a client sends, and what it is answered.
    pub fn exchange(&mut self, client: Client, bytes: &[u8]) -> Option<Vec<u8>> {
        let pass = self.server.handle_client(client, bytes, self.now);
        assert!(pass.is_none(), "a request is passed on to nobody");
        self.settle();
        let (to, reply) = self.replies.pop_front()?;
        assert_eq!(to, client, "whoever asks is answered");
        assert!(self.replies.is_empty(), "once");
        Some(reply)
    }

    pub fn credentials(&self, account: &str, session: &str) -> Credentials {
        issue(&self.secret, EPOCH + 86_400, account, session).unwrap()
    }

    pub fn user(&self, remote: &str, account: &str, session: &str) -> User {
        User::new(udp(remote), self.credentials(account, session))
    }

    pub fn lab_user(&self, remote: &str) -> User {
        let password = Secret::new("pw".to_owned());
        User::new(udp(remote), Credentials { username: "lab".to_owned(), password })
    }
}

pub fn udp(remote: &str) -> Client {
    Client { remote: remote.parse().unwrap(), via: Via::Udp { listener: 0, local: None } }
}

/// What may be in a request of a test.
#[derive(Clone, Copy, Debug)]
pub enum Attribute<'a> {
    Peer(SocketAddr),
    Channel(u16),
    Lifetime(u32),
    Transport(u8),
    Family(stun_types::AddressFamily),
    Even(bool),
    Data(&'a [u8]),
    Raw(u16, &'a [u8]),
}

/// A client with credentials.
#[derive(Clone)]
pub struct User {
    pub client: Client,
    pub credentials: Credentials,
    pub algorithm: IntegrityAlgorithm,
    pub realm: String,
    pub nonce: String,
}

/// An answer, taken apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// 0 for success.
    pub code: u16,
    pub relayed: Option<SocketAddr>,
    pub mapped: Option<SocketAddr>,
    pub lifetime: Option<u32>,
    pub signed: bool,
    pub reason: String,
}

impl User {
    pub fn new(client: Client, credentials: Credentials) -> Self {
        let algorithm = IntegrityAlgorithm::Sha1;
        Self { client, credentials, algorithm, realm: String::new(), nonce: String::new() }
    }

    pub fn key(&self) -> IntegrityKey {
        let (name, password) =
            (self.credentials.username.clone(), self.credentials.password.expose().clone());
        LongTermKeyCredentials::new(name, password, self.realm.clone()).make_key(self.algorithm)
    }

    /// A signed request; unsigned as long as the server has not said its realm and nonce.
    pub fn write(&self, method: Method, attributes: &[Attribute<'_>]) -> Vec<u8> {
        let mut message = begin(MessageClass::Request, method, attributes);
        if !self.nonce.is_empty() {
            message.add_attribute(&Username::new(&self.credentials.username).unwrap()).unwrap();
            message.add_attribute(&Realm::new(&self.realm).unwrap()).unwrap();
            message.add_attribute(&Nonce::new(&self.nonce).unwrap()).unwrap();
            if self.algorithm == IntegrityAlgorithm::Sha256 {
                let offered = [PasswordAlgorithmValue::SHA256, PasswordAlgorithmValue::MD5];
                message.add_attribute(&PasswordAlgorithms::new(&offered)).unwrap();
                message.add_attribute(&PasswordAlgorithm::new(PasswordAlgorithmValue::SHA256)).unwrap();
            }
            message.add_message_integrity_with_key(&self.key(), self.algorithm).unwrap();
        }
        message.finish()
    }

    /// Asks; with the first answer's realm and nonce once more.
    pub fn ask(&mut self, lab: &mut Lab, method: Method, attributes: &[Attribute<'_>]) -> Answer {
        for _ in 0..2 {
            let answer = lab.exchange(self.client, &self.write(method, attributes)).expect("an answer");
            let message = Message::from_bytes(&answer).unwrap();
            let code = message.attribute::<ErrorCode>().map_or(0, |code| code.code());
            let fresh =
                message.attribute::<Nonce>().map(|nonce| nonce.nonce().to_owned()).unwrap_or_default();
            if matches!(code, 401 | 438) && (self.nonce.is_empty() || code == 438) {
                self.realm = message.attribute::<Realm>().unwrap().realm().to_owned();
                self.nonce = fresh;
                continue;
            }
            return self.read(&answer);
        }
        panic!("refused twice");
    }

    pub fn read(&self, answer: &[u8]) -> Answer {
        let message = Message::from_bytes(answer).unwrap();
        let id = message.transaction_id();
        let error = message.attribute::<ErrorCode>().ok();
        assert_eq!(message.has_class(MessageClass::Error), error.is_some());
        let signed = message.validate_integrity_with_key(&self.key()).is_ok();
        assert_eq!(
            signed,
            message.has_attribute(MessageIntegrity::TYPE)
                || message.has_attribute(stun_types::attribute::MessageIntegritySha256::TYPE)
        );
        Answer {
            code: error.as_ref().map_or(0, ErrorCode::code),
            relayed: message.attribute::<XorRelayedAddress>().ok().map(|one| one.addr(id)),
            mapped: message.attribute::<XorMappedAddress>().ok().map(|one| one.addr(id)),
            lifetime: message.attribute::<Lifetime>().ok().map(|one| one.seconds()),
            signed,
            reason: error.map_or_else(String::new, |error| error.reason().to_owned()),
        }
    }

    pub fn allocate(&mut self, lab: &mut Lab) -> SocketAddr {
        let answer = self.ask(lab, ALLOCATE, &[Attribute::Transport(17)]);
        assert_eq!(answer.code, 0, "{answer:?}");
        answer.relayed.unwrap()
    }

    pub fn permit(&mut self, lab: &mut Lab, peer: SocketAddr) -> u16 {
        self.ask(lab, CREATE_PERMISSION, &[Attribute::Peer(peer)]).code
    }

    pub fn bind(&mut self, lab: &mut Lab, number: u16, peer: SocketAddr) -> u16 {
        self.ask(lab, CHANNEL_BIND, &[Attribute::Channel(number), Attribute::Peer(peer)]).code
    }

    pub fn refresh(&mut self, lab: &mut Lab, lifetime: u32) -> Answer {
        self.ask(lab, REFRESH, &[Attribute::Lifetime(lifetime)])
    }

    /// What becomes of a payload on a channel.
    pub fn send_channel(&self, lab: &mut Lab, number: u16, payload: &[u8]) -> Option<Delivered> {
        let bytes = channel_data(number, payload);
        let pass = lab.server.handle_client(self.client, &bytes, lab.now);
        lab.settle();
        pass.map(|pass| Delivered::new(&pass, &bytes))
    }

    /// What becomes of a payload in a Send indication.
    pub fn send_indication(&self, lab: &mut Lab, peer: SocketAddr, payload: &[u8]) -> Option<Delivered> {
        let bytes = begin(MessageClass::Indication, SEND, &[Attribute::Peer(peer), Attribute::Data(payload)])
            .finish();
        let pass = lab.server.handle_client(self.client, &bytes, lab.now);
        lab.settle();
        pass.map(|pass| Delivered::new(&pass, &bytes))
    }

    /// The relay socket of this client's allocation.
    pub fn socket(&self, lab: &Lab, relayed: SocketAddr) -> Key {
        *lab.sockets.iter().find(|(_, address)| **address == relayed).expect("an open socket").0
    }
}

pub fn channel_data(number: u16, payload: &[u8]) -> Vec<u8> {
    let length = payload.len() as u16;
    [&number.to_be_bytes()[..], &length.to_be_bytes(), payload].concat()
}

pub fn begin(class: MessageClass, method: Method, attributes: &[Attribute<'_>]) -> MessageWriteVec {
    let id = TransactionId::generate();
    let mut message =
        Message::builder(MessageType::from_class_method(class, method), id, MessageWriteVec::new());
    for attribute in attributes {
        let add: &dyn AttributeWrite = match attribute {
            Attribute::Peer(peer) => &XorPeerAddress::new(*peer, id),
            Attribute::Channel(number) => &ChannelNumber::new(*number),
            Attribute::Lifetime(seconds) => &Lifetime::new(*seconds),
            Attribute::Transport(protocol) => &RequestedTransport::new(*protocol),
            Attribute::Family(family) => &RequestedAddressFamily::new(*family),
            Attribute::Even(next) => &EvenPort::new(*next),
            Attribute::Data(data) => &Data::new(data),
            Attribute::Raw(kind, data) => &RawAttribute::new((*kind).into(), data),
        };
        message.push_attribute_unchecked(add);
    }
    message
}

/// A packet as it leaves the server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivered {
    pub to: To,
    pub bytes: Vec<u8>,
    pub pass: Pass,
}

impl Delivered {
    pub fn new(pass: &Pass, packet: &[u8]) -> Self {
        let padding = [0; 3];
        let bytes =
            [pass.prefix.as_bytes(), &packet[pass.payload.clone()], &padding[..usize::from(pass.padding)]]
                .concat();
        Self { to: pass.to, bytes, pass: pass.clone() }
    }

    /// As the client at the end reads it: from whom (if it is an indication), on which channel, what.
    pub fn read(&self) -> (Option<SocketAddr>, Option<u16>, Vec<u8>) {
        if matches!(self.to, To::Peer { .. }) {
            return (None, None, self.bytes.clone());
        }
        if self.bytes[0] >= 0x40 {
            let channel = turn_types::channel::ChannelData::parse(&self.bytes).unwrap();
            return (None, Some(channel.id()), channel.data().to_vec());
        }
        let message = Message::from_bytes(&self.bytes).unwrap();
        assert_eq!(message.get_type().to_bytes(), [0x00, 0x17], "a Data indication");
        let peer = message.attribute::<XorPeerAddress>().unwrap().addr(message.transaction_id());
        let data = message.raw_attribute(Data::TYPE).unwrap().value.to_vec();
        (Some(peer), None, data)
    }
}
