//! Ending a ticket.

use serde_json::json;

use crate::support::city::{City, link};
use crate::tracking::json_at;

crate::tests![
    a_ticket_that_nobody_has_dealt_with_is_not_closed,
    a_refused_ticket_is_closed_with_a_reason_and_the_body_that_was_told,
    a_resolved_ticket_keeps_the_reason_that_it_was_resolved_with,
    closing_with_the_reason_that_there_is_leaves_the_body_that_was_told,
    what_is_added_when_a_resolved_ticket_is_closed_is_mailed_to_the_resident,
];

async fn a_ticket_that_nobody_has_dealt_with_is_not_closed() {
    let city = City::new().await;
    let ticket = city.dumping().await;
    city.proprete().await.close(&ticket).await.refused(409, "ticket_not_resolved");
    city.dispatcher().await.close(&ticket).await.refused(409, "ticket_not_resolved");
    city.stop().await;
}

async fn a_refused_ticket_is_closed_with_a_reason_and_the_body_that_was_told() {
    let city = City::new().await;
    let dispatcher = city.dispatcher().await;
    let refused = city.proprete().await.refuse(&city.dumping().await).await.ok();
    let close = async |body| dispatcher.act(&refused, "close", &body).await;
    close(json!({})).await.refused_fields(422, "invalid_content", &[("/closure_reason", "required")]);
    let reason = json!({ "closure_reason": "not_competent" });
    close(reason).await.refused_fields(422, "invalid_content", &[("/body_told", "required")]);
    let closed = close(json!({ "closure_reason": "not_competent", "body_told": "Département de la Somme" })).await.ok();
    assert_eq!((&closed["state"], &closed["closure_reason"]), (&json!("closed"), &json!("not_competent")));
    city.stop().await;
}

async fn a_resolved_ticket_keeps_the_reason_that_it_was_resolved_with() {
    let city = City::new().await;
    let (proprete, dispatcher) = (city.proprete().await, city.dispatcher().await);
    let acknowledged = proprete.acknowledge(&city.dumping().await).await.ok();
    let resolved = proprete.resolve(&acknowledged).await.ok();
    let other = json!({ "closure_reason": "nothing_found" });
    dispatcher.act(&resolved, "close", &other).await.refused(409, "closure_reason_given");
    dispatcher.close(&resolved).await.ok();
    city.stop().await;
}

async fn closing_with_the_reason_that_there_is_leaves_the_body_that_was_told() {
    let city = City::new().await;
    let (proprete, dispatcher) = (city.proprete().await, city.dispatcher().await);
    let taken = proprete.acknowledge(&city.dumping().await).await.ok();
    city.drain().await;
    let path = link(&city.letters_to("habitante@mail.example")[0], "/v1/tracking/");
    let end = json!({
        "closure_reason": "not_competent",
        "body_told": "Département de la Somme",
        "message_to_resident": "C’est au département."
    });
    let resolved = proprete.act(&taken, "resolve", &end).await.ok();
    let outcome = async || json_at(&city, &path).await["tickets"][0]["outcome"].clone();
    let told = outcome().await;
    assert_eq!(told["body_told"], "Département de la Somme");
    let closed = dispatcher.act(&resolved, "close", &json!({ "closure_reason": "not_competent" })).await.ok();
    assert_eq!((&closed["state"], &closed["closure_reason"]), (&json!("closed"), &json!("not_competent")));
    let event = dispatcher.timeline(&closed).await.pop().unwrap();
    assert_eq!((&event["type"], &event["data"]["closure_reason"]), (&json!("closed"), &json!(null)));
    assert_eq!(outcome().await, told);
    // Events that were written before repeat the reason.
    sqlx::raw_sql(REPEATED).execute(&mut city.database.connection().await).await.unwrap();
    let event = dispatcher.timeline(&closed).await.pop().unwrap();
    assert_eq!(event["data"]["closure_reason"], "not_competent");
    assert_eq!(outcome().await, told);
    city.stop().await;
}

/// The closing of resolved tickets, as it was once written.
pub const REPEATED: &str = "begin; set local continuum.erasing = 'on';
    update ticket_event e set fact = e.fact || jsonb_build_object('closure_reason', t.closure_reason)
    from ticket t where t.id = e.ticket_id and e.fact ->> 'type' = 'closed' and t.resolved_at is not null; commit";

async fn what_is_added_when_a_resolved_ticket_is_closed_is_mailed_to_the_resident() {
    let city = City::new().await;
    let (proprete, dispatcher) = (city.proprete().await, city.dispatcher().await);
    let resolved = proprete.resolve(&proprete.acknowledge(&city.dumping().await).await.ok()).await.ok();
    city.drain().await;
    let told =
        || ["habitante@mail.example", "claire.delattre@ville-amiens.example"].map(|to| city.letters_to(to).len());
    let [resident, officer] = told();
    let added = json!({ "message_to_resident": "Une benne passera jeudi." });
    dispatcher.act(&resolved, "close", &added).await.ok();
    assert_eq!(city.drain().await, 1);
    assert_eq!(told(), [resident + 1, officer], "the officer knows the outcome");
    let letters = city.letters_to("habitante@mail.example");
    assert!(letters.iter().any(|letter| letter.subject().unwrap().contains("un message du service")));
    city.stop().await;
}
