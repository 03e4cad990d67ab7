//! DNS messages as far as DNS-SD over mDNS needs them (RFC 1035, 6762, 6763).
//!
//! What is here: a question in legacy unicast form (RFC 6762, 6.7), and answers read with every size bounded.
//! What is not here: sockets, caching, announcing. Addresses of IPv6 are passed over.

use std::{collections::BTreeMap, net::Ipv4Addr};

/// Longest message that is read, in bytes (RFC 6762, 17).
const LONGEST: usize = 9000;
/// Most records that are read of a message.
const MOST_RECORDS: usize = 256;
/// Longest name, in bytes as written (RFC 1035, 2.3.4).
const LONGEST_NAME: usize = 255;
/// Most compression pointers followed for a name.
const MOST_POINTERS: usize = 16;

const A: u16 = 1;
const PTR: u16 = 12;
const TXT: u16 = 16;
const SRV: u16 = 33;
const IN: u16 = 1;

/// A name: its labels.
pub(crate) type Name = Vec<String>;

/// Bytes that are no DNS message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a DNS message")]
pub(crate) struct BadMessage;

/// A resource record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Data {
    /// An address.
    Address(Ipv4Addr),
    /// An instance of a service.
    Pointer(Name),
    /// Where a service is: port and host.
    Service(u16, Name),
    /// Strings.
    Text(Vec<String>),
}

/// A message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    /// As in the question.
    pub(crate) id: u16,
    /// Whether it is an answer.
    pub(crate) answer: bool,
    /// Names asked for.
    pub(crate) questions: Vec<Name>,
    /// Records of all sections.
    pub(crate) records: Vec<(Name, Data)>,
}

/// A service that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Instance {
    /// The instance's own label.
    pub(crate) name: String,
    pub(crate) port: Option<u16>,
    pub(crate) addresses: Vec<Ipv4Addr>,
    /// Keys of its TXT record, in lower case.
    pub(crate) text: BTreeMap<String, String>,
}

/// A question for instances of `service` (such as `["_axis-video", "_tcp", "local"]`).
pub(crate) fn question(id: u16, service: &[&str]) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    out.extend_from_slice(&id.to_be_bytes());
    out.extend_from_slice(&[0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in service {
        let label = label.as_bytes().get(..label.len().min(63)).unwrap_or_default();
        out.push(u8::try_from(label.len()).unwrap_or(63));
        out.extend_from_slice(label);
    }
    out.push(0);
    out.extend_from_slice(&PTR.to_be_bytes());
    out.extend_from_slice(&IN.to_be_bytes());
    out
}

/// Reads a message.
pub(crate) fn parse(bytes: &[u8]) -> Result<Message, BadMessage> {
    if bytes.len() > LONGEST {
        return Err(BadMessage);
    }
    let mut reader = Reader { bytes, at: 0 };
    let (id, flags) = (reader.u16()?, reader.u16()?);
    let counts = [reader.u16()?, reader.u16()?, reader.u16()?, reader.u16()?].map(usize::from);
    let [questions, records @ ..] = counts;
    let records: usize = records.iter().sum();
    if questions + records > MOST_RECORDS {
        return Err(BadMessage);
    }
    let mut message = Message { id, answer: flags & 0x8000 != 0, ..Message::default() };
    for _ in 0..questions {
        message.questions.push(reader.name()?);
        reader.take(4)?;
    }
    for _ in 0..records {
        let name = reader.name()?;
        let kind = reader.u16()?;
        // Class with the cache-flush bit (RFC 6762, 10.2), and time to live.
        reader.take(6)?;
        let length = usize::from(reader.u16()?);
        let end = reader.at + length;
        let mut data = Reader { bytes: bytes.get(..end).ok_or(BadMessage)?, at: reader.at };
        reader.at = end;
        let data = match kind {
            A => {
                let octets: [u8; 4] = data.take(4)?.try_into().map_err(|_| BadMessage)?;
                Data::Address(octets.into())
            }
            PTR => Data::Pointer(data.name()?),
            SRV => {
                data.take(4)?;
                let port = data.u16()?;
                Data::Service(port, data.name()?)
            }
            TXT => Data::Text(data.strings()?),
            _ => continue,
        };
        message.records.push((name, data));
    }
    Ok(message)
}

impl Message {
    /// The instances of `service` in this answer, with what else it says of them.
    pub(crate) fn instances(&self, service: &[&str]) -> Vec<Instance> {
        let same = |a: &Name, b: &[&str]| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.eq_ignore_ascii_case(b))
        };
        let mut found: Vec<Instance> = Vec::new();
        for (name, data) in &self.records {
            let Data::Pointer(instance) = data else { continue };
            if !same(name, service) || instance.len() != service.len() + 1 || found.len() == MOST_RECORDS {
                continue;
            }
            let Some(label) = instance.first() else { continue };
            let mut seen =
                Instance { name: label.clone(), port: None, addresses: Vec::new(), text: BTreeMap::new() };
            for (_, data) in self.records.iter().filter(|(name, _)| name == instance) {
                match data {
                    Data::Service(port, host) => {
                        seen.port = Some(*port);
                        seen.addresses.extend(self.records.iter().filter_map(|(name, data)| match data {
                            Data::Address(address) if name == host => Some(*address),
                            _ => None,
                        }));
                    }
                    Data::Text(strings) => seen.text.extend(strings.iter().filter_map(|string| {
                        // RFC 6763 writes key=value; Axis devices have been seen with key:value too.
                        let (key, value) = string.split_once(['=', ':'])?;
                        Some((key.to_ascii_lowercase(), value.to_owned()))
                    })),
                    _ => {}
                }
            }
            found.push(seen);
        }
        found
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], BadMessage> {
        let end = self.at.checked_add(length).ok_or(BadMessage)?;
        let taken = self.bytes.get(self.at..end).ok_or(BadMessage)?;
        self.at = end;
        Ok(taken)
    }

    fn u8(&mut self) -> Result<u8, BadMessage> {
        self.take(1)?.first().copied().ok_or(BadMessage)
    }

    fn u16(&mut self) -> Result<u16, BadMessage> {
        Ok(u16::from(self.u8()?) << 8 | u16::from(self.u8()?))
    }

    /// A name, following pointers that lead back (RFC 1035, 4.1.4).
    fn name(&mut self) -> Result<Name, BadMessage> {
        let (mut name, mut length, mut pointers) = (Name::new(), 0, 0);
        let mut at = Reader { bytes: self.bytes, at: self.at };
        let mut after = None;
        loop {
            let start = at.at;
            match at.u8()? {
                0 => break,
                size @ 1..=63 => {
                    length += usize::from(size) + 1;
                    if length > LONGEST_NAME {
                        return Err(BadMessage);
                    }
                    name.push(String::from_utf8_lossy(at.take(size.into())?).into_owned());
                }
                high @ 0xc0..=0xff => {
                    let target = usize::from(high & 0x3f) << 8 | usize::from(at.u8()?);
                    pointers += 1;
                    if target >= start || pointers > MOST_POINTERS {
                        return Err(BadMessage);
                    }
                    after.get_or_insert(at.at);
                    at.at = target;
                }
                _ => return Err(BadMessage),
            }
        }
        self.at = after.unwrap_or(at.at);
        Ok(name)
    }

    fn strings(&mut self) -> Result<Vec<String>, BadMessage> {
        let mut strings = Vec::new();
        while self.at < self.bytes.len() {
            let length = self.u8()?;
            let string = self.take(length.into())?;
            if strings.len() < 32 {
                strings.push(String::from_utf8_lossy(string).into_owned());
            }
        }
        Ok(strings)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SERVICE: [&str; 3] = ["_axis-video", "_tcp", "local"];

    /// An answer as a responder writes it: question repeated, names compressed.
    fn answer() -> Vec<u8> {
        let mut out = question(7, &SERVICE);
        out[2] = 0x84;
        out[7] = 1;
        out[11] = 3;
        let record = |out: &mut Vec<u8>, name: &[u8], kind: u16, data: &[u8]| {
            out.extend_from_slice(name);
            out.extend_from_slice(&kind.to_be_bytes());
            out.extend_from_slice(&[0x80, 1, 0, 0, 0, 120]);
            out.extend_from_slice(&u16::try_from(data.len()).unwrap().to_be_bytes());
            out.extend_from_slice(data);
        };
        record(&mut out, &[0xc0, 12], PTR, b"\x0cAXIS M1 - 0A\xc0\x0c");
        let instance = [0xc0, u8::try_from(out.len() - 15).unwrap()];
        record(&mut out, &instance, SRV, b"\0\0\0\0\0\x50\x04axis\xc0\x1d");
        let host = [0xc0, u8::try_from(out.len() - 7).unwrap()];
        record(&mut out, &instance, TXT, b"\x17macaddress=ACCC8E000001\0\x03x=y");
        record(&mut out, &host, A, &[192, 168, 0, 90]);
        out
    }

    #[test]
    fn an_answer_is_read_with_compressed_names() {
        let message = parse(&answer()).unwrap();
        assert!(message.answer && message.id == 7);
        let instances = message.instances(&SERVICE);
        assert_eq!(instances.len(), 1);
        let seen = &instances[0];
        assert_eq!((seen.name.as_str(), seen.port), ("AXIS M1 - 0A", Some(80)));
        assert_eq!(seen.addresses, [Ipv4Addr::new(192, 168, 0, 90)]);
        assert_eq!(seen.text.get("macaddress").map(String::as_str), Some("ACCC8E000001"));
    }

    #[test]
    fn a_question_is_read_as_it_was_written() {
        let message = parse(&question(0xabcd, &SERVICE)).unwrap();
        assert_eq!((message.id, message.answer, message.records.len()), (0xabcd, false, 0));
        assert_eq!(message.questions, [SERVICE.map(str::to_owned).to_vec()]);
    }

    #[test]
    fn pointers_in_circles_and_lying_counts_are_refused() {
        let mut circle = question(1, &[]);
        circle.splice(12.., [0xc0, 12, 0, 12, 0, 1]);
        let mut many = question(1, &SERVICE);
        many[6] = 0xff;
        let mut long = question(1, &SERVICE);
        long.resize(LONGEST + 1, 0);
        for bad in [&circle[..], &many, &long, &[], &answer()[..40]] {
            assert_eq!(parse(bad), Err(BadMessage));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            if let Ok(message) = parse(&bytes) { let _ = message.instances(&SERVICE); }
        }

        #[test]
        fn no_damage_breaks_the_reader(at in 0_usize..150, byte in any::<u8>(), cut in 0_usize..150) {
            let mut bytes = answer();
            if let Some(place) = bytes.get_mut(at) { *place = byte; }
            bytes.truncate(cut.max(12));
            if let Ok(message) = parse(&bytes) { let _ = message.instances(&SERVICE); }
        }

        #[test]
        fn what_was_asked_is_read(id in any::<u16>(), labels in proptest::collection::vec("[a-zA-Z_-]{1,30}", 1..5)) {
            let service: Vec<&str> = labels.iter().map(String::as_str).collect();
            prop_assert_eq!(parse(&question(id, &service)).unwrap().questions, vec![labels]);
        }
    }
}
