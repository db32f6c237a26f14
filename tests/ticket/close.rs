//! Ending a ticket.

use serde_json::json;

use crate::support::city::City;

crate::tests![
    a_ticket_that_nobody_has_dealt_with_is_not_closed,
    a_refused_ticket_is_closed_with_a_reason_and_the_body_that_was_told,
    a_resolved_ticket_keeps_the_reason_that_it_was_resolved_with,
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
