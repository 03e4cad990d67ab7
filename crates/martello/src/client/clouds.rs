//! What this person keeps of clouds: where they are, the token there, and the certificate IDs of sites that the person has
//! compared. One file that only its owner can read.
//!
//! What is not here: signing in (`cloud`), the servers that are reached without a cloud (`servers`).

use std::{collections::BTreeMap, path::Path};

use model::{Secret, SiteId};
use serde::{Deserialize, Serialize};
use trust::CertificateId;

use super::{Failure, Outcome, private_file};

/// Most clouds, and most sites.
const MAX: usize = 1000;

/// A cloud of the list.
#[derive(Clone, Debug)]
pub(super) struct KnownCloud {
    /// `https://HOST[:PORT]`.
    pub url: String,
    /// Whose certificate is taken.
    pub certificate_id: CertificateId,
    /// None: not signed in.
    pub token: Option<Secret<String>>,
}

/// The file.
#[derive(Clone, Debug, Default)]
pub(super) struct Clouds {
    /// Newest first.
    pub clouds: Vec<KnownCloud>,
    /// The sites whose certificate ID was compared.
    pub sites: BTreeMap<SiteId, CertificateId>,
}

/// As it is kept.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    #[serde(default, rename = "cloud")]
    clouds: Vec<KeptCloud>,
    #[serde(default, rename = "site")]
    sites: Vec<CertificateId>,
}

/// As it is kept: the one place where the token leaves its wrapper.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptCloud {
    url: String,
    certificate_id: CertificateId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

impl Clouds {
    /// What is kept; nothing where there is no file.
    pub fn load(path: &Path) -> Outcome<Self> {
        let failed = |reason: &str| Failure::failed(format!("cannot use {}: {reason}", path.display()));
        let Some(text) = private_file::load(path).map_err(|e| failed(&e.to_string()))? else {
            return Ok(Self::default());
        };
        // The error's own text would quote the line, which may hold a token.
        let kept: Kept = toml::from_str(&text)
            .map_err(|_| failed("it is damaged; move it away and sign in at the cloud again"))?;
        let read = |one: KeptCloud| KnownCloud {
            url: one.url,
            certificate_id: one.certificate_id,
            token: one.token.map(Secret::new),
        };
        Ok(Self {
            clouds: kept.clouds.into_iter().map(read).collect(),
            sites: kept.sites.into_iter().map(|id| (id.site_id(), id)).collect(),
        })
    }

    /// Stores it, in place of what was kept before.
    pub fn store(&self, path: &Path) -> Outcome {
        let written = |one: &KnownCloud| KeptCloud {
            url: one.url.clone(),
            certificate_id: one.certificate_id,
            token: one.token.as_ref().map(|token| token.expose().clone()),
        };
        let kept = Kept {
            clouds: self.clouds.iter().map(written).collect(),
            sites: self.sites.values().copied().collect(),
        };
        let stored = toml::to_string(&kept)
            .map_err(std::io::Error::other)
            .and_then(|text| private_file::store(path, &text));
        stored.map_err(|e| Failure::failed(format!("cannot store {}: {e}", path.display())))
    }

    /// Puts a cloud first, in place of what was known of it.
    pub fn put(&mut self, cloud: KnownCloud) {
        self.clouds.retain(|one| one.url != cloud.url);
        self.clouds.insert(0, cloud);
        self.clouds.truncate(MAX);
    }

    /// Remembers that somebody has compared this certificate ID.
    pub fn pin(&mut self, id: CertificateId) -> Outcome {
        if self.sites.len() >= MAX && !self.sites.contains_key(&id.site_id()) {
            return Err(Failure::failed(format!("a list has {MAX} sites at most")));
        }
        self.sites.insert(id.site_id(), id);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again_and_the_cloud_used_last_is_first() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("martello/clouds.toml");
        let id: CertificateId = "1".repeat(64).parse().unwrap();
        let cloud = |url: &str| KnownCloud {
            url: url.to_owned(),
            certificate_id: id,
            token: Some(Secret::new(format!("token of {url}"))),
        };
        let mut clouds = Clouds::load(&path).unwrap();
        clouds.put(cloud("https://a"));
        clouds.put(cloud("https://b"));
        clouds.put(cloud("https://a"));
        clouds.pin(id).unwrap();
        clouds.store(&path).unwrap();
        let read = Clouds::load(&path).unwrap();
        assert_eq!(read.clouds.len(), 2);
        assert_eq!(read.clouds[0].url, "https://a");
        assert_eq!(read.clouds[1].token.as_ref().unwrap().expose(), "token of https://b");
        assert_eq!(read.sites.get(&id.site_id()), Some(&id));
        std::fs::write(&path, "[[cloud]]\nurl = 1").unwrap();
        assert!(Clouds::load(&path).unwrap_err().to_string().contains("damaged"));
    }
}
