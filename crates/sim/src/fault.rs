//! The faults a camera can be told to have, and what is wrong with it at present.
//!
//! Faults add up until [`Fault::Clear`]. As JSON (`POST /sim/fault`): `{"fault":"drop","percent":10}`. Not here: how
//! each one shows (RTSP sessions, timelines and listeners ask [`Faults`]).

use crate::clip::Codec;
use serde::{Deserialize, Serialize};

/// Something that goes wrong with a camera.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// All faults end.
    Clear,
    /// Running connections are closed and new ones refused, RTSP and HTTP, until cleared.
    Refuse,
    /// Connections stay open but nothing comes: no media, no answers. Frames go on being made and are lost.
    Stall,
    /// This share of RTP packets is not sent.
    Drop {
        /// 0 to 100.
        percent: u8,
    },
    /// No password is right: everything that asks for one answers 401. Running sessions go on.
    WrongPassword,
    /// Connections are closed, new ones refused for so long, then `systemready` has a new boot id and uptime.
    Reboot {
        /// Seconds until the camera is back.
        seconds: u32,
    },
    /// The main stream goes on in 640 by 360, from the next key frame, in running sessions too.
    Resolution,
    /// The main stream goes on in this codec, from the next key frame. New descriptions say so; in running sessions
    /// the payload type stays: a receiver must notice by itself. Only the street has H.265.
    Codec {
        /// The new codec.
        codec: Codec,
    },
    /// The camera's clock jumps once; stamps and sender reports follow, RTP time stamps do not.
    Jump {
        /// Seconds, forward or (negative) back.
        seconds: i64,
    },
    /// Groups of so many frames. Above 50 only the street's H.264 main stream can follow; elsewhere groups stay at 50.
    Gop {
        /// 1 to 300.
        frames: u32,
    },
    /// Groups whose length changes all the time, 1 to 300 frames.
    DynamicGop,
    /// So many frames per second; the pictures' motion slows down accordingly.
    Rate {
        /// 1 to 25.
        fps: u32,
    },
    /// Rubbish is sent.
    Garbage {
        /// Where.
        place: Garbage,
        /// Share of packets (payload) or frames (framing), 0 to 100; for a description any number is always.
        percent: u8,
    },
}

/// One line of a script of faults; in JSON `{"after_ms":1000,"do":{"fault":"stall"}}`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Milliseconds after the step before, or after the script's start.
    pub after_ms: u64,
    /// What happens then.
    #[serde(rename = "do")]
    pub fault: Fault,
}

/// Where rubbish is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Garbage {
    /// RTP payloads are random bytes.
    Payload,
    /// Random bytes between interleaved packets.
    Framing,
    /// `DESCRIBE` is answered with text that is no session description.
    Sdp,
}

/// What is wrong with a camera at present.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Faults {
    pub stall: bool,
    pub wrong_password: bool,
    pub drop_percent: u8,
    pub small: bool,
    pub codec: Option<Codec>,
    pub gop: Option<u32>,
    pub dynamic_gop: bool,
    pub fps: Option<u32>,
    pub garbage_payload: u8,
    pub garbage_framing: u8,
    pub garbage_sdp: bool,
}

impl Faults {
    /// Adds a fault as far as it is a lasting state of streams and answers.
    pub(crate) fn add(&mut self, fault: Fault) {
        match fault {
            Fault::Clear => *self = Self::default(),
            Fault::Stall => self.stall = true,
            Fault::Drop { percent } => self.drop_percent = percent.min(100),
            Fault::WrongPassword => self.wrong_password = true,
            Fault::Resolution => self.small = true,
            Fault::Codec { codec } => self.codec = Some(codec),
            Fault::Gop { frames } => self.gop = Some(frames.clamp(1, 300)),
            Fault::DynamicGop => self.dynamic_gop = true,
            Fault::Rate { fps } => self.fps = Some(fps.clamp(1, 25)),
            Fault::Garbage { place: Garbage::Payload, percent } => self.garbage_payload = percent.min(100),
            Fault::Garbage { place: Garbage::Framing, percent } => self.garbage_framing = percent.min(100),
            Fault::Garbage { place: Garbage::Sdp, .. } => self.garbage_sdp = true,
            Fault::Refuse | Fault::Reboot { .. } | Fault::Jump { .. } => {}
        }
    }
}
