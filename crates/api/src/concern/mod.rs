//! `/v1/concerns`.

pub(crate) mod batch;
mod duplicates;
pub(crate) mod file;
mod read;
pub(crate) use read::ConcernPath;
pub(crate) mod suggest;
mod tracking;

use crate::openapi::Routes;
use chrono::{DateTime, Utc};
use domain::city::City;
use domain::city::catalogue::{Category, EmergencyNumber};
use domain::city::question::{Replies, Reply};
use domain::concern::{Origin, Outcome, Status};
use domain::content::Finding;
use domain::language::{Label, Language};
use domain::place::Areas;
use domain::rights::Caller;
use domain::ticket::Ticket;
use serde::Serialize;
use usecases::concern::{Concern, Warning};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::view::{Shown, TicketView, WhereaboutsView};

pub(crate) fn routes(config: &mut impl Routes) {
    config
        .service(batch::batch)
        .service(file::file)
        .service(duplicates::duplicates)
        .service(suggest::suggest)
        .service(read::read)
        .service(tracking::renew)
        .service(tracking::end)
        .service(tracking::slip);
}

/// A concern: what one resident said, once.
#[derive(Serialize, ToSchema)]
#[schema(as = Concern)]
pub(crate) struct ConcernView<'a> {
    /// Its id.
    id: Uuid,
    origin: Origin,
    /// The café at which it was heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    cafe_id: Option<Uuid>,
    outcome: Outcome,
    /// How far it is, as all of its tickets say: the same for every reader.
    status: Status,
    /// The category's code.
    #[schema(examples("illegal_dumping"))]
    category: String,
    /// What the resident said, as it was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<String>,
    /// What the officer answered on the spot.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    answer: Option<String>,
    /// What was answered to the category's questions, by the question's code.
    #[schema(examples(json!({"extent": "street"})))]
    #[schema(value_type = BTreeMap<String, Reply>)]
    answers: &'a Replies,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    place: Option<WhereaboutsView<'a>>,
    /// The area of the place in each zoning.
    #[schema(examples(json!({"secteurs": "nord"})))]
    #[schema(value_type = BTreeMap<String, String>)]
    areas: &'a Areas,
    /// When it was filed.
    filed_at: DateTime<Utc>,
    /// When it was noted, if that was before, without a network. Clocks count from `filed_at`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    noted_at: Option<DateTime<Utc>>,
    /// The ticket of another concern that it was attached to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    attached_to: Option<Uuid>,
    /// Those of its tickets that the reader may know of; of a concern that was attached, the ticket that it was attached
    /// to, and what that was merged into since.
    tickets: Vec<TicketView<'a>>,
}

impl<'a> ConcernView<'a> {
    fn new(
        concern: &'a Concern,
        status: Status,
        tickets: &'a [Ticket],
        city: &City,
        reader: &Caller,
        language: Language,
        now: DateTime<Utc>,
    ) -> Self {
        let shown = Shown::new(city, reader, language, now);
        let visible = || tickets.iter().filter(|ticket| reader.sees(ticket));
        let attached_to = concern.follows.filter(|id| visible().any(|ticket| ticket.id == *id));
        Self {
            id: concern.id.0,
            origin: concern.origin,
            cafe_id: concern.cafe.map(|cafe| cafe.0),
            outcome: concern.outcome,
            status,
            category: concern.category.to_string(),
            description: concern.description.as_ref().map(ToString::to_string),
            answer: concern.answer.as_ref().map(ToString::to_string),
            answers: &concern.replies,
            place: concern.place.as_ref().map(Into::into),
            areas: &concern.areas,
            filed_at: concern.filed_at,
            noted_at: concern.noted_at,
            attached_to: attached_to.map(|ticket| ticket.0),
            tickets: visible().map(|ticket| shown.ticket(ticket)).collect(),
        }
    }
}

/// Something that the officer should know about what was kept.
#[derive(Serialize, ToSchema)]
#[schema(as = Warning)]
pub(crate) struct WarningView {
    /// `plate`, `phone_number`, `email_address`, `social_security_number`, `health_word`, `offence_word`, `secret_link`,
    /// `nothing_kept` or `out_of_sight`.
    #[schema(examples("plate"))]
    code: &'static str,
    /// The field of the request that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    #[schema(examples("description", "answers/since"))]
    field: Option<String>,
    /// Whether the passage was masked: send `confirm_text` to keep the text as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    masked: Option<bool>,
    /// What to tell the officer.
    message: &'static str,
}

impl WarningView {
    fn new(warning: &Warning, language: Language) -> Self {
        match warning {
            Warning::Description { finding, masked } => {
                Self::passage("description".to_owned(), *finding, *masked, language)
            }
            Warning::Answer { finding, masked } => Self::passage("answer".to_owned(), *finding, *masked, language),
            Warning::Reply { question, finding, masked } => {
                Self::passage(format!("answers/{question}"), *finding, *masked, language)
            }
            Warning::OutOfSight => Self {
                code: "out_of_sight",
                field: None,
                masked: None,
                message: language.pick((
                    "Cette réclamation est transmise à qui doit l’entendre ; vous ne la verrez plus. L’habitant, s’il a laissé une adresse, la suit par son lien.",
                    "This complaint goes to those who hear it; you will not see it again. A resident who left an address follows it through their link.",
                )),
            },
            Warning::NothingKept => Self {
                code: "nothing_kept",
                field: None,
                masked: None,
                message: language.pick((
                    "Urgence ou infraction : ni récit ni coordonnées ne sont conservés. Donnez les numéros à l’habitant.",
                    "Emergency or crime: neither narrative nor contact is kept. Give the resident the numbers.",
                )),
            },
        }
    }

    /// What was found in a text.
    pub(crate) fn passage(field: String, finding: Finding, masked: bool, language: Language) -> Self {
        let message = language.pick(match finding {
            Finding::Plate => ("Le texte contient une plaque d’immatriculation.", "The text contains a number plate."),
            Finding::PhoneNumber => {
                ("Le texte contient un numéro de téléphone.", "The text contains a telephone number.")
            }
            Finding::EmailAddress => {
                ("Le texte contient une adresse électronique.", "The text contains an e-mail address.")
            }
            Finding::SocialSecurityNumber => {
                ("Le texte contient un numéro de sécurité sociale.", "The text contains a social-security number.")
            }
            Finding::HealthWord => {
                ("Le texte parle de la santé de quelqu’un.", "The text speaks of somebody's health.")
            }
            Finding::OffenceWord => {
                ("Le texte accuse quelqu’un d’une infraction.", "The text accuses somebody of an offence.")
            }
            Finding::SecretLink => (
                "Le texte contient un lien personnel, qui reste masqué.",
                "The text contains a personal link, which stays masked.",
            ),
        });
        Self { code: finding.code(), field: Some(field), masked: Some(masked), message }
    }
}

/// A number to call.
#[derive(Serialize, ToSchema)]
#[schema(as = EmergencyNumber)]
struct NumberView {
    /// As one dials it.
    #[schema(examples("17"))]
    number: String,
    /// Who answers.
    label: String,
}

/// Whom the resident should call.
#[derive(Serialize, ToSchema)]
#[schema(as = Emergency)]
pub(crate) struct EmergencyView {
    /// What the officer says.
    message: String,
    /// The numbers, the most urgent first.
    numbers: Vec<NumberView>,
}

impl EmergencyView {
    /// None when there is nobody to call.
    pub(crate) fn of(category: &Category, language: Language) -> Option<Self> {
        let emergency = category.emergency.as_ref()?;
        let text = |label: &Label| label.in_language(language).to_owned();
        let number = |n: &EmergencyNumber| NumberView { number: n.number.clone(), label: text(&n.label) };
        Some(Self { message: text(&emergency.message), numbers: emergency.numbers.iter().map(number).collect() })
    }
}
