//! What can go wrong with the catalog.

use std::{io, path::PathBuf};

use crate::{password::PasswordError, value::NoRandomness};

/// Result of a call to the catalog.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be made.
    #[error("the database {path:?} cannot be made")]
    Create {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file could not be opened as a database.
    #[error("the database {path:?} cannot be opened")]
    Open {
        /// Where.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// It is a database of something else.
    #[error("this database is not a Martello catalog")]
    NotACatalog,
    /// It was written by a newer release.
    #[error(
        "the database has schema {found}, this release knows schemas up to {known}: use the newer release"
    )]
    TooNew {
        /// Schema of the file.
        found: i64,
        /// Newest schema known.
        known: i64,
    },
    /// A migration failed; the database is as it was.
    #[error("the database could not be brought to schema {to}")]
    Migrate {
        /// The schema that it should have got.
        to: i64,
        /// Why.
        source: rusqlite::Error,
    },
    /// Secrets in the database were sealed with another key.
    #[error("the key file does not belong to this database: restore the key that was backed up with it")]
    WrongKey,
    /// A value could not be sealed.
    #[error("the {what} cannot be sealed")]
    Seal {
        /// Which value.
        what: &'static str,
    },
    /// A sealed value cannot be opened: damaged, or moved from another row.
    #[error("the sealed {what} is damaged")]
    Unseal {
        /// Which value.
        what: &'static str,
    },
    /// The operating system gave no random bytes.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// Reading failed.
    #[error("the database cannot be read")]
    Read(#[source] rusqlite::Error),
    /// Writing failed.
    #[error("the database cannot be written")]
    Write(#[source] rusqlite::Error),
    /// The database of a cloud refused something.
    #[error("the database cannot be used")]
    Sql(#[source] crate::cloud::SqlError),
    /// It is no e-mail address.
    #[error("this is not an e-mail address")]
    Email,
    /// A value is shorter or longer than allowed.
    #[error("the {what} must have {min} to {max} bytes")]
    Size {
        /// Which value.
        what: &'static str,
        /// Fewest bytes.
        min: usize,
        /// Most bytes.
        max: usize,
    },
    /// There are as many as there may be.
    #[error("there are {max} {what} already, which is the most")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        max: usize,
    },
    /// A name has characters that cannot stand in a name.
    #[error("the name has characters that cannot stand in a name")]
    Name,
    /// Something still uses it.
    #[error("the {0} is in use")]
    InUse(&'static str),
    /// The name is taken.
    #[error("the name is taken")]
    NameTaken,
    /// The password cannot be taken.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The site has its administrator already.
    #[error("the site has its first administrator already")]
    AlreadySetUp,
    /// The setup code is wrong, used up or too old.
    #[error("the setup code is wrong or used up")]
    WrongSetupCode,
    /// Nobody would be left who can administrate.
    #[error("the last administrator cannot be removed")]
    LastAdministrator,
    /// Administrators of the server's own machine are what that machine says.
    #[error("an administrator of the server's own machine cannot be changed here")]
    MachineUser,
    /// Names and memberships of a directory's users and groups are what the directory says.
    #[error("the name of a user or group of a directory is changed in the directory")]
    DirectoryName,
    /// There is no such row.
    #[error("there is no such {0}")]
    NotFound(&'static str),
}
