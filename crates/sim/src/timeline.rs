//! Which frame of which clip a stream shows next, and the frames since its newest key frame.
//!
//! A camera has one [`Timeline`] per size and codec, all advanced by the same ticks, so that main and sub stream show
//! the same moment under the same number. In: ticks and what the faults want. Out: frames, cheap to copy (they point
//! into the clip). Not here: the clock that makes ticks, sending.

use crate::clip::{self, Clip, Codec, Gop, Packed, Scene, Size};
use rand::seq::SliceRandom;
use tokio::sync::broadcast;

/// One moment of the camera's sensor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tick {
    /// Frames before this one since the camera was started.
    pub number: u64,
    /// Capture time by a clock that never jumps, µs since 1970: makes the RTP time stamp.
    pub steady_us: i64,
    /// Capture time by the camera's clock, which a fault can set: goes into stamp and sender report.
    pub wall_us: i64,
}

/// One encoded frame on its way out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub tick: Tick,
    pub codec: Codec,
    /// Where the parameter sets are.
    pub clip: &'static Clip,
    pub packed: Packed,
}

/// What a fault wants a stream to look like.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wish {
    /// Frames per group of pictures, 1 to 300; `None` is the clip's own 50.
    pub gop: Option<u32>,
    /// A length of its own for every group.
    pub dynamic_gop: bool,
    /// The main stream takes the sub stream's pictures.
    pub small: bool,
    /// The main stream takes this codec.
    pub codec: Option<Codec>,
}

/// Frames a slow session may lag behind before it skips to the next key frame.
const BACKLOG: usize = 64;
/// Frames kept since the newest key frame; no group is longer.
const LONGEST_GOP: usize = 300;

/// Lengths of groups that a camera with a dynamic one takes.
const DYNAMIC: [u32; 10] = [1, 2, 5, 12, 25, 50, 90, 150, 220, 300];

pub(crate) struct Timeline {
    scene: Scene,
    size: Size,
    codec: Codec,
    offset: usize,
    clip: &'static Clip,
    shown: Codec,
    at: usize,
    since_key: u32,
    /// Frames of this group, where groups have lengths of their own.
    target: u32,
    /// The lengths of the groups after it.
    lengths: Vec<u32>,
    renew: bool,
    group: Vec<Frame>,
    sender: broadcast::Sender<Frame>,
}

impl Timeline {
    /// A stream of the scene that starts at a key frame `offset` frames into the clip; `None` if the scene lacks it.
    pub(crate) fn new(scene: Scene, size: Size, codec: Codec, offset: usize) -> Option<Self> {
        let clip = clip::video(scene, size, codec, Gop::Usual)?;
        let (sender, _) = broadcast::channel(BACKLOG);
        let at = next_key(clip, offset);
        let group = Vec::new();
        Some(Self {
            scene,
            size,
            codec,
            offset,
            clip,
            shown: codec,
            at,
            since_key: 0,
            target: 0,
            lengths: Vec::new(),
            renew: false,
            group,
            sender,
        })
    }

    /// Whether this is the camera's stream of that size and codec.
    pub(crate) fn is(&self, size: Size, codec: Codec) -> bool {
        self.size == size && self.codec == codec
    }

    /// The clip that new viewers will see, for the session description.
    pub(crate) fn description(&self, wish: Wish) -> (&'static Clip, Codec) {
        self.wanted(wish)
    }

    /// Makes the frame of this tick and gives it to the sessions.
    pub(crate) fn advance(&mut self, tick: Tick, wish: Wish) {
        self.choose(tick, wish);
        let packed = self.clip.frame(self.at);
        self.at = (self.at + 1) % self.clip.len();
        let frame = Frame { tick, codec: self.shown, clip: self.clip, packed };
        if packed.key {
            self.group.clear();
            self.since_key = 0;
        }
        self.since_key += 1;
        if self.group.len() < LONGEST_GOP {
            self.group.push(frame);
        }
        // Nobody listening is no error; a listener who lags skips to the next key frame by itself.
        let _ = self.sender.send(frame);
    }

    /// The length of the next group: all of [`DYNAMIC`] in any order, before one comes again.
    fn next_length(&mut self) -> u32 {
        if self.lengths.is_empty() {
            self.lengths.extend(DYNAMIC);
            self.lengths.shuffle(&mut rand::rng());
        }
        self.lengths.pop().unwrap_or(50)
    }

    /// The next frame shall be a key frame.
    pub(crate) fn renew(&mut self) {
        self.renew = true;
    }

    /// The frames since the newest key frame and all that follow.
    pub(crate) fn join(&self) -> (Vec<Frame>, broadcast::Receiver<Frame>) {
        (self.group.clone(), self.sender.subscribe())
    }

    /// Sets the clip and the place in it for this tick. Every jump lands on a key frame.
    fn choose(&mut self, tick: Tick, wish: Wish) {
        let over = wish.dynamic_gop && self.since_key >= self.target;
        if over {
            self.target = self.next_length();
        }
        let gop = if wish.dynamic_gop { Some(self.target) } else { wish.gop };
        let (wanted, codec) = self.wanted(Wish { gop, ..wish });
        let changed = !std::ptr::eq(wanted, self.clip);
        let due =
            std::mem::take(&mut self.renew) || over || wish.gop.is_some_and(|gop| self.since_key >= gop);
        // Without faults the picture follows the frame's number, so that main and sub stream agree.
        let usual = (self.offset as u64).wrapping_add(tick.number) as usize % wanted.len();
        let astray = gop.is_none() && (changed || self.at != usual) && wanted.frame(usual).key;
        if astray {
            self.at = usual;
        } else if due || (changed && gop.is_some() && self.clip.frame(self.at).key) {
            self.at = next_key(wanted, self.at % wanted.len());
        } else {
            return;
        }
        (self.clip, self.shown) = (wanted, codec);
    }

    fn wanted(&self, wish: Wish) -> (&'static Clip, Codec) {
        let main = self.size == Size::Main;
        let size = if main && wish.small { Size::Sub } else { self.size };
        let codec = if main { wish.codec.unwrap_or(self.codec) } else { self.codec };
        let gop = match wish.gop {
            Some(1) => Gop::Intra,
            Some(51..) => Gop::Long,
            _ => Gop::Usual,
        };
        let found = [gop, Gop::Usual].into_iter().find_map(|gop| clip::video(self.scene, size, codec, gop));
        found.map_or((self.clip, self.shown), |clip| (clip, codec))
    }
}

/// The first key frame at or after `at`, around the end.
fn next_key(clip: &Clip, at: usize) -> usize {
    (at..at + clip.len()).find(|i| clip.frame(*i).key).unwrap_or(0) % clip.len()
}
