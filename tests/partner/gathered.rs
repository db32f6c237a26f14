//! What follows a link within twenty minutes.

use chrono::Duration;
use serde_json::json;

use super::{LANDLORD, passed_on};
use crate::support::city::{City, link};

crate::tests![messages_to_a_partner_are_gathered_behind_its_own_link, nobody_else_gets_a_renewed_link];

async fn messages_to_a_partner_are_gathered_behind_its_own_link() {
    let city = City::new().await;
    let (ticket, path) = passed_on(&city, "bailleur", LANDLORD).await;
    let messages = format!("/v1/tickets/{}/referrer_messages", ticket["id"].as_str().unwrap());
    let agent = city.agent().await;
    for text in ["C’est au fond de la cour.", "Le code du portail a changé."] {
        agent.post(&messages, &json!({ "text": text })).await.created();
    }
    let before = city.letters_to(LANDLORD).len();
    city.drain().await;
    assert_eq!(city.letters_to(LANDLORD).len(), before, "the referral left a moment ago");
    city.clock.forward(Duration::minutes(20));
    assert_eq!(city.drain().await, 1);
    let letters = city.letters_to(LANDLORD);
    assert_eq!(letters.len(), before + 1);
    let gathered = letters.iter().find(|letter| letter.body_text(0).unwrap().contains("2 changements")).unwrap();
    assert_eq!(link(gathered, "/v1/partners/"), path, "the link of its own");
    let text = gathered.body_text(0).unwrap();
    assert!(!text.contains("/v1/tickets/") && !text.contains("portail"), "{text}");
    city.stop().await;
}

async fn nobody_else_gets_a_renewed_link() {
    let city = City::new().await;
    let (_, path) = passed_on(&city, "bailleur", LANDLORD).await;
    // Somebody with an account who is a member of the partner's service all the same.
    let member = city.account("amelie.petit").await;
    let account = format!("/v1/users/{}", member["id"].as_str().unwrap());
    let services = json!({ "services": ["proprete", "bailleur"] });
    city.admin().await.patch(&account, &member["version"], &services).await.ok();
    let amelie = city.proprete().await;
    let request = amelie.request(reqwest::Method::PUT, "/v1/me/notifications").header("If-Match", "\"0\"");
    amelie.send(request.json(&json!({ "service": "at_once" }))).await.ok();
    city.clock.forward(Duration::days(8));
    city.stranger().post(&format!("{path}/renew"), &json!({})).await.is(202);
    city.drain().await;
    let copies = "select count(*) from outbox where kind = 'renewed'";
    assert_eq!(city.database.count(copies).await, 1);
    let theirs = city.letters_to(&crate::support::city::email("amelie.petit"));
    assert!(theirs.iter().all(|letter| !letter.body_text(0).unwrap().contains("/v1/partners/")));
    city.stop().await;
}
