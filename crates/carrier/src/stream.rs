//! One stream: what waits to be sent under the other side's credit, and what came, put in order, under ours.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use crate::{
    Priority, Unsent, Violation,
    frame::{COST, FIN, Frame, Kind, MAX_PAYLOAD, MORE, TEXT},
};

/// Bytes that may wait to be sent on one stream; what goes beyond is taken, and then no more.
const QUEUE: usize = 64 << 10;
/// Frames that may wait for one that comes before them.
const AHEAD: usize = 4096;

/// How a stream ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// Whoever wanted it does not any more.
    #[error("it was given up")]
    Cancelled,
    /// The site has too many under way.
    #[error("too many requests are under way")]
    Busy,
    /// What was being sent could not be sent to its end.
    #[error("it was cut off")]
    Cut,
}

/// Something that came: a part of a body, or of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The bytes.
    pub bytes: Bytes,
    /// Of a duplex stream: whether the message is text.
    pub text: bool,
    /// Of a duplex stream: whether the message goes on.
    pub more: bool,
}

impl Ended {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Cancelled => 1,
            Self::Busy => 2,
            Self::Cut => 3,
        }
    }

    pub(crate) const fn of(code: u8) -> Self {
        match code {
            1 => Self::Cancelled,
            2 => Self::Busy,
            _ => Self::Cut,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    queue: VecDeque<(Bytes, u8)>,
    queued: usize,
    /// Charged so far, and up to where may be.
    charged: u64,
    limit: u64,
    next_number: u32,
    /// The last piece is queued, and sent.
    finished: bool,
    done: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Incoming {
    next_number: u32,
    ahead: BTreeMap<u32, Frame>,
    /// What was put in order, and what each counted.
    inbox: VecDeque<(Piece, u64)>,
    charged: u64,
    taken: u64,
    granted: u64,
    window: u64,
    /// The last frame has come, in order.
    pub(crate) fin: bool,
}

#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) duplex: bool,
    pub(crate) priority: Priority,
    pub(crate) outgoing: Outgoing,
    pub(crate) incoming: Incoming,
    /// The frame that begins the incoming direction has come.
    pub(crate) begun: bool,
    pub(crate) answered: bool,
    pub(crate) ended: Option<Ended>,
    /// Nobody holds it any more; what is queued is still sent.
    pub(crate) orphan: bool,
    /// An event says so already.
    pub(crate) told_readable: bool,
    pub(crate) wants_room: bool,
}

/// What a frame counts against its stream's credit.
pub(crate) fn cost(frame: &Frame) -> u64 {
    match frame.kind {
        Kind::Data => COST + frame.payload.len() as u64,
        _ => 0,
    }
}

impl Stream {
    pub(crate) fn new(limit: u32, window: u32) -> Self {
        let window = u64::from(window);
        Self {
            duplex: false,
            priority: Priority::default(),
            outgoing: Outgoing { limit: u64::from(limit), ..Outgoing::default() },
            incoming: Incoming { window, granted: window, ..Incoming::default() },
            begun: false,
            answered: false,
            ended: None,
            orphan: false,
            told_readable: false,
            wants_room: false,
        }
    }

    /// Drops what waits: nobody will take it.
    pub(crate) fn end(&mut self, how: Ended) {
        self.ended = Some(how);
        self.outgoing.queue.clear();
        self.outgoing.queued = 0;
        self.outgoing.done = true;
        self.incoming.ahead.clear();
        self.incoming.inbox.clear();
    }
}

impl Outgoing {
    pub(crate) fn number(&mut self) -> u32 {
        let number = self.next_number;
        self.next_number = number.wrapping_add(1);
        number
    }

    pub(crate) const fn is_full(&self) -> bool {
        self.queued >= QUEUE
    }

    pub(crate) const fn is_finished(&self) -> bool {
        self.finished
    }

    pub(crate) const fn is_done(&self) -> bool {
        self.done
    }

    pub(crate) fn push(&mut self, bytes: Bytes, flags: u8) -> Result<(), Unsent> {
        if self.finished {
            return Err(Unsent::Ended);
        }
        if self.is_full() {
            return Err(Unsent::Full);
        }
        self.queued += bytes.len();
        self.finished = flags & FIN != 0;
        self.queue.push_back((bytes, flags));
        Ok(())
    }

    /// The frame that begins the direction said it all.
    pub(crate) const fn finish_at_once(&mut self) {
        (self.finished, self.done) = (true, true);
    }

    pub(crate) fn grant(&mut self, limit: u64) {
        self.limit = self.limit.max(limit);
    }

    /// Whether a frame can go.
    pub(crate) fn is_ready(&self) -> bool {
        let credit = self.limit.saturating_sub(self.charged);
        self.queue.front().is_some_and(|(bytes, _)| credit >= COST + u64::from(!bytes.is_empty()))
    }

    /// The next frame: number, flags and payload.
    pub(crate) fn next(&mut self, duplex: bool) -> Option<(u32, u8, Bytes)> {
        if !self.is_ready() {
            return None;
        }
        let credit = self.limit.saturating_sub(self.charged + COST);
        let (bytes, flags) = self.queue.front_mut()?;
        let length = bytes.len().min(MAX_PAYLOAD).min(usize::try_from(credit).unwrap_or(usize::MAX));
        let payload = bytes.split_to(length);
        let (whole, mut flags) = (bytes.is_empty(), *flags);
        if whole {
            self.queue.pop_front();
            self.done |= flags & FIN != 0;
        } else {
            flags &= !FIN;
            if duplex {
                flags |= MORE;
            }
        }
        self.queued -= length;
        self.charged += COST + length as u64;
        Some((self.number(), flags, payload))
    }
}

impl Incoming {
    /// Takes a frame; those that are in order now come out.
    pub(crate) fn handle(&mut self, frame: Frame) -> Result<Vec<Frame>, Violation> {
        if frame.number < self.next_number || self.ahead.contains_key(&frame.number) {
            return Err(Violation::Place);
        }
        self.charged += cost(&frame);
        if self.charged > self.granted || self.ahead.len() >= AHEAD {
            return Err(Violation::Credit);
        }
        if frame.number != self.next_number {
            self.ahead.insert(frame.number, frame);
            return Ok(Vec::new());
        }
        let mut ready = vec![frame];
        self.next_number = self.next_number.wrapping_add(1);
        while let Some(frame) = self.ahead.remove(&self.next_number) {
            ready.push(frame);
            self.next_number = self.next_number.wrapping_add(1);
        }
        Ok(ready)
    }

    /// A frame in order has these bytes and counted so much; those behind a head count nothing.
    pub(crate) fn put(&mut self, bytes: Bytes, flags: u8, duplex: bool, cost: u64) -> Result<(), Violation> {
        if self.fin {
            return Err(Violation::Place);
        }
        self.fin = flags & FIN != 0;
        if bytes.is_empty() && (self.fin || !duplex) {
            self.taken += cost;
        } else {
            let piece = Piece { bytes, text: flags & TEXT != 0, more: flags & MORE != 0 };
            self.inbox.push_back((piece, cost));
        }
        Ok(())
    }

    /// The next piece, and what is granted anew because of it.
    pub(crate) fn take(&mut self) -> Option<(Piece, Option<u64>)> {
        let (piece, cost) = self.inbox.pop_front()?;
        self.taken += cost;
        let grant = (self.taken + self.window).saturating_sub(self.granted) >= self.window / 2;
        if grant && !self.fin {
            self.granted = self.taken + self.window;
            return Some((piece, Some(self.granted)));
        }
        Some((piece, None))
    }
}
