//! The part of BER (X.690) that LDAP uses: definite lengths and tags of one byte (RFC 4511, 5.1). Not what the elements
//! mean (`message`).

/// Bytes that are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not LDAP")]
pub struct Malformed;

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTETS: u8 = 0x04;
pub(crate) const ENUMERATED: u8 = 0x0a;
pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// Tag, length of the head, and length of the content of the element that the bytes begin with; none: more bytes are
/// needed to know.
fn head(bytes: &[u8]) -> Result<Option<(u8, usize, usize)>, Malformed> {
    let [tag, first, rest @ ..] = bytes else { return Ok(None) };
    if tag & 0x1f == 0x1f {
        return Err(Malformed);
    }
    if first & 0x80 == 0 {
        return Ok(Some((*tag, 2, usize::from(*first))));
    }
    // Length in so many bytes; none is the indefinite form, which LDAP does not have.
    let count = usize::from(first & 0x7f);
    if !(1..=4).contains(&count) {
        return Err(Malformed);
    }
    let Some(length) = rest.get(..count) else { return Ok(None) };
    let length = length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
    Ok(Some((*tag, 2 + count, length)))
}

/// How long the element is that the bytes begin with; none: more bytes are needed to know. Longer than `most` is refused
/// before anything is kept of it.
pub(crate) fn frame(bytes: &[u8], most: usize) -> Result<Option<usize>, Malformed> {
    match head(bytes)? {
        Some((SEQUENCE, head, content)) if content <= most => Ok(Some(head + content)),
        Some(_) => Err(Malformed),
        None => Ok(None),
    }
}

/// Reads elements one after the other.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next element: its tag and content; none at the end.
    pub fn next(&mut self) -> Result<Option<(u8, &'a [u8])>, Malformed> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let (tag, head, length) = head(self.0)?.ok_or(Malformed)?;
        let (content, rest) =
            self.0.get(head..).and_then(|rest| rest.split_at_checked(length)).ok_or(Malformed)?;
        self.0 = rest;
        Ok(Some((tag, content)))
    }

    /// The content of the next element, which has this tag.
    pub fn expect(&mut self, tag: u8) -> Result<&'a [u8], Malformed> {
        self.next()?.filter(|(found, _)| *found == tag).map(|(_, content)| content).ok_or(Malformed)
    }

    /// What is inside of the next element, which has this tag.
    pub fn inside(&mut self, tag: u8) -> Result<Self, Malformed> {
        self.expect(tag).map(Self)
    }

    /// A number of at most 31 bits that is not negative.
    pub fn number(&mut self, tag: u8) -> Result<u32, Malformed> {
        match self.expect(tag)? {
            bytes @ ([_] | [_, _] | [_, _, _] | [_, _, _, _]) if bytes[0] & 0x80 == 0 => {
                Ok(bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
            }
            _ => Err(Malformed),
        }
    }

    /// A text. What is no UTF-8 in it is shown as such.
    pub fn text(&mut self, tag: u8) -> Result<String, Malformed> {
        self.expect(tag).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }
}

/// Writes elements.
#[derive(Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub fn done(self) -> Vec<u8> {
        self.0
    }

    /// An element with these bytes as its content.
    pub fn put(&mut self, tag: u8, content: &[u8]) {
        self.0.push(tag);
        let length = u32::try_from(content.len()).unwrap_or(u32::MAX).to_be_bytes();
        match length {
            [0, 0, 0, short @ 0..=0x7f] => self.0.push(short),
            long => {
                self.0.push(0x84);
                self.0.extend(long);
            }
        }
        self.0.extend(content);
    }

    /// An element with elements inside.
    pub fn put_all(&mut self, tag: u8, inside: impl FnOnce(&mut Self)) {
        let mut writer = Self::default();
        inside(&mut writer);
        self.put(tag, &writer.0);
    }

    /// A number that is not negative.
    pub fn put_number(&mut self, tag: u8, number: u32) {
        let bytes = number.to_be_bytes();
        let leading = bytes.iter().take_while(|byte| **byte == 0).count().min(3);
        let mut content = bytes[leading..].to_vec();
        if content[0] & 0x80 != 0 {
            content.insert(0, 0);
        }
        self.put(tag, &content);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(number in 0..=0x7fff_ffffu32, text in ".{0,300}") {
            let mut writer = Writer::default();
            writer.put_all(SEQUENCE, |inside| {
                inside.put_number(INTEGER, number);
                inside.put(OCTETS, text.as_bytes());
            });
            let bytes = writer.done();
            prop_assert_eq!(frame(&bytes, 1 << 20), Ok(Some(bytes.len())));
            let mut inside = Reader::new(&bytes).inside(SEQUENCE).unwrap();
            prop_assert_eq!(inside.number(INTEGER), Ok(number));
            prop_assert_eq!(inside.text(OCTETS), Ok(text));
            prop_assert_eq!(inside.next(), Ok(None));
        }

        #[test]
        fn the_beginning_of_a_message_never_is_one(content in prop::collection::vec(any::<u8>(), 0..300), cut in 0usize..2) {
            let mut writer = Writer::default();
            writer.put(SEQUENCE, &content);
            let bytes = writer.done();
            let short = &bytes[..cut.min(bytes.len())];
            prop_assert_eq!(frame(short, 1 << 20), Ok(None));
            prop_assert!(Reader::new(&bytes[..bytes.len() - 1]).next().is_err());
        }
    }

    #[test]
    fn lengths_that_ldap_does_not_have_and_those_that_are_too_long_are_refused() {
        for (bytes, expected) in [
            (&[0x30, 0x80][..], Err(Malformed)),
            (&[0x30, 0x85, 0, 0, 0, 0, 1], Err(Malformed)),
            (&[0x30, 0xff], Err(Malformed)),
            (&[0x3f, 1, 0], Err(Malformed)),
            (&[0x04, 1, 0], Err(Malformed)),
            (&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], Err(Malformed)),
            (&[0x30, 0x82, 0x01, 0x01], Err(Malformed)),
            (&[0x30, 0x82, 0x01], Ok(None)),
            (&[0x30, 0x84, 0, 0, 0, 2, 9, 9], Ok(Some(8))),
        ] {
            assert_eq!(frame(bytes, 256), expected, "{bytes:02x?}");
        }
    }
}
