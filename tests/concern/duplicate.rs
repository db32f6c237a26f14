//! Duplicates at intake: what is proposed, to whom, in which order, at what cost.

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::cafe::plan;
use crate::support::caller::Caller;
use crate::support::city::{City, dumping};
use crate::support::database::{Logged, Statements};

crate::tests![
    tickets_like_it_are_proposed_the_best_first,
    what_is_far_old_ended_or_of_another_category_is_not_proposed,
    asking_before_filing_keeps_nothing,
    what_cannot_be_filed_has_no_duplicates,
    what_is_proposed_of_restricted_tickets_is_recorded,
    proposals_are_one_statement_answered_by_an_index,
];

/// A concern about dumped rubbish, this many metres to the north of the usual place.
fn away(metres: f64, description: &str) -> Value {
    let mut body = dumping();
    body["place"]["lat"] = json!(49.9121 + metres / 111_195.0);
    body["description"] = json!(description);
    body
}

/// Files a concern. Gives what came of it, and the ticket at propreté.
async fn file(who: &Caller, body: &Value) -> (Value, Value) {
    let filed = who.post("/v1/concerns", body).await.created();
    let ticket = filed["tickets"][0].clone();
    (filed, ticket)
}

fn ids(proposals: &Value) -> Vec<&str> {
    proposals.as_array().unwrap().iter().map(|proposal| proposal["id"].as_str().unwrap()).collect()
}

fn id(ticket: &Value) -> &str {
    ticket["id"].as_str().unwrap()
}

/// The proposals at one service: each concern about dumped rubbish opens a ticket at two.
fn at(proposals: &Value, service: &str) -> Vec<Value> {
    let mut all = proposals.as_array().unwrap().clone();
    all.retain(|proposal| proposal["service"]["code"] == service);
    all
}

async fn tickets_like_it_are_proposed_the_best_first() {
    let city = City::new().await;
    let agent = city.agent().await;
    let (first, same) = file(&agent, &away(10.0, "Un matelas et des sacs au pied du mur")).await;
    assert_eq!(first["possible_duplicates"], json!([]), "it is not a duplicate of itself");
    let (_, other) = file(&agent, &away(20.0, "Des pneus derrière le gymnase")).await;
    let said = "UN MATELAS et plusieurs sacs, au pied du mur";
    let (filed, _) = file(&city.other_agent().await, &away(0.0, said)).await;
    let proposals = at(&filed["possible_duplicates"], "proprete");
    assert_eq!(ids(&json!(proposals)), [id(&same), id(&other)]);
    let best = &proposals[0];
    assert_eq!(best["reference"], same["reference"]);
    assert_eq!((&best["category"], &best["state"]), (&json!("illegal_dumping"), &json!("submitted")));
    assert_eq!((&best["distance_m"], &best["filed_at"]), (&json!(10.0), &same["filed_at"]));
    assert!(best["similarity"].as_f64().unwrap() > 0.7, "case and accents do not count: {best}");
    // The same as the rule in `domain` says.
    for proposal in filed["possible_duplicates"].as_array().unwrap() {
        let field = |name: &str| proposal[name].as_f64().unwrap();
        let expected =
            domain::ticket::duplicate::score(field("distance_m"), Duration::zero(), Some(field("similarity")));
        assert!((field("score") - expected).abs() < 0.002, "{proposal} {expected}");
    }
    // Five at most, of the seven and more that are near.
    for _ in 0..2 {
        file(&agent, &dumping()).await;
    }
    let (filed, _) = file(&agent, &dumping()).await;
    let scores: Vec<f64> =
        filed["possible_duplicates"].as_array().unwrap().iter().map(|p| p["score"].as_f64().unwrap()).collect();
    assert!(scores.len() == 5 && scores.is_sorted_by(|one, next| one >= next), "{scores:?}");
    city.stop().await;
}

async fn what_is_far_old_ended_or_of_another_category_is_not_proposed() {
    let city = City::new().await;
    let agent = city.agent().await;
    let (_, old) = file(&agent, &dumping()).await;
    city.clock.forward(Duration::days(30) + Duration::seconds(1));
    let (agent, dispatcher) = (city.agent().await, city.dispatcher().await);
    let (_, far) = file(&agent, &away(50.2, "Un matelas")).await;
    let (_, near) = file(&agent, &away(49.8, "Un matelas")).await;
    let mut east = dumping();
    // At this latitude a degree of longitude is 71.6 km.
    east["place"]["lon"] = json!(2.2972 + 49.0 / 71_600.0);
    let (_, east) = file(&agent, &east).await;
    let (_, ended) = file(&agent, &dumping()).await;
    dispatcher.act(&ended, "cancel", &json!({ "note": "Erreur." })).await.ok();
    let mut graffiti = dumping();
    graffiti["category"] = json!("graffiti");
    let (filed, graffiti) = file(&agent, &graffiti).await;
    assert_eq!(filed["possible_duplicates"], json!([]));
    let (filed, _) = file(&agent, &dumping()).await;
    let found = json!(at(&filed["possible_duplicates"], "proprete"));
    for (ticket, proposed) in
        [(&old, false), (&far, false), (&near, true), (&east, true), (&ended, false), (&graffiti, false)]
    {
        assert_eq!(ids(&found).contains(&id(ticket)), proposed, "{} in {found:#}", ticket["reference"]);
    }
    city.stop().await;
}

async fn asking_before_filing_keeps_nothing() {
    let city = City::new().await;
    let agent = city.agent().await;
    let (_, ticket) = file(&agent, &dumping()).await;
    let before = agent.get("/v1/tickets").await.ok();
    let mut ask = json!({ "category": "illegal_dumping", "place": { "lat": 49.9122, "lon": 2.2971 } });
    let found = agent.post("/v1/concerns/duplicates", &ask).await.ok();
    assert!(ids(&found["items"]).contains(&id(&ticket)));
    assert!(found["items"][0].get("similarity").is_none(), "nothing was said");
    ask["description"] = json!("Un matelas et des sacs au pied du mur");
    let found = agent.post("/v1/concerns/duplicates", &ask).await.ok();
    assert_eq!(found["items"][0]["similarity"], 1.0);
    let address = json!({ "category": "illegal_dumping", "place": { "address": ticket["place"]["address"] } });
    let found = agent.post("/v1/concerns/duplicates", &address).await.ok();
    assert_eq!(found["items"], json!([]), "how far is an address?");
    let both = json!({ "category": "illegal_dumping", "place": ticket["place"] });
    assert!(ids(&agent.post("/v1/concerns/duplicates", &both).await.ok()["items"]).contains(&id(&ticket)));
    let nowhere = json!({ "category": "illegal_dumping", "place": {} });
    let empty = agent.post("/v1/concerns/duplicates", &nowhere).await;
    empty.refused_fields(400, "invalid_request", &[("/place", "empty")]);
    let unknown = json!({ "category": "flying_saucer", "place": { "address": "Rue du Pigeonnier" } });
    let faults = [("/category", "unknown_category")];
    agent.post("/v1/concerns/duplicates", &unknown).await.refused_fields(422, "invalid_content", &faults);
    assert_eq!(agent.get("/v1/tickets").await.ok(), before);
    assert_eq!(city.database.count("select count(*) from concern").await, 1);
    let wrong = json!({ "category": "flying_saucer", "place": { "lat": 48.85, "lon": 2.35 } });
    let faults = [("/category", "unknown_category"), ("/place", "outside_city")];
    agent.post("/v1/concerns/duplicates", &wrong).await.refused_fields(422, "invalid_content", &faults);
    city.proprete().await.post("/v1/concerns/duplicates", &ask).await.refused(403, "missing_right");
    city.stop().await;
}

async fn what_cannot_be_filed_has_no_duplicates() {
    let city = City::new().await;
    let agent = city.agent().await;
    let mut body = dumping();
    for _ in 0..2 {
        body["category"] = json!("drug_dealing");
        assert_eq!(agent.post("/v1/concerns", &body).await.created()["possible_duplicates"], json!([]));
        let ask = json!({ "category": "drug_dealing", "place": body["place"] });
        assert_eq!(agent.post("/v1/concerns/duplicates", &ask).await.ok()["items"], json!([]));
    }
    file(&agent, &dumping()).await;
    body["category"] = json!("illegal_dumping");
    body["answer"] = json!("La benne passe demain.");
    let answered = agent.post("/v1/concerns", &body).await.created();
    assert_eq!(answered["possible_duplicates"], json!([]), "what was answered on the spot waits for nothing");
    city.stop().await;
}

async fn what_is_proposed_of_restricted_tickets_is_recorded() {
    let city = City::new().await;
    let (agent, other) = (city.agent().await, city.other_agent().await);
    let mut body = dumping();
    body["category"] = json!("neighbour_dispute");
    let (_, ticket) = file(&agent, &body).await;
    let recorded = async || {
        let acts = city.audited().await;
        acts.into_iter().filter(|act| act["type"] == "tickets_listed").map(|act| act["tickets"].clone()).collect()
    };
    let none: Vec<Value> = recorded().await;
    assert_eq!(none, Vec::<Value>::new());
    let (filed, second) = file(&other, &body).await;
    assert_eq!(filed["possible_duplicates"], json!([]), "another agent's restricted ticket is none of theirs");
    assert_eq!(recorded().await, Vec::<Value>::new());
    let (filed, _) = file(&agent, &body).await;
    assert_eq!(ids(&filed["possible_duplicates"]), [id(&ticket)]);
    assert_eq!(recorded().await, [json!([ticket["id"]])]);
    let ask = json!({ "category": "neighbour_dispute", "place": body["place"] });
    let found = other.post("/v1/concerns/duplicates", &ask).await.ok();
    assert_eq!(ids(&found["items"]), [id(&second)]);
    assert_eq!(recorded().await, [json!([ticket["id"]]), json!([second["id"]])]);
    // A dispatcher knows of both, and could attach theirs to neither.
    let found = city.dispatcher().await.post("/v1/concerns/duplicates", &ask).await.ok();
    assert_eq!(found["items"], json!([]));
    city.stop().await;
}

async fn proposals_are_one_statement_answered_by_an_index() {
    let city = City::new().await;
    let agent = city.agent().await;
    file(&agent, &dumping()).await;
    // Thousands all over the city, of the same category.
    city.database.copy("concern", &["id"], COPIES_OF_CONCERNS).await;
    city.database.copy("ticket", &["id", "concern_id", "reference", "lat", "lon"], COPIES_OF_TICKETS).await;
    let Some(mut statements) = Statements::logged(&city.database).await else { return city.stop().await };
    let second = city.second().await;
    let agent = agent.at(&second.base_url);
    let mut counts = Vec::new();
    let alone = away(-3000.0, "Rien à côté");
    for body in [&alone, &dumping(), &dumping(), &dumping(), &dumping(), &alone] {
        statements.news();
        let (filed, _) = file(&agent, body).await;
        let run = statements.news();
        counts.push((
            run.iter().filter(|entry| entry.is_run()).count(),
            filed["possible_duplicates"].as_array().unwrap().len(),
        ));
        let plans: Vec<_> =
            run.iter().filter(|entry| entry.plan().is_some_and(|p| p.contains("text_similarity"))).collect();
        assert_eq!(plans.len(), 1, "{run:#?}");
        let plan = plans[0].plan().unwrap();
        // All of these are open and of one category: the index of all places serves as well.
        let by_place = plan.contains("ticket_near_idx") || plan.contains("ticket_place_idx");
        assert!(by_place && !plan.contains("Seq Scan"), "{plan}");
    }
    assert!(counts.iter().any(|(_, proposed)| *proposed == 0) && counts.iter().any(|(_, p)| *p == 5), "{counts:?}");
    // Who asks, proposals, everything that is written.
    assert!(counts.iter().all(|(statements, _)| *statements == 3), "{counts:?}");
    // Under a key, the last one keeps the answer too; of a repeat, the last one reads it.
    for _ in 0..2 {
        let request = agent.request(Method::POST, "/v1/concerns").header("Idempotency-Key", "k").json(&alone);
        statements.news();
        agent.send(request).await.created();
        assert_eq!(statements.news().iter().filter(|entry| entry.is_run()).count(), 3);
    }
    // Whether a café takes concerns is asked, and a partner's link made, by what writes everything.
    let cafe = plan(&agent, json!({})).await;
    let (mut heard, mut hall) = (alone.clone(), dumping());
    (heard["origin"], heard["cafe_id"]) = (json!("cafe"), cafe["id"].clone());
    hall["category"] = json!("hall_occupation");
    for body in [&heard, &hall] {
        statements.news();
        file(&agent, body).await;
        assert_eq!(statements.news().iter().filter(|entry| entry.is_run()).count(), 3);
    }
    assert_eq!(city.database.count("select count(*) from partner_link").await, 1);
    // Reading a concern that follows a ticket looks through none of the others either.
    let mut body = dumping();
    let (_, ticket) = file(&agent, &body).await;
    body["attach_to"] = ticket["id"].clone();
    let (attached, _) = file(&agent, &body).await;
    statements.news();
    agent.get(&format!("/v1/concerns/{}", attached["id"].as_str().unwrap())).await.ok();
    let run = statements.news();
    let plans: Vec<&str> = run.iter().filter_map(Logged::plan).filter(|plan| plan.contains("followed")).collect();
    assert_eq!(plans.len(), 2, "its tickets, and how far it is");
    assert!(plans.iter().all(|plan| !plan.contains("Seq Scan on ticket")), "{plans:#?}");
    second.stop().await;
    city.stop().await;
}

const COPIES_OF_CONCERNS: &str =
    "concern t, generate_series(1, 5000) as n, lateral (select md5(n::text)::uuid as id) as copy";
const COPIES_OF_TICKETS: &str = "ticket t, generate_series(1, 5000) as n, lateral (
    select gen_random_uuid() as id, md5(n::text)::uuid as concern_id,
        'COP-26-' || lpad(n::text, 6, '0') || t.service_code as reference,
        49.89 + 0.03 * random() as lat, 2.25 + 0.07 * random() as lon
) as copy";
