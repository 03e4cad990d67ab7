//! Asking found devices themselves, without credentials.
//!
//! What is here: state of setup, model, serial number and version of every device that seems to speak VAPIX, several at a
//! time and with little patience. What is not here: sign-in.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use url::Url;

use super::{Found, serial};
use crate::vapix::{Access, Device};

/// How many devices are asked at the same time.
const AT_ONCE: usize = 16;
/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// The same devices, knowing more of those that answer. Order is kept.
pub async fn enrich(found: Vec<Found>) -> Vec<Found> {
    stream::iter(found).map(one).buffered(AT_ONCE).collect().await
}

async fn one(mut found: Found) -> Found {
    if !found.vapix {
        return found;
    }
    let Ok(base) = Url::parse(&found.http_url) else { return found };
    let Ok(device) = Device::new(Access { patience: PATIENCE, ..Access::anonymous(base) }) else {
        return found;
    };
    match device.system_ready().await {
        Ok(state) => found.needs_setup = state.needs_setup.unwrap_or(false),
        Err(error) => tracing::debug!(address = %found.address, %error, "does not tell whether it is set up"),
    }
    match device.device_info().await {
        Ok(info) => {
            let take = |text: String, old: Option<String>| if text.is_empty() { old } else { Some(text) };
            if let Some(number) = serial(&info.serial) {
                found.key.clone_from(&number);
                found.serial = Some(number);
            }
            found.model = take(info.model, found.model);
            found.brand = take(info.brand, found.brand);
            found.firmware = take(info.firmware, found.firmware);
            if found.name == found.address.to_string() && !info.full_name.is_empty() {
                found.name = info.full_name;
            }
        }
        Err(error) => tracing::debug!(address = %found.address, %error, "does not tell what it is"),
    }
    found
}
