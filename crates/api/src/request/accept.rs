//! `Accept`: which of two media types a request would rather have (RFC 9110, 12.5.1).

use std::cmp::Reverse;

use actix_web::HttpRequest;
use actix_web::http::header::{Accept, Header as _, Quality};

/// Whether a request would rather have one media type than the one that is usual there: it weighs more; or as much, and
/// is named more closely, or as closely and first. A header that nobody can read asks for nothing.
pub(crate) fn rather(request: &HttpRequest, this: &str, usual: &str) -> bool {
    Accept::parse(request).is_ok_and(|accept| wish(&accept, this) > wish(&accept, usual))
}

/// How much a media type is wished for, by the range that names it most closely; none when it is not acceptable.
fn wish(accept: &Accept, kind: &str) -> Option<(Quality, usize, Reverse<usize>)> {
    let family = format!("{}/*", kind.split('/').next().unwrap_or(kind));
    let ranges = ["*/*", family.as_str(), kind];
    let named = accept.iter().enumerate().filter_map(|(place, range)| {
        let closeness = ranges.iter().position(|known| *known == range.item.essence_str())?;
        Some((closeness, Reverse(place), range.quality))
    });
    let (closeness, place, quality) = named.max()?;
    (quality > Quality::ZERO).then_some((quality, closeness, place))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::ACCEPT;
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn what_weighs_more_is_sent_then_what_is_named_more_closely_then_what_is_named_first() {
        const TABLE: &[(&[&str], bool)] = &[
            (&[], false),
            (&["*/*"], false),
            (&["image/png"], false),
            (&["text/html"], true),
            (&["TEXT/HTML; charset=utf-8"], true),
            (&["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], true),
            (&["text/*"], true),
            (&["text/*, application/*"], true),
            (&["application/*, text/*"], false),
            (&["application/json, text/html;q=0.5"], false),
            (&["application/json;q=0.4, text/html;q=0.5"], true),
            (&["application/json, text/html"], false),
            (&["text/html, application/json"], true),
            (&["*/*, text/html"], true),
            (&["*/*, text/html;q=0.9"], false),
            (&["application/json, text/plain, */*"], false),
            (&["text/html;q=0"], false),
            (&["application/json;q=0, */*;q=0.1"], true),
            (&["text/html;q=0, text/*"], false),
            (&["application/json;q=0.5", "text/html"], true),
            (&["text/html;q=0.5", "application/json"], false),
            (&["text/html;q=nonsense, nonsense"], false),
            (&["text/htmlx, xtext/html"], false),
            (&[""], false),
        ];
        for (lines, page) in TABLE {
            let request = TestRequest::default();
            let request = lines.iter().fold(request, |request, line| request.append_header((ACCEPT, *line)));
            let request = request.to_http_request();
            assert_eq!(rather(&request, "text/html", "application/json"), *page, "{lines:?}");
        }
    }
}
