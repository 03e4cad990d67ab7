//! A service's web client, served from the binary. Which files there are and what their pages may load, the service says.

use api::Code;
use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, Method, header},
    response::{IntoResponse, Response},
};

use crate::problem::Failure;

/// One file of the web client.
#[derive(Clone, Copy, Debug)]
pub struct ClientFile {
    /// Path without leading slash, such as `assets/index-1a2b.js`.
    pub path: &'static str,
    /// Its content.
    pub bytes: &'static [u8],
    /// Its content, compressed by gzip, where that is smaller.
    pub gzip: Option<&'static [u8]>,
}

/// The files of a web client, and what its pages may load.
#[derive(Clone, Copy, Debug)]
pub struct WebClient {
    /// All of them; `index.html` is every screen.
    pub files: &'static [ClientFile],
    /// The content security policy of its pages.
    pub policy: &'static str,
}

/// Answers a request that no operation of the API answers.
#[must_use]
pub fn serve(client: WebClient, request: &Request) -> Response {
    let WebClient { files, policy } = client;
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Failure::method_not_allowed(request.method(), &[Method::GET, Method::HEAD]);
    }
    let path = request.uri().path();
    let path = path.strip_prefix('/').unwrap_or(path);
    if let Some(file) = find(files, path) {
        return answer(file, policy, request, path.starts_with("assets/"));
    }
    // A screen's address: the client itself finds the screen. A missing file stays missing.
    let first = path.split('/').next().unwrap_or_default();
    let is_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'))
        || ["v1", "api", "oauth", ".well-known", "assets"].contains(&first);
    match find(files, "index.html") {
        Some(index) if !is_file => answer(index, policy, request, false),
        _ => Failure::new(Code::NotFound, "There is nothing at this address").into_response(),
    }
}

fn find(files: &'static [ClientFile], path: &str) -> Option<&'static ClientFile> {
    files.iter().find(|file| file.path == path)
}

fn answer(file: &'static ClientFile, policy: &'static str, request: &Request, immutable: bool) -> Response {
    let accepts_gzip = request
        .headers()
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.split(',').any(|coding| coding.trim().starts_with("gzip")));
    let (bytes, gzip) = match file.gzip {
        Some(gzip) if accepts_gzip => (gzip, true),
        _ => (file.bytes, false),
    };
    let body = if request.method() == Method::HEAD { Body::empty() } else { Body::from(bytes) };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(file.path)));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    let cache = if immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}
