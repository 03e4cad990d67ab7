//! How the settings stand in the catalog: secrets sealed beside the JSON. Not which settings are allowed.

use std::collections::BTreeMap;

use api::notification::Notifications;
use catalog::{Catalog, setting::Setting};

const NAME: &str = "notifications";
const MAIL: &str = "mail.password";
const WEBHOOK: &str = "webhook.secret";

/// The settings with their secrets; the default where nothing was ever set. Blocking.
///
/// # Errors
/// The catalog cannot be read.
pub fn kept(catalog: &Catalog) -> catalog::Result<Notifications> {
    let Some(Setting { value, mut secrets }) = catalog.setting(NAME)? else {
        return Ok(Notifications::default());
    };
    let mut settings: Notifications = serde_json::from_value(value).unwrap_or_else(|error| {
        tracing::error!(%error, "where alarms are sent cannot be read: set it up again");
        Notifications::default()
    });
    if let Some(mail) = &mut settings.mail {
        mail.password = secrets.remove(MAIL).map(model::Secret::into_inner);
    }
    if let Some(webhook) = &mut settings.webhook {
        webhook.secret = secrets.remove(WEBHOOK).map(model::Secret::into_inner);
    }
    Ok(settings)
}

/// Keeps the settings as they are, secrets sealed. Blocking.
///
/// # Errors
/// The catalog cannot be written, or a value is too long for it.
pub fn keep(catalog: &Catalog, settings: &Notifications) -> catalog::Result<()> {
    let mut open = settings.clone();
    let mut secrets = BTreeMap::new();
    let password = open.mail.as_mut().and_then(|mail| mail.password.take());
    let secret = open.webhook.as_mut().and_then(|webhook| webhook.secret.take());
    for (name, secret) in [(MAIL, password), (WEBHOOK, secret)] {
        secrets.extend(secret.map(|secret| (name.to_owned(), secret.into())));
    }
    let value = serde_json::to_value(open).unwrap_or_default();
    catalog.change_setting(NAME, |_| Setting { value, secrets }).map(drop)
}

/// New settings with the old secrets where they were left out. An old secret goes only to whom it was given for:
/// the same user of the same mail server, the same web address.
#[must_use]
pub fn with_kept_secrets(mut new: Notifications, old: &Notifications) -> Notifications {
    if let (Some(new), Some(old)) = (&mut new.mail, &old.mail)
        && new.password.is_none()
        && (&new.host, new.port, &new.user) == (&old.host, old.port, &old.user)
        && new.security == old.security
    {
        new.password.clone_from(&old.password);
    }
    if let (Some(new), Some(old)) = (&mut new.webhook, &old.webhook)
        && new.secret.is_none()
        && new.url == old.url
    {
        new.secret.clone_from(&old.secret);
    }
    new
}
