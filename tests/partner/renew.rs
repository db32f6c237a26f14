//! A link lives for eight days; another one goes to the mailbox.

use chrono::Duration;
use serde_json::json;

use super::{LANDLORD, act, newest_link, openings, outlive, page, passed_on, read, submit};
use crate::support::city::City;

crate::tests![
    a_link_that_expired_is_renewed_by_mail_only,
    only_what_has_expired_and_is_still_the_partners_is_renewed,
    a_mailbox_is_not_for_others_to_fill,
];

async fn a_link_that_expired_is_renewed_by_mail_only() {
    let city = City::new().await;
    let (ticket, first) = passed_on(&city, "bailleur", LANDLORD).await;
    act(&city, &first, 2, "acknowledge", &json!({})).await.ok();
    city.clock.forward(Duration::days(8) - Duration::seconds(1));
    read(&city, &first).await.ok();
    city.clock.forward(Duration::seconds(1));
    read(&city, &first).await.refused(410, "partner_link_expired");
    act(&city, &first, 3, "start", &json!({})).await.refused(410, "partner_link_expired");
    let expired = page(&city, &first).await.is(410).text.clone();
    assert!(expired.contains("Recevoir un nouveau lien") && !expired.contains("AMI-26"), "{expired}");
    // Looking sends nothing.
    city.drain().await;
    let preview = "/v1/notifications/preview?letter=renewed.service&ticket=AMI-26-000001";
    city.dispatcher().await.get(preview).await.refused(409, "no_such_turn");
    let before = city.letters().len();
    let reply = submit(&city, &first, "renew", &[]).await;
    assert!(reply.is(202).text.contains("Un nouveau lien est en route"), "{}", reply.text);
    assert_eq!(city.drain().await, 1);
    assert_eq!(city.letters().len(), before + 1);
    let second = newest_link(&city, LANDLORD);
    assert!(!reply.text.contains(&second) && second != first);
    let letter = city.letters_to(LANDLORD).pop().unwrap();
    assert_eq!(letter.subject(), Some("Nouveau lien pour la saisine AMI-26-000001"));
    let seen = city.dispatcher().await.get(preview).await.ok()["text"].as_str().unwrap().to_owned();
    assert_eq!(seen, letter.body_text(0).unwrap().replace("\r\n", "\n").replace(&second, "/v1/partners/-"));
    let text = letter.body_text(0).unwrap();
    assert!(text.contains("au titre de la convention") && text.contains("26/03/2026"), "{text}");
    assert!(!text.contains("matelas") && !text.contains("Pigeonnier"), "{text}");
    assert_eq!(act(&city, &second, 3, "start", &json!({})).await.ok()["state"], "in_progress");
    read(&city, &first).await.refused(410, "partner_link_expired");
    let done = ["acknowledge", "opened", "expired", "expired", "expired", "renew", "start", "expired"];
    assert_eq!(openings(&city, &ticket).await, done);
    city.stop().await;
}

async fn only_what_has_expired_and_is_still_the_partners_is_renewed() {
    let city = City::new().await;
    let (ticket, path) = passed_on(&city, "bailleur", LANDLORD).await;
    let stranger = city.stranger();
    let renew = format!("{path}/renew");
    stranger.post(&renew, &json!({})).await.refused(409, "partner_link_still_valid");
    assert_eq!(submit(&city, &path, "renew", &[]).await.is(303).header("location"), Some(path.as_str()));
    stranger.post("/v1/partners/AAAAAAAAAAAAAAAAAAAAAA/renew", &json!({})).await.refused(404, "not_found");
    let note = json!({ "service": "voirie", "note": "Ailleurs." });
    city.dispatcher().await.act(&ticket, "reroute", &note).await.ok();
    outlive(&city);
    stranger.post(&renew, &json!({})).await.refused(410, "partner_link_over");
    assert_eq!(city.database.count("select count(*) from partner_link").await, 1);
    city.stop().await;
}

async fn a_mailbox_is_not_for_others_to_fill() {
    let city = City::new().await;
    let (_, path) = passed_on(&city, "bailleur", LANDLORD).await;
    act(&city, &path, 2, "acknowledge", &json!({})).await.ok();
    outlive(&city);
    let stranger = city.stranger();
    let renew = format!("{path}/renew");
    for _ in 0..2 {
        assert_eq!(stranger.post(&renew, &json!({})).await.is(202).json()["link_expires_at"], "2026-03-26T09:00:00Z");
    }
    stranger.post(&renew, &json!({})).await.refused(429, "too_many_attempts");
    let page = submit(&city, &path, "renew", &[]).await.is(429).text.clone();
    assert!(page.contains("a déjà été envoyé") && page.contains("redemandez-le dans "), "{page}");
    assert!(page.contains(" heures.") || page.contains(" minutes."), "{page}");
    city.drain().await;
    let renewed = city.letters_to(LANDLORD).iter().filter(|l| l.subject().unwrap().starts_with("Nouveau lien")).count();
    assert_eq!(renewed, 2);
    city.stop().await;
}
