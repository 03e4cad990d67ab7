//! The review of dependencies: every direct one stands in `docs/dependencies.md` with its licence and why it is there,
//! and every one at all has an allowed licence and comes from the public registry (`deny.toml`).
//!
//! What is not here: known vulnerabilities; `cargo deny check` reads the same `deny.toml` and knows them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use crate::tree::Tree;
use crate::{Failure, Finding, licence};

const REVIEW: &str = "docs/dependencies.md";
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// What `cargo metadata` tells of a package.
#[derive(Deserialize)]
pub struct Package {
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Deny {
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<String>,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WebPackage {
    #[serde(default)]
    dependencies: BTreeMap<String, String>,
    #[serde(default)]
    dev_dependencies: BTreeMap<String, String>,
}

/// Every package that the workspace is built from.
///
/// # Errors
/// cargo cannot tell.
pub fn packages(root: &Path) -> Result<Vec<Package>, Failure> {
    let told = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root)
        .output()?;
    if !told.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&told.stderr)).into());
    }
    Ok(serde_json::from_slice::<Metadata>(&told.stdout)?.packages)
}

/// Everything that the review misses or `deny.toml` forbids.
///
/// # Errors
/// `deny.toml` or `web/package.json` cannot be read.
pub fn check(tree: &Tree, packages: &[Package]) -> Result<Vec<Finding>, Failure> {
    let mut found = Vec::new();
    let deny: Deny = toml::from_str(tree.text("deny.toml").ok_or("there is no deny.toml")?)?;
    let allowed: Vec<&str> = deny.licenses.allow.iter().map(String::as_str).collect();
    for package in packages {
        let place = format!("{} {}", package.name, package.version);
        let license = package.license.as_deref().unwrap_or_default();
        if !licence::is_allowed(license, &allowed) {
            found.push(Finding::new(&place, format!("its licence `{license}` is not allowed by deny.toml")));
        }
        if deny.bans.deny.contains(&package.name) {
            found.push(Finding::new(&place, "is banned by deny.toml"));
        }
        if package.source.as_deref().is_some_and(|source| source != REGISTRY) {
            found.push(Finding::new(&place, "comes from elsewhere than the public registry"));
        }
    }
    let review = tree.text(REVIEW).unwrap_or_default();
    let listed = listed(review, "## Rust");
    compare(&direct(tree), listed.keys().copied().collect(), &mut found);
    for (name, license) in listed {
        let told: BTreeSet<&str> = packages
            .iter()
            .filter(|package| package.name == name)
            .filter_map(|package| package.license.as_deref())
            .collect();
        if !told.is_empty() && !told.contains(license) {
            found.push(Finding::new(REVIEW, format!("the licence of `{name}` is {told:?}, not `{license}`")));
        }
    }
    let web: WebPackage = serde_json::from_str(tree.text("web/package.json").unwrap_or("{}"))?;
    let names = web.dependencies.into_keys().chain(web.dev_dependencies.into_keys()).collect();
    compare(&names, self::listed(review, "## Web").into_keys().collect(), &mut found);
    Ok(found)
}

/// Names of the foreign crates that ours name.
fn direct(tree: &Tree) -> BTreeSet<String> {
    let ours: BTreeSet<&str> = tree.crates.iter().map(|one| one.name.as_str()).collect();
    let tables = ["dependencies", "dev-dependencies", "build-dependencies"];
    let all = tree.crates.iter().flat_map(|one| tables.into_iter().flat_map(|table| one.dependencies(table)));
    all.map(|(name, _)| name).filter(|name| !ours.contains(name)).map(str::to_owned).collect()
}

/// Rows `| name | licence | why |` under a heading: name and licence.
fn listed<'a>(review: &'a str, heading: &str) -> BTreeMap<&'a str, &'a str> {
    let section = review
        .lines()
        .skip_while(|line| *line != heading)
        .skip(1)
        .take_while(|line| !line.starts_with("## "));
    section
        .filter_map(|line| {
            let mut cells = line.strip_prefix('|')?.split('|').map(|cell| cell.trim().trim_matches('`'));
            let (name, license, why) = (cells.next()?, cells.next()?, cells.next()?);
            (!why.is_empty() && !name.starts_with('-') && name != "what").then_some((name, license))
        })
        .collect()
}

fn compare(used: &BTreeSet<String>, listed: BTreeSet<&str>, found: &mut Vec<Finding>) {
    let used: BTreeSet<&str> = used.iter().map(String::as_str).collect();
    for name in used.difference(&listed) {
        found.push(Finding::new(REVIEW, format!("`{name}` is used and not listed: what licence, and why?")));
    }
    for name in listed.difference(&used) {
        found.push(Finding::new(REVIEW, format!("`{name}` is listed and not used")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_under_their_heading() {
        let review = "# A\n## Rust\n\n| what | licence | why |\n|---|---|---|\n| `bytes` | MIT | shared bytes |\n| `no` | MIT | |\n## Web\n| `react` | MIT | x |\n";
        assert_eq!(listed(review, "## Rust"), BTreeMap::from([("bytes", "MIT")]));
        assert_eq!(listed(review, "## Web"), BTreeMap::from([("react", "MIT")]));
    }

    #[test]
    fn what_is_used_and_what_is_listed_must_agree() {
        let mut found = Vec::new();
        compare(&BTreeSet::from(["a".to_owned(), "b".to_owned()]), BTreeSet::from(["b", "c"]), &mut found);
        let found: Vec<String> = found.iter().map(|one| one.what.clone()).collect();
        assert_eq!(
            found,
            ["`a` is used and not listed: what licence, and why?", "`c` is listed and not used"]
        );
    }
}
