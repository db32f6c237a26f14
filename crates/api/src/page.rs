//! Pages: templates inside this binary, plain HTML that works without script.

use std::sync::LazyLock;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::{Environment, UndefinedBehavior, Value, context};
use qrcode::QrCode;
use qrcode::render::svg;
use sha2::{Digest as _, Sha256};

use crate::outermost::Told;
use crate::problem::{Code, Problem, preferred_language};

/// The pages have one style sheet, and nothing else.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The same, pictures of ours, and a form that comes back to us.
const FORM_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
    form-action 'self'";

/// The style sheet of a slip of paper.
pub(crate) const SLIP_STYLE: &str = include_str!("../templates/slip.css");

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.add_filter("tel", domain::city::tel);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    for (name, source) in [
        ("layout.html", include_str!("../templates/layout.html")),
        ("tracking.html", include_str!("../templates/tracking.html")),
        ("slip.html", include_str!("../templates/slip.html")),
        ("slip_form.html", include_str!("../templates/slip_form.html")),
        ("unsubscribe.html", include_str!("../templates/unsubscribe.html")),
        ("sheet.html", include_str!("../templates/sheet.html")),
        ("report.html", include_str!("../templates/report.html")),
        ("restitution.html", include_str!("../templates/restitution.html")),
        ("sheet_withdrawn.html", include_str!("../templates/sheet_withdrawn.html")),
        ("lost.html", include_str!("../templates/lost.html")),
        ("problem.html", include_str!("../templates/problem.html")),
        ("problems.html", include_str!("../templates/problems.html")),
        ("password.html", include_str!("../templates/password.html")),
        ("password_chosen.html", include_str!("../templates/password_chosen.html")),
        ("link_identity.html", include_str!("../templates/link_identity.html")),
        ("signed_in.html", include_str!("../templates/signed_in.html")),
        ("signed_out.html", include_str!("../templates/signed_out.html")),
        ("sign_in_refused.html", include_str!("../templates/sign_in_refused.html")),
        ("password_lost.html", include_str!("../templates/password_lost.html")),
        ("partner.html", include_str!("../templates/partner.html")),
        ("privacy_notice.html", include_str!("../templates/privacy_notice.html")),
        ("processing_record.html", include_str!("../templates/processing_record.html")),
        ("partner_shut.html", include_str!("../templates/partner_shut.html")),
    ] {
        environment
            .add_template_owned(name, unbroken(source))
            .expect("the templates are inside this binary, and a test renders each");
    }
    environment
});

/// French puts a space before these marks, at which no line is broken.
fn unbroken(source: &str) -> String {
    let mut spaced = source.replace("« ", "«\u{a0}");
    for mark in [":", ";", "?", "»", "!"] {
        spaced = spaced.replace(&format!(" {mark}"), &format!("\u{a0}{mark}"));
    }
    // What the template itself says.
    spaced.replace("\u{a0}!=", " !=")
}

/// A page.
pub(crate) fn render(name: &str, context: Value) -> Result<String, Problem> {
    TEMPLATES.get_template(name).and_then(|template| template.render(context)).map_err(|error| {
        tracing::error!(%error, "a page could not be rendered");
        Problem::new(Code::Internal)
    })
}

/// A page, to be sent.
pub(crate) fn answer(html: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header(("X-Robots-Tag", "noindex, nofollow"))
        .body(html)
}

/// A page that has its one style sheet inside, and needs nothing else: a program can hand it to a printer as it is.
pub(crate) fn whole(html: String, style: &str) -> HttpResponse {
    let hash = STANDARD.encode(Sha256::digest(style));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    );
    let mut response = answer(html);
    let policy = HeaderValue::try_from(policy).expect("base64 is ASCII");
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    response
}

/// A page with a form, or one that such a form leads to. Told in its own words, also when something is wrong.
pub(crate) fn form(status: StatusCode, name: &str, context: Value) -> Result<HttpResponse, Problem> {
    let html = render(name, context)?;
    let mut response = HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, FORM_POLICY))
        .insert_header(("X-Robots-Tag", "noindex, nofollow"))
        .body(html);
    response.extensions_mut().insert(Told);
    Ok(response)
}

/// A problem to a person, who asked for a page; `answer` tells it to a program.
pub(crate) fn problem(problem: &Problem, request: &HttpRequest, answer: HttpResponse) -> HttpResponse {
    let language = preferred_language(request);
    let told = context! {
        language => language.tag(),
        title => problem.title(language),
        text => problem.said_to(language),
        again => answer.headers().contains_key(RETRY_AFTER),
    };
    let Ok(mut page) = form(answer.status(), "problem.html", told) else { return answer };
    for (name, value) in answer.headers().iter().filter(|(name, _)| *name != CONTENT_TYPE) {
        page.headers_mut().insert(name.clone(), value.clone());
    }
    page
}

/// A link as a QR code (ISO/IEC 18004), an SVG element.
pub(crate) fn qr(link: &str) -> Result<String, Problem> {
    let code = QrCode::new(link).map_err(|error| {
        tracing::error!(%error, "a link does not fit a QR code");
        Problem::new(Code::Internal)
    })?;
    let svg = code.render::<svg::Color<'_>>().quiet_zone(true).build();
    Ok(svg.split_once("?>").map_or(svg.as_str(), |(_, element)| element).to_owned())
}
