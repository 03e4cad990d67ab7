//! What a camera is, before it is added: asked once, with the credentials that a person just typed.
//!
//! What is here: the device's own information where it speaks VAPIX, and for each stream whether it can be recorded.
//! What is not here: keeping any of it.

use std::sync::Arc;

use media::Tracks;

use crate::{
    Error,
    rtsp::{self, Limits, Target},
    vapix::{Access, Codec, Device, DeviceInfo, Fingerprint},
};

/// Where to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An Axis device: its streams are asked of it.
    Vapix {
        /// Where it is and how to get in.
        access: Access,
        /// Codec of the main stream.
        codec: Codec,
        /// Port of its RTSP server, where it is not the one that it tells.
        rtsp_port: Option<u16>,
        /// How media packets shall travel.
        transport: rtsp::Transport,
    },
    /// Any camera: these streams.
    Rtsp(Vec<Target>),
}

/// What was found out.
#[derive(Debug)]
pub struct Facts {
    /// What the device is, where it speaks VAPIX.
    pub device: Option<DeviceInfo>,
    /// The certificate that it showed, where it was asked over HTTPS.
    pub certificate: Option<Fingerprint>,
    /// Each stream, main first.
    pub streams: Vec<Stream>,
}

/// A stream that was tried.
#[derive(Debug)]
pub struct Stream {
    /// What was opened.
    pub target: Target,
    /// What it carries, or why it cannot be recorded.
    pub tracks: Result<Arc<Tracks>, Error>,
    /// What was left out of it, for people.
    pub notes: Vec<String>,
}

/// Asks a camera what it is and tries its streams, one after the other (small cameras serve few at a time).
///
/// # Errors
/// The device cannot be asked for its streams. Streams that fail are in the facts.
pub async fn probe(source: Source, limits: Limits) -> Result<Facts, Error> {
    let (targets, mut facts) = match source {
        Source::Rtsp(targets) => (targets, Facts { device: None, certificate: None, streams: Vec::new() }),
        Source::Vapix { access, codec, rtsp_port, transport } => {
            let (user, password) = (access.user.clone(), access.password.clone());
            let device = Device::new(access)?;
            let info = device.device_info().await?;
            let streams = device.streams(codec).await?.on_port(rtsp_port);
            let target = |url| Target {
                url,
                user: user.clone(),
                password: password.clone(),
                transport,
                audio: true,
                events: false,
            };
            let facts = Facts { device: Some(info), certificate: device.certificate(), streams: Vec::new() };
            (vec![target(streams.main), target(streams.sub)], facts)
        }
    };
    for target in targets {
        let (tracks, notes) = match rtsp::open(&target, limits).await {
            Ok(session) => {
                let found = (Ok(Arc::clone(session.tracks())), session.notes().to_vec());
                session.close().await;
                found
            }
            Err(error) => (Err(error), Vec::new()),
        };
        facts.streams.push(Stream { target, tracks, notes });
    }
    Ok(facts)
}
