//! Filing a concern.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::Holder as _;
use auth::permission::FileConcerns;
use chrono::{DateTime, Utc};
use domain::city::City;
use domain::city::question::Reply;
use domain::concern::{Origin, Status};
use domain::email::EmailAddress;
use domain::id::{CafeId, CategoryCode};
use domain::language::Language;
use domain::rights::Caller as Reader;
use domain::text::{Answer, Description, PersonName};
use domain::ticket::Priority;
use serde::{Deserialize, Serialize};
use usecases::Context;
use usecases::concern::{Contact, Fault, File, FileError, Filed};
use usecases::once::Once;
use utoipa::ToSchema;
use uuid::Uuid;

use super::duplicates::PossibleDuplicate;
use super::{ConcernView, EmergencyView, WarningView};
use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::request::idempotency::{Idempotency, IdempotencyHeader};
use crate::ticket::named;
use crate::view::WhereaboutsView;

/// How the resident can be reached, and in which language. Kept encrypted, apart from the concern.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Resident {
    /// Their name.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 120)]
    name: Option<PersonName>,
    /// Their e-mail address: they are told how it goes, and get a link to follow it.
    #[schema(value_type = Option<String>, format = "email", max_length = 254)]
    email: Option<EmailAddress>,
    /// Their telephone, E.164.
    #[schema(pattern = r"^\+[1-9][0-9]{6,14}$")]
    phone: Option<String>,
    /// The language in which they want to be answered; French when absent.
    language: Option<Language>,
}

/// File a concern.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileConcern {
    /// Where it was heard; `open311` is for what comes over Open311 alone.
    pub(super) origin: Origin,
    /// The café, when `origin` is `cafe`.
    pub(super) cafe_id: Option<Uuid>,
    /// The category's code; see `GET /v1/categories`.
    #[schema(value_type = String, pattern = "^[a-z][a-z0-9_-]{0,59}$", examples("illegal_dumping"))]
    pub(super) category: CategoryCode,
    /// What the resident said. Compulsory, unless the category is an emergency or a crime: then it is not kept.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4000)]
    pub(super) description: Option<Description>,
    /// Where: a point inside the city, an address, or both. An address alone lies in no area.
    pub(super) place: WhereaboutsView<'static>,
    /// What you answered on the spot: no ticket is opened then.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4000)]
    pub(super) answer: Option<Answer>,
    /// What was answered to the category's questions, by the question's code; see `GET /v1/categories`.
    #[serde(default)]
    #[schema(examples(json!({"extent": "street"})))]
    pub(super) answers: BTreeMap<String, Reply>,
    pub(super) resident: Option<Resident>,
    /// An open ticket of the same category, its id or its reference, that the concern is attached to: no ticket is opened
    /// then, and who raised it hears what becomes of that one. A restricted one takes only what its own referrer files. See
    /// `possible_duplicates`.
    #[schema(pattern = "^[A-Za-z0-9-]{1,60}$", examples("AMI-26-000001"))]
    pub(super) attach_to: Option<String>,
    /// How pressing you find it: the priority of the tickets that it opens, unless the rule that sends it says otherwise. Left
    /// out, the category's.
    pub(super) priority: Option<Priority>,
    /// You have read the warnings about the text: keep it as it is. Otherwise the passages are masked.
    #[serde(default)]
    pub(super) confirm_text: bool,
}
input!(FileConcern);

/// A concern as it was filed.
#[derive(Serialize, ToSchema)]
pub(crate) struct FiledConcern<'a> {
    #[serde(flatten)]
    concern: ConcernView<'a>,
    /// Open tickets of the same category within 50 metres that were filed in the last 30 days and that you may know of,
    /// the best first, five at most.
    possible_duplicates: Vec<PossibleDuplicate>,
    /// What the officer should know about what was kept.
    warnings: Vec<WarningView>,
    /// Whom the resident should call at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    emergency: Option<EmergencyView>,
}

impl<'a> FiledConcern<'a> {
    pub(super) fn new(
        filed: &'a Filed,
        status: Status,
        city: &City,
        reader: &Reader,
        language: Language,
        now: DateTime<Utc>,
    ) -> Self {
        let Filed { concern, tickets, duplicates, warnings } = filed;
        Self {
            concern: ConcernView::new(concern, status, tickets, city, reader, language, now),
            possible_duplicates: PossibleDuplicate::all(duplicates, concern.category.as_str(), city, language),
            warnings: warnings.iter().map(|warning| WarningView::new(warning, language)).collect(),
            emergency: city.category(&concern.category).and_then(|category| EmergencyView::of(category, language)),
        }
    }
}

/// How far a concern is that was filed just now, of which every ticket is at hand.
pub(super) fn status_of(filed: &Filed) -> Status {
    Status::of(filed.tickets.iter().map(|ticket| ticket.state))
}

impl FileConcern {
    pub(super) fn into_command(self) -> Result<File, Problem> {
        let contact = self.resident.map(|resident| Contact {
            name: resident.name.map(Into::into),
            email: resident.email.map(String::from),
            phone: resident.phone,
            language: resident.language.unwrap_or_default(),
        });
        let attach_to = self.attach_to.map(|name| named(&name).ok_or(Fault::UnknownTicket)).transpose();
        Ok(File {
            origin: self.origin,
            cafe: self.cafe_id.map(CafeId),
            category: self.category,
            description: self.description,
            place: self.place.try_into()?,
            answer: self.answer,
            replies: self.answers,
            attach_to: attach_to.map_err(|fault| FileError::Invalid(vec![fault]))?,
            resident: contact,
            priority: self.priority,
            confirm_text: self.confirm_text,
        })
    }
}

/// File a concern
///
/// Finds the area of the place in each zoning, routes the concern by the city's rules, opens its tickets and tells the
/// services by e-mail. A concern that you answered on the spot, or that you attach to a ticket, opens none; of an emergency or a crime, only the
/// category, the time and the areas are kept, and the answer says whom the resident should call.
#[utoipa::path(
    operation_id = "concern_file",
    tag = "concerns",
    params(IdempotencyHeader),
    request_body(content = FileConcern, example = json!({
        "origin": "patrol",
        "category": "illegal_dumping",
        "description": "Un matelas et des sacs au pied du mur",
        "place": {"lat": 49.9121, "lon": 2.2972, "address": "Rue du Pigeonnier"},
        "resident": {"email": "habitante@mail.example", "language": "fr"}
    })),
    responses((status = 201, description = "The concern, with its tickets", body = FiledConcern, headers(("Location" = String, description = "The concern")))),
    security(("bearer" = []))
)]
#[post("/v1/concerns")]
pub(crate) async fn file(
    caller: Caller<FileConcerns>,
    cx: Data<Context>,
    key: Idempotency,
    body: Body<FileConcern>,
) -> Result<HttpResponse, Problem> {
    let Caller { grant, language } = caller;
    let cmd = body.value.into_command()?;
    let loaded = cx.city()?;
    let show = |filed: &Filed| {
        let view = FiledConcern::new(filed, status_of(filed), &loaded.city, grant.caller(), language, cx.now());
        reply::kept(StatusCode::CREATED, None, Some(format!("/v1/concerns/{}", filed.concern.id)), &view)
    };
    let claim = key.claim(grant.holder().id(), &body.digest);
    let done = usecases::concern::file(&cx, &grant, cmd, Once::new(claim, &show)).await?;
    reply::send(done.into_answer(show), language)
}
