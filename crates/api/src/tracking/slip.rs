//! The page where somebody types what stands on their slip of paper.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, ResponseError as _, get, post};
use minijinja::context;
use serde::{Deserialize, Serialize};
use usecases::Context;
use usecases::tracking::SlipError;
use utoipa::ToSchema;

use super::{see_other, wants_json};
use crate::page;
use crate::problem::{Code, Problem, ProblemBody, preferred_language};
use crate::request::body::input;
use crate::request::caller::Visitor;
use crate::request::sent::{FormInput, Sent};

/// What stands on a slip of paper, and what its owner knows besides.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FollowSlip {
    /// The code: case, spaces and hyphens do not matter.
    #[schema(max_length = 40, examples("7KQ2-X9FD"))]
    code: String,
    /// What was agreed on with the officer, such as the number of the house: case, spaces and accents do not matter.
    #[schema(max_length = 40, examples("12 bis"))]
    factor: String,
}
input!(FollowSlip);
impl FormInput for FollowSlip {}

/// Where a concern is followed.
#[derive(Serialize, ToSchema)]
pub(super) struct FoundTracking {
    /// The path of the tracking page.
    #[schema(examples("/v1/tracking/3q2-7wAAAAAAAAAAAAAAAA"))]
    url: String,
}

fn form(
    request: &HttpRequest,
    status: StatusCode,
    error: Option<String>,
    typed: &BTreeMap<String, String>,
) -> Result<HttpResponse, Problem> {
    page::form(status, "slip_form.html", context! { language => preferred_language(request).tag(), error, typed })
}

/// See where to type the code of a slip
///
/// A page with two fields: the code that stands on the slip, and what the resident knows besides.
#[utoipa::path(
    operation_id = "tracking_slip_page",
    tag = "tracking",
    responses((status = 200, description = "A page with two fields", body = String, content_type = "text/html")),
    security(())
)]
#[get("/v1/tracking")]
pub(super) async fn show(request: HttpRequest) -> Result<HttpResponse, Problem> {
    form(&request, StatusCode::OK, None, &BTreeMap::new())
}

/// Follow a concern with a slip of paper
///
/// Leads to the page that the link would lead to; with `Accept: application/json`, says where it is. A wrong code and a wrong
/// answer are told in the same words and take the same time; attempts are counted, of a code and from an address.
#[utoipa::path(
    operation_id = "tracking_slip_follow",
    tag = "tracking",
    request_body(content = FollowSlip, example = json!({"code": "7KQ2-X9FD", "factor": "12 bis"})),
    responses(
        (status = 200, description = "With `Accept: application/json`: where the tracking page is", body = FoundTracking),
        (status = 303, description = "To the tracking page (`Location`)"),
        (status = 400, description = "A field is wrong: `errors` names each", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`wrong_slip`: the code or the answer is wrong", content((ProblemBody = "application/problem+json"), (String = "text/html"))),
        (status = 429, description = "`too_many_attempts`: `Retry-After` says when to try again", content((ProblemBody = "application/problem+json"), (String = "text/html"))),
    ),
    security(())
)]
#[post("/v1/tracking")]
pub(super) async fn find(
    Visitor(origin): Visitor,
    cx: Data<Context>,
    request: HttpRequest,
    sent: Sent<FollowSlip>,
) -> Result<HttpResponse, Problem> {
    let language = preferred_language(&request);
    let problem = match sent.value {
        Ok(FollowSlip { code, factor }) => match usecases::tracking::find(&cx, &code, &factor, &origin).await {
            Ok(token) => {
                let url = format!("/v1/tracking/{token}");
                return Ok(if wants_json(&request) {
                    HttpResponse::Ok().json(FoundTracking { url })
                } else {
                    see_other(url)
                });
            }
            Err(SlipError::Wrong) => Problem::new(Code::WrongSlip),
            Err(SlipError::Throttled(throttled)) => throttled.into(),
            Err(SlipError::Store(error)) => error.into(),
        },
        // A field that was left empty, or filled with too much.
        Err(_) if sent.form.is_some() => Problem::new(Code::WrongSlip),
        Err(problem) => problem,
    };
    let Some(typed) = sent.form.filter(|_| problem.is_clients()) else { return Err(problem) };
    let mut response = form(&request, problem.status_code(), Some(problem.said_to(language)), &typed)?;
    if let Some(seconds) = problem.seconds_to_wait() {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    Ok(response)
}
