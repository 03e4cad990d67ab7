//! EBML elements (RFC 8794): identifiers, and writing them.
//!
//! What is not here: which elements a file has.

pub const EBML: u32 = 0x1A45_DFA3;
pub const EBML_VERSION: u32 = 0x4286;
pub const EBML_READ_VERSION: u32 = 0x42F7;
pub const EBML_MAX_ID: u32 = 0x42F2;
pub const EBML_MAX_SIZE: u32 = 0x42F3;
pub const DOC_TYPE: u32 = 0x4282;
pub const DOC_TYPE_VERSION: u32 = 0x4287;
pub const DOC_TYPE_READ_VERSION: u32 = 0x4285;
pub const SEGMENT: u32 = 0x1853_8067;
pub const SEEK_HEAD: u32 = 0x114D_9B74;
pub const SEEK: u32 = 0x4DBB;
pub const SEEK_ID: u32 = 0x53AB;
pub const SEEK_POSITION: u32 = 0x53AC;
pub const INFO: u32 = 0x1549_A966;
pub const TIMESTAMP_SCALE: u32 = 0x2A_D7B1;
pub const DURATION: u32 = 0x4489;
pub const DATE: u32 = 0x4461;
pub const MUXING_APP: u32 = 0x4D80;
pub const WRITING_APP: u32 = 0x5741;
pub const TRACKS: u32 = 0x1654_AE6B;
pub const TRACK_ENTRY: u32 = 0xAE;
pub const TRACK_NUMBER: u32 = 0xD7;
pub const TRACK_UID: u32 = 0x73C5;
pub const TRACK_TYPE: u32 = 0x83;
pub const FLAG_LACING: u32 = 0x9C;
pub const LANGUAGE: u32 = 0x22_B59C;
pub const CODEC_ID: u32 = 0x86;
pub const CODEC_PRIVATE: u32 = 0x63A2;
pub const VIDEO: u32 = 0xE0;
pub const PIXEL_WIDTH: u32 = 0xB0;
pub const PIXEL_HEIGHT: u32 = 0xBA;
pub const AUDIO: u32 = 0xE1;
pub const SAMPLING_FREQUENCY: u32 = 0xB5;
pub const CHANNELS: u32 = 0x9F;
pub const BIT_DEPTH: u32 = 0x6264;
pub const CUES: u32 = 0x1C53_BB6B;
pub const CUE_POINT: u32 = 0xBB;
pub const CUE_TIME: u32 = 0xB3;
pub const CUE_TRACK_POSITIONS: u32 = 0xB7;
pub const CUE_TRACK: u32 = 0xF7;
pub const CUE_CLUSTER_POSITION: u32 = 0xF1;
pub const CLUSTER: u32 = 0x1F43_B675;
pub const TIMESTAMP: u32 = 0xE7;
pub const SIMPLE_BLOCK: u32 = 0xA3;

/// Appends the identifier, without leading zeros.
pub fn id(out: &mut Vec<u8>, id: u32) {
    let bytes = id.to_be_bytes();
    out.extend(bytes.into_iter().skip_while(|byte| *byte == 0));
}

/// Appends an element with 8 bytes of size whose content `content` writes.
pub fn node(out: &mut Vec<u8>, name: u32, content: impl FnOnce(&mut Vec<u8>)) {
    id(out, name);
    let at = out.len();
    out.extend_from_slice(&[0; 8]);
    content(out);
    let size = wide_size((out.len() - at - 8) as u64);
    if let Some(place) = out.get_mut(at..at + 8) {
        place.copy_from_slice(&size);
    }
}

/// A size in 8 bytes.
pub fn wide_size(size: u64) -> [u8; 8] {
    (size | 1 << 56).to_be_bytes()
}

/// A size in 4 bytes; larger ones do not fit.
pub fn size_4(size: u32) -> [u8; 4] {
    (size & 0x0fff_ffff | 0x1000_0000).to_be_bytes()
}

/// Appends bytes, at most 2^28.
pub fn bytes(out: &mut Vec<u8>, name: u32, value: &[u8]) {
    id(out, name);
    out.extend_from_slice(&size_4(value.len() as u32));
    out.extend_from_slice(value);
}

/// Appends an unsigned number in 8 bytes.
pub fn number(out: &mut Vec<u8>, name: u32, value: u64) {
    id(out, name);
    out.push(0x88);
    out.extend_from_slice(&value.to_be_bytes());
}

/// Appends a number of 64 bits with a point.
pub fn float(out: &mut Vec<u8>, name: u32, value: f64) {
    id(out, name);
    out.push(0x88);
    out.extend_from_slice(&value.to_be_bytes());
}
