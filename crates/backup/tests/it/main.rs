//! What a backup promises: whole or refused, under any damage.
#![allow(clippy::unwrap_used, reason = "tests")]

use backup::{Cost, Error, HEADER_LEN, PassphraseError, RANDOM_LEN, Reader, Writer};
use model::Secret;
use proptest::prelude::*;

fn passphrase(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

fn right() -> Secret<String> {
    passphrase("a lighthouse, not a tower")
}

fn written(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = Writer::begin(Vec::new(), &right(), Cost::LOWEST, &[7; RANDOM_LEN]).unwrap();
    for (name, content) in entries {
        writer.add(name, content.len() as u64, *content).unwrap();
    }
    writer.end().unwrap()
}

fn read(file: &[u8], passphrase: &Secret<String>) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let mut reader = Reader::begin(file, passphrase)?;
    let mut all = Vec::new();
    while let Some(entry) = reader.next_entry()? {
        let mut content = Vec::new();
        let mut buffer = [0; 1000];
        loop {
            match reader.read(&mut buffer)? {
                0 => break,
                count => content.extend_from_slice(&buffer[..count]),
            }
        }
        assert_eq!(content.len() as u64, entry.size);
        all.push((entry.name, content));
    }
    Ok(all)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn entries_of_any_size_come_back(sizes in proptest::collection::vec(prop_oneof![0usize..200, 65_500usize..65_600, 131_000usize..131_100], 0..4)) {
        let contents: Vec<Vec<u8>> = sizes.iter().map(|size| (0..*size).map(|at| at as u8).collect()).collect();
        let names: Vec<String> = (0..contents.len()).map(|at| format!("part/{at}.bin")).collect();
        let entries: Vec<(&str, &[u8])> =
            names.iter().map(String::as_str).zip(contents.iter().map(Vec::as_slice)).collect();
        let back = read(&written(&entries), &right()).unwrap();
        prop_assert_eq!(back, names.into_iter().zip(contents).collect::<Vec<_>>());
    }

    #[test]
    fn a_changed_byte_anywhere_and_a_cut_anywhere_are_found(at in any::<proptest::sample::Index>(), bit in 0u8..8) {
        let file = written(&[("one", &[1; 70_000]), ("two", b"2")]);
        let mut changed = file.clone();
        let at = at.index(file.len());
        changed[at] ^= 1 << bit;
        // Bits of the cost that ask for more memory than any release does are refused before it is taken.
        prop_assert!(read(&changed, &right()).is_err(), "byte {at}");
        prop_assert!(read(&file[..at], &right()).is_err(), "cut at {at}");
    }

    #[test]
    fn any_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(read(&bytes, &right()).is_err());
    }
}

#[test]
fn pieces_that_are_cut_off_swapped_doubled_or_put_behind_are_found() {
    const SEALED: usize = (64 << 10) + 16;
    let file = written(&[("one", &[1; 200_000])]);
    let piece = |at: usize| &file[HEADER_LEN + at * SEALED..HEADER_LEN + (at + 1) * SEALED];
    let head = &file[..HEADER_LEN];
    for (what, bytes) in [
        ("the end cut off at a piece", file[..HEADER_LEN + 2 * SEALED].to_vec()),
        ("pieces swapped", [head, piece(1), piece(0), &file[HEADER_LEN + 2 * SEALED..]].concat()),
        ("a piece twice", [head, piece(0), piece(0), &file[HEADER_LEN + SEALED..]].concat()),
        ("something behind it", [file.as_slice(), b"x"].concat()),
        ("another backup's end", [&file[..HEADER_LEN + SEALED], &written(&[])[HEADER_LEN..]].concat()),
        ("the head alone", head.to_vec()),
    ] {
        assert!(read(&bytes, &right()).is_err(), "{what}");
    }
}

#[test]
fn another_passphrase_opens_nothing_and_another_keyboard_does() {
    let file = written(&[("one", b"1")]);
    for wrong in ["", "a lighthouse, not a towe", "a lighthouse, not a tower ", "A lighthouse, not a tower"] {
        assert!(matches!(read(&file, &passphrase(wrong)), Err(Error::Passphrase)), "{wrong:?}");
    }
    let composed = passphrase("\u{c5}land, \u{e5}\u{e4}\u{f6}, \u{20ac}");
    let decomposed = passphrase("A\u{30a}land, a\u{30a}a\u{308}o\u{308}, \u{20ac}");
    let writer = Writer::begin(Vec::new(), &composed, Cost::LOWEST, &[1; RANDOM_LEN]).unwrap();
    assert!(read(&writer.end().unwrap(), &decomposed).unwrap().is_empty());
    let new = |text: &str| Writer::begin(Vec::new(), &passphrase(text), Cost::LOWEST, &[1; RANDOM_LEN]).err();
    assert!(matches!(new("too short"), Some(Error::Refused(PassphraseError::TooShort))));
    assert!(matches!(new(&"x".repeat(2000)), Some(Error::Refused(PassphraseError::TooLong))));
}

#[test]
fn what_a_head_asks_for_is_bounded() {
    let file = written(&[]);
    for (at, number) in [(9, u32::MAX), (9, 0), (9, (256 << 10) + 1), (13, 17), (13, 0), (17, 9), (17, 0)] {
        let mut changed = file.clone();
        changed[at..at + 4].copy_from_slice(&number.to_be_bytes());
        assert!(matches!(read(&changed, &right()), Err(Error::Head)), "{at}: {number}");
    }
    let mut newer = file.clone();
    newer[8] = 2;
    assert!(matches!(read(&newer, &right()), Err(Error::TooNew { found: 2 })));
}

#[test]
fn names_that_lead_elsewhere_are_not_written() {
    let mut writer = Writer::begin(Vec::new(), &right(), Cost::LOWEST, &[7; RANDOM_LEN]).unwrap();
    for name in ["", "/etc/passwd", "../x", "a/../b", "a//b", "A", "a b", ".hidden", "a/", &"x".repeat(201)] {
        assert!(writer.add(name, 0, &[][..]).is_err(), "{name:?}");
    }
    assert!(writer.add("locks/0123.json", 0, &[][..]).is_ok());
    // Content that is shorter than was said tears the backup.
    assert!(writer.add("short", 10, &b"123"[..]).is_err());
}
