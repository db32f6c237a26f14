//! What people without accounts do through the links that they are sent; and e-mail that comes in.

use image::ImageFormat;
use serde_json::{Value, json};

use super::Story;
use crate::client::register;
use crate::support::city::{City, dumping, link};
use crate::support::files::{photograph, upload};

const LANDLORD: &str = "tranquillite@habitat-beffroi.example";

/// The tokens of links are long secrets; these open nothing.
const TRACKING: &str = "EXAMPLE-TRACKING-TOKEN";
const PARTNER: &str = "EXAMPLE--PARTNER-TOKEN";

/// Returns the token of a link that is not used before it expires.
pub async fn play(story: &mut Story) -> String {
    residents(story).await;
    forgotten(story).await;
    mail(story).await;
    partners(story).await
}

/// The token of the newest link in the letters to an address.
fn token(city: &City, mailbox: &str, begin: &str) -> String {
    let path = link(city.letters_to(mailbox).last().unwrap(), begin);
    path[begin.len()..].split(['#', '/', '?']).next().unwrap().to_owned()
}

async fn residents(story: &mut Story) {
    let (agent, proprete) = (story.city.agent().await, story.city.proprete().await);
    let mut body = dumping();
    body["resident"]["email"] = json!("voisin@mail.example");
    let filed = agent.post("/v1/concerns", &body).await.created();
    let concern = ("concern", filed["id"].clone());
    let slip = story.done(&agent, "concern_slip", &[concern.clone()]).await;
    story.recorded.alias(slip["code"].as_str().unwrap(), "7KQ2-X9FD");
    let stranger = story.city.stranger();
    story.play(&stranger, "tracking_slip_page", &[]).await;
    let code = ("/code", slip["code"].clone());
    let program = ("Accept", json!("application/json"));
    let found = story.done(&stranger, "tracking_slip_follow", &[code.clone(), program]).await;
    let of_slip = found["url"].as_str().unwrap().strip_prefix("/v1/tracking/").unwrap();
    story.recorded.alias(of_slip, TRACKING);
    story.play(&stranger, "tracking_slip_follow", &[code]).await.is(303);
    story.done(&agent, "concern_tracking_renew", &[concern.clone()]).await;
    story.city.drain().await;
    let token = token(&story.city, "voisin@mail.example", "/v1/tracking/");
    story.recorded.alias(&token, TRACKING);
    let it = ("token", json!(token));
    let ticket = filed["tickets"][0].clone();
    proprete.resolve(&proprete.acknowledge(&ticket).await.ok()).await.ok();
    let json = ("Accept", json!("application/json"));
    story.done(&stranger, "tracking_read", &[it.clone(), json.clone()]).await;
    story.done(&stranger, "tracking_feedback", &[it.clone(), json.clone()]).await;
    story.done(&proprete, "feedback_list", &[("ticket", ticket["reference"].clone())]).await;
    story.play(&stranger, "tracking_unsubscribe_page", &[it.clone()]).await;
    story.play(&stranger, "tracking_unsubscribe", &[it.clone()]).await;
    story.done(&stranger, "tracking_resume_mails", &[it, json]).await;
    story.done(&agent, "concern_tracking_end", &[concern]).await;
}

async fn partners(story: &mut Story) -> String {
    let (agent, dispatcher) = (story.city.agent().await, story.city.dispatcher().await);
    let mut tickets = Vec::new();
    let mut tokens = Vec::new();
    for _ in 0..3 {
        let mut body = dumping();
        body["category"] = json!("hall_occupation");
        body["description"] = json!("Un groupe occupe le hall chaque soir");
        let filed = agent.post("/v1/concerns", &body).await.created();
        tickets.push(filed["tickets"][0].clone());
        story.city.drain().await;
        tokens.push(token(&story.city, LANDLORD, "/v1/partners/"));
        story.recorded.alias(tokens.last().unwrap(), PARTNER);
    }
    let ticket = tickets[0].clone();
    let photo = upload(&dispatcher, &ticket, "hall.jpg", &photograph(600, 300, ImageFormat::Jpeg)).await.created();
    let stranger = story.city.stranger();
    let it = [("token", json!(tokens[0])), ("Accept", json!("application/json"))];
    story.done(&stranger, "partner_read", &it).await;
    let picture = [it[0].clone(), ("photo", photo["id"].clone())];
    story.play(&stranger, "partner_photo_content", &picture).await;
    story.play(&stranger, "partner_photo_thumbnail", &picture).await;
    story.done(&stranger, "partner_message", &it).await;
    for action in ["receive", "acknowledge", "schedule", "start", "resolve"] {
        let now: Value = stranger
            .send(
                stranger
                    .request(reqwest::Method::GET, &format!("/v1/partners/{}", tokens[0]))
                    .header("Accept", "application/json"),
            )
            .await
            .ok();
        let version = ("If-Match", now["version"].clone());
        story.done(&stranger, &format!("partner_{action}"), &[it[0].clone(), it[1].clone(), version]).await;
    }
    story.done(&dispatcher, "ticket_openings", &[("ticket", ticket["reference"].clone())]).await;
    let other = [("token", json!(tokens[1])), ("Accept", json!("application/json"))];
    let now = dispatcher.ticket(&tickets[1]).await;
    let version = ("If-Match", now["version"].clone());
    story.done(&stranger, "partner_refuse", &[other[0].clone(), other[1].clone(), version]).await;
    tokens.remove(2)
}

/// A resident asks what is kept of them, and wishes it erased; a night waits to be confirmed.
async fn forgotten(story: &mut Story) {
    let (agent, dispatcher) = (story.city.agent().await, story.city.dispatcher().await);
    let mut body = dumping();
    body["resident"] = json!({ "name": "Camille Dupont", "email": "camille.dupont@mail.example" });
    let filed = agent.post("/v1/concerns", &body).await.created();
    for ticket in filed["tickets"].as_array().unwrap() {
        agent.act(ticket, "cancel", &json!({ "note": "Retirée à la demande de l’habitante" })).await.ok();
    }
    let found = story.done(&dispatcher, "resident_search", &[]).await;
    let concern = ("concern", found["concerns"][0].clone());
    story.done(&dispatcher, "resident_export", &[concern.clone()]).await;
    let erased = story.done(&dispatcher, "resident_erase", &[concern]).await;
    assert_eq!(erased, json!({ "erased": [filed["id"]], "waiting": [], "more": false }));
    let run = "insert into retention_run (
            id, planned_at, contact_before, texts_before, rows_before, state, contacts_due, texts_due, rows_due
        ) values ('0197a3b2-7c11-7b3a-9d3e-5a1f0c2e4d6b', '2026-11-30T01:00:00Z', '2026-05-29T22:00:00Z',
            '2025-11-29T23:00:00Z', '2023-11-29T23:00:00Z', 'waiting', 812, 0, 0)";
    sqlx::query(run).execute(&mut story.city.database.connection().await).await.unwrap();
    story.play(&story.city.stranger(), "privacy_notice", &[]).await.is(200);
    story.play(&dispatcher, "processing_record", &[]).await.is(200);
    story.done(&dispatcher, "retention_read", &[]).await;
    let run = ("/run", json!("0197a3b2-7c11-7b3a-9d3e-5a1f0c2e4d6b"));
    assert_eq!(story.done(&dispatcher, "retention_confirm", &[run]).await["state"], "running");
}

/// E-mail comes in, is put with a ticket, and deleted.
async fn mail(story: &mut Story) {
    let program = register(&story.city, &["mail:inbound"], &[]).await.caller(&story.city).await;
    story.done(&program, "inbound_receive", &[]).await;
    let dispatcher = story.city.dispatcher().await;
    let list = story.done(&dispatcher, "inbound_list", &[]).await;
    let mail = ("mail", list["items"][0]["id"].clone());
    story.play(&dispatcher, "inbound_settle", &[mail.clone()]).await;
    story.play(&dispatcher, "inbound_delete", &[mail]).await.is(204);
}

/// A partner whose link has expired has another one sent.
pub async fn renew(story: &mut Story, token: &str) {
    story.city.clock.forward(chrono::Duration::days(8));
    let it = [("token", json!(token)), ("Accept", json!("application/json"))];
    story.done(&story.city.stranger(), "partner_renew", &it).await;
}
