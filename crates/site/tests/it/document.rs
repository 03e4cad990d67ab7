//! The committed API document is the one that the handlers make. `UPDATE_EXPECT=1` writes it anew.

#[test]
fn the_committed_document_is_that_of_the_handlers() {
    expect_test::expect_file!["../../../../openapi/site.json"].assert_eq(&site::document().unwrap());
}

#[test]
fn the_committed_list_of_privileges_is_that_of_the_code() {
    expect_test::expect_file!["../../../../docs/reference/privileges.md"]
        .assert_eq(&site::privileges_reference());
}

#[test]
fn every_reference_in_the_document_leads_somewhere() {
    let document = serde_json::to_value(site::openapi()).unwrap();
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document.pointer(reference).is_some(), "there is no {reference}");
    }
}
