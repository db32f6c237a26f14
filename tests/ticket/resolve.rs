//! Saying that a ticket is settled.

use serde_json::json;

use crate::support::city::City;

crate::tests![a_service_that_is_not_competent_says_whom_it_told, a_duplicate_is_merged_and_not_settled];

async fn a_service_that_is_not_competent_says_whom_it_told() {
    let city = City::new().await;
    let proprete = city.proprete().await;
    let taken = proprete.acknowledge(&city.dumping().await).await.ok();
    let mut body = json!({ "closure_reason": "not_competent", "message_to_resident": "C’est au département." });
    let resolve = proprete.act(&taken, "resolve", &body).await;
    resolve.refused_fields(422, "invalid_content", &[("/body_told", "required")]);
    body["body_told"] = json!("Département de la Somme");
    assert_eq!(proprete.act(&taken, "resolve", &body).await.ok()["closure_reason"], "not_competent");
    assert_eq!(proprete.timeline(&taken).await[2]["data"]["body_told"], "Département de la Somme");
    city.drain().await;
    let letter = city.letters_to("habitante@mail.example").pop().unwrap();
    let text = letter.body_text(0).unwrap();
    assert!(text.contains("Département de la Somme"), "{text}");
    city.stop().await;
}

async fn a_duplicate_is_merged_and_not_settled() {
    let city = City::new().await;
    let (proprete, dispatcher) = (city.proprete().await, city.dispatcher().await);
    let taken = proprete.acknowledge(&city.dumping().await).await.ok();
    let body = json!({ "closure_reason": "duplicate", "message_to_resident": "Déjà suivi." });
    let fields = [("/closure_reason", "merge_instead")];
    proprete.act(&taken, "resolve", &body).await.refused_fields(422, "invalid_content", &fields);
    let refused = proprete.act(&taken, "refuse", &json!({ "reason": "duplicate" })).await.ok();
    let body = json!({ "closure_reason": "duplicate" });
    dispatcher.act(&refused, "close", &body).await.refused_fields(422, "invalid_content", &fields);
    let main = city.dumping().await;
    dispatcher.act(&refused, "merge", &json!({ "duplicate_of": main["id"] })).await.ok();
    city.stop().await;
}
