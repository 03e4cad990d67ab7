//! The plain HTTP port: tells the certificate ID and sends everybody to HTTPS. It answers nothing else.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};

use crate::stop::Stop;

const REQUEST_BYTES: usize = 4096;
const PATIENCE: Duration = Duration::from_secs(5);
const AT_ONCE: usize = 64;

/// Serves until `stop` says so.
pub async fn serve_redirect(listener: TcpListener, https_port: u16, certificate_id: String, mut stop: Stop) {
    let limit = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let accepted = tokio::select! {
            () = stop.requested() => return,
            accepted = listener.accept() => accepted,
        };
        let (Ok((stream, _)), Ok(permit)) = (accepted, Arc::clone(&limit).acquire_owned().await) else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let certificate_id = certificate_id.clone();
        tokio::spawn(async move {
            let _ = tokio::time::timeout(PATIENCE, answer(stream, https_port, &certificate_id)).await;
            drop(permit);
        });
    }
}

async fn answer(mut stream: TcpStream, https_port: u16, certificate_id: &str) -> std::io::Result<()> {
    let local = stream.local_addr()?;
    let mut request = Vec::with_capacity(512);
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        if request.len() >= REQUEST_BYTES || stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let response = respond(&request, local, https_port, certificate_id);
    stream.write_all(response.as_bytes()).await?;
    stream.shutdown().await
}

fn respond(request: &[u8], local: SocketAddr, https_port: u16, certificate_id: &str) -> String {
    let text = String::from_utf8_lossy(request);
    let mut words = text.lines().next().unwrap_or_default().split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or("/"));
    if !matches!(method, "GET" | "HEAD") {
        return "HTTP/1.1 405 Method Not Allowed\r\nallow: GET, HEAD\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            .into();
    }
    let host = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("host"))
        .map(|(_, value)| host_name(value.trim()))
        .filter(|host| !host.is_empty())
        .unwrap_or_else(|| local.ip().to_string());
    let target = if target.starts_with('/') && target.bytes().all(|byte| byte.is_ascii_graphic()) {
        target
    } else {
        "/"
    };
    let location = format!("https://{host}:{https_port}{target}");
    let body = format!("This site is served at {location}\nCertificate ID: {certificate_id}\n");
    let content = if method == "HEAD" { "" } else { &body };
    format!(
        "HTTP/1.1 308 Permanent Redirect\r\nlocation: {location}\r\nmartello-certificate-id: {certificate_id}\r\n\
         content-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n{content}",
        body.len()
    )
}

/// The host without its port, only where it is made of what host names are made of.
fn host_name(host: &str) -> String {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((v6, _)) => format!("[{v6}]"),
        None => host.split(':').next().unwrap_or_default().to_owned(),
    };
    if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte)) {
        name
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(request: &str) -> String {
        let response = respond(request.as_bytes(), "127.0.0.1:80".parse().unwrap(), 55754, "ABCD");
        response.lines().find_map(|line| line.strip_prefix("location: ")).unwrap_or_default().to_owned()
    }

    #[test]
    fn requests_are_sent_to_https_on_the_host_that_was_asked() {
        assert_eq!(
            location("GET /live HTTP/1.1\r\nHost: shop.local:55752\r\n\r\n"),
            "https://shop.local:55754/live"
        );
        assert_eq!(location("GET /x HTTP/1.1\r\nhost: [::1]:80\r\n\r\n"), "https://[::1]:55754/x");
        assert_eq!(location("GET http://evil/ HTTP/1.1\r\n\r\n"), "https://127.0.0.1:55754/");
        assert_eq!(location("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), "https://127.0.0.1:55754/");
        assert_eq!(location("POST / HTTP/1.1\r\n\r\n"), "");
    }
}
