//! Parameters of a stream that Axis devices take in its address (VAPIX, *Video streaming: RTSP parameters*). Pure.

use url::Url;

use super::{Codec, Resolution};

/// How a device shall make a stream; what is left out is its choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamParameters {
    /// Codec of the pictures.
    pub codec: Option<Codec>,
    /// Size of the pictures.
    pub resolution: Option<Resolution>,
    /// Pictures a second.
    pub fps: Option<u8>,
    /// 0 (best picture) to 100 (fewest bits).
    pub compression: Option<u8>,
}

impl StreamParameters {
    /// The address of such a stream, given that of any stream of the device.
    #[must_use]
    pub fn address(&self, stream: &Url) -> Url {
        let mut url = stream.clone();
        {
            let mut query = url.query_pairs_mut();
            query.clear();
            if let Some(codec) = self.codec {
                query.append_pair("videocodec", codec.parameter());
            }
            for (name, value) in [
                ("resolution", self.resolution.map(|resolution| resolution.to_string())),
                ("fps", self.fps.map(|fps| fps.to_string())),
                ("compression", self.compression.map(|compression| compression.to_string())),
            ] {
                if let Some(value) = value {
                    query.append_pair(name, &value);
                }
            }
            query.append_pair("audio", "1").append_pair("camera", "1");
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_chosen_stands_in_the_address() {
        let stream =
            Url::parse("rtsp://192.0.2.1:8554/axis-media/media.amp?videocodec=h265&audio=1").unwrap();
        let base = "rtsp://192.0.2.1:8554/axis-media/media.amp?";
        for (parameters, query) in [
            (StreamParameters::default(), "audio=1&camera=1"),
            (
                StreamParameters {
                    codec: Some(Codec::H264),
                    resolution: "1280x720".parse().ok(),
                    fps: Some(5),
                    compression: Some(30),
                },
                "videocodec=h264&resolution=1280x720&fps=5&compression=30&audio=1&camera=1",
            ),
        ] {
            assert_eq!(parameters.address(&stream).as_str(), format!("{base}{query}"));
        }
    }
}
