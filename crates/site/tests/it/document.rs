//! The committed API document is the one that the handlers make. `UPDATE_EXPECT=1` writes it anew.

#[test]
fn the_committed_document_is_that_of_the_handlers() {
    let mut document = site::openapi().to_pretty_json().unwrap();
    document.push('\n');
    expect_test::expect_file!["../../../../openapi/site.json"].assert_eq(&document);
}
