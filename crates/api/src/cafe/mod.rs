//! `/v1/cafes`.

mod hold;
mod list;
mod plan;
mod read;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::cafe::{Cafe, State};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::request::path::id_path;
use crate::view::{PlaceView, areas};

pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(list::list).service(plan::plan).service(read::read).service(hold::hold);
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
    id: Uuid,
    /// What the poster says.
    title: String,
    state: State,
    place: PlaceView,
    /// The area of the place in each zoning.
    #[schema(examples(json!({"secteurs": "nord"})))]
    areas: BTreeMap<String, String>,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    /// When an officer said that it is held.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    held_at: Option<DateTime<Utc>>,
    /// Rises by one with each change; also the `ETag`.
    #[schema(minimum = 1)]
    version: i64,
}

impl From<&Cafe> for CafeView {
    fn from(cafe: &Cafe) -> Self {
        Self {
            id: cafe.id.0,
            title: cafe.title.to_string(),
            state: cafe.state,
            place: (&cafe.place).into(),
            areas: areas(&cafe.areas),
            starts_at: cafe.starts_at,
            ends_at: cafe.ends_at,
            held_at: cafe.held_at,
            version: cafe.version,
        }
    }
}
