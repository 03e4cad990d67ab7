//! What a volume is: `volume.json`, and whose it is: its maker's, until another site adopts it by a signed note.
//!
//! What is not here: what lies on it.

use std::io;

use model::{SiteId, VolumeId, WallTime};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Options,
    disk::{Disk, File},
    journal::{self, Journal},
    layout::{ADOPTIONS_FILE, VOLUME_FILE},
    sign::{Purpose, Signer, Verifier},
};

/// The format that this version writes.
pub const FORMAT: u32 = 1;
const MAX_LEN: usize = 4096;

/// The content of `volume.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// Which format its segments and journals have.
    pub format: u32,
    /// The volume.
    pub volume: VolumeId,
    /// The site that made it.
    pub site: SiteId,
    /// When.
    pub created: WallTime,
}

impl Volume {
    /// Reads the description; nothing where there is none.
    pub fn read(disk: &impl Disk) -> Result<Option<Self>, Error> {
        let file = match disk.open(VOLUME_FILE) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(Error::OpenVolume)?,
        };
        let mut bytes = vec![0; MAX_LEN];
        let len = file.read_at(0, &mut bytes).map_err(Error::OpenVolume)?;
        let volume: Self = serde_json::from_slice(bytes.get(..len).unwrap_or_default())
            .map_err(|error| Error::NotAVolume { path: VOLUME_FILE, what: error.to_string() })?;
        if volume.format != FORMAT {
            let what = format!("format {} instead of {FORMAT}", volume.format);
            return Err(Error::NotAVolume { path: VOLUME_FILE, what });
        }
        Ok(Some(volume))
    }

    /// Writes the description.
    pub fn write(&self, disk: &impl Disk) -> Result<(), Error> {
        let json = serde_json::to_vec_pretty(self).map_err(|error| Error::OpenVolume(error.into()))?;
        disk.replace(VOLUME_FILE, &json).map_err(Error::OpenVolume)
    }
}

/// An entry of the journal of adoptions.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Adoption {
    at: WallTime,
    /// The site that writes to the volume from now on.
    pub(crate) site: SiteId,
    /// Who said so.
    by: String,
}

impl Volume {
    /// Whether that site may write to it: it made it, or was the last one to adopt it.
    pub(crate) fn belongs_to<D: Disk>(&self, disk: &D, options: &Options) -> Result<bool, Error> {
        let verifier = options.verifier.as_deref().map(|verifier| verifier as &dyn Verifier);
        let notes = journal::read_only::<D, Adoption>(disk, ADOPTIONS_FILE, verifier)?;
        // A site may have had another key when it adopted the volume: the verifier knows whose a key is.
        let own = |last: &journal::Signed| {
            last.public_key == options.signer.public_key()
                || verifier.is_some_and(|verifier| {
                    let journal::Signed { hash, public_key, signature } = last;
                    verifier.holds_for(options.site, public_key, Purpose::JournalEntry, hash, signature)
                })
        };
        Ok(match notes.entries.last() {
            Some(note) => note.site == options.site && notes.signed.last().is_some_and(own),
            None => self.site == options.site,
        })
    }
}

/// Makes the volume that site's: a signed note says so. Durable on return.
pub fn adopt<D: Disk>(
    disk: &D,
    site: SiteId,
    signer: &dyn Signer,
    by: &str,
    now: WallTime,
) -> Result<(), Error> {
    let (mut journal, _) = Journal::open::<D, Adoption>(disk, ADOPTIONS_FILE)?;
    journal.append(disk, signer, &Adoption { at: now, site, by: by.to_owned() })
}
