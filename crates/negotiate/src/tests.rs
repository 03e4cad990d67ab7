//! Tokens as a browser makes them, and those that must let nobody in.

use proptest::prelude::*;

use super::*;
use crate::{
    crypto::Key,
    der::{application, element, field, number},
};

const REALM: &str = "EXAMPLE.ORG";
const SERVICE: [&str; 2] = ["HTTP", "site.example.org"];
/// 2026-03-01 12:00:00, as `KerberosTime` has it.
const NOON: &str = "20260301120000Z";
const SPNEGO: [u8; 6] = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x02];
const KERBEROS: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02];
const WINDOWS: [u8; 9] = [0x2a, 0x86, 0x48, 0x82, 0xf7, 0x12, 0x01, 0x02, 0x02];
const NTLM: [u8; 10] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0a];

fn at(text: &str) -> WallTime {
    der::Reader::new(&time(text)).time().unwrap()
}

fn time(text: &str) -> Vec<u8> {
    element(der::TIME, text.as_bytes())
}

fn text(text: &str) -> Vec<u8> {
    element(der::TEXT, text.as_bytes())
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    element(der::SEQUENCE, &parts.concat())
}

fn name(parts: &[&str]) -> Vec<u8> {
    let list: Vec<_> = parts.iter().map(|part| text(part)).collect();
    sequence(&[field(0, &number(1)), field(1, &sequence(&list))])
}

/// What a client sends; every field can be made wrong.
#[derive(Clone)]
struct Client {
    service_key: (i64, Vec<u8>),
    session_key: (i64, Vec<u8>),
    version: u32,
    service: Vec<&'static str>,
    realm: &'static str,
    person: Vec<&'static str>,
    person_realm: &'static str,
    claims: Vec<&'static str>,
    from: &'static str,
    until: &'static str,
    made: &'static str,
    flags: u8,
    options: u8,
    mechanisms: Vec<Vec<u8>>,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            service_key: (18, vec![1; 32]),
            session_key: (18, vec![2; 32]),
            version: 3,
            service: SERVICE.to_vec(),
            realm: REALM,
            person: vec!["anna"],
            person_realm: REALM,
            claims: vec!["anna"],
            from: "20260301080000Z",
            until: "20260301180000Z",
            made: NOON,
            flags: 0,
            options: 0x20,
            mechanisms: vec![WINDOWS.to_vec(), KERBEROS.to_vec(), NTLM.to_vec()],
        }
    }
}

impl Client {
    fn sealed((kind, bytes): &(i64, Vec<u8>), usage: u8, version: Option<u32>, plain: &[u8]) -> Vec<u8> {
        let key = Key::new(*kind, bytes).unwrap_or_else(|| Key::new(18, &[2; 32]).unwrap());
        let sealed = key.seal(usage, [5; 16], plain).unwrap();
        let kind = u32::try_from(*kind).unwrap();
        let version = version.map(|version| field(1, &number(version))).unwrap_or_default();
        sequence(&[field(0, &number(kind)), version, field(2, &element(der::OCTETS, &sealed))])
    }

    fn token(&self) -> Vec<u8> {
        let (kind, bytes) = &self.session_key;
        let flags = |first| element(der::BITS, &[0, first, 0, 0, 0]);
        let session = sequence(&[
            field(0, &number(u32::try_from(*kind).unwrap())),
            field(1, &element(der::OCTETS, bytes)),
        ]);
        let transited = sequence(&[field(0, &number(0)), field(1, &element(der::OCTETS, &[]))]);
        let ticket = application(
            3,
            &[
                field(0, &flags(self.flags)),
                field(1, &session),
                field(2, &text(self.person_realm)),
                field(3, &name(&self.person)),
                field(4, &transited),
                field(5, &time("20260301070000Z")),
                field(6, &time(self.from)),
                field(7, &time(self.until)),
            ],
        );
        let authenticator = application(
            2,
            &[
                field(0, &number(5)),
                field(1, &text(self.person_realm)),
                field(2, &name(&self.claims)),
                field(4, &number(123_456)),
                field(5, &time(self.made)),
            ],
        );
        let ticket = application(
            1,
            &[
                field(0, &number(5)),
                field(1, &text(self.realm)),
                field(2, &name(&self.service)),
                field(3, &Self::sealed(&self.service_key, 2, Some(self.version), &ticket)),
            ],
        );
        let request = application(
            14,
            &[
                field(0, &number(5)),
                field(1, &number(14)),
                field(2, &flags(self.options)),
                field(3, &ticket),
                field(4, &Self::sealed(&self.session_key, 11, None, &authenticator)),
            ],
        );
        let inner = element(0x60, &[element(der::OID, &KERBEROS), vec![1, 0], request].concat());
        let mechanisms: Vec<_> = self.mechanisms.iter().map(|oid| element(der::OID, oid)).collect();
        let offer = sequence(&[field(0, &sequence(&mechanisms)), field(2, &element(der::OCTETS, &inner))]);
        element(0x60, &[element(der::OID, &SPNEGO), field(0, &offer)].concat())
    }
}

/// Parts of the service, realm, version, encryption type, key.
type Entry<'a> = (&'a [&'a str], &'a str, u32, u16, &'a [u8]);

fn keytab(entries: &[Entry<'_>]) -> Vec<u8> {
    let counted = |bytes: &[u8]| [&u16::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat();
    let mut file = vec![5, 2];
    for (parts, realm, version, kind, key) in entries {
        let mut record = u16::try_from(parts.len()).unwrap().to_be_bytes().to_vec();
        record.extend(counted(realm.as_bytes()));
        parts.iter().for_each(|part| record.extend(counted(part.as_bytes())));
        record.extend([0, 0, 0, 1, 0, 0, 0, 0]);
        record.push(u8::try_from(version & 0xff).unwrap());
        record.extend(kind.to_be_bytes());
        record.extend(counted(key));
        record.extend(version.to_be_bytes());
        file.extend(u32::try_from(record.len()).unwrap().to_be_bytes());
        file.extend(record);
    }
    file
}

fn acceptor() -> Acceptor {
    let file = keytab(&[
        (&["host", "site.example.org"], REALM, 3, 18, &[1; 32]),
        (&SERVICE, REALM, 3, 23, &[1; 16]),
        (&SERVICE, REALM, 2, 18, &[9; 32]),
        (&SERVICE, REALM, 3, 18, &[1; 32]),
        (&SERVICE, REALM, 3, 20, &[3; 32]),
        (&SERVICE, "OTHER.ORG", 3, 18, &[1; 32]),
    ]);
    Acceptor::new(&file, "example.org").unwrap()
}

fn accept(client: &Client, replays: &mut Replays) -> Result<Proved, Error> {
    acceptor().accept(&Token::read(&client.token())?, at(NOON), [7; 16], replays)
}

#[test]
fn a_ticket_of_the_realm_proves_its_person_and_the_service_proves_itself() {
    assert_eq!(
        (acceptor().realm(), acceptor().services()),
        (REALM, vec!["HTTP/site.example.org".to_owned()])
    );
    let proved = accept(&Client::default(), &mut Replays::default()).unwrap();
    assert_eq!(proved.account, "anna");
    // The reply: accepted, the mechanism that was named first, and the time that was sent, under the session key.
    let mut fields = der::Reader::new(&proved.reply).field(1).unwrap().inside(der::SEQUENCE).unwrap();
    assert_eq!(fields.field(0).unwrap().expect(der::ENUMERATED).unwrap(), [0]);
    assert_eq!(fields.field(1).unwrap().expect(der::OID).unwrap(), WINDOWS);
    let mut inner =
        der::Reader::new(fields.field(2).unwrap().expect(der::OCTETS).unwrap()).inside(0x60).unwrap();
    assert_eq!(inner.expect(der::OID).unwrap(), KERBEROS);
    let mut reply = der::Reader::new(inner.rest().strip_prefix(&[2, 0]).unwrap()).application(15).unwrap();
    assert_eq!(reply.field(0).unwrap().number().unwrap(), 5);
    assert_eq!(reply.field(1).unwrap().number().unwrap(), 15);
    let mut sealed = reply.field(2).unwrap().inside(der::SEQUENCE).unwrap();
    assert_eq!(sealed.field(0).unwrap().number().unwrap(), 18);
    let plain =
        Key::new(18, &[2; 32]).unwrap().open(12, sealed.field(2).unwrap().expect(der::OCTETS).unwrap());
    let plain = plain.unwrap();
    let mut part = der::Reader::new(&plain).application(27).unwrap();
    assert_eq!(part.field(0).unwrap().time().unwrap(), at(NOON));
    assert_eq!(part.field(1).unwrap().number().unwrap(), 123_456);

    for other in [
        Client { service_key: (20, vec![3; 32]), session_key: (19, vec![4; 16]), ..Client::default() },
        Client { session_key: (17, vec![4; 16]), mechanisms: vec![KERBEROS.to_vec()], ..Client::default() },
        Client { made: "20260301115501Z", ..Client::default() },
        Client { made: "20260301120459Z", ..Client::default() },
        Client { from: "20260301120459Z", ..Client::default() },
        Client { options: 0, ..Client::default() },
    ] {
        assert_eq!(
            accept(&other, &mut Replays::default()).map(|proved| proved.account),
            Ok("anna".to_owned())
        );
    }
}

#[test]
fn what_is_no_fresh_ticket_of_a_person_of_the_realm_lets_nobody_in() {
    let usual = Client::default;
    let no_key = |kind, version| Error::NoKey {
        service: "HTTP/site.example.org@EXAMPLE.ORG".to_owned(),
        kind,
        version,
    };
    for (what, client, error) in [
        ("another key", Client { service_key: (18, vec![8; 32]), ..usual() }, Error::Unopened),
        ("a key of old", Client { version: 4, ..usual() }, no_key(18, 4)),
        ("the password's key was changed", Client { version: 2, ..usual() }, Error::Unopened),
        ("RC4", Client { service_key: (23, vec![1; 16]), ..usual() }, no_key(23, 3)),
        ("an RC4 session", Client { session_key: (23, vec![1; 16]), ..usual() }, Error::Cipher),
        ("expired", Client { until: "20260301115459Z", ..usual() }, Error::Expired),
        ("not yet", Client { from: "20260301120501Z", ..usual() }, Error::Expired),
        ("marked as invalid", Client { flags: 1, ..usual() }, Error::Expired),
        ("made too early", Client { made: "20260301115459Z", ..usual() }, Error::Clock { seconds: 300 }),
        ("made in the future", Client { made: "20260301120501Z", ..usual() }, Error::Clock { seconds: 301 }),
        ("somebody else's ticket", Client { claims: vec!["bert"], ..usual() }, Error::Nobody),
        ("of another realm", Client { person_realm: "OTHER.ORG", ..usual() }, Error::Nobody),
        (
            "a service",
            Client { person: SERVICE.to_vec(), claims: SERVICE.to_vec(), ..usual() },
            Error::Nobody,
        ),
        ("an address", Client { person: vec!["a@b"], claims: vec!["a@b"], ..usual() }, Error::Nobody),
        ("with the key of a session", Client { options: 0x60, ..usual() }, Error::Malformed),
        (
            "NTLM first",
            Client { mechanisms: vec![NTLM.to_vec(), KERBEROS.to_vec()], ..usual() },
            Error::NoKerberos,
        ),
        ("no mechanism", Client { mechanisms: Vec::new(), ..usual() }, Error::Malformed),
    ] {
        assert_eq!(accept(&client, &mut Replays::default()), Err(error), "{what}");
    }
    for (service, realm) in [
        (vec!["HTTP", "other.example.org"], REALM),
        (vec!["host", "site.example.org"], REALM),
        (SERVICE.to_vec(), "OTHER.ORG"),
        (vec!["HTTP/site.example.org"], REALM),
    ] {
        let error = accept(&Client { service, realm, ..usual() }, &mut Replays::default()).unwrap_err();
        assert!(matches!(error, Error::NoKey { .. }), "{error}");
    }
    let mut replays = Replays::default();
    accept(&usual(), &mut replays).unwrap();
    assert_eq!(accept(&usual(), &mut replays), Err(Error::Replayed));
    assert_eq!(Token::read(b"NTLMSSP\0").unwrap_err(), Error::NoKerberos);
    assert_eq!(Token::read(&vec![0x60; MAX_TOKEN + 1]).unwrap_err(), Error::Malformed);
}

#[test]
fn a_keytab_without_a_key_that_could_be_used_is_refused() {
    let empty = KeytabError::NoKey("EXAMPLE.ORG".to_owned());
    let refused = |file: &[u8]| Acceptor::new(file, "example.org").unwrap_err();
    assert_eq!(refused(&[5, 2]), empty);
    assert_eq!(refused(&keytab(&[(&SERVICE, "OTHER.ORG", 1, 18, &[1; 32])])), empty);
    assert_eq!(refused(&keytab(&[(&["host", "a"], REALM, 1, 18, &[1; 32])])), empty);
    assert_eq!(refused(&keytab(&[(&SERVICE, REALM, 1, 23, &[1; 16])])), empty);
    let good = keytab(&[(&SERVICE, REALM, 1, 18, &[1; 32])]);
    for bad in [&b""[..], b"\x05\x01", b"a password", &good[..good.len() - 20], &vec![5; MAX_KEYTAB + 1]] {
        assert_eq!(refused(bad), KeytabError::Malformed);
    }
    // A hole where a key was, and the room behind the last one.
    let mut holes = vec![5, 2, 0xff, 0xff, 0xff, 0xfe, 9, 9];
    holes.extend(&good[2..]);
    holes.extend([0; 8]);
    assert_eq!(Acceptor::new(&holes, REALM).unwrap().services(), ["HTTP/site.example.org"]);
}

proptest! {
    #[test]
    fn no_bytes_break_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_anything(&bytes);
    }

    #[test]
    fn no_token_that_was_changed_lets_anybody_else_in(at_byte in 0usize..10_000, with: u8, cut: bool) {
        let mut token = Client::default().token();
        let place = at_byte % token.len();
        if cut { token.truncate(place) } else { token[place] = with }
        read_anything(&token);
        if let Ok(read) = Token::read(&token)
            && let Ok(proved) = acceptor().accept(&read, at(NOON), [7; 16], &mut Replays::default())
        {
            prop_assert_eq!(proved.account, "anna");
        }
    }
}
