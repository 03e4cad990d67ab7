//! The webhook against a raw HTTP server.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use super::*;

/// A request as it came.
struct Request {
    head: String,
    body: Vec<u8>,
}

/// Answers one request after another with these answers, then closes what comes.
async fn sink(answers: &'static [&'static str]) -> (SocketAddr, mpsc::Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = mpsc::channel(16);
    tokio::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let request = read(&mut stream).await;
            stream.write_all(answer.as_bytes()).await.unwrap();
            sender.send(request).await.unwrap();
        }
    });
    (address, receiver)
}

async fn read(stream: &mut TcpStream) -> Request {
    let mut bytes = Vec::new();
    loop {
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "the request is whole");
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let body = &bytes[end + 4..];
        if body.len() == length.parse::<usize>().unwrap() {
            return Request { head, body: body.to_vec() };
        }
    }
}

const OK: &str = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
const BUSY: &str = "HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
const REFUSED: &str = "HTTP/1.1 403 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
const MOVED: &str =
    "HTTP/1.1 307 Moved\r\nConnection: close\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n";

fn settings(address: SocketAddr) -> Notifications {
    Notifications { mail: None, webhook: Some(webhook(address)) }
}

#[tokio::test]
async fn an_alarm_is_posted_as_json_and_signed() {
    let (address, mut requests) = sink(&[OK]).await;
    let (handle, _settings) = started(settings(address), &patience());
    handle.send(alarm());
    let request = soon("the request", requests.recv()).await.unwrap();
    assert!(request.head.starts_with("post /hook http/1.1\r\n"), "{}", request.head);
    assert!(request.head.contains("\r\ncontent-type: application/json"));
    assert!(request.head.contains("\r\nmartello-occasion: alarm"));
    let signature = format!("\r\nmartello-signature: {}", webhook::signature("key", &request.body));
    assert!(request.head.contains(&signature), "{}", request.head);
    assert_eq!(serde_json::from_slice::<Alarm>(&request.body).unwrap(), alarm());
    soon("the end", handle.stop(PATIENCE)).await;
}

#[tokio::test]
async fn a_busy_receiver_is_tried_three_times_and_the_next_alarm_still_comes() {
    let (address, mut requests) = sink(&[BUSY, BUSY, BUSY, OK]).await;
    let (handle, _settings) = started(settings(address), &patience());
    handle.send(alarm());
    handle.send(Alarm { title: "next".into(), ..alarm() });
    for expected in [alarm().title.as_str(), &alarm().title, &alarm().title, "next"] {
        let request = soon("the request", requests.recv()).await.unwrap();
        assert_eq!(serde_json::from_slice::<Alarm>(&request.body).unwrap().title, expected);
    }
    soon("the end", handle.stop(PATIENCE)).await;
}

#[tokio::test]
async fn who_refuses_is_not_asked_again_and_redirects_are_not_followed() {
    let (address, mut requests) = sink(&[REFUSED, MOVED, OK]).await;
    let (handle, _settings) = started(settings(address), &patience());
    for title in ["refused", "moved", "taken"] {
        handle.send(Alarm { title: title.into(), ..alarm() });
    }
    for expected in ["refused", "moved", "taken"] {
        let request = soon("the request", requests.recv()).await.unwrap();
        assert_eq!(serde_json::from_slice::<Alarm>(&request.body).unwrap().title, expected);
    }
    soon("the end", handle.stop(PATIENCE)).await;
}

#[tokio::test]
async fn a_test_says_that_it_is_one_and_says_why_it_failed() {
    let (address, mut requests) = sink(&[OK, REFUSED]).await;
    let (handle, _settings) = started(Notifications::default(), &patience());
    handle.send_test(&settings(address)).await.unwrap();
    let request = soon("the request", requests.recv()).await.unwrap();
    assert!(request.head.contains("\r\nmartello-occasion: test"));

    let problem = Problem::from(&handle.send_test(&settings(address)).await.unwrap_err());
    assert_eq!(problem.code, Code::DeliveryFailed);
    assert!(problem.title.contains("403"), "{}", problem.title);

    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = handle.send_test(&settings(nobody)).await.unwrap_err();
    assert!(error.again() && error.to_string().contains("refused"), "{error}");
}

#[tokio::test]
async fn a_receiver_that_never_answers_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let webhook = webhook(listener.local_addr().unwrap());
    let limit = Duration::from_millis(100);
    let error = webhook::deliver(&webhook, &alarm(), webhook::Occasion::Alarm, limit).await.unwrap_err();
    assert!(matches!(error, Error::Silent { .. }), "{error}");
}
