//! What one stream has sent and no volume has confirmed yet.
//!
//! What is not here: which volume takes it ([`super::Router`]).

use std::{collections::VecDeque, sync::Arc, time::Duration};

use media::{Sample, Tracks};
use model::{TrackKind, VolumeId};

use crate::{Mark, clock::to_90k};

/// What was sent.
#[derive(Clone)]
pub(super) enum What {
    /// A run begins.
    Begin(Arc<Tracks>),
    /// A frame of it.
    Sample(Sample),
    /// Something begins or ends in front of the camera.
    Mark(Mark),
    /// It ends.
    End,
}

/// Something that was sent.
pub(super) struct Item {
    /// Counted per stream.
    pub(super) seq: u64,
    /// When it came, on a clock that never jumps.
    pub(super) came: Duration,
    pub(super) what: What,
    /// The volume that it was given to.
    pub(super) at: Option<VolumeId>,
    pub(super) durable: bool,
}

impl Item {
    /// Whether a recording can begin with it.
    pub(super) fn is_key(&self) -> bool {
        matches!(&self.what, What::Sample(sample) if sample.key && sample.track == TrackKind::Video)
    }

    pub(super) fn bytes(&self) -> usize {
        match &self.what {
            What::Sample(sample) => sample.data.len(),
            _ => 0,
        }
    }
}

/// The items of one stream, in the order in which they came.
pub(super) struct Buffer {
    pub(super) items: VecDeque<Item>,
    /// How the run that the first item belongs to is coded.
    pub(super) tracks: Option<Arc<Tracks>>,
    /// Number of the begin of that run.
    pub(super) begun: u64,
    pub(super) bytes: usize,
    next_seq: u64,
}

impl Buffer {
    pub(super) fn new() -> Self {
        Self { items: VecDeque::new(), tracks: None, begun: 0, bytes: 0, next_seq: 1 }
    }

    pub(super) fn push(&mut self, what: What, at: Option<VolumeId>, now: Duration) -> u64 {
        let seq = self.next_seq;
        self.next_seq += 1;
        let item = Item { seq, came: now, what, at, durable: false };
        self.bytes += item.bytes();
        self.items.push_back(item);
        seq
    }

    /// Gives the item at that place a new number, the highest one.
    pub(super) fn renumber(&mut self, place: usize) -> u64 {
        let seq = self.next_seq;
        self.next_seq += 1;
        if let Some(item) = self.items.get_mut(place) {
            item.seq = seq;
        }
        seq
    }

    /// The number given last.
    pub(super) const fn last_seq(&self) -> u64 {
        self.next_seq - 1
    }

    /// Number of the first item that is not durable; beyond all where there is none.
    pub(super) fn first_waiting(&self) -> u64 {
        self.items.iter().find(|item| !item.durable).map_or(u64::MAX, |item| item.seq)
    }

    /// When the oldest frame came that is not known to be on disk.
    pub(super) fn at_risk_since(&self, volume: Option<VolumeId>) -> Option<Duration> {
        let waits = |item: &&Item| !item.durable && item.at == volume && matches!(item.what, What::Sample(_));
        self.items.iter().find(waits).map(|item| item.came)
    }

    /// Takes note that all up to `seq` that the volume was given is on its disk.
    pub(super) fn confirm(&mut self, volume: VolumeId, seq: u64) {
        for item in self.items.iter_mut().filter(|item| item.seq <= seq) {
            item.durable |= item.at == Some(volume);
        }
    }

    /// Where writing must begin again so that all is written that is not durable: at the key frame before; where that is not
    /// kept any more, at the first one after.
    pub(super) fn restart(&self) -> Option<usize> {
        let first = self.items.iter().position(|item| !item.durable)?;
        self.key_for(first).or_else(|| self.items.iter().position(Item::is_key))
    }

    /// Where writing must begin so that nothing is missing from that place on: at the key frame before it, or at an earlier one
    /// where sound waits, or may come, that is heard before that one is shown. Within one run.
    fn key_for(&self, place: usize) -> Option<usize> {
        let mut key = self.key_before(place)?;
        let begin = self.items.range(..=place).rposition(|item| matches!(item.what, What::Begin(_)));
        let tracks = begin.and_then(|at| match self.items.get(at).map(|item| &item.what) {
            Some(What::Begin(tracks)) => Some(tracks),
            _ => None,
        });
        let Some(rate) = tracks.or(self.tracks.as_ref()).and_then(|of| of.timescale(TrackKind::Audio)) else {
            return Some(key);
        };
        let heard = |item: &Item| match &item.what {
            What::Sample(sound) if sound.track == TrackKind::Audio => Some(to_90k(sound.time, rate)),
            _ => None,
        };
        let of_run = || self.items.range(begin.unwrap_or(0)..);
        // What comes next is heard after what came last.
        let last = of_run().rev().find_map(heard);
        let waiting = of_run().filter(|item| !item.durable).filter_map(heard);
        let Some(from) = waiting.chain(last).min() else { return Some(key) };
        while let Some(What::Sample(sample)) = self.items.get(key).map(|item| &item.what)
            && sample.time.saturating_add(sample.composition_offset.into()) > from
            && let Some(before) = key.checked_sub(1).and_then(|at| self.key_before(at))
            && begin.is_none_or(|begin| before >= begin)
        {
            key = before;
        }
        Some(key)
    }

    /// The last key frame up to that place, within the same run.
    fn key_before(&self, place: usize) -> Option<usize> {
        let begin = self.items.range(..=place).rposition(|item| matches!(item.what, What::Begin(_)));
        match self.items.range(..=place).rposition(Item::is_key) {
            Some(key) if begin.is_none_or(|begin| begin < key) => Some(key),
            // The run has no key frame yet: its begin.
            _ => begin,
        }
    }

    /// Forgets what is durable and not needed to write again what follows.
    pub(super) fn prune(&mut self) {
        let from = match self.items.iter().position(|item| !item.durable) {
            Some(first) => self.key_for(first).unwrap_or(first),
            None if matches!(self.items.back(), Some(Item { what: What::End, .. }) | None) => {
                self.items.len()
            }
            None => self.key_for(self.items.len() - 1).unwrap_or(self.items.len()),
        };
        if from == 0 {
            return;
        }
        // Sound of the key frame's time may have come before it.
        let shown = match self.items.get(from).map(|item| &item.what) {
            Some(What::Sample(key)) => Some(key.time.saturating_add(key.composition_offset.into())),
            _ => None,
        };
        let mut kept = VecDeque::new();
        for item in self.items.drain(..from) {
            if let What::Begin(tracks) = &item.what {
                (self.tracks, self.begun) = (Some(Arc::clone(tracks)), item.seq);
                kept.clear();
            }
            let rate = self.tracks.as_ref().and_then(|tracks| tracks.timescale(TrackKind::Audio));
            let needed = match (&item.what, shown, rate) {
                (What::Sample(sound), Some(shown), Some(rate)) if sound.track == TrackKind::Audio => {
                    to_90k(sound.time, rate) >= shown
                }
                _ => false,
            };
            if needed {
                kept.push_back(item);
            }
        }
        kept.append(&mut self.items);
        self.items = kept;
        self.bytes = self.items.iter().map(Item::bytes).sum();
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use model::WallTime;

    use super::*;

    fn picture(time: i64, key: bool) -> What {
        What::Sample(Sample {
            track: TrackKind::Video,
            time,
            composition_offset: 0,
            wall: WallTime::from_micros(0),
            key,
            data: Bytes::from_static(b"frame"),
        })
    }

    #[test]
    fn sound_that_is_heard_before_the_key_frame_is_written_again_from_an_earlier_one() {
        let volume = VolumeId::from_bytes([1; 16]);
        let audio = media::AudioConfig {
            codec: media::AudioCodec::Pcmu,
            sample_rate: 8000,
            channels: 1,
            decoder_config: Bytes::new(),
        };
        // Parameter sets of a real 320×240 stream.
        let avcc = "0164000dffe100176764000dacb20283f60220000003002000000641e2854901000668ebc3cb22c0fdf8f800";
        let hex = |at: usize| u8::from_str_radix(&avcc[at..at + 2], 16).unwrap();
        let avcc: Vec<u8> = (0..avcc.len()).step_by(2).map(hex).collect();
        let video = media::VideoConfig::from_avcc(&avcc).unwrap();
        let mut buffer = Buffer::new();
        let tracks = Arc::new(Tracks { video, audio: Some(audio) });
        buffer.push(What::Begin(tracks), Some(volume), Duration::ZERO);
        let sound = |time: i64| {
            let What::Sample(sample) = picture(time, true) else { unreachable!() };
            What::Sample(Sample { track: TrackKind::Audio, ..sample })
        };
        // Groups of a second; sound comes 300 ms after the pictures of its time.
        let mut seen = Vec::new();
        for at in 0..75 {
            seen.push(buffer.push(picture(at * 3600, at % 25 == 0), Some(volume), Duration::ZERO));
            if at >= 8 {
                buffer.push(sound((at - 8) * 320), Some(volume), Duration::ZERO);
            }
        }
        // All pictures up to the key frame at 2 s are on disk, and the sound that had come by then: up to 1.68 s.
        buffer.confirm(volume, seen[51]);
        buffer.prune();
        let restart = buffer.restart().and_then(|at| buffer.items.get(at)).map(|item| item.seq);
        assert_eq!(restart, Some(seen[25]), "sound from 1.72 s on is heard before the picture of 2 s");
        // Once sound has come that far, the group before is not kept.
        buffer.confirm(volume, seen[74]);
        buffer.prune();
        let restart = buffer.restart().and_then(|at| buffer.items.get(at)).map(|item| item.seq);
        assert_eq!(restart, Some(seen[50]));
    }

    #[test]
    fn what_is_kept_begins_with_the_key_frame_of_what_is_not_on_disk() {
        let volume = VolumeId::from_bytes([1; 16]);
        let mut buffer = Buffer::new();
        let mut pushed = 0;
        for at in 0..10 {
            pushed = buffer.push(picture(at * 3600, at % 4 == 0), Some(volume), Duration::ZERO);
        }
        assert_eq!(buffer.restart(), Some(0));
        buffer.confirm(volume, 6);
        buffer.prune();
        assert_eq!(
            buffer.items.front().map(|item| item.seq),
            Some(5),
            "the group of frame 7 begins with frame 5"
        );
        buffer.confirm(volume, pushed);
        buffer.prune();
        assert_eq!(buffer.items.front().map(|item| item.seq), Some(9), "frames to come need their key frame");
        assert_eq!(buffer.bytes, 10);
        let end = buffer.push(What::End, Some(volume), Duration::ZERO);
        buffer.confirm(volume, end);
        buffer.prune();
        assert!(buffer.items.is_empty());
    }
}
