//! Whether mails go to the resident: one POST stops them (RFC 8058), from a mail program as from the page.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use minijinja::context;
use usecases::Context;
use usecases::tracking::Mails;

use super::{TrackingPath, lost, see_other, token};
use crate::page;
use crate::problem::{Problem, ProblemBody};

async fn show(cx: &Context, request: &HttpRequest) -> Result<HttpResponse, Problem> {
    let Some(tracked) = usecases::tracking::read(cx, token(request)).await? else { return lost(request) };
    let values = context! {
        language => tracked.language.tag(),
        stopped => tracked.mails != Mails::On,
        path => format!("/v1/tracking/{}", token(request)),
    };
    page::form(StatusCode::OK, "unsubscribe.html", values)
}

/// See whether mails come
///
/// A page with a button. Nothing changes on GET: mail scanners follow links.
#[utoipa::path(
    operation_id = "tracking_unsubscribe_page",
    tag = "tracking",
    params(TrackingPath),
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html"),
        (status = 404, description = "The link leads nowhere, or not any more", content((ProblemBody = "application/problem+json"), (String = "text/html"))),
    ),
    security(())
)]
#[get("/v1/tracking/{token}/unsubscribe")]
pub(super) async fn ask(cx: Data<Context>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    show(&cx, &request).await
}

/// Stop the mails about a concern
///
/// At once, those that wait included; the page goes on. This is the `List-Unsubscribe` of each mail (RFC 2369), which mail
/// programs post to with `List-Unsubscribe=One-Click` (RFC 8058); the body is not looked at.
#[utoipa::path(
    operation_id = "tracking_unsubscribe",
    tag = "tracking",
    params(TrackingPath),
    responses(
        (status = 200, description = "No more mails: a page says so", body = String, content_type = "text/html"),
        (status = 404, description = "The link leads nowhere, or not any more", content((ProblemBody = "application/problem+json"), (String = "text/html"))),
    ),
    security(())
)]
#[post("/v1/tracking/{token}/unsubscribe")]
pub(super) async fn stop(cx: Data<Context>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    if usecases::tracking::stop_mails(&cx, token(&request)).await? { show(&cx, &request).await } else { lost(&request) }
}

/// Have the mails about a concern again
///
/// From now on: what was stopped does not come after all.
#[utoipa::path(
    operation_id = "tracking_resume_mails",
    tag = "tracking",
    params(TrackingPath),
    responses(
        (status = 303, description = "Back to the page"),
        (status = 404, description = "The link leads nowhere, or not any more", content((ProblemBody = "application/problem+json"), (String = "text/html"))),
    ),
    security(())
)]
#[post("/v1/tracking/{token}/resume_mails")]
pub(super) async fn resume(cx: Data<Context>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    if usecases::tracking::resume_mails(&cx, token(&request)).await? {
        return Ok(see_other(format!("/v1/tracking/{}", token(&request))));
    }
    lost(&request)
}
