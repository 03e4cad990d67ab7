//! RTP and RTCP on the way out: H.264 (RFC 6184), H.265 (RFC 7798), AAC-hbr (RFC 3640), G.711 and ONVIF metadata.
//!
//! All packets of a frame go into one [`Outgoing`] buffer, each with its interleaved header (RFC 2326 section 10.12)
//! in front, so that TCP takes the buffer with one write and UDP its slices. Not here: sockets, when to send.

use crate::clip::{Codec, nal_units};
use crate::clock;
use crate::fault::Faults;
use crate::stamp::Stamp;
use crate::timeline::Frame;
use rand::Rng;

/// Largest RTP packet, bytes.
const MTU: usize = 1400;
const RTP_HEAD: usize = 12;

/// Packets waiting to be sent together.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    /// Interleaved frames, one after the other.
    pub bytes: Vec<u8>,
    /// Which track each packet is of, whether it is RTCP, and where its bytes (without interleaved header) are.
    pub packets: Vec<(usize, bool, std::ops::Range<usize>)>,
}

impl Outgoing {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.packets.clear();
    }

    fn push(&mut self, track: usize, rtcp: bool, channel: u8, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[b'$', channel, 0, 0]);
        write(&mut self.bytes);
        let length = (self.bytes.len() - start - 4) as u16;
        self.bytes[start + 2..start + 4].copy_from_slice(&length.to_be_bytes());
        self.packets.push((track, rtcp, start + 4..self.bytes.len()));
    }
}

/// The sending side of one track of one session.
#[derive(Debug)]
pub(crate) struct Sender {
    track: usize,
    channel: u8,
    payload_type: u8,
    clock_rate: u32,
    ssrc: u32,
    sequence: u16,
    offset: u32,
    packets: u32,
    octets: u32,
}

impl Sender {
    /// With random SSRC, sequence number and time stamp offset. `channel` is the interleaved channel of RTP.
    pub(crate) fn new(track: usize, channel: u8, payload_type: u8, clock_rate: u32) -> Self {
        let mut random = rand::rng();
        let (ssrc, sequence, offset) = (random.random(), random.random(), random.random());
        Self { track, channel, payload_type, clock_rate, ssrc, sequence, offset, packets: 0, octets: 0 }
    }

    pub(crate) fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The next packet's sequence number.
    pub(crate) fn sequence(&self) -> u16 {
        self.sequence
    }

    /// The RTP time stamp of a capture time by the steady clock.
    pub(crate) fn timestamp(&self, steady_us: i64) -> u32 {
        let ticks = i128::from(steady_us) * i128::from(self.clock_rate) / 1_000_000;
        (ticks as u32).wrapping_add(self.offset)
    }

    fn packet(&mut self, out: &mut Outgoing, faults: &Faults, marker: bool, timestamp: u32, parts: &[&[u8]]) {
        let sequence = self.sequence;
        self.sequence = self.sequence.wrapping_add(1);
        if happens(faults.drop_percent) {
            return;
        }
        let garbage = happens(faults.garbage_payload);
        let (payload_type, ssrc) = (self.payload_type, self.ssrc);
        let mut octets = 0;
        out.push(self.track, false, self.channel, |bytes| {
            bytes.extend_from_slice(&[0x80, payload_type | u8::from(marker) << 7]);
            bytes.extend_from_slice(&sequence.to_be_bytes());
            bytes.extend_from_slice(&timestamp.to_be_bytes());
            bytes.extend_from_slice(&ssrc.to_be_bytes());
            let start = bytes.len();
            for part in parts {
                bytes.extend_from_slice(part);
            }
            if garbage {
                rand::rng().fill(&mut bytes[start..]);
            }
            octets = bytes.len() - start;
        });
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(octets as u32);
    }

    /// A video frame: parameter sets before a key frame, the stamp, the slices; the marker on the last packet.
    pub(crate) fn video(&mut self, out: &mut Outgoing, faults: &Faults, camera: u16, frame: &Frame) {
        let timestamp = self.timestamp(frame.tick.steady_us);
        if frame.packed.key {
            for set in frame.clip.sets() {
                self.unit(out, faults, frame.codec, timestamp, set, false);
            }
        }
        let stamp = Stamp { camera, number: frame.tick.number, captured_us: frame.tick.wall_us };
        self.unit(out, faults, frame.codec, timestamp, &stamp.nal(frame.codec), false);
        let mut units = nal_units(frame.packed.bytes).peekable();
        while let Some(unit) = units.next() {
            self.unit(out, faults, frame.codec, timestamp, unit, units.peek().is_none());
        }
    }

    fn unit(
        &mut self,
        out: &mut Outgoing,
        faults: &Faults,
        codec: Codec,
        timestamp: u32,
        nal: &[u8],
        last: bool,
    ) {
        if nal.len() <= MTU - RTP_HEAD {
            return self.packet(out, faults, last, timestamp, &[nal]);
        }
        // A fragment: H.264 type 28 (FU-A), H.265 type 49, each with a header of start bit, end bit and unit type.
        let (indicator, kind, head): ([u8; 2], u8, usize) = match codec {
            Codec::H264 => ([nal[0] & 0xe0 | 28, 0], nal[0] & 0x1f, 1),
            Codec::H265 => ([nal[0] & 0x81 | 49 << 1, nal[1]], nal[0] >> 1 & 0x3f, 2),
        };
        let room = MTU - RTP_HEAD - head - 1;
        let pieces = nal[head..].chunks(room);
        let count = pieces.len();
        for (i, piece) in pieces.enumerate() {
            let end = i + 1 == count;
            let flags = u8::from(i == 0) << 7 | u8::from(end) << 6 | kind;
            self.packet(out, faults, last && end, timestamp, &[&indicator[..head], &[flags], piece]);
        }
    }

    /// One AAC frame (RFC 3640, mode AAC-hbr: 16 bits header section length, 13 bits size, 3 bits index).
    pub(crate) fn aac(&mut self, out: &mut Outgoing, faults: &Faults, steady_us: i64, frame: &[u8]) {
        let size = (frame.len() as u16) << 3;
        let [high, low] = size.to_be_bytes();
        self.packet(out, faults, true, self.timestamp(steady_us), &[&[0, 16, high, low], frame]);
    }

    /// Samples of G.711.
    pub(crate) fn samples(&mut self, out: &mut Outgoing, faults: &Faults, steady_us: i64, samples: &[u8]) {
        self.packet(out, faults, false, self.timestamp(steady_us), &[samples]);
    }

    /// One metadata document; the marker ends it (ONVIF streaming specification, section 5.1.2.1.1).
    pub(crate) fn document(&mut self, out: &mut Outgoing, faults: &Faults, steady_us: i64, xml: &str) {
        let timestamp = self.timestamp(steady_us);
        let mut pieces = xml.as_bytes().chunks(MTU - RTP_HEAD).peekable();
        while let Some(piece) = pieces.next() {
            self.packet(out, faults, pieces.peek().is_none(), timestamp, &[piece]);
        }
    }

    /// A sender report with a source description (RFC 3550 sections 6.4.1 and 6.5): what the camera's clock and the
    /// RTP clock show at the same moment.
    pub(crate) fn report(&mut self, out: &mut Outgoing, name: &str, steady_us: i64, wall_us: i64) {
        let timestamp = self.timestamp(steady_us);
        let (ssrc, packets, octets) = (self.ssrc, self.packets, self.octets);
        out.push(self.track, true, self.channel + 1, |bytes| {
            bytes.extend_from_slice(&[0x80, 200, 0, 6]);
            bytes.extend_from_slice(&ssrc.to_be_bytes());
            bytes.extend_from_slice(&clock::ntp(wall_us).to_be_bytes());
            for number in [timestamp, packets, octets] {
                bytes.extend_from_slice(&number.to_be_bytes());
            }
            // SDES, one chunk, CNAME, a zero octet at its end, padded to a whole number of words.
            let name = &name.as_bytes()[..name.len().min(64)];
            let chunk = (4 + 2 + name.len() + 1).next_multiple_of(4);
            bytes.extend_from_slice(&[0x81, 202]);
            bytes.extend_from_slice(&((chunk / 4) as u16).to_be_bytes());
            bytes.extend_from_slice(&ssrc.to_be_bytes());
            bytes.extend_from_slice(&[1, name.len() as u8]);
            bytes.extend_from_slice(name);
            bytes.resize(bytes.len() + chunk - 6 - name.len(), 0);
        });
    }
}

fn happens(percent: u8) -> bool {
    percent > 0 && rand::rng().random_range(0..100) < percent
}
