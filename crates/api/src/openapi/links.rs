//! What an answer leads to: the operations that take what it holds (OpenAPI 3.1, 4.8.20). For who reads the document, and
//! for tools that go from one operation to the next.

use serde_json::{Map, Value, json};

use super::{METHODS, has_parameter};

/// From an operation's answer, to operations, with their parameters. Where one of those needs `If-Match`, it is the
/// answer's `ETag`.
type Link = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

const ID: &str = "$response.body#/id";
const FIRST: &str = "$response.body#/items/0/id";

const ACTS: &[&str] = &[
    "ticket_acknowledge",
    "ticket_assign",
    "ticket_cancel",
    "ticket_close",
    "ticket_hold",
    "ticket_merge",
    "ticket_prioritise",
    "ticket_receive",
    "ticket_refuse",
    "ticket_reopen",
    "ticket_reroute",
    "ticket_resolve",
    "ticket_resume",
    "ticket_schedule",
    "ticket_split",
    "ticket_start",
    "ticket_unmerge",
];

const ABOUT_TICKET: &[&str] = &[
    "attachment_add",
    "attachment_list",
    "feedback_list",
    "note_add",
    "note_list",
    "referrer_message_list",
    "referrer_message_write",
    "resident_message_list",
    "resident_message_write",
    "ticket_colleagues",
    "ticket_handovers",
    "ticket_openings",
    "ticket_sheet",
    "ticket_timeline",
];

const OPEN: &[&str] = &["ticket_start", "ticket_schedule", "ticket_hold", "ticket_resolve", "ticket_timeline"];
const SENT: &[&str] = &["ticket_acknowledge", "ticket_refuse", "ticket_reroute", "ticket_cancel", "ticket_handovers"];
const ENDED: &[&str] = &["ticket_reopen", "ticket_timeline"];

const LINKS: &[Link] = &[
    (
        "attachment_add",
        &["attachment_read", "attachment_content", "attachment_remove", "attachment_thumbnail"],
        &[("ticket", "$request.path.ticket"), ("attachment", ID)],
    ),
    ("cafe_announce", &["cafe_hold", "cafe_cancel"], &[("cafe", ID)]),
    ("cafe_hold", &["cafe_file_concerns", "cafe_report"], &[("cafe", ID)]),
    ("cafe_list", &["cafe_read"], &[("cafe", FIRST)]),
    ("cafe_plan", &["cafe_announce", "cafe_cancel", "cafe_change", "cafe_hold", "cafe_read"], &[("cafe", ID)]),
    ("cafe_report", &["cafe_sheet_publish", "cafe_sheet_read", "cafe_sheet_withdraw"], &[("cafe", ID)]),
    ("client_add_secret", &["client_revoke_secret"], &[("client", "$request.path.client"), ("secret", ID)]),
    ("client_list", &["client_read"], &[("client", FIRST)]),
    ("client_register", &["client_add_secret", "client_change", "client_read"], &[("client", ID)]),
    (
        "concern_file",
        &["concern_read", "concern_slip", "concern_tracking_end", "concern_tracking_renew"],
        &[("concern", ID)],
    ),
    ("concern_file", &["ticket_read"], &[("ticket", "$response.body#/tickets/0/id")]),
    ("filter_list", &["filter_read"], &[("filter", FIRST)]),
    ("filter_save", &["filter_change", "filter_delete", "filter_read"], &[("filter", ID)]),
    ("inbound_list", &["inbound_settle"], &[("mail", FIRST)]),
    ("me_notifications", &["me_choose_notifications"], &[]),
    ("resident_message_write", &["resident_message_take_back"], &[("ticket", "$request.path.ticket"), ("message", ID)]),
    (
        "routing_draft_publish",
        &["routing_version_read", "routing_version_restore"],
        &[("version", "$response.body#/version")],
    ),
    (
        "routing_draft_save",
        &[
            "routing_draft_change",
            "routing_draft_check",
            "routing_draft_delete",
            "routing_draft_publish",
            "routing_draft_read",
        ],
        &[("draft", ID)],
    ),
    (
        "routing_version_list",
        &["routing_version_read", "routing_version_restore"],
        &[("version", "$response.body#/items/0/version")],
    ),
    ("session_list", &["session_end_other"], &[("session", FIRST)]),
    ("ticket_acknowledge", OPEN, &[("ticket", ID)]),
    ("ticket_close", ENDED, &[("ticket", ID)]),
    ("ticket_hold", &["ticket_resume"], &[("ticket", ID)]),
    ("ticket_list", &["ticket_read"], &[("ticket", FIRST)]),
    ("ticket_merge", &["ticket_unmerge"], &[("ticket", ID)]),
    ("ticket_read", ACTS, &[("ticket", ID)]),
    ("ticket_read", ABOUT_TICKET, &[("ticket", ID)]),
    ("ticket_read", &["concern_read"], &[("concern", "$response.body#/concern_id")]),
    ("ticket_refuse", &["ticket_reroute", "ticket_close"], &[("ticket", ID)]),
    ("ticket_reopen", SENT, &[("ticket", ID)]),
    ("ticket_reroute", SENT, &[("ticket", ID)]),
    ("ticket_resolve", &["ticket_close"], &[("ticket", ID)]),
    ("ticket_resolve", ENDED, &[("ticket", ID)]),
    ("ticket_schedule", OPEN, &[("ticket", ID)]),
    ("ticket_start", &["ticket_hold", "ticket_resolve"], &[("ticket", ID)]),
    (
        "user_invite",
        &["user_change", "user_end_sessions", "user_identities", "user_invite_again", "user_read", "user_sessions"],
        &[("user", ID)],
    ),
    ("user_list", &["user_read"], &[("user", FIRST)]),
    (
        "webhook_create",
        &[
            "webhook_change",
            "webhook_delete",
            "webhook_deliveries",
            "webhook_ping",
            "webhook_read",
            "webhook_replay",
            "webhook_rotate_secret",
        ],
        &[("webhook", ID)],
    ),
    ("webhook_deliveries", &["webhook_delivery"], &[("webhook", "$request.path.webhook"), ("delivery", FIRST)]),
    ("webhook_list", &["webhook_read"], &[("webhook", FIRST)]),
];

/// Adds the links to a document, and to each page the one after it.
pub(super) fn add(document: &mut Value) {
    let paths = document["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(_, item)| METHODS.iter().filter_map(|method| item.get(method)));
    let conditional: Vec<String> = operations
        .filter(|operation| has_parameter(operation, "header", Some("If-Match")))
        .filter_map(|operation| operation["operationId"].as_str().map(str::to_owned))
        .collect();
    let items = document["paths"].as_object_mut().into_iter().flatten().filter_map(|(_, item)| item.as_object_mut());
    for (_, operation) in items.flatten() {
        let Some(id) = operation["operationId"].as_str().map(str::to_owned) else { continue };
        let mut links = Map::new();
        for (_, targets, parameters) in LINKS.iter().filter(|(from, ..)| *from == id) {
            for target in *targets {
                let mut parameters: Map<_, _> =
                    parameters.iter().map(|(name, from)| ((*name).to_owned(), json!(from))).collect();
                if conditional.iter().any(|one| one == target) {
                    parameters.insert("If-Match".to_owned(), json!("$response.header.ETag"));
                }
                links.insert((*target).to_owned(), json!({ "operationId": target, "parameters": parameters }));
            }
        }
        if has_parameter(operation, "query", Some("cursor")) && id != "event_list" {
            let next = json!({
                "operationId": id,
                "description": "The page after, unless `next_cursor` is null: with the same filters.",
                "parameters": { "cursor": "$response.body#/next_cursor" }
            });
            links.insert("next_page".to_owned(), next);
        }
        let responses = operation["responses"].as_object_mut();
        let done = responses.and_then(|all| all.iter_mut().find(|(status, _)| status.starts_with('2')));
        if let Some((_, response)) = done.filter(|_| !links.is_empty()) {
            response["links"] = links.into();
        }
    }
}
