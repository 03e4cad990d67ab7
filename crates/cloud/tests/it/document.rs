//! The committed API document is the one that the handlers make. `UPDATE_EXPECT=1` writes it anew.

#[test]
fn the_committed_document_of_the_cloud_is_that_of_the_handlers() {
    expect_test::expect_file!["../../../../openapi/cloud.json"].assert_eq(&cloud::document().unwrap());
}
