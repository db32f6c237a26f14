//! What the forms of pages send: the same fields as a JSON body, checked against the same schema.

use actix_web::{HttpMessage as _, HttpRequest};
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::body::{self, Body, Input};
use crate::problem::Problem;

/// Whether a form sent it.
pub(crate) fn sent(request: &HttpRequest) -> bool {
    request.content_type().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// The fields as they were typed. A browser sends their line breaks as CR LF (HTML, 4.10.21.8).
pub(crate) fn typed(bytes: &[u8]) -> impl Iterator<Item = (String, String)> {
    form_urlencoded::parse(bytes).map(|(name, text)| (name.into_owned(), text.replace("\r\n", "\n")))
}

/// The body that the fields make: each of them that was filled in is a text, or, of the `boxes` to tick, `true`.
pub(crate) fn parse<T: Input>(
    fields: impl IntoIterator<Item = (String, String)>,
    boxes: &[&str],
) -> Result<Body<T>, Problem> {
    let filled = fields.into_iter().filter(|(_, text)| !text.trim().is_empty());
    let fields: Map<String, Value> = filled
        .map(|(name, text)| {
            let ticked = text == "true" && boxes.contains(&name.as_str());
            (name, if ticked { Value::Bool(true) } else { Value::String(text) })
        })
        .collect();
    body::parse(Value::Object(fields).to_string().as_bytes())
}
