//! G.711: µ-law and A-law to linear 16-bit samples (ITU-T G.711, tables 1 and 2; scaled to 16 bits as everybody does).
//!
//! What is not here: the way back, resampling.

use crate::AudioCodec;

const MULAW: [i16; 256] = table(AudioCodec::Pcmu);
const ALAW: [i16; 256] = table(AudioCodec::Pcma);

const fn table(codec: AudioCodec) -> [i16; 256] {
    let mut out = [0; 256];
    let mut code = 0;
    while code < 256 {
        out[code] = match codec {
            AudioCodec::Pcma => alaw(code as u8),
            _ => mulaw(code as u8),
        };
        code += 1;
    }
    out
}

const fn mulaw(code: u8) -> i16 {
    let code = !code;
    let magnitude = (((code as i16 & 0x0f) << 3) + 0x84) << (code >> 4 & 7);
    if code & 0x80 != 0 { 0x84 - magnitude } else { magnitude - 0x84 }
}

const fn alaw(code: u8) -> i16 {
    let code = code ^ 0x55;
    let (segment, step) = (code >> 4 & 7, code as i16 & 0x0f);
    let magnitude = match segment {
        0 => (step << 4) + 8,
        _ => ((step << 4) + 0x108) << (segment - 1),
    };
    if code & 0x80 != 0 { magnitude } else { -magnitude }
}

/// The linear samples of G.711 bytes; nothing for another codec.
#[must_use]
pub fn decoder(codec: AudioCodec) -> Option<&'static [i16; 256]> {
    match codec {
        AudioCodec::Pcmu => Some(&MULAW),
        AudioCodec::Pcma => Some(&ALAW),
        AudioCodec::Aac | AudioCodec::Flac => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_and_the_middle_are_those_of_the_recommendation() {
        let cases = [
            (AudioCodec::Pcmu, 0x00, -32124),
            (AudioCodec::Pcmu, 0x80, 32124),
            (AudioCodec::Pcmu, 0xff, 0),
            (AudioCodec::Pcmu, 0x7f, 0),
            (AudioCodec::Pcma, 0x2a, -32256),
            (AudioCodec::Pcma, 0xaa, 32256),
            (AudioCodec::Pcma, 0xd5, 8),
            (AudioCodec::Pcma, 0x55, -8),
        ];
        for (codec, code, linear) in cases {
            assert_eq!(decoder(codec).unwrap()[code], linear, "{codec:?} {code:#04x}");
        }
        assert!(decoder(AudioCodec::Aac).is_none());
    }
}
