//! Sample entries: what `stsd` says about a track's coding.
//!
//! What is here: `avc1` `hvc1` (ISO/IEC 14496-15, 5.4.2 and 8.4.1), `mp4a` with `esds` (14496-14, 6.7), `ulaw` `alaw`
//! (QuickTime File Format), `fLaC` with `dfLa` ("Encapsulation of FLAC in ISO Base Media File Format").
//! What is not here: reading them ([`super::read`]).

use super::boxes::BoxWriter;
use crate::{AudioCodec, AudioConfig, VideoCodec, VideoConfig, aac::MAX_CONFIG};

/// `avc1` or `hvc1`: parameter sets only in the sample entry.
pub fn video(out: &mut BoxWriter, config: &VideoConfig) {
    let (entry, decoder) = match config.codec {
        VideoCodec::H264 => (b"avc1", b"avcC"),
        VideoCodec::H265 => (b"hvc1", b"hvcC"),
    };
    out.node(entry, |out| {
        out.zeros(6);
        out.u16(1); // data_reference_index
        out.zeros(16);
        out.u16(config.width);
        out.u16(config.height);
        out.u32(0x0048_0000); // 72 dpi
        out.u32(0x0048_0000);
        out.u32(0);
        out.u16(1); // frame_count
        out.zeros(32); // compressorname
        out.u16(0x0018); // depth
        out.u16(0xffff);
        out.node(decoder, |out| out.bytes(&config.decoder_config));
    });
}

/// `mp4a`, `ulaw`, `alaw` or `fLaC`.
pub fn audio(out: &mut BoxWriter, config: &AudioConfig) {
    let entry = match config.codec {
        AudioCodec::Aac => b"mp4a",
        AudioCodec::Pcmu => b"ulaw",
        AudioCodec::Pcma => b"alaw",
        AudioCodec::Flac => b"fLaC",
    };
    out.node(entry, |out| {
        out.zeros(6);
        out.u16(1); // data_reference_index
        out.zeros(8);
        out.u16(u16::from(config.channels));
        out.u16(16); // samplesize
        out.zeros(4);
        out.u32(u16::try_from(config.sample_rate).map_or(0, |rate| u32::from(rate) << 16));
        match config.codec {
            AudioCodec::Aac => esds(out, &config.decoder_config),
            AudioCodec::Flac => dfla(out, &config.decoder_config),
            AudioCodec::Pcmu | AudioCodec::Pcma => {}
        }
    });
}

/// The elementary stream descriptor (ISO/IEC 14496-1, 7.2.6.5) of MPEG-4 audio.
fn esds(out: &mut BoxWriter, config: &[u8]) {
    // Lengths of descriptors are one byte each.
    let config = config.get(..config.len().min(MAX_CONFIG)).unwrap_or_default();
    let length = config.len() as u8;
    out.full(b"esds", 0, 0, |out| {
        out.bytes(&[3, 23 + length, 0, 0, 0]); // ES_Descriptor: ES_ID 0, no flags
        out.bytes(&[4, 15 + length, 0x40, 0x15, 0, 0, 0]); // DecoderConfigDescriptor: MPEG-4 audio stream
        out.u32(0); // maxBitrate: unknown
        out.u32(0); // avgBitrate: unknown
        out.bytes(&[5, length]); // DecoderSpecificInfo
        out.bytes(config);
        out.bytes(&[6, 1, 2]); // SLConfigDescriptor: MP4
    });
}

/// FLAC's metadata: one block, STREAMINFO, marked as the last.
fn dfla(out: &mut BoxWriter, stream_info: &[u8]) {
    out.full(b"dfLa", 0, 0, |out| {
        out.u32(0x8000_0000 | (stream_info.len() as u32 & 0x00ff_ffff));
        out.bytes(stream_info);
    });
}
