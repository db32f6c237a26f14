//! Having another link sent, in place of one that expired.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use chrono::{DateTime, Utc};
use serde::Serialize;
use usecases::Context;
use usecases::ticket::partner::{self, RenewError};
use utoipa::ToSchema;

use super::sent::Sent;
use super::{LinkPath, page};
use crate::problem::{Problem, preferred_language};
use crate::reply;
use crate::request::body::Nothing;
use crate::request::caller::Visitor;

/// A link that was sent.
#[derive(Serialize, ToSchema)]
pub(crate) struct PartnerRenewed {
    /// Until when the new link works.
    link_expires_at: DateTime<Utc>,
}

/// Have another link sent
///
/// In place of one that expired while the ticket is still with the partner: to the partner's mailbox, and nowhere else. The
/// old link still asks for others, and leads nowhere else. A few times a day at most.
#[utoipa::path(
    operation_id = "partner_renew",
    tag = "partners",
    params(LinkPath),
    request_body(content = Nothing, example = json!({})),
    responses(
        (status = 202, description = "It is on its way", content((PartnerRenewed = "application/json"), (String = "text/html"))),
        (status = 303, description = "To the page, whose link still works, when its form was sent", headers(("Location" = String, description = "The page"))),
        (status = 409, description = "`partner_link_still_valid`"),
        (status = 410, description = "`partner_link_over`"),
        (status = 429, description = "`rate_limited`; `too_many_attempts`: `Retry-After` says when to try again"),
    ),
    security(())
)]
#[post("/v1/partners/{token}/renew")]
pub(crate) async fn renew(
    request: HttpRequest,
    Visitor(from): Visitor,
    cx: Data<Context>,
    path: LinkPath,
    sent: Sent<Nothing>,
) -> Result<HttpResponse, Problem> {
    let form = sent.form.is_some();
    if !form {
        sent.body?;
    }
    match (partner::renew(&cx, &path.token, &from).await, form) {
        (Ok(link_expires_at), false) => {
            let answer = reply::kept(StatusCode::ACCEPTED, None, None, &PartnerRenewed { link_expires_at });
            reply::send(answer, preferred_language(&request))
        }
        (Err(error), false) => Err(error.into()),
        (Ok(_), true) => page::renewed(&request, StatusCode::ACCEPTED, None),
        (Err(RenewError::Shut(shut)), true) => page::shut(&request, &path, shut),
        (Err(RenewError::NotExpired), true) => {
            Ok(HttpResponse::SeeOther().insert_header((LOCATION, path.page())).finish())
        }
        (Err(RenewError::Throttled(throttled)), true) => {
            page::renewed(&request, StatusCode::TOO_MANY_REQUESTS, Some(&throttled))
        }
    }
}
