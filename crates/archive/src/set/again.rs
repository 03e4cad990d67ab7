//! What of a stream is written once more, and how.
//!
//! From a key frame on, with the sound that is heard from then on. What is not here: why, and where ([`super::Router`]).

use std::sync::Arc;

use model::{StreamKey, TrackKind, VolumeId, WallTime};

use super::{
    Order,
    buffer::{Item, What},
    router::Stream,
};
use crate::clock::to_90k;

/// Orders to write what is not durable once more.
#[derive(Default)]
pub(super) struct Again {
    pub(super) orders: Vec<Order>,
    /// Old number of the first frame of each run that the orders begin.
    pub(super) begins: Vec<u64>,
    /// Old number of the first frame.
    pub(super) first: u64,
    /// Its decode time and when it is shown, 1/90000 s; nothing where a run begins with it.
    pub(super) key: Option<(i64, i64)>,
    /// Old number of the begin of its run.
    pub(super) begun: u64,
    /// Old and new numbers.
    pub(super) renumbered: Vec<(u64, u64)>,
    /// Volumes that had some of it.
    pub(super) had: Vec<VolumeId>,
    /// Frames that cannot be written once more, since they have no key frame.
    pub(super) lost: u64,
}

impl Again {
    /// From the item at `from` on; all of it is given to `to`, under new numbers.
    pub(super) fn collect(
        key: StreamKey,
        stream: &mut Stream,
        from: usize,
        to: VolumeId,
        now: WallTime,
    ) -> Self {
        let buffer = &mut stream.buffer;
        let mut again = Self { first: buffer.items.get(from).map_or(0, |item| item.seq), ..Self::default() };
        let begin = buffer.items.range(..from).rev().find(|item| begins(item).is_some());
        again.begun = begin.map_or(buffer.begun, |item| item.seq);
        let mut tracks = buffer.items.range(..from).rev().find_map(begins).or(buffer.tracks.clone());
        // When the first picture is shown, in 1/90000 s of its run.
        again.key = match buffer.items.get(from).map(|item| &item.what) {
            Some(What::Sample(first)) => {
                Some((first.time, first.time.saturating_add(first.composition_offset.into())))
            }
            _ => None,
        };
        let shown = again.key.map(|(_, shown)| shown);
        if let (Some(_), Some(tracks)) = (shown, &tracks) {
            again.orders.push(Order::Begin { key, tracks: Arc::clone(tracks), again: true, at: now });
            again.begins.push(again.first);
        }
        let mut first_run = shown.is_some();
        let first_begin = buffer.items.range(..from).rposition(|item| begins(item).is_some()).unwrap_or(0);
        for place in 0..buffer.items.len() {
            let Some(item) = buffer.items.get(place) else { break };
            let what = item.what.clone();
            if let (What::Begin(of), true) = (&what, place >= from) {
                (tracks, first_run) = (Some(Arc::clone(of)), false);
            }
            // Sound belongs to the pictures of its time, whichever came first.
            let early = |sound: &media::Sample| {
                let rate = tracks.as_ref().and_then(|tracks| tracks.timescale(TrackKind::Audio));
                shown.zip(rate).is_none_or(|(shown, rate)| to_90k(sound.time, rate) < shown)
            };
            let stays = match &what {
                What::Sample(sound) if sound.track == TrackKind::Audio && place < from => {
                    place < first_begin || early(sound)
                }
                What::Sample(sound) if sound.track == TrackKind::Audio && first_run => early(sound),
                _ => place < from,
            };
            let (old, at, durable) = (item.seq, item.at, item.durable);
            if stays {
                again.lost += u64::from(!durable && matches!(what, What::Sample(_)));
                if let Some(item) = buffer.items.get_mut(place) {
                    item.durable = true;
                }
                continue;
            }
            again.had.extend(at.filter(|at| !again.had.contains(at)));
            let seq = buffer.renumber(place);
            again.renumbered.push((old, seq));
            if let Some(item) = buffer.items.get_mut(place) {
                (item.at, item.durable) = (Some(to), false);
            }
            again.orders.push(match what {
                What::Begin(tracks) => {
                    again.begins.push(old);
                    Order::Begin { key, tracks, again: true, at: now }
                }
                What::Sample(sample) => Order::Push(key, seq, sample),
                What::Mark(mark) => Order::Mark(key, mark),
                What::End => Order::End(key, seq),
            });
        }
        again
    }
}

fn begins(item: &Item) -> Option<Arc<media::Tracks>> {
    match &item.what {
        What::Begin(tracks) => Some(Arc::clone(tracks)),
        _ => None,
    }
}
