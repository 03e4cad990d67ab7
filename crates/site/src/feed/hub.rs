//! Fan-out of one stream: what viewers get, encoded once for all of them.
//!
//! The hub keeps the frames since the last key frame, so that a new viewer starts at once. A viewer that is slow is
//! moved on to the next key frame and harms nobody. Nothing here waits: every step is a short lock.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use api::record::Notice;
use media::{Sample, Tracks};
use model::{StreamKind, TrackKind};
use tokio::sync::mpsc;

use super::packet::{Encoder, Lane, Packet, notice_packet};

/// Records of one stream that may wait for a viewer: two seconds of pictures and sound. One with more is left behind.
const WAITING: u64 = 140;
/// Bytes of frames kept for new viewers; a longer group of pictures is not kept.
const RING_BYTES: usize = 16 << 20;

/// What a viewer's queue receives.
#[derive(Debug)]
pub enum Delivery {
    /// Everything that a viewer needs to start: inits and the frames since the last key frame.
    Burst(u32, Vec<Packet>),
    /// One more record.
    Packet {
        /// Whose.
        subscription: u32,
        /// The record.
        packet: Packet,
        /// Whether records before it were left out.
        moved_on: bool,
        /// Counts for the viewer until it is taken out of the queue.
        waiting: Waiting,
    },
}

/// A record that waits for a viewer; counted until dropped.
#[derive(Debug)]
pub struct Waiting(Arc<AtomicU64>);

impl Waiting {
    fn new(counter: &Arc<AtomicU64>) -> Self {
        counter.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(counter))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Viewer {
    id: u64,
    subscription: u32,
    sound: Option<Lane>,
    queue: mpsc::Sender<Delivery>,
    place: Place,
    waiting: Arc<AtomicU64>,
}

/// Where a viewer stands in the stream.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The next key frame is sent together with the inits.
    NeedsInit,
    /// Left behind: goes on at the next key frame.
    NeedsKey,
    /// Gets every frame.
    Flowing,
}

/// What is kept while somebody watches: every frame is encoded once for all.
struct Live {
    encoders: Vec<Encoder>,
    /// The records since the last key frame.
    packets: VecDeque<Packet>,
}

#[derive(Default)]
struct Inner {
    tracks: Option<Arc<Tracks>>,
    /// The frames since the last key frame. They share their bytes with the recorder: nobody watching costs no copy.
    ring: VecDeque<Sample>,
    ring_bytes: usize,
    live: Option<Live>,
    viewers: Vec<Viewer>,
}

/// The fan-out of one stream.
pub struct Hub {
    kind: StreamKind,
    inner: Mutex<Inner>,
    next_viewer: AtomicU64,
}

/// A viewer's place at a hub, left on drop.
pub struct Ticket {
    hub: Arc<Hub>,
    id: u64,
}

impl Hub {
    /// A hub without frames.
    #[must_use]
    pub fn new(kind: StreamKind) -> Arc<Self> {
        Arc::new(Self { kind, inner: Mutex::default(), next_viewer: AtomicU64::new(1) })
    }

    /// A run begins: what follows is coded like this.
    pub fn begin(&self, tracks: &Arc<Tracks>) {
        let mut inner = self.lock();
        inner.tracks = Some(Arc::clone(tracks));
        inner.clear_ring();
        inner.live = None;
        for viewer in &mut inner.viewers {
            viewer.place = Place::NeedsInit;
        }
    }

    /// A frame came.
    pub fn push(&self, sample: &Sample) {
        let mut inner = self.lock();
        let starts = sample.key && sample.track == TrackKind::Video;
        if !inner.viewers.is_empty() {
            inner.watch(self.kind);
            inner.send(sample, starts);
        }
        inner.keep(sample, starts);
    }

    /// The source ended: nothing comes until [`Hub::begin`]. Viewers are told why.
    pub fn pause(&self, notice: &Notice) {
        let mut inner = self.lock();
        inner.clear_ring();
        let packet = notice_packet(notice);
        inner.viewers.retain_mut(|viewer| {
            viewer.place = Place::NeedsInit;
            let delivery = Delivery::Burst(viewer.subscription, vec![packet.clone()]);
            !matches!(viewer.queue.try_send(delivery), Err(mpsc::error::TrySendError::Closed(_)))
        });
    }

    /// Adds a viewer; it starts with what the hub has.
    pub fn join(
        self: &Arc<Self>,
        subscription: u32,
        sound: Option<Lane>,
        queue: mpsc::Sender<Delivery>,
    ) -> Ticket {
        let id = self.next_viewer.fetch_add(1, Ordering::Relaxed);
        let mut inner = self.lock();
        let mut viewer =
            Viewer { id, subscription, sound, queue, place: Place::NeedsInit, waiting: Arc::default() };
        inner.watch(self.kind);
        viewer.start(&inner);
        inner.viewers.push(viewer);
        Ticket { hub: Arc::clone(self), id }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn clear_ring(&mut self) {
        self.ring.clear();
        self.ring_bytes = 0;
        if let Some(live) = &mut self.live {
            live.packets.clear();
        }
    }

    /// Keeps a frame for those who come later.
    fn keep(&mut self, sample: &Sample, starts: bool) {
        if starts {
            self.ring.clear();
            self.ring_bytes = 0;
        }
        self.ring_bytes += sample.data.len();
        if self.ring_bytes > RING_BYTES {
            self.clear_ring();
        } else if starts || !self.ring.is_empty() {
            self.ring.push_back(sample.clone());
        }
    }

    /// Somebody watches: from now on frames are encoded, those that are kept at once.
    fn watch(&mut self, kind: StreamKind) {
        let (None, Some(tracks)) = (&self.live, &self.tracks) else { return };
        let lanes = [Lane::Video, Lane::Sound, Lane::Flac];
        let mut encoders: Vec<Encoder> =
            lanes.into_iter().filter_map(|lane| Encoder::new(kind, tracks, lane)).collect();
        let mut packets = VecDeque::new();
        for sample in &self.ring {
            for encoder in encoders.iter_mut().filter(|encoder| encoder.takes(sample.track)) {
                packets.extend(encoder.encode(sample));
            }
        }
        self.live = Some(Live { encoders, packets });
    }

    fn send(&mut self, sample: &Sample, starts: bool) {
        let Some(Live { encoders, packets }) = &mut self.live else { return };
        let inits: Vec<Packet> =
            if starts { encoders.iter().map(|encoder| encoder.init().clone()).collect() } else { Vec::new() };
        if starts {
            packets.clear();
        }
        // Wrapping costs; without a listener it is left out, and whoever comes hears from the next key frame on.
        let flac = self.viewers.iter().any(|viewer| viewer.sound == Some(Lane::Flac));
        let wanted =
            |encoder: &&mut Encoder| encoder.takes(sample.track) && (flac || encoder.lane() != Lane::Flac);
        for encoder in encoders.iter_mut().filter(wanted) {
            let Some(packet) = encoder.encode(sample) else { continue };
            if starts || !packets.is_empty() {
                packets.push_back(packet.clone());
            }
            self.viewers.retain_mut(|viewer| viewer.offer(&packet, &inits));
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut inner = self.hub.lock();
        inner.viewers.retain(|viewer| viewer.id != self.id);
        if inner.viewers.is_empty() {
            inner.live = None;
        }
    }
}

impl Viewer {
    fn wants(&self, lane: Lane) -> bool {
        lane == Lane::Video || self.sound == Some(lane)
    }

    /// Sends inits and the group of pictures that is there; without one, the next key frame brings the inits.
    fn start(&mut self, inner: &Inner) {
        let Some(Live { encoders, packets }) = inner.live.as_ref().filter(|live| !live.packets.is_empty())
        else {
            return;
        };
        let inits = encoders.iter().map(Encoder::init);
        let burst = inits.chain(packets).filter(|packet| self.wants(packet.lane)).cloned().collect();
        if self.queue.try_send(Delivery::Burst(self.subscription, burst)).is_ok() {
            self.place = Place::Flowing;
        }
    }

    /// Offers a packet; false when the viewer is gone.
    fn offer(&mut self, packet: &Packet, inits: &[Packet]) -> bool {
        if !self.wants(packet.lane) || (self.place != Place::Flowing && !packet.starts) {
            return true;
        }
        let delivery = match self.place {
            Place::NeedsInit => {
                let wanted = inits.iter().filter(|init| self.wants(init.lane));
                Delivery::Burst(self.subscription, wanted.chain([packet]).cloned().collect())
            }
            Place::NeedsKey | Place::Flowing => Delivery::Packet {
                subscription: self.subscription,
                packet: packet.clone(),
                moved_on: self.place == Place::NeedsKey,
                waiting: Waiting::new(&self.waiting),
            },
        };
        let behind = self.waiting.load(Ordering::Relaxed) > WAITING;
        let sent = if behind {
            Err(mpsc::error::TrySendError::Full(delivery))
        } else {
            self.queue.try_send(delivery)
        };
        match sent {
            Ok(()) => {
                self.place = Place::Flowing;
                true
            }
            Err(mpsc::error::TrySendError::Full(_)) => {
                if self.place == Place::Flowing {
                    self.place = Place::NeedsKey;
                }
                true
            }
            Err(mpsc::error::TrySendError::Closed(_)) => false,
        }
    }
}
