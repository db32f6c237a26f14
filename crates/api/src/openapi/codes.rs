//! Which values texts of answers have, where there are only so many: for tools that make types of them. Those that are types of
//! ours already say it themselves.

use serde_json::{Value, json};

/// A schema, its property, and what stands there.
type Codes = (&'static str, &'static str, &'static [&'static str]);

const CODES: &[Codes] = &[
    ("Actor", "type", &["person", "client", "partner", "service", "resident", "mail", "system"]),
    ("AuditActor", "type", &["person", "client", "operator", "system", "nobody"]),
    ("ExportFeature", "type", &["Feature"]),
    ("ExportFeatures", "type", &["FeatureCollection"]),
    ("Health", "status", &["ok", "database", "migrations", "city"]),
    ("HotspotFeature", "type", &["Feature"]),
    ("HotspotFeatures", "type", &["FeatureCollection"]),
    ("KeptMail", "state", &["pending", "sent", "dead", "bounced", "stopped"]),
    ("PointGeometry", "type", &["Point"]),
    ("Referrer", "type", &["person", "client"]),
    ("RetentionRun", "state", &["waiting", "running", "done"]),
    (
        "TicketEvent",
        "type",
        &[
            "submitted",
            "received",
            "acknowledged",
            "refused",
            "rerouted",
            "scheduled",
            "started",
            "held",
            "resumed",
            "resolved",
            "reopened",
            "closed",
            "cancelled",
            "merged",
            "unmerged",
            "assigned",
            "prioritised",
            "followed",
            "split",
            "attachment_added",
            "attachment_removed",
            "pseudonymised",
        ],
    ),
    ("TicketFeature", "type", &["Feature"]),
    ("TicketFeatures", "type", &["FeatureCollection"]),
    ("WebhookDelivery", "error", &["refused", "unreachable", "timeout", "broken"]),
    ("WebhookPing", "type", &["webhook.ping"]),
];

/// Adds them to a document.
pub(super) fn add(document: &mut Value) {
    for (schema, property, values) in CODES {
        let property = document.pointer_mut(&format!("/components/schemas/{schema}/properties/{property}"));
        property.expect("the schemas that are named here have the properties")["enum"] = json!(values);
    }
}
