//! Playing rules over past concerns.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::permission::ReplayRouting;
use chrono::{DateTime, Utc};
use domain::id::{RoutingDraftId, ServiceCode};
use serde::{Deserialize, Serialize};
use usecases::Context;
use usecases::routing::{Moved, Played, Replay, Which};
use utoipa::ToSchema;
use uuid::Uuid;

use super::which;
use crate::problem::Problem;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::stream::{Gone, Pieces, stream};

/// Play rules over past concerns.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayRules {
    /// The draft whose rules are played.
    draft: Option<Uuid>,
    /// The published version whose rules are played, instead of a draft's. With neither, the rules in force.
    #[schema(minimum = 1)]
    version: Option<i32>,
    /// Over how many concerns, the last ones; 1 000 when left out.
    #[schema(minimum = 1, maximum = 50000)]
    last: Option<u64>,
}
input!(ReplayRules);

const USUAL: u64 = 1000;

/// From where to where concerns would have gone otherwise.
#[derive(Serialize, ToSchema)]
pub(crate) struct Move {
    /// The services that they were sent to.
    from: Vec<String>,
    /// The services that they would have been sent to.
    to: Vec<String>,
    #[schema(minimum = 1)]
    count: u64,
}

/// A rule, and the services that it sends to.
#[derive(Serialize, ToSchema)]
pub(crate) struct SentBy {
    rule: String,
    services: Vec<String>,
}

impl SentBy {
    fn new((rule, services): &(domain::id::RuleCode, Vec<ServiceCode>)) -> Self {
        Self { rule: rule.to_string(), services: codes(services) }
    }
}

fn codes(services: &[ServiceCode]) -> Vec<String> {
    services.iter().map(ToString::to_string).collect()
}

/// A line of a replay.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ReplayLine {
    /// A concern that would have gone elsewhere.
    Moved {
        concern_id: Uuid,
        /// The reference of its first ticket.
        #[schema(examples("AMI-26-004217"))]
        reference: String,
        category: String,
        filed_at: DateTime<Utc>,
        was: SentBy,
        would_be: SentBy,
    },
    /// How far the replay is.
    Progress {
        /// How many concerns were looked at.
        concerns: u64,
        /// How many of those would have gone elsewhere.
        moved: u64,
    },
    /// The last line: a replay without it is not whole.
    Summary {
        concerns: u64,
        moved: u64,
        /// How many could not be tried: their category is no longer in use.
        skipped: u64,
        /// From where to where, the most first.
        moves: Vec<Move>,
    },
}

impl From<Moved> for ReplayLine {
    fn from(moved: Moved) -> Self {
        Self::Moved {
            concern_id: moved.concern.0,
            reference: moved.reference,
            category: moved.category.to_string(),
            filed_at: moved.filed_at,
            was: SentBy::new(&moved.was),
            would_be: SentBy::new(&moved.would_be),
        }
    }
}

impl ReplayLine {
    const fn progress(played: &Played) -> Self {
        Self::Progress { concerns: played.concerns, moved: played.moved }
    }

    fn summary(played: &Played) -> Self {
        let one = |((from, to), count): (&(Vec<ServiceCode>, Vec<ServiceCode>), &u64)| Move {
            from: codes(from),
            to: codes(to),
            count: *count,
        };
        let mut moves: Vec<Move> = played.moves.iter().map(one).collect();
        moves.sort_by_key(|one| std::cmp::Reverse(one.count));
        Self::Summary { concerns: played.concerns, moved: played.moved, skipped: played.skipped, moves }
    }

    fn write(&self, to: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        serde_json::to_writer(&mut *to, self)?;
        to.push(b'\n');
        Ok(())
    }
}

/// Why a replay breaks off.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Gone(#[from] Gone),
    #[error(transparent)]
    Store(#[from] usecases::StoreError),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

async fn write(mut playing: Replay, to: Pieces) -> Result<(), Broken> {
    while let Some((moved, played)) = playing.next().await? {
        let mut piece = Vec::new();
        for moved in moved {
            ReplayLine::from(moved).write(&mut piece)?;
        }
        ReplayLine::progress(played).write(&mut piece)?;
        to.send(piece).await?;
    }
    let mut piece = Vec::new();
    ReplayLine::summary(playing.played()).write(&mut piece)?;
    Ok(to.send(piece).await?)
}

/// Replay past concerns
///
/// What a draft, or a published version, would have done with the last concerns: line after line, each concern that would
/// have gone elsewhere than the rules of its day have sent it, how far the replay is, and a summary as the last line. Nothing
/// is changed. Hang up to stop it. Areas are those that were kept when a concern was filed. Each replay stands in the audit
/// log: it names restricted concerns too.
#[utoipa::path(
    operation_id = "routing_replay",
    tag = "routing",
    request_body(content = ReplayRules, example = json!({"version": 1, "last": 500})),
    responses(
        (status = 200, description = "The replay", body = ReplayLine, content_type = "application/x-ndjson"),
        (status = 422, description = "Well formed, but there are no such rules"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/routing/replay")]
pub(crate) async fn replay(
    caller: Caller<ReplayRouting>,
    cx: Data<Context>,
    body: Body<ReplayRules>,
) -> Result<HttpResponse, Problem> {
    let ReplayRules { draft, version, last } = body.value;
    let which: Which = which(draft.map(RoutingDraftId), version)?;
    let playing = usecases::routing::replay(&cx, &caller.grant, which, last.unwrap_or(USUAL)).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/x-ndjson")
        .streaming(stream(async move |to| write(playing, to).await)))
}
