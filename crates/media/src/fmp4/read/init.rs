//! Reads an initialization segment back to the tracks that it was made from.
//!
//! What is not here: tracks that the writer never makes; several sample entries.

use bytes::Bytes;
use model::TrackKind;

use super::{
    BadFile,
    boxes::{boxes, only},
    cursor::Cursor,
};
use crate::{
    AudioCodec, AudioConfig, Tracks, VideoConfig, fmp4::boxes::FourCc, fmp4::track_kind,
    sample::VIDEO_TIMESCALE,
};

/// What an initialization segment describes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Init {
    /// The pictures.
    pub video: Option<VideoConfig>,
    /// The sound.
    pub audio: Option<AudioConfig>,
}

impl Init {
    /// The tracks of a stream; nothing without pictures.
    #[must_use]
    pub fn tracks(self) -> Option<Tracks> {
        Some(Tracks { video: self.video?, audio: self.audio })
    }
}

/// Reads `moov`, wherever it stands among the top-level boxes of `bytes`.
///
/// # Errors
/// There is no sound `moov` of a kind that this crate writes.
pub fn read_init(bytes: &[u8]) -> Result<Init, BadFile> {
    let mut moov = None;
    for item in boxes(bytes) {
        let (head, content) = item?;
        if head.kind == *b"moov" {
            moov = Some(content);
            break;
        }
    }
    let moov = moov.ok_or(BadFile::Missing(*b"moov"))?;
    let mut out = Init::default();
    let mut durations = [None; 2];
    for item in boxes(moov) {
        let (head, content) = item?;
        match &head.kind {
            b"trak" => read_track(content, &mut out)?,
            b"mvex" => durations = read_extends(content)?,
            _ => {}
        }
    }
    if let (Some(video), [Some(duration @ 1..), _]) = (&mut out.video, durations) {
        video.nominal_duration = duration;
    }
    Ok(out)
}

fn read_track(trak: &[u8], out: &mut Init) -> Result<(), BadFile> {
    let mut header = Cursor::new(*b"tkhd", only(trak, b"tkhd")?);
    let (version, _) = header.full()?;
    header.take(if version == 0 { 8 } else { 16 })?;
    let kind = track_kind(header.u32()?).ok_or(header.unsupported())?;
    let media = only(trak, b"mdia")?;
    let mut head = Cursor::new(*b"mdhd", only(media, b"mdhd")?);
    let (version, _) = head.full()?;
    head.take(if version == 0 { 8 } else { 16 })?;
    let timescale = head.u32()?;
    let tables = only(only(media, b"minf")?, b"stbl")?;
    let mut descriptions = Cursor::new(*b"stsd", only(tables, b"stsd")?);
    descriptions.full()?;
    if descriptions.u32()? != 1 {
        return Err(descriptions.unsupported());
    }
    let (entry, content) = boxes(descriptions.rest()).next().ok_or(BadFile::Truncated(*b"stsd"))??;
    let expected = match kind {
        TrackKind::Video => {
            let video = read_video(entry.kind, content)?;
            if out.video.replace(video).is_some() {
                return Err(BadFile::TooMany(*b"moov"));
            }
            VIDEO_TIMESCALE
        }
        TrackKind::Audio => {
            let audio = read_audio(entry.kind, content)?;
            let rate = audio.sample_rate;
            if out.audio.replace(audio).is_some() {
                return Err(BadFile::TooMany(*b"moov"));
            }
            rate
        }
    };
    if timescale == expected { Ok(()) } else { Err(head.unsupported()) }
}

pub(crate) fn read_video(kind: FourCc, entry: &[u8]) -> Result<VideoConfig, BadFile> {
    let mut fields = Cursor::new(kind, entry);
    fields.take(78)?;
    match &kind {
        b"avc1" => Ok(VideoConfig::from_avcc(only(fields.rest(), b"avcC")?)?),
        b"hvc1" => Ok(VideoConfig::from_hvcc(only(fields.rest(), b"hvcC")?)?),
        _ => Err(fields.unsupported()),
    }
}

pub(crate) fn read_audio(kind: FourCc, entry: &[u8]) -> Result<AudioConfig, BadFile> {
    let mut fields = Cursor::new(kind, entry);
    fields.take(16)?;
    let channels = u8::try_from(fields.u16()?).ok().filter(|count| matches!(count, 1 | 2));
    let channels = channels.ok_or(fields.unsupported())?;
    fields.take(6)?;
    let sample_rate = fields.u32()? >> 16;
    let (codec, decoder_config) = match &kind {
        b"mp4a" => return Ok(AudioConfig::from_aac(read_esds(only(fields.rest(), b"esds")?)?)?),
        b"ulaw" => (AudioCodec::Pcmu, Bytes::new()),
        b"alaw" => (AudioCodec::Pcma, Bytes::new()),
        b"fLaC" => (AudioCodec::Flac, Bytes::copy_from_slice(read_dfla(only(fields.rest(), b"dfLa")?)?)),
        _ => return Err(fields.unsupported()),
    };
    if sample_rate == 0 {
        return Err(fields.unsupported());
    }
    Ok(AudioConfig { codec, sample_rate, channels, decoder_config })
}

/// The AudioSpecificConfig in an elementary stream descriptor.
fn read_esds(content: &[u8]) -> Result<&[u8], BadFile> {
    let mut fields = Cursor::new(*b"esds", content);
    fields.full()?;
    let mut stream = descriptor(&mut fields, 3)?;
    stream.u16()?;
    if stream.u8()? != 0 {
        return Err(stream.unsupported());
    }
    let mut decoder = descriptor(&mut stream, 4)?;
    if decoder.u8()? != 0x40 {
        return Err(decoder.unsupported());
    }
    decoder.take(12)?;
    Ok(descriptor(&mut decoder, 5)?.rest())
}

/// A descriptor with that tag (ISO/IEC 14496-1, 8.3.3): its size has 7 bits a byte, at most 4 bytes.
fn descriptor<'a>(fields: &mut Cursor<'a>, tag: u8) -> Result<Cursor<'a>, BadFile> {
    if fields.u8()? != tag {
        return Err(fields.unsupported());
    }
    let mut size = 0;
    for _ in 0..4 {
        let byte = fields.u8()?;
        size = size << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Ok(Cursor::new(*b"esds", fields.take(size)?));
        }
    }
    Err(fields.unsupported())
}

/// The STREAMINFO in FLAC's metadata.
fn read_dfla(content: &[u8]) -> Result<&[u8], BadFile> {
    let mut fields = Cursor::new(*b"dfLa", content);
    fields.full()?;
    if fields.u32()? & 0x7fff_ffff != 34 {
        return Err(fields.unsupported());
    }
    fields.take(34)
}

/// Default durations of the two tracks.
fn read_extends(mvex: &[u8]) -> Result<[Option<u32>; 2], BadFile> {
    let mut out = [None; 2];
    for item in boxes(mvex) {
        let (head, content) = item?;
        if head.kind != *b"trex" {
            continue;
        }
        let mut fields = Cursor::new(*b"trex", content);
        fields.full()?;
        let kind = track_kind(fields.u32()?).ok_or(fields.unsupported())?;
        fields.u32()?;
        let duration = Some(fields.u32()?);
        match kind {
            TrackKind::Video => out[0] = duration,
            TrackKind::Audio => out[1] = duration,
        }
    }
    Ok(out)
}
