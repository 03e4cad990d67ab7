//! A site goes on with another key: the one in its data directory is replaced by a new one, which the old one signs.
//!
//! What is not here: what a rotation is worth (`trust::rotation`), and a lost key: then there is nothing to sign with, and the
//! next start makes another site.

use std::{
    io,
    path::{Path, PathBuf},
};

use catalog::{Catalog, audit::Entry};
use model::{SiteId, WallTime};
use serde::Serialize;
use trust::CertificateId;

use crate::{
    identity::{self, IdentityError},
    in_use, machine, principal,
};

/// Why a key is not rotated. Then nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// There is no site.
    #[error("{0} is not the data directory of a site: it has no identity.key")]
    NoSite(PathBuf),
    /// It runs.
    #[error("a site is running on {0}: stop it first, and start it afterwards")]
    Running(PathBuf),
    /// The directory cannot be used.
    #[error("{path} cannot be used")]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The key cannot be read or written.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The key cannot be rotated once more.
    #[error("the key cannot be rotated")]
    Key(#[from] trust::KeyError),
    /// It cannot be noted in the audit log.
    #[error("the audit log cannot be written")]
    Catalog(#[from] catalog::Error),
}

/// What was done.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Rotated {
    /// The site, which stays the same.
    pub site: SiteId,
    /// Its certificate ID before.
    pub from: CertificateId,
    /// Its certificate ID from now on.
    pub to: CertificateId,
}

/// Gives the site with this data directory a new key. It must not run. Blocking.
///
/// # Errors
/// See [`RotateError`].
pub fn rotate(data: &Path, now: WallTime) -> Result<Rotated, RotateError> {
    if !data.join("identity.key").is_file() {
        return Err(RotateError::NoSite(data.to_owned()));
    }
    let _in_use = in_use::take(data).map_err(|source| match source.kind() {
        io::ErrorKind::WouldBlock => RotateError::Running(data.to_owned()),
        _ => RotateError::Directory { path: data.to_owned(), source },
    })?;
    let old = identity::load_or_create(data)?;
    let new = old.rotate(identity::new()?, now)?;
    let rotated = Rotated { site: new.site_id(), from: old.certificate_id(), to: new.certificate_id() };
    let catalog = Catalog::open(&data.join("catalog.sqlite"), identity::load_or_create_seal_key(data)?)?;
    catalog.add_audit(&[entry(&rotated, now)])?;
    drop(catalog);
    identity::replace(data, &new)?;
    Ok(rotated)
}

/// As the audit log tells it.
fn entry(rotated: &Rotated, now: WallTime) -> Entry {
    let uid = nix::unistd::Uid::current().as_raw();
    Entry {
        at: now,
        user: None,
        name: machine::account(uid),
        address: principal::at_machine(uid),
        kind: "configuration".to_owned(),
        action: "identity_rotate".to_owned(),
        target: rotated.to.to_string(),
        outcome: "done".to_owned(),
        detail: format!("before: {}", rotated.from),
    }
}
