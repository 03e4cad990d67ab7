//! Habits of the tree that no compiler checks: modules that say what they are, files that can be read in one sitting,
//! nothing left half done, links that lead somewhere.
//!
//! What is not here: style that `rustfmt`, `clippy` or `oxlint` check, and who may import whom (`layering`).

use std::collections::BTreeMap;
use std::path::Path;

use crate::Finding;
use crate::tree::Tree;

/// No source file is longer than this, without exception.
pub const MAX_LINES: usize = 800;

/// Written in two halves, so that this file is no finding of its own.
const UNFINISHED: &[&str] = &[
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
    concat!("coming ", "soon"),
];
const SET_ASIDE: &[&str] = &[
    concat!("#[ig", "nore"),
    concat!("it.sk", "ip("),
    concat!("test.sk", "ip("),
    concat!("describe.sk", "ip("),
    concat!("it.on", "ly("),
    concat!("test.on", "ly("),
    concat!("describe.on", "ly("),
];
const SAYS_SKIPPED: &[&str] = &[concat!("\"SKIP", "PED"), concat!("\"skip", "ped")];
const SKIP_LOG: &str = "MARTELLO_SKIP_LOG";
const PLACES: &[&str] = &[concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/wo", "rk/")];
const MEANINGLESS: &[&str] = &["common", "util", "utils", "core", "types", "helpers", "misc"];

/// Words that the glossary must explain.
pub const WORDS: &[&str] = &[
    "capture time",
    "certificate ID",
    "client",
    "decode time",
    "device",
    "fragment",
    "gap",
    "GOP",
    "init segment",
    "key frame",
    "main stream",
    "parameter sets",
    "pre-roll",
    "record",
    "run",
    "sample",
    "segment",
    "sighting",
    "site",
    "site server",
    "sub stream",
    "tile",
    "timescale",
    "track",
    "volume",
    "wall time",
];

/// Libraries that are not ours, with changes that their own documents list: they keep their own habits.
const VENDORED: &str = "vendor/";

/// Everything that breaks a habit.
#[must_use]
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for (path, text) in tree.files.iter().filter(|(path, _)| !path.starts_with(VENDORED)) {
        if is_source(path) {
            source(path, text, &mut found);
        }
        if path.ends_with(".md") {
            links(&tree.root, path, text, &mut found);
        }
        if path != "LICENSE" {
            each_line(path, text, PLACES, "names a directory of somebody's machine", &mut found);
        }
    }
    manifests(tree, &mut found);
    locks(tree, &mut found);
    invariants(tree, &mut found);
    glossary(tree.text("docs/glossary.md").unwrap_or_default(), &mut found);
    decisions(tree, &mut found);
    found
}

/// Whether people write this file and read it as code.
fn is_source(path: &str) -> bool {
    const ENDINGS: &[&str] = &["rs", "ts", "tsx", "css", "py", "sh", "mjs"];
    let ending = Path::new(path).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ENDINGS.contains(&ending) && !path.contains("/generated/")
}

fn source(path: &str, text: &str, found: &mut Vec<Finding>) {
    let lines = text.lines().count();
    if lines > MAX_LINES {
        found.push(Finding::new(path, format!("{lines} lines; a file has at most {MAX_LINES}: split it")));
    }
    if path.ends_with(".rs") && !text.starts_with("//!") {
        found.push(Finding::new(path, "a module begins with `//!`: what it is and what it is not"));
    }
    if path.ends_with(".rs")
        && SAYS_SKIPPED.iter().any(|words| text.contains(words))
        && !text.contains(SKIP_LOG)
    {
        found.push(Finding::new(
            path,
            format!("a test that cannot run also says so in {SKIP_LOG} (see CONTRIBUTING.md)"),
        ));
    }
    each_line(path, text, UNFINISHED, "is unfinished by its own words", found);
    each_line(
        path,
        text,
        SET_ASIDE,
        "sets a test aside; a test that cannot run says so (see CONTRIBUTING.md)",
        found,
    );
}

fn each_line(path: &str, text: &str, words: &[&str], what: &str, found: &mut Vec<Finding>) {
    for (number, line) in text.lines().enumerate() {
        if let Some(word) = words.iter().find(|word| line.contains(**word)) {
            found.push(Finding::new(format!("{path}:{}", number + 1), format!("`{word}` {what}")));
        }
    }
}

/// The targets of inline links `](target)` outside of code.
fn link_targets(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().flat_map(move |(number, line)| {
        fenced ^= line.trim_start().starts_with("```");
        let line = if fenced { "" } else { line };
        line.match_indices("](").filter_map(move |(at, _)| {
            let rest = line.get(at + 2..)?;
            Some((number + 1, rest.split([')', ' ']).next()?))
        })
    })
}

fn links(root: &Path, path: &str, text: &str, found: &mut Vec<Finding>) {
    let directory = Path::new(path).parent().unwrap_or(Path::new(""));
    for (number, target) in link_targets(text) {
        let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
        if target.contains("://") || target.starts_with("mailto:") {
            continue;
        }
        let aim = if file.is_empty() { root.join(path) } else { root.join(directory).join(file) };
        let place = format!("{path}:{number}");
        if !aim.exists() {
            found.push(Finding::new(place, format!("the link to {target} leads nowhere")));
        } else if !anchor.is_empty() && aim.extension().is_some_and(|ending| ending == "md") {
            let there = std::fs::read_to_string(&aim).unwrap_or_default();
            if !there.lines().filter(|line| line.starts_with('#')).any(|line| anchor_of(line) == anchor) {
                found.push(Finding::new(place, format!("there is no heading #{anchor} in {target}")));
            }
        }
    }
}

/// The anchor that renderers of Markdown give a heading.
fn anchor_of(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn manifests(tree: &Tree, found: &mut Vec<Finding>) {
    let inherits = |value: Option<&toml::Value>| {
        value.and_then(|value| value.get("workspace")).and_then(toml::Value::as_bool) == Some(true)
    };
    for one in &tree.crates {
        let place = format!("crates/{}/Cargo.toml", one.name);
        let package = one.manifest.get("package");
        if package.and_then(|package| package.get("name")).and_then(toml::Value::as_str) != Some(&one.name) {
            found.push(Finding::new(&place, "a crate is called like its directory"));
        }
        if MEANINGLESS.contains(&one.name.as_str()) {
            found.push(Finding::new(&place, "a crate is called after what it hides, not `util` or the like"));
        }
        for key in ["version", "edition", "rust-version", "license", "publish"] {
            if !inherits(package.and_then(|package| package.get(key))) {
                found.push(Finding::new(&place, format!("`{key}` is inherited from the workspace")));
            }
        }
        if !inherits(one.manifest.get("lints")) {
            found.push(Finding::new(&place, "lints are inherited from the workspace"));
        }
        for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (name, value) in one.dependencies(table).filter(|(_, value)| !inherits(Some(*value))) {
                let what = format!(
                    "the version of `{name}` belongs into the workspace's manifest, not here: {value}"
                );
                found.push(Finding::new(&place, what));
            }
        }
    }
}

/// Lock files name Cargo's public index, and no registry of npm packages at all.
fn locks(tree: &Tree, found: &mut Vec<Finding>) {
    const INDEX: &str = "registry+https://github.com/rust-lang/crates.io-index\"";
    const LOCKS: &[(&str, &str, Option<&str>)] = &[
        ("Cargo.lock", "source = \"", Some(INDEX)),
        ("fuzz/Cargo.lock", "source = \"", Some(INDEX)),
        ("web/package-lock.json", "\"resolved\": \"", None),
    ];
    for (path, key, public) in LOCKS {
        for (number, line) in tree.text(path).unwrap_or_default().lines().enumerate() {
            let named = line.split_once(key).map(|(_, value)| value);
            if named.is_some_and(|value| public.is_none_or(|public| !value.starts_with(public))) {
                found.push(Finding::new(
                    format!("{path}:{}", number + 1),
                    "names a registry that is not the public one",
                ));
            }
        }
    }
}

/// Each word has an entry `**word**` at the start of a table row or line.
fn glossary(text: &str, found: &mut Vec<Finding>) {
    for word in WORDS {
        let entry = format!("**{word}**");
        if !text.lines().any(|line| line.trim_start_matches(['|', ' ', '-']).starts_with(&entry)) {
            found.push(Finding::new("docs/glossary.md", format!("`{word}` has no entry")));
        }
    }
}

/// Every invariant of ARCHITECTURE.md and every rule of docs/security.md names tests that exist.
fn invariants(tree: &Tree, found: &mut Vec<Finding>) {
    let text = tree.text("ARCHITECTURE.md").unwrap_or_default();
    let section = text.lines().enumerate().skip_while(|(_, line)| *line != "## Invariants").skip(1);
    let section = section.take_while(|(_, line)| !line.starts_with("## "));
    named_tests(tree, "ARCHITECTURE.md", section, found);
    let rules = tree.text("docs/security.md").unwrap_or_default();
    named_tests(tree, "docs/security.md", rules.lines().enumerate(), found);
}

/// The last column of a table's lines names tests: functions, or sentences of the browser's tests.
fn named_tests<'a>(
    tree: &Tree,
    file: &str,
    lines: impl Iterator<Item = (usize, &'a str)>,
    found: &mut Vec<Finding>,
) {
    for (number, line) in lines {
        let Some((_, held_by)) = line.trim_end_matches(['|', ' ']).rsplit_once('|') else { continue };
        for test in held_by.split('`').skip(1).step_by(2) {
            let (ending, begin) = if test.contains(' ') {
                (".ts", format!("test(\"{test}\""))
            } else {
                (".rs", format!("fn {test}("))
            };
            if !tree.files.iter().any(|(path, text)| path.ends_with(ending) && text.contains(&begin)) {
                let place = format!("{file}:{}", number + 1);
                found.push(Finding::new(place, format!("there is no test `{test}`")));
            }
        }
    }
}

/// Decisions are numbered without hole and begin with a title.
fn decisions(tree: &Tree, found: &mut Vec<Finding>) {
    let mut numbers: BTreeMap<u32, &str> = BTreeMap::new();
    for (path, text) in &tree.files {
        let Some(name) = path.strip_prefix("docs/design/") else { continue };
        let number = name.split_once('-').and_then(|(number, _)| number.parse().ok());
        match number {
            Some(number) if numbers.insert(number, path).is_none() => {}
            Some(_) => found.push(Finding::new(path, "two decisions have this number")),
            None => found.push(Finding::new(path, "a decision is called NNNN-what.md")),
        }
        if !text.starts_with("# ") {
            found.push(Finding::new(path, "a decision begins with its title"));
        }
    }
    for (expected, (number, path)) in (1..).zip(numbers) {
        if expected != number {
            found.push(Finding::new(path, format!("decision {expected} is missing before it")));
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(check: impl FnOnce(&mut Vec<Finding>)) -> Vec<String> {
        let mut found = Vec::new();
        check(&mut found);
        found.iter().map(Finding::to_string).collect()
    }

    #[test]
    fn a_module_without_its_head_is_found() {
        assert_eq!(
            found(|found| source("a.rs", "//! What it is.\nfn a() {}\n", found)),
            Vec::<String>::new()
        );
        assert_eq!(found(|found| source("a.rs", "fn a() {}\n", found)).len(), 1);
        assert_eq!(found(|found| source("a.ts", "export {}\n", found)).len(), 0);
    }

    #[test]
    fn a_long_file_is_found() {
        let text = format!("//! Long.\n{}", "\n".repeat(MAX_LINES));
        assert_eq!(
            found(|found| source("a.rs", &text, found)),
            ["a.rs: 801 lines; a file has at most 800: split it"]
        );
    }

    #[test]
    fn unfinished_and_set_aside_things_are_found_with_their_line() {
        let text = format!("//! A.\nfn a() {{ {} }}\n{}]\n", concat!("to", "do!()"), concat!("#[ig", "nore"));
        let found = found(|found| source("a.rs", &text, found));
        assert_eq!(found.len(), 2);
        assert!(found[0].starts_with("a.rs:2: "), "{found:?}");
        assert!(found[1].starts_with("a.rs:3: "), "{found:?}");
    }

    #[test]
    fn links_are_read_outside_of_code_only() {
        let text = "[a](b.md) and [c](d/e.md#f)\n```\n[no](x.md)\n```\n![picture](p.png \"title\")\n";
        let targets: Vec<_> = link_targets(text).collect();
        assert_eq!(targets, [(1, "b.md"), (1, "d/e.md#f"), (5, "p.png")]);
    }

    #[test]
    fn an_anchor_is_made_as_renderers_make_it() {
        assert_eq!(anchor_of("## Add a camera, by hand"), "add-a-camera-by-hand");
    }

    #[test]
    fn a_missing_word_of_the_glossary_is_found() {
        assert_eq!(found(|found| glossary("", found)).len(), WORDS.len());
        let all: String = WORDS.iter().map(|word| format!("| **{word}** | what it is |\n")).collect();
        assert_eq!(found(|found| glossary(&all, found)), Vec::<String>::new());
    }

    #[test]
    fn an_invariant_without_its_test_is_found() {
        let files = [
            (
                "ARCHITECTURE.md",
                "## Invariants\n\n| what | held by |\n|---|---|\n| a | `it_is`, `it_is_not` |\n## Next\n| b | `x` |\n",
            ),
            ("a.rs", "//! A.\nfn it_is() {}\n"),
        ];
        let files = files.map(|(path, text)| (path.to_owned(), text.to_owned())).to_vec();
        let tree = Tree { root: std::path::PathBuf::new(), files, crates: Vec::new() };
        let found = found(|found| invariants(&tree, found));
        assert_eq!(found, ["ARCHITECTURE.md:5: there is no test `it_is_not`"]);
    }
}
