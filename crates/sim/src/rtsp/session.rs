//! What one connection has set up, and the writing of its media: interleaved or over UDP.
//!
//! A session that plays gets each frame once from the camera; if its reader is too slow it loses frames up to the next
//! key frame, and nobody else notices. Not here: requests.

use super::describe::Kind;
use crate::clip::Size;
use crate::device::{Device, Sound};
use crate::metadata::{self, Motion};
use crate::rtp::{Outgoing, Sender};
use crate::timeline::Frame;
use rand::Rng;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::UdpSocket;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::time::Instant;

/// Bytes of buffer that a session keeps between frames.
const KEPT: usize = 64 * 1024;
/// Between sender reports.
const REPORT: Duration = Duration::from_secs(5);
/// The timeout told to clients is 60 s; some grace for their timers.
const SILENCE: Duration = Duration::from_secs(70);

pub(super) struct Session {
    pub id: String,
    tracks: Vec<Track>,
    feeds: Option<Feeds>,
    out: Outgoing,
    heard: Instant,
    reported: Instant,
    /// Frames were lost: wait for the next key frame.
    skipping: bool,
    /// Keeps count of sessions that play.
    counted: Option<Counted>,
}

struct Track {
    kind: Kind,
    url: String,
    sender: Sender,
    /// RTP and RTCP sockets, connected to the client; without them the track is interleaved.
    udp: Option<(UdpSocket, UdpSocket)>,
}

/// What a playing session waits for.
#[derive(Default)]
struct Feeds {
    video: Option<Receiver<Frame>>,
    sound: Option<Receiver<Sound>>,
    motion: Option<Receiver<Motion>>,
}

/// Something to send.
pub(super) enum Media {
    Video(Frame),
    Sound(Sound),
    Motion(Motion),
    /// So many frames came too fast for this session.
    Lost(u64),
}

/// The next thing to send; never, while nothing plays.
pub(super) async fn next(session: &mut Option<Session>) -> Media {
    let Some(feeds) = session.as_mut().and_then(|session| session.feeds.as_mut()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        frame = receive(&mut feeds.video) => frame.map_or_else(Media::Lost, Media::Video),
        sound = receive(&mut feeds.sound) => sound.map_or_else(Media::Lost, Media::Sound),
        motion = receive(&mut feeds.motion) => motion.map_or_else(Media::Lost, Media::Motion),
    }
}

async fn receive<T: Clone>(feed: &mut Option<Receiver<T>>) -> Result<T, u64> {
    let Some(feed) = feed else { return std::future::pending().await };
    match feed.recv().await {
        Ok(value) => Ok(value),
        Err(RecvError::Lagged(count)) => Err(count),
        // The camera is gone; its listeners close this connection.
        Err(RecvError::Closed) => std::future::pending().await,
    }
}

impl Session {
    pub(super) fn new() -> Self {
        let (out, now) = (Outgoing::default(), Instant::now());
        let id = format!("{:016x}", rand::random::<u64>());
        Self {
            id,
            tracks: Vec::new(),
            feeds: None,
            out,
            heard: now,
            reported: now,
            skipping: false,
            counted: None,
        }
    }

    /// A sign of life from the client.
    pub(super) fn heard(&mut self) {
        self.heard = Instant::now();
    }

    pub(super) fn timed_out(&self) -> bool {
        self.heard.elapsed() > SILENCE
    }

    pub(super) fn playing(&self) -> bool {
        self.feeds.is_some()
    }

    /// Adds a stream by the first acceptable transport asked for; answers it, or `None` if there is none.
    pub(super) async fn add(
        &mut self,
        device: &Device,
        kind: Kind,
        url: String,
        asked: &str,
        peer: IpAddr,
    ) -> Option<String> {
        let (payload_type, clock_rate) = match kind {
            Kind::Video(..) => (96, 90_000),
            Kind::Sound(audio) => (audio.payload_type(), audio.shape()?.0 as u32),
            Kind::Events => (98, 90_000),
        };
        let index = self.tracks.len();
        for transport in asked.split(',') {
            let value = |name: &str| transport.split(';').find_map(|part| part.trim().strip_prefix(name));
            let pair = |text: &str| {
                let (first, second) = text.split_once('-').unwrap_or((text, ""));
                let first = first.parse::<u16>().ok()?;
                Some((first, second.parse().unwrap_or_else(|_| first.saturating_add(1))))
            };
            let protocol = transport.split(';').next().unwrap_or_default().trim();
            if transport.contains("multicast") {
                continue;
            }
            let (channel, udp, answer) = match protocol {
                "RTP/AVP/TCP" => {
                    let next = (2 * index) as u16;
                    let channel = value("interleaved=").and_then(pair).map_or(next, |(rtp, _)| rtp);
                    let Ok(channel @ 0..=254) = u8::try_from(channel) else { continue };
                    (channel, None, format!("RTP/AVP/TCP;unicast;interleaved={channel}-{}", channel + 1))
                }
                "RTP/AVP" | "RTP/AVP/UDP" => {
                    let Some((rtp, rtcp)) = value("client_port=").and_then(pair) else { continue };
                    let Some(sockets) = pair_of_sockets(device, peer, rtp, rtcp).await else { continue };
                    let own = sockets.0.local_addr().ok()?.port();
                    let answer =
                        format!("RTP/AVP;unicast;client_port={rtp}-{rtcp};server_port={own}-{}", own + 1);
                    (0, Some(sockets), answer)
                }
                _ => continue,
            };
            let sender = Sender::new(index, channel, payload_type, clock_rate);
            let answer = format!("{answer};ssrc={:08X};mode=\"PLAY\"", sender.ssrc());
            self.tracks.push(Track { kind, url, sender, udp });
            return Some(answer);
        }
        None
    }

    /// The value of `RTP-Info`: each track's first sequence number, and its RTP time at the same moment, that of the
    /// first frame to be sent.
    pub(super) fn info(&self, device: &Device) -> String {
        let video = self.tracks.iter().find_map(|track| match track.kind {
            Kind::Video(size, codec) => device.join(size, codec),
            _ => None,
        });
        let first = video.and_then(|(frames, _)| frames.first().map(|frame| frame.tick.steady_us));
        let start_us = first.unwrap_or_else(|| device.steady_us());
        let each = self.tracks.iter().map(|track| {
            let (sequence, time) = (track.sender.sequence(), track.sender.timestamp(start_us));
            format!("url={};seq={sequence};rtptime={time}", track.url)
        });
        each.collect::<Vec<_>>().join(",")
    }

    /// Starts: sender reports and the frames since the newest key frame are ready to be flushed.
    pub(super) fn start(&mut self, device: &Arc<Device>) {
        if self.feeds.is_some() {
            return;
        }
        let mut feeds = Feeds::default();
        self.reported = Instant::now();
        self.report(device);
        let faults = device.faults();
        for track in &mut self.tracks {
            match track.kind {
                Kind::Video(size, codec) => {
                    if let Some((frames, feed)) = device.join(size, codec) {
                        for frame in frames.iter().filter(|_| !faults.stall) {
                            track.sender.video(&mut self.out, &faults, device.identity.index, frame);
                        }
                        count_frames(device, size, if faults.stall { 0 } else { frames.len() as u64 });
                        feeds.video = Some(feed);
                    }
                }
                Kind::Sound(_) => feeds.sound = Some(device.listen()),
                Kind::Events => {
                    let (motion, feed) = device.watch();
                    let steady_us = device.steady_us();
                    track.sender.document(&mut self.out, &faults, steady_us, &metadata::empty());
                    let address = device.identity.address.to_string();
                    let first = metadata::motion(motion, "Initialized", &address);
                    track.sender.document(&mut self.out, &faults, steady_us, &first);
                    device.counters.documents.fetch_add(2, Relaxed);
                    feeds.motion = Some(feed);
                }
            }
        }
        self.feeds = Some(feeds);
        self.skipping = false;
        self.counted = Some(Counted::new(device));
    }

    /// Stops until the next start.
    pub(super) fn pause(&mut self) {
        self.feeds = None;
        self.counted = None;
    }

    fn report(&mut self, device: &Device) {
        let (steady_us, wall_us) = device.clocks_us();
        for track in &mut self.tracks {
            track.sender.report(&mut self.out, &device.identity.serial, steady_us, wall_us);
            if let Some((_, rtcp)) = &track.udp {
                let mut report = [0; 512];
                while rtcp.try_recv(&mut report).is_ok() {
                    self.heard = Instant::now();
                }
            }
        }
    }

    /// Makes the packets of one piece of media.
    pub(super) fn fill(&mut self, device: &Device, media: Media) {
        let faults = device.faults();
        if faults.stall {
            return;
        }
        if self.reported.elapsed() >= REPORT {
            self.reported = Instant::now();
            self.report(device);
        }
        let interleaved = self.tracks.iter().all(|track| track.udp.is_none());
        if interleaved && rand::rng().random_range(0..100) < faults.garbage_framing {
            let mut garbage = [0; 40];
            rand::rng().fill(&mut garbage[..]);
            self.out.bytes.extend_from_slice(&garbage);
        }
        let wanted = |kind: Kind| match media {
            Media::Video(_) => matches!(kind, Kind::Video(..)),
            Media::Sound(_) => matches!(kind, Kind::Sound(_)),
            Media::Motion(_) => kind == Kind::Events,
            Media::Lost(_) => false,
        };
        if let Media::Lost(count) = media {
            device.counters.skipped.fetch_add(count, Relaxed);
            self.skipping = true;
        }
        let Some(track) = self.tracks.iter_mut().find(|track| wanted(track.kind)) else { return };
        match media {
            Media::Video(frame) => {
                if self.skipping && !frame.packed.key {
                    device.counters.skipped.fetch_add(1, Relaxed);
                    return;
                }
                self.skipping = false;
                track.sender.video(&mut self.out, &faults, device.identity.index, &frame);
                if let Kind::Video(size, _) = track.kind {
                    count_frames(device, size, 1);
                }
            }
            Media::Sound(Sound { bytes, steady_us }) => {
                if matches!(track.kind, Kind::Sound(crate::Audio::Pcmu)) {
                    track.sender.samples(&mut self.out, &faults, steady_us, bytes);
                } else {
                    track.sender.aac(&mut self.out, &faults, steady_us, bytes);
                }
                device.counters.sounds.fetch_add(1, Relaxed);
            }
            Media::Motion(motion) => {
                let address = device.identity.address.to_string();
                let document = metadata::motion(motion, "Changed", &address);
                track.sender.document(&mut self.out, &faults, motion.steady_us, &document);
                device.counters.documents.fetch_add(1, Relaxed);
            }
            Media::Lost(_) => {}
        }
    }

    /// Sends what is ready: interleaved packets with one write, the others one by one.
    pub(super) async fn flush(&mut self, writer: &mut OwnedWriteHalf) -> std::io::Result<()> {
        let mut result = Ok(());
        if self.tracks.iter().all(|track| track.udp.is_none()) {
            result = writer.write_all(&self.out.bytes).await;
        } else {
            for (track, rtcp, range) in &self.out.packets {
                match &self.tracks[*track].udp {
                    Some((media, reports)) => {
                        let socket = if *rtcp { reports } else { media };
                        // A closed port at the client shows as an error here; the RTSP connection decides.
                        let _ = socket.send(&self.out.bytes[range.clone()]).await;
                    }
                    None => writer.write_all(&self.out.bytes[range.start - 4..range.end]).await?,
                }
            }
        }
        if let Some(counted) = &self.counted {
            counted.device.counters.bytes.fetch_add(self.out.bytes.len() as u64, Relaxed);
        }
        self.out.clear();
        // The first burst is far larger than a frame.
        self.out.bytes.shrink_to(KEPT);
        result
    }
}

fn count_frames(device: &Device, size: Size, count: u64) {
    let counter: &AtomicU64 =
        if size == Size::Main { &device.counters.main_frames } else { &device.counters.sub_frames };
    counter.fetch_add(count, Relaxed);
}

struct Counted {
    device: Arc<Device>,
}

impl Counted {
    fn new(device: &Arc<Device>) -> Self {
        device.counters.sessions.fetch_add(1, Relaxed);
        Self { device: Arc::clone(device) }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.device.counters.sessions.fetch_sub(1, Relaxed);
    }
}

/// An even port for RTP and the next for RTCP on the camera's address, connected to the client's.
async fn pair_of_sockets(
    device: &Device,
    peer: IpAddr,
    rtp: u16,
    rtcp: u16,
) -> Option<(UdpSocket, UdpSocket)> {
    for _ in 0..50 {
        let port = 50_000 + 2 * rand::rng().random_range(0..500_u16);
        let bind = |port| UdpSocket::bind(SocketAddr::from((device.identity.address, port)));
        let (Ok(media), Ok(reports)) = (bind(port).await, bind(port + 1).await) else { continue };
        media.connect((peer, rtp)).await.ok()?;
        reports.connect((peer, rtcp)).await.ok()?;
        return Some((media, reports));
    }
    None
}
