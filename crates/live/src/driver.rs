//! The task of a session: between the sockets, the WebRTC stack and the link of requests.
//!
//! The stack wants its outputs drained after every single change, until it names the time of its next one (`settle`).

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use api::peer::{Candidate as Line, MAX_CANDIDATES, Signal};
use bytes::Bytes;
use carrier::{Lane, Link, Role};
use str0m::{
    Candidate, Event, IceConnectionState, Input, Output, Rtc,
    channel::{ChannelConfig, ChannelId},
    net::{Protocol, Receive},
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    Error, Settings, Signalling,
    hosts::Sockets,
    session::{Asked, Gone, Shared},
};

/// Identifiers of the two channels, agreed on beforehand (RFC 8832 section 1: negotiated out of band).
const CONTROL: u16 = 0;
const BULK: u16 = 1;
/// Datagrams that are taken before something is sent again.
const BATCH: usize = 64;
/// A datagram is no longer.
const DATAGRAM: usize = 2048;
/// Control that the stack may hold at once.
pub const CONTROL_BYTES: usize = 256 << 10;
/// How long the last datagrams of a session that is closed may take.
const FAREWELL: Duration = Duration::from_millis(200);

/// What the task has.
pub struct Driver {
    rtc: Rtc,
    sockets: Sockets,
    signalling: Option<Signalling>,
    role: Role,
    link: Option<Link>,
    control: ChannelId,
    bulk: ChannelId,
    /// Channels that are open.
    open: u8,
    /// What the stack did not take yet.
    waiting: Option<(Lane, Bytes)>,
    candidates: usize,
    next: Instant,
}

impl Driver {
    /// Tells the other side the addresses of this machine, as far as the signalling takes them at once.
    pub fn new(
        mut rtc: Rtc,
        sockets: Sockets,
        signalling: Signalling,
        role: Role,
        settings: &Settings,
    ) -> Result<Self, Error> {
        for address in sockets.addresses() {
            let Ok(candidate) = Candidate::host(address, Protocol::Udp) else { continue };
            if let Some(candidate) = rtc.add_local_candidate(candidate) {
                let line = Line { candidate: candidate.to_sdp_string() };
                let _ = signalling.outgoing.try_send(Signal::Candidate(line));
            }
        }
        let _ = signalling.outgoing.try_send(Signal::EndOfCandidates);
        let channel = |id, label: &str, ordered| ChannelConfig {
            label: label.to_owned(),
            ordered,
            negotiated: Some(id),
            protocol: carrier::PROTOCOL.to_owned(),
            ..ChannelConfig::default()
        };
        let control = rtc.direct_api().create_data_channel(channel(CONTROL, "control", false));
        let bulk = rtc.direct_api().create_data_channel(channel(BULK, "bulk", true));
        let now = Instant::now();
        let link = Link::new(role, settings.limits, &settings.release, now);
        Ok(Self {
            rtc,
            sockets,
            signalling: Some(signalling),
            role,
            link: Some(link),
            control,
            bulk,
            open: 0,
            waiting: None,
            candidates: 0,
            next: now,
        })
    }

    /// What sessions and streams share with this task; made once.
    pub fn shared(&mut self, asked: mpsc::Sender<Asked>, ready: oneshot::Sender<()>) -> Arc<Shared> {
        let link = self.link.take().unwrap_or_else(|| {
            let limits = carrier::Limits { window: 16 << 10, streams: 0 };
            Link::new(self.role, limits, "", Instant::now())
        });
        Shared::new(link, asked, ready)
    }

    /// An address of the other side. One that is none, or has no meaning here, is left out.
    pub fn add_candidate(&mut self, line: &Line) {
        self.candidates += 1;
        if self.candidates > MAX_CANDIDATES {
            return;
        }
        if let Ok(candidate) = Candidate::from_sdp_string(&line.candidate)
            && candidate.proto() == Protocol::Udp
        {
            self.rtc.add_remote_candidate(candidate);
        }
    }

    /// Runs until the session is over.
    pub async fn run(mut self, shared: Arc<Shared>) {
        let why = match self.work(&shared).await {
            Err(why) => why,
            Ok(never) => match never {},
        };
        tracing::debug!(%why, "a peer session is over");
        shared.end(why);
        if why == Gone::Closed || matches!(why, Gone::Violation(_)) {
            let _ = tokio::time::timeout(FAREWELL, self.farewell()).await;
        }
    }

    async fn work(&mut self, shared: &Arc<Shared>) -> Result<std::convert::Infallible, Gone> {
        let mut buffer = [0; DATAGRAM];
        loop {
            if shared.lock().close {
                return Err(Gone::Closed);
            }
            self.tick(shared).await?;
            let timeout = {
                let state = shared.lock();
                state.link.poll_timeout().map_or(self.next, |link| link.min(self.next))
            };
            tokio::select! {
                biased;
                (source, local, length) = std::future::poll_fn(|context| self.sockets.poll_recv(context, &mut buffer)) => {
                    self.receive(shared, source, local, &buffer[..length]).await?;
                    for _ in 1..BATCH {
                        let more = std::future::poll_fn(|context| {
                            std::task::Poll::Ready(self.sockets.poll_recv(context, &mut buffer))
                        });
                        let std::task::Poll::Ready((source, local, length)) = more.await else { break };
                        self.receive(shared, source, local, &buffer[..length]).await?;
                    }
                }
                () = shared.to_driver.notified() => {}
                signal = signal(&mut self.signalling) => match signal {
                    Some(Signal::Candidate(line)) => self.add_candidate(&line),
                    Some(_) => {}
                    // The mediator may go; the session stands on its own.
                    None => self.signalling = None,
                },
                () = tokio::time::sleep_until(timeout.into()) => {}
            }
        }
    }

    async fn receive(
        &mut self,
        shared: &Arc<Shared>,
        source: SocketAddr,
        destination: SocketAddr,
        datagram: &[u8],
    ) -> Result<(), Gone> {
        let Ok(contents) = datagram.try_into() else { return Ok(()) };
        let receive = Receive { proto: Protocol::Udp, source, destination, contents };
        let input = Input::Receive(Instant::now(), receive);
        // What belongs to no session, or is nothing, is nobody's fault.
        if !self.rtc.accepts(&input) {
            return Ok(());
        }
        self.rtc.handle_input(input).map_err(stack)?;
        self.settle(shared).await
    }

    /// Time passes; then everything goes that may go.
    async fn tick(&mut self, shared: &Arc<Shared>) -> Result<(), Gone> {
        let now = Instant::now();
        self.rtc.handle_input(Input::Timeout(now)).map_err(stack)?;
        self.settle(shared).await?;
        while self.open == 2 {
            let now = Instant::now();
            let held = self.rtc.channel(self.bulk).map_or(0, |mut channel| channel.buffered_amount());
            let message = self.waiting.take().or_else(|| {
                let mut state = shared.lock();
                state.link.handle_buffered(held, now);
                state.link.handle_timeout(now);
                let message = state.link.poll_transmit(now);
                state.tell(shared);
                message
            });
            let Some((lane, bytes)) = message else { break };
            if !self.write(lane, &bytes)? {
                self.waiting = Some((lane, bytes));
                break;
            }
            self.settle(shared).await?;
        }
        Ok(())
    }

    fn write(&mut self, lane: Lane, bytes: &[u8]) -> Result<bool, Gone> {
        let id = match lane {
            Lane::Control => self.control,
            Lane::Bulk => self.bulk,
        };
        let Some(mut channel) = self.rtc.channel(id) else { return Ok(false) };
        if lane == Lane::Control && channel.buffered_amount() > CONTROL_BYTES {
            return Ok(false);
        }
        channel.write(true, bytes).map_err(stack)
    }

    /// Takes everything that the stack has to say, until it waits.
    async fn settle(&mut self, shared: &Arc<Shared>) -> Result<(), Gone> {
        loop {
            match self.rtc.poll_output().map_err(stack)? {
                Output::Timeout(at) => {
                    self.next = at;
                    return Ok(());
                }
                Output::Transmit(transmit) => {
                    // STUN begins with 0 to 3 (RFC 7983): anything else goes where the two have met.
                    if transmit.contents.first().is_some_and(|first| *first > 3) {
                        let remote = Some(transmit.destination);
                        shared
                            .path
                            .send_if_modified(|path| std::mem::replace(&mut path.remote, remote) != remote);
                    }
                    self.sockets.send(transmit.source, transmit.destination, &transmit.contents).await;
                }
                Output::Event(event) => self.handle_event(event, shared)?,
            }
        }
    }

    fn handle_event(&mut self, event: Event, shared: &Arc<Shared>) -> Result<(), Gone> {
        match event {
            Event::ChannelOpen(id, _) if id == self.control || id == self.bulk => self.open += 1,
            Event::ChannelData(data) if data.id == self.control || data.id == self.bulk => {
                shared.handle_message(&Bytes::from(data.data), Instant::now())?;
            }
            Event::ChannelClose(id) if id == self.control || id == self.bulk => return Err(Gone::ByOther),
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) => return Err(Gone::Lost),
            Event::Closed => return Err(Gone::ByOther),
            _ => {}
        }
        Ok(())
    }

    /// Tells the other side that this is the end.
    async fn farewell(&mut self) {
        if self.rtc.close().is_err() {
            return;
        }
        for _ in 0..BATCH {
            match self.rtc.poll_output() {
                Ok(Output::Transmit(transmit)) => {
                    self.sockets.send(transmit.source, transmit.destination, &transmit.contents).await;
                }
                Ok(Output::Event(_)) => {}
                Ok(Output::Timeout(_)) | Err(_) => return,
            }
        }
    }
}

async fn signal(signalling: &mut Option<Signalling>) -> Option<Signal> {
    match signalling {
        Some(signalling) => signalling.incoming.recv().await,
        None => std::future::pending().await,
    }
}

#[allow(clippy::needless_pass_by_value, reason = "used as a function of map_err")]
fn stack(error: str0m::RtcError) -> Gone {
    tracing::debug!(%error, "the WebRTC stack");
    Gone::Stack
}
