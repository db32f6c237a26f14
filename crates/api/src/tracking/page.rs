//! Pages: templates inside this binary, plain HTML that works without script.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_SECURITY_POLICY;
use minijinja::{Environment, Error, UndefinedBehavior, Value};

/// The pages have one style sheet, and nothing else.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    for (name, source) in [
        ("layout.html", include_str!("../../templates/layout.html")),
        ("tracking.html", include_str!("../../templates/tracking.html")),
        ("lost.html", include_str!("../../templates/lost.html")),
        ("problems.html", include_str!("../../templates/problems.html")),
    ] {
        environment.add_template(name, source).expect("the templates are inside this binary, and a test renders each");
    }
    environment
});

/// A page.
pub(crate) fn render(name: &str, context: Value) -> Result<String, Error> {
    TEMPLATES.get_template(name)?.render(context)
}

/// A page, to be sent.
pub(crate) fn answer(html: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header(("X-Robots-Tag", "noindex, nofollow"))
        .body(html)
}
