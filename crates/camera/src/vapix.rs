//! Questions to Axis devices over HTTP: VAPIX (developer.axis.com/vapix).
//!
//! What is here: a [`Device`] and the questions that adding and watching a camera need. Parsers of the answers are pure
//! (module `answers`), the transport is in `http`, trust in certificates in `tls`.
//! What is not here: changing settings, other makers' devices.

pub mod answers;
mod http;
mod profile;
mod tls;

use std::time::Duration;

use bytes::Bytes;
use model::Secret;
use serde_json::json;
use url::Url;

pub use answers::{Api, Codec, DeviceInfo, Parameters, Resolution, SystemReady};
pub use profile::StreamParameters;
pub use tls::Fingerprint;

pub(crate) use http::{Client, Fetcher};

use crate::Error;

/// Longest answer but a picture, in bytes.
const LONGEST_ANSWER: usize = 1 << 20;
/// Longest picture, in bytes.
const LONGEST_IMAGE: usize = 16 << 20;

/// Where a device is and how to get in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// `http://host[:port]` or `https://host[:port]`, without credentials.
    pub base: Url,
    /// User name.
    pub user: Option<String>,
    /// Password.
    pub password: Option<Secret<String>>,
    /// The certificate that the device must show, once it is known. Without it any certificate will do (trust on first
    /// use), and [`Device::certificate`] tells which one it was.
    pub pin: Option<Fingerprint>,
    /// Longest time that a question may take.
    pub patience: Duration,
}

impl Access {
    /// Without credentials, with usual patience (10 s).
    #[must_use]
    pub const fn anonymous(base: Url) -> Self {
        Self { base, user: None, password: None, pin: None, patience: Duration::from_secs(10) }
    }
}

/// The two streams that a site records and shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Streams {
    /// In the largest resolution.
    pub main: Url,
    /// In a small one, always H.264.
    pub sub: Url,
}

impl Streams {
    /// The same streams on another RTSP port, where one is given.
    #[must_use]
    pub fn on_port(mut self, port: Option<u16>) -> Self {
        for url in [&mut self.main, &mut self.sub] {
            if port.is_some() {
                // Only addresses without a host take no port; these have one.
                let _ = url.set_port(port);
            }
        }
        self
    }
}

/// An Axis device.
pub struct Device {
    http: http::Client,
}

impl Device {
    /// A device; nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::Address`]: not an `http` or `https` address of a host.
    pub fn new(access: Access) -> Result<Self, Error> {
        Ok(Self { http: http::Client::new(access)? })
    }

    /// The certificate that the device showed last; nothing over plain HTTP or before the first question.
    #[must_use]
    pub fn certificate(&self) -> Option<Fingerprint> {
        self.http.certificate()
    }

    /// Whether it is ready, and whether it still waits for its first account (`systemready.cgi`; anonymous).
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn system_ready(&self) -> Result<SystemReady, Error> {
        let question = json!({"apiVersion": "1.0", "method": "systemready", "params": {"timeout": 1}});
        let data = self
            .ask("systemready", "axis-cgi/systemready.cgi", &question)
            .await?
            .map_err(|refusal| self.http.unexpected("systemready", &refusal.message))?;
        SystemReady::from_data(&data).map_err(|reason| self.http.unexpected("systemready", &reason))
    }

    /// Maker, model, serial number and version (`basicdeviceinfo.cgi`). Asks what needs no account first; devices
    /// too old for it are asked with credentials, and those without this function for their parameters.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn device_info(&self) -> Result<DeviceInfo, Error> {
        const WHAT: &str = "basic device information";
        for method in ["getAllUnrestrictedProperties", "getAllProperties"] {
            let question = json!({"apiVersion": "1.0", "method": method});
            match self.ask(WHAT, "axis-cgi/basicdeviceinfo.cgi", &question).await {
                Ok(Ok(data)) => {
                    return DeviceInfo::from_data(&data)
                        .map_err(|reason| self.http.unexpected(WHAT, &reason));
                }
                Ok(Err(refusal)) => {
                    tracing::debug!(host = %self.http.host(), method, message = refusal.message, "refused")
                }
                Err(Error::Missing { .. }) => break,
                Err(error) => return Err(error),
            }
        }
        let parameters =
            self.params("Brand,Properties.System.SerialNumber,Properties.Firmware.Version").await?;
        DeviceInfo::from_parameters(&parameters)
            .ok_or_else(|| Error::Missing { host: self.http.host(), operation: WHAT })
    }

    /// Which functions it has (`apidiscovery.cgi`); none on devices older than that.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn api_list(&self) -> Result<Vec<Api>, Error> {
        const WHAT: &str = "the list of its functions";
        let question = json!({"apiVersion": "1.0", "method": "getApiList"});
        match self.ask(WHAT, "axis-cgi/apidiscovery.cgi", &question).await {
            Ok(Ok(data)) => answers::api_list(&data).map_err(|reason| self.http.unexpected(WHAT, &reason)),
            Ok(Err(refusal)) => Err(self.http.unexpected(WHAT, &refusal.message)),
            Err(Error::Missing { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Parameters of these groups, separated by commas (`param.cgi`).
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn params(&self, groups: &str) -> Result<Parameters, Error> {
        let query = [("action", "list"), ("group", groups)];
        let body = self.http.get("its parameters", "axis-cgi/param.cgi", &query, LONGEST_ANSWER).await?;
        Ok(Parameters::parse(&body))
    }

    /// A picture of now, as JPEG (`jpg/image.cgi`).
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn image(&self, resolution: Option<Resolution>) -> Result<Bytes, Error> {
        let text = resolution.map(|resolution| resolution.to_string());
        let query: Vec<(&str, &str)> = text.iter().map(|text| ("resolution", text.as_str())).collect();
        let body = self.http.get("a picture", "axis-cgi/jpg/image.cgi", &query, LONGEST_IMAGE).await?;
        if crate::still::is_jpeg(&body) {
            Ok(body)
        } else {
            Err(self.http.unexpected("a picture", "it is not a JPEG picture"))
        }
    }

    /// Addresses of its main and sub stream, the main stream in this codec.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn streams(&self, codec: Codec) -> Result<Streams, Error> {
        let parameters = self.params("Properties.Image.Resolution,Network.RTSP.Port").await?;
        let resolutions = parameters.resolutions();
        let (Some(main), Some(sub)) =
            (answers::main_resolution(&resolutions), answers::sub_resolution(&resolutions))
        else {
            return Err(Error::Missing { host: self.http.host(), operation: "any video resolution" });
        };
        let port = parameters.get("Network.RTSP.Port").and_then(|port| port.parse().ok()).unwrap_or(554);
        let url = |codec, resolution| {
            answers::stream_url(self.http.base(), port, codec, resolution)
                .ok_or_else(|| Error::Address { reason: "it names no host".to_owned() })
        };
        Ok(Streams { main: url(codec, main)?, sub: url(Codec::H264, sub)? })
    }

    async fn ask(
        &self,
        operation: &'static str,
        path: &str,
        question: &serde_json::Value,
    ) -> Result<Result<serde_json::Value, answers::Refusal>, Error> {
        let body = self.http.post(operation, path, question, LONGEST_ANSWER).await?;
        answers::envelope(&body).map_err(|reason| self.http.unexpected(operation, &reason))
    }
}
