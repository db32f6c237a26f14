//! How the cafés keep to the rhythm that the city wishes.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use auth::permission::ReadCafes;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use usecases::Context;
use usecases::cafe::{AreaCadence, Brief};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::Problem;
use crate::reply;
use crate::request::caller::Caller;

/// A café, named.
#[derive(Serialize, ToSchema)]
struct CafeRef {
    /// Its id.
    id: Uuid,
    /// What the poster says.
    title: String,
    /// When it begins.
    starts_at: DateTime<Utc>,
}

impl From<Brief> for CafeRef {
    fn from(Brief { id, title, starts_at }: Brief) -> Self {
        Self { id: id.0, title, starts_at }
    }
}

/// How many open tickets there are.
#[derive(Serialize, ToSchema)]
struct OpenTickets {
    /// How many, up to 1000.
    #[schema(minimum = 0, maximum = 1000)]
    count: u32,
    /// Whether there are more.
    more: bool,
}

/// How the cafés of an area keep to the rhythm.
#[derive(Serialize, ToSchema)]
#[schema(as = AreaCadence)]
struct AreaView {
    /// The area's code.
    #[schema(examples("nord"))]
    area: String,
    /// What people call it.
    name: String,
    /// The last café that took place there: `held` or `reported`, or still `planned` when concerns were heard at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last: Option<CafeRef>,
    /// The next one that is planned there, and at which no concerns were heard yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next: Option<CafeRef>,
    /// The day by which the next one should take place, if the city wishes a rhythm and there was one before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    due_on: Option<NaiveDate>,
    /// Whether that day is over, or the city wishes a rhythm and none ever took place.
    overdue: bool,
    /// The open tickets of concerns that were heard at the area's cafés, as far as the reader may know of them; absent for
    /// those who read no ticket. `GET /v1/tickets?before_cafe=` lists those that are due back before a café.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    open_tickets: Option<OpenTickets>,
}

impl From<AreaCadence> for AreaView {
    fn from(kept: AreaCadence) -> Self {
        Self {
            area: kept.area.to_string(),
            name: kept.name,
            last: kept.last.map(Into::into),
            next: kept.next.map(Into::into),
            due_on: kept.due_on,
            overdue: kept.overdue,
            open_tickets: kept.owed.map(|owed| OpenTickets { count: owed.count, more: owed.more }),
        }
    }
}

/// How the cafés of the city keep to the rhythm.
#[derive(Serialize, ToSchema)]
pub(crate) struct CafeCadence {
    /// The zoning in whose areas cafés are counted.
    #[schema(examples("secteurs"))]
    zoning: String,
    /// Each of its areas.
    items: Vec<AreaView>,
    /// Null: this list is whole.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Read the cadence of the cafés
///
/// For each area: the last café, the next one, when the next one is due by the rhythm of the city's file (`cafes` in
/// `city.yaml`), and what is still owed to its residents. For police agents, members of services and dispatchers.
#[utoipa::path(
    operation_id = "cafe_cadence",
    tag = "cafes",
    responses(
        (status = 200, description = "Each area", body = CafeCadence),
        (status = 400, description = "A parameter: it takes none"),
    ),
    security(("bearer" = []))
)]
#[get("/v1/cafes/cadence")]
pub(crate) async fn cadence(caller: Caller<ReadCafes>, cx: Data<Context>) -> Result<HttpResponse, Problem> {
    let rhythm = usecases::cafe::cadence(&cx, &caller.grant).await?;
    let items = rhythm.areas.into_iter().map(AreaView::from).collect();
    Ok(reply::read(None, caller.language, &CafeCadence { zoning: rhythm.zoning.to_string(), items, next_cursor: None }))
}
