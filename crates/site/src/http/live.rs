//! `GET /v1/live`: one socket for all tiles. The client asks in JSON, the answers are media records.

use std::{collections::HashMap, time::Duration};

use api::{
    live::{Ask, MAX_SUBSCRIPTIONS},
    record::{Notice, NoticeCode},
};
use axum::{
    Extension,
    extract::{
        State,
        ws::{Message, WebSocket},
    },
    response::Response,
};
use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt, StreamExt, stream::SplitSink};
use model::Privilege;
use tokio::sync::mpsc;

use crate::{
    App,
    cameras::{Wanted, Watch},
    feed::{
        hub::Delivery,
        packet::{Lane, Packet, notice_packet},
    },
    http::problem::WebSocketUpgrade,
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
    extensions(("x-privilege" = json!("camera-video"))),
    responses((status = 101, description = "switched to WebSocket"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn watch(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    WebSocketUpgrade(upgrade): WebSocketUpgrade,
) -> Response {
    upgrade
        .max_message_size(ASK_BYTES)
        .max_frame_size(ASK_BYTES)
        .write_buffer_size(0)
        // The library clears this buffer at every look for something to read, which is after every picture sent.
        .read_buffer_size(ASK_BYTES)
        .on_upgrade(move |socket| serve(app, principal, socket))
}

struct Viewer {
    app: App,
    principal: Principal,
    queue: mpsc::Sender<Delivery>,
    watches: HashMap<u32, Watch>,
}

async fn serve(app: App, principal: Principal, socket: WebSocket) {
    let (mut sink, mut stream) = socket.split();
    let (queue, mut deliveries) = mpsc::channel(QUEUE);
    let mut viewer = Viewer { app: app.clone(), principal, queue, watches: HashMap::new() };
    let mut recheck = tokio::time::interval(RECHECK);
    recheck.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut stopping = app.stopping();
    loop {
        let sent = tokio::select! {
            () = stopping.requested() => break,
            message = stream.next() => match message {
                Some(Ok(Message::Text(text))) => match viewer.ask(text.as_str()) {
                    Some(notice) => patient(send_all(&mut sink, vec![notice])).await,
                    None => true,
                },
                Some(Ok(Message::Binary(_))) | None | Some(Err(_)) | Some(Ok(Message::Close(_))) => break,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => true,
            },
            Some(first) = deliveries.recv() => {
                let mut records = Vec::new();
                viewer.unpack(first, &mut records);
                while records.len() < 16 && let Ok(more) = deliveries.try_recv() {
                    viewer.unpack(more, &mut records);
                }
                patient(send_all(&mut sink, records)).await
            }
            _ = recheck.tick() => {
                if !viewer.still_allowed().await {
                    let notice = Notice { code: NoticeCode::Forbidden, text: "The sign-in has ended.".into() };
                    let _ = patient(send_all(&mut sink, vec![addressed(&notice_packet(&notice), 0, false)])).await;
                    break;
                }
                patient(async { sink.send(Message::Ping(Bytes::new())).await.is_ok() }).await
            }
        };
        if !sent {
            break;
        }
    }
    let _ = tokio::time::timeout(Duration::from_secs(1), sink.close()).await;
}

async fn patient(sending: impl Future<Output = bool>) -> bool {
    tokio::time::timeout(PATIENCE, sending).await.unwrap_or(false)
}

async fn send_all(sink: &mut SplitSink<WebSocket, Message>, records: Vec<Bytes>) -> bool {
    for record in records {
        if sink.feed(Message::Binary(record)).await.is_err() {
            return false;
        }
    }
    sink.flush().await.is_ok()
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
                let sound = match (audio && self.principal.may(Privilege::CameraListen), flac) {
                    (false, _) => None,
                    (true, false) => Some(Lane::Sound),
                    (true, true) => Some(Lane::Flac),
                };
                let wanted = Wanted { kind: stream, profile: profile.as_deref() };
                match self.app.cameras.watch(camera, wanted, subscription, sound, self.queue.clone()) {
                    Ok((watch, notice)) => {
                        self.watches.insert(subscription, watch);
                        notice.map(|notice| addressed(&notice_packet(&notice), subscription, false))
                    }
                    Err(notice) => {
                        self.watches.remove(&subscription);
                        Some(addressed(&notice_packet(&notice), subscription, false))
                    }
                }
            }
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

    async fn still_allowed(&self) -> bool {
        match self.app.sessions.renew(&self.principal).await {
            Ok(Some(principal)) => principal.may(Privilege::CameraVideo),
            Ok(None) => false,
            // The database is away for a moment: whoever was allowed stays.
            Err(_) => true,
        }
    }
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
