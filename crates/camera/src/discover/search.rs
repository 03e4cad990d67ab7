//! Asking around: sockets, repetition, and handing on what comes.
//!
//! What is here: one socket on an ephemeral port per target; questions at once, after 1 s and after 2.5 s; descriptions
//! fetched for SSDP. What is not here: the texts of questions and answers ([`super::dns`], [`super::ssdp`],
//! [`super::wsd`]).

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use futures_util::{StreamExt, future::join_all, stream::FuturesUnordered};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{
    net::UdpSocket,
    sync::mpsc,
    time::{Instant, sleep_until, timeout_at},
};
use url::Url;
use uuid::Uuid;

use super::{MOST_SIGHTINGS, Method, Settings, Sighting, Target, believed, clean, dns, serial, ssdp, wsd};
use crate::{Error, vapix::Fetcher};

/// What Axis video devices announce.
const SERVICE: [&str; 3] = ["_axis-video", "_tcp", "local"];
/// When questions go out, in milliseconds.
const ASK_AT: [u64; 3] = [0, 1000, 2500];
/// Longest datagram.
const LONGEST: usize = 65_536;
/// Most descriptions fetched at the same time for one target; answers beyond it are handed on without.
const MOST_FETCHES: usize = 16;

/// Asks everybody in `settings` and hands on each answer, for so long. Where the receiver is slow, answers wait in the
/// sockets; what does not fit there is lost. Ends early when the receiver is gone.
///
/// # Errors
/// No target could be asked at all. A target that fails beside others is only noted in the log.
pub async fn search(
    settings: &Settings,
    duration: Duration,
    tx: mpsc::Sender<Sighting>,
) -> Result<(), Error> {
    let end = Instant::now() + duration;
    let fetcher = Fetcher::new()?;
    let left = AtomicUsize::new(MOST_SIGHTINGS);
    let of = |method: Method, targets: &[Target]| {
        targets.iter().map(|target| (method, *target)).collect::<Vec<_>>()
    };
    let asked =
        [of(Method::Mdns, &settings.mdns), of(Method::Ssdp, &settings.ssdp), of(Method::Wsd, &settings.wsd)]
            .concat();
    let searches = asked.iter().map(|(method, target)| {
        let search =
            Search { method: *method, end, id: Uuid::new_v4(), tx: &tx, left: &left, fetcher: &fetcher };
        async move { search.run(*target).await }
    });
    let results = join_all(searches).await;
    let mut failed = Vec::new();
    for ((method, target), result) in asked.iter().zip(&results) {
        if let Err(error) = result {
            tracing::warn!(?method, ?target, %error, "cannot search there");
            failed.push(error.to_string());
        }
    }
    match failed.first() {
        Some(reason) if failed.len() == asked.len() => Err(Error::Search { reason: reason.clone() }),
        _ => Ok(()),
    }
}

/// One target, asked in one way.
struct Search<'a> {
    method: Method,
    end: Instant,
    /// Of the WS-Discovery message; its first two bytes are the identifier of the DNS message.
    id: Uuid,
    tx: &'a mpsc::Sender<Sighting>,
    left: &'a AtomicUsize,
    fetcher: &'a Fetcher,
}

impl Search<'_> {
    async fn run(&self, target: Target) -> std::io::Result<()> {
        let socket = open(self.method, target)?;
        let to = destination(self.method, target);
        let began = Instant::now();
        let asking = async {
            for at in ASK_AT {
                let at = began + Duration::from_millis(at);
                if at >= self.end {
                    break;
                }
                sleep_until(at).await;
                socket.send_to(&self.question(), to).await?;
            }
            Ok(())
        };
        let listening = self.listen(&socket);
        let (asked, ()) = futures_util::future::join(asking, listening).await;
        asked
    }

    fn question(&self) -> Vec<u8> {
        match self.method {
            Method::Mdns => dns::question(dns_id(self.id), &SERVICE),
            Method::Ssdp => ssdp::question(),
            Method::Wsd => wsd::question(self.id),
        }
    }

    async fn listen(&self, socket: &UdpSocket) {
        let mut buffer = vec![0; LONGEST];
        let mut fetches = FuturesUnordered::new();
        let mut fetched: BTreeSet<Url> = BTreeSet::new();
        loop {
            let received = tokio::select! {
                received = timeout_at(self.end, socket.recv_from(&mut buffer)) => received,
                Some(sighting) = fetches.next(), if !fetches.is_empty() => {
                    if !self.hand_on(sighting).await { return }
                    continue;
                }
            };
            let (length, SocketAddr::V4(sender)) = (match received {
                Err(_) => break,
                // Such as an unreachable port that the system reports back: others may still answer.
                Ok(Err(_)) => {
                    tokio::task::yield_now().await;
                    continue;
                }
                Ok(Ok(received)) => received,
            }) else {
                continue;
            };
            let datagram = buffer.get(..length).unwrap_or_default();
            for (sighting, description) in read_answer(self.method, self.id, datagram, *sender.ip()) {
                match description {
                    Some(url) if fetches.len() < MOST_FETCHES && fetched.len() < MOST_SIGHTINGS => {
                        if fetched.insert(url.clone()) {
                            fetches.push(self.described(sighting, url));
                        }
                    }
                    _ => {
                        if !self.hand_on(sighting).await {
                            return;
                        }
                    }
                }
            }
        }
        // What is being fetched when time is up is handed on without its description.
        fetches.clear();
    }

    async fn described(&self, mut sighting: Sighting, url: Url) -> Sighting {
        let patience =
            self.end.saturating_duration_since(Instant::now()).mul_f32(0.8).min(Duration::from_secs(3));
        match self.fetcher.fetch(url, ssdp::LONGEST_DESCRIPTION, patience).await {
            Ok(body) => {
                if let Err(error) = ssdp::describe(&mut sighting, &body) {
                    tracing::debug!(address = %sighting.address, %error, "description not understood");
                }
            }
            Err(error) => tracing::debug!(address = %sighting.address, %error, "no description"),
        }
        sighting
    }

    /// Whether to go on.
    async fn hand_on(&self, sighting: Sighting) -> bool {
        let taken = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if taken.is_err() {
            return false;
        }
        matches!(timeout_at(self.end, self.tx.send(sighting)).await, Ok(Ok(())))
    }
}

/// Identifier of the DNS message of a question.
fn dns_id(id: Uuid) -> u16 {
    let [high, low, ..] = *id.as_bytes();
    u16::from_be_bytes([high, low])
}

/// What a datagram from `sender` tells as an answer to the question `id`, with the address of a description that would
/// tell more (SSDP). Asks nobody; what is no answer to it tells nothing.
#[must_use]
pub fn read_answer(
    method: Method,
    id: Uuid,
    datagram: &[u8],
    sender: Ipv4Addr,
) -> Vec<(Sighting, Option<Url>)> {
    let alone = |seen| (seen, None);
    match method {
        Method::Mdns => match dns::parse(datagram) {
            Ok(message) if message.answer && (message.id == dns_id(id) || message.id == 0) => {
                let instances = message.instances(&SERVICE);
                instances.iter().filter_map(|instance| axis(instance, sender)).map(alone).collect()
            }
            _ => Vec::new(),
        },
        Method::Ssdp => {
            let answer = ssdp::parse(datagram, sender);
            answer.into_iter().map(|answer| (answer.sighting, answer.description)).collect()
        }
        Method::Wsd => wsd::parse(datagram, sender, id).into_iter().map(alone).collect(),
    }
}

fn axis(instance: &dns::Instance, sender: Ipv4Addr) -> Option<Sighting> {
    let address = believed(sender, &instance.addresses)?;
    let name = clean(&instance.name);
    // "AXIS M1065-LW - ACCC8E123456"
    let words = name.as_deref().and_then(|name| name.rsplit_once(" - "));
    let model = words.and_then(|(model, _)| clean(model.strip_prefix("AXIS ").unwrap_or(model)));
    let number = instance.text.get("macaddress").map(String::as_str).and_then(serial);
    Some(Sighting {
        serial: number.or_else(|| words.and_then(|(_, number)| serial(number))),
        model,
        brand: Some("AXIS".to_owned()),
        http_port: instance.port.filter(|port| *port != 0),
        vapix: true,
        name,
        ..Sighting::new(Method::Mdns, address)
    })
}

fn destination(method: Method, target: Target) -> SocketAddrV4 {
    match (target, method) {
        (Target::Address(address), _) => address,
        (Target::Multicast { .. }, Method::Mdns) => SocketAddrV4::new(Ipv4Addr::new(224, 0, 0, 251), 5353),
        (Target::Multicast { .. }, Method::Ssdp) => {
            SocketAddrV4::new(Ipv4Addr::new(239, 255, 255, 250), 1900)
        }
        (Target::Multicast { .. }, Method::Wsd) => SocketAddrV4::new(Ipv4Addr::new(239, 255, 255, 250), 3702),
    }
}

/// A socket on an ephemeral port: answers come back to it alone (RFC 6762, 6.7).
fn open(method: Method, target: Target) -> std::io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    let local = match target {
        Target::Multicast { interface } => {
            socket.set_multicast_if_v4(&interface)?;
            // RFC 6762, 11; UPnP Device Architecture 1.1, 1.3.2; WS-Discovery stays on the link.
            socket.set_multicast_ttl_v4(match method {
                Method::Mdns => 255,
                Method::Ssdp => 2,
                Method::Wsd => 1,
            })?;
            interface
        }
        Target::Address(_) => {
            socket.set_broadcast(true)?;
            Ipv4Addr::UNSPECIFIED
        }
    };
    socket.bind(&SocketAddrV4::new(local, 0).into())?;
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket.into())
}
