//! Playing rules over past concerns.

use actix_web::http::header::CONTENT_LANGUAGE;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::permission::ReplayRouting;
use chrono::{DateTime, Utc};
use domain::city::City;
use domain::id::{RoutingDraftId, RuleCode, ServiceCode};
use domain::language::Language;
use domain::routing::Rule;
use serde::{Deserialize, Serialize};
use usecases::Context;
use usecases::routing::{Moved, Played, Replay, Which};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{RuleRef, which};
use crate::problem::Problem;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::stream::{Gone, Pieces, stream};
use crate::view::ServiceRef;

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
#[schema(as = ReplayMove)]
pub(crate) struct Move {
    /// The services that they were sent to.
    from: Vec<ServiceRef>,
    /// The services that they would have been sent to.
    to: Vec<ServiceRef>,
    /// How many concerns.
    #[schema(minimum = 1)]
    count: u64,
}

/// A rule, and the services that it sends to.
#[derive(Serialize, ToSchema)]
pub(crate) struct SentBy {
    /// One that is no longer in force has its code for a name.
    rule: RuleRef,
    /// The services.
    services: Vec<ServiceRef>,
}

/// What things are called.
struct Names<'a> {
    city: &'a City,
    /// The rules that are played.
    played: &'a [Rule],
    language: Language,
}

impl Names<'_> {
    fn services(&self, codes: &[ServiceCode]) -> Vec<ServiceRef> {
        codes.iter().map(|code| ServiceRef::new(self.city, code, self.language)).collect()
    }

    fn sent_by(&self, rules: &[Rule], (rule, services): &(RuleCode, Vec<ServiceCode>)) -> SentBy {
        SentBy { rule: RuleRef::among(rules, rule, self.language), services: self.services(services) }
    }
}

/// A line of a replay.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ReplayLine {
    /// A concern that would have gone elsewhere.
    Moved {
        /// The concern.
        concern_id: Uuid,
        /// The reference of its first ticket.
        #[schema(examples("AMI-26-004217"))]
        reference: String,
        /// The category's code.
        category: String,
        /// What people call the category.
        #[schema(examples("Dépôt sauvage"))]
        category_label: String,
        /// When it was filed.
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
        /// How many concerns were played.
        concerns: u64,
        /// How many would have gone elsewhere.
        moved: u64,
        /// How many could not be tried: their category is no longer in use.
        skipped: u64,
        /// From where to where, the most first.
        moves: Vec<Move>,
    },
}

impl ReplayLine {
    const fn progress(played: &Played) -> Self {
        Self::Progress { concerns: played.concerns, moved: played.moved }
    }

    fn moved(moved: &Moved, names: &Names<'_>) -> Self {
        let category = names.city.category(&moved.category);
        let label = category.map_or(moved.category.as_str(), |category| category.label.in_language(names.language));
        Self::Moved {
            concern_id: moved.concern.0,
            reference: moved.reference.clone(),
            category: moved.category.to_string(),
            category_label: label.to_owned(),
            filed_at: moved.filed_at,
            was: names.sent_by(&names.city.rules.rules, &moved.was),
            would_be: names.sent_by(names.played, &moved.would_be),
        }
    }

    fn summary(played: &Played, names: &Names<'_>) -> Self {
        let one = |((from, to), count): (&(Vec<ServiceCode>, Vec<ServiceCode>), &u64)| Move {
            from: names.services(from),
            to: names.services(to),
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
    NoCity(#[from] usecases::NoCity),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

async fn write(cx: &Context, language: Language, mut playing: Replay, to: Pieces) -> Result<(), Broken> {
    while let Some((moved, played)) = playing.next().await? {
        let mut piece = Vec::new();
        let progress = ReplayLine::progress(played);
        let loaded = cx.city()?;
        let names = Names { city: &loaded.city, played: playing.rules(), language };
        for moved in &moved {
            ReplayLine::moved(moved, &names).write(&mut piece)?;
        }
        progress.write(&mut piece)?;
        to.send(piece).await?;
    }
    let mut piece = Vec::new();
    let loaded = cx.city()?;
    let names = Names { city: &loaded.city, played: playing.rules(), language };
    ReplayLine::summary(playing.played(), &names).write(&mut piece)?;
    Ok(to.send(piece).await?)
}

/// Replay past concerns
///
/// What a draft, or a published version, would have done with the last concerns: line after line, each concern that would
/// have gone elsewhere than the rules of its day have sent it, how far the replay is, and a summary as the last line. Nothing
/// is changed. Hang up to stop it. Areas are those that were kept when a concern was filed. How pressing an officer said that
/// it was is not kept: conditions on the priority are judged by the category's own, and a concern that went by the officer's
/// may be told as moved. Each replay stands in the audit log: it names restricted concerns too.
#[utoipa::path(
    operation_id = "routing_replay",
    tag = "routing",
    request_body(content = ReplayRules, example = json!({"version": 1, "last": 500})),
    responses(
        (status = 200, description = "The replay", body = ReplayLine, content_type = "application/x-ndjson"),
        (status = 422, description = "Well formed, but there are no such rules"),
        (status = 429, description = "`rate_limited`; `too_many_exports`: this many are not made at once; `Retry-After` says when to try again"),
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
    let language = caller.language;
    let playing = usecases::routing::replay(&cx, &caller.grant, which, last.unwrap_or(USUAL)).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/x-ndjson")
        .insert_header((CONTENT_LANGUAGE, language.tag()))
        .streaming(stream(async move |to| write(&cx, language, playing, to).await)))
}
