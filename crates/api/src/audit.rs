//! `/v1/audit`: who read what is restricted, who administered what.

use crate::openapi::Routes;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::ReadAudit;
use chrono::{DateTime, Utc};
use domain::audit::chain::Entry;
use domain::audit::{Act, By};
use domain::id::UserId;
use serde::Serialize;
use serde_json::Value;
use usecases::Context;
use usecases::audit::Filter;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::problem::{Code, Problem};
use crate::reply;
use crate::request::caller::Caller;
use crate::request::date::instant;
use crate::request::query::{Query, one_of};

pub(crate) fn routes(config: &mut impl Routes) {
    config.service(list);
}

/// What the log can be narrowed by.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameters that `Query` takes")]
pub(crate) struct ListAudit {
    /// Only this act.
    #[param(example = "ticket_read")]
    act: Option<String>,
    /// Only what this person did, by the id of their account.
    user: Option<Uuid>,
    /// From this moment on.
    since: Option<DateTime<Utc>>,
    /// Before this moment.
    until: Option<DateTime<Utc>>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Who did something: `person`, `client`, `operator` (at the server's command line), `system`, or `nobody` (who is not
/// known, such as somebody who did not manage to log in).
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditActor {
    /// What acted: `person`, `client`, `system` and the like.
    #[serde(rename = "type")]
    #[schema(rename = "type", examples("person"))]
    kind: &'static str,
    /// The id of the account or of the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    id: Option<Uuid>,
}

/// An entry of the audit log.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditEntry {
    /// Its number; none is left out.
    #[schema(minimum = 1)]
    seq: i64,
    /// When.
    at: DateTime<Utc>,
    by: AuditActor,
    /// The address from which it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("192.0.2.7"))]
    from: Option<String>,
    /// What was done: its `type`, and what it was done to.
    #[schema(value_type = Object, examples(json!({"type": "ticket_read", "ticket": "0199a2c0-0000-7000-8000-000000000001"})))]
    act: Value,
    /// Why, if it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    why: Option<String>,
    /// The SHA-256 that the next entry continues, hexadecimal.
    hash: String,
}

impl TryFrom<&Entry> for AuditEntry {
    type Error = serde_json::Error;

    fn try_from(entry: &Entry) -> Result<Self, Self::Error> {
        let record = entry.record()?;
        let (kind, id) = match record.by {
            By::Person { user } => ("person", Some(user.0)),
            By::Client { client } => ("client", Some(client.0)),
            By::Operator => ("operator", None),
            By::System => ("system", None),
            By::Nobody => ("nobody", None),
        };
        Ok(Self {
            seq: entry.seq,
            at: entry.at,
            by: AuditActor { kind, id },
            from: record.from,
            act: serde_json::to_value(&record.act)?,
            why: record.why,
            hash: entry.hash.to_string(),
        })
    }
}

/// A page of the audit log.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditPage {
    /// The entries, the last one first.
    items: Vec<AuditEntry>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Read the audit log
///
/// The last entry first. For auditors. It names accounts, programs and tickets by their ids only.
#[utoipa::path(
    operation_id = "audit_list",
    tag = "audit",
    params(ListAudit),
    responses((status = 200, description = "A page of the log", body = AuditPage, headers(("Link" = String, description = "The next page, rel=\"next\"")))),
    security(("bearer" = []))
)]
#[get("/v1/audit")]
pub(crate) async fn list(
    caller: Caller<ReadAudit>,
    cx: Data<Context>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let code = |text: &str| Act::CODES.contains(&text).then(|| text.to_owned());
    let filter = Filter {
        act: query.one("act", one_of(Act::CODES).as_str(), code),
        user: query
            .one("user", ("l’identifiant d’un compte", "the id of an account"), |id| id.parse().map(UserId).ok()),
        since: query.one("since", "2026-03-10T09:00:00Z", instant),
        until: query.one("until", "2026-03-10T09:00:00Z", instant),
    };
    let (limit, before) = query.page();
    query.finish()?;
    let page = usecases::audit::list(&cx, &caller.grant, &filter, before, limit).await?;
    let items: Result<Vec<_>, _> = page.items.iter().map(AuditEntry::try_from).collect();
    let items = items.map_err(|error| {
        tracing::error!(%error, "an entry of the audit log cannot be read");
        Problem::new(Code::Internal)
    })?;
    Ok(reply::page(&request, caller.language, items, page.next.as_ref()))
}
