//! Sheets « Vous avez dit, nous avons fait »: of a café under `/v1/cafes/{cafe}/sheet`, of an area and a time under
//! `/v1/sheets`; and for everybody, at the link of one that is published. As JSON or as a page for a wall.
//!
//! Not to be confused with the sheet of one ticket (fiche navette), which is for a service.

mod area;
mod cafe;
mod link;
mod page;
mod view;

use crate::openapi::Routes;
use actix_web::http::header::{HeaderValue, VARY};
use actix_web::{HttpRequest, HttpResponse};
use domain::city::City;
use domain::language::Language;
use domain::restitution::Sheet;
use usecases::restitution::Published;

use crate::problem::Problem;
use crate::reply;
use crate::request::accept::rather;
use view::SheetView;

pub(crate) fn routes(config: &mut impl Routes) {
    config
        .service(cafe::read)
        .service(cafe::publish)
        .service(cafe::withdraw)
        .service(area::read)
        .service(area::publish)
        .service(area::withdraw)
        .service(link::read);
}

/// Whether a request would rather have a page than JSON.
fn wants_page(request: &HttpRequest) -> bool {
    rather(request, "text/html", "application/json")
}

/// Sends a sheet, as a page or as JSON.
fn send(
    as_page: bool,
    sheet: &Sheet,
    link: Option<(&Published, String)>,
    city: &City,
    language: Language,
) -> Result<HttpResponse, Problem> {
    let view = SheetView::new(sheet, link, language);
    let mut response = if as_page { page::answer(&view, city, language)? } else { reply::read(None, language, &view) };
    response.headers_mut().append(VARY, HeaderValue::from_static("Accept"));
    Ok(response)
}

/// The address at which a published sheet is read.
fn url(cx: &usecases::Context, token: &str) -> String {
    format!("{}/v1/sheets/{token}", cx.tokens.issuer())
}
