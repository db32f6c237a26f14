//! A ticket as its partner sees it: what its service is entitled to.

use chrono::{DateTime, NaiveDate, Utc};
use domain::city::City;
use domain::city::organisation::Entitled;
use domain::language::Language;
use domain::ticket::event::{Part, Writer};
use domain::ticket::partner::ACTIONS;
use domain::ticket::writing::ReferrerMessage;
use domain::ticket::{Action, Actor, State, Ticket};
use serde::Serialize;
use usecases::ticket::attachment::Shown as Attachment;
use usecases::ticket::partner::{Door, Shown};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ticket::{areas, replies};
use crate::view::{ServiceRef, state_label};

/// Where the concern is, as exactly as the partner may know.
#[derive(Serialize, ToSchema)]
pub(super) struct PartnerPlace {
    /// The street, without number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("rue du Pigeonnier"))]
    pub(super) street: Option<String>,
    /// The names of the areas that it lies in.
    #[schema(examples("Secteur Nord"))]
    pub(super) areas: String,
    /// The address as it stands (`place`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) address: Option<String>,
    /// Latitude, WGS 84 (`place`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) lat: Option<f64>,
    /// Longitude, WGS 84 (`place`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) lon: Option<f64>,
}

/// A question of the category, and its answer.
#[derive(Serialize, ToSchema)]
pub(super) struct PartnerAnswer {
    /// What was asked.
    pub(super) question: String,
    /// What the resident answered.
    pub(super) answer: String,
}

/// A photograph.
#[derive(Serialize, ToSchema)]
pub(super) struct PartnerPhoto {
    /// Its id.
    id: Uuid,
    /// When it was added.
    added_at: DateTime<Utc>,
    /// Where its bytes are.
    content: String,
    /// Where a picture of at most 400 pixels a side is.
    thumbnail: String,
}

/// Something that the partner or the referrer wrote to the other.
#[derive(Serialize, ToSchema)]
pub(super) struct PartnerMessage {
    /// When it was written.
    pub(super) at: DateTime<Utc>,
    /// Whether the partner, or somebody else for its service, wrote it.
    pub(super) own: bool,
    /// What it says, as it was kept.
    pub(super) text: String,
}

/// A ticket, for a partner without accounts.
#[derive(Serialize, ToSchema)]
pub(crate) struct PartnerTicket {
    /// What to say on the phone.
    #[schema(examples("AMI-26-004217"))]
    pub(super) reference: String,
    /// Counts the changes; the `ETag`.
    #[schema(minimum = 1)]
    pub(super) version: i64,
    pub(super) state: State,
    /// What the state is called.
    pub(super) state_label: String,
    /// What it is about.
    pub(super) category: String,
    pub(super) service: ServiceRef,
    /// Why the partner is told.
    pub(super) purpose: String,
    /// What it may see besides category, street, reference and dates.
    pub(super) may_see: Vec<Entitled>,
    pub(super) place: PartnerPlace,
    /// When the concern was filed.
    pub(super) filed_at: DateTime<Utc>,
    /// When the ticket was passed to the partner.
    pub(super) sent_at: DateTime<Utc>,
    /// When it was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) received_at: Option<DateTime<Utc>>,
    /// Until when the partner should take it in hand; unanswered, it returns to the dispatcher then.
    pub(super) ack_due_at: DateTime<Utc>,
    /// Until when the partner should settle it.
    pub(super) resolve_due_at: DateTime<Utc>,
    /// The day on which the partner expects to act.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) expected_on: Option<NaiveDate>,
    /// What the resident said (`description`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) description: Option<String>,
    /// What was answered to the category's questions (`answers`).
    pub(super) answers: Vec<PartnerAnswer>,
    /// The photographs (`photos`), without those that a resident sent; fifty at most.
    pub(super) photos: Vec<PartnerPhoto>,
    /// What the partner and the referrer wrote to one another (`messages`) since the ticket is with the partner, the
    /// first one first; fifty at most.
    pub(super) messages: Vec<PartnerMessage>,
    /// What the partner can do now.
    pub(super) actions: Vec<Action>,
    /// Until when the link works.
    pub(super) link_expires_at: DateTime<Utc>,
}

fn place(ticket: &Ticket, city: &City, whole: bool) -> PartnerPlace {
    let point = ticket.place.point.filter(|_| whole);
    PartnerPlace {
        street: ticket.place.street(),
        areas: areas(ticket, city),
        address: ticket.place.address.as_ref().filter(|_| whole).map(ToString::to_string),
        lat: point.map(|point| point.lat),
        lon: point.map(|point| point.lon),
    }
}

/// The actions that the ticket allows its partner now.
pub(super) fn actions(ticket: &Ticket, now: DateTime<Utc>) -> Vec<Action> {
    ACTIONS.into_iter().filter(|action| ticket.allows(*action, now).is_ok()).collect()
}

impl PartnerMessage {
    fn new(message: &ReferrerMessage) -> Self {
        let own = match &message.by {
            Actor::Partner { .. } | Actor::Service { .. } => true,
            Actor::Person { part, .. } | Actor::Client { part, .. } => *part == Part::Service,
            Actor::Mail { from, .. } => *from == Writer::Service,
            Actor::Resident { .. } | Actor::System => false,
        };
        Self { at: message.at, own, text: message.text.to_string() }
    }
}

impl PartnerTicket {
    /// The ticket, whose page is at that path.
    pub(super) fn new(
        door: &Door,
        shown: Shown,
        city: &City,
        language: Language,
        path: &str,
        now: DateTime<Utc>,
    ) -> Self {
        let (ticket, access) = (door.ticket(), door.access());
        let sees = |what| access.may_see.contains(&what);
        let category = city.category(&ticket.category).map(|category| category.label.in_language(language));
        let answer = |[question, answer]: [String; 2]| PartnerAnswer { question, answer };
        let answers = if sees(Entitled::Answers) { replies(ticket, city, language) } else { Vec::new() };
        let photo = |Attachment { attachment, .. }: Attachment| PartnerPhoto {
            id: attachment.id.0,
            added_at: attachment.added_at,
            content: format!("{path}/photos/{}/content", attachment.id),
            thumbnail: format!("{path}/photos/{}/thumbnail", attachment.id),
        };
        let state = match language {
            Language::Fr => state_label(ticket.state).to_owned(),
            Language::En => ticket.state.code().replace('_', " "),
        };
        Self {
            reference: ticket.reference.clone(),
            version: ticket.version,
            state: ticket.state,
            state_label: state,
            category: category.unwrap_or(ticket.category.as_str()).to_owned(),
            service: ServiceRef::new(city, &ticket.service, language),
            purpose: access.purpose.in_language(language).to_owned(),
            may_see: access.may_see.iter().copied().collect(),
            place: place(ticket, city, sees(Entitled::Place)),
            filed_at: shown.raised.filed_at,
            sent_at: ticket.handed_over_at,
            received_at: ticket.received_at,
            ack_due_at: ticket.ack_due_at,
            resolve_due_at: ticket.resolve_due_at,
            expected_on: ticket.scheduled_for,
            description: shown.raised.description.map(String::from),
            answers: answers.into_iter().map(answer).collect(),
            photos: shown.photos.into_iter().map(photo).collect(),
            messages: shown.messages.iter().map(PartnerMessage::new).collect(),
            actions: actions(ticket, now),
            link_expires_at: door.expires_at(),
        }
    }
}
