//! Looking through a draft.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use auth::permission::ReadRouting;
use domain::language::Language;
use domain::routing::check::Fault;
use serde::Serialize;
use usecases::Context;
use usecases::routing::Which;
use utoipa::ToSchema;

use super::DraftPath;
use crate::problem::Problem;
use crate::reply;
use crate::request::caller::Caller;
use crate::request::path::Id;

/// Something that is wrong with a rule set, or worth a look.
#[derive(Serialize, ToSchema)]
#[schema(as = RoutingFault)]
struct FaultView {
    /// The rule's code; absent when it is the set as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    rule: Option<String>,
    /// Where, in the draft (RFC 6901).
    #[schema(examples("/rules/3/when/any_of/0"))]
    pointer: String,
    /// What, for programs: `unknown_service`, `covered`…
    code: &'static str,
    /// What, in words.
    detail: String,
}

impl FaultView {
    fn new(fault: &Fault, language: Language) -> Self {
        Self {
            rule: fault.rule.as_ref().map(ToString::to_string),
            pointer: format!("/rules{}", fault.pointer),
            code: fault.kind.code(),
            detail: fault.kind.message(language),
        }
    }
}

/// What a look at a rule set finds.
#[derive(Serialize, ToSchema)]
pub(crate) struct CheckedRules {
    /// What is wrong: all of it. It can be published once there is none.
    faults: Vec<FaultView>,
    /// What is worth a look.
    warnings: Vec<FaultView>,
}

/// Check a draft of the rules
///
/// Every fault at once, in the city as it is now: what is unknown, rules that are never reached because earlier ones take
/// all that they match, services without a mailbox, a member or a calendar, a missing last rule that catches all…
#[utoipa::path(
    operation_id = "routing_draft_check",
    tag = "routing",
    params(DraftPath),
    responses((status = 200, description = "What is wrong, and what is worth a look", body = CheckedRules)),
    security(("bearer" = []))
)]
#[get("/v1/routing/drafts/{draft}/check")]
pub(crate) async fn check(
    caller: Caller<ReadRouting>,
    cx: Data<Context>,
    path: Id<DraftPath>,
) -> Result<HttpResponse, Problem> {
    let looked = usecases::routing::check(&cx, &caller.grant, Which::Draft(path.draft())).await?;
    let view = |fault: &Fault| FaultView::new(fault, caller.language);
    let body = CheckedRules {
        faults: looked.faults.iter().map(view).collect(),
        warnings: looked.warnings.iter().map(view).collect(),
    };
    Ok(reply::read(None, caller.language, &body))
}
