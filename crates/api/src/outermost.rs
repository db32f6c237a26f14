//! Around every request: problems are written in the caller's language, security headers set, the request counted,
//! timed and logged — by its route, never by its path, which may hold a token.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{self, Poll};
use std::time::Instant;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY, RETRY_AFTER,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::http::{ConnectionType, Method};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{Error, HttpMessage as _, HttpRequest, HttpResponse};
use usecases::{Context, waiting_once};

use traces::TRACEPARENT;
use tracing::{Instrument as _, Span};
use uuid::Uuid;

use crate::Beside;
use crate::front::{Front, Standing};
use crate::guard::{self, Asker};
use crate::openapi;
use crate::page;
use crate::problem::{Code, Problem, preferred_language};
use crate::request::accept::rather;

/// By which the lines of the log that tell of a request are found.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const DEFAULTS: [(HeaderName, &str); 5] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
];

/// RFC 6797, 6.1.
const A_YEAR_OF_TLS: &str = "max-age=31536000; includeSubDomains";

pub(crate) async fn outermost(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    beside: &'static [Beside],
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let id = request.app_data::<Data<Context>>().map(|cx| cx.ids.next()).unwrap_or_default();
    let traceparent = request.headers().get(TRACEPARENT).and_then(|value| value.to_str().ok());
    let trace = traces::request(label(request.method()), traceparent);
    trace.record("continuum.request.id", tracing::field::display(id));
    // At a level that no setting shuts out: whatever is logged of a request says of which.
    let log = tracing::error_span!("request", %id);
    answer(request, next, beside, id).instrument(trace).instrument(log).await
}

async fn answer(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    beside: &'static [Beside],
    id: Uuid,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let began = Instant::now();
    let method = request.method().clone();
    // RFC 9110, 9.3.2: as for GET, without the content, which the server leaves out by itself.
    if method == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let response = waiting_once(next.call(request)).await?.map_into_boxed_body();
    let beside = beside.iter().find(|beside| response.request().path().starts_with(beside.prefix));
    let problem = problem_of(&response);
    let code = problem.as_ref().map(|problem| problem.code().name());
    let problem = problem.filter(|_| beside.is_none() || !is_told(&response));
    let mut response = match problem {
        Some(problem) => {
            let (request, told) = response.into_parts();
            let mut answer = problem.answer(&request);
            if let Some(beside) = beside {
                answer = in_its_words(beside, &problem, &request, &answer);
            } else if is_seen(&request) {
                answer = page::problem(&problem, &request, answer);
            }
            // A browser shows a script no answer without them.
            let cors = told.headers().iter().filter(|(name, _)| name.as_str().starts_with("access-control-"));
            cors.for_each(|(name, value)| drop(answer.headers_mut().insert(name.clone(), value.clone())));
            ServiceResponse::new(request, answer)
        }
        None => response,
    };
    // Who keeps a connection asks somebody else next.
    if response.request().app_data::<Data<Context>>().is_some_and(|cx| cx.stopping.is_cancelled()) {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    let standing = response.request().extensions().get::<Standing>().copied();
    if let Some(standing) = standing {
        guard::tell(standing, response.headers_mut());
    }
    for (name, value) in DEFAULTS {
        if !response.headers().contains_key(&name) {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
    }
    if response.request().app_data::<Data<Front>>().is_some_and(|front| front.https()) {
        response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(A_YEAR_OF_TLS));
    }
    let id = HeaderValue::from_str(&id.to_string()).expect("an id is made of digits, letters and hyphens");
    response.headers_mut().insert(REQUEST_ID, id);
    observe(&response, &method, code, began);
    Ok(response.map_body(|_, body| match body.try_into_bytes() {
        Ok(whole) if whole.len() > PIECE => BoxBody::new(InPieces(whole)),
        Ok(whole) => BoxBody::new(whole),
        Err(body) => body,
    }))
}

/// How much of an answer is handed to the connection at once.
const PIECE: usize = 16 * 1024;

/// A body that is there as a whole, told in pieces: the connection copies what it is handed, and keeps room for as much.
struct InPieces(Bytes);

impl MessageBody for InPieces {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.0.len() as u64)
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let size = self.0.len().min(PIECE);
        Poll::Ready((size > 0).then(|| Ok(self.0.split_to(size))))
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        Ok(self.0)
    }
}

/// The problem that a handler answered with, or the one that stands for a framework's own error.
fn problem_of(response: &ServiceResponse) -> Option<Problem> {
    let status = response.status();
    let told = response.response().extensions().get::<Problem>().cloned();
    told.or_else(|| (status.is_client_error() || status.is_server_error()).then(|| Problem::of_status(status)))
        // Readiness is told in its own words.
        .filter(|_| !response.response().extensions().contains::<Told>())
}

/// Whether an error was told by the handler that found it: the guard's have no content, the framework's a plain text.
fn is_told(response: &ServiceResponse) -> bool {
    let content = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content.is_some_and(|content| !content.starts_with("text/plain"))
}

/// Whether a person sees the answer, in a browser.
fn is_seen(request: &HttpRequest) -> bool {
    let page = request.match_pattern().is_some_and(|pattern| openapi::is_seen(&pattern, request.method()));
    page && rather(request, "text/html", "application/json")
}

/// A problem as a protocol beside the API tells it, with what a client may go by.
fn in_its_words(beside: &Beside, problem: &Problem, request: &HttpRequest, answer: &HttpResponse) -> HttpResponse {
    let (text, _) = problem.told(preferred_language(request));
    let mut told = (beside.refuse)(request, answer.status(), &text);
    for name in [RETRY_AFTER, ALLOW] {
        if let Some(value) = answer.headers().get(&name) {
            told.headers_mut().insert(name, value.clone());
        }
    }
    told
}

/// Marks an answer that is an error, but told already.
pub(crate) struct Told;

/// Tells the log, the traces and the metrics. Of what was refused, the log has the code of the problem, and who asked: by id,
/// never by name.
fn observe(response: &ServiceResponse, method: &Method, code: Option<&str>, began: Instant) {
    let matched = response.request().match_pattern();
    traces::answered(&Span::current(), label(method), matched.as_deref(), response.status().as_u16());
    let route = matched.unwrap_or_else(|| "(none)".to_owned());
    let (status, seconds) = (response.status().as_u16(), began.elapsed().as_secs_f64());
    let ms = (seconds * 1000.0).round();
    if status < 400 {
        tracing::info!(%method, %route, status, ms, "answered");
    } else {
        let who = response.request().extensions().get::<Asker>().map(ToString::to_string);
        tracing::info!(%method, %route, status, code, who, ms, "answered");
    }
    let labels = [("method", label(method).to_owned()), ("route", route), ("status", status.to_string())];
    metrics::counter!("continuum_http_requests_total", &labels).increment(1);
    metrics::histogram!("continuum_http_request_duration_seconds", &labels[..2]).record(seconds);
}

/// Methods are the client's words: only the usual ones become a label.
fn label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

/// Where no route matched: a path that exists under another method is told apart from one that does not exist.
pub(crate) async fn no_such_route(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let known = !openapi::methods_at(request.path()).is_empty();
    Err(if known { guard::not_so(request.path()) } else { Problem::new(Code::NotFound) })
}
