//! `/v1/tracking`: what a resident reads through the link in their e-mail or with the code on their slip of paper, as JSON
//! or as a page, and what they can do there. Nothing changes on GET: mail scanners follow links. The token in the address
//! is the whole authorization; there is no cookie, so that no other site's form can borrow it.

pub(crate) mod feedback;
mod mails;
mod next;
mod read;
mod slip;

use crate::openapi::Routes;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse};
use minijinja::context;

use crate::page;
use crate::problem::{Code, Problem, preferred_language};
use crate::request::accept::rather;

pub(crate) use read::TrackingPath;

pub(crate) fn routes(config: &mut impl Routes) {
    config
        .service(slip::show)
        .service(slip::find)
        .service(read::read)
        .service(feedback::give)
        .service(mails::ask)
        .service(mails::stop)
        .service(mails::resume);
}

/// The token in the path.
fn token(request: &HttpRequest) -> &str {
    request.match_info().get("token").unwrap_or_default()
}

/// Whether the request would rather have JSON than a page.
pub(crate) fn wants_json(request: &HttpRequest) -> bool {
    rather(request, "application/json", "text/html")
}

/// A link that leads nowhere, told to a person.
fn lost(request: &HttpRequest) -> Result<HttpResponse, Problem> {
    if wants_json(request) {
        return Err(Problem::new(Code::NotFound));
    }
    page::form(StatusCode::NOT_FOUND, "lost.html", context! { language => preferred_language(request).tag() })
}

/// Leads a browser to another page.
fn see_other(path: String) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path)).finish()
}
