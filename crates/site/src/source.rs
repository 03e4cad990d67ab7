//! From where a camera's streams come to the addresses that are opened; looking at a camera before it is added.
//!
//! What is here: the questions that the site asks of cameras. What is not here: how they are asked (the camera crate),
//! when (feeds, handlers).

use api::camera::{Codec, NewCamera, Probe, Source, Stream};
use camera::{
    Error, probe,
    rtsp::{Limits, Target, Transport},
    still,
    vapix::{Access, Device, Resolution, StreamParameters, Streams},
};
use catalog::camera::{
    CameraRow,
    profile::{ProfilePicture, ProfileVideo},
};
use model::{Secret, StreamKind};
use url::Url;

use crate::{convert, feed::Spec, profiles::Video};

/// What a camera told before it was added.
#[derive(Clone, Debug)]
pub struct Looked {
    /// For people.
    pub probe: Probe,
    /// Addresses of its streams, where they had to be asked for.
    pub streams: Option<Streams>,
    /// SHA-256 of its TLS certificate, where it has one.
    pub certificate: Option<[u8; 32]>,
}

/// The stream to open. Addresses that the camera told once are used again, unless the last try failed (`ask_again`).
///
/// # Errors
/// The camera cannot be asked, or has no such stream.
pub async fn target(spec: &Spec, ask_again: bool) -> Result<Target, Error> {
    let mut url = match (&spec.source, &spec.video) {
        (_, Video::Own(ProfileVideo::Rtsp { url })) => parse(url)?,
        (Source::Rtsp { main_url, sub_url }, Video::Sub) => parse(sub_url.as_ref().unwrap_or(main_url))?,
        (Source::Rtsp { main_url, .. }, _) => parse(main_url)?,
        (Source::Axis { .. }, video) => {
            let streams = match spec.known.as_ref().filter(|_| !ask_again) {
                Some((main, sub)) => Streams { main: parse(main)?, sub: parse(sub)? },
                None => {
                    let device = device(&spec.source, spec.user.as_ref(), spec.password.as_ref(), spec.pin)?;
                    streams(&device, &spec.source).await?
                }
            };
            match video {
                Video::Main => streams.main,
                Video::Sub => streams.sub,
                Video::Own(own) => parameters(own).address(&streams.main),
            }
        }
    };
    if spec.events && matches!(spec.source, Source::Axis { .. }) {
        // An Axis camera sends its events only where the address asks for them.
        url.query_pairs_mut().append_pair("event", "on");
    }
    Ok(Target {
        url,
        user: spec.user.clone(),
        password: spec.password.clone(),
        transport: transport(spec.transport),
        audio: spec.audio,
        events: spec.events,
    })
}

/// Looks at a camera: what it is, and whether its streams can be opened.
///
/// # Errors
/// It does not answer, refuses the password, or has nothing to record.
pub async fn look(new: &NewCamera) -> Result<Looked, Error> {
    let password = new.password.clone().map(Secret::new);
    let asked = match &new.source {
        Source::Axis { address, rtsp_port, codec } => probe::Source::Vapix {
            access: access(address, new.user.as_ref(), password.as_ref(), None)?,
            codec: vapix_codec(*codec),
            rtsp_port: *rtsp_port,
            transport: transport(new.transport),
        },
        Source::Rtsp { main_url, sub_url } => {
            let target = |url: &String| {
                Ok::<_, Error>(Target {
                    url: parse(url)?,
                    user: new.user.clone(),
                    password: password.clone(),
                    transport: transport(new.transport),
                    audio: new.audio,
                    events: false,
                })
            };
            probe::Source::Rtsp(
                std::iter::once(main_url).chain(sub_url).map(target).collect::<Result<_, _>>()?,
            )
        }
    };
    let facts = probe::probe(asked, Limits::default()).await?;
    let streams = match (&facts.device, facts.streams.as_slice()) {
        (Some(_), [main, sub, ..]) => {
            Some(Streams { main: main.target.url.clone(), sub: sub.target.url.clone() })
        }
        _ => None,
    };
    let mut probe = Probe {
        name: facts.device.as_ref().map(|device| device.full_name.clone()),
        model: facts.device.as_ref().map(|device| device.model.clone()),
        serial: facts.device.as_ref().map(|device| device.serial.clone()),
        streams: Vec::new(),
    };
    for (kind, stream) in [StreamKind::Main, StreamKind::Sub].into_iter().zip(facts.streams) {
        let tracks = stream.tracks?;
        probe.streams.push(Stream {
            kind,
            video_codec: tracks.video.codec_string.clone(),
            audio_codec: tracks.audio.as_ref().map(|audio| audio.codec_string().to_owned()),
            width: tracks.video.width,
            height: tracks.video.height,
            fps: 0.0,
            bits_per_second: 0,
        });
    }
    let certificate = facts.certificate.map(|fingerprint| *fingerprint.as_bytes());
    Ok(Looked { probe, streams, certificate })
}

/// Opens the stream of a profile and tells what it carries.
///
/// # Errors
/// The camera does not answer, refuses the password, or has no such stream.
pub async fn try_profile(row: &CameraRow, video: ProfileVideo) -> Result<ProfilePicture, Error> {
    let target = target(&convert::spec(row, Video::Own(video)), false).await?;
    let facts = probe::probe(probe::Source::Rtsp(vec![target]), Limits::default()).await?;
    let missing = || Error::Missing { host: row.name.clone(), operation: "such a stream" };
    let tracks = facts.streams.into_iter().next().ok_or_else(missing)?.tracks?;
    Ok(ProfilePicture {
        video_codec: tracks.video.codec_string.clone(),
        audio_codec: tracks.audio.as_ref().map(|audio| audio.codec_string().to_owned()),
        width: tracks.video.width,
        height: tracks.video.height,
    })
}

/// How an Axis camera shall make the stream.
fn parameters(video: &ProfileVideo) -> StreamParameters {
    match video {
        ProfileVideo::Rtsp { .. } => StreamParameters::default(),
        ProfileVideo::Axis { codec, resolution, fps, compression } => StreamParameters {
            codec: codec.map(|codec| match codec {
                catalog::camera::Codec::H264 => camera::vapix::Codec::H264,
                catalog::camera::Codec::H265 => camera::vapix::Codec::H265,
            }),
            resolution: resolution.map(|(width, height)| Resolution { width, height }),
            fps: *fps,
            compression: *compression,
        },
    }
}

/// A picture of now, made by the camera: from where a person typed, else by VAPIX or ONVIF.
///
/// # Errors
/// The camera cannot be asked, or makes no pictures.
pub async fn image(row: &CameraRow) -> Result<bytes::Bytes, Error> {
    let source = convert::source(row);
    let at = |base: &str| access(base, row.user.as_ref(), row.password.as_ref(), row.certificate_pin);
    match (&row.image_url, &source) {
        (Some(url), _) => still::typed(at(url)?).await,
        (None, Source::Axis { .. }) => {
            device(&source, row.user.as_ref(), row.password.as_ref(), row.certificate_pin)?.image(None).await
        }
        (None, Source::Rtsp { main_url, .. }) => {
            let host = parse(main_url)?.host_str().unwrap_or_default().to_owned();
            still::onvif(at(&format!("http://{host}/"))?).await
        }
    }
}

async fn streams(device: &Device, source: &Source) -> Result<Streams, Error> {
    let (codec, rtsp_port) = match source {
        Source::Axis { codec, rtsp_port, .. } => (*codec, *rtsp_port),
        Source::Rtsp { .. } => (None, None),
    };
    Ok(device.streams(vapix_codec(codec)).await?.on_port(rtsp_port))
}

const fn vapix_codec(codec: Option<Codec>) -> camera::vapix::Codec {
    match codec {
        Some(Codec::H265) => camera::vapix::Codec::H265,
        Some(Codec::H264) | None => camera::vapix::Codec::H264,
    }
}

fn device(
    source: &Source,
    user: Option<&String>,
    password: Option<&Secret<String>>,
    pin: Option<[u8; 32]>,
) -> Result<Device, Error> {
    let base = match source {
        Source::Axis { address, .. } => address,
        Source::Rtsp { main_url, .. } => main_url,
    };
    Device::new(access(base, user, password, pin)?)
}

fn access(
    base: &str,
    user: Option<&String>,
    password: Option<&Secret<String>>,
    pin: Option<[u8; 32]>,
) -> Result<Access, Error> {
    let pin = pin.map(camera::vapix::Fingerprint::from_bytes);
    Ok(Access { user: user.cloned(), password: password.cloned(), pin, ..Access::anonymous(parse(base)?) })
}

fn parse(text: &str) -> Result<Url, Error> {
    Url::parse(text).map_err(|error| Error::Address { reason: error.to_string() })
}

const fn transport(transport: api::camera::Transport) -> Transport {
    match transport {
        api::camera::Transport::Tcp => Transport::Tcp,
        api::camera::Transport::Udp => Transport::Udp,
    }
}
