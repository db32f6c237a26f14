//! Concerns, and what services do with their tickets.

use serde_json::{Value, json};

use super::Story;
use crate::support::caller::Caller;

/// A ticket as its service has it.
async fn filed(story: &mut Story, agent: &Caller) -> Value {
    let body = crate::support::city::dumping();
    story.city.clock.forward(chrono::Duration::seconds(1));
    agent.post("/v1/concerns", &body).await.created()["tickets"][0].clone()
}

fn on(ticket: &Value) -> (&'static str, Value) {
    ("ticket", ticket["reference"].clone())
}

pub async fn play(story: &mut Story) {
    let (agent, proprete, dispatcher) =
        (story.city.agent().await, story.city.proprete().await, story.city.dispatcher().await);
    story.done(&agent, "concern_suggest", &[]).await;
    let concern = story.done(&agent, "concern_file", &[]).await;
    let ticket = concern["tickets"][0].clone();
    story.done(&agent, "concern_duplicates", &[]).await;
    story.done(&agent, "concern_read", &[("concern", concern["id"].clone())]).await;
    let other = filed(story, &agent).await;
    lists(story, &dispatcher, &ticket).await;
    let ticket = story.act(&proprete, "receive", &ticket, &[]).await;
    let ticket = story.act(&proprete, "acknowledge", &ticket, &[]).await;
    story.done(&proprete, "ticket_colleagues", &[on(&ticket)]).await;
    let ticket = story.act(&proprete, "assign", &ticket, &[]).await;
    let ticket = story.act(&proprete, "prioritise", &ticket, &[]).await;
    let ticket = story.act(&proprete, "schedule", &ticket, &[]).await;
    let ticket = story.act(&proprete, "start", &ticket, &[]).await;
    let ticket = story.act(&proprete, "hold", &ticket, &[]).await;
    let ticket = story.act(&proprete, "resume", &ticket, &[]).await;
    writings(story, &proprete, &ticket).await;
    let ticket = attachments(story, &proprete, &ticket).await;
    let ticket = story.act(&proprete, "resolve", &ticket, &[]).await;
    let ticket = story.act(&agent, "reopen", &ticket, &[]).await;
    story.act(&proprete, "refuse", &ticket, &[]).await;
    let ticket = dispatcher.ticket(&ticket).await;
    story.act(&dispatcher, "reroute", &ticket, &[]).await;
    story.done(&dispatcher, "ticket_handovers", &[on(&ticket)]).await;
    story.done(&agent, "ticket_timeline", &[on(&ticket)]).await;
    story.play(&agent, "ticket_sheet", &[on(&ticket)]).await;
    story.act(&dispatcher, "split", &other, &[]).await;
    ends(story, &agent, &proprete, &dispatcher).await;
    many(story, &agent, &proprete, &dispatcher).await;
}

/// Lists, counts, exports, filters.
async fn lists(story: &mut Story, dispatcher: &Caller, ticket: &Value) {
    story.done(dispatcher, "ticket_list", &[("service", json!(["proprete"]))]).await;
    story.play(dispatcher, "ticket_list", &[("Accept", json!("application/geo+json"))]).await;
    story.done(dispatcher, "ticket_counts", &[("service", json!(["proprete"]))]).await;
    for format in ["csv", "geojson", "ndjson"] {
        story.play(dispatcher, "ticket_export", &[("format", json!(format)), ("service", json!(["proprete"]))]).await;
    }
    story.done(dispatcher, "ticket_read", &[on(ticket)]).await;
    story.play(dispatcher, "notification_preview", &[on(ticket), ("letter", json!("referral.service"))]).await;
    let filter = story.done(dispatcher, "filter_save", &[]).await;
    let it = ("filter", filter["id"].clone());
    story.done(dispatcher, "filter_list", &[]).await;
    story.done(dispatcher, "filter_read", &[it.clone()]).await;
    story.done(dispatcher, "filter_change", &[it.clone(), ("If-Match", filter["version"].clone())]).await;
    story.play(dispatcher, "filter_delete", &[it]).await;
}

/// What is written about a ticket.
async fn writings(story: &mut Story, proprete: &Caller, ticket: &Value) {
    story.done(proprete, "note_add", &[on(ticket)]).await;
    story.done(proprete, "note_list", &[on(ticket)]).await;
    story.done(proprete, "referrer_message_write", &[on(ticket)]).await;
    story.done(proprete, "referrer_message_list", &[on(ticket)]).await;
    let message = story.done(proprete, "resident_message_write", &[on(ticket)]).await;
    story.done(proprete, "resident_message_list", &[on(ticket)]).await;
    let it = ("message", message["id"].clone());
    story.done(proprete, "resident_message_take_back", &[on(ticket), it]).await;
}

async fn attachments(story: &mut Story, proprete: &Caller, ticket: &Value) -> Value {
    let added = story.done(proprete, "attachment_add", &[on(ticket)]).await;
    let it = [on(ticket), ("attachment", added["id"].clone())];
    story.done(proprete, "attachment_list", &[on(ticket)]).await;
    story.done(proprete, "attachment_read", &it).await;
    story.play(proprete, "attachment_content", &it).await;
    story.play(proprete, "attachment_thumbnail", &it).await;
    story.play(proprete, "attachment_remove", &it).await;
    proprete.ticket(ticket).await
}

/// Tickets that end otherwise than by being settled.
async fn ends(story: &mut Story, agent: &Caller, proprete: &Caller, dispatcher: &Caller) {
    let refused = filed(story, agent).await;
    proprete.refuse(&refused).await.ok();
    story.act(dispatcher, "close", &dispatcher.ticket(&refused).await, &[]).await;
    let mistake = filed(story, agent).await;
    story.act(agent, "cancel", &mistake, &[]).await;
    let (main, twice) = (filed(story, agent).await, filed(story, agent).await);
    let mut again = crate::support::city::dumping();
    again["attach_to"] = main["reference"].clone();
    agent.post("/v1/concerns", &again).await.created();
    let main = dispatcher.ticket(&main).await;
    let merged = story.act(dispatcher, "merge", &twice, &[("/duplicate_of", main["reference"].clone())]).await;
    story.act(dispatcher, "unmerge", &merged, &[]).await;
}

/// The same for many at once.
async fn many(story: &mut Story, agent: &Caller, proprete: &Caller, dispatcher: &Caller) {
    let mut ticket = filed(story, agent).await;
    for (who, action) in [
        (proprete, "acknowledge"),
        (proprete, "assign"),
        (proprete, "prioritise"),
        (proprete, "hold"),
        (dispatcher, "reroute"),
    ] {
        if action == "reroute" {
            ticket = filed(story, agent).await;
        }
        let it =
            [("/tickets/0/ticket", ticket["reference"].clone()), ("/tickets/0/version", ticket["version"].clone())];
        let done = story.done(who, &format!("ticket_{action}_bulk"), &it).await;
        assert_eq!(done["changed"], 1, "{action}: {done}");
        ticket = dispatcher.ticket(&ticket).await;
    }
}
