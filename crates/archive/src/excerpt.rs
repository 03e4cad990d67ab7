//! The original bytes of a range: which fragments of which segments, read as they lie on disk.
//!
//! For whoever copies footage and has to prove it: a frame can be proved only together with its fragment, so an excerpt
//! is made of whole fragments, from the one with the key frame before the range to the last one that begins inside.
//!
//! What is not here: single frames in order ([`crate::ReadPlan`]); what the proof looks like outside of a volume.

use std::{ops::Range, sync::Arc};

use bytes::Bytes;
use media::{Tracks, fmp4::read::FragmentTrack};
use model::{StreamKey, TrackKind, WallRange, WallTime};

use crate::{
    Error, Reader, chain,
    disk::{Disk, File},
    format::{self, BOX_HEADER, Fragment, Head, LINK_LEN, Seal},
    index::{self, Summary},
    layout::SegmentName,
    scan,
    scan::ScanError,
    source::Source,
    tables::reading,
};

/// No fragment is longer.
const MAX_FRAGMENT: u32 = 64 << 20;

/// A segment's share of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// Which segment.
    pub segment: SegmentName,
    /// Its first picture that is shown.
    pub start: WallTime,
    /// Which of its fragments; without what is void of them.
    pub fragments: Range<usize>,
    /// Whether it goes on where the excerpt before ends.
    pub continues: bool,
    /// How it is coded.
    pub tracks: Arc<Tracks>,
}

/// What a segment's bytes before its first fragment say.
#[derive(Clone, Debug)]
pub struct Header {
    /// The head.
    pub head: Head,
    /// The tracks.
    pub tracks: Arc<Tracks>,
    /// The chain's first value.
    pub value: chain::Value,
}

/// A segment, open for reading as it is.
pub struct Original<F> {
    file: F,
    path: String,
    header: Bytes,
    /// The head.
    pub head: Head,
    /// Its fragments; of one that is being written those that were whole when it was opened.
    pub fragments: Vec<Fragment>,
    /// Its seal; nothing while it is being written, or where a crash left it behind.
    pub seal: Option<Seal>,
}

/// A fragment's bytes.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The whole box that describes the samples.
    pub moof: Bytes,
    /// The samples' bytes, video first.
    pub data: Bytes,
    /// The samples; offsets count in [`Piece::data`].
    pub tracks: Vec<FragmentTrack>,
    /// The chain value after it, as the file tells it.
    pub value: chain::Value,
}

/// Reads `ftyp`, `moov` and the head from the beginning of a segment, which must be all that there is.
///
/// # Errors
/// It is not what the archive writes.
pub fn read_header(bytes: &[u8]) -> Result<Header, format::Malformed> {
    let bad = format::Malformed("it does not begin as a segment");
    let header = scan::parse_header(bytes).map_err(|_| bad)?.filter(|header| header.len == bytes.len());
    header.map(|header| Header { head: header.head, tracks: header.tracks, value: header.value }).ok_or(bad)
}

impl<D: Disk> Reader<D> {
    /// The fragments of a range, in order; none where nothing was recorded.
    ///
    /// # Errors
    /// A segment cannot be read.
    pub fn excerpt(&self, key: StreamKey, range: WallRange) -> Result<Vec<Excerpt>, Error> {
        self.0.days.need(&self.0.disk, &self.0.index, range);
        let Some(stream) = self.0.index.get(key) else { return Ok(Vec::new()) };
        let first = index::read(&stream).from(range.from).next();
        let Some((mut next, _)) = first.filter(|(first, _)| first.start < range.to) else {
            return Ok(Vec::new());
        };
        // Back to a segment with a key frame at or before the range; usually this one.
        loop {
            let has_key = match Source::find(&self.0, key, next.name())? {
                Some(source) => source.key_frame(&stream, range.from.max(next.start)).is_some(),
                None => true,
            };
            let before = index::read(&stream).before(next.start).map(|(before, _)| before);
            match before.filter(|before| !has_key && next.continues(before)) {
                Some(before) => next = before,
                None => break,
            }
        }
        let mut excerpts: Vec<Excerpt> = Vec::new();
        let mut last: Option<Summary> = None;
        loop {
            let continues = last.is_some_and(|last| next.continues(&last));
            if let Some(excerpt) = self.share(key, &next, range, continues)? {
                excerpts.push(excerpt);
                last = Some(next);
            }
            match index::read(&stream).after(next.start).filter(|after| after.start < range.to) {
                Some(after) => next = after,
                None => return Ok(excerpts),
            }
        }
    }

    /// A segment's share; nothing where it is gone, or has none.
    fn share(
        &self,
        key: StreamKey,
        summary: &Summary,
        range: WallRange,
        continues: bool,
    ) -> Result<Option<Excerpt>, Error> {
        // Once more where it was closed meanwhile.
        for _ in 0..2 {
            let Some(stream) = self.0.index.get(key) else { return Ok(None) };
            let Some(source) = Source::find(&self.0, key, summary.name())? else { return Ok(None) };
            let anchor = source.head().anchor;
            let void = index::read(&stream).void_of(summary.run_tag);
            let at = range.from.max(summary.start);
            let key_frame = if continues { None } else { source.key_frame(&stream, at) };
            let found = source.table(&stream, |table| {
                let begins = |fragment: &Fragment| anchor.wall_at(anchor.media + i64::from(fragment.time));
                let first = match &key_frame {
                    _ if continues => 0,
                    Some((_, frame)) => {
                        table.fragments.partition_point(|other| u64::from(other.offset) < frame.fragment)
                    }
                    // Its begin can no longer be decoded.
                    None => table.keys.first().map_or(usize::MAX, |key| key.fragment as usize),
                };
                // A fragment can be proved whole only: one that is void from its middle on stays.
                let counts = |fragment: &Fragment| {
                    let time = anchor.media.saturating_add(fragment.time.into());
                    void.is_none_or(|void| !void.takes(TrackKind::Video, time))
                };
                first..table.fragments.partition_point(|one| begins(one) < range.to && counts(one))
            });
            if let Some(fragments) = found {
                let tracks = Arc::clone(source.tracks());
                let (segment, start) = (summary.name(), summary.start);
                let excerpt = Excerpt { segment, start, fragments, continues, tracks };
                return Ok(Some(excerpt).filter(|excerpt| !excerpt.fragments.is_empty()));
            }
        }
        Ok(None)
    }

    /// The segment as it lies on disk; nothing where it is gone.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn original(&self, key: StreamKey, name: SegmentName) -> Result<Option<Original<D::File>>, Error> {
        let path = name.path(key);
        match self.0.disk.open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::ReadSegment { path, error }),
            Ok(file) => Original::open(file, path.clone()).map(Some).map_err(|error| reading(path, error)),
        }
    }
}

impl<F: File> Original<F> {
    fn open(file: F, path: String) -> Result<Self, ScanError> {
        let header = scan::header(&file)?;
        let bytes = file.read_exact_at(0, header.len)?;
        let trailer = scan::trailer(&file)?.filter(|trailer| trailer.digest_holds);
        let (fragments, seal) = match trailer {
            Some(trailer) => (trailer.table.fragments, Some(trailer.seal)),
            None => (scan::walk(&file, &header, u64::MAX)?.table.fragments, None),
        };
        Ok(Self { file, path, header: bytes.into(), head: header.head, fragments, seal })
    }

    /// `ftyp`, `moov` and the head: all before the first fragment.
    #[must_use]
    pub fn header(&self) -> &Bytes {
        &self.header
    }

    /// Where the footage of a fragment begins on the wall clock.
    #[must_use]
    pub fn begin(&self, fragment: &Fragment) -> WallTime {
        let anchor = &self.head.anchor;
        anchor.wall_at(anchor.media.saturating_add(fragment.time.into()))
    }

    /// Where the footage of a fragment ends on the wall clock.
    #[must_use]
    pub fn end(&self, fragment: &Fragment) -> WallTime {
        let anchor = &self.head.anchor;
        anchor.wall_at(anchor.media.saturating_add(fragment.end()))
    }

    /// What the fragment holds, without its data.
    ///
    /// # Errors
    /// It cannot be read, or is not what the archive writes.
    pub fn describe(&self, fragment: &Fragment) -> Result<Vec<FragmentTrack>, Error> {
        let read = || {
            let moof = self.file.read_exact_at(fragment.offset.into(), fragment.moof_len as usize)?;
            scan::parse_moof(&moof, fragment.len as usize)
        };
        read().map_err(|error| reading(self.path.clone(), error))
    }

    /// The fragment's bytes.
    ///
    /// # Errors
    /// It cannot be read, or is not what the archive writes.
    pub fn read(&self, fragment: &Fragment) -> Result<Piece, Error> {
        self.piece(fragment).map_err(|error| reading(self.path.clone(), error))
    }

    fn piece(&self, fragment: &Fragment) -> Result<Piece, ScanError> {
        let bad = |what: &str| ScanError::Malformed(what.to_owned());
        if fragment.len > MAX_FRAGMENT {
            return Err(bad("a fragment is larger than any fragment"));
        }
        let (moof_len, len) = (fragment.moof_len as usize, fragment.len as usize);
        let bytes = Bytes::from(self.file.read_exact_at(fragment.offset.into(), len)?);
        let data = moof_len + BOX_HEADER..len.saturating_sub(LINK_LEN);
        let link = bytes.get(data.end..).and_then(scan::link_value);
        let value = link.ok_or_else(|| bad("the chain value is missing"))?;
        if moof_len > data.end || data.is_empty() {
            return Err(bad("a fragment is too short"));
        }
        let moof = bytes.slice(..moof_len);
        let mut tracks = scan::parse_moof(&moof, len)?;
        // Offsets lie inside of `data`, as `parse_moof` has seen to.
        for sample in tracks.iter_mut().flat_map(|track| &mut track.samples) {
            sample.offset -= data.start as u64;
        }
        Ok(Piece { moof, data: bytes.slice(data), tracks, value })
    }
}

impl Piece {
    /// The bytes of a track's samples, one after the other; none where the fragment has none of it.
    #[must_use]
    pub fn track(&self, kind: TrackKind) -> &[u8] {
        let samples = self.tracks.iter().find(|track| track.kind == kind).map(|track| &track.samples);
        let (Some(first), Some(last)) =
            (samples.and_then(|samples| samples.first()), samples.and_then(|samples| samples.last()))
        else {
            return &[];
        };
        let end = last.offset + u64::from(last.size);
        let range = usize::try_from(first.offset).ok().zip(usize::try_from(end).ok());
        range.and_then(|(from, to)| self.data.get(from..to)).unwrap_or_default()
    }

    /// What its link in the chain is made of.
    #[must_use]
    pub fn digests(&self) -> chain::Digests {
        use TrackKind::{Audio, Video};
        chain::Digests::of(self.track(Video), self.track(Audio), &self.moof)
    }
}
