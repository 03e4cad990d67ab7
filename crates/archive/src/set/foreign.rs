//! A volume that this site did not make: looked at, never changed, until somebody adopts it.
//!
//! What is here: its index, made without writing a byte. What is not here: adoption ([`crate::volume::adopt`]).

use std::sync::Arc;

use model::StreamKey;

use crate::{
    Error, Reader, Recovery,
    archive::Volumes,
    day::DayIndex,
    days::Days,
    deletions::Deletions,
    disk::Disk,
    index::{self, Index, Summary},
    journal,
    layout::{DELETIONS_FILE, Day, SegmentName, parse_stream},
    recover::{Inspected, inspect},
    retention,
    tables::Tables,
    volume::Volume,
};

/// Reads a volume without changing it. What a crash tore is read up to there.
pub fn read_only<D: Disk>(disk: D) -> Result<Option<(Volume, Reader<D>)>, Error> {
    let Some(volume) = Volume::read(&disk)? else { return Ok(None) };
    let deletions = journal::read_only::<D, retention::Entry>(&disk, DELETIONS_FILE, None)?;
    let deleted = Deletions::new(&deletions.entries);
    let index = Index::default();
    let list = |path: &str| disk.list(path).map_err(|error| Error::List { path: path.to_owned(), error });
    for day in list("")?.iter().filter(|entry| entry.directory).filter_map(|entry| Day::parse(&entry.name)) {
        let mut known = DayIndex::read(&disk, volume.volume, day).unwrap_or_default();
        for entry in list(&day.directory())? {
            let Some(key) = parse_stream(&entry.name) else { continue };
            let mut entries = known.take(key);
            let files = list(&format!("{}/{}", day.directory(), entry.name))?;
            let names = files.iter().filter_map(|file| SegmentName::parse(day, &file.name));
            let found: Vec<Summary> = names
                .filter(|name| !deleted.has(key, *name))
                .filter_map(|name| match entries.remove(&name) {
                    Some(entry) => Some(entry.summary),
                    None => look(&disk, key, name),
                })
                .collect();
            index::write(&index.get_or_add(key)).closed.extend(found);
        }
    }
    for key in index.keys() {
        let stream = index.get_or_add(key);
        index::write(&stream).closed.make_contiguous().sort_unstable_by_key(|summary| summary.start);
    }
    let days = Days::new(volume.volume, [], Deletions::default(), Recovery::default());
    let reader = Reader::new(Arc::new(Volumes { disk, index, tables: Tables::default(), days }));
    reader.hide_noted(volume.volume);
    Ok(Some((volume, reader)))
}

fn look<D: Disk>(disk: &D, key: StreamKey, name: SegmentName) -> Option<Summary> {
    let file = disk.open(&name.path(key)).ok()?;
    match inspect(&file, name, key).ok()? {
        Inspected::Sealed(entry, _) | Inspected::Torn { entry, .. } => Some(entry.summary),
        Inspected::Empty => None,
    }
}
