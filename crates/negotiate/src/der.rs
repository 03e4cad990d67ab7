//! The part of DER (X.690) that Kerberos and SPNEGO use: definite lengths and tags of one byte. Not what the elements mean
//! (`message`, `token`).

use model::WallTime;

use crate::Error;

pub const INTEGER: u8 = 0x02;
pub const BITS: u8 = 0x03;
pub const OCTETS: u8 = 0x04;
pub const OID: u8 = 0x06;
pub const ENUMERATED: u8 = 0x0a;
pub const TIME: u8 = 0x18;
pub const TEXT: u8 = 0x1b;
pub const SEQUENCE: u8 = 0x30;
const APPLICATION: u8 = 0x60;
const CONTEXT: u8 = 0xa0;
/// Most bytes of a name or a realm.
const MAX_TEXT: usize = 256;

/// Reads elements one after the other. What comes after the last one that is asked for is left alone: fields may be added to
/// what is sent.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub const fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// The content of the next element, which has this tag.
    pub fn expect(&mut self, tag: u8) -> Result<&'a [u8], Error> {
        let [found, first, rest @ ..] = self.0 else { return Err(Error::Malformed) };
        if *found != tag {
            return Err(Error::Malformed);
        }
        let (length, rest) = match first {
            0..=0x7f => (usize::from(*first), rest),
            // More than three bytes of length would be more than a token may have.
            0x81..=0x83 => {
                let (length, rest) =
                    rest.split_at_checked(usize::from(first & 0x7f)).ok_or(Error::Malformed)?;
                (length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
            }
            _ => return Err(Error::Malformed),
        };
        let (content, rest) = rest.split_at_checked(length).ok_or(Error::Malformed)?;
        self.0 = rest;
        Ok(content)
    }

    /// What is inside of the next element, which has this tag.
    pub fn inside(&mut self, tag: u8) -> Result<Self, Error> {
        self.expect(tag).map(Self)
    }

    /// What is inside of the sequence in `[APPLICATION number]`.
    pub fn application(&mut self, number: u8) -> Result<Self, Error> {
        self.inside(APPLICATION | number)?.inside(SEQUENCE)
    }

    /// What is inside of the field `[number]`, which comes next.
    pub fn field(&mut self, number: u8) -> Result<Self, Error> {
        self.inside(CONTEXT | number)
    }

    /// The same; none where another field comes next, or nothing.
    pub fn optional(&mut self, number: u8) -> Result<Option<Self>, Error> {
        if self.0.first() == Some(&(CONTEXT | number)) { self.field(number).map(Some) } else { Ok(None) }
    }

    /// A number of 32 bits, with a sign.
    pub fn number(&mut self) -> Result<i64, Error> {
        match self.expect(INTEGER)? {
            bytes @ [first, ..] if bytes.len() <= 5 => {
                let begin = if first & 0x80 == 0 { 0 } else { -1 };
                Ok(bytes.iter().fold(begin, |number, byte| number << 8 | i64::from(*byte)))
            }
            _ => Err(Error::Malformed),
        }
    }

    /// The first eight of `KerberosFlags`, the first one as the highest bit (RFC 4120, 5.2.8).
    pub fn flags(&mut self) -> Result<u8, Error> {
        match self.expect(BITS)? {
            [_, first, ..] => Ok(*first),
            _ => Err(Error::Malformed),
        }
    }

    /// `KerberosString` or `Realm`: UTF-8 in practice, nothing that cannot be shown.
    pub fn text(&mut self) -> Result<String, Error> {
        let bytes = self.expect(TEXT)?;
        let text = str::from_utf8(bytes).map_err(|_| Error::Malformed)?;
        let right = (1..=MAX_TEXT).contains(&text.len()) && !text.chars().any(char::is_control);
        if right { Ok(text.to_owned()) } else { Err(Error::Malformed) }
    }

    /// `KerberosTime`: `YYYYMMDDHHMMSSZ`, whole seconds (RFC 4120, 5.2.3).
    pub fn time(&mut self) -> Result<WallTime, Error> {
        let bytes = self.expect(TIME)?;
        let (digits, zone) = bytes.split_at_checked(14).ok_or(Error::Malformed)?;
        if zone != b"Z" || !digits.iter().all(u8::is_ascii_digit) {
            return Err(Error::Malformed);
        }
        let value =
            |digits: &[u8]| digits.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
        let (year, rest) = digits.split_at(4);
        let mut parts = rest.chunks_exact(2).map(value);
        let mut next = |range: std::ops::RangeInclusive<i64>| {
            parts.next().filter(|value| range.contains(value)).ok_or(Error::Malformed)
        };
        let (month, day) = (next(1..=12)?, next(1..=31)?);
        let (hour, minute, second) = (next(0..=23)?, next(0..=59)?, next(0..=60)?);
        let days = days(value(year), month, day);
        Ok(WallTime::from_micros((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000))
    }
}

/// Days since 1970-01-01 of a day of the Gregorian calendar. Years begin in March, so that the leap day is the last.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

/// An element with these bytes as its content.
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX).to_be_bytes();
    let zeros = length.iter().take_while(|byte| **byte == 0).count();
    let mut bytes = vec![tag];
    match length {
        [0, 0, 0, short @ 0..=0x7f] => bytes.push(short),
        _ => {
            bytes.push(0x84 - u8::try_from(zeros).unwrap_or_default());
            bytes.extend(length.iter().skip(zeros));
        }
    }
    bytes.extend(content);
    bytes
}

/// The field `[number]`.
pub fn field(number: u8, content: &[u8]) -> Vec<u8> {
    element(CONTEXT | number, content)
}

/// A sequence in `[APPLICATION number]`.
pub fn application(number: u8, fields: &[Vec<u8>]) -> Vec<u8> {
    element(APPLICATION | number, &element(SEQUENCE, &fields.concat()))
}

/// A number that is not negative.
pub fn number(number: u32) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count().min(3);
    let mut content = bytes.get(zeros..).unwrap_or_default().to_vec();
    if content.first().is_some_and(|first| first & 0x80 != 0) {
        content.insert(0, 0);
    }
    element(INTEGER, &content)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        for (text, seconds) in [
            ("19700101000000Z", Some(0)),
            ("20000229120000Z", Some(951_825_600)),
            ("20240301000000Z", Some(1_709_251_200)),
            ("20261231235959Z", Some(1_798_761_599)),
            ("20261331000000Z", None),
            ("20260100000000Z", None),
            ("2026010100000Z", None),
            ("20260101000000", None),
            ("20260101000000.5Z", None),
            ("2026x101000000Z", None),
        ] {
            let bytes = element(TIME, text.as_bytes());
            let time = Reader::new(&bytes).time().ok().map(|time| time.micros() / 1_000_000);
            assert_eq!(time, seconds, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value: u32, content in prop::collection::vec(any::<u8>(), 0..70_000)) {
            let bytes = [number(value), field(3, &element(OCTETS, &content))].concat();
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(reader.number().unwrap(), i64::from(value));
            prop_assert!(reader.optional(2).unwrap().is_none());
            prop_assert_eq!(reader.field(3).unwrap().expect(OCTETS).unwrap(), content);
            prop_assert!(reader.rest().is_empty());
        }

        #[test]
        fn an_element_that_is_cut_off_is_none(content in prop::collection::vec(any::<u8>(), 0..300)) {
            let bytes = element(OCTETS, &content);
            prop_assert!(Reader::new(&bytes[..bytes.len() - 1]).expect(OCTETS).is_err());
        }
    }
}
