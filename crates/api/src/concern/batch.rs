//! Filing concerns that were noted at a café without a network.

use std::collections::BTreeMap;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use auth::permission::FileConcerns;
use chrono::{DateTime, Utc};
use domain::cafe::Cafe;
use domain::city::question::Reply;
use domain::concern::{Origin, Status};
use domain::id::{CafeId, CategoryCode};
use domain::text::{Answer, Description};
use domain::ticket::Priority;
use jsonschema::Validator;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use usecases::Context;
use usecases::concern::{Filed, Note, Sent};
use utoipa::ToSchema;
use uuid::Uuid;

use super::file::{FileConcern, FiledConcern, Resident, status_of};
use crate::cafe::CafePath;
use crate::problem::{Problem, ProblemBody};
use crate::reply;
use crate::request::body::{self, Body, Input, input};
use crate::request::caller::Caller;
use crate::request::path::Id;
use crate::view::WhereaboutsView;

/// A concern that was noted: what is filed, without `origin` and `cafe_id`, which the café says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NotedConcern {
    /// Its id, made by the device that noted it: the same each time it is sent.
    id: Uuid,
    /// When it was noted: during the café, or soon before or after.
    noted_at: DateTime<Utc>,
    /// The category's code; see `GET /v1/categories`.
    #[schema(value_type = String, pattern = "^[a-z][a-z0-9_-]{0,59}$", examples("illegal_dumping"))]
    category: CategoryCode,
    /// As in `POST /v1/concerns`.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4000)]
    description: Option<Description>,
    /// As in `POST /v1/concerns`.
    place: WhereaboutsView<'static>,
    /// As in `POST /v1/concerns`.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4000)]
    answer: Option<Answer>,
    /// As in `POST /v1/concerns`.
    #[serde(default)]
    answers: BTreeMap<String, Reply>,
    resident: Option<Resident>,
    /// As in `POST /v1/concerns`.
    #[schema(pattern = "^[A-Za-z0-9-]{1,60}$", examples("AMI-26-000001"))]
    attach_to: Option<String>,
    /// As in `POST /v1/concerns`.
    priority: Option<Priority>,
    /// As in `POST /v1/concerns`.
    #[serde(default)]
    confirm_text: bool,
}
input!(NotedConcern);

/// File concerns that were noted at a café.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileNotedConcerns {
    /// The concerns, in the order in which they are filed.
    #[schema(value_type = Vec<NotedConcern>, min_items = 1, max_items = 200)]
    items: Vec<Value>,
}

/// The same, whatever the items are: each is checked by itself, and what is wrong with one keeps no other from being filed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only makes the schema that a body is held against")]
struct Unchecked {
    #[schema(min_items = 1, max_items = 200)]
    items: Vec<Value>,
}

impl Input for FileNotedConcerns {
    /// Two hundred concerns with long texts.
    const MAX: usize = 4 * 1024 * 1024;
    const IN_PARTS: bool = true;

    fn validator() -> &'static Validator {
        static VALIDATOR: std::sync::LazyLock<Validator> = std::sync::LazyLock::new(body::validator::<Unchecked>);
        &VALIDATOR
    }
}

/// What became of a concern that was sent.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NotedStatus {
    /// It was filed now.
    Created,
    /// It was filed before: sent again, nothing happened.
    Exists,
    /// It was not filed: `problem` says why.
    Refused,
}

/// What became of one concern that was sent.
#[derive(Serialize, ToSchema)]
struct NotedResult<'a> {
    /// The item's id, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    id: Option<Uuid>,
    status: NotedStatus,
    /// The concern: as `POST /v1/concerns` answers it when it was created; as it is now, without warnings and possible
    /// duplicates, when it exists. Absent when whoever sent it may no longer read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    concern: Option<FiledConcern<'a>>,
    /// Why it was refused: the problem that `POST /v1/concerns` would answer, its pointers inside of the item; or
    /// `id_reused`, `out_of_range` for what only a concern of a batch has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<ProblemBody>)]
    problem: Option<&'a ProblemBody>,
}

/// What became of each concern that was sent.
#[derive(Serialize, ToSchema)]
pub(crate) struct NotedResults<'a> {
    /// One for each item, in the same order.
    items: Vec<NotedResult<'a>>,
}

/// File concerns that were noted at a café
///
/// For a device that was without a network: up to 200 concerns, each filed by itself, as by `POST /v1/concerns`. Sending
/// them again, all or some, files nothing twice, also when two requests arrive at once: an item's `id` is filed once for
/// each sender and café. What is wrong with one item is told of that item, and the others are filed. The café is held, or
/// planned and its time has come.
#[utoipa::path(
    operation_id = "cafe_file_concerns",
    tag = "cafes",
    params(CafePath),
    request_body(content = FileNotedConcerns, example = json!({"items": [{
        "id": "5b0f3a52-9c0e-4d0c-8a53-0d2f1f2f7a10",
        "noted_at": "2026-12-03T09:40:00Z",
        "category": "illegal_dumping",
        "description": "Un matelas et des sacs au pied du mur",
        "place": {"lat": 49.9121, "lon": 2.2972, "address": "Rue du Pigeonnier"}
    }]})),
    responses(
        (status = 200, description = "What became of each", body = NotedResults),
        (status = 409, description = "It has not begun, or was called off: `cafe_not_begun`"),
        (status = 413, description = "The body is larger than 4 MiB"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/cafes/{cafe}/concerns:batch")]
pub(crate) async fn batch(
    caller: Caller<FileConcerns>,
    cx: Data<Context>,
    request: HttpRequest,
    id: Id<CafePath>,
    body: Body<FileNotedConcerns>,
) -> Result<HttpResponse, Problem> {
    let cafe = usecases::concern::intake(&cx, &caller.grant, CafeId(id.value)).await?;
    let mut outcomes = Vec::new();
    for item in &body.value.items {
        let outcome = match file(&cx, &caller, &cafe, item).await {
            Err(problem) if problem.passes() => return Err(problem),
            outcome => outcome.map_err(|problem| problem.body(request.path(), caller.language)),
        };
        outcomes.push((item["id"].as_str().and_then(|id| id.parse().ok()), outcome));
    }
    let (loaded, now) = (cx.city()?, cx.now());
    let view =
        |filed, status| FiledConcern::new(filed, status, &loaded.city, caller.grant.caller(), caller.language, now);
    let items = outcomes.iter().map(|(id, outcome)| match outcome {
        Ok((noted, filed)) => {
            let concern = filed.as_ref().map(|(filed, status)| view(filed, *status));
            NotedResult { id: *id, status: *noted, concern, problem: None }
        }
        Err(problem) => NotedResult { id: *id, status: NotedStatus::Refused, concern: None, problem: Some(problem) },
    });
    let items = items.collect();
    Ok(reply::read(None, caller.language, &NotedResults { items }))
}

async fn file(
    cx: &Context,
    caller: &Caller<FileConcerns>,
    cafe: &Cafe,
    item: &Value,
) -> Result<(NotedStatus, Option<(Filed, Status)>), Problem> {
    let noted: NotedConcern = body::part(item)?;
    let (id, at) = (noted.id, noted.noted_at);
    let note = Note { id, at, content: sorted(item).to_string(), file: noted.at(cafe).into_command()? };
    Ok(match usecases::concern::note(cx, &caller.grant, cafe, note).await? {
        Sent::Created(filed) => {
            let status = status_of(&filed);
            (NotedStatus::Created, Some((*filed, status)))
        }
        Sent::Exists(found) => {
            let as_it_is = |(concern, status, tickets)| {
                (Filed { concern, tickets, duplicates: Vec::new(), warnings: Vec::new() }, status)
            };
            (NotedStatus::Exists, found.map(|found| as_it_is(*found)))
        }
    })
}

impl NotedConcern {
    /// The concern, heard at that café.
    fn at(self, cafe: &Cafe) -> FileConcern {
        let Self { category, description, place, answer, answers, resident, attach_to, priority, confirm_text, .. } =
            self;
        let (origin, cafe_id) = (Origin::Cafe, Some(cafe.id.0));
        FileConcern {
            origin,
            cafe_id,
            category,
            description,
            place,
            answer,
            answers,
            resident,
            attach_to,
            priority,
            confirm_text,
        }
    }
}

/// The same value with the members of each object in the order of their names: a device may write them otherwise the next
/// time.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<&String, Value> = members.iter().map(|(name, value)| (name, sorted(value))).collect();
            members.into_iter().map(|(name, value)| (name.clone(), value)).collect()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}
