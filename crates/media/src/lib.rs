//! What a stream is made of: samples, parameter sets, and the containers that carry them.
//!
//! What is here: values in, values out. H.264, H.265 and AAC parameter sets, fragmented and progressive MP4, Matroska,
//! lossless FLAC wrapping of G.711, the clock of a live stream.
//! What is not here: sockets, files, RTP (the camera crate hands over whole samples), storage (the archive crate).

pub mod aac;
mod bits;
pub mod flac;
pub mod fmp4;
pub mod g711;
pub mod h264;
pub mod h265;
mod hvcc;
pub mod live;
pub mod mkv;
pub mod nal;
pub mod progressive;
pub mod sample;
pub mod video;

pub use sample::{AudioCodec, AudioConfig, Sample, Tracks, VideoCodec, VideoConfig};
