//! Makes an export as two files: one thread writes them, another reads them back and checks them as they grow.
//!
//! What is not here: when an export is made, and what becomes of one that does not hold.

use std::{
    fs,
    io::{self, BufReader, BufWriter},
    path::Path,
    thread,
};

use archive::Disk;
use trust::Identity;

use super::growing::Growing;
use crate::{Error, Made, Plan, Report, Watch, verify};

/// Small pieces are written together; larger ones as they are.
const TOGETHER: usize = 64 << 10;
/// Evidence is read at once.
const PIECE: usize = 1 << 20;

/// A file as it lies on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavedFile {
    /// How long it is.
    pub bytes: u64,
    /// SHA-256 of all its bytes.
    pub sha256: [u8; 32],
}

/// An export as it lies on the disk. It holds only if its report says so.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    /// The file.
    pub file: SavedFile,
    /// Its evidence.
    pub evidence: SavedFile,
    /// What reading both back found.
    pub report: Report,
}

impl<D: Disk> Plan<D> {
    /// Writes the file and its evidence and makes them durable; meanwhile a thread of its own reads them back and holds
    /// every frame against the hash chain, exactly as [`fn@verify`] does afterwards. Signatures count of the identity
    /// that signs, where there is one. `written` and `checked` are told bytes; either ends the work by `false`. When all
    /// is written, `written` was told at least [`Plan::size`].
    ///
    /// # Errors
    /// See [`Error`].
    pub fn save(
        &self,
        (file, evidence): (&Path, &Path),
        made: &Made<'_>,
        written: &mut Watch<'_>,
        checked: &mut (dyn FnMut(u64) -> bool + Send),
    ) -> Result<Saved, Error> {
        let (out, side) =
            (Growing::create(file).map_err(Error::Write)?, Growing::create(evidence).map_err(Error::Write)?);
        let read_file = out.follow(file, self.size()).map_err(Error::Check)?;
        let read_side = side.follow(evidence, 0).map_err(Error::Check)?;
        let expected = made.identity.map(Identity::certificate_id);
        let (files, report) = thread::scope(|scope| {
            let check = move || {
                verify(&read_file, &mut BufReader::with_capacity(PIECE, read_side), expected, checked)
            };
            let check = thread::Builder::new().name("check".into()).spawn_scoped(scope, check);
            let check = check.map_err(Error::Check)?;
            let files = self.write_out(out, side, made, written);
            let report = check.join().unwrap_or_else(|_| Err(io::Error::other("the check ended by a fault")));
            let report = match report {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(Error::Cancelled),
                other => other.map_err(Error::Check),
            };
            files.and_then(|files| Ok((files, report?)))
        })?;
        let (out, side) = files;
        let mut saved = Saved { file: out, evidence: side, report };
        saved.hold_against([(file, out), (evidence, side)], self.size())?;
        Ok(saved)
    }

    fn write_out(
        &self,
        out: Growing,
        side: Growing,
        made: &Made<'_>,
        written: &mut Watch<'_>,
    ) -> Result<(SavedFile, SavedFile), Error> {
        let (mut out, mut side) =
            (BufWriter::with_capacity(TOGETHER, out), BufWriter::with_capacity(TOGETHER, side));
        let mut told = 0_u64;
        self.write(&mut out, &mut side, made, &mut |bytes| {
            told = told.saturating_add(bytes);
            written(bytes)
        })?;
        let end = |file: BufWriter<Growing>| {
            let (bytes, sha256) = file.into_inner().map_err(io::IntoInnerError::into_error)?.finish()?;
            Ok(SavedFile { bytes, sha256 })
        };
        let files = (end(out).map_err(Error::Write)?, end(side).map_err(Error::Write)?);
        if written(self.size().saturating_sub(told)) { Ok(files) } else { Err(Error::Cancelled) }
    }
}

impl Saved {
    /// The files are as long as was announced before they were written, and not a byte longer.
    fn hold_against(&mut self, files: [(&Path, SavedFile); 2], announced: u64) -> Result<(), Error> {
        for (path, file) in files {
            if fs::metadata(path).map_err(Error::Check)?.len() != file.bytes {
                self.report.problems.push("a file is not as long as what was written to it".to_owned());
            }
        }
        if self.file.bytes != announced {
            self.report.problems.push("the file is not as long as it was laid out".to_owned());
        }
        self.report.holds = self.report.problems.is_empty();
        Ok(())
    }
}
