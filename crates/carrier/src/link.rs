//! One side of a carrier: streams, whose turn it is, what comes of what the other side says.
//!
//! After every call that changes something, drain [`Link::poll_transmit`] and [`Link::poll_event`]; then wait for
//! [`Link::poll_timeout`]. A [`Violation`] ends the link.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::{Duration, Instant},
};

use bytes::Bytes;

use crate::{
    Lane, Request, Response, StreamId, Unsent, Violation,
    frame::{DUPLEX, FIN, Frame, Kind, MORE, TEXT},
    head,
    hello::Hello,
    pace::Pace,
    stream::{Ended, Piece, Stream, cost},
};

/// Frames that may come before the hello: the control lane has no order.
const EARLY: usize = 256;
/// Frames of the control lane that may wait: more, and the other side does not read.
const WAITING: usize = 4096;
/// How far the number of a stream may be ahead of the lowest that was not opened.
const SPREAD: u32 = 4096;
/// How often the round trip is measured while bulk is on its way.
const PING: Duration = Duration::from_millis(250);
/// A ping that takes longer is forgotten.
const PATIENCE: Duration = Duration::from_secs(10);

/// Which side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Opens streams. All that it sends goes on the control lane: it is little.
    Client,
    /// Answers. Bodies go on the bulk lane.
    Site,
}

/// What this side takes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of each stream that may be on their way or wait here, 16 KiB to 16 MiB.
    pub window: u32,
    /// Streams that the client may have open at once; of a client 0.
    pub streams: u32,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The other side has said hello: streams can be opened.
    Ready {
        /// Its release.
        release: String,
        /// Streams that may be open at once.
        streams: u32,
    },
    /// A client asks (to a site).
    Opened {
        /// Its stream.
        stream: StreamId,
        /// What for.
        request: Request,
        /// Whether it wants messages both ways.
        duplex: bool,
    },
    /// The site answers (to a client).
    Answered {
        /// On which stream.
        stream: StreamId,
        /// What.
        response: Response,
    },
    /// [`Link::recv`] has something new.
    Readable(StreamId),
    /// [`Link::send`] takes something again.
    Writable(StreamId),
}

/// What [`Link::recv`] finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// Something came.
    Piece(Piece),
    /// Everything has come.
    End,
    /// Nothing now.
    Nothing,
    /// The stream ended before its time.
    Ended(Ended),
}

/// One side of a carrier.
#[derive(Debug)]
pub struct Link {
    role: Role,
    limits: Limits,
    other: Option<Hello>,
    early: Vec<Frame>,
    control: VecDeque<Frame>,
    streams: BTreeMap<StreamId, Stream>,
    /// Client: the next to open. Site: all below were opened, and some above.
    next: u32,
    above: BTreeSet<u32>,
    events: VecDeque<Event>,
    pace: Pace,
    /// Whose turn it was last, by urgency.
    last: [Option<StreamId>; 8],
    ping: Option<(u64, Instant)>,
    next_ping: Instant,
    pings: u64,
}

impl Link {
    /// A new link; its hello is the first thing to send.
    #[must_use]
    pub fn new(role: Role, limits: Limits, release: &str, now: Instant) -> Self {
        let hello = Hello::new(&limits, release).to_json();
        let hello = frame(Kind::Hello, StreamId(0), Bytes::from(hello));
        Self {
            role,
            limits,
            other: None,
            early: Vec::new(),
            control: VecDeque::from([hello]),
            streams: BTreeMap::new(),
            next: 0,
            above: BTreeSet::new(),
            events: VecDeque::new(),
            pace: Pace::new(now),
            last: [None; 8],
            ping: None,
            next_ping: now,
            pings: 0,
        }
    }

    /// What is measured of the path.
    #[must_use]
    pub const fn pace(&self) -> &Pace {
        &self.pace
    }

    // ---- the carrier below ----

    /// A message came, on whichever lane.
    ///
    /// # Errors
    /// The other side breaks the rules: the link is over.
    pub fn handle_message(&mut self, message: &Bytes, now: Instant) -> Result<(), Violation> {
        let frame = Frame::parse(message)?;
        if frame.kind == Kind::Hello {
            if self.other.is_some() {
                return Err(Violation::Hello);
            }
            let hello = Hello::parse(&frame.payload)?;
            self.events.push_back(Event::Ready { release: hello.release.clone(), streams: hello.streams });
            self.other = Some(hello);
            for frame in std::mem::take(&mut self.early) {
                self.handle_frame(frame, now)?;
            }
            return Ok(());
        }
        if self.control.len() >= WAITING {
            return Err(Violation::Idle);
        }
        if self.other.is_none() {
            if self.early.len() >= EARLY {
                return Err(Violation::Hello);
            }
            self.early.push(frame);
            return Ok(());
        }
        self.handle_frame(frame, now)
    }

    /// The carrier holds so many bytes of the bulk lane that were not delivered yet.
    pub fn handle_buffered(&mut self, bulk_bytes: usize, now: Instant) {
        self.pace.handle_buffered(bulk_bytes, now);
    }

    /// Measures the round trip while there is a reason to.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.other.is_none() || now < self.next_ping || !self.measures() {
            return;
        }
        self.next_ping = now + PING;
        match self.ping {
            Some((_, at)) if now.saturating_duration_since(at) < PATIENCE => {}
            _ => {
                self.pings += 1;
                self.ping = Some((self.pings, now));
                let word = Bytes::copy_from_slice(&self.pings.to_be_bytes());
                self.control.push_back(frame(Kind::Ping, StreamId(0), word));
            }
        }
    }

    /// When to call [`Link::handle_timeout`] and [`Link::poll_transmit`] again.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let ping = (self.other.is_some() && self.measures()).then_some(self.next_ping);
        let send = if self.bulk_is_ready() { self.pace.next_send() } else { None };
        ping.into_iter().chain(send).min()
    }

    /// The next message. The control lane first: it waits for nothing.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<(Lane, Bytes)> {
        let hello_only = self.other.is_none();
        if let Some(first) = self.control.front()
            && (!hello_only || first.kind == Kind::Hello)
        {
            return self.control.pop_front().map(|frame| (Lane::Control, frame.to_bytes()));
        }
        if hello_only || !self.bulk_is_ready() {
            return None;
        }
        let lane = match self.role {
            Role::Client => Lane::Control,
            Role::Site if self.pace.may_send(now) => Lane::Bulk,
            Role::Site => return None,
        };
        let stream = self.whose_turn()?;
        let bytes = self.data(stream)?.to_bytes();
        if lane == Lane::Bulk {
            self.pace.handle_sent(bytes.len());
        }
        Some((lane, bytes))
    }

    /// What happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    // ---- who uses it ----

    /// Opens a stream. What of the body does not fit into the first message is queued; `whole`: no more of it comes.
    ///
    /// # Errors
    /// Too many are open, or the head is too long; nothing was sent.
    pub fn open(
        &mut self,
        request: &Request,
        duplex: bool,
        body: Bytes,
        whole: bool,
    ) -> Result<StreamId, Unsent> {
        let other = self.other.as_ref().ok_or(Unsent::NotReady)?;
        let streams = usize::try_from(other.streams).unwrap_or(usize::MAX);
        if self.streams.len() >= streams || self.control.len() >= WAITING {
            return Err(Unsent::Streams);
        }
        let (payload, rest) = head::write(request, body)?;
        let mut stream = Stream::new(other.window, self.limits.window);
        (stream.duplex, stream.priority, stream.answered) = (duplex, request.priority, true);
        let id = StreamId(self.next);
        self.next = self.next.checked_add(1).ok_or(Unsent::Streams)?;
        let flags = if duplex { DUPLEX } else { 0 };
        self.begin(Kind::Open, id, &mut stream, flags, (payload, rest, whole))?;
        self.streams.insert(id, stream);
        Ok(id)
    }

    /// Answers a request. `whole`: no more of the body comes.
    ///
    /// # Errors
    /// The stream has ended, was answered, or the head is too long.
    pub fn answer(
        &mut self,
        id: StreamId,
        response: &Response,
        body: Bytes,
        whole: bool,
    ) -> Result<(), Unsent> {
        let mut stream = self.streams.remove(&id).ok_or(Unsent::Ended)?;
        let outcome = if stream.ended.is_some() || stream.answered {
            Err(Unsent::Ended)
        } else {
            head::write(response, body).and_then(|(payload, rest)| {
                stream.answered = true;
                self.begin(Kind::Answer, id, &mut stream, 0, (payload, rest, whole))
            })
        };
        self.streams.insert(id, stream);
        outcome
    }

    fn begin(
        &mut self,
        kind: Kind,
        id: StreamId,
        stream: &mut Stream,
        mut flags: u8,
        (payload, rest, whole): (Bytes, Bytes, bool),
    ) -> Result<(), Unsent> {
        let number = stream.outgoing.number();
        if whole && rest.is_empty() {
            flags |= FIN;
            stream.outgoing.finish_at_once();
        } else if !rest.is_empty() {
            stream.outgoing.push(rest, if whole { FIN } else { 0 })?;
        }
        self.control.push_back(Frame { kind, flags, stream: id, number, payload });
        Ok(())
    }

    /// Sends a part of a body; on a duplex stream a message, or with `more` a part of one.
    ///
    /// # Errors
    /// `Full`: wait for [`Event::Writable`]. Else the stream is over.
    pub fn send(&mut self, id: StreamId, bytes: Bytes, text: bool, more: bool) -> Result<(), Unsent> {
        let flags = if text { TEXT } else { 0 } | if more { MORE } else { 0 };
        self.push(id, bytes, flags)
    }

    /// Ends this side's direction: the answer is whole, nothing more is asked.
    ///
    /// # Errors
    /// As [`Link::send`].
    pub fn finish(&mut self, id: StreamId) -> Result<(), Unsent> {
        self.push(id, Bytes::new(), FIN)
    }

    fn push(&mut self, id: StreamId, bytes: Bytes, flags: u8) -> Result<(), Unsent> {
        let stream = self.streams.get_mut(&id).ok_or(Unsent::Ended)?;
        if stream.ended.is_some() || !stream.answered {
            return Err(Unsent::Ended);
        }
        let outcome = stream.outgoing.push(bytes, flags);
        stream.wants_room |= outcome == Err(Unsent::Full);
        outcome
    }

    /// The next piece that came on a stream.
    pub fn recv(&mut self, id: StreamId) -> Received {
        let Some(stream) = self.streams.get_mut(&id) else { return Received::Ended(Ended::Cancelled) };
        stream.told_readable = false;
        if let Some((piece, grant)) = stream.incoming.take() {
            if let Some(limit) = grant {
                let word = Bytes::copy_from_slice(&limit.to_be_bytes());
                self.control.push_back(frame(Kind::Credit, id, word));
            }
            return Received::Piece(piece);
        }
        match stream.ended {
            Some(how) => Received::Ended(how),
            None if stream.incoming.fin => Received::End,
            None => Received::Nothing,
        }
    }

    /// How a stream ended before its time, if it did.
    #[must_use]
    pub fn how_ended(&self, id: StreamId) -> Option<Ended> {
        self.streams.get(&id).map_or(Some(Ended::Cancelled), |stream| stream.ended)
    }

    /// Nobody holds the stream any more. What was queued to its end is still sent; anything else is given up.
    pub fn release(&mut self, id: StreamId, how: Ended) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        let sent = stream.outgoing.is_finished() || stream.ended.is_some();
        match self.role {
            Role::Site if sent && !stream.outgoing.is_done() => {
                stream.orphan = true;
                return;
            }
            Role::Site if sent => {}
            Role::Client if stream.incoming.fin || stream.ended.is_some() => {}
            _ => self.reset(id, how),
        }
        self.streams.remove(&id);
    }

    fn reset(&mut self, id: StreamId, how: Ended) {
        let code = Bytes::copy_from_slice(&[how.code()]);
        self.control.push_back(frame(Kind::Reset, id, code));
    }

    // ---- frames ----

    fn handle_frame(&mut self, frame: Frame, now: Instant) -> Result<(), Violation> {
        match frame.kind {
            Kind::Hello => Err(Violation::Hello),
            Kind::Ping => {
                frame.word()?;
                self.control.push_back(Frame { kind: Kind::Pong, ..frame });
                Ok(())
            }
            Kind::Pong => {
                let word = frame.word()?;
                if let Some((_, at)) = self.ping.take_if(|(ping, _)| *ping == word) {
                    self.pace.handle_round_trip(now.saturating_duration_since(at), now);
                }
                Ok(())
            }
            Kind::Credit => {
                let limit = frame.word()?;
                if let Some(stream) = self.streams.get_mut(&frame.stream) {
                    stream.outgoing.grant(limit);
                }
                Ok(())
            }
            Kind::Reset => self.handle_reset(&frame),
            Kind::Open | Kind::Answer | Kind::Data => self.handle_numbered(frame),
        }
    }

    fn handle_reset(&mut self, frame: &Frame) -> Result<(), Violation> {
        let [code] = frame.payload.as_ref() else { return Err(Violation::Frame) };
        let id = frame.stream;
        if self.role == Role::Site && !self.was_opened(id) {
            // It comes before what it ends.
            self.streams.remove(&id);
            return self.note_opened(id);
        }
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.end(Ended::of(*code));
            if stream.orphan {
                self.streams.remove(&id);
                return Ok(());
            }
            self.tell_readable(id);
            self.tell_writable(id);
        }
        Ok(())
    }

    fn handle_numbered(&mut self, frame: Frame) -> Result<(), Violation> {
        let id = frame.stream;
        if !self.streams.contains_key(&id) {
            let late = match self.role {
                Role::Client if id.0 < self.next => true,
                Role::Client => return Err(Violation::Place),
                Role::Site => self.was_opened(id),
            };
            if late {
                return Ok(());
            }
            // Bulk may come before its opening; no more of that than could be opened.
            let limit = usize::try_from(self.limits.streams).unwrap_or(usize::MAX).saturating_mul(2);
            if self.streams.len() >= limit {
                return Err(Violation::Streams);
            }
            let window = self.other.as_ref().map_or(0, |other| other.window);
            self.streams.insert(id, Stream::new(window, self.limits.window));
        }
        let Some(stream) = self.streams.get_mut(&id) else { return Ok(()) };
        if stream.ended.is_some() || stream.orphan {
            return Ok(());
        }
        for frame in stream.incoming.handle(frame)? {
            self.handle_in_order(id, frame)?;
        }
        Ok(())
    }

    fn handle_in_order(&mut self, id: StreamId, frame: Frame) -> Result<(), Violation> {
        let begins = match self.role {
            Role::Client => Kind::Answer,
            Role::Site => Kind::Open,
        };
        if (frame.number == 0) != (frame.kind == begins) {
            return Err(Violation::Place);
        }
        if frame.kind == Kind::Data {
            // A stream that was refused a moment ago takes no more.
            let Some(stream) = self.streams.get_mut(&id) else { return Ok(()) };
            let cost = cost(&frame);
            stream.incoming.put(frame.payload, frame.flags, stream.duplex, cost)?;
            self.tell_readable(id);
            return Ok(());
        }
        let (event, body, priority, duplex) = if begins == Kind::Open {
            let (request, body) = head::read::<Request>(&frame.payload)?;
            let (priority, duplex) = (request.priority, frame.flags & DUPLEX != 0);
            self.note_opened(id)?;
            if self.streams.len() > usize::try_from(self.limits.streams).unwrap_or(usize::MAX) {
                self.streams.remove(&id);
                self.reset(id, Ended::Busy);
                return Ok(());
            }
            (Event::Opened { stream: id, request, duplex }, body, Some(priority), Some(duplex))
        } else {
            let (response, body) = head::read::<Response>(&frame.payload)?;
            (Event::Answered { stream: id, response }, body, None, None)
        };
        let Some(stream) = self.streams.get_mut(&id) else { return Ok(()) };
        stream.begun = true;
        stream.priority = priority.unwrap_or(stream.priority);
        stream.duplex = duplex.unwrap_or(stream.duplex);
        self.events.push_back(event);
        if !body.is_empty() || frame.flags & FIN != 0 {
            stream.incoming.put(body, frame.flags & FIN, false, 0)?;
            self.tell_readable(id);
        }
        Ok(())
    }

    fn tell_readable(&mut self, id: StreamId) {
        if let Some(stream) = self.streams.get_mut(&id)
            && stream.begun | stream.ended.is_some()
            && !std::mem::replace(&mut stream.told_readable, true)
        {
            self.events.push_back(Event::Readable(id));
        }
    }

    fn tell_writable(&mut self, id: StreamId) {
        if let Some(stream) = self.streams.get_mut(&id)
            && !stream.outgoing.is_full()
            && std::mem::take(&mut stream.wants_room)
        {
            self.events.push_back(Event::Writable(id));
        }
    }

    fn was_opened(&self, id: StreamId) -> bool {
        id.0 < self.next || self.above.contains(&id.0)
    }

    fn note_opened(&mut self, id: StreamId) -> Result<(), Violation> {
        if id.0.saturating_sub(self.next) > SPREAD {
            return Err(Violation::Place);
        }
        self.above.insert(id.0);
        while self.above.remove(&self.next) {
            self.next = self.next.saturating_add(1);
        }
        Ok(())
    }

    // ---- whose turn it is ----

    fn measures(&self) -> bool {
        self.role == Role::Site && (self.pace.round_trip().is_none() || self.bulk_is_ready())
    }

    fn bulk_is_ready(&self) -> bool {
        self.streams.values().any(|stream| stream.outgoing.is_ready())
    }

    /// The most urgent; of those that are as urgent the one after the last of them.
    fn whose_turn(&self) -> Option<StreamId> {
        let ready = || self.streams.iter().filter(|(_, stream)| stream.outgoing.is_ready());
        let urgent = ready().map(|(_, stream)| stream.priority.level()).min()?;
        let last = self.last.get(urgent).copied().flatten();
        let mut equals = ready().filter(|(_, stream)| stream.priority.level() == urgent).map(|(id, _)| *id);
        let first = equals.next()?;
        if last.is_none_or(|last| first > last) {
            return Some(first);
        }
        equals.find(|id| last.is_none_or(|last| *id > last)).or(Some(first))
    }

    fn data(&mut self, id: StreamId) -> Option<Frame> {
        let stream = self.streams.get_mut(&id)?;
        let (number, flags, payload) = stream.outgoing.next(stream.duplex)?;
        if let Some(last) = self.last.get_mut(stream.priority.level()) {
            *last = Some(id);
        }
        if stream.outgoing.is_done() && stream.orphan {
            self.streams.remove(&id);
        } else {
            self.tell_writable(id);
        }
        Some(Frame { kind: Kind::Data, flags, stream: id, number, payload })
    }
}

/// A frame that has no place in a stream.
fn frame(kind: Kind, stream: StreamId, payload: Bytes) -> Frame {
    Frame { kind, flags: 0, stream, number: 0, payload }
}
