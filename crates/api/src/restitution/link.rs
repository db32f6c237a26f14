//! A published sheet, for everybody who has its link.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use domain::language::Language;
use minijinja::context;
use usecases::Context;
use utoipa::IntoParams;

use super::view::SheetView;
use super::{send, url};
use crate::page;
use crate::problem::{Code, Problem, ProblemBody, preferred_language};
use crate::tracking::wants_json;

/// The token of a sheet's link.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only documents the parameter")]
pub(crate) struct SheetPath {
    /// The token, as it stands in the link.
    #[param(pattern = "^[A-Za-z0-9_-]{1,64}$")]
    token: String,
}

/// Read a published sheet
///
/// As it was when it was last published: as a page, or as JSON when `Accept` asks for it. The link is the whole
/// authorization. No search engine may list it, nothing keeps it: once it is withdrawn, it is gone.
#[utoipa::path(
    operation_id = "sheet_read",
    tag = "sheets",
    params(SheetPath),
    responses(
        (status = 200, description = "The sheet", content((SheetView = "application/json"), (String = "text/html"))),
        (status = 404, description = "The link leads nowhere, or not any more", content(
            (ProblemBody = "application/problem+json"),
            (String = "text/html")
        )),
    ),
    security(())
)]
#[get("/v1/sheets/{token}")]
pub(crate) async fn read(cx: Data<Context>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let token = request.match_info().get("token").unwrap_or_default();
    let language = preferred_language(&request);
    let Some((sheet, published)) = usecases::restitution::shown(&cx, token).await? else {
        return withdrawn(&request, language);
    };
    let link = Some((&published, url(&cx, token)));
    send(!wants_json(&request), &sheet, link, &cx.city()?.city, language)
}

/// A sheet that is not published, told to whoever scanned its code: it came from a wall, not in a message.
fn withdrawn(request: &HttpRequest, language: Language) -> Result<HttpResponse, Problem> {
    if wants_json(request) {
        return Err(Problem::new(Code::NotFound));
    }
    page::form(StatusCode::NOT_FOUND, "sheet_withdrawn.html", context! { language => language.tag() })
}
