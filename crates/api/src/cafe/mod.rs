//! `/v1/cafes`.

mod announce;
mod cadence;
mod calendar;
mod cancel;
mod change;
mod hold;
mod ical;
mod list;
mod plan;
mod read;
mod report;

use std::collections::BTreeMap;

use crate::openapi::Routes;
use chrono::{DateTime, Utc};
use domain::cafe::report::{Conversations, Report, Weather};
use domain::cafe::{Cafe, State};
use domain::content::Finding;
use domain::id::CategoryCode;
use domain::language::Language;
use domain::rights::{Caller as Reader, Right};
use serde::{Deserialize, Serialize};
use usecases::cafe::Written;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::concern::WarningView;
use crate::request::path::id_path;
use crate::view::{PlaceView, areas};

pub(crate) fn routes(config: &mut impl Routes) {
    config
        .service(calendar::calendar)
        .service(cadence::cadence)
        .service(list::list)
        .service(plan::plan)
        .service(read::read)
        .service(change::change)
        .service(announce::announce)
        .service(hold::hold)
        .service(cancel::cancel)
        .service(report::report);
}

/// The café that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only documents the parameter that `Id` reads")]
pub(crate) struct CafePath {
    /// The café's id.
    cafe: Uuid,
}
id_path!(CafePath, "cafe");

/// A café: a session at which officers listen to residents.
#[derive(Serialize, ToSchema)]
#[schema(as = Cafe)]
pub(crate) struct CafeView {
    /// Its id.
    id: Uuid,
    /// What the poster says.
    title: String,
    state: State,
    place: PlaceView,
    /// The area of the place in each zoning.
    #[schema(examples(json!({"secteurs": "nord"})))]
    areas: BTreeMap<String, String>,
    /// When it begins.
    starts_at: DateTime<Utc>,
    /// When it ends.
    ends_at: DateTime<Utc>,
    /// Since when it stands in the public calendar; see `GET /v1/cafes.ics`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    announced_at: Option<DateTime<Utc>>,
    /// When an officer said that it is held.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    held_at: Option<DateTime<Utc>>,
    /// When it was called off.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    cancelled_at: Option<DateTime<Utc>>,
    /// Why it was called off.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    cancel_reason: Option<String>,
    /// What came of it; shown to police agents and dispatchers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    report: Option<ReportView>,
    /// Rises by one with each change; also the `ETag`.
    #[schema(minimum = 1)]
    version: i64,
}

/// A café with a text that was written about it, as it was kept.
#[derive(Serialize, ToSchema)]
pub(crate) struct WrittenCafe {
    #[serde(flatten)]
    cafe: CafeView,
    /// What the officer should know about what was kept.
    warnings: Vec<WarningView>,
}

impl WrittenCafe {
    /// As those see it who hold cafés; the text stands in that field.
    fn new(Written { cafe, findings, masked }: &Written, field: &str, language: Language) -> Self {
        let warning = |finding: &Finding| WarningView::passage(field.to_owned(), *finding, *masked, language);
        Self { cafe: CafeView::whole(cafe), warnings: findings.iter().map(warning).collect() }
    }
}

/// What came of a café.
#[derive(Serialize, ToSchema)]
#[schema(as = CafeReport)]
struct ReportView {
    /// How many people came.
    #[schema(minimum = 0, maximum = 10000)]
    headcount: u32,
    /// The conversations that led to no concern, by theme.
    conversations: Vec<ConversationsView>,
    /// The ids of the officers who were there.
    officers: Vec<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    weather: Option<Weather>,
    /// What else is to be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    remarks: Option<String>,
    /// The id of who wrote it, the last time.
    written_by: Uuid,
    /// When, the last time.
    written_at: DateTime<Utc>,
}

/// How many conversations there were about a theme.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CafeConversations)]
pub(crate) struct ConversationsView {
    /// The theme: the code of a category, or of one that others are part of; see `GET /v1/categories`.
    #[schema(value_type = String, pattern = "^[a-z][a-z0-9_-]{0,59}$", examples("traffic_parking"))]
    category: CategoryCode,
    /// How many.
    #[schema(minimum = 1, maximum = 10000)]
    count: u32,
}

impl From<&Report> for ReportView {
    fn from(report: &Report) -> Self {
        let conversations = |Conversations { category, count }: &Conversations| ConversationsView {
            category: category.clone(),
            count: *count,
        };
        Self {
            headcount: report.headcount,
            conversations: report.conversations.iter().map(conversations).collect(),
            officers: report.officers.iter().map(|user| user.0).collect(),
            weather: report.weather,
            remarks: report.remarks.as_ref().map(ToString::to_string),
            written_by: report.written_by.0,
            written_at: report.written_at,
        }
    }
}

impl CafeView {
    /// As those see it who hold cafés.
    fn whole(cafe: &Cafe) -> Self {
        Self {
            id: cafe.id.0,
            title: cafe.title.to_string(),
            state: cafe.state,
            place: (&cafe.place).into(),
            areas: areas(&cafe.areas),
            starts_at: cafe.starts_at,
            ends_at: cafe.ends_at,
            announced_at: cafe.announced_at,
            held_at: cafe.held_at,
            cancelled_at: cafe.cancelled.as_ref().map(|cancelled| cancelled.at),
            cancel_reason: cafe.cancelled.as_ref().map(|cancelled| cancelled.reason.to_string()),
            report: cafe.report.as_ref().map(Into::into),
            version: cafe.version,
        }
    }

    /// As the reader sees it.
    fn new(cafe: &Cafe, reader: &Reader) -> Self {
        let whole = Self::whole(cafe);
        if reader.has(Right::HoldCafes) { whole } else { Self { report: None, ..whole } }
    }
}
