//! What an entry says of a person or a group: the identifier that stays, names, and whether the account counts. Where
//! entries come from is `session`'s.

use std::fmt;

use model::WallTime;

use crate::{filter::Filter, message::Entry, settings::Kind, tls::hex};

const MAX_KEY: usize = 128;
/// Seconds from 1601-01-01, where Active Directory's times begin, to 1970-01-01.
const SINCE_1601: i64 = 11_644_473_600;
/// `userAccountControl`: the account is disabled.
const ACCOUNT_DISABLED: i64 = 2;

/// What stays of a person or a group when it is renamed or moved, and is never given to another: `objectGUID` as hex
/// digits, or `entryUUID` (RFC 4530) and its like.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(String);

/// Attributes that hold such an identifier where it is no `objectGUID`.
pub(crate) const LDAP_KEYS: [&str; 3] = ["entryUUID", "nsUniqueId", "ipaUniqueID"];

impl Key {
    /// A key that was kept, or came from a client.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let right = (1..=MAX_KEY).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic());
        right.then(|| Self(text.to_owned()))
    }

    /// As it is kept.
    #[must_use]
    pub fn as_text(&self) -> &str {
        &self.0
    }

    pub(crate) fn of(kind: Kind, entry: &Entry) -> Option<Self> {
        match kind {
            Kind::ActiveDirectory => {
                entry.bytes("objectGUID").filter(|guid| guid.len() == 16).map(|guid| Self(hex(guid)))
            }
            Kind::Ldap => LDAP_KEYS.iter().find_map(|name| Self::from_text(&entry.text(name)?)),
        }
    }

    /// Finds the one that has it.
    pub(crate) fn filter(&self, kind: Kind) -> Filter {
        match kind {
            Kind::ActiveDirectory => {
                let digit =
                    |at: usize| self.0.as_bytes().get(at).and_then(|byte| char::from(*byte).to_digit(16));
                let bytes = (0..self.0.len() / 2)
                    .filter_map(|at| u8::try_from(digit(2 * at)? << 4 | digit(2 * at + 1)?).ok());
                Filter::Is("objectGUID", bytes.collect())
            }
            Kind::Ldap => Filter::Any(LDAP_KEYS.map(|name| Filter::is(name, &self.0)).to_vec()),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A group of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What stays.
    pub key: Key,
    /// Its name.
    pub name: String,
}

/// A person of a directory, with all groups, also through groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// What stays.
    pub key: Key,
    /// What the person signs in with.
    pub account: String,
    /// The person's name.
    pub name: String,
    /// Whether the account is neither disabled nor expired.
    pub active: bool,
    /// The groups.
    pub groups: Vec<Group>,
}

/// What the picker shows of a person or a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// What stays.
    pub key: Key,
    /// A group, not a person.
    pub group: bool,
    /// Account of a person, name of a group.
    pub account: String,
    /// The person's name, and what the directory says about it.
    pub details: String,
    /// Whether the account is neither disabled nor expired.
    pub active: bool,
}

/// Attributes that are asked for of a person or a group.
pub(crate) fn attributes(kind: Kind, login: &str) -> Vec<&str> {
    let mut all = vec![login, "objectClass", "displayName", "cn", "description"];
    match kind {
        Kind::ActiveDirectory => all.extend([
            "objectGUID",
            "sAMAccountName",
            "userAccountControl",
            "accountExpires",
            "primaryGroupID",
            "objectSid",
        ]),
        Kind::Ldap => {
            all.extend(LDAP_KEYS);
            all.extend([
                "uid",
                "gidNumber",
                "memberOf",
                "pwdAccountLockedTime",
                "nsAccountLock",
                "shadowExpire",
            ]);
        }
    }
    all
}

/// Whether the account counts: it is not disabled and has not expired. One that is locked after wrong passwords still
/// does: its own server refuses sign-ins for a while, and whoever guesses cannot end what others do.
pub(crate) fn is_active(kind: Kind, entry: &Entry, now: WallTime) -> bool {
    let seconds = now.micros().div_euclid(1_000_000);
    match kind {
        Kind::ActiveDirectory => {
            let disabled =
                entry.number("userAccountControl").is_some_and(|bits| bits & ACCOUNT_DISABLED != 0);
            // In units of 100 ns; 0 and the highest number: never.
            let expires = entry.number("accountExpires").filter(|at| *at != 0 && *at != i64::MAX);
            !disabled && expires.is_none_or(|at| at / 10_000_000 - SINCE_1601 > seconds)
        }
        Kind::Ldap => {
            let yes = |name: &str| entry.text(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
            // "Locked for good" of the password policy overlay (draft-behera-ldap-password-policy, 5.3.3).
            let locked = entry.text("pwdAccountLockedTime").is_some_and(|at| at.starts_with("0000"));
            // Days since 1970 (shadow(5)).
            let expires = entry.number("shadowExpire").filter(|day| *day >= 0);
            !locked && !yes("nsAccountLock") && expires.is_none_or(|day| day > seconds / 86_400)
        }
    }
}

pub(crate) fn is_group(entry: &Entry) -> bool {
    let class = |value: &Vec<u8>| {
        ["group", "groupofnames", "groupofuniquenames", "posixgroup"]
            .iter()
            .any(|group| value.eq_ignore_ascii_case(group.as_bytes()))
    };
    entry.all("objectClass").iter().any(class)
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// What the person signs in with, or the group's name.
pub(crate) fn account(entry: &Entry, login: &str) -> String {
    let name = if is_group(entry) { entry.text("cn") } else { entry.text(login) };
    cut(&name.or_else(|| entry.text("cn")).unwrap_or_else(|| entry.name.clone()))
}

/// The person's name.
pub(crate) fn shown(entry: &Entry) -> String {
    cut(&entry.text("displayName").or_else(|| entry.text("cn")).unwrap_or_default())
}

pub(crate) fn listed(kind: Kind, login: &str, entry: &Entry, now: WallTime) -> Option<Listed> {
    let group = is_group(entry);
    let description = entry.text("description").map(|text| cut(&text));
    let name = Some(shown(entry)).filter(|name| !group && !name.is_empty());
    Some(Listed {
        key: Key::of(kind, entry)?,
        group,
        account: account(entry, login),
        details: name.into_iter().chain(description).collect::<Vec<_>>().join(", "),
        active: is_active(kind, entry, now),
    })
}

/// The security identifier of a person's primary group: that of the person with another last part ([MS-DTYP], 2.4.2.2).
pub(crate) fn primary_group(entry: &Entry) -> Option<Vec<u8>> {
    let group = u32::try_from(entry.number("primaryGroupID")?).ok()?;
    let sid = entry.bytes("objectSid")?;
    let domain = sid.get(..sid.len().checked_sub(4)?)?;
    Some([domain, group.to_le_bytes().as_slice()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(attributes: &[(&str, &str)]) -> Entry {
        let attributes = attributes
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), vec![value.as_bytes().to_vec()]));
        Entry { name: String::new(), attributes: attributes.collect() }
    }

    #[test]
    fn an_account_counts_while_it_is_neither_disabled_nor_expired() {
        // 2024-01-01: day 19723, and 133485408000000000 for Active Directory.
        let now: WallTime = "2024-01-01T00:00:00Z".parse().unwrap();
        let (ad, ldap) = (Kind::ActiveDirectory, Kind::Ldap);
        for (kind, attribute, value, active) in [
            (ad, "userAccountControl", "512", true),
            (ad, "userAccountControl", "514", false),
            (ad, "accountExpires", "0", true),
            (ad, "accountExpires", "9223372036854775807", true),
            (ad, "accountExpires", "133485408000000000", false),
            (ad, "accountExpires", "133485408010000000", true),
            (ad, "lockoutTime", "133485400000000000", true),
            (ldap, "shadowExpire", "-1", true),
            (ldap, "shadowExpire", "19723", false),
            (ldap, "shadowExpire", "19724", true),
            (ldap, "nsAccountLock", "TRUE", false),
            (ldap, "pwdAccountLockedTime", "000001010000Z", false),
            (ldap, "pwdAccountLockedTime", "20231231000000Z", true),
        ] {
            assert_eq!(is_active(kind, &entry(&[(attribute, value)]), now), active, "{attribute}: {value}");
        }
    }

    #[test]
    fn the_primary_group_has_the_persons_domain() {
        let sid = [1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 2, 3, 4, 0x51, 4, 0, 0];
        let mut person = entry(&[("primaryGroupID", "513")]);
        assert_eq!(primary_group(&person), None);
        person.attributes.insert("objectsid".into(), vec![sid.to_vec()]);
        let group = primary_group(&person).unwrap();
        assert_eq!(group[..16], sid[..16]);
        assert_eq!(group[16..], [1, 2, 0, 0]);
        person.attributes.insert("objectsid".into(), vec![vec![1]]);
        assert_eq!(primary_group(&person), None);
    }

    #[test]
    fn a_key_is_found_by_the_bytes_that_it_was_made_of() {
        let guid: Vec<u8> = (0..16).map(|byte| byte * 17).collect();
        let mut person = Entry::default();
        person.attributes.insert("objectguid".into(), vec![guid.clone()]);
        let key = Key::of(Kind::ActiveDirectory, &person).unwrap();
        assert_eq!(key.filter(Kind::ActiveDirectory), Filter::Is("objectGUID", guid));
        assert_eq!(Key::from_text("a b"), None);
        assert_eq!(Key::from_text(""), None);
    }
}
