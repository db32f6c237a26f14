//! Who did something, as timelines, messages and events show it.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::event::{Actor, Part, Writer};

/// Who did something.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Actor)]
pub struct ActorView {
    /// `person`, `client`, `partner` (a partner without accounts, through its link), `service` (from its mailbox),
    /// `resident`, `mail` (a dispatcher put an e-mail with the ticket that somebody else wrote: see `from`) or `system`.
    #[serde(rename = "type")]
    #[schema(rename = "type", examples("person"))]
    actor_type: &'static str,
    /// The person's or the program's name; of `mail`, the dispatcher's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    name: Option<String>,
    /// The part that the person or the program had in the ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    part: Option<Part>,
    /// The program's id, so that a program knows its own acts again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    client: Option<Uuid>,
    /// The code of the service, where nobody in it is known: a partner's, or that of the mailbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("bailleur"))]
    service: Option<String>,
    /// Of `mail`: who wrote it, by the address that it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    from: Option<Writer>,
}

impl ActorView {
    /// The actor, whose name is that.
    #[must_use]
    pub fn new(by: &Actor, name: Option<String>) -> Self {
        let view = |actor_type, part| Self { actor_type, name, part, client: None, service: None, from: None };
        match by {
            Actor::Person { part, .. } => view("person", Some(*part)),
            Actor::Client { client, part } => Self { client: Some(client.0), ..view("client", Some(*part)) },
            Actor::Partner { service } => {
                Self { service: Some(service.to_string()), ..view("partner", Some(Part::Service)) }
            }
            Actor::Service { service } => {
                Self { service: Some(service.to_string()), ..view("service", Some(Part::Service)) }
            }
            Actor::Resident { .. } => view("resident", None),
            Actor::Mail { from, .. } => Self { from: Some(*from), ..view("mail", Some(Part::Dispatcher)) },
            Actor::System => view("system", None),
        }
    }
}
