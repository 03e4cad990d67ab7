//! What goes over a session that stands.

use std::time::Duration;

use bytes::Bytes;
use live::{Asked, Ended, Gone, Priority, Request, Response, SendError, Stream};
use tokio::sync::mpsc;

use crate::joined;

const LATEST: Duration = Duration::from_secs(60);

fn get(path: &str) -> Request {
    Request { method: "GET".into(), path: path.into(), headers: Vec::new(), priority: Priority::default() }
}

fn ok() -> Response {
    Response { status: 200, headers: Vec::new() }
}

async fn body(stream: &Stream) -> Result<Vec<u8>, Ended> {
    let mut body = Vec::new();
    while let Some(piece) = tokio::time::timeout(LATEST, stream.recv()).await.unwrap()? {
        body.extend_from_slice(&piece.bytes);
    }
    Ok(body)
}

/// `/N`: N bytes. `/echo`: every message back. `/never`: an answer without end.
async fn serve(mut asked: mpsc::Receiver<Asked>) {
    while let Some(Asked { request, stream, .. }) = asked.recv().await {
        tokio::spawn(async move {
            stream.answer(&ok(), Bytes::new(), false).unwrap();
            match request.path.as_str() {
                "/echo" => {
                    while let Ok(Some(piece)) = stream.recv().await {
                        stream.send(piece.bytes, piece.text, piece.more).await.unwrap();
                    }
                    let _ = stream.finish().await;
                }
                "/never" => while stream.send(Bytes::from_static(&[7; 1000]), false, false).await.is_ok() {},
                path => {
                    let mut left: usize = path[1..].parse().unwrap();
                    while left > 0 {
                        let chunk = left.min(50_000);
                        if stream.send(vec![5; chunk].into(), false, false).await.is_err() {
                            return;
                        }
                        left -= chunk;
                    }
                    let _ = stream.finish().await;
                }
            }
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_three_shapes_go_over_a_session_and_it_ends_at_both_sides() {
    let (client, site, asked) = joined().await;
    assert_eq!(client.transcript(), site.transcript());
    tokio::spawn(serve(asked));

    let large = client.open(&get("/3000000"), false, Bytes::new(), true).unwrap();
    let echo = client.open(&get("/echo"), true, Bytes::new(), false).unwrap();
    let never = client.open(&get("/never"), false, Bytes::new(), true).unwrap();
    assert_eq!(large.response().await, Ok(ok()));
    assert_eq!(echo.response().await, Ok(ok()));
    for text in ["one", "two"] {
        echo.send(Bytes::from(text), true, false).await.unwrap();
        let piece = tokio::time::timeout(LATEST, echo.recv()).await.unwrap().unwrap().unwrap();
        assert_eq!((piece.bytes.as_ref(), piece.text, piece.more), (text.as_bytes(), true, false));
    }
    echo.finish().await.unwrap();
    assert_eq!(echo.recv().await, Ok(None));
    assert!(never.recv().await.unwrap().is_some());
    drop(never);
    assert_eq!(body(&large).await.unwrap().len(), 3_000_000);
    // Where the other side is.
    assert!(client.path().borrow().remote.is_some_and(|remote| remote.ip().is_loopback()));

    let waiting = client.open(&get("/echo"), true, Bytes::new(), false).unwrap();
    assert_eq!(waiting.response().await, Ok(ok()));
    site.close();
    assert_eq!(tokio::time::timeout(LATEST, client.ended()).await.unwrap(), Gone::ByOther);
    assert_eq!(site.ended().await, Gone::Closed);
    assert_eq!(waiting.recv().await, Err(Ended::Cut));
    let gone = client.open(&get("/1"), false, Bytes::new(), true).unwrap_err();
    assert_eq!(gone, SendError::Gone(Gone::ByOther));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_requests_than_may_are_refused_here_and_places_come_back() {
    let (client, _site, asked) = joined().await;
    tokio::spawn(serve(asked));
    let mut open: Vec<_> =
        (0..8).map(|_| client.open(&get("/echo"), true, Bytes::new(), false).unwrap()).collect();
    assert_eq!(client.open(&get("/1"), false, Bytes::new(), true).unwrap_err(), SendError::Busy);
    open.clear();
    // The site may hear of the end after the next opening: it says busy then, and the client asks again.
    let answered = async {
        loop {
            let stream = client.open(&get("/1"), false, Bytes::new(), true).unwrap();
            match stream.response().await {
                Ok(response) => return (response, body(&stream).await),
                Err(ended) => assert_eq!(ended, Ended::Busy),
            }
        }
    };
    assert_eq!(tokio::time::timeout(LATEST, answered).await.unwrap(), (ok(), Ok(vec![5])));
}
