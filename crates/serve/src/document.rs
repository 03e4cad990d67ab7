//! The API document of a service: as text, and as policy. What an operation declares there as `x-privilege` is what is asked
//! of its caller.
//!
//! What is not here: what can be asked for (a privilege, a role), and who judges.

use std::{collections::HashMap, sync::Arc};

use api::Code;
use axum::{
    http::{Method, header},
    response::{IntoResponse, Response},
};
use serde::de::DeserializeOwned;
use utoipa::openapi::{OpenApi, path::Operation};

use crate::problem::Failure;

/// What each operation asks for.
#[derive(Clone, Debug)]
pub struct Operations<T>(HashMap<(Method, String), T>);

/// A document as it is sent.
#[derive(Clone)]
pub struct Text(Arc<str>);

impl<T> Operations<T> {
    /// Reads it out of the document; operations of which `asked` says nothing are refused to everybody.
    #[must_use]
    pub fn read(document: &OpenApi, mut asked: impl FnMut(&Operation) -> Option<T>) -> Self {
        let known = operations(document);
        Self(known.filter_map(|(method, path, one)| Some(((method, path.to_owned()), asked(one)?))).collect())
    }

    /// What the operation asks for, where there is one.
    #[must_use]
    pub fn asked(&self, method: &Method, path: &str) -> Option<&T> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.0.get(&(method.clone(), path.to_owned()))
    }

    /// The answer to a request for no operation.
    #[must_use]
    pub fn refuse(&self, method: &Method, path: &str) -> Response {
        let mut allowed: Vec<Method> =
            self.0.keys().filter(|(_, known)| known == path).map(|(method, _)| method.clone()).collect();
        if allowed.is_empty() {
            return Failure::new(Code::NotFound, "There is no such operation").into_response();
        }
        allowed.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        Failure::method_not_allowed(method, &allowed)
    }
}

/// All operations of a document with their paths.
pub fn operations(document: &OpenApi) -> impl Iterator<Item = (Method, &str, &Operation)> {
    document.paths.paths.iter().flat_map(|(path, item)| {
        [
            (Method::GET, &item.get),
            (Method::PUT, &item.put),
            (Method::POST, &item.post),
            (Method::PATCH, &item.patch),
            (Method::DELETE, &item.delete),
        ]
        .into_iter()
        .filter_map(move |(method, one)| one.as_ref().map(|one| (method, path.as_str(), one)))
    })
}

/// What an operation declares as `x-privilege`.
#[must_use]
pub fn declared<T: DeserializeOwned>(operation: &Operation) -> Option<T> {
    extension(operation, "x-privilege")
}

/// What an operation says under a name that begins with `x-`; nothing where it is not understood.
#[must_use]
pub fn extension<T: DeserializeOwned>(operation: &Operation, name: &str) -> Option<T> {
    serde_json::from_value(operation.extensions.as_ref()?.get(name)?.clone()).ok()
}

/// A document as text. Its keys are sorted: extensions are kept in no order, and it has to be the same every time.
///
/// # Errors
/// It cannot be written as JSON.
pub fn text(document: &OpenApi) -> Result<String, serde_json::Error> {
    let mut document = serde_json::to_value(document)?;
    document.sort_all_objects();
    serde_json::to_string_pretty(&document).map(|text| text + "\n")
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl IntoResponse for Text {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, "application/json")], self.0.to_string()).into_response()
    }
}
