//! A volume that is only looked at: one of another site, or one that is read without its site.
//!
//! Nothing is changed, and what is added later is not seen. What a crash tore is read up to there; what was deleted, and
//! copies that do not count as far as the volume itself knows ([`crate::set`]), are left out.
//!
//! What is not here: adoption ([`crate::volume::adopt`]), a volume that is written ([`crate::Archive`]).

use std::sync::Arc;

use model::StreamKey;

use crate::{
    Error, Reader, Recovery,
    archive::Volumes,
    day::{DayIndex, Entry},
    days::Days,
    deletions::Deletions,
    disk::Disk,
    index::Index,
    journal,
    layout::{DELETIONS_FILE, Day, SegmentName, parse_stream},
    recover::{self, Inspected, inspect},
    retention,
    tables::Tables,
    volume::Volume,
};

impl<D: Disk> Reader<D> {
    /// Reads a volume that nobody has to write to.
    ///
    /// # Errors
    /// There is no volume, or it cannot be read.
    pub fn look(disk: D) -> Result<(Self, Volume), Error> {
        let volume = Volume::read(&disk)?.ok_or_else(|| {
            let error = std::io::Error::new(std::io::ErrorKind::NotFound, "there is no volume here");
            Error::OpenVolume(error)
        })?;
        let deletions = journal::read_only::<D, retention::Entry>(&disk, DELETIONS_FILE, None)?;
        let deleted = Deletions::new(&deletions.entries);
        let days = Days::new(volume.volume, [], Deletions::default(), Recovery::default());
        let (index, tables) = (Index::default(), Tables::default());
        let reader = Self::new(Arc::new(Volumes { disk, index, tables, days }));
        reader.hide_noted(volume.volume);
        let Volumes { disk, index, .. } = reader.shared();
        for day in recover::days(disk)? {
            look_at_day(disk, &volume, index, &deleted, day)?;
        }
        Ok((reader, volume))
    }
}

fn look_at_day<D: Disk>(
    disk: &D,
    volume: &Volume,
    index: &Index,
    deleted: &Deletions,
    day: Day,
) -> Result<(), Error> {
    let list = |path: &str| disk.list(path).map_err(|error| Error::List { path: path.to_owned(), error });
    let mut known = DayIndex::read(disk, volume.volume, day).unwrap_or_default();
    for directory in list(&day.directory())? {
        let Some(key) = parse_stream(&directory.name) else { continue };
        let mut entries = known.take(key);
        let files = list(&format!("{}/{}", day.directory(), directory.name))?;
        let names = files.iter().filter_map(|file| SegmentName::parse(day, &file.name));
        let found = names
            .filter(|name| !deleted.has(key, *name))
            .filter_map(|name| entries.remove(&name).or_else(|| look_at(disk, key, name)))
            .collect();
        recover::insert(disk, index, key, found);
    }
    Ok(())
}

/// What a segment that no index knows holds; nothing where it cannot be read.
fn look_at<D: Disk>(disk: &D, key: StreamKey, name: SegmentName) -> Option<Entry> {
    let file = disk.open(&name.path(key)).ok()?;
    match inspect(&file, name, key).ok()? {
        Inspected::Sealed(entry, _) | Inspected::Torn { entry, .. } => Some(entry),
        Inspected::Empty => None,
    }
}
