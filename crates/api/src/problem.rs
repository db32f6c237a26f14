//! Problems: every error is answered as `application/problem+json` (RFC 9457), with a stable code, in the language
//! that the caller prefers.

mod code;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_LANGUAGE, ALLOW, CONTENT_LANGUAGE, CONTENT_TYPE, ETAG, RETRY_AFTER, VARY, WWW_AUTHENTICATE,
};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use domain::language::Language;
use domain::rights::Right;
use serde::Serialize;
use std::fmt;
use utoipa::ToSchema;

pub use code::Code;

/// A text in French and in English.
pub(crate) type Text = (&'static str, &'static str);

/// What is wrong with one field or parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Where.
    pub at: At,
    /// What, as clients see it.
    pub code: &'static str,
    /// What, for people: French and English.
    pub detail: (String, String),
}

/// Where something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    /// In the body: a JSON pointer (RFC 6901).
    Body(String),
    /// In the query.
    Query(String),
    /// In a header.
    Header(&'static str),
}

impl FieldError {
    pub(crate) fn new(at: At, code: &'static str, (fr, en): (impl Into<String>, impl Into<String>)) -> Self {
        Self { at, code, detail: (fr.into(), en.into()) }
    }

    pub(crate) fn in_body(pointer: &str, code: &'static str, (fr, en): Text) -> Self {
        Self::new(At::Body(pointer.to_owned()), code, (fr, en))
    }
}

/// An error, to be answered.
#[derive(Debug, Clone)]
pub struct Problem {
    code: Code,
    more: Box<More>,
}

/// What a problem says besides its code. In a box, because results are moved about and problems are rare.
#[derive(Debug, Clone, Default)]
struct More {
    detail: Option<(String, String)>,
    errors: Vec<FieldError>,
    etag: Option<String>,
    allow: Option<String>,
    retry_after: Option<i64>,
    right: Option<Right>,
}

impl Problem {
    /// A problem of that code.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self { code, more: Box::default() }
    }

    /// Whether it passes by itself: what was asked for may succeed when it is asked for again.
    pub(crate) const fn passes(&self) -> bool {
        self.code.status() == 503
    }

    /// Its code.
    pub(crate) const fn code(&self) -> Code {
        self.code
    }

    /// The same as what is wrong with one item of a list.
    pub(crate) fn about_item(&self, pointer: String) -> FieldError {
        let (fr, en) = self.code.title();
        let detail = self.more.detail.clone().unwrap_or_else(|| (format!("{fr}."), format!("{en}.")));
        FieldError { at: At::Body(pointer), code: self.code.name(), detail }
    }

    pub(crate) fn detail(mut self, (fr, en): (impl Into<String>, impl Into<String>)) -> Self {
        self.more.detail = Some((fr.into(), en.into()));
        self
    }

    pub(crate) fn errors(mut self, errors: Vec<FieldError>) -> Self {
        self.more.errors = errors;
        self
    }

    pub(crate) fn etag(mut self, etag: String) -> Self {
        self.more.etag = Some(etag);
        self
    }

    pub(crate) fn allow(mut self, allow: String) -> Self {
        self.more.allow = Some(allow);
        self
    }

    /// The right that is missing.
    pub(crate) fn right(mut self, right: Right) -> Self {
        self.more.right = Some(right);
        self
    }

    /// `seconds` until trying again can help.
    pub(crate) fn retry_after(mut self, seconds: i64) -> Self {
        self.more.retry_after = Some(seconds.max(1));
        self
    }

    /// Whether it is the client's to mend.
    pub(crate) fn is_clients(&self) -> bool {
        self.status_code().is_client_error()
    }

    /// Until trying again can help.
    pub(crate) fn seconds_to_wait(&self) -> Option<i64> {
        self.more.retry_after
    }

    /// What it is called.
    pub(crate) fn title(&self, language: Language) -> String {
        self.body("", language).title
    }

    /// What a person reads on a page: what is wrong with each field, or else what went wrong.
    pub(crate) fn said_to(&self, language: Language) -> String {
        let body = self.body("", language);
        if body.errors.is_empty() {
            return body.detail;
        }
        body.errors.into_iter().map(|error| error.detail).collect::<Vec<_>>().join(" ")
    }

    /// The problem that a framework's own error response is turned into.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        Self::new(match status.as_u16() {
            404 => Code::NotFound,
            405 => Code::MethodNotAllowed,
            408 => Code::RequestTimeout,
            413 => Code::BodyTooLarge,
            414 => Code::UriTooLong,
            415 => Code::UnsupportedMediaType,
            431 => Code::HeadersTooLarge,
            503 => Code::Unavailable,
            400..=499 => Code::InvalidRequest,
            _ => Code::Internal,
        })
    }

    /// The answer, in the language that the request prefers.
    pub(crate) fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let language = preferred_language(request);
        let mut answer = HttpResponse::build(self.status_code());
        answer.insert_header((CONTENT_TYPE, "application/problem+json"));
        answer.insert_header((CONTENT_LANGUAGE, language.tag()));
        answer.insert_header((VARY, "Accept-Language"));
        if self.code.status() == 401 {
            answer.insert_header((WWW_AUTHENTICATE, self.challenge()));
        }
        if let Some(right) = self.more.right {
            answer.insert_header((WWW_AUTHENTICATE, insufficient_scope(right)));
        }
        match self.more.retry_after {
            Some(seconds) => drop(answer.insert_header((RETRY_AFTER, seconds))),
            None if self.code.status() == 503 => drop(answer.insert_header((RETRY_AFTER, "5"))),
            None => {}
        }
        if let Some(etag) = &self.more.etag {
            answer.insert_header((ETAG, etag.as_str()));
        }
        if let Some(allow) = &self.more.allow {
            answer.insert_header((ALLOW, allow.as_str()));
        }
        answer.json(self.body(request.path(), language))
    }

    /// RFC 6750, 3: the error is named only when a token was presented.
    fn challenge(&self) -> &'static str {
        match self.code {
            Code::TokenExpired => r#"Bearer realm="continuum", error="invalid_token", error_description="expired""#,
            Code::InvalidToken => r#"Bearer realm="continuum", error="invalid_token""#,
            _ => r#"Bearer realm="continuum""#,
        }
    }

    /// What a page says of it: a sentence, and one for each field that is wrong, by the field's name.
    pub(crate) fn told(&self, language: Language) -> (String, Vec<(String, String)>) {
        let body = self.body("", language);
        let field = |error: FieldErrorBody| {
            let name = error.pointer.or(error.header).unwrap_or_default();
            (name.trim_start_matches('/').to_owned(), error.detail)
        };
        (body.detail, body.errors.into_iter().map(field).collect())
    }

    /// The body of the answer.
    pub(crate) fn body(&self, instance: &str, language: Language) -> ProblemBody {
        let pick = |(fr, en): &(String, String)| language.pick((fr, en)).to_owned();
        let error = |error: &FieldError| FieldErrorBody {
            pointer: if let At::Body(pointer) = &error.at { Some(pointer.clone()) } else { None },
            parameter: if let At::Query(name) = &error.at { Some(name.clone()) } else { None },
            header: if let At::Header(name) = error.at { Some(name.to_owned()) } else { None },
            code: error.code.to_owned(),
            detail: pick(&error.detail),
        };
        let title = language.pick(self.code.title());
        ProblemBody {
            problem_type: format!("/docs/problems#{}", self.code.name()),
            title: title.to_owned(),
            status: self.code.status(),
            detail: self.more.detail.as_ref().map_or_else(|| format!("{title}."), pick),
            instance: instance.to_owned(),
            code: self.code.name().to_owned(),
            right: self.more.right.map(|right| right.code().to_owned()),
            errors: self.more.errors.iter().map(error).collect(),
        }
    }
}

/// RFC 6750, 3.1: which scopes would do, if a program can have one that does.
fn insufficient_scope(right: Right) -> String {
    let scopes: Vec<&str> = right.scopes().iter().map(|scope| scope.code()).collect();
    let challenge = r#"Bearer realm="continuum", error="insufficient_scope""#;
    if scopes.is_empty() { challenge.to_owned() } else { format!("{challenge}, scope=\"{}\"", scopes.join(" ")) }
}

/// The language that a request prefers.
pub(crate) fn preferred_language(request: &HttpRequest) -> Language {
    let header = request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    header.map_or_else(Language::default, Language::negotiate)
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.name())
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Carries the problem outwards: [`crate::outermost`] knows the request, and writes the answer.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.status_code());
        response.extensions_mut().insert(self.clone());
        response
    }
}

/// An error (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// A page that explains the code, relative to the base URL.
    #[serde(rename = "type")]
    #[schema(rename = "type", format = "uri-reference", examples("/docs/problems#stale_version"))]
    problem_type: String,
    /// What went wrong, in the language of `Accept-Language`.
    title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What went wrong this time.
    detail: String,
    /// The path of the request.
    #[schema(format = "uri-reference")]
    instance: String,
    /// What went wrong, for programs: it never changes.
    #[schema(pattern = "^[a-z][a-z0-9_]*$", examples("stale_version"))]
    code: String,
    /// The right that is missing (`missing_right`), by its name in docs/permissions.md.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, pattern = "^[a-z][a-z0-9_]*$", examples("manage_users"))]
    right: Option<String>,
    /// Every field or parameter that is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldErrorBody>,
}

/// What is wrong with one field, parameter or header.
#[derive(Serialize, ToSchema)]
#[schema(as = FieldError)]
struct FieldErrorBody {
    /// The field of the body, a JSON pointer (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("/place/lat"))]
    pointer: Option<String>,
    /// The query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    parameter: Option<String>,
    /// The header.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    header: Option<String>,
    /// What is wrong, for programs.
    #[schema(pattern = "^[a-z][a-z0-9_]*$", examples("required"))]
    code: String,
    /// What is wrong, for people.
    detail: String,
}
