//! A ticket as it is exported: a flat record, the same in every format.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use domain::city::catalogue::{Audience, ClosureReason};
use domain::concern::Origin;
use domain::language::Language;
use domain::ticket::{Feedback, Priority, State};
use serde::Serialize;
use serde_json::Value;
use usecases::Loaded;
use usecases::ticket::Exported;
use utoipa::ToSchema;
use uuid::Uuid;

use super::list::PointGeometry;
use crate::spreadsheet;
use crate::view::{areas, state_label};

/// A ticket, exported.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExportedTicket {
    /// Its id.
    id: Uuid,
    /// What people say on the telephone.
    #[schema(examples("AMI-26-004217"))]
    reference: String,
    state: State,
    /// The code of what it is about.
    category: String,
    /// The code of the service.
    service: String,
    /// The service that has it, by name.
    service_name: String,
    priority: Priority,
    origin: Origin,
    /// What the resident said, as it was kept.
    description: Option<String>,
    /// Where, in words.
    address: Option<String>,
    /// Latitude, WGS 84.
    lat: Option<f64>,
    /// Longitude, WGS 84.
    lon: Option<f64>,
    /// The area of the place in each zoning; in `csv`, a column each.
    areas: BTreeMap<String, String>,
    /// When the concern was filed.
    filed_at: DateTime<Utc>,
    /// When the service opened it.
    received_at: Option<DateTime<Utc>>,
    /// When the service took it on.
    acknowledged_at: Option<DateTime<Utc>>,
    /// When the service settled it.
    resolved_at: Option<DateTime<Utc>>,
    /// When it was closed.
    closed_at: Option<DateTime<Utc>>,
    /// By when the service was to answer.
    ack_due_at: DateTime<Utc>,
    /// By when it was to be settled.
    resolve_due_at: DateTime<Utc>,
    /// Whether a target is missed.
    late: bool,
    /// The day for which the service expects to have settled it.
    expected_on: Option<NaiveDate>,
    /// The day on which it leaves the state `on_hold` by itself.
    resume_on: Option<NaiveDate>,
    /// How many services it was sent to, one after the other.
    handovers: i32,
    /// How often it was reopened.
    reopened: i32,
    /// The account of who works on it.
    assignee: Option<Uuid>,
    closure_reason: Option<ClosureReason>,
    feedback: Feedback,
    /// The main ticket, when it was closed as a duplicate.
    duplicate_of: Option<Uuid>,
    /// The concern that it refers.
    concern_id: Uuid,
}

/// Tickets, exported as GeoJSON.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExportFeatures {
    /// `FeatureCollection`.
    #[serde(rename = "type")]
    #[schema(rename = "type", examples("FeatureCollection"))]
    collection_type: &'static str,
    /// The tickets.
    features: Vec<ExportFeature>,
}

/// A ticket, exported as GeoJSON.
#[derive(Serialize, ToSchema)]
struct ExportFeature {
    /// `Feature`.
    #[serde(rename = "type")]
    #[schema(rename = "type", examples("Feature"))]
    feature_type: &'static str,
    geometry: Option<PointGeometry>,
    properties: ExportedTicket,
}

/// The columns of a table, but for the areas: their names, and what they are called in French.
const COLUMNS: [(&str, &str); 29] = [
    ("reference", "Référence"),
    ("state", "État"),
    ("category", "Motif"),
    ("service", "Code du service"),
    ("service_name", "Service"),
    ("priority", "Priorité"),
    ("origin", "Origine"),
    ("description", "Description"),
    ("address", "Adresse"),
    ("lat", "Latitude"),
    ("lon", "Longitude"),
    ("filed_at", "Saisie le"),
    ("received_at", "Reçue le"),
    ("acknowledged_at", "Prise en charge le"),
    ("resolved_at", "Traitée le"),
    ("closed_at", "Clôturée le"),
    ("ack_due_at", "À prendre en charge avant"),
    ("resolve_due_at", "À traiter avant"),
    ("late", "En retard"),
    ("expected_on", "Prévue le"),
    ("resume_on", "Reprise le"),
    ("handovers", "Transmissions"),
    ("reopened", "Réouvertures"),
    ("assignee", "Affectée à"),
    ("closure_reason", "Motif de clôture"),
    ("feedback", "Avis de l’habitant"),
    ("duplicate_of", "Doublon de"),
    ("concern_id", "Doléance"),
    ("id", "Identifiant"),
];

/// Why a row cannot be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum RowError {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Csv(#[from] csv::Error),
    #[error("{0}")]
    End(String),
}

/// How tickets become rows.
pub(super) struct Columns {
    pub(super) loaded: Arc<Loaded>,
    pub(super) language: Language,
    pub(super) now: DateTime<Utc>,
    pub(super) separator: u8,
    /// The columns have French names, and the cells French words.
    pub(super) french: bool,
}

impl Columns {
    /// A ticket's row.
    pub(super) fn row(&self, Exported { ticket, description }: Exported) -> ExportedTicket {
        let city = &self.loaded.city;
        let service = city.service(&ticket.service);
        let name = service.map_or(ticket.service.as_str(), |service| service.name.in_language(self.language));
        ExportedTicket {
            id: ticket.id.0,
            state: ticket.state,
            category: ticket.category.to_string(),
            service_name: name.to_owned(),
            priority: ticket.priority,
            origin: ticket.origin,
            description,
            address: ticket.place.address.as_ref().map(ToString::to_string),
            lat: ticket.place.point.map(|point| point.lat),
            lon: ticket.place.point.map(|point| point.lon),
            areas: areas(&ticket.areas),
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
            handovers: ticket.handovers,
            reopened: ticket.reopened,
            assignee: ticket.assignee.map(|user| user.0),
            closure_reason: ticket.closure_reason,
            feedback: ticket.feedback,
            duplicate_of: ticket.duplicate_of.map(|ticket| ticket.0),
            concern_id: ticket.concern.0,
            service: ticket.service.into(),
            reference: ticket.reference,
        }
    }

    fn zonings(&self) -> impl Iterator<Item = &str> {
        self.loaded.city.zonings.iter().map(|zoning| zoning.code.as_str())
    }

    /// The first line of a table, after the byte order mark.
    pub(super) fn header(&self) -> Result<Vec<u8>, RowError> {
        let named = COLUMNS.iter().map(|(name, french)| (if self.french { *french } else { *name }).to_owned());
        let areas = self
            .zonings()
            .map(|zoning| if self.french { format!("Découpage « {zoning} »") } else { format!("area_{zoning}") });
        let line = self.line(named.chain(areas))?;
        Ok([&b"\xef\xbb\xbf"[..], &line].concat())
    }

    /// A row as a line of a table.
    pub(super) fn cells(&self, row: &ExportedTicket) -> Result<Vec<u8>, RowError> {
        let mut fields = serde_json::to_value(row)?;
        if self.french {
            self.translate(row, &mut fields);
        }
        let named = COLUMNS.iter().map(|(name, _)| cell(&fields[*name]));
        let areas = self.zonings().map(|zoning| row.areas.get(zoning).cloned().unwrap_or_default());
        self.line(named.chain(areas))
    }

    /// Puts labels for codes, and times on the city's clocks, as spreadsheets read them.
    fn translate(&self, row: &ExportedTicket, fields: &mut Value) {
        let (french, zone) = (Language::Fr, self.loaded.city.zone());
        let category = row.category.parse().ok();
        let category = category.and_then(|code| self.loaded.city.category(&code));
        let label = category.map_or(row.category.as_str(), |category| category.label.in_language(french));
        fields["state"] = state_label(row.state).into();
        fields["category"] = label.into();
        fields["priority"] = row.priority.label(french).into();
        fields["origin"] = row.origin.label(french).into();
        fields["late"] = if row.late { "oui" } else { "non" }.into();
        fields["feedback"] = row.feedback.label(french).into();
        fields["closure_reason"] = row.closure_reason.map(|reason| reason.label(Audience::Service, french)).into();
        for (name, at) in [
            ("filed_at", Some(row.filed_at)),
            ("received_at", row.received_at),
            ("acknowledged_at", row.acknowledged_at),
            ("resolved_at", row.resolved_at),
            ("closed_at", row.closed_at),
            ("ack_due_at", Some(row.ack_due_at)),
            ("resolve_due_at", Some(row.resolve_due_at)),
        ] {
            fields[name] = at.map(|at| zone.local(at).format("%Y-%m-%d %H:%M").to_string()).into();
        }
    }

    fn line(&self, cells: impl Iterator<Item = String>) -> Result<Vec<u8>, RowError> {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(self.separator)
            .terminator(csv::Terminator::CRLF)
            .from_writer(Vec::new());
        writer.write_record(cells)?;
        writer.into_inner().map_err(|error| RowError::End(error.to_string()))
    }
}

impl ExportedTicket {
    /// As a line of JSON.
    pub(super) fn json(&self) -> Result<Vec<u8>, RowError> {
        Ok(serde_json::to_vec(self)?)
    }

    /// As GeoJSON.
    pub(super) fn feature(self) -> Result<Vec<u8>, RowError> {
        let geometry = self.lat.zip(self.lon).map(|(lat, lon)| PointGeometry::new(lat, lon));
        Ok(serde_json::to_vec(&ExportFeature { feature_type: "Feature", geometry, properties: self })?)
    }
}

/// A field as a cell: a text that no spreadsheet takes for a formula; a number is one.
fn cell(field: &Value) -> String {
    match field {
        Value::Null => String::new(),
        Value::String(text) => spreadsheet::text(text),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn no_cell_is_a_formula() {
        for (field, expected) in [
            (json!("=1+1"), "'=1+1"),
            (json!("@SUM(A1)"), "'@SUM(A1)"),
            (json!("-rue"), "'-rue"),
            (json!("＝1＋1"), "'＝1＋1"),
            (json!("+33"), "'+33"),
            (json!("\t=1"), "'\t'=1"),
            (json!("x;=1+1;@SUM(A1), -2"), "x;'=1+1;'@SUM(A1), '-2"),
            (json!("rue d’Amiens-Nord, 2 + 3"), "rue d’Amiens-Nord, 2 + 3"),
            (json!("1=1"), "1=1"),
            (json!(-61.02), "-61.02"),
            (json!(true), "true"),
            (json!(null), ""),
        ] {
            assert_eq!(cell(&field), expected);
        }
    }
}
