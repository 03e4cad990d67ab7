//! Messages of LDAP (RFC 4511), as far as they are needed: bind with a password, search in pages (RFC 2696), StartTLS.
//! Pure; bytes in between are the connection's.

use std::collections::HashMap;

use crate::{
    ber::{BOOLEAN, ENUMERATED, INTEGER, Malformed, OCTETS, Reader, SEQUENCE, SET, Writer},
    filter::Filter,
};

/// `1.2.840.113556.1.4.319`: results in pages.
const PAGES: &[u8] = b"1.2.840.113556.1.4.319";
/// `1.3.6.1.4.1.1466.20037`: begin TLS (RFC 4511, 4.14).
const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";
/// Attributes and values of one entry that are looked at.
const MAX_VALUES: usize = 5000;

/// How a server answered (RFC 4511, 4.1.9 and appendix A).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub code: u32,
    /// What the server says about it.
    pub diagnostic: String,
}

impl Outcome {
    pub const SUCCESS: u32 = 0;
    pub const SIZE_LIMIT: u32 = 4;
    pub const NO_SUCH_OBJECT: u32 = 32;
    pub const INVALID_CREDENTIALS: u32 = 49;
}

/// Where a search looks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scope {
    /// At the entry itself.
    Base = 0,
    /// At everything below it, too.
    Subtree = 2,
}

/// A search for one page of results.
pub(crate) struct Search<'a> {
    pub base: &'a str,
    pub scope: Scope,
    pub filter: &'a Filter,
    pub attributes: &'a [&'a str],
    pub seconds: u32,
    /// Entries a page.
    pub page: u32,
    /// Where the page before ended; empty for the first.
    pub cookie: &'a [u8],
}

/// An entry that was found: its name, and its attributes by lower-case name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    pub name: String,
    pub attributes: HashMap<String, Vec<Vec<u8>>>,
}

/// What came from a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Bound(Outcome),
    Entry(Entry),
    /// The search is over; where the next page begins.
    Done(Outcome, Vec<u8>),
    Extended(Outcome),
    /// Elsewhere might be more: not followed.
    Elsewhere,
}

impl Entry {
    /// All values of an attribute.
    pub fn all(&self, attribute: &str) -> &[Vec<u8>] {
        self.attributes.get(&attribute.to_ascii_lowercase()).map_or(&[], Vec::as_slice)
    }

    /// The first value of an attribute.
    pub fn bytes(&self, attribute: &str) -> Option<&[u8]> {
        self.all(attribute).first().map(Vec::as_slice)
    }

    /// The first value as text.
    pub fn text(&self, attribute: &str) -> Option<String> {
        self.bytes(attribute)
            .map(|value| String::from_utf8_lossy(value).into_owned())
            .filter(|text| !text.is_empty())
    }

    /// The first value as a number.
    pub fn number(&self, attribute: &str) -> Option<i64> {
        self.text(attribute)?.trim().parse().ok()
    }
}

fn request(id: u32, tag: u8, operation: impl FnOnce(&mut Writer), pages: Option<(u32, &[u8])>) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.put_all(SEQUENCE, |message| {
        message.put_number(INTEGER, id);
        message.put_all(tag, operation);
        if let Some((size, cookie)) = pages {
            let mut value = Writer::default();
            value.put_all(SEQUENCE, |value| {
                value.put_number(INTEGER, size);
                value.put(OCTETS, cookie);
            });
            message.put_all(0xa0, |controls| {
                controls.put_all(SEQUENCE, |control| {
                    control.put(OCTETS, PAGES);
                    control.put(OCTETS, &value.done());
                });
            });
        }
    });
    writer.done()
}

/// Sign in by name and password (RFC 4511, 4.2).
pub(crate) fn bind(id: u32, name: &str, password: &str) -> Vec<u8> {
    let operation = |bind: &mut Writer| {
        bind.put_number(INTEGER, 3);
        bind.put(OCTETS, name.as_bytes());
        bind.put(0x80, password.as_bytes());
    };
    request(id, 0x60, operation, None)
}

/// Begin TLS.
pub(crate) fn start_tls(id: u32) -> Vec<u8> {
    request(id, 0x77, |operation| operation.put(0x80, START_TLS), None)
}

/// Search (RFC 4511, 4.5.1); aliases are not followed.
pub(crate) fn search(id: u32, search: &Search<'_>) -> Vec<u8> {
    let operation = |to: &mut Writer| {
        to.put(OCTETS, search.base.as_bytes());
        to.put_number(ENUMERATED, search.scope as u32);
        to.put_number(ENUMERATED, 0);
        to.put_number(INTEGER, 0);
        to.put_number(INTEGER, search.seconds);
        to.put(BOOLEAN, &[0]);
        search.filter.write(to);
        to.put_all(SEQUENCE, |to| {
            search.attributes.iter().for_each(|attribute| to.put(OCTETS, attribute.as_bytes()));
        });
    };
    let pages = matches!(search.scope, Scope::Subtree).then_some((search.page, search.cookie));
    request(id, 0x63, operation, pages)
}

/// Reads one whole message: which request it answers, and the answer.
pub(crate) fn read(bytes: &[u8]) -> Result<(u32, Answer), Malformed> {
    let mut message = Reader::new(bytes).inside(SEQUENCE)?;
    let id = message.number(INTEGER)?;
    let (tag, content) = message.next()?.ok_or(Malformed)?;
    let mut operation = Reader::new(content);
    let answer = match tag {
        0x61 => Answer::Bound(outcome(&mut operation)?),
        0x64 => Answer::Entry(entry(&mut operation)?),
        0x65 => Answer::Done(outcome(&mut operation)?, cookie(message)?),
        0x73 => Answer::Elsewhere,
        0x78 => Answer::Extended(outcome(&mut operation)?),
        _ => return Err(Malformed),
    };
    Ok((id, answer))
}

fn outcome(operation: &mut Reader<'_>) -> Result<Outcome, Malformed> {
    let code = operation.number(ENUMERATED)?;
    operation.expect(OCTETS)?;
    let diagnostic: String = operation.text(OCTETS)?.chars().filter(|c| !c.is_control()).take(300).collect();
    Ok(Outcome { code, diagnostic })
}

fn entry(operation: &mut Reader<'_>) -> Result<Entry, Malformed> {
    let mut entry = Entry { name: operation.text(OCTETS)?, attributes: HashMap::new() };
    let mut list = operation.inside(SEQUENCE)?;
    let mut left = MAX_VALUES;
    while let Some((SEQUENCE, content)) = list.next()? {
        let mut attribute = Reader::new(content);
        let name = attribute.text(OCTETS)?.to_ascii_lowercase();
        let mut set = attribute.inside(SET)?;
        let values = entry.attributes.entry(name).or_default();
        while let Some((OCTETS, value)) = set.next()? {
            left = left.checked_sub(1).ok_or(Malformed)?;
            values.push(value.to_vec());
        }
    }
    Ok(entry)
}

/// Where the next page begins; empty where there is none. Some servers put more behind the operation than controls.
fn cookie(mut message: Reader<'_>) -> Result<Vec<u8>, Malformed> {
    while let Some((tag, content)) = message.next()? {
        if tag != 0xa0 {
            continue;
        }
        let mut controls = Reader::new(content);
        while let Some((SEQUENCE, control)) = controls.next()? {
            let mut control = Reader::new(control);
            if control.expect(OCTETS)? != PAGES {
                continue;
            }
            while let Some((tag, value)) = control.next()? {
                if tag == OCTETS {
                    let mut value = Reader::new(value).inside(SEQUENCE)?;
                    value.number(INTEGER)?;
                    return value.expect(OCTETS).map(<[u8]>::to_vec);
                }
            }
        }
    }
    Ok(Vec::new())
}

/// Reads whatever comes, as a connection does; for fuzzing.
pub(crate) fn read_all(mut bytes: &[u8], most: usize) {
    while let Ok(Some(length)) = crate::ber::frame(bytes, most) {
        let Some((message, rest)) = bytes.split_at_checked(length) else { return };
        if read(message).is_err() {
            return;
        }
        bytes = rest;
    }
}
