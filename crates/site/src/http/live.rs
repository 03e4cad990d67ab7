//! `GET /v1/live`: one socket for all tiles. The client asks in JSON, the answers are media records.

use std::{collections::HashMap, time::Duration};

use api::{
    live::{Ask, MAX_SUBSCRIPTIONS},
    record::{Notice, NoticeCode},
};
use axum::{Extension, extract::State, response::Response};
use bytes::{Bytes, BytesMut};
use model::{CameraId, Privilege, StreamKind};
use tokio::sync::mpsc;

use crate::{
    App,
    cameras::{Wanted, Watch},
    feed::{
        hub::Delivery,
        packet::{Lane, Packet, notice_packet},
    },
    http::duplex::{Duplex, Said, Says, Talk},
    principal::Principal,
};

/// Records that may wait for one socket; more: its subscriptions move on to their next key frames.
const QUEUE: usize = 1024;
/// How often it is asked whether the viewer may still watch.
const RECHECK: Duration = Duration::from_secs(5);
/// A socket that takes nothing for so long is closed.
const PATIENCE: Duration = Duration::from_secs(20);
const ASK_BYTES: usize = 4096;

/// Live pictures and sound.
///
/// A WebSocket. The client sends `Ask` messages as JSON text; the server sends media records as binary messages
/// (their layout is described with `Init`). A new subscription starts at once with the frames since the last key
/// frame. A viewer that is slow is moved on to the next key frame (flag 4).
#[utoipa::path(
    get, path = "/v1/live", operation_id = "live_watch", tag = "live",
    extensions(("x-privilege" = json!("camera-video")), ("x-privilege-also" = json!(["camera-listen"]))),
    responses((status = 101, description = "switched to WebSocket"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn watch(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    duplex: Duplex,
) -> Response {
    duplex.limit(ASK_BYTES).serve(move |talk| serve(app, principal, talk))
}

struct Viewer {
    app: App,
    principal: Principal,
    queue: mpsc::Sender<Delivery>,
    watches: HashMap<u32, Watching>,
}

/// A subscription, and what was asked for.
struct Watching {
    _watch: Watch,
    camera: CameraId,
    shown: Shown,
}

/// Which stream of a camera, with which sound.
#[derive(Clone)]
struct Shown {
    stream: StreamKind,
    profile: Option<String>,
    sound: Option<Lane>,
}

async fn serve(app: App, principal: Principal, talk: Talk) {
    let Talk { mut says, mut hears } = talk;
    let (queue, mut deliveries) = mpsc::channel(QUEUE);
    let mut viewer = Viewer { app: app.clone(), principal, queue, watches: HashMap::new() };
    let mut recheck = tokio::time::interval(RECHECK);
    recheck.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut stopping = app.stopping();
    let mut changes = app.sessions.changes();
    loop {
        let sent = tokio::select! {
            () = stopping.requested() => break,
            heard = hears.next() => match heard {
                Ok(Some(Said::Text(text))) => match viewer.ask(&text) {
                    Some(notice) => patient(send_all(&mut says, vec![notice])).await,
                    None => true,
                },
                Ok(Some(Said::Binary(_)) | None) | Err(_) => break,
            },
            Some(first) = deliveries.recv() => {
                let mut records = Vec::new();
                viewer.unpack(first, &mut records);
                while records.len() < 16 && let Ok(more) = deliveries.try_recv() {
                    viewer.unpack(more, &mut records);
                }
                patient(send_all(&mut says, records)).await
            }
            _ = changes.changed() => match viewer.renew().await {
                Some(notices) => patient(send_all(&mut says, notices)).await,
                None => {
                    let _ = patient(send_all(&mut says, vec![ended()])).await;
                    break;
                }
            },
            _ = recheck.tick() => match viewer.renew().await {
                Some(notices) => {
                    viewer.note();
                    patient(async {
                        send_all(&mut says, notices).await
                            && says.keep_alive().await.is_ok()
                    })
                    .await
                }
                None => {
                    let _ = patient(send_all(&mut says, vec![ended()])).await;
                    break;
                }
            },
        };
        if !sent {
            break;
        }
    }
    let _ = tokio::time::timeout(Duration::from_secs(1), says.close()).await;
}

async fn patient(sending: impl Future<Output = bool>) -> bool {
    tokio::time::timeout(PATIENCE, sending).await.unwrap_or(false)
}

async fn send_all(says: &mut Says, records: Vec<Bytes>) -> bool {
    for record in records {
        if says.feed(Said::Binary(record)).await.is_err() {
            return false;
        }
    }
    says.flush().await.is_ok()
}

impl Viewer {
    /// Does what was asked; a notice where it cannot be done.
    fn ask(&mut self, text: &str) -> Option<Bytes> {
        let ask: Ask = match serde_json::from_str(text) {
            Ok(ask) => ask,
            Err(error) => {
                let text = format!("This message is not understood: {error}");
                return Some(addressed(&notice_packet(&Notice { code: NoticeCode::BadAsk, text }), 0, false));
            }
        };
        match ask {
            Ask::Unsubscribe { subscription } => {
                self.watches.remove(&subscription);
                None
            }
            Ask::Subscribe { subscription, camera, stream, profile, audio, flac } => {
                if self.watches.len() >= MAX_SUBSCRIPTIONS && !self.watches.contains_key(&subscription) {
                    let text = format!("No more than {MAX_SUBSCRIPTIONS} subscriptions on one socket.");
                    let notice = Notice { code: NoticeCode::BadAsk, text };
                    return Some(addressed(&notice_packet(&notice), subscription, false));
                }
                if !self.principal.may_on(Privilege::CameraVideo, camera) {
                    self.watches.remove(&subscription);
                    return Some(addressed(&notice_packet(&self.forbidden(camera)), subscription, false));
                }
                let sound = match (audio && self.principal.may_on(Privilege::CameraListen, camera), flac) {
                    (false, _) => None,
                    (true, false) => Some(Lane::Sound),
                    (true, true) => Some(Lane::Flac),
                };
                self.watch(subscription, camera, Shown { stream, profile, sound })
            }
        }
    }

    /// Begins or changes a subscription; a notice where there is something to say.
    fn watch(&mut self, subscription: u32, camera: CameraId, shown: Shown) -> Option<Bytes> {
        let wanted = Wanted { kind: shown.stream, profile: shown.profile.as_deref() };
        match self.app.cameras.watch(camera, wanted, subscription, shown.sound, self.queue.clone()) {
            Ok((watch, notice)) => {
                self.watches.insert(subscription, Watching { _watch: watch, camera, shown });
                self.app.audit.view(&self.app.cameras, &self.principal, camera, Privilege::CameraVideo);
                notice.map(|notice| addressed(&notice_packet(&notice), subscription, false))
            }
            Err(notice) => {
                self.watches.remove(&subscription);
                Some(addressed(&notice_packet(&notice), subscription, false))
            }
        }
    }

    /// Why a camera is not shown: one that the viewer may not know of is not there.
    fn forbidden(&self, camera: CameraId) -> Notice {
        if self.principal.sees(camera) {
            let text = "You may not see this camera's pictures.".to_owned();
            Notice { code: NoticeCode::Forbidden, text }
        } else {
            Notice { code: NoticeCode::NoCamera, text: "There is no such camera (any more).".to_owned() }
        }
    }

    /// Asks again what the viewer may see and hear, and ends what it may not; nothing where the sign-in has ended.
    async fn renew(&mut self) -> Option<Vec<Bytes>> {
        match self.app.sessions.renew(&self.principal).await {
            Ok(Some(principal)) => self.principal = principal,
            Ok(None) => return None,
            // The database is away for a moment: whoever was allowed stays.
            Err(_) => return Some(Vec::new()),
        }
        let mut notices = Vec::new();
        let held: Vec<_> =
            self.watches.iter().map(|(id, one)| (*id, one.camera, one.shown.clone())).collect();
        for (subscription, camera, shown) in held {
            if !self.principal.may_on(Privilege::CameraVideo, camera) {
                self.watches.remove(&subscription);
                notices.push(addressed(&notice_packet(&self.forbidden(camera)), subscription, false));
            } else if shown.sound.is_some() && !self.principal.may_on(Privilege::CameraListen, camera) {
                notices.extend(self.watch(subscription, camera, Shown { sound: None, ..shown }));
                let text = "You may not hear this camera any more.".to_owned();
                let notice = Notice { code: NoticeCode::Forbidden, text };
                notices.push(addressed(&notice_packet(&notice), subscription, false));
            }
        }
        Some(notices)
    }

    /// Notes who watches what, once a minute.
    fn note(&self) {
        for one in self.watches.values() {
            self.app.audit.view(&self.app.cameras, &self.principal, one.camera, Privilege::CameraVideo);
        }
    }

    fn unpack(&self, delivery: Delivery, records: &mut Vec<Bytes>) {
        match delivery {
            Delivery::Burst(subscription, packets) if self.watches.contains_key(&subscription) => {
                records.extend(packets.iter().map(|packet| addressed(packet, subscription, false)));
            }
            Delivery::Packet { subscription, packet, moved_on, waiting }
                if self.watches.contains_key(&subscription) =>
            {
                drop(waiting);
                records.push(addressed(&packet, subscription, moved_on));
            }
            // What was on its way when the subscription ended.
            Delivery::Burst(..) | Delivery::Packet { .. } => {}
        }
    }
}

/// What is said last when the sign-in has ended.
fn ended() -> Bytes {
    let notice = Notice { code: NoticeCode::Forbidden, text: "The sign-in has ended.".into() };
    addressed(&notice_packet(&notice), 0, false)
}

/// A record with its subscription written in.
fn addressed(packet: &Packet, subscription: u32, moved_on: bool) -> Bytes {
    let mut bytes = BytesMut::from(packet.bytes.as_ref());
    if let Some(field) = bytes.get_mut(4..8) {
        field.copy_from_slice(&subscription.to_be_bytes());
    }
    if moved_on && let Some(flags) = bytes.get_mut(1) {
        *flags |= api::record::DISCONTINUITY;
    }
    bytes.freeze()
}
