//! The checks of the tree as ordinary tests.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod corpora;

use xtask::tree::{Tree, root};
use xtask::{Finding, dependencies, layering, tidy};

fn tree() -> Tree {
    Tree::read(&root()).unwrap()
}

#[track_caller]
fn nothing(found: &[Finding]) {
    let found: Vec<String> = found.iter().map(Finding::to_string).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn the_tree_is_tidy() {
    nothing(&tidy::check(&tree()));
}

#[test]
fn crates_import_only_what_the_table_allows() {
    nothing(&layering::check(&tree()));
}

#[test]
fn every_dependency_is_reviewed_and_its_licence_allowed() {
    let tree = tree();
    let packages = dependencies::packages(&tree.root).unwrap();
    nothing(&dependencies::check(&tree, &packages).unwrap());
}
