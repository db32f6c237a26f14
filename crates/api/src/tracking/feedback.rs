//! Saying whether it is solved, and asking for it to be taken up again.

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_LANGUAGE;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, ResponseError as _, post};
use domain::text::Remark;
use domain::ticket::feedback::Unsolved;
use schemars::JsonSchema;
use serde::Deserialize;
use usecases::Context;
use usecases::ticket::Named;
use usecases::tracking::{FeedbackError, GiveFeedback, give_feedback};
use utoipa::ToSchema;

use super::read::{Refused, Tracking, page};
use super::{TrackingPath, lost, see_other, token};
use crate::problem::{Problem, ProblemBody};
use crate::request::body::input;
use crate::request::sent::{FormInput, Sent};
use crate::ticket::named;

/// Whether it is solved.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SolvedAnswer)]
pub(crate) enum YesNo {
    /// It is.
    Yes,
    /// It is not, or it came back.
    No,
}

/// Say whether it is solved.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SayWhetherSolved {
    /// The ticket, its id or its reference; need not be said when only one can be meant.
    #[schema(nullable = false, max_length = 40, examples("AMI-26-004217"))]
    ticket: Option<String>,
    solved: YesNo,
    /// Why it is not solved; or `text` says it.
    #[schema(nullable = false)]
    reason: Option<Unsolved>,
    /// What you add. What points to a person (plates, telephone numbers…) is masked. Needed with the reason `other`.
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 1000)]
    text: Option<Remark>,
    /// Whether the service is to take it up again.
    #[serde(default)]
    reopen: bool,
}
input!(SayWhetherSolved);

impl FormInput for SayWhetherSolved {
    const BOXES: &'static [&'static str] = &["reopen"];
}

impl From<SayWhetherSolved> for GiveFeedback {
    fn from(said: SayWhetherSolved) -> Self {
        Self {
            ticket: said.ticket.map(|name| named(&name).unwrap_or(Named::Reference(name))),
            solved: said.solved == YesNo::Yes,
            reason: said.reason,
            text: said.text,
            reopen: said.reopen,
        }
    }
}

/// Say whether it is solved
///
/// For a ticket that was resolved, or closed within 30 days. An answer can be changed by another one: the last counts, all
/// are kept, and staff read them: the officer is told that it is not solved, and the service, or the dispatcher's desk
/// where the service had refused the ticket or reads through a partner's link; both once a settled ticket is closed. With `reopen`, the service has the ticket
/// again, with the reason; if it had refused it, the dispatcher's desk has. As JSON, or as the form of the page sends it;
/// the form is answered with a redirection to the page.
#[utoipa::path(
    operation_id = "tracking_feedback",
    tag = "tracking",
    params(TrackingPath),
    request_body(content = SayWhetherSolved, example = json!({"solved": "no", "reason": "came_back"})),
    responses(
        (status = 200, description = "The concern, as it is now", body = Tracking),
        (status = 303, description = "To a form: back to the page"),
        (status = 400, description = "A field is wrong: `errors` names each", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The link leads nowhere, or not any more", content((ProblemBody = "application/problem+json"), (String = "text/html"))),
        (status = 409, description = "`feedback_not_open`: the service has not answered yet, or more than 30 days ago, or the request was reopened since", content((ProblemBody = "application/problem+json"), (String = "text/html"))),
        (status = 422, description = "`errors` says what does not go together", content((ProblemBody = "application/problem+json"), (String = "text/html"))),
    ),
    security(())
)]
#[post("/v1/tracking/{token}/feedback")]
pub(super) async fn give(
    cx: Data<Context>,
    request: HttpRequest,
    sent: Sent<SayWhetherSolved>,
) -> Result<HttpResponse, Problem> {
    let Sent { form, value } = sent;
    let outcome = match value {
        Ok(said) => match give_feedback(&cx, token(&request), said.into()).await {
            Err(FeedbackError::NotFound) => return lost(&request),
            outcome => outcome.map_err(Problem::from),
        },
        Err(problem) => Err(problem),
    };
    let Some(tracked) = usecases::tracking::read(&cx, token(&request)).await? else { return lost(&request) };
    let loaded = cx.city()?;
    let tracking = Tracking::new(&tracked, &loaded.city, cx.now());
    match outcome {
        Ok(()) if form.is_some() => Ok(see_other(format!("/v1/tracking/{}", token(&request)))),
        Ok(()) => Ok(HttpResponse::Ok().insert_header((CONTENT_LANGUAGE, tracking.language.tag())).json(&tracking)),
        Err(problem) => match form {
            Some(typed) if problem.is_clients() => {
                let status = match problem.status_code() {
                    StatusCode::CONFLICT => StatusCode::CONFLICT,
                    _ => StatusCode::UNPROCESSABLE_ENTITY,
                };
                let refused = Refused { words: problem.said_to(tracking.language), typed };
                page(&request, status, &tracking, &loaded.city, Some(&refused))
            }
            _ => Err(problem),
        },
    }
}
