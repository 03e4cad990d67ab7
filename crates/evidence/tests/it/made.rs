//! A volume with recordings, exports of it in memory, and their verdicts.

use std::{io, sync::Arc};

use archive::{Archive, Dir, Limits, Options, set::Reader};
use evidence::{Container, Gaps, Made, Plan, Report, SiteSigner, Source, Wish, verify};
use media::{AudioCodec, fmp4::read::ReadAt};
use model::{StreamKey, VolumeId, WallRange, WallTime};
use rand::{SeedableRng, rngs::StdRng};
use trust::{CertificateId, Identity};

use crate::fake::{self, Camera};

/// A recorded volume. The archive stays open, so the last segment of each camera is open too.
pub struct Recorded {
    pub directory: tempfile::TempDir,
    pub archive: Archive<Dir>,
    pub identity: Identity,
}

pub struct Bytes(pub Vec<u8>);

impl ReadAt for Bytes {
    type Error = io::Error;

    fn size(&self) -> io::Result<u64> {
        Ok(self.0.len() as u64)
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        let Ok(read) = self.0.as_slice().read_at(offset, out);
        Ok(read)
    }
}

pub fn identity(seed: u64) -> Identity {
    Identity::generate(&mut StdRng::seed_from_u64(seed))
}

pub fn at(seconds: f64) -> WallTime {
    fake::start().plus_micros((seconds * 1e6) as i64)
}

pub fn range(from: f64, to: f64) -> WallRange {
    WallRange { from: at(from), to: at(to) }
}

impl Recorded {
    /// Two cameras, segments of 10 s: the first one 35 s with AAC, a gap of 25 s, again 20 s; the second one 20 s with
    /// G.711.
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let identity = identity(1);
        let limits = Limits { segment_ticks: 10 * 90_000, ..Limits::default() };
        let new_volume = VolumeId::from_bytes([9; 16]);
        let signer = Arc::new(SiteSigner(identity.clone()));
        let options = Options { limits, new_volume, ..Options::new(identity.site_id(), signer) };
        let mut archive =
            Archive::open(Dir::open(directory.path()).unwrap(), options, fake::start()).unwrap().0;
        let gate = Camera::new(1, Some(AudioCodec::Aac));
        let yard = Camera { group: 25, ..Camera::new(2, Some(AudioCodec::Pcmu)) };
        for (camera, from, seconds) in [(&gate, 0.0, 35.0), (&yard, 5.0, 20.0), (&gate, 60.0, 20.0)] {
            archive.begin_run(camera.key, camera.tracks.clone(), at(from)).unwrap();
            fake::record(&mut archive, camera.key, &camera.samples(at(from), seconds));
            archive.end_run(camera.key, at(from + seconds)).unwrap();
        }
        archive.tick(at(80.0));
        Self { directory, archive, identity }
    }

    pub fn wish(&self, range: WallRange) -> Wish {
        Wish { sources: vec![source(1, "Gate")], range, container: Container::Mp4, gaps: Gaps::Keep }
    }

    pub fn export(&self, wish: Wish, signed: bool) -> Exported {
        let identity = signed.then_some(&self.identity);
        export(&self.reader(), wish, identity).unwrap()
    }

    pub fn reader(&self) -> Reader<Dir> {
        alone(self.archive.reader())
    }
}

pub fn source(camera: u8, name: &str) -> Source {
    Source { key: fake::camera(camera), name: name.to_owned(), audio: true }
}

/// A volume as the only one.
pub fn alone(volume: archive::Reader<Dir>) -> Reader<Dir> {
    let reader = Reader::default();
    reader.put(VolumeId::from_bytes([9; 16]), volume);
    reader
}

pub fn gate() -> StreamKey {
    fake::camera(1)
}

pub struct Exported {
    pub file: Vec<u8>,
    pub evidence: Vec<u8>,
}

pub fn export(
    reader: &Reader<Dir>,
    wish: Wish,
    identity: Option<&Identity>,
) -> Result<Exported, evidence::Error> {
    let plan = Plan::new(reader, wish)?;
    let (mut file, mut evidence) = (Vec::new(), Vec::new());
    let made = Made { at: at(100.0), by: Some("anna".to_owned()), release: "0.1.0", identity };
    let written = plan.write(&mut file, &mut evidence, &made, &mut |_| true)?;
    assert_eq!(written.bytes, file.len() as u64);
    Ok(Exported { file, evidence })
}

impl Exported {
    pub fn verify(&self) -> Report {
        self.verify_as(None)
    }

    pub fn verify_as(&self, expected: Option<CertificateId>) -> Report {
        check(&self.file, &self.evidence, expected)
    }
}

pub fn check(file: &[u8], evidence: &[u8], expected: Option<CertificateId>) -> Report {
    verify(&Bytes(file.to_vec()), &mut &*evidence, expected, &mut |_| true).unwrap()
}
