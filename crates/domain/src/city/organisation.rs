//! Organisations, and the services that belong to them and receive tickets.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::catalogue::Category;
use crate::id::{CalendarCode, CategoryCode, OrganisationCode, ServiceCode};
use crate::language::Label;
use crate::rights::Secrecy;
use crate::text::VISIBLE;
use crate::time::Target;

/// What kind of body an organisation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrganisationKind {
    /// The commune.
    City,
    /// The inter-communal body (métropole, agglomération…).
    Epci,
    /// The département.
    Department,
    /// A service of the State.
    State,
    /// A landlord.
    Landlord,
    /// An association.
    Association,
}

/// A body that services belong to (`organisations.yaml`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// Its code.
    pub code: OrganisationCode,
    /// What kind of body it is.
    pub kind: OrganisationKind,
    /// Its name.
    #[schemars(length(min = 1, max = 120), regex(pattern = VISIBLE))]
    pub name: String,
}

/// Whether a service is the town hall's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServiceKind {
    /// Of the city or its inter-communal body: its members have accounts.
    Municipal,
    /// Outside the town hall: sees its own tickets only.
    Partner,
}

/// Who receives tickets (`services.yaml`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Its code.
    pub code: ServiceCode,
    /// The organisation that it belongs to.
    pub organisation: OrganisationCode,
    /// The town hall's own, or a partner.
    pub kind: ServiceKind,
    /// What people call it.
    pub name: Label,
    /// The mailbox that tickets are announced to.
    #[schemars(email)]
    pub mailbox: String,
    /// The calendar that its targets are counted in.
    pub calendar: CalendarCode,
    /// A partner: whether it may receive tickets of restricted categories, as an agreement with the city says (CSI
    /// L132-5, RGPD 26 and 28). Services of the town hall may.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_receive_restricted: bool,
    /// A partner without accounts: it gets a link to each of its tickets, and may see this much of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
    /// A telephone that residents may be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 30), regex(pattern = VISIBLE))]
    pub phone: Option<String>,
    /// The postal address at which residents may write to it, one line; the sender's when none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200), regex(pattern = VISIBLE))]
    pub address: Option<String>,
    /// Targets of its own for some categories, in place of the catalogue's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<ServiceTargets>,
}

/// What a partner without accounts may see of its tickets through the link in its e-mails. The category, the street, the
/// reference and the dates it sees in any case; nothing of the resident, of the referrer or of the notes in no case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// Why it is told (RGPD 5.1.b), as the e-mail and the page say it; begins in the middle of a sentence: « Vous recevez
    /// cette saisine au titre de … ».
    pub purpose: Label,
    /// What else of a ticket it may see.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub may_see: BTreeSet<Entitled>,
}

/// Something of a ticket that a partner may be entitled to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Entitled {
    /// What the resident said, as the officer wrote it down.
    Description,
    /// The exact place: the address as it stands, and the point.
    Place,
    /// What was answered to the category's questions.
    Answers,
    /// The photographs.
    Photos,
    /// What its service and the referrer write to one another.
    Messages,
}

impl Service {
    /// Whether the service may have tickets of that secrecy: a partner, restricted ones by agreement only, and complaints
    /// about officers not at all.
    #[must_use]
    pub fn may_have(&self, secrecy: Secrecy) -> bool {
        match secrecy {
            _ if self.kind == ServiceKind::Municipal => true,
            Secrecy::Standard => true,
            Secrecy::Restricted => self.may_receive_restricted,
            Secrecy::HiddenFromReferrer => false,
        }
    }

    /// What the service may see of a ticket through a link; none when it gets no link to such a ticket.
    #[must_use]
    pub fn access_to(&self, secrecy: Secrecy) -> Option<&Access> {
        self.access.as_ref().filter(|_| self.may_have(secrecy))
    }

    /// How soon it takes a ticket of that category in hand, and how soon it settles it: its own targets, else the
    /// catalogue's.
    #[must_use]
    pub fn targets_of(&self, category: &Category) -> (Target, Target) {
        let own = self.targets.iter().find(|own| own.category == category.code);
        own.map_or((category.acknowledge_within, category.resolve_within), |own| {
            (own.acknowledge_within, own.resolve_within)
        })
    }
}

/// A service's own targets for one category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceTargets {
    /// The category.
    pub category: CategoryCode,
    /// How soon it takes such a ticket in hand.
    pub acknowledge_within: Target,
    /// How soon it settles such a ticket.
    pub resolve_within: Target,
}
