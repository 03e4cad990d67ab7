//! What an RTSP URL asks for, and the session description (RFC 8866) of it.
//!
//! URLs are `/axis-media/media.amp[/stream=N]?videocodec=h264|h265&resolution=640x360&audio=0|1&video=0|1&event=on`.
//! Not here: sessions.

use crate::clip::{Clip, Codec, Size};
use crate::device::{Device, Identity};
use crate::message::parameter;
use crate::sound::Audio;
use std::fmt::Write;

/// The streams that a URL asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ask {
    size: Size,
    codec: Option<Codec>,
    video: bool,
    audio: bool,
    events: bool,
}

/// A URL understood: what is asked for and, at `SETUP`, which of its streams.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub ask: Ask,
    pub stream: Option<usize>,
}

/// One stream of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Video(Size, Codec),
    Sound(Audio),
    Events,
}

impl Address {
    /// `None` if there is nothing at that path, or no such codec.
    pub(super) fn of(path: &str, query: &str) -> Option<Self> {
        let rest = path.strip_prefix("/axis-media/media.amp")?.trim_matches('/');
        let stream = match rest.strip_prefix("stream=") {
            Some(number) => Some(number.parse().ok()?),
            None if rest.is_empty() => None,
            None => return None,
        };
        let codec = match parameter(query, "videocodec").as_deref() {
            None => None,
            Some("h264") => Some(Codec::H264),
            Some("h265") => Some(Codec::H265),
            Some(_) => return None,
        };
        if parameter(query, "camera").is_some_and(|camera| camera != "1") {
            return None;
        }
        let small = parameter(query, "resolution").as_deref() == Some("640x360");
        let is = |name, value| parameter(query, name).as_deref() == Some(value);
        let ask = Ask {
            size: if small { Size::Sub } else { Size::Main },
            codec,
            video: !is("video", "0"),
            audio: !is("audio", "0"),
            events: is("event", "on"),
        };
        Some(Self { ask, stream })
    }
}

impl Ask {
    /// The session's streams in order; the position is the number in the control URL.
    pub(super) fn tracks(&self, device: &Device) -> Vec<Kind> {
        let identity = &device.identity;
        let mut tracks = Vec::with_capacity(3);
        if self.video {
            let own = if self.size == Size::Sub { Codec::H264 } else { identity.codec };
            tracks.push(Kind::Video(self.size, self.codec.unwrap_or(own)));
        }
        if self.audio && identity.audio != Audio::None {
            tracks.push(Kind::Sound(identity.audio));
        }
        if self.events {
            tracks.push(Kind::Events);
        }
        tracks
    }
}

/// The aggregate URL of the camera's media, without query.
pub(super) fn base(identity: &Identity) -> String {
    format!("rtsp://{}:{}/axis-media/media.amp", identity.address, identity.rtsp_port)
}

/// The session description; `None` if the camera lacks a stream that is asked for.
pub(super) fn description(device: &Device, ask: &Ask, query: &str) -> Option<String> {
    let base = base(&device.identity);
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    let (address, id) = (device.identity.address, device.steady_us());
    let mut sdp = format!(
        "v=0\r\no=- {id} 1 IN IP4 {address}\r\ns=Session streamed with GStreamer\r\ni=rtsp-server\r\nt=0 0\r\n\
         a=tool:GStreamer\r\na=type:broadcast\r\na=range:npt=now-\r\na=control:{base}{query}\r\n"
    );
    for (i, kind) in ask.tracks(device).into_iter().enumerate() {
        match kind {
            Kind::Video(size, codec) => {
                let (clip, shown) = device.description(size, codec)?;
                sdp.push_str(&video(clip, shown));
            }
            Kind::Sound(Audio::Pcmu) => {
                sdp.push_str("m=audio 0 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\nb=AS:64\r\na=rtpmap:0 PCMU/8000/1\r\n");
            }
            Kind::Sound(_) => sdp.push_str(
                "m=audio 0 RTP/AVP 97\r\nc=IN IP4 0.0.0.0\r\nb=AS:32\r\na=rtpmap:97 mpeg4-generic/16000/1\r\n\
                 a=fmtp:97 streamtype=5;profile-level-id=2;mode=AAC-hbr;config=1408;sizelength=13;indexlength=3;\
                 indexdeltalength=3;bitrate=32000\r\n",
            ),
            Kind::Events => sdp.push_str(
                "m=application 0 RTP/AVP 98\r\nc=IN IP4 0.0.0.0\r\na=rtpmap:98 vnd.onvif.metadata/90000\r\n",
            ),
        }
        let _ = write!(sdp, "a=control:{base}/stream={i}{query}\r\n");
    }
    Some(sdp)
}

fn video(clip: &Clip, codec: Codec) -> String {
    let [width, height, fps] = clip.numbers;
    let (name, format) = match codec {
        Codec::H264 => {
            let (sps, pps) = (clip.set(0), clip.set(1));
            let profile: String = sps.iter().skip(1).take(3).map(|byte| format!("{byte:02x}")).collect();
            let sets = format!("{},{}", base64(sps), base64(pps));
            let format =
                format!("packetization-mode=1;profile-level-id={profile};sprop-parameter-sets={sets}");
            ("H264", format)
        }
        Codec::H265 => {
            let [vps, sps, pps] = [0, 1, 2].map(|i| base64(clip.set(i)));
            ("H265", format!("sprop-vps={vps};sprop-sps={sps};sprop-pps={pps}"))
        }
    };
    format!(
        "m=video 0 RTP/AVP 96\r\nc=IN IP4 0.0.0.0\r\nb=AS:50000\r\na=rtpmap:96 {name}/90000\r\n\
         a=fmtp:96 {format}\r\na=framerate:{fps}.000000\r\na=framesize:96 {width}-{height}\r\n\
         a=transform:1.000000,0.000000,0.000000;0.000000,1.000000,0.000000;0.000000,0.000000,1.000000\r\n"
    )
}

/// Base64 with padding (RFC 4648 section 4).
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, i| bits << 8 | u32::from(three.get(i).copied().unwrap_or(0)));
        for i in 0..4 {
            let letter = ALPHABET[(bits >> (18 - 6 * i) & 63) as usize];
            text.push(if i <= three.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Address, base64};
    use crate::clip::{Codec, Size};

    #[test]
    fn base64_of_the_rfc_examples() {
        for (text, code) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")] {
            assert_eq!(base64(text.as_bytes()), code);
        }
    }

    #[test]
    fn urls_ask_for_what_axis_documents() {
        let path = "/axis-media/media.amp";
        let address = Address::of(path, "videocodec=h265&resolution=640x360&audio=0&event=on").unwrap();
        assert_eq!((address.ask.size, address.ask.codec), (Size::Sub, Some(Codec::H265)));
        assert_eq!((address.ask.audio, address.ask.events, address.stream), (false, true, None));
        assert_eq!(Address::of("/axis-media/media.amp/stream=2", "").unwrap().stream, Some(2));
        for (path, query) in
            [("/", ""), (path, "videocodec=av1"), (path, "camera=2"), ("/axis-media/media.amp/x", "")]
        {
            assert_eq!(Address::of(path, query), None, "{path} {query}");
        }
    }
}
