//! A city as data: who its services are, what residents may speak about, where its areas lie, and which rules send
//! what where. Loaded from the city's files, held in memory by every instance, and never changed in place.
//!
//! Reading files is the `continuum` crate's part, keeping them the `store`'s.

pub mod catalogue;
pub mod check;
pub mod organisation;
pub mod question;
pub mod zoning;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cafe::cadence::Cadence;
use crate::id::{CalendarCode, CategoryCode, ServiceCode, ZoningCode};
use crate::person::Role;
use crate::place::{Areas, Point};
use crate::retention::Retention;
use crate::routing::RuleSet;
use crate::text::VISIBLE;
use crate::ticket::clock::{Rung, usual_ladder};
use crate::time::{Calendar, Zone};
use catalogue::Category;
use organisation::{Organisation, Service};
use zoning::Zoning;

/// What holds for the whole city (`city.yaml`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The city's name, as letters carry it.
    #[schemars(length(min = 1, max = 120), regex(pattern = VISIBLE))]
    pub name: String,
    /// The commune's INSEE code, five characters.
    #[schemars(regex(pattern = r"^[0-9AB]{5}$"))]
    pub insee: String,
    /// Begins every ticket's reference: two to five capital letters.
    #[schemars(regex(pattern = r"^[A-Z]{2,5}$"))]
    pub reference_prefix: String,
    /// The zoning that covers the whole city: a point outside all of its areas is outside the city.
    pub territory: ZoningCode,
    /// The service that settles what no other service takes.
    pub dispatcher_desk: ServiceCode,
    /// The roles whose holders set up a second factor before they can do anything with a password alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub second_factor_required_for: Vec<Role>,
    /// The ladder of reminders of a ticket whose target is missed, in the order in which it is climbed; the service at
    /// 100 %, its manager at 125 % and the dispatcher at 150 % of the target when absent, nobody when empty.
    #[serde(default = "usual_ladder")]
    #[schemars(length(max = 10))]
    pub reminders: Vec<Rung>,
    /// How often a café is held in each area; absent when the city wishes no rhythm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cafes: Option<Cadence>,
    /// Whether the city publishes open data, and by which areas; absent when it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_data: Option<OpenData>,
    /// How long what residents said is kept; 6, 12 and 36 months from the end of their concern when absent.
    #[serde(default)]
    pub retention: Retention,
    /// Whom residents ask about their personal data, besides the sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_protection: Option<DataProtection>,
    /// Who writes to residents (CRPA L112-6, R112-5): name, postal address and telephone, at the foot of each e-mail.
    pub sender: Sender,
}

/// Whom residents ask about their personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataProtection {
    /// The e-mail address of the data protection officer (RGPD, article 37).
    #[schemars(email)]
    pub officer: String,
}

/// What open data the city publishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenData {
    /// The zoning by whose areas tickets are counted.
    pub zoning: ZoningCode,
}

/// Who writes to residents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sender {
    /// The name that e-mails come from.
    #[schemars(length(min = 1, max = 120), regex(pattern = VISIBLE))]
    pub name: String,
    /// The address that e-mails come from.
    #[schemars(email)]
    pub email: String,
    /// The postal address, one line.
    #[schemars(length(min = 1, max = 200), regex(pattern = VISIBLE))]
    pub address: String,
    /// The telephone, as one writes it: « 03 22 97 40 40 ».
    #[schemars(length(min = 1, max = 30), regex(pattern = VISIBLE))]
    pub phone: String,
    /// Where replies and reports of failed delivery go, when the city's mail server hands them over (docs/mail.md). The
    /// server takes what follows a `+` for the same mailbox (RFC 5233); each e-mail has an address of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(email, regex(pattern = r"^[^@+]{1,22}@"))]
    pub returns_to: Option<String>,
}

/// The `tel:` address (RFC 3966) of a telephone number as one writes it.
#[must_use]
pub fn tel(number: &str) -> String {
    let dialled = number.char_indices().filter(|&(at, c)| c.is_ascii_digit() || (at == 0 && c == '+'));
    format!("tel:{}", dialled.map(|(_, c)| c).collect::<String>())
}

/// Words of a letter that the city wrote itself, in place of ours (`letters/outcome.resident.fr.jinja`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterWords {
    /// Which letter, to whom, in which language: `outcome.resident.fr`.
    pub code: String,
    /// The template.
    pub source: String,
}

/// A city, whole.
#[derive(Debug, Clone)]
pub struct City {
    /// What holds for the whole city.
    pub settings: Settings,
    /// The organisations that services belong to.
    pub organisations: Vec<Organisation>,
    /// The calendars of opening hours.
    pub calendars: Vec<Calendar>,
    /// The services.
    pub services: Vec<Service>,
    /// What concerns may be about.
    pub catalogue: Vec<Category>,
    /// The zonings with their areas.
    pub zonings: Vec<Zoning>,
    /// The routing rules in force.
    pub rules: RuleSet,
    /// The letters whose words it wrote itself, by name.
    pub letters: Vec<LetterWords>,
}

impl City {
    /// The category of that code, if the catalogue has it and it is in use.
    #[must_use]
    pub fn category(&self, code: &CategoryCode) -> Option<&Category> {
        self.catalogue.iter().find(|category| category.code == *code)
    }

    /// These categories, and those that are parts of them.
    #[must_use]
    pub fn with_parts(&self, mut categories: Vec<CategoryCode>) -> Vec<CategoryCode> {
        let within = |parent: &CategoryCode| categories.contains(parent);
        let parts = self.catalogue.iter().filter(|category| category.parent.as_ref().is_some_and(within));
        let parts: Vec<CategoryCode> = parts.map(|category| category.code.clone()).collect();
        categories.extend(parts);
        categories
    }

    /// The service of that code.
    #[must_use]
    pub fn service(&self, code: &ServiceCode) -> Option<&Service> {
        self.services.iter().find(|service| service.code == *code)
    }

    /// The calendar of that code.
    #[must_use]
    pub fn calendar(&self, code: &CalendarCode) -> Option<&Calendar> {
        self.calendars.iter().find(|calendar| calendar.code == *code)
    }

    /// The zoning of that code.
    #[must_use]
    pub fn zoning(&self, code: &ZoningCode) -> Option<&Zoning> {
        self.zonings.iter().find(|zoning| zoning.code == *code)
    }

    /// The zoning whose areas say which cafés were in the same part of the city: that of the rhythm of cafés, else the
    /// territory.
    #[must_use]
    pub fn cafe_zoning(&self) -> &ZoningCode {
        self.settings.cafes.as_ref().map_or(&self.settings.territory, |cadence| &cadence.zoning)
    }

    /// The time zone of the city: that of the dispatcher's desk.
    #[must_use]
    pub fn zone(&self) -> Zone {
        let desk = self.service(&self.settings.dispatcher_desk);
        desk.and_then(|desk| self.calendar(&desk.calendar)).map_or(Zone::PARIS, Calendar::zone)
    }

    /// The area of each zoning that holds the point. A point on a border belongs to the area that comes first in the
    /// file. Empty when the point is in none.
    #[must_use]
    pub fn areas_at(&self, point: Point) -> Areas {
        self.zonings
            .iter()
            .filter_map(|zoning| Some((zoning.code.clone(), zoning.area_at(point)?.code.clone())))
            .collect()
    }

    /// Whether areas found with [`City::areas_at`] are those of a point inside the city.
    #[must_use]
    pub fn is_inside(&self, areas: &Areas) -> bool {
        areas.contains_key(&self.settings.territory)
    }
}
