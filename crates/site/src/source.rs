//! From where a camera's streams come to the addresses that are opened; looking at a camera before it is added.
//!
//! What is here: the questions that the site asks of cameras. What is not here: how they are asked (the camera crate),
//! when (feeds, handlers).

use api::camera::{Codec, NewCamera, Probe, Source, Stream};
use camera::{
    Error,
    rtsp::{self, Limits, Target, Transport},
    vapix::{Access, Device, Streams},
};
use catalog::camera::CameraRow;
use model::{Secret, StreamKind};
use url::Url;

use crate::{convert, feed::Spec};

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
pub async fn target(spec: &Spec, kind: StreamKind, ask_again: bool) -> Result<Target, Error> {
    let url = match &spec.source {
        Source::Rtsp { main_url, sub_url } => {
            let text = match kind {
                StreamKind::Main => main_url,
                StreamKind::Sub => sub_url.as_ref().unwrap_or(main_url),
            };
            parse(text)?
        }
        Source::Axis { .. } => match spec.known.as_ref().filter(|_| !ask_again) {
            Some((main, sub)) => parse(match kind {
                StreamKind::Main => main,
                StreamKind::Sub => sub,
            })?,
            None => {
                let device = device(&spec.source, spec.user.as_ref(), spec.password.as_ref(), spec.pin)?;
                let streams = streams(&device, &spec.source).await?;
                match kind {
                    StreamKind::Main => streams.main,
                    StreamKind::Sub => streams.sub,
                }
            }
        },
    };
    Ok(Target {
        url,
        user: spec.user.clone(),
        password: spec.password.clone(),
        transport: transport(spec.transport),
        audio: spec.audio,
        events: false,
    })
}

/// Looks at a camera: what it is, and whether its streams can be opened.
///
/// # Errors
/// It does not answer, refuses the password, or has nothing to record.
pub async fn look(new: &NewCamera) -> Result<Looked, Error> {
    let password = new.password.clone().map(Secret::new);
    let (mut looked, main, sub) = match &new.source {
        Source::Axis { .. } => {
            let device = device(&new.source, new.user.as_ref(), password.as_ref(), None)?;
            let info = device.device_info().await?;
            let streams = streams(&device, &new.source).await?;
            let (main, sub) = (streams.main.clone(), Some(streams.sub.clone()));
            let probe = Probe {
                name: Some(info.full_name.clone()),
                model: Some(info.model.clone()),
                serial: Some(info.serial.clone()),
                streams: Vec::new(),
            };
            let certificate = device.certificate().map(|fingerprint| *fingerprint.as_bytes());
            (Looked { probe, streams: Some(streams), certificate }, main, sub)
        }
        Source::Rtsp { main_url, sub_url } => {
            let probe = Probe { name: None, model: None, serial: None, streams: Vec::new() };
            let sub = sub_url.as_deref().map(parse).transpose()?;
            (Looked { probe, streams: None, certificate: None }, parse(main_url)?, sub)
        }
    };
    let urls = [(StreamKind::Main, Some(main)), (StreamKind::Sub, sub)];
    for (kind, url) in urls.into_iter().filter_map(|(kind, url)| url.map(|url| (kind, url))) {
        let target = Target {
            url,
            user: new.user.clone(),
            password: password.clone(),
            transport: transport(new.transport),
            audio: new.audio,
            events: false,
        };
        let session = rtsp::open(&target, Limits::default()).await?;
        let tracks = session.tracks();
        looked.probe.streams.push(Stream {
            kind,
            video_codec: tracks.video.codec_string.clone(),
            audio_codec: tracks.audio.as_ref().map(|audio| audio.codec_string().to_owned()),
            width: tracks.video.width,
            height: tracks.video.height,
            fps: 0.0,
            bits_per_second: 0,
        });
    }
    Ok(looked)
}

/// A picture of now, made by the camera.
///
/// # Errors
/// The camera cannot be asked, or makes no pictures.
pub async fn image(row: &CameraRow) -> Result<bytes::Bytes, Error> {
    let source = convert::source(row);
    match &source {
        Source::Axis { .. } => {
            device(&source, row.user.as_ref(), row.password.as_ref(), row.certificate_pin)?.image(None).await
        }
        Source::Rtsp { main_url, .. } => {
            let host = parse(main_url)?.host_str().unwrap_or_default().to_owned();
            Err(Error::Missing { host, operation: "a known way to ask for still pictures" })
        }
    }
}

async fn streams(device: &Device, source: &Source) -> Result<Streams, Error> {
    let (codec, rtsp_port) = match source {
        Source::Axis { codec, rtsp_port, .. } => (*codec, *rtsp_port),
        Source::Rtsp { .. } => (None, None),
    };
    let mut streams = device
        .streams(match codec {
            Some(Codec::H265) => camera::vapix::Codec::H265,
            Some(Codec::H264) | None => camera::vapix::Codec::H264,
        })
        .await?;
    if let Some(port) = rtsp_port {
        for url in [&mut streams.main, &mut streams.sub] {
            let _ = url.set_port(Some(port));
        }
    }
    Ok(streams)
}

fn device(
    source: &Source,
    user: Option<&String>,
    password: Option<&Secret<String>>,
    pin: Option<[u8; 32]>,
) -> Result<Device, Error> {
    let base = match source {
        Source::Axis { address, .. } => parse(address)?,
        Source::Rtsp { main_url, .. } => parse(main_url)?,
    };
    let pin = pin.map(camera::vapix::Fingerprint::from_bytes);
    Device::new(Access { user: user.cloned(), password: password.cloned(), pin, ..Access::anonymous(base) })
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
