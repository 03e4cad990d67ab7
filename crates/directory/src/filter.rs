//! What is searched for (RFC 4511, 4.5.1.7). A filter is built, never read from text: what a person typed is a value in
//! it, and no character of it can become something else. So there is no escaping (RFC 4515) that could be forgotten.

use crate::ber::{OCTETS, SEQUENCE, Writer};

/// `LDAP_MATCHING_RULE_IN_CHAIN` of Active Directory: through groups of groups.
const IN_CHAIN: &str = "1.2.840.113556.1.4.1941";

/// A filter of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    /// The attribute has the value.
    Is(&'static str, Vec<u8>),
    /// The attribute of this name, chosen at run time, has the value.
    Named(String, Vec<u8>),
    /// A value of the attribute contains the text.
    Contains(String, Vec<u8>),
    /// The attribute leads to this name, directly or through others.
    Leads(&'static str, Vec<u8>),
    /// There is such an attribute.
    Has(&'static str),
}

impl Filter {
    pub fn is(attribute: &'static str, value: impl AsRef<[u8]>) -> Self {
        Self::Is(attribute, value.as_ref().to_vec())
    }

    pub fn write(&self, to: &mut Writer) {
        let is = |to: &mut Writer, attribute: &str, value: &[u8]| {
            to.put_all(0xa3, |is| {
                is.put(OCTETS, attribute.as_bytes());
                is.put(OCTETS, value);
            });
        };
        match self {
            Self::All(all) => to.put_all(0xa0, |to| all.iter().for_each(|one| one.write(to))),
            Self::Any(any) => to.put_all(0xa1, |to| any.iter().for_each(|one| one.write(to))),
            Self::Not(one) => to.put_all(0xa2, |to| one.write(to)),
            Self::Is(attribute, value) => is(to, attribute, value),
            Self::Named(attribute, value) => is(to, attribute, value),
            Self::Contains(attribute, part) => to.put_all(0xa4, |to| {
                to.put(OCTETS, attribute.as_bytes());
                to.put_all(SEQUENCE, |to| to.put(0x81, part));
            }),
            Self::Leads(attribute, name) => to.put_all(0xa9, |to| {
                to.put(0x81, IN_CHAIN.as_bytes());
                to.put(0x82, attribute.as_bytes());
                to.put(0x83, name);
            }),
            Self::Has(attribute) => to.put(0x87, attribute.as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_a_value_whatever_it_contains() {
        for typed in ["anna", "*", "anna)(uid=*", "\0", "\\2a", "(&(a=b))", "Ä*ö"] {
            let mut writer = Writer::default();
            Filter::is("uid", typed).write(&mut writer);
            let bytes = writer.done();
            // One equality with exactly these bytes as its value (RFC 4511, 4.5.1.7).
            let mut expected =
                vec![0xa3, (7 + typed.len()) as u8, 4, 3, b'u', b'i', b'd', 4, typed.len() as u8];
            expected.extend(typed.as_bytes());
            assert_eq!(bytes, expected, "{typed}");
        }
    }
}
