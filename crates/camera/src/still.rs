//! A picture of now from cameras that are not Axis devices: from an address that a person typed, or by ONVIF.
//!
//! What is here: which question is asked. What an address answers is a JPEG picture or a Motion JPEG stream (module
//! `multipart`); how ONVIF tells the address is in `onvif`.
//! What is not here: VAPIX ([`crate::vapix::Device::image`]); pictures out of the video stream (nothing here decodes).

mod multipart;
mod onvif;

use bytes::Bytes;
use url::Url;

pub(crate) use multipart::{Found, Scan};
pub(crate) use onvif::SoapAnswer;

use crate::{
    Error,
    vapix::{Access, Client},
};

/// Longest picture, in bytes.
pub(crate) const LONGEST: usize = 16 << 20;
/// Where ONVIF devices answer (ONVIF Core Specification, *Device service*).
const DEVICE_SERVICE: &str = "/onvif/device_service";

/// A picture of now, as JPEG. `access.base` is the address of a picture, of a Motion JPEG stream, or of an ONVIF device
/// service (its path ends in `device_service`).
///
/// # Errors
/// See [`Error`].
pub async fn typed(access: Access) -> Result<Bytes, Error> {
    if access.base.path().ends_with("device_service") {
        return onvif::picture(access).await;
    }
    let url = access.base.clone();
    Client::new(access)?.picture("a picture", url).await
}

/// A picture of now, as JPEG, of an ONVIF device that is at this host.
///
/// # Errors
/// See [`Error`]; [`Error::Missing`]: nothing there speaks ONVIF, or it makes no pictures.
pub async fn onvif(mut access: Access) -> Result<Bytes, Error> {
    access.base.set_path(DEVICE_SERVICE);
    access.base.set_query(None);
    onvif::picture(access).await
}

/// Whether these bytes are a whole JPEG picture (ISO/IEC 10918-1, B.2: it begins with SOI and has an EOI).
pub(crate) fn is_jpeg(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xd8, 0xff]) && bytes.windows(2).skip(2).any(|two| two == [0xff, 0xd9])
}

/// The same path and query at the host that is asked already: devices behind an address translation tell addresses that
/// lead nowhere, and credentials go to nobody else.
fn at_host_of(base: &Url, told: &str) -> Option<Url> {
    let mut url = Url::parse(told).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    if url.host() != base.host() || (base.scheme() == "https" && url.scheme() == "http") {
        url.set_scheme(base.scheme()).ok()?;
        url.set_host(base.host_str()).ok()?;
        url.set_port(base.port()).ok()?;
    }
    url.set_username("").and_then(|()| url.set_password(None)).ok()?;
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_a_device_tells_stays_at_the_device() {
        for (base, told, expected) in [
            ("http://192.0.2.1/", "http://192.0.2.1:8080/a?b=1", Some("http://192.0.2.1:8080/a?b=1")),
            ("http://192.0.2.1:81/", "http://10.0.0.1/a?b=1", Some("http://192.0.2.1:81/a?b=1")),
            ("https://192.0.2.1/", "http://192.0.2.1/a", Some("https://192.0.2.1/a")),
            ("http://192.0.2.1/", "http://u:p@192.0.2.1/a", Some("http://192.0.2.1/a")),
            ("http://192.0.2.1/", "file:///etc/passwd", None),
            ("http://192.0.2.1/", "nonsense", None),
        ] {
            let url = at_host_of(&Url::parse(base).unwrap(), told);
            assert_eq!(url.as_ref().map(Url::as_str), expected, "{base} {told}");
        }
    }

    #[test]
    fn a_picture_begins_and_ends_as_one() {
        for (bytes, whole) in [
            (&[0xff, 0xd8, 0xff, 0xe0, 1, 0xff, 0xd9][..], true),
            (&[0xff, 0xd8, 0xff, 0xe0, 1, 0xff, 0xd9, 0, 0], true),
            (&[0xff, 0xd8, 0xff, 0xe0, 1], false),
            (b"<html>", false),
            (b"", false),
        ] {
            assert_eq!(is_jpeg(bytes), whole, "{bytes:02x?}");
        }
    }
}
