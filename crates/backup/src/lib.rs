//! The file that a backup is: named entries, sealed under a passphrase. Whole or refused: a byte that was changed, a piece that
//! is missing, and another passphrase end in an error, and nothing is given out that was not checked.
//!
//! What is not here: which files of a site are in it, and where they go (the site). The form of the file is
//! documented in `docs/reference/backup.md`. Randomness is an argument.

mod entries;
mod passphrase;
mod sealed;

pub use entries::{Entry, MAX_NAME, Reader, Writer};
pub use passphrase::{Cost, MIN_CHARS, PassphraseError};
pub use sealed::{HEADER_LEN, MAGIC, RANDOM_LEN};

/// Seals any bytes as the content of a backup, entries or not: what somebody could write who knows a passphrase. A backup is
/// written by [`Writer`]; this is for tests of [`Reader`].
pub fn seal(
    content: &[u8],
    passphrase: &model::Secret<String>,
    cost: Cost,
    random: &[u8; RANDOM_LEN],
) -> Result<Vec<u8>, Error> {
    let mut seal = sealed::Seal::begin(Vec::new(), passphrase, cost, random)?;
    seal.write(content)?;
    seal.end()
}

/// Why a backup cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file below cannot be read or written.
    #[error("the backup cannot be read or written")]
    Io(#[from] std::io::Error),
    /// It is none.
    #[error("this is not a backup of a Martello site")]
    NotABackup,
    /// It is one of a newer release.
    #[error("this backup has the form {found}, this release knows form 1: use the newer release")]
    TooNew {
        /// Form of the file.
        found: u8,
    },
    /// What it asks for to make a key is not what any release writes.
    #[error("the head of the backup is damaged")]
    Head,
    /// The first piece cannot be opened.
    #[error("the passphrase is not the backup's, or the backup was changed")]
    Passphrase,
    /// A later piece cannot be opened.
    #[error("the backup is torn or was changed: nothing of it can be used")]
    Damaged,
    /// What was sealed has not the expected form.
    #[error("the entries of the backup cannot be read")]
    Entries,
    /// The passphrase cannot be taken.
    #[error(transparent)]
    Refused(#[from] PassphraseError),
}
