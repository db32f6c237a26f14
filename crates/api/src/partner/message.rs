//! Writing to the referrer or to the resident, as a ticket's partner.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use chrono::{DateTime, Utc};
use domain::text::MessageToResident;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use usecases::Context;
use usecases::once::Once;
use usecases::ticket::partner::{self, Letter, Sent as Written};
use utoipa::ToSchema;

use super::LinkPath;
use super::act::Asked;
use super::sent::Sent;
use crate::problem::{Problem, preferred_language};
use crate::reply;
use crate::request::body::{Body, input};
use crate::request::caller::Visitor;
use crate::request::idempotency::IdempotencyHeader;

/// To whom a partner writes.
#[derive(Clone, Copy, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PartnerAddressee {
    /// The officer who follows the concern.
    Referrer,
    /// The resident, if they left an address.
    Resident,
}

/// Write to the referrer or to the resident.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteAsPartner {
    to: PartnerAddressee,
    /// What. Plates are masked; to the referrer, everything that points to a person.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    text: MessageToResident,
}
input!(WriteAsPartner);

/// A message that was written.
#[derive(Serialize, ToSchema)]
pub(crate) struct PartnerWritten {
    /// When it was written.
    at: DateTime<Utc>,
    /// What it says, as it was kept.
    text: String,
    /// To the resident: when it leaves.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    leaves_at: Option<DateTime<Utc>>,
}

impl PartnerWritten {
    fn new(written: &Written) -> Self {
        match written {
            Written::Referrer(written) => {
                Self { at: written.writing.at, text: written.writing.text.to_string(), leaves_at: None }
            }
            Written::Resident(written) => Self {
                at: written.writing.at,
                text: written.writing.text.to_string(),
                leaves_at: Some(written.writing.leaves_at),
            },
        }
    }
}

/// Write to the referrer or to the resident, as a ticket's partner
///
/// The referrer is told at once; a message to the resident leaves after twenty minutes. How the ticket ended is told with
/// `resolve`, not here.
#[utoipa::path(
    operation_id = "partner_message",
    tag = "partners",
    params(LinkPath, IdempotencyHeader),
    request_body(content = WriteAsPartner, example = json!({"to": "referrer", "text": "Nous passons jeudi matin."})),
    responses(
        (status = 201, description = "The message", body = PartnerWritten),
        (status = 303, description = "To the page, when its form was sent", headers(("Location" = String, description = "The page"))),
        (status = 409, description = "`resident_without_address`, `hidden_from_referrer`"),
        (status = 410, description = "`partner_link_expired`, `partner_link_over`"),
    ),
    security(())
)]
#[post("/v1/partners/{token}/message")]
pub(crate) async fn message(
    request: HttpRequest,
    Visitor(from): Visitor,
    cx: Data<Context>,
    path: LinkPath,
    sent: Sent<WriteAsPartner>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked { request: &request, cx: &cx, path: &path, from: &from, action: "message" };
    asked
        .answer(sent, async |door, sent| {
            let Body { value: WriteAsPartner { to, text }, digest } = sent.body?;
            let letter = match to {
                PartnerAddressee::Referrer => Letter::ToReferrer(text.into()),
                PartnerAddressee::Resident => Letter::ToResident(text),
            };
            let show = |written: &Written| reply::kept(StatusCode::CREATED, None, None, &PartnerWritten::new(written));
            let once = Once::new(sent.key?.claim(door.id().0, &digest), &show);
            let done = partner::write(&cx, door, letter, once).await?;
            reply::send(done.into_answer(show), preferred_language(&request))
        })
        .await
}
