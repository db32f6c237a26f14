//! How tickets are shown.

mod shared;

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use domain::city::City;
use domain::city::catalogue::{ClosureReason, Sensitivity};
use domain::city::question::{Replies, Reply};
use domain::concern::{Origin, Referrer};
use domain::id::ServiceCode;
use domain::language::Language;
use domain::place::Areas;
use domain::rights::{Caller, Right};
use domain::routing::Sent;
use domain::ticket::{Action, Feedback, Priority, State, Ticket};
use serde::{Serialize, Serializer};
use usecases::tracking::Mails;
use utoipa::ToSchema;
use uuid::Uuid;

use self::shared::{Made, Offered, Parts, Routing};
use super::{MailsView, ServiceRef, WhereaboutsView};

/// Who filed a concern.
#[derive(Serialize, ToSchema)]
#[schema(as = Referrer)]
struct ReferrerView {
    /// `person` or `client`, a program.
    #[serde(rename = "type")]
    #[schema(rename = "type", examples("person"))]
    referrer_type: &'static str,
    /// Their account's id.
    id: Uuid,
}

impl From<Referrer> for ReferrerView {
    fn from(referrer: Referrer) -> Self {
        match referrer {
            Referrer::Person(user) => Self { referrer_type: "person", id: user.0 },
            Referrer::Client(client) => Self { referrer_type: "client", id: client.0 },
        }
    }
}

/// Writes an instant as chrono does, at once: sign by sign, each is looked at whether JSON has to escape it.
fn instant<S: Serializer>(at: &(impl Copy + Into<Option<DateTime<Utc>>>), serializer: S) -> Result<S::Ok, S::Error> {
    let at: Option<DateTime<Utc>> = (*at).into();
    at.map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true)).serialize(serializer)
}

/// A ticket: the referral of a concern to one service.
#[derive(Serialize, ToSchema)]
#[schema(as = Ticket)]
pub(crate) struct TicketView<'a> {
    /// Its id.
    id: Uuid,
    /// What people say on the phone; accepted wherever the id is.
    #[schema(pattern = "^[A-Z]{2,5}-[0-9]{2}-[0-9]{6,}$", examples("AMI-26-004217"))]
    reference: &'a str,
    /// Rises by one with each change; also the `ETag`.
    #[schema(minimum = 1)]
    version: i64,
    state: State,
    /// The concern that it refers: its description stands there.
    concern_id: Uuid,
    origin: Origin,
    referrer: ReferrerView,
    /// The category's code.
    #[schema(examples("illegal_dumping"))]
    category: &'a str,
    #[schema(value_type = ServiceRef)]
    service: Made,
    priority: Priority,
    sensitivity: Sensitivity,
    place: WhereaboutsView<'a>,
    /// The area of the place in each zoning, as it was when the concern was filed.
    #[schema(examples(json!({"secteurs": "nord"})))]
    #[schema(value_type = BTreeMap<String, String>)]
    areas: &'a Areas,
    /// What was answered to the category's questions when the concern was filed, by the question's code.
    #[schema(examples(json!({"extent": "street"})))]
    #[schema(value_type = BTreeMap<String, Reply>)]
    answers: &'a Replies,
    /// When the concern was filed.
    #[serde(serialize_with = "instant")]
    filed_at: DateTime<Utc>,
    /// When the service opened it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "instant")]
    #[schema(nullable = false)]
    received_at: Option<DateTime<Utc>>,
    /// When the service took it on.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "instant")]
    #[schema(nullable = false)]
    acknowledged_at: Option<DateTime<Utc>>,
    /// When the service settled it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "instant")]
    #[schema(nullable = false)]
    resolved_at: Option<DateTime<Utc>>,
    /// When it was closed.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "instant")]
    #[schema(nullable = false)]
    closed_at: Option<DateTime<Utc>>,
    /// Until when the service should take it in hand: working time of its calendar.
    #[serde(serialize_with = "instant")]
    ack_due_at: DateTime<Utc>,
    /// Until when the service should settle it.
    #[serde(serialize_with = "instant")]
    resolve_due_at: DateTime<Utc>,
    /// Whether one of the two is missed.
    late: bool,
    /// The day on which the service expects to act.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    expected_on: Option<NaiveDate>,
    /// The day on which it resumes by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    resume_on: Option<NaiveDate>,
    /// When it was last passed to its service: the clocks count from then.
    #[serde(serialize_with = "instant")]
    handed_over_at: DateTime<Utc>,
    /// How often it was passed to a service.
    #[schema(minimum = 1)]
    handovers: i32,
    /// How often somebody passed it on to another service: not once, and the rule of `routing` sent it where it is.
    #[schema(minimum = 0)]
    reroutes: i32,
    /// How often it was reopened.
    #[schema(minimum = 0)]
    reopened: i32,
    /// How many other concerns were attached to it: who raised them hears what becomes of it.
    #[schema(minimum = 0)]
    followers: i32,
    /// The main ticket, when it was closed as a duplicate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    duplicate_of: Option<Uuid>,
    /// Who in the service has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    assignee: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    closure_reason: Option<ClosureReason>,
    /// What its residents say of how it ended. `no_answer` is not `solved`.
    feedback: Feedback,
    /// Whether mails go to the resident; the address is not shown. Only where one ticket is read, and to those who have a
    /// part in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    resident_mails: Option<MailsView>,
    /// Absent when a dispatcher opened the ticket at its service.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    #[schema(value_type = Option<Routing>)]
    routing: Option<Made>,
    /// What the reader may do with it now.
    #[schema(value_type = Vec<Offered>)]
    actions: Made,
}

/// How tickets are shown: to whom, in which language, when.
pub(crate) struct Shown<'a> {
    city: &'a City,
    reader: &'a Caller,
    language: Language,
    now: DateTime<Utc>,
    services: Parts<ServiceCode>,
    routings: Parts<Arc<Sent>>,
    offers: Parts<(State, Vec<Action>)>,
}

impl<'a> Shown<'a> {
    pub(crate) fn new(city: &'a City, reader: &'a Caller, language: Language, now: DateTime<Utc>) -> Self {
        let (services, routings, offers) = Default::default();
        Self { city, reader, language, now, services, routings, offers }
    }

    fn service(&self, code: &ServiceCode) -> Made {
        let service = || (code.clone(), ServiceRef::new(self.city, code, self.language));
        self.services.part(|known| known == code, service)
    }

    fn routing(&self, sent: &Arc<Sent>) -> Made {
        let routing = || {
            let explanation = self.city.explain(sent, self.language);
            (sent.clone(), Routing { rule: sent.rule.as_str(), version: sent.version, explanation })
        };
        self.routings.part(|known| Arc::ptr_eq(known, sent), routing)
    }

    /// The actions that the reader may do now.
    fn offers(&self, ticket: &Ticket) -> Made {
        let state = ticket.state;
        let may_any = self.reader.has(Right::ChangeTickets);
        let actions: Vec<_> = may_any.then(|| self.reader.actions_on(ticket, self.now)).into_iter().flatten().collect();
        let same = |(of, known): &(State, Vec<Action>)| *of == state && *known == actions;
        self.offers.part(same, || {
            let offered: Vec<_> = actions.iter().map(|action| Offered::new(*action, state)).collect();
            ((state, actions.clone()), offered)
        })
    }

    pub(crate) fn ticket<'t>(&self, ticket: &'t Ticket) -> TicketView<'t> {
        TicketView {
            id: ticket.id.0,
            reference: &ticket.reference,
            version: ticket.version,
            state: ticket.state,
            concern_id: ticket.concern.0,
            origin: ticket.origin,
            referrer: ticket.referrer.into(),
            category: ticket.category.as_str(),
            service: self.service(&ticket.service),
            priority: ticket.priority,
            sensitivity: ticket.sensitivity,
            place: (&ticket.place).into(),
            areas: &ticket.areas,
            answers: &ticket.replies,
            filed_at: ticket.filed_at,
            received_at: ticket.received_at,
            acknowledged_at: ticket.acknowledged_at,
            resolved_at: ticket.resolved_at,
            closed_at: ticket.closed_at,
            ack_due_at: ticket.ack_due_at,
            resolve_due_at: ticket.resolve_due_at,
            late: ticket.is_late(self.now),
            expected_on: ticket.scheduled_for,
            resume_on: ticket.resume_on,
            handed_over_at: ticket.handed_over_at,
            handovers: ticket.handovers,
            reroutes: ticket.reroutes,
            reopened: ticket.reopened,
            followers: ticket.followers,
            duplicate_of: ticket.duplicate_of.map(|ticket| ticket.0),
            assignee: ticket.assignee.map(|user| user.0),
            closure_reason: ticket.closure_reason,
            feedback: ticket.feedback,
            resident_mails: None,
            routing: ticket.sent.as_ref().map(|sent| self.routing(sent)),
            actions: self.offers(ticket),
        }
    }
}

impl TicketView<'_> {
    /// The same, with whether mails go to the resident.
    pub(crate) fn with_mails(self, mails: Option<Mails>) -> Self {
        Self { resident_mails: mails.map(Into::into), ..self }
    }

    /// Latitude and longitude of its place, if it has a point.
    pub(crate) fn position(&self) -> Option<(f64, f64)> {
        self.place.lat.zip(self.place.lon)
    }
}
