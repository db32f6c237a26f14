//! Who may call an operation: people by their roles, programs by their scopes. Tests call each of them.

use domain::rights::{ClientScope, Right};
use serde_json::{Value, json};

use super::needs_login;

/// What opens operations that are not alike with the others of their tag.
const BY_ID: &[(Right, &[&str])] = &[
    (Right::ReadCafes, &["cafe_list", "cafe_read", "cafe_cadence"]),
    (Right::FileConcerns, &["concern_file", "cafe_file_concerns", "concern_duplicates", "concern_suggest"]),
    (
        Right::ReadTickets,
        &[
            "concern_read",
            "ticket_list",
            "ticket_counts",
            "ticket_export",
            "ticket_read",
            "ticket_timeline",
            "ticket_handovers",
            "ticket_openings",
            "ticket_colleagues",
            "ticket_sheet",
            "note_list",
            "referrer_message_list",
            "resident_message_list",
            "feedback_list",
            "attachment_list",
            "attachment_read",
            "attachment_content",
            "attachment_thumbnail",
        ],
    ),
    (Right::HandInMail, &["inbound_receive"]),
    (
        Right::ManageRouting,
        &[
            "routing_draft_save",
            "routing_draft_change",
            "routing_draft_delete",
            "routing_draft_publish",
            "routing_version_restore",
        ],
    ),
    (Right::ReplayRouting, &["routing_replay"]),
    (Right::ReadUsers, &["user_list", "user_read"]),
    (Right::ReadClients, &["client_list", "client_read"]),
];

/// What opens the other operations of a tag.
const BY_TAG: &[(Right, &str)] = &[
    (Right::ReadCity, "city"),
    (Right::HoldCafes, "cafes"),
    (Right::PublishSheets, "sheets"),
    (Right::ReadHotspots, "hotspots"),
    (Right::ChangeTickets, "concerns"),
    (Right::ChangeTickets, "tickets"),
    (Right::SaveFilters, "filters"),
    (Right::ReadStatistics, "statistics"),
    (Right::ReadRouting, "routing"),
    (Right::FollowEvents, "events"),
    (Right::FollowEvents, "webhooks"),
    (Right::SettleMail, "inbound"),
    (Right::ManagePersonalData, "residents"),
    (Right::PreviewLetters, "notifications"),
    (Right::ReadAudit, "audit"),
    (Right::ManageUsers, "users"),
    (Right::ManageClients, "clients"),
];

/// The right that opens an operation; none when being logged in does.
fn right(operation: &Value) -> Option<Right> {
    let by_id = BY_ID.iter().find(|(_, ids)| ids.iter().any(|id| operation["operationId"] == *id));
    let by_tag = || BY_TAG.iter().find(|(_, tag)| operation["tags"][0] == *tag);
    by_id.map(|(right, _)| *right).or_else(|| by_tag().map(|(right, _)| *right))
}

/// Every scope, and what it allows.
pub(super) fn scopes() -> Value {
    ClientScope::ALL.iter().map(|scope| (scope.code().to_owned(), json!(scope.allows()))).collect()
}

/// Says of an operation who may call it.
pub(super) fn add(operation: &mut Value) {
    let login = needs_login(operation);
    let right = right(operation).filter(|_| login);
    let scopes = right.map(Right::scopes).unwrap_or_default();
    if let Some(security) = operation["security"].as_array_mut() {
        // Generators of clients ask for a token wherever there is a requirement, be it empty.
        let for_everybody = security.iter().all(|needed| *needed == json!({}));
        let for_programs = right.is_some_and(|right| right.roles().is_empty());
        if for_everybody || for_programs {
            security.clear();
        }
        security.extend(scopes.iter().map(|scope| json!({ "oauth2": [scope.code()] })));
    }
    if let (true, Some(description)) = (login, operation["description"].as_str()) {
        operation["description"] = json!(format!("{description}\n\n{}", told(right)));
    }
}

/// Who may call what this right opens, in words.
fn told(right: Option<Right>) -> String {
    let Some(right) = right else { return "Who may call it: whoever has logged in.".to_owned() };
    let roles = right.roles().iter().map(|role| format!("`{}`", role.code()));
    let programs = right.scopes().iter().map(|scope| format!("programs with `{}`", scope.code()));
    let all: Vec<String> = roles.chain(programs).collect();
    format!("Who may call it: {} (the right `{}`).", all.join(", "), right.code())
}
