//! What is kept of a resident, as it is handed out to them (RGPD, article 15).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::language::Language;

/// How a resident can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeptContact {
    /// Their name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("Camille Dupont"))]
    pub name: Option<String>,
    /// Their e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("camille.dupont@mail.example"))]
    pub email: Option<String>,
    /// Their telephone (E.164).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("+33322974040"))]
    pub phone: Option<String>,
    /// The language in which they want to be answered.
    pub language: Language,
}

/// What was said, with what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct KeptConcern {
    /// Its id.
    pub id: Uuid,
    /// How the resident can be reached; absent when they left nothing, or it was erased.
    #[serde(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub contact: Option<KeptContact>,
    /// When it was filed.
    pub filed_at: DateTime<Utc>,
    /// Where it was heard.
    #[schema(examples("cafe"))]
    pub origin: String,
    /// The code of its category.
    #[schema(examples("illegal_dumping"))]
    pub category: String,
    /// What became of it when it was filed.
    #[schema(examples("referred"))]
    pub outcome: String,
    /// What was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("Un matelas devant l’entrée depuis une semaine."))]
    pub description: Option<String>,
    /// What was answered on the spot.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub answer: Option<String>,
    /// What was answered to the category's questions, by question.
    pub answers: Map<String, Value>,
    /// The address of the place.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("12 rue du Pigeonnier"))]
    pub address: Option<String>,
    /// The latitude of the place, degrees (WGS 84).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples(49.897))]
    pub lat: Option<f64>,
    /// The longitude of the place, degrees (WGS 84).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples(2.295))]
    pub lon: Option<f64>,
    /// The tickets of the concern.
    pub tickets: Vec<KeptTicket>,
    /// What they were told of tickets of others that theirs is followed by.
    pub followed: Vec<KeptFollowed>,
    /// What the resident said of how each ended.
    pub feedback: Vec<KeptFeedback>,
    /// What was sent to the resident, or is to be.
    pub mails: Vec<KeptMail>,
}

/// The referral to a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct KeptTicket {
    /// Its reference.
    #[schema(examples("AMI-26-004217"))]
    pub reference: String,
    /// The code of the service that has it.
    #[schema(examples("proprete"))]
    pub service: String,
    /// Its state.
    #[schema(value_type = crate::ticket::State)]
    pub state: String,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("work_done"))]
    pub closure_reason: Option<String>,
    /// What happened, the first first, without the words of residents whose concerns follow the ticket.
    pub timeline: Vec<KeptEvent>,
    /// What colleagues wrote to one another.
    pub notes: Vec<KeptText>,
    /// What the service and the officer wrote to one another.
    pub messages: Vec<KeptText>,
    /// What the service and the resident wrote to one another beside the timeline.
    pub messages_to_resident: Vec<KeptText>,
    /// Photographs and documents, but for those of residents whose concerns follow the ticket.
    pub attachments: Vec<KeptAttachment>,
}

/// A line of a timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct KeptEvent {
    /// When.
    pub at: DateTime<Utc>,
    /// What happened: `type`, and what was said with it.
    pub what: Map<String, Value>,
}

/// Something that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeptText {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    #[schema(examples("Passage prévu jeudi."))]
    pub text: String,
}

/// A ticket that others raised first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeptFollowed {
    /// Its reference.
    #[schema(examples("AMI-26-004217"))]
    pub reference: String,
    /// What the resident was told of it.
    pub told: Vec<KeptText>,
    /// What the resident wrote about it.
    pub written: Vec<KeptText>,
    /// The photographs and documents that the resident sent with that.
    pub attachments: Vec<KeptAttachment>,
}

/// What a resident said of how a ticket ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeptFeedback {
    /// The reference of the ticket.
    #[schema(examples("AMI-26-004217"))]
    pub ticket: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether it is solved.
    pub solved: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("still_there"))]
    pub reason: Option<String>,
    /// What they added.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub text: Option<String>,
}

/// A photograph or a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeptAttachment {
    /// Its id: `GET /v1/tickets/{ticket}/attachments/{attachment}/content` has its bytes.
    pub id: Uuid,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("matelas.jpg"))]
    pub name: Option<String>,
    /// What it is.
    #[schema(examples("image/jpeg"))]
    pub media_type: String,
    /// How long it is, in bytes.
    #[schema(minimum = 1, examples(182_044))]
    pub size: i64,
    /// When it was added.
    pub added_at: DateTime<Utc>,
}

/// An e-mail to the resident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeptMail {
    /// Which letter.
    #[schema(examples("outcome"))]
    pub kind: String,
    /// `pending`, `sent`, `dead`, `bounced` or `stopped`.
    #[schema(examples("sent"))]
    pub state: String,
    /// When that was settled; absent while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub at: Option<DateTime<Utc>>,
}
