//! What the cloud promises without a network. Whole clouds are tested in `e2e`.
#![allow(clippy::unwrap_used, reason = "tests")]

mod document;
