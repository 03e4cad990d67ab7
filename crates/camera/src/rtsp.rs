//! A camera's stream over RTSP: where it is, how to open it, what comes out of it.
//!
//! What is here: the values that a session is opened with and that it hands out. [`open`] does the work (module
//! `open`), [`Session`] hands out what comes (module `session`).
//! What is not here: the protocol itself (RTSP, RTP and depacketising are the `retina` library's), trying again after
//! an error, control of the camera.
//!
//! Everything is bounded: whole steps in time ([`Limits::open`], [`Limits::silence`]); messages, frames and documents in
//! size, also while they are still coming (our limits in the library; module `library`).

mod library;
mod open;
mod session;

use std::{sync::Arc, time::Duration};

use media::{Sample, Tracks};
use model::{Secret, WallTime};
use percent_encoding::percent_decode_str;
use url::Url;

pub use open::open;
pub use session::Session;

use crate::{Error, onvif::Operation};

/// How media packets travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// Inside the RTSP connection (RFC 2326, 10.12). Nothing is lost, everything waits for what comes late.
    #[default]
    Tcp,
    /// As datagrams. What is lost is lost.
    Udp,
}

/// A stream to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `rtsp://host[:port]/path`, without credentials.
    pub url: Url,
    /// User name.
    pub user: Option<String>,
    /// Password.
    pub password: Option<Secret<String>>,
    /// How media packets shall travel.
    pub transport: Transport,
    /// Whether sound is wanted, where the camera offers it.
    pub audio: bool,
    /// Whether the camera's events are wanted, where it offers them (ONVIF metadata stream).
    pub events: bool,
}

impl Target {
    /// The target that a URL written by a person means: credentials inside it are taken out of it.
    ///
    /// # Errors
    /// [`Error::Address`] unless it is an `rtsp://` URL with a host. The text of the error does not repeat the URL.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let bad = |reason: &str| Error::Address { reason: reason.to_owned() };
        let mut url = Url::parse(text.trim()).map_err(|error| bad(&error.to_string()))?;
        check(&url)?;
        let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let user = (!url.username().is_empty()).then(|| decode(url.username()));
        let password = url.password().map(|password| Secret::new(decode(password)));
        url.set_username("")
            .and_then(|()| url.set_password(None))
            .map_err(|()| bad("its user name cannot be read"))?;
        Ok(Self { url, user, password, transport: Transport::Tcp, audio: true, events: false })
    }

    /// Host and port, for texts.
    pub(crate) fn host(&self) -> String {
        let port = self.url.port().unwrap_or(554);
        format!("{}:{port}", self.url.host_str().unwrap_or_default())
    }
}

fn check(url: &Url) -> Result<(), Error> {
    let bad = |reason: &str| Err(Error::Address { reason: reason.to_owned() });
    match url.scheme() {
        "rtsp" if url.host().is_some() => Ok(()),
        "rtsp" => bad("it names no host"),
        "rtsps" => bad("encrypted RTSP (rtsps://) is not supported yet"),
        _ => bad("it does not begin with rtsp://"),
    }
}

/// What a session may take: time and memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the first packet to known parameter sets.
    pub open: Duration,
    /// Longest time without a picture.
    pub silence: Duration,
    /// Longest frame, in bytes. One connection keeps at most the next power of two of what has not become a frame yet.
    pub frame: usize,
    /// Longest metadata document, in bytes; longer ones are left out.
    pub document: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            open: Duration::from_secs(10),
            silence: Duration::from_secs(10),
            frame: 16 << 20,
            document: crate::onvif::LONGEST_DOCUMENT,
        }
    }
}

/// Something that came from a camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A frame of video or a packet of sound.
    Sample(Sample),
    /// A new run begins, with these tracks: parameters changed, or the relation of clocks was lost. The next video
    /// sample is a key frame at time 0.
    Tracks(Arc<Tracks>),
    /// The camera saw something.
    Event(DeviceEvent),
    /// So many RTP packets of video were lost before what comes next.
    Lost {
        /// How many.
        packets: u16,
    },
}

/// An event that a camera reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceEvent {
    /// The topic as the camera wrote it, such as `tns1:VideoSource/MotionAlarm`.
    pub topic: String,
    /// When it arrived, on the server's clock.
    pub time: WallTime,
    /// What the camera's clock said, where it told it.
    pub camera_time: Option<WallTime>,
    /// Whether a state began, changed or went away.
    pub operation: Operation,
    /// Where: name and value.
    pub source: Vec<(String, String)>,
    /// What: name and value.
    pub data: Vec<(String, String)>,
    /// Whether something moves; nothing where the event is not about motion.
    pub motion: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_taken_out_of_an_address() {
        let target = Target::parse("rtsp://ro%40ot:p%C3%A4ss%20@192.0.2.1:8554/a?b=1").unwrap();
        assert_eq!(target.url.as_str(), "rtsp://192.0.2.1:8554/a?b=1");
        assert_eq!(target.user.as_deref(), Some("ro@ot"));
        assert_eq!(target.password.unwrap().expose(), "päss ");
    }

    #[test]
    fn an_address_that_is_none_is_refused_without_repeating_it() {
        for text in [
            "",
            "rtsp://",
            "http://u:hunter2@192.0.2.1/",
            "rtsps://u:hunter2@192.0.2.1/",
            "rtsp://u:hunter2@/x",
        ] {
            let error = Target::parse(text).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
