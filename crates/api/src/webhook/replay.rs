//! Having events delivered again.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::Holder as _;
use auth::permission::FollowEvents;
use chrono::{DateTime, Utc};
use domain::feed::{Position, sequence};
use serde::{Deserialize, Serialize};
use usecases::Context;
use usecases::once::Once;
use usecases::webhook::Range;
use utoipa::ToSchema;

use super::{WebhookPath, fault};
use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::request::idempotency::{Idempotency, IdempotencyHeader};
use crate::request::path::Id;

/// Have events delivered again: from a time on, or from a `sequence` on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayWebhook {
    /// Those that happened from then on.
    #[schema(nullable = false)]
    from: Option<DateTime<Utc>>,
    /// With `from`: those that happened before then.
    #[schema(nullable = false)]
    until: Option<DateTime<Utc>>,
    /// Those from the one of this `sequence` on.
    #[schema(nullable = false, pattern = "^(00)?[0-9]{1,18}$")]
    from_sequence: Option<String>,
    /// With `from_sequence`: up to the one of this `sequence`, which is the last.
    #[schema(nullable = false, pattern = "^(00)?[0-9]{1,18}$")]
    until_sequence: Option<String>,
}
input!(ReplayWebhook);

/// What will be delivered again.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookReplay {
    /// After the event of this `sequence`.
    #[schema(pattern = "^[0-9]{20}$", examples("00000000000000004200"))]
    after: String,
    /// Up to the one of this: nothing, when they are equal.
    #[schema(pattern = "^[0-9]{20}$", examples("00000000000000004217"))]
    until: String,
}

impl ReplayWebhook {
    fn range(self) -> Result<Range, Problem> {
        let position = |pointer, text: Option<String>| {
            let expected = ("Attendu : la `sequence` d’un événement.", "Expected: the `sequence` of an event.");
            let read =
                |text: String| crate::event::position(&text).ok_or_else(|| fault(pointer, "bad_value", expected));
            text.map(read).transpose()
        };
        let first = position("/from_sequence", self.from_sequence)?;
        let last = position("/until_sequence", self.until_sequence)?;
        match (self.from, self.until, first, last) {
            (Some(from), until, None, None) if until.is_none_or(|until| from < until) => Ok(Range::Times(from, until)),
            (None, None, Some(first), last) if first > 0 && last.is_none_or(|last| first <= last) => {
                Ok(Range::Positions(first, last))
            }
            _ => Err(fault(
                "",
                "bad_range",
                (
                    "Attendu : from, et until après lui, ou from_sequence, et until_sequence qui n’est pas avant lui.",
                    "Expected: from, with until after it, or from_sequence, with until_sequence not before it.",
                ),
            )),
        }
    }
}

/// Replay events
///
/// Delivers events again, with the same `webhook-id`s, before anything else: as far as they were delivered, or could have
/// been, before. What the webhook's filter and the program's rights are now decides. An event that happened a little before
/// or after the times may be among them.
#[utoipa::path(
    operation_id = "webhook_replay",
    tag = "webhooks",
    params(WebhookPath, IdempotencyHeader),
    request_body(content = ReplayWebhook, example = json!({"from": "2026-12-03T06:00:00Z", "until": "2026-12-03T09:00:00Z"})),
    responses(
        (status = 202, description = "They will be delivered", body = WebhookReplay),
        (status = 409, description = "`replay_under_way`"),
        (status = 410, description = "`events_expired`, `events_ahead`"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/webhooks/{webhook}/replay")]
pub(crate) async fn replay(
    caller: Caller<FollowEvents>,
    cx: Data<Context>,
    path: Id<WebhookPath>,
    key: Idempotency,
    body: Body<ReplayWebhook>,
) -> Result<HttpResponse, Problem> {
    let range = body.value.range()?;
    let show = |(after, until): &(Position, Position)| {
        let view = WebhookReplay { after: sequence(*after), until: sequence(*until) };
        reply::kept(StatusCode::ACCEPTED, None, None, &view)
    };
    let once = Once::new(key.claim(caller.grant.holder().id(), &body.digest), &show);
    let done = usecases::webhook::replay(&cx, &caller.grant, path.webhook(), range, once).await?;
    reply::send(done.into_answer(show), caller.language)
}
