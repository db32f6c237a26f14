//! Links, absolute, as programs follow them.

use serde_json::{Value, json};
use usecases::Context;

use crate::PREFIX;

/// The address of a path below `/ogc`.
pub(crate) fn address(cx: &Context, path: &str) -> String {
    format!("{}{PREFIX}{path}", cx.source.trim_end_matches('/'))
}

/// A link (RFC 8288), as the standard writes it.
pub(crate) fn link(href: &str, rel: &str, media_type: &str, title: &str) -> Value {
    json!({ "href": href, "rel": rel, "type": media_type, "title": title })
}
