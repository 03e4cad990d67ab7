//! Headers and tables of closed segments, read when somebody asks for them; the last few are kept.
//!
//! What is not here: the table of a segment that is being written ([`crate::index`]).

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use media::Tracks;
use model::StreamKey;

use crate::{
    Error,
    disk::{Disk, File},
    format::{Head, Table},
    index::Summary,
    layout::SegmentName,
    scan::{self, ScanError},
};

/// Tables kept: one is 20 to 60 KiB.
const KEPT: usize = 32;

/// What is known of a closed segment.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) head: Head,
    pub(crate) tracks: Arc<Tracks>,
    pub(crate) table: Table,
}

/// The last few, the most recent at the end.
#[derive(Debug, Default)]
pub(crate) struct Tables(Mutex<VecDeque<(StreamKey, SegmentName, Arc<Contents>)>>);

impl Tables {
    /// Header and table of the segment, from memory or from its file.
    pub(crate) fn get<D: Disk>(
        &self,
        disk: &D,
        key: StreamKey,
        summary: &Summary,
    ) -> Result<Arc<Contents>, Error> {
        let name = summary.name();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = kept.iter().position(|(other, found, _)| (*other, *found) == (key, name))
            && let Some(entry) = kept.remove(at)
        {
            let contents = Arc::clone(&entry.2);
            kept.push_back(entry);
            return Ok(contents);
        }
        drop(kept);
        let path = name.path(key);
        let contents = disk.open(&path).map_err(ScanError::Io).and_then(|file| load(&file, summary));
        let contents = Arc::new(contents.map_err(|error| reading(path, error))?);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back((key, name, Arc::clone(&contents)));
        Ok(contents)
    }

    /// Forgets a segment that was removed.
    pub(crate) fn forget(&self, key: StreamKey, name: SegmentName) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(other, found, _)| (*other, *found) != (key, name));
    }
}

fn load(file: &impl File, summary: &Summary) -> Result<Contents, ScanError> {
    let header = scan::header(file)?;
    let trailer =
        if summary.sealed { scan::trailer(file)?.filter(|trailer| trailer.digest_holds) } else { None };
    let table = match trailer {
        Some(trailer) => trailer.table,
        // What follows the segment's end is void.
        None => scan::walk(file, &header, summary.bytes.into())?.table,
    };
    Ok(Contents { head: header.head, tracks: header.tracks, table })
}

/// An error of reading a segment, with its path.
pub(crate) fn reading(path: String, error: ScanError) -> Error {
    match error {
        ScanError::Io(error) => Error::ReadSegment { path, error },
        ScanError::Malformed(what) => Error::SegmentDamaged { path, what },
    }
}
