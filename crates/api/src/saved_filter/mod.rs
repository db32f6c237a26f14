//! `/v1/filters`: lists of tickets that people keep.

mod change;
mod list;
mod read;
mod remove;
mod save;

use std::collections::BTreeMap;

use crate::openapi::Routes;
use auth::Grant;
use auth::permission::SaveFilters;
use chrono::{DateTime, Utc};
use domain::id::SavedFilterId;
use domain::rights::Caller;
use serde::Serialize;
use usecases::Loaded;
use usecases::saved_filter::{Holder, Parameters, SavedFilter};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, Object, ObjectBuilder, Schema, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use uuid::Uuid;

use crate::problem::{At, Code, FieldError, Problem};
use crate::request::path::{Id, id_path};
use crate::request::query::{MAX_VALUES, Query};
use crate::ticket::filter::{FilterTickets, SearchTickets, SortTickets, listing};

pub(crate) fn routes(config: &mut impl Routes) {
    config.service(list::list).service(save::save).service(read::read).service(change::change).service(remove::remove);
}

/// The filter that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only documents the parameter that `Id` reads")]
pub(crate) struct FilterPath {
    /// The filter's id.
    filter: Uuid,
}
id_path!(FilterPath, "filter");

impl Id<FilterPath> {
    const fn filter(&self) -> SavedFilterId {
        SavedFilterId(self.value)
    }
}

/// The parameters of a list, as the document shows them: those of `GET /v1/tickets`, each with its values.
struct ListParameters;

impl PartialSchema for ListParameters {
    fn schema() -> RefOr<Schema> {
        let in_query = || None;
        let parameters = SearchTickets::into_params(in_query)
            .into_iter()
            .chain(FilterTickets::into_params(in_query))
            .chain(SortTickets::into_params(in_query));
        let list = ObjectBuilder::new()
            .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)))
            .description(Some("The parameters of `GET /v1/tickets` but `limit` and `cursor`, each with its values."));
        let list = parameters.fold(list, |list, parameter| {
            let repeated = matches!(parameter.schema, Some(RefOr::T(Schema::Array(_))));
            let values = ArrayBuilder::new()
                .items(Object::with_type(Type::String))
                .min_items(Some(1))
                .max_items(Some(if repeated { MAX_VALUES } else { 1 }))
                .description(parameter.description);
            list.property(parameter.name, values)
        });
        list.into()
    }
}

impl ToSchema for ListParameters {}

/// A list of tickets that is kept.
#[derive(Serialize, ToSchema)]
#[schema(as = SavedFilter)]
pub(crate) struct FilterView {
    /// Its id.
    id: Uuid,
    /// How it is called.
    #[schema(examples("Urgentes, en retard"))]
    name: String,
    /// The service that it is kept for, by code; absent when it is the reader's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("proprete"))]
    service: Option<String>,
    /// What it asks for.
    #[schema(value_type = ListParameters, examples(json!({"status": ["submitted"], "sort": ["ack_due_at"]})))]
    parameters: BTreeMap<String, Vec<String>>,
    /// The same, as a query: what follows `/v1/tickets?`.
    #[schema(examples("sort=ack_due_at&status=submitted"))]
    query: String,
    /// When it was saved.
    created_at: DateTime<Utc>,
    /// Rises by one with each change; also the `ETag`.
    #[schema(minimum = 1)]
    version: i64,
}

impl From<&SavedFilter> for FilterView {
    fn from(filter: &SavedFilter) -> Self {
        let pairs = filter.parameters.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
        let service = match &filter.holder {
            Holder::Person(_) => None,
            Holder::Service(service) => Some(service.to_string()),
        };
        Self {
            id: filter.id.0,
            name: filter.name.clone(),
            service,
            query: url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish(),
            parameters: filter.parameters.clone(),
            created_at: filter.created_at,
            version: filter.version,
        }
    }
}

/// How many values a filter holds at most.
const MOST: usize = 200;

/// Parameters that `GET /v1/tickets` takes.
///
/// # Errors
/// Every one that it does not take, at once.
fn checked(parameters: Parameters, who: &Grant<SaveFilters>, city: &Loaded) -> Result<Parameters, Problem> {
    let mut query = Query::kept(&parameters);
    listing(&mut query, &Caller::Person(who.person().clone()), city);
    let mut errors = query.faults();
    for error in &mut errors {
        if let At::Query(name) = &error.at {
            error.at = At::Body(format!("/parameters/{name}"));
        }
    }
    if parameters.values().map(Vec::len).sum::<usize>() > MOST {
        let (fr, en) = ("Au plus 200 valeurs.", "At most 200 values.");
        errors.push(FieldError::in_body("/parameters", "too_many", (fr, en)));
    }
    if errors.is_empty() { Ok(parameters) } else { Err(Problem::new(Code::InvalidRequest).errors(errors)) }
}
