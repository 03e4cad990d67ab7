//! Who did what: every request that changes something, and every refusal of one, becomes an entry.

use catalog::cloud::audit::CloudDeed;
use model::clock::wall_now;

use crate::App;

impl App {
    /// Adds an entry; where it cannot be kept, it is at least in the log.
    pub(crate) async fn note(&self, deed: CloudDeed) {
        tracing::info!(
            operation = deed.operation,
            who = deed.who,
            address = deed.address,
            outcome = deed.outcome,
            "audit"
        );
        if let Err(failure) = self.catalog(move |catalog| catalog.note_deed(&deed)).await {
            tracing::error!(title = failure.0.title, "an entry of the audit log was not kept");
        }
    }

    /// Something that a site did, not a person.
    pub(crate) async fn note_of_site(
        &self,
        organization: model::OrganizationId,
        site: model::SiteId,
        operation: &str,
        outcome: &str,
    ) {
        self.note(CloudDeed {
            at: wall_now(),
            organization: Some(organization),
            account: None,
            who: format!("site {site}"),
            address: String::new(),
            operation: operation.to_owned(),
            target: site.to_string(),
            outcome: outcome.to_owned(),
        })
        .await;
    }
}
