//! Opening a stream: `DESCRIBE`, `SETUP`, `PLAY`, and waiting for parameter sets.
//!
//! What is here: which of the offered streams are taken, and the steps until pictures come, all within one deadline.
//! What is not here: what is made of them afterwards ([`super::session`]).

use std::{future::Future, sync::Arc};

use futures_util::StreamExt;
use media::{AudioCodec, AudioConfig, Tracks, VideoConfig, sample::VIDEO_TIMESCALE};
use retina::{
    client::{
        Credentials, Demuxed, Described, InitialTimestampPolicy, PlayOptions, SessionGroup, SessionOptions,
        SetupOptions, Stream, TcpTransportOptions, Transport as Carrier, UdpTransportOptions,
        UnknownRtcpSsrcPolicy,
    },
    codec::{CodecItem, FrameFormat, ParametersRef, VideoParametersCodec},
};
use tokio::time::{Instant, timeout_at};

use super::{
    Limits, Session, Target, Transport, check,
    library::{self, Step, guarded},
    session::Chosen,
};
use crate::{Error, Kind};

/// Opens the stream. When this returns, its parameter sets are known.
///
/// # Errors
/// Everything of [`Kind`]: see there.
pub async fn open(target: &Target, limits: Limits) -> Result<Session, Error> {
    check(&target.url)?;
    if !target.url.username().is_empty() || target.url.password().is_some() {
        return Err(Error::Address { reason: "credentials do not belong inside it".to_owned() });
    }
    let deadline = Instant::now() + limits.open;
    let host = target.host();
    let unreachable =
        || Error::Connect { host: host.clone(), reason: format!("no answer within {:?}", limits.open) };
    let late = || Error::Start { host: host.clone(), reason: format!("no answer within {:?}", limits.open) };
    let no_picture = || Error::Silent { host: host.clone(), what: "picture", after: limits.open };

    let group = Arc::new(SessionGroup::default());
    let credentials = target.user.clone().map(|username| Credentials {
        username,
        password: target.password.as_ref().map(|password| password.expose().clone()).unwrap_or_default(),
    });
    let options = SessionOptions::default()
        .creds(credentials)
        .user_agent(concat!("Martello/", env!("CARGO_PKG_VERSION")).to_owned())
        .session_group(Arc::clone(&group))
        .limits(library::limits(limits));
    let describe = retina::client::Session::describe(target.url.clone(), options);
    let mut described = before(deadline, unreachable, guarded(target, describe, Step::Describe)).await?;

    let mut notes = Vec::new();
    let mut chosen = choose(described.streams(), target, &mut notes).map_err(|reason| Error::Describe {
        host: host.clone(),
        reason,
        kind: Kind::NoStream,
    })?;
    before(deadline, late, setup(target, &mut described, chosen.video)).await?;
    for (wanted, what) in [(&mut chosen.audio, "sound"), (&mut chosen.events, "events")] {
        if let Some(index) = *wanted
            && let Err(error) = before(deadline, late, setup(target, &mut described, index)).await
        {
            // Recording goes on without it, unless the connection itself is gone.
            if matches!(error.kind(), Kind::Unreachable | Kind::Ended) {
                return Err(error);
            }
            notes.push(format!("no {what}: {error}"));
            *wanted = None;
        }
    }
    let policy = PlayOptions::default()
        .initial_timestamp(InitialTimestampPolicy::Ignore)
        .unknown_rtcp_ssrc(UnknownRtcpSsrcPolicy::ProcessPackets);
    let play = async { described.play(policy).await?.demuxed() };
    let mut demuxed = before(deadline, late, guarded(target, play, Step::Start)).await?;

    let mut first = None;
    let video = loop {
        match demuxed.streams().get(chosen.video).map(|stream| video_config(stream, &target.host())) {
            Some(Ok(Some(config))) => break config,
            Some(Err(error)) => return Err(error),
            _ => first = Some(before(deadline, no_picture, receive(target, &mut demuxed)).await?),
        }
    };
    let audio = chosen.audio.and_then(|index| match audio_config(demuxed.streams().get(index)?) {
        Ok(config) => Some(config),
        Err(reason) => {
            notes.push(format!("no sound: {reason}"));
            None
        }
    });
    if audio.is_none() {
        chosen.audio = None;
    }
    let tracks = Arc::new(Tracks { video, audio });
    Session::new(target.clone(), limits, demuxed, group, chosen, tracks, notes, first)
}

/// Waits for `work` until `deadline`.
async fn before<T>(
    deadline: Instant,
    late: impl FnOnce() -> Error,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    timeout_at(deadline, work).await.unwrap_or_else(|_| Err(late()))
}

/// The next item of a playing stream.
pub(super) async fn receive(target: &Target, demuxed: &mut Demuxed) -> Result<CodecItem, Error> {
    let next = async { demuxed.next().await.transpose() };
    guarded(target, next, Step::Receive)
        .await?
        .ok_or_else(|| Error::Ended { host: target.host(), reason: "the connection was closed".to_owned() })
}

async fn setup(
    target: &Target,
    session: &mut retina::client::Session<Described>,
    index: usize,
) -> Result<(), Error> {
    let carrier = match target.transport {
        Transport::Tcp => Carrier::Tcp(TcpTransportOptions::default()),
        Transport::Udp => Carrier::Udp(UdpTransportOptions::default()),
    };
    let options = SetupOptions::default().transport(carrier).frame_format(FrameFormat::MP4);
    guarded(target, session.setup(index, options), Step::Start).await
}

/// Which of the offered streams are taken; notes tell what is left out.
fn choose(streams: &[Stream], target: &Target, notes: &mut Vec<String>) -> Result<Chosen, String> {
    let name = |stream: &Stream| format!("{}/{}", stream.media(), stream.encoding_name());
    let Some(video) = streams
        .iter()
        .position(|stream| stream.media() == "video" && matches!(stream.encoding_name(), "h264" | "h265"))
    else {
        let offered: Vec<String> =
            streams.iter().map(name).map(|name| crate::error::scrub(&name, &[])).take(8).collect();
        return Err(if streams.iter().any(|stream| stream.encoding_name() == "jpeg") {
            "it is Motion JPEG there; H.264 or H.265 is needed".to_owned()
        } else if offered.is_empty() {
            "it offers nothing".to_owned()
        } else {
            format!("it offers {}; H.264 or H.265 video is needed", offered.join(", "))
        });
    };
    let mut audio = None;
    if target.audio {
        for (index, stream) in streams.iter().enumerate().filter(|(_, stream)| stream.media() == "audio") {
            if audio.is_none() && matches!(stream.encoding_name(), "mpeg4-generic" | "pcmu" | "pcma") {
                audio = Some(index);
            } else if audio.is_none() && notes.len() < 8 {
                notes.push(format!("no sound: {} is not supported", crate::error::scrub(&name(stream), &[])));
            }
        }
    }
    let events = target.events.then(|| {
        streams.iter().position(|stream| {
            stream.media() == "application" && stream.encoding_name() == "vnd.onvif.metadata"
        })
    });
    Ok(Chosen { video, audio, events: events.flatten() })
}

/// What the stream's parameter sets say; nothing while there are none.
pub(super) fn video_config(stream: &Stream, host: &str) -> Result<Option<VideoConfig>, Error> {
    let Some(ParametersRef::Video(parameters)) = stream.parameters() else { return Ok(None) };
    let config = match parameters.codec_params() {
        VideoParametersCodec::H264 { sps, pps } => VideoConfig::from_h264(sps, pps),
        VideoParametersCodec::H265 { vps, sps, pps } => VideoConfig::from_h265(vps, sps, pps),
        _ => return Ok(None),
    };
    let mut config =
        config.map_err(|error| Error::Stream { host: host.to_owned(), reason: error.to_string() })?;
    if let Some(duration) = stream.framerate().and_then(nominal_duration) {
        config.nominal_duration = duration;
    }
    Ok(Some(config))
}

/// Ticks per picture at so many pictures a second, as the description tells; nothing unless from 0.1 to 300.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
fn nominal_duration(framerate: f32) -> Option<u32> {
    (0.1..=300.0)
        .contains(&framerate)
        .then(|| (f64::from(VIDEO_TIMESCALE) / f64::from(framerate)).round() as u32)
}

fn audio_config(stream: &Stream) -> Result<AudioConfig, String> {
    let config = match (stream.encoding_name(), stream.parameters()) {
        ("pcmu", _) => AudioConfig::g711(AudioCodec::Pcmu),
        ("pcma", _) => AudioConfig::g711(AudioCodec::Pcma),
        (_, Some(ParametersRef::Audio(parameters))) => {
            AudioConfig::from_aac(parameters.extra_data()).map_err(|error| error.to_string())?
        }
        _ => return Err("its configuration is missing".to_owned()),
    };
    let channels = stream.channels().map_or(config.channels.into(), std::num::NonZeroU16::get);
    if stream.clock_rate_hz() != config.sample_rate || channels > 2 {
        return Err(format!("{} Hz with {channels} channels is not supported", stream.clock_rate_hz()));
    }
    if config.codec != AudioCodec::Aac && channels != 1 {
        return Err("G.711 in stereo is not supported".to_owned());
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nominal_duration_comes_from_a_believable_frame_rate() {
        assert_eq!(nominal_duration(25.0), Some(3600));
        assert_eq!(nominal_duration(29.97), Some(3003));
        for nonsense in [0.0, -1.0, f32::NAN, f32::INFINITY, 1e9] {
            assert_eq!(nominal_duration(nonsense), None);
        }
    }
}
