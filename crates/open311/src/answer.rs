//! Answers, and errors in the words of the specification: as the suffix of the path asks, XML or JSON.

use actix_web::http::StatusCode;
use actix_web::http::header::ACCEPT_LANGUAGE;
use actix_web::{HttpRequest, HttpResponse};
use domain::language::Language;
use usecases::open311::ReadError;
use usecases::{NoCity, StoreError};

use crate::node::{Node, json, xml};

/// What is answered when all is well: the name of the root, and what it holds.
pub(crate) type Told = (&'static str, Node);

/// What is wrong: the status, and everything that is to be said, French and English.
#[derive(Debug)]
pub(crate) struct Wrong {
    status: StatusCode,
    errors: Vec<(String, String)>,
}

impl Wrong {
    pub(crate) fn new(status: StatusCode, text: (impl Into<String>, impl Into<String>)) -> Self {
        Self { status, errors: vec![(text.0.into(), text.1.into())] }
    }

    pub(crate) fn bad(text: (impl Into<String>, impl Into<String>)) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    pub(crate) fn unknown(text: (impl Into<String>, impl Into<String>)) -> Self {
        Self::new(StatusCode::NOT_FOUND, text)
    }

    /// Several things that are wrong at once. There is at least one.
    pub(crate) fn all(errors: Vec<(String, String)>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, errors }
    }

    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, ("Le serveur a rencontré une erreur.", "The server met an error."))
    }

    pub(crate) fn unavailable() -> Self {
        let text = ("Le service est indisponible pour le moment.", "The service is unavailable for the moment.");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, text)
    }
}

/// What is wrong with the parameters, all of which is told at once.
#[derive(Default)]
pub(crate) struct Faults(Vec<(String, String)>);

impl Faults {
    /// What was read; nothing when it is wrong.
    pub(crate) fn take<T>(&mut self, read: Result<T, Wrong>) -> Option<T> {
        read.map_err(|wrong| self.0.extend(wrong.errors)).ok()
    }

    /// Everything that was wrong. There is something, where anything was not read.
    pub(crate) fn wrong(self) -> Wrong {
        Wrong::all(self.0)
    }
}

impl From<StoreError> for Wrong {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => {
                tracing::warn!(%error, "the database does not answer");
                Self::unavailable()
            }
            StoreError::Constraint(_) | StoreError::Corrupt(_) | StoreError::Database(_) => {
                tracing::error!(%error, "an Open311 request failed");
                Self::internal()
            }
        }
    }
}

impl From<ReadError> for Wrong {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NoCity(error) => error.into(),
            ReadError::Store(error) => error.into(),
        }
    }
}

impl From<NoCity> for Wrong {
    fn from(_: NoCity) -> Self {
        Self::unavailable()
    }
}

/// The language in which the caller wants to read.
pub(crate) fn language(request: &HttpRequest) -> Language {
    let header = request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    header.map_or_else(Language::default, Language::negotiate)
}

/// The answer, as the path's suffix asks.
pub(crate) fn answer(request: &HttpRequest, outcome: Result<Told, Wrong>) -> HttpResponse {
    match outcome {
        Ok(told) => write(request, StatusCode::OK, &told),
        Err(Wrong { status, errors }) => {
            let language = language(request);
            let error = |(fr, en): &(String, String)| {
                let code = status.as_u16().to_string();
                Node::Object(vec![("code", code.into()), ("description", language.pick((fr, en)).into())])
            };
            let errors = Node::List("error", errors.iter().map(error).collect());
            let mut answer = write(request, status, &("errors", errors));
            if status == StatusCode::SERVICE_UNAVAILABLE {
                answer.headers_mut().insert(
                    actix_web::http::header::RETRY_AFTER,
                    actix_web::http::header::HeaderValue::from_static("5"),
                );
            }
            answer
        }
    }
}

/// An error that was found before or after our handlers, as a text in the caller's language.
pub fn refuse(request: &HttpRequest, status: StatusCode, text: &str) -> HttpResponse {
    answer(request, Err(Wrong::new(status, (text, text))))
}

fn write(request: &HttpRequest, status: StatusCode, (root, node): &Told) -> HttpResponse {
    let written = if wants_json(request) { serde_json::to_vec(node).map_err(Into::into) } else { node.xml(root) };
    respond(request, status, written)
}

/// A list of elements that share a name, each of which goes when it is written: there may be a thousand.
pub(crate) fn each(
    request: &HttpRequest,
    root: &'static str,
    name: &'static str,
    elements: impl Iterator<Item = Node>,
) -> HttpResponse {
    let written = if wants_json(request) { json(elements) } else { xml(root, name, elements) };
    respond(request, StatusCode::OK, written)
}

fn wants_json(request: &HttpRequest) -> bool {
    request.path().rsplit_once('.').is_some_and(|(_, form)| form == "json")
}

fn respond(request: &HttpRequest, status: StatusCode, written: std::io::Result<Vec<u8>>) -> HttpResponse {
    let mut answer = HttpResponse::build(status);
    answer.insert_header(("Vary", "Accept-Language")).insert_header(("Content-Language", language(request).tag()));
    answer.content_type(if wants_json(request) {
        "application/json; charset=utf-8"
    } else {
        "text/xml; charset=utf-8"
    });
    match written {
        Ok(document) => answer.body(document),
        // Nothing is written but to memory.
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}
