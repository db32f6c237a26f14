//! What each value of an enumeration means. utoipa drops what is written beside the variants; schemars keeps it.

use std::borrow::Cow;

use domain::account::Method;
use domain::attachment::MediaType;
use domain::cafe::report::Weather;
use domain::city::catalogue::{ClosureReason, Sensitivity};
use domain::city::organisation::{Entitled, ServiceKind};
use domain::concern::{Origin, Outcome, Status};
use domain::feed::EventType;
use domain::language::Language;
use domain::notification::{ListRhythm, Rhythm};
use domain::person::Role;
use domain::restitution::{Became, How};
use domain::rights::ClientScope;
use domain::routing::Day;
use domain::ticket::event::{HoldReason, Part, RefusalReason, Writer};
use domain::ticket::feedback::Unsolved;
use domain::ticket::{Action, Feedback, Priority, State};
use domain::time::Holidays;
use schemars::{JsonSchema, schema_for};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// A schema's name, and each of its values with what it means.
type Meanings = (Cow<'static, str>, Vec<(String, String)>);

/// Every enumeration; a test finds the ones that are missing.
fn all() -> Vec<Meanings> {
    let scope = |scope: &ClientScope| (scope.code().to_owned(), scope.allows().to_owned());
    let event = |event: &EventType| (event.code().to_owned(), event.meaning().to_owned());
    vec![
        (ClientScope::name(), ClientScope::ALL.iter().map(scope).collect()),
        (EventType::name(), EventType::ALL.iter().map(event).collect()),
        of::<Action>(),
        of::<Became>(),
        of::<ClosureReason>(),
        of::<Day>(),
        of::<Entitled>(),
        of::<Feedback>(),
        of::<HoldReason>(),
        of::<Holidays>(),
        of::<How>(),
        of::<Language>(),
        of::<ListRhythm>(),
        of::<MediaType>(),
        of::<Method>(),
        of::<Origin>(),
        of::<Outcome>(),
        of::<Part>(),
        of::<Priority>(),
        of::<RefusalReason>(),
        of::<Rhythm>(),
        of::<Role>(),
        of::<Sensitivity>(),
        of::<ServiceKind>(),
        of::<State>(),
        of::<Status>(),
        of::<Unsolved>(),
        of::<Weather>(),
        of::<Writer>(),
        of::<domain::cafe::State>(),
        of::<domain::city::question::Kind>(),
        of::<domain::ticket::handover::Answer>(),
        of::<domain::webhook::Because>(),
        of::<crate::city::calendars::ClosedReason>(),
        of::<crate::client::Kind>(),
        of::<crate::concern::batch::NotedStatus>(),
        of::<crate::concern::suggest::UnknownReason>(),
        of::<crate::inbound::receive::InboundOutcome>(),
        of::<crate::inbound::receive::InboundReason>(),
        of::<crate::partner::message::PartnerAddressee>(),
        of::<crate::tracking::feedback::YesNo>(),
        of::<crate::view::MailsView>(),
    ]
}

/// What is written beside the variants of a type.
fn of<T: JsonSchema + ToSchema>() -> Meanings {
    let schema = schema_for!(T).to_value();
    let text = |value: &Value| Some(value.as_str()?.replace('\n', " "));
    let meaning = |one: &Value| Some((text(&one["const"])?, text(&one["description"])?));
    (T::name(), schema["oneOf"].as_array().into_iter().flatten().filter_map(meaning).collect())
}

/// Adds to the description of each enumeration what its values mean.
pub(super) fn add(schemas: &mut Value) {
    for (name, meanings) in all() {
        let Some(schema) = schemas.get_mut(&*name) else { continue };
        let lines: Vec<String> = meanings.iter().map(|(value, meaning)| format!("- `{value}`: {meaning}")).collect();
        let description = schema["description"].as_str().unwrap_or_default();
        schema["description"] = json!(format!("{description}\n\n{}", lines.join("\n")));
    }
}
