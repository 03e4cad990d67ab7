//! Problems as answers, and extractors whose refusals are problems.

use api::{Code, Problem};
use axum::{
    extract::{
        FromRequest, FromRequestParts,
        rejection::{JsonRejection, PathRejection, QueryRejection},
        ws::rejection::WebSocketUpgradeRejection,
    },
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};

/// A problem on its way to the client.
#[derive(Debug)]
pub struct Failure(pub Problem);

/// What handlers return.
pub type Outcome<T> = Result<T, Failure>;

/// JSON in, JSON out.
#[derive(FromRequest)]
#[from_request(via(axum::Json), rejection(Failure))]
pub struct Json<T>(pub T);

/// Query parameters.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Failure))]
pub struct Query<T>(pub T);

/// Path parameters.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Failure))]
pub struct Path<T>(pub T);

/// The handshake of a WebSocket.
pub struct WebSocketUpgrade(pub axum::extract::WebSocketUpgrade);

impl<S: Send + Sync> FromRequestParts<S> for WebSocketUpgrade {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        axum::extract::WebSocketUpgrade::from_request_parts(parts, state)
            .await
            .map(Self)
            .map_err(Failure::from)
    }
}

impl<T: serde::Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl Failure {
    /// A problem of this kind.
    pub fn new(code: Code, title: impl Into<String>) -> Self {
        Self(Problem::new(code, title))
    }

    /// With what to do next.
    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self(self.0.detail(detail))
    }

    /// With another HTTP status than the one that goes with the code.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.0.status = status.as_u16();
        self
    }

    /// The path is known, but not with this method (RFC 9110 section 15.5.6).
    #[must_use]
    pub fn method_not_allowed(method: &Method, allowed: &[Method]) -> Response {
        let allowed = allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
        let failure = Self::new(Code::BadRequest, "This address does not take this method")
            .detail(format!("{method} was sent; taken are: {allowed}."))
            .status(StatusCode::METHOD_NOT_ALLOWED);
        let mut response = failure.into_response();
        if let Ok(value) = HeaderValue::from_str(&allowed) {
            response.headers_mut().insert(header::ALLOW, value);
        }
        response
    }

    /// A fault of this program: logged whole, told without its insides.
    pub fn internal(what: &'static str, error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "{what}");
        Self::new(Code::Internal, format!("A fault while {what}")).detail("The log has the details.")
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry = self.0.retry_after_s;
        let mut response = (status, axum::Json(self.0)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<JsonRejection> for Failure {
    fn from(rejection: JsonRejection) -> Self {
        let code = if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Code::TooLarge
        } else {
            Code::BadRequest
        };
        Self::new(code, "The body of the request is not what this operation takes")
            .detail(rejection.body_text())
    }
}

impl From<QueryRejection> for Failure {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(Code::BadRequest, "The query of the address is not what this operation takes")
            .detail(rejection.body_text())
    }
}

impl From<PathRejection> for Failure {
    fn from(rejection: PathRejection) -> Self {
        Self::new(Code::NotFound, "There is nothing at this address").detail(rejection.body_text())
    }
}

impl From<WebSocketUpgradeRejection> for Failure {
    fn from(rejection: WebSocketUpgradeRejection) -> Self {
        Self::new(Code::BadRequest, "This operation is a WebSocket").detail(rejection.body_text())
    }
}

impl From<catalog::Error> for Failure {
    fn from(error: catalog::Error) -> Self {
        use catalog::Error;
        let code = match &error {
            Error::Size { .. } | Error::Name | Error::Email | Error::Password(_) => Code::BadRequest,
            Error::TooMany { .. }
            | Error::NameTaken
            | Error::InUse(_)
            | Error::LastAdministrator
            | Error::MachineUser
            | Error::DirectoryName => Code::Conflict,
            Error::AlreadySetUp => Code::AlreadySetUp,
            Error::WrongSetupCode => Code::WrongSetupCode,
            Error::NotFound(_) => Code::NotFound,
            _ => return Self::internal("using the database", chain(&error)),
        };
        let text = error.to_string();
        let mut letters = text.chars();
        let title: String =
            letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
        let failure = Self::new(code, title);
        match code {
            Code::WrongSetupCode => failure.detail("Restart the server: it prints a new setup link."),
            Code::AlreadySetUp => failure.detail("Sign in with the administrator's name and password."),
            _ => failure,
        }
    }
}

/// An error with all its causes, in one line.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
