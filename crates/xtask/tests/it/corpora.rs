//! Replays the fuzz corpora: every file as it is, cut off at every length, and with single bytes changed.

use std::fs;
use std::path::PathBuf;

#[allow(
    clippy::expect_used,
    clippy::panic,
    unreachable_pub,
    missing_docs,
    reason = "shared with the fuzz targets"
)]
#[path = "../../../../fuzz/src/lib.rs"]
mod entries;

use xtask::tree::root;

/// Longer files are cut off and changed at this many places only, evenly spread.
const PLACES: usize = 200;

fn directories(of: &str) -> Vec<String> {
    let listed = fs::read_dir(root().join("fuzz").join(of)).unwrap();
    let mut names: Vec<String> =
        listed.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn files(of: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let listed = fs::read_dir(root().join("fuzz/corpora").join(of)).unwrap();
    listed.map(|entry| entry.unwrap().path()).map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn every_entry_has_its_target_and_its_corpus() {
    let names: Vec<&str> = entries::ENTRIES.iter().map(|(name, _)| *name).collect();
    assert_eq!(directories("corpora"), names);
    assert_eq!(
        directories("fuzz_targets"),
        names.iter().map(|name| format!("{name}.rs")).collect::<Vec<_>>()
    );
    for name in names {
        assert!(!files(name).is_empty(), "fuzz/corpora/{name} is empty");
    }
}

#[test]
fn no_file_of_a_corpus_and_nothing_near_it_breaks_its_parser() {
    for (name, entry) in entries::ENTRIES {
        for (path, bytes) in files(name) {
            // Shown only if the entry panics.
            println!("{}", path.display());
            entry(&bytes);
            let step = bytes.len().div_ceil(PLACES).max(1);
            for at in (0..bytes.len()).step_by(step) {
                entry(&bytes[..at]);
                for change in [0x01, 0x80, 0xff] {
                    let mut changed = bytes.clone();
                    changed[at] ^= change;
                    entry(&changed);
                }
            }
        }
    }
}
