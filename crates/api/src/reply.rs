//! What an answer carries besides its body.

use std::cell::Cell;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_LANGUAGE, ETAG, LINK, LOCATION, VARY};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use domain::language::Language;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use usecases::Answer;

use crate::problem::{Code, Problem};
use crate::request::conditional::has;
use crate::request::cursor::{self, Cursor};
use crate::view::hexadecimal;

/// The `ETag` of a version.
pub(crate) fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// An answer that may be kept for repeats of its request.
pub(crate) fn kept(
    status: StatusCode,
    version: Option<i64>,
    location: Option<String>,
    body: &impl Serialize,
) -> Answer {
    Answer {
        status: status.as_u16(),
        etag: version.map(etag),
        location,
        body: serde_json::to_string(body).expect("views are structs with string keys, which always serialise"),
    }
}

/// Sends an answer.
pub(crate) fn send(answer: Answer, language: Language) -> Result<HttpResponse, Problem> {
    let status = StatusCode::from_u16(answer.status).map_err(|_| Problem::new(Code::Internal))?;
    let mut response = HttpResponse::build(status);
    in_language(&mut response, language);
    if let Some(etag) = answer.etag {
        response.insert_header((ETAG, etag));
    }
    if let Some(location) = answer.location {
        response.insert_header((LOCATION, location));
    }
    Ok(response.content_type("application/json").body(answer.body))
}

/// Sends a text that caches may keep, unless the caller has it already.
pub(crate) fn cached(request: &HttpRequest, media_type: &str, keep: &'static str, text: String) -> HttpResponse {
    let etag = format!("\"{}\"", hexadecimal(&Sha256::digest(&text)[..16]));
    let mut response = HttpResponse::Ok();
    response.insert_header((ETAG, etag.as_str())).insert_header((CACHE_CONTROL, keep));
    if has(request, &etag) {
        return response.status(StatusCode::NOT_MODIFIED).finish();
    }
    response.content_type(media_type).body(text)
}

/// Sends something that was read.
pub(crate) fn read(version: Option<i64>, language: Language, body: &impl Serialize) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    in_language(&mut response, language);
    if let Some(version) = version {
        response.insert_header((ETAG, etag(version)));
    }
    response.content_type("application/json").body(json(body))
}

/// How much a buffer may hold that is kept for the next answer.
const KEPT: usize = 512 * 1024;

thread_local! {
    /// The buffer of an answer that has left.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The buffer of an answer, which is kept for the next one once the answer has left.
struct Lent(Vec<u8>);

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.0);
        if buffer.capacity() <= KEPT {
            // A thread that ends keeps none.
            SPARE.try_with(|spare| spare.set(buffer)).unwrap_or_default();
        }
    }
}

/// A body, written where the one before was: one that grows is copied each time it doubles, and its memory asked for anew.
fn json(body: &impl Serialize) -> Bytes {
    let mut buffer = SPARE.take();
    buffer.clear();
    serde_json::to_writer(&mut buffer, body).expect("views are structs with string keys, which always serialise");
    Bytes::from_owner(Lent(buffer))
}

fn in_language(response: &mut actix_web::HttpResponseBuilder, language: Language) {
    response.insert_header((CONTENT_LANGUAGE, language.tag()));
    response.insert_header((VARY, "Accept-Language"));
}

#[derive(Serialize)]
struct PageBody<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

/// Sends a page, with the link to the next one (RFC 8288).
pub(crate) fn page<T: Serialize>(
    request: &HttpRequest,
    language: Language,
    items: Vec<T>,
    next: Option<&impl Cursor>,
) -> HttpResponse {
    linked(request, language, next, "application/json", |next_cursor| PageBody { items, next_cursor })
}

/// Sends a page of another form, with the link to the next one.
pub(crate) fn linked<B: Serialize>(
    request: &HttpRequest,
    language: Language,
    next: Option<&impl Cursor>,
    content_type: &'static str,
    body: impl FnOnce(Option<String>) -> B,
) -> HttpResponse {
    let next_cursor = next.map(cursor::encode);
    let mut response = HttpResponse::Ok();
    in_language(&mut response, language);
    if let Some(next) = &next_cursor {
        let pairs = url::form_urlencoded::parse(request.query_string().as_bytes());
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs.filter(|(key, _)| key != "cursor")).append_pair("cursor", next);
        response.insert_header((LINK, format!("<{}?{}>; rel=\"next\"", request.path(), query.finish())));
    }
    response.content_type(content_type).body(json(&body(next_cursor)))
}
