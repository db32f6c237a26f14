//! `If-Match` (RFC 9110, 13.1.1): which version the caller has seen. Nobody overwrites what they have not seen, so that
//! `*` is not accepted. And `If-None-Match`: what the caller has already.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{IF_MATCH, IF_NONE_MATCH};
use actix_web::{FromRequest, HttpRequest};

use utoipa::IntoParams;

use crate::problem::{At, Code, FieldError, Problem};

/// The header of a change.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "only documents the header that an extractor reads")]
pub(crate) struct IfMatchHeader {
    /// The `ETag` as you last read it: nobody overwrites what they have not seen.
    #[param(rename = "If-Match", required = true, example = "\"1\"")]
    if_match: String,
}

/// The versions that the caller would change.
pub(crate) struct IfMatch(pub(crate) Vec<i64>);

pub(crate) fn versions(request: &HttpRequest) -> Result<Vec<i64>, Problem> {
    let mut headers = request.headers().get_all(IF_MATCH).peekable();
    if headers.peek().is_none() {
        return Err(Problem::new(Code::IfMatchNeeded));
    }
    let mut versions = Vec::new();
    for header in headers {
        let text = header.to_str().map_err(|_| malformed())?;
        for tag in tags(text).ok_or_else(malformed)? {
            // A weak tag never matches (RFC 9110, 8.8.3.2); one of another service neither.
            versions.extend(tag.parse::<i64>().ok());
        }
    }
    Ok(versions)
}

/// What stands between the quotes of the strong tags of a list; none when it is no list of tags. A tag may hold commas
/// (RFC 9110, 8.8.3).
fn tags(list: &str) -> Option<Vec<&str>> {
    let (mut rest, mut strong) = (list.trim(), Vec::new());
    loop {
        let weak = rest.starts_with("W/");
        let (tag, after) = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?.split_once('"')?;
        strong.extend((!weak).then_some(tag));
        match after.trim_start() {
            "" => return Some(strong),
            after => rest = after.strip_prefix(',')?.trim_start(),
        }
    }
}

fn malformed() -> Problem {
    let texts = (
        "Attendu : l’ETag de la dernière lecture, guillemets compris ; « * » n’est pas admis.",
        "Expected: the ETag of the last read, quotes included; “*” is not accepted.",
    );
    Problem::new(Code::InvalidHeader).errors(vec![FieldError::new(At::Header("If-Match"), "bad_value", texts)])
}

/// Whether the caller has what that tag stands for (`If-None-Match`; RFC 9110, 13.1.2).
pub(crate) fn has(request: &HttpRequest, etag: &str) -> bool {
    let tags = request.headers().get_all(IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
    let mut tags = tags.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(versions(request).map(Self))
    }
}
