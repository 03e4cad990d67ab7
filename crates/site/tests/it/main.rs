//! Integration tests of the site.

mod document;
