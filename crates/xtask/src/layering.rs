//! Who may import whom, and which crate hides which foreign one.
//!
//! What is here: the table of ARCHITECTURE.md as data, and its check against the manifests and the sources.
//! What is not here: licences and reasons of dependencies (`dependencies`).

use crate::Finding;
use crate::tree::{Crate, Tree};

/// The crates of the workspace and those of ours that each may use. Development dependencies are free, except for
/// `sim`, which shares nothing with the code that it tests.
pub const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("media", &["model"]),
    ("archive", &["model", "media"]),
    ("trust", &["model"]),
    ("evidence", &["model", "media", "archive", "trust"]),
    ("access", &["model"]),
    ("backup", &["model"]),
    ("api", &["model"]),
    ("carrier", &[]),
    ("live", &["model", "trust", "api", "carrier"]),
    ("camera", &["model", "media"]),
    ("catalog", &["model", "access"]),
    ("directory", &["model"]),
    ("turn", &["model"]),
    ("openid", &["model"]),
    ("negotiate", &["model"]),
    ("rendezvous", &["model", "trust"]),
    ("serve", &["model", "trust", "api", "catalog"]),
    ("cloud", &["model", "trust", "access", "api", "catalog", "rendezvous", "serve"]),
    ("relay", &["model", "turn"]),
    (
        "site",
        &[
            "model",
            "media",
            "archive",
            "evidence",
            "trust",
            "access",
            "backup",
            "api",
            "camera",
            "catalog",
            "directory",
            "negotiate",
            "openid",
            "serve",
            "rendezvous",
            "live",
        ],
    ),
    ("sim", &[]),
    (
        "martello",
        &[
            "model",
            "archive",
            "evidence",
            "trust",
            "api",
            "serve",
            "turn",
            "relay",
            "rendezvous",
            "live",
            "site",
            "cloud",
            "sim",
        ],
    ),
    (
        "e2e",
        &[
            "model",
            "media",
            "archive",
            "evidence",
            "trust",
            "access",
            "api",
            "camera",
            "catalog",
            "cloud",
            "rendezvous",
            "live",
            "site",
            "sim",
        ],
    ),
    ("xtask", &[]),
];

/// Values in, values out.
pub const PURE: &[&str] = &[
    "model",
    "media",
    "archive",
    "evidence",
    "trust",
    "access",
    "backup",
    "api",
    "turn",
    "carrier",
    "negotiate",
    "rendezvous",
];

/// Foreign crates that bring effects: no pure crate has them.
const EFFECTS: &[&str] = &[
    "axum",
    "hyper",
    "hyper-util",
    "lettre",
    "postgres",
    "reqwest",
    "retina",
    "rusqlite",
    "rustls",
    "socket2",
    "str0m",
    "tokio",
    "tokio-rustls",
    "tokio-tungstenite",
    "tower",
    "tower-http",
];

/// What pure code does not say outside of its tests and its [`DOORS`].
const IMPURE: &[&str] =
    &["std::fs", "std::net", "std::process", "std::thread", "Instant::now", "SystemTime::now"];
/// Where pure crates meet the machine: the one place that asks the system's clock, the archive's `Disk` of real files, and
/// the files of an export, which are written by one thread and checked by another.
const DOORS: &[&str] = &[
    "crates/model/src/clock.rs",
    "crates/archive/src/disk/dir.rs",
    "crates/evidence/src/on_disk.rs",
    "crates/evidence/src/on_disk/growing.rs",
    "crates/evidence/src/on_disk/save.rs",
];

/// Foreign crates that one crate of ours hides from all others.
const HIDDEN: &[(&str, &[&str])] = &[
    ("rusqlite", &["catalog"]),
    ("postgres", &["catalog"]),
    ("retina", &["camera"]),
    ("lettre", &["site"]),
    ("argon2", &["catalog", "backup"]),
    ("p256", &["trust"]),
    ("str0m", &["live"]),
    ("ring", &["openid"]),
];

/// Everything that breaks the table.
#[must_use]
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    let ours: Vec<&str> = tree.crates.iter().map(|one| one.name.as_str()).collect();
    for one in &tree.crates {
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == one.name) else {
            found.push(at(one, "is not in the import table (crates/xtask/src/layering.rs)"));
            continue;
        };
        for (name, _) in one.dependencies("dependencies").chain(one.dependencies("build-dependencies")) {
            if ours.contains(&name) && !allowed.contains(&name) {
                found.push(at(one, &format!("may not import `{name}`")));
            }
            if PURE.contains(&one.name.as_str()) && EFFECTS.contains(&name) {
                found.push(at(one, &format!("is pure; `{name}` is not")));
            }
            if HIDDEN.iter().any(|(hidden, by)| *hidden == name && !by.contains(&one.name.as_str())) {
                found.push(at(one, &format!("`{name}` is hidden by another crate")));
            }
        }
        if one.name == "sim" {
            for (name, _) in one.dependencies("dev-dependencies").filter(|(name, _)| ours.contains(name)) {
                found.push(at(one, &format!("may not even test with `{name}`")));
            }
        }
    }
    for (path, text) in &tree.files {
        let Some((name, _)) = path.strip_prefix("crates/").and_then(|rest| rest.split_once("/src/")) else {
            continue;
        };
        if PURE.contains(&name) && !DOORS.contains(&path.as_str()) {
            impure(path, text, &mut found);
        }
    }
    found
}

fn at(one: &Crate, what: &str) -> Finding {
    Finding::new(format!("crates/{}/Cargo.toml", one.name), what)
}

/// Effects named in a source file before its tests.
fn impure(path: &str, text: &str, found: &mut Vec<Finding>) {
    if path.ends_with("/tests.rs") {
        return;
    }
    for (number, line) in text.lines().enumerate().take_while(|(_, line)| !line.starts_with("#[cfg(test)]")) {
        let code = line.split("//").next().unwrap_or_default();
        if let Some(word) = IMPURE.iter().find(|word| code.contains(**word)) {
            found.push(Finding::new(
                format!("{path}:{}", number + 1),
                format!("pure code does not use `{word}`"),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(manifests: &[(&str, &str)], files: &[(&str, &str)]) -> Tree {
        Tree {
            root: std::path::PathBuf::new(),
            files: files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect(),
            crates: manifests
                .iter()
                .map(|(name, text)| Crate { name: (*name).to_owned(), manifest: text.parse().unwrap() })
                .collect(),
        }
    }

    fn check_one(manifests: &[(&str, &str)], files: &[(&str, &str)]) -> Vec<String> {
        check(&tree(manifests, files)).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn an_import_against_the_table_is_found() {
        let manifests = [
            ("model", ""),
            ("media", "[dependencies]\nmodel = \"1\""),
            ("sim", "[dependencies]\nmedia = \"1\""),
        ];
        assert_eq!(check_one(&manifests, &[]), ["crates/sim/Cargo.toml: may not import `media`"]);
    }

    #[test]
    fn an_unknown_crate_is_found() {
        assert_eq!(check_one(&[("newcomer", "")], &[]).len(), 1);
    }

    #[test]
    fn effects_in_pure_crates_are_found() {
        let manifests = [("archive", "[dependencies]\ntokio = \"1\"")];
        assert_eq!(check_one(&manifests, &[]), ["crates/archive/Cargo.toml: is pure; `tokio` is not"]);
        let source = "//! A.\nlet now = Instant::now(); // fine here? no\n#[cfg(test)]\nuse std::fs;\n";
        let found =
            check_one(&[], &[("crates/archive/src/run.rs", source), ("crates/site/src/run.rs", source)]);
        assert_eq!(found, ["crates/archive/src/run.rs:2: pure code does not use `Instant::now`"]);
    }

    #[test]
    fn a_database_outside_of_the_catalog_is_found() {
        let manifests =
            [("site", "[dependencies]\nrusqlite = \"1\""), ("catalog", "[dependencies]\nrusqlite = \"1\"")];
        assert_eq!(
            check_one(&manifests, &[]),
            ["crates/site/Cargo.toml: `rusqlite` is hidden by another crate"]
        );
    }

    #[test]
    fn the_simulator_does_not_test_with_the_product() {
        let manifests = [("media", ""), ("sim", "[dev-dependencies]\nmedia = \"1\"")];
        assert_eq!(check_one(&manifests, &[]), ["crates/sim/Cargo.toml: may not even test with `media`"]);
    }
}
