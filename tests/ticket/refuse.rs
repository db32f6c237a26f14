//! Sending a ticket back.

use serde_json::json;

use crate::support::city::City;

crate::tests![a_refusal_says_why_and_may_name_who_is_competent, an_assignee_belongs_to_the_service];

async fn a_refusal_says_why_and_may_name_who_is_competent() {
    let city = City::new().await;
    let (ticket, proprete) = (city.dumping().await, city.proprete().await);
    let refuse = async |body| proprete.act(&ticket, "refuse", &body).await;
    refuse(json!({})).await.refused_fields(400, "invalid_request", &[("/reason", "required")]);
    refuse(json!({ "reason": "other" })).await.refused_fields(422, "invalid_content", &[("/note", "required")]);
    let unknown = json!({ "reason": "not_competent", "service": "dragons" });
    refuse(unknown).await.refused_fields(422, "invalid_content", &[("/service", "unknown_service")]);
    let both = json!({ "reason": "other", "service": "dragons" });
    let faults = [("/note", "required"), ("/service", "unknown_service")];
    refuse(both).await.refused_fields(422, "invalid_content", &faults);
    let refused = refuse(json!({ "reason": "not_competent", "service": "voirie", "note": "Chaussée" })).await.ok();
    assert_eq!(refused["state"], "refused");
    let data = proprete.timeline(&ticket).await[1]["data"].clone();
    assert_eq!(data, json!({ "reason": "not_competent", "service": "voirie", "note": "Chaussée" }));
    city.stop().await;
}

async fn an_assignee_belongs_to_the_service() {
    let city = City::new().await;
    let (ticket, proprete, voirie) = (city.dumping().await, city.proprete().await, city.voirie().await);
    let stranger = voirie.get("/v1/me").await.ok()["id"].clone();
    let assign = async |who| proprete.act(&ticket, "acknowledge", &json!({ "assignee": who })).await;
    assign(stranger.clone()).await.refused_fields(422, "invalid_content", &[("/assignee", "not_of_service")]);
    let both = json!({ "assignee": stranger, "expected_on": "2026-03-09" });
    let faults = [("/assignee", "not_of_service"), ("/expected_on", "out_of_range")];
    proprete.act(&ticket, "acknowledge", &both).await.refused_fields(422, "invalid_content", &faults);
    let own = proprete.get("/v1/me").await.ok()["id"].clone();
    assert_eq!(assign(own.clone()).await.ok()["assignee"], own);
    city.stop().await;
}
