//! Answers, and errors as problem details (RFC 9457), in the caller's language.

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_LANGUAGE, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse};
use domain::language::Language;
use serde_json::{Value, json};
use usecases::open311::ReadError;
use usecases::ticket::ListError;
use usecases::{NoCity, StoreError};

pub(crate) const JSON: &str = "application/json";
pub(crate) const GEOJSON: &str = "application/geo+json";
pub(crate) const OPENAPI: &str = "application/vnd.oai.openapi+json;version=3.0";

/// What is wrong: the status, and everything that is to be said, French and English; with the parameter, if it is one's fault.
#[derive(Debug)]
pub(crate) struct Wrong {
    status: StatusCode,
    errors: Vec<(Option<String>, String, String)>,
}

impl Wrong {
    pub(crate) fn new(status: StatusCode, text: (impl Into<String>, impl Into<String>)) -> Self {
        Self { status, errors: vec![(None, text.0.into(), text.1.into())] }
    }

    /// Parameters that are wrong, at least one.
    pub(crate) fn parameters(errors: Vec<(String, String, String)>) -> Self {
        let errors = errors.into_iter().map(|(parameter, fr, en)| (Some(parameter), fr, en)).collect();
        Self { status: StatusCode::BAD_REQUEST, errors }
    }

    pub(crate) fn unknown_collection() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            (
                "Cette collection n’existe pas ; voir /ogc/collections.",
                "There is no such collection; see /ogc/collections.",
            ),
        )
    }

    pub(crate) fn unknown_feature() -> Self {
        Self::new(StatusCode::NOT_FOUND, ("Cet objet n’existe pas.", "There is no such feature."))
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            (
                "Ce jeton n’est pas valable, ou ne l’est plus. Sans jeton, on voit ce qui est public.",
                "This token does not hold, or no longer. Without a token, one sees what is public.",
            ),
        )
    }

    fn unavailable() -> Self {
        let text = ("Le service est indisponible pour le moment.", "The service is unavailable for the moment.");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, text)
    }

    /// As it is answered.
    pub(crate) fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let language = language(request);
        let told = |(_, fr, en): &(Option<String>, String, String)| language.pick((fr, en)).to_owned();
        let detail = self.errors.iter().map(told).collect::<Vec<_>>().join(" ");
        let parameter = |error: &(Option<String>, String, String)| {
            Some(json!({ "parameter": error.0.as_ref()?, "detail": told(error) }))
        };
        let mut problem = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or_default(),
            "status": self.status.as_u16(),
            "detail": detail,
        });
        let errors: Vec<Value> = self.errors.iter().filter_map(parameter).collect();
        if !errors.is_empty() {
            problem["errors"] = errors.into();
        }
        let mut answer = HttpResponse::build(self.status);
        if self.status == StatusCode::UNAUTHORIZED {
            answer.insert_header((WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            answer.insert_header((RETRY_AFTER, "5"));
        }
        tell_language(&mut answer, language);
        answer.content_type("application/problem+json").body(problem.to_string())
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
                tracing::error!(%error, "an OGC API request failed");
                let text = ("Le serveur a rencontré une erreur.", "The server met an error.");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, text)
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

impl From<ListError> for Wrong {
    fn from(error: ListError) -> Self {
        match error {
            ListError::NoCity(error) => error.into(),
            ListError::Store(error) => error.into(),
        }
    }
}

/// The language in which the caller wants to read.
pub(crate) fn language(request: &HttpRequest) -> Language {
    let header = request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    header.map_or_else(Language::default, Language::negotiate)
}

fn tell_language(answer: &mut actix_web::HttpResponseBuilder, language: Language) {
    answer
        .insert_header(("Vary", "Accept-Language, Authorization"))
        .insert_header(("Content-Language", language.tag()));
}

/// What was found, as that media type.
pub(crate) fn answer(request: &HttpRequest, media_type: &str, outcome: Result<Value, Wrong>) -> HttpResponse {
    match outcome {
        Ok(told) => {
            let mut answer = HttpResponse::Ok();
            tell_language(&mut answer, language(request));
            answer.content_type(media_type).body(told.to_string())
        }
        Err(wrong) => wrong.answer(request),
    }
}

/// An error that was found before or after our handlers, as a text in the caller's language.
pub fn refuse(request: &HttpRequest, status: StatusCode, text: &str) -> HttpResponse {
    Wrong::new(status, (text, text)).answer(request)
}
