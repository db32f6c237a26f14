//! Passing tickets on: handovers, the guard from the second one on, splitting.

use chrono::Duration;
use serde_json::{Value, json};

use crate::support::caller::Caller;
use crate::support::city::{City, dumping};

crate::tests![
    each_passing_on_is_a_row_with_what_was_answered_after_how_long,
    once_a_ticket_was_passed_on_the_dispatcher_decides,
    a_ticket_goes_where_there_is_a_service,
    a_ticket_is_received_when_its_service_opens_it,
    a_concern_is_split_into_tickets_with_lives_of_their_own,
    two_tickets_of_a_concern_do_not_open_the_same_at_once,
    an_assignee_is_of_the_service_and_leaves_with_it,
];

async fn handovers(who: &Caller, ticket: &Value) -> Vec<Value> {
    let page = who.get(&format!("/v1/tickets/{}/handovers", ticket["id"].as_str().unwrap())).await.ok();
    page["items"].as_array().unwrap().clone()
}

fn to(service: &str) -> Value {
    json!({ "service": service, "note": "Pas pour nous." })
}

async fn each_passing_on_is_a_row_with_what_was_answered_after_how_long() {
    let city = City::new().await;
    let filed = city.dumping().await;
    // 10:00 on a Tuesday, open until 12:00 and from 13:30 to 17:30: 14:00 is two hours and a half of work later.
    city.clock.forward(Duration::hours(4));
    let refused = city.proprete().await.refuse(&filed).await.ok();
    city.clock.forward(Duration::days(1));
    let (proprete, dispatcher) = (city.proprete().await, city.dispatcher().await);
    let rerouted = dispatcher.act(&refused, "reroute", &to("voirie")).await.ok();
    assert_eq!((&rerouted["state"], &rerouted["service"]["code"]), (&json!("submitted"), &json!("voirie")));
    assert_eq!((&rerouted["handovers"], &rerouted["handed_over_at"]), (&json!(2), &json!("2026-03-11T13:00:00Z")));
    assert!(rerouted["ack_due_at"].as_str() > filed["ack_due_at"].as_str(), "{rerouted}");
    assert_eq!(proprete.get(&format!("/v1/tickets/{}", filed["id"].as_str().unwrap())).await.status, 404);
    let acknowledged = city.voirie().await.acknowledge(&rerouted).await.ok();
    let rows = handovers(&dispatcher, &filed).await;
    assert_eq!(rows.len(), 2);
    assert_eq!(
        rows[0],
        json!({
            "number": 1, "service": { "code": "proprete", "name": "Propreté urbaine" },
            "sent_at": "2026-03-10T09:00:00Z", "received_at": "2026-03-10T13:00:00Z",
            "answer": "refused", "answered_at": "2026-03-10T13:00:00Z", "answered_after": 9000,
            "answered_by": { "type": "person", "name": "Amélie Petit", "part": "service" },
            "ended_at": "2026-03-11T13:00:00Z"
        })
    );
    assert_eq!((&rows[1]["answer"], &rows[1]["ended_at"]), (&json!("accepted"), &Value::Null));
    let resolved = city.voirie().await.resolve(&acknowledged).await.ok();
    dispatcher.close(&resolved).await.ok();
    assert!(handovers(&dispatcher, &filed).await.iter().all(|row| row["ended_at"].is_string()));
    let events: Vec<Value> = dispatcher.timeline(&filed).await.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(events, ["submitted", "refused", "rerouted", "acknowledged", "resolved", "closed"]);
    city.stop().await;
}

async fn once_a_ticket_was_passed_on_the_dispatcher_decides() {
    let city = City::new().await;
    let (filed, proprete, voirie) = (city.dumping().await, city.proprete().await, city.voirie().await);
    // Coming back is no passing on.
    let resolved = proprete.resolve(&proprete.acknowledge(&filed).await.ok()).await.ok();
    let filed = city.agent().await.act(&resolved, "reopen", &json!({ "note": "Encore là." })).await.ok();
    assert_eq!((&filed["handovers"], &filed["reroutes"]), (&json!(2), &json!(0)));
    // The service that passes a ticket on no longer sees it, but is told how it went.
    let rerouted = proprete.act(&filed, "reroute", &to("voirie")).await.ok();
    assert_eq!((&rerouted["reroutes"], &rerouted["routing"]["rule"]), (&json!(1), &json!("depots-sauvages")));
    assert!(!voirie.ticket(&rerouted).await["actions"].to_string().contains("reroute"));
    let rerouted = voirie.ticket(&rerouted).await;
    voirie.act(&rerouted, "reroute", &to("proprete")).await.refused(403, "action_not_yours");
    city.dispatcher().await.act(&rerouted, "reroute", &to("proprete")).await.ok();
    city.drain().await;
    let letters = city.letters_to("voirie@ville-amiens.example");
    let withdrawn: Vec<_> = letters.iter().filter(|letter| letter.subject().unwrap().contains("plus à")).collect();
    assert_eq!(withdrawn.len(), 1, "the service from which the dispatcher has taken it");
    let text = withdrawn[0].body_text(0).unwrap();
    assert!(!text.contains("http"), "it cannot follow a link to what it no longer sees: {text}");
    city.stop().await;
}

async fn a_ticket_goes_where_there_is_a_service() {
    let city = City::new().await;
    let (filed, dispatcher) = (city.dumping().await, city.dispatcher().await);
    let reroute = async |service| dispatcher.act(&filed, "reroute", &to(service)).await;
    reroute("dragons").await.refused_fields(422, "invalid_content", &[("/service", "unknown_service")]);
    reroute("proprete").await.refused_fields(422, "invalid_content", &[("/service", "same_service")]);
    dispatcher.act(&filed, "reroute", &json!({ "service": "voirie" })).await.refused_fields(
        400,
        "invalid_request",
        &[("/note", "required")],
    );
    let refused = city.proprete().await.refuse(&filed).await.ok();
    let back = dispatcher.act(&refused, "reroute", &to("proprete")).await.ok();
    assert_eq!(back["handovers"], 2, "the dispatcher may insist");
    city.stop().await;
}

async fn a_ticket_is_received_when_its_service_opens_it() {
    let city = City::new().await;
    let (filed, proprete, agent) = (city.dumping().await, city.proprete().await, city.agent().await);
    assert_eq!(agent.ticket(&filed).await["version"], 1, "only its service receives it");
    proprete.get("/v1/tickets").await.ok();
    assert_eq!(agent.ticket(&filed).await["received_at"], Value::Null, "a list is not opened");
    city.clock.forward(Duration::minutes(10));
    let (one, two) = tokio::join!(proprete.ticket(&filed), proprete.ticket(&filed));
    assert_eq!((&one["version"], &two["version"]), (&json!(2), &json!(2)), "opened twice at once, received once");
    assert_eq!(one["received_at"], "2026-03-10T09:10:00Z");
    proprete.act(&one, "receive", &json!({})).await.refused(409, "already_received");
    assert_eq!(agent.timeline(&filed).await[1]["type"], "received");
    assert_eq!(handovers(&agent, &filed).await[0]["received_at"], "2026-03-10T09:10:00Z");
    city.stop().await;
}

async fn a_concern_is_split_into_tickets_with_lives_of_their_own() {
    let city = City::new().await;
    let (filed, dispatcher) = (city.dumping().await, city.dispatcher().await);
    let split = async |services: Value| {
        dispatcher.act(&filed, "split", &json!({ "services": services, "note": "Aussi pour vous." })).await
    };
    split(json!(["dragons", "proprete", "voirie", "voirie"])).await.refused_fields(
        422,
        "invalid_content",
        &[("/services/0", "unknown_service"), ("/services/1", "repeated"), ("/services/3", "repeated")],
    );
    let after = split(json!(["voirie", "eclairage"])).await.ok();
    assert_eq!((&after["state"], &after["version"]), (&json!("submitted"), &json!(2)));
    let path = format!("/v1/concerns/{}", filed["concern_id"].as_str().unwrap());
    let concern = dispatcher.get(&path).await.ok();
    let before = dumping_tickets(&city).await;
    assert_eq!(concern["tickets"].as_array().unwrap().len(), before + 2);
    let event = dispatcher.timeline(&filed).await[1].clone();
    assert_eq!((&event["type"], &event["data"]["services"]), (&json!("split"), &json!(["voirie", "eclairage"])));
    let id = event["data"]["tickets"][0].as_str().unwrap();
    let voirie = city.voirie().await;
    let sibling = voirie.get(&format!("/v1/tickets/{id}")).await.ok();
    assert_eq!((&sibling["state"], &sibling["service"]["code"]), (&json!("submitted"), &json!("voirie")));
    assert_eq!(sibling.get("routing"), None, "no rule sent it");
    assert_eq!(voirie.timeline(&sibling).await[0]["data"]["note"], "Aussi pour vous.", "the new service reads why");
    let once_more = json!({ "services": ["voirie"], "note": "Encore." });
    let reply = dispatcher.act(&after, "split", &once_more).await;
    reply.refused_fields(422, "invalid_content", &[("/services/0", "repeated")]);
    let acknowledged = voirie.acknowledge(&voirie.ticket(&sibling).await).await.ok();
    let resolved = voirie.resolve(&acknowledged).await.ok();
    dispatcher.close(&resolved).await.ok();
    assert_eq!(dispatcher.ticket(&filed).await["state"], "submitted", "ending one ends no other");
    assert_eq!(handovers(&dispatcher, &sibling).await.len(), 1);
    city.drain().await;
    assert_eq!(city.letters_to("eclairage@ville-amiens.example").len(), 1);
    city.stop().await;
}

async fn two_tickets_of_a_concern_do_not_open_the_same_at_once() {
    let city = City::new().await;
    let dispatcher = city.dispatcher().await;
    let body = json!({ "services": ["voirie"], "note": "Aussi pour vous." });
    for _ in 0..12 {
        let filed = city.agent().await.post("/v1/concerns", &dumping()).await.created();
        let (first, second) = (&filed["tickets"][0], &filed["tickets"][1]);
        let (one, two) = tokio::join!(dispatcher.act(first, "split", &body), dispatcher.act(second, "split", &body));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422], "{} {}", one.text, two.text);
    }
    city.stop().await;
}

/// How many tickets the rules open for dumped rubbish.
async fn dumping_tickets(city: &City) -> usize {
    let filed = city.agent().await.post("/v1/concerns", &dumping()).await.created();
    filed["tickets"].as_array().unwrap().len()
}

async fn an_assignee_is_of_the_service_and_leaves_with_it() {
    let city = City::new().await;
    let (filed, proprete) = (city.dumping().await, city.proprete().await);
    let me = async |who: &Caller| who.get("/v1/me").await.ok()["id"].clone();
    let (own, stranger) = (me(&proprete).await, me(&city.voirie().await).await);
    proprete.act(&filed, "assign", &json!({ "assignee": stranger })).await.refused_fields(
        422,
        "invalid_content",
        &[("/assignee", "not_of_service")],
    );
    let assigned = proprete.act(&filed, "assign", &json!({ "assignee": own })).await.ok();
    assert_eq!((&assigned["assignee"], &assigned["state"]), (&own, &json!("submitted")));
    city.drain().await;
    assert_eq!(city.letters_to("amelie.petit@ville-amiens.example").len(), 0, "nobody is told of their own act");
    let nobody = proprete.act(&assigned, "assign", &json!({})).await.ok();
    assert_eq!(nobody.get("assignee"), None);
    let again = city.manager().await.act(&nobody, "assign", &json!({ "assignee": own })).await.ok();
    city.drain().await;
    let letters = city.letters_to("amelie.petit@ville-amiens.example");
    assert_eq!(letters.len(), 1);
    assert!(letters[0].subject().unwrap().contains("confiée"), "{:?}", letters[0].subject());
    let rerouted = city.dispatcher().await.act(&again, "reroute", &to("voirie")).await.ok();
    assert_eq!(rerouted.get("assignee"), None);
    city.stop().await;
}
