//! Problems as answers, and extractors whose refusals are problems.

use api::{Code, Problem};
use axum::{
    extract::{FromRequest, FromRequestParts, rejection::*},
    http::{HeaderValue, StatusCode, header},
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

    /// A fault of this program: logged whole, told without its insides.
    pub fn internal(what: &'static str, error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "{what}");
        Self::new(Code::Internal, format!("A fault while {what}"))
            .detail("The log of the site has the details.")
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

impl From<catalog::Error> for Failure {
    fn from(error: catalog::Error) -> Self {
        use catalog::Error;
        let code = match &error {
            Error::Size { .. } | Error::Name | Error::Password(_) => Code::BadRequest,
            Error::TooMany { .. } | Error::NameTaken | Error::LastAdministrator => Code::Conflict,
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
            Code::WrongSetupCode => failure.detail("Restart the site server: it prints a new setup link."),
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
