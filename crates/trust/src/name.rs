//! What an X.509 name calls itself (RFC 5280, 4.1.2.4): its common name, else its organization. For people to read; nothing
//! is decided by it. Other attributes and kinds of text that are not UTF-8 are not here.

/// Object identifiers of attributes (RFC 5280, appendix A.1), the one that says most first: common name, organization.
const ATTRIBUTES: [[u8; 3]; 2] = [[0x55, 4, 3], [0x55, 4, 10]];
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT_IDENTIFIER: u8 = 0x06;
/// `UTF8String`, `PrintableString`, `IA5String`.
const TEXTS: [u8; 3] = [0x0c, 0x13, 0x16];
/// No more characters are told.
const MAX_CHARACTERS: usize = 128;

/// The words of a name, from the contents of its `RDNSequence` (DER); empty where it says neither.
pub(crate) fn words(name: &[u8]) -> String {
    let found = ATTRIBUTES.iter().find_map(|wanted| attribute(name, wanted));
    found
        .unwrap_or_default()
        .chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .take(MAX_CHARACTERS)
        .collect()
}

/// The last attribute of this kind: names are written from the general to the particular.
fn attribute<'a>(mut name: &'a [u8], wanted: &[u8]) -> Option<&'a str> {
    let mut found = None;
    while let Some((SET, mut set)) = element(&mut name) {
        while let Some((SEQUENCE, mut pair)) = element(&mut set) {
            let Some((OBJECT_IDENTIFIER, kind)) = element(&mut pair) else { continue };
            let Some((tag, text)) = element(&mut pair) else { continue };
            if kind == wanted && TEXTS.contains(&tag) {
                found = std::str::from_utf8(text).ok().or(found);
            }
        }
    }
    found
}

/// Takes one element with its tag off the front (X.690, 8.1); lengths of up to two bytes, as no name is longer.
fn element<'a>(bytes: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (head, rest) = bytes.split_first_chunk::<2>()?;
    let [tag, short] = *head;
    let (length, rest) = match short {
        0..=0x7f => (usize::from(short), rest),
        0x81 => rest.split_first().map(|(length, rest)| (usize::from(*length), rest))?,
        0x82 => rest
            .split_first_chunk::<2>()
            .map(|(length, rest)| (usize::from(u16::from_be_bytes(*length)), rest))?,
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    Some((tag, content))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pair(attribute: u8, tag: u8, text: &[u8]) -> Vec<u8> {
        let wrap = |tag: u8, content: &[u8]| [&[tag, u8::try_from(content.len()).unwrap()], content].concat();
        let pair = [wrap(OBJECT_IDENTIFIER, &[0x55, 4, attribute]), wrap(tag, text)].concat();
        wrap(SET, &wrap(SEQUENCE, &pair))
    }

    #[test]
    fn a_name_is_told_by_its_common_name_else_its_organization() {
        let (country, organization) = (pair(6, 0x13, b"SE"), pair(10, 0x0c, "Härbour".as_bytes()));
        let (common, latin) = (pair(3, 0x0c, b"R13"), pair(3, 0x14, &[0xe5]));
        let long = pair(3, 0x0c, &[b'a'; 100]);
        for (name, expected) in [
            (vec![], ""),
            (country.clone(), ""),
            ([country.clone(), organization.clone()].concat(), "Härbour"),
            ([country.clone(), organization.clone(), common.clone()].concat(), "R13"),
            ([common.clone(), pair(3, 0x0c, b"R14")].concat(), "R14"),
            ([organization.clone(), latin].concat(), "Härbour"),
            (pair(3, 0x0c, b"a\nb"), "a b"),
            (long.clone(), &"a".repeat(100)),
            (long[..50].to_vec(), ""),
        ] {
            assert_eq!(words(&name), expected, "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fail(name in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(words(&name).chars().count() <= MAX_CHARACTERS);
        }
    }
}
