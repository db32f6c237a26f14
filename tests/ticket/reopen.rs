//! Taking back that a ticket is settled.

use chrono::Duration;
use serde_json::json;

use crate::support::city::City;

crate::tests![
    a_reopened_ticket_begins_anew,
    a_closed_ticket_is_reopened_for_thirty_days,
    what_its_service_had_refused_comes_back_to_the_desk,
];

async fn a_reopened_ticket_begins_anew() {
    let city = City::new().await;
    let (filed, proprete) = (city.dumping().await, city.proprete().await);
    let acknowledged = proprete.acknowledge(&filed).await.ok();
    proprete.resolve(&acknowledged).await.ok();
    city.clock.forward(Duration::days(7));
    let agent = city.agent().await;
    let resolved = agent.ticket(&filed).await;
    let reopened = agent.reopen(&resolved).await.ok();
    assert_eq!((&reopened["state"], &reopened["closure_reason"]), (&json!("submitted"), &json!(null)));
    assert_eq!(filed["ack_due_at"], "2026-03-11T16:30:00Z");
    assert_eq!(reopened["ack_due_at"], "2026-03-18T16:30:00Z");
    assert_eq!(city.proprete().await.timeline(&filed).await[3]["data"]["note"], "Ce n’est pas fait.");
    city.drain().await;
    let texts: Vec<String> = city
        .letters_to("proprete@ville-amiens.example")
        .iter()
        .map(|letter| letter.body_text(0).unwrap().replace('\u{a0}', " "))
        .collect();
    let back =
        texts.iter().filter(|text| text.contains("vous revient : elle a été rouverte. Le motif se lit en ligne."));
    assert_eq!(back.count(), 1, "{texts:?}");
    city.stop().await;
}

async fn a_closed_ticket_is_reopened_for_thirty_days() {
    let city = City::new().await;
    let (filed, proprete) = (city.dumping().await, city.proprete().await);
    let acknowledged = proprete.acknowledge(&filed).await.ok();
    let resolved = proprete.resolve(&acknowledged).await.ok();
    let closed = city.dispatcher().await.close(&resolved).await.ok();
    city.clock.forward(Duration::days(31));
    city.agent().await.reopen(&closed).await.refused(409, "reopen_window_over");
    city.clock.forward(-Duration::days(1));
    city.agent().await.reopen(&closed).await.ok();
    city.stop().await;
}

async fn what_its_service_had_refused_comes_back_to_the_desk() {
    let city = City::new().await;
    let (dispatcher, agent) = (city.dispatcher().await, city.agent().await);
    let refused = city.proprete().await.refuse(&city.dumping().await).await.ok();
    let end = json!({ "closure_reason": "private_matter" });
    let closed = dispatcher.act(&refused, "close", &end).await.ok();
    city.drain().await;
    let told =
        || ["regulation@ville-amiens.example", "proprete@ville-amiens.example"].map(|to| city.letters_to(to).len());
    let [desk, service] = told();
    let reopened = agent.reopen(&closed).await.ok();
    assert_eq!((&reopened["state"], &reopened["service"]["code"]), (&json!("submitted"), &json!("regulation")));
    let event = dispatcher.timeline(&closed).await.pop().unwrap();
    assert_eq!((&event["data"]["from"], &event["data"]["service"]), (&json!("proprete"), &json!("regulation")));
    city.drain().await;
    assert_eq!(told(), [desk + 1, service], "the service has said that it is not theirs");
    let back = json!({ "service": "proprete", "note": "C’est bien chez vous." });
    assert_eq!(dispatcher.act(&reopened, "reroute", &back).await.ok()["handovers"], 3, "the dispatcher may insist");
    city.stop().await;
}
