//! `/v1/retention`: how long things are kept, what is erased at night, and what was.

use crate::openapi::Routes;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use auth::Holder as _;
use auth::permission::ManagePersonalData;
use chrono::{DateTime, Utc};
use domain::id::RetentionRunId;
use serde::{Deserialize, Serialize};
use usecases::Context;
use usecases::once::Once;
use usecases::retention::{Counts, Overview, Run};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::request::idempotency::{Idempotency, IdempotencyHeader};

pub(crate) fn routes(config: &mut impl Routes) {
    config.service(read).service(confirm);
}

/// How long things are kept, from the end of a concern.
#[derive(Serialize, ToSchema)]
struct RetentionPeriods {
    /// How the resident can be reached.
    #[schema(examples("6 months"))]
    contact: String,
    /// What was said, written and photographed, and the exact place.
    #[schema(examples("12 months"))]
    texts: String,
    /// The concern and its tickets as such.
    #[schema(examples("36 months"))]
    rows: String,
    /// Of how many concerns a night may erase one of these without that somebody confirms it.
    #[schema(minimum = 1, maximum = 100_000, examples(500))]
    at_most: u32,
}

/// Of how many concerns, in each step.
#[derive(Serialize, ToSchema)]
struct RetentionCounts {
    /// The contact.
    #[schema(minimum = 0, examples(31))]
    contacts: u32,
    /// What was said, written and photographed.
    #[schema(minimum = 0, examples(28))]
    texts: u32,
    /// The concern and its tickets.
    #[schema(minimum = 0, examples(0))]
    rows: u32,
}

impl From<Counts> for RetentionCounts {
    fn from(Counts { contacts, texts, rows }: Counts) -> Self {
        Self { contacts, texts, rows }
    }
}

/// A night's run.
#[derive(Serialize, ToSchema)]
struct RetentionRun {
    /// Its id.
    id: Uuid,
    /// When it was planned.
    planned_at: DateTime<Utc>,
    /// `waiting` for somebody who confirms it, `running`, or `done`.
    #[schema(examples("done"))]
    state: &'static str,
    /// What was found to be erased.
    due: RetentionCounts,
    /// What is erased.
    erased: RetentionCounts,
    /// The id of whoever confirmed it, if it waited for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    confirmed_by: Option<Uuid>,
    /// When it was confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    confirmed_at: Option<DateTime<Utc>>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    finished_at: Option<DateTime<Utc>>,
}

impl From<&Run> for RetentionRun {
    fn from(run: &Run) -> Self {
        Self {
            id: run.id.0,
            planned_at: run.planned_at,
            state: run.state.code(),
            due: run.due.into(),
            erased: run.erased.into(),
            confirmed_by: run.confirmed_by.map(|user| user.0),
            confirmed_at: run.confirmed_at,
            finished_at: run.finished_at,
        }
    }
}

/// How long things are kept, what would be erased now, and what was.
#[derive(Serialize, ToSchema)]
struct RetentionOverview {
    /// How long things are kept.
    periods: RetentionPeriods,
    /// What a run that were planned now would erase.
    due: RetentionCounts,
    /// The last runs, the last one first; 50 at most.
    runs: Vec<RetentionRun>,
}

impl From<&Overview> for RetentionOverview {
    fn from(Overview { retention, due, runs, .. }: &Overview) -> Self {
        let periods = RetentionPeriods {
            contact: retention.contact.into(),
            texts: retention.texts.into(),
            rows: retention.rows.into(),
            at_most: retention.at_most,
        };
        Self { periods, due: (*due).into(), runs: runs.iter().map(Into::into).collect() }
    }
}

/// See what is erased over time
///
/// How long things are kept, what would be erased if it were done now, and what the last nights erased. Nothing changes.
/// For dispatchers.
#[utoipa::path(
    operation_id = "retention_read",
    tag = "residents",
    responses((status = 200, description = "What is due, and what was done", body = RetentionOverview)),
    security(("bearer" = []))
)]
#[get("/v1/retention")]
async fn read(caller: Caller<ManagePersonalData>, cx: Data<Context>) -> Result<HttpResponse, Problem> {
    let overview = usecases::retention::read(&cx, &caller.grant).await?;
    Ok(reply::read(None, caller.language, &RetentionOverview::from(&overview)))
}

/// Which run to confirm.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmRun {
    /// The run that waits.
    run: Uuid,
}
input!(ConfirmRun);

/// Confirm that unusually much is erased
///
/// A night that would erase more than the city's files allow (`retention.at_most`) waits until somebody has looked at the
/// numbers: a wrong clock or a wrong setting looks like this too. For dispatchers; it is in the audit log.
#[utoipa::path(
    operation_id = "retention_confirm",
    tag = "residents",
    params(IdempotencyHeader),
    request_body(content = ConfirmRun, example = json!({"run": "0197a3b2-7c11-7b3a-9d3e-5a1f0c2e4d6b"})),
    responses(
        (status = 200, description = "Confirmed: it erases", body = RetentionRun),
        (status = 409, description = "`run_not_waiting`"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/retention/confirm")]
async fn confirm(
    caller: Caller<ManagePersonalData>,
    cx: Data<Context>,
    key: Idempotency,
    body: Body<ConfirmRun>,
) -> Result<HttpResponse, Problem> {
    let Caller { grant, language } = caller;
    let show = |run: &Run| reply::kept(StatusCode::OK, None, None, &RetentionRun::from(run));
    let once = Once::new(key.claim(grant.holder().id(), &body.digest), &show);
    let done = usecases::retention::confirm(&cx, &grant, RetentionRunId(body.value.run), once).await?;
    reply::send(done.into_answer(show), language)
}
