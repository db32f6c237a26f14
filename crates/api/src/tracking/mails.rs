//! Whether mails go to the resident: one POST stops them (RFC 8058), from a mail program as from the page.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use minijinja::context;
use usecases::Context;
use usecases::tracking::Mails;

use super::read::{self, Tracking};
use super::{TrackingPath, lost, see_other, token, wants_json};
use crate::page;
use crate::problem::{Problem, ProblemBody, preferred_language};

async fn show(cx: &Context, request: &HttpRequest) -> Result<HttpResponse, Problem> {
    let Some(tracked) = usecases::tracking::read(cx, token(request)).await? else {
        return former(cx, request, false).await;
    };
    let values = context! {
        language => tracked.language.tag(),
        stopped => tracked.mails != Mails::On,
        former => false,
        path => format!("/v1/tracking/{}", token(request)),
    };
    page::form(StatusCode::OK, "unsubscribe.html", values)
}

/// A link that leads nowhere any more, but by which a mail can still say that no more are wanted: nothing of the request
/// is shown, and the mails cannot be had again by it.
async fn former(cx: &Context, request: &HttpRequest, stopped: bool) -> Result<HttpResponse, Problem> {
    if !usecases::tracking::may_stop_mails(cx, token(request)).await? {
        return lost(request);
    }
    let values = context! {
        language => preferred_language(request).tag(),
        stopped,
        former => true,
        path => format!("/v1/tracking/{}", token(request)),
    };
    page::form(StatusCode::OK, "unsubscribe.html", values)
}

/// See whether mails come
///
/// A page with a button. Nothing changes on GET: mail scanners follow links. Of a link that was replaced or ended, it says
/// nothing of the request.
#[utoipa::path(
    operation_id = "tracking_unsubscribe_page",
    tag = "tracking",
    params(TrackingPath),
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html"),
        (status = 404, description = "There was never such a link", content((ProblemBody = "application/problem+json"), (String = "text/html"))),
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
/// programs post to with `List-Unsubscribe=One-Click` (RFC 8058); the body is not looked at. Links that were replaced or
/// ended do it too: whoever has got a mail can stop them by it.
#[utoipa::path(
    operation_id = "tracking_unsubscribe",
    tag = "tracking",
    params(TrackingPath),
    responses(
        (status = 200, description = "No more mails: a page says so", body = String, content_type = "text/html"),
        (status = 404, description = "There was never such a link", content((ProblemBody = "application/problem+json"), (String = "text/html"))),
    ),
    security(())
)]
#[post("/v1/tracking/{token}/unsubscribe")]
pub(super) async fn stop(cx: Data<Context>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    if !usecases::tracking::stop_mails(&cx, token(&request)).await? {
        return lost(&request);
    }
    match usecases::tracking::read(&cx, token(&request)).await? {
        Some(_) => show(&cx, &request).await,
        None => former(&cx, &request, true).await,
    }
}

/// Have the mails about a concern again
///
/// What was stopped does not come after all; if there was something, or would have been, one mail tells how it stands.
#[utoipa::path(
    operation_id = "tracking_resume_mails",
    tag = "tracking",
    params(TrackingPath),
    responses(
        (status = 200, description = "With `Accept: application/json`: the concern, as it is now", body = Tracking),
        (status = 303, description = "Back to the page"),
        (status = 404, description = "The link leads nowhere, or not any more", content((ProblemBody = "application/problem+json"), (String = "text/html"))),
    ),
    security(())
)]
#[post("/v1/tracking/{token}/resume_mails")]
pub(super) async fn resume(cx: Data<Context>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    if usecases::tracking::resume_mails(&cx, token(&request)).await? {
        if wants_json(&request) {
            return read::show(&cx, &request).await;
        }
        return Ok(see_other(format!("/v1/tracking/{}", token(&request))));
    }
    lost(&request)
}
