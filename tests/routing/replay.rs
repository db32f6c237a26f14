//! Playing rules over past concerns, and judging them by what became of their tickets.

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use super::{draft_with, path, rule};
use crate::support::caller::{Caller, Reply};
use crate::support::city::{City, dumping};

crate::tests![
    a_replay_tells_what_would_have_gone_elsewhere,
    a_replay_says_how_far_it_is_and_can_be_stopped,
    rules_are_judged_by_what_became_of_their_tickets,
    small_numbers_are_for_dispatchers,
    a_period_is_measured_as_it_is_answered,
];

fn lines(reply: &Reply) -> Vec<Value> {
    reply.is(200).text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn replay(who: &Caller, body: &Value) -> Reply {
    who.post("/v1/routing/replay", body).await
}

/// Files a concern of that category.
async fn file(agent: &Caller, category: &str) -> Value {
    let mut body = dumping();
    body["category"] = json!(category);
    agent.post("/v1/concerns", &body).await.created()
}

async fn a_replay_tells_what_would_have_gone_elsewhere() {
    let city = City::new().await;
    let (agent, dispatcher) = (city.agent().await, city.dispatcher().await);
    let pothole = file(&agent, "pothole").await;
    city.clock.forward(Duration::minutes(1));
    let dumped = file(&agent, "illegal_dumping").await;
    let same = lines(&replay(&dispatcher, &json!({})).await);
    assert_eq!(
        same.last().unwrap(),
        &json!({ "type": "summary", "concerns": 2, "moved": 0, "skipped": 0, "moves": [] })
    );
    let mut everything = rule("tout-a-la-voirie", "illegal_dumping", "voirie");
    everything["name"] = json!({ "fr": "Tout à la voirie", "en": "Everything to the roads" });
    let draft = draft_with(&dispatcher, "Voirie", everything).await;
    let told = lines(&replay(&dispatcher, &json!({ "draft": draft["id"] })).await);
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!((&told[0]["type"], &told[0]["concern_id"]), (&json!("moved"), &dumped["id"]));
    assert_eq!(told[0]["reference"], dumped["tickets"][0]["reference"]);
    assert_eq!(
        (&told[0]["category"], &told[0]["category_label"]),
        (&json!("illegal_dumping"), &json!("Dépôt sauvage"))
    );
    let brigade = json!({ "code": "brigade-verte", "name": "Brigade verte" });
    let from = json!([brigade, { "code": "proprete", "name": "Propreté urbaine" }]);
    let to = json!([{ "code": "voirie", "name": "Voirie" }]);
    let rule = |code: &str, name: &str| json!({ "code": code, "name": name });
    assert_eq!(
        told[0]["was"],
        json!({ "rule": rule("depots-sauvages", "Dépôts sauvages et déjections canines"), "services": from })
    );
    let would_be = rule("tout-a-la-voirie", "Tout à la voirie");
    assert_eq!(told[0]["would_be"], json!({ "rule": would_be, "services": to }));
    assert_eq!(told[2]["moves"], json!([{ "from": from, "to": to, "count": 1 }]));
    let request = dispatcher.request(Method::POST, "/v1/routing/replay").header("Accept-Language", "en");
    let english = lines(&dispatcher.send(request.json(&json!({ "draft": draft["id"] }))).await);
    assert_eq!(english[0]["would_be"]["rule"], rule("tout-a-la-voirie", "Everything to the roads"));
    assert_eq!(english[2]["moves"][0]["to"], json!([{ "code": "voirie", "name": "Roads" }]));
    let last = lines(&replay(&dispatcher, &json!({ "version": 1, "last": 1 })).await);
    assert_eq!(last.last().unwrap()["concerns"], 1);
    // How pressing the officer said that it was is not kept: the category's own priority counts.
    let mut pressing = super::rule("pressant", "pothole", "voirie");
    pressing["when"] = json!({ "type": "priority", "any_of": ["urgent"] });
    let pressing = draft_with(&dispatcher, "Pressant", pressing).await;
    city.clock.forward(Duration::minutes(1));
    let mut urgent = dumping();
    urgent["priority"] = json!("urgent");
    agent.post("/v1/concerns", &urgent).await.created();
    let told = lines(&replay(&dispatcher, &json!({ "draft": pressing["id"], "last": 1 })).await);
    assert_eq!(told.last().unwrap()["moved"], 0, "{told:?}");
    // What came of a concern later is another matter: the rules are held against what they did.
    let ticket = dispatcher.ticket(&pothole["tickets"][0]).await;
    dispatcher.act(&ticket, "reroute", &json!({ "service": "proprete", "note": "Plutôt eux." })).await.ok();
    let again = lines(&replay(&dispatcher, &json!({})).await);
    assert_eq!(again.last().unwrap()["moved"], 0);
    assert!(city.audited().await.contains(&json!({ "type": "routing_replayed", "concerns": 1000 })));
    city.admin().await.post("/v1/routing/replay", &json!({})).await.refused(403, "missing_right");
    let unknown = replay(&dispatcher, &json!({ "version": 9 })).await;
    unknown.refused_fields(422, "invalid_content", &[("/version", "unknown_rules")]);
    replay(&dispatcher, &json!({ "last": 0 })).await.refused_fields(
        400,
        "invalid_request",
        &[("/last", "out_of_range")],
    );
    city.stop().await;
}

async fn a_replay_says_how_far_it_is_and_can_be_stopped() {
    let city = City::new().await;
    let (agent, dispatcher) = (city.agent().await, city.dispatcher().await);
    let filed = file(&agent, "illegal_dumping").await;
    // Twelve hundred more like it.
    let (concern, n) = (filed["id"].as_str().unwrap(), "generate_series(1, 1200) n");
    let from = format!("concern t, lateral (select md5('c' || n)::uuid as id from {n}) copy where t.id = '{concern}'");
    city.database.copy("concern", &["id"], &from).await;
    let copies = "md5('t' || n)::uuid as id, md5('c' || n)::uuid as concern_id, 'AMI-26-' || 900000 + n as reference";
    let from = format!(
        "ticket t, lateral (select {copies} from {n}) copy where t.concern_id = '{concern}' and t.service_code = 'proprete'"
    );
    city.database.copy("ticket", &["id", "concern_id", "reference"], &from).await;
    let from = format!(
        "handover t join ticket k on k.id = t.ticket_id, lateral (select md5('t' || n)::uuid as ticket_id from {n}) copy
         where k.concern_id = '{concern}' and k.service_code = 'proprete'"
    );
    city.database.copy("handover", &["ticket_id"], &from).await;
    let told = lines(&replay(&dispatcher, &json!({ "last": 1100 })).await);
    let progress: Vec<&Value> =
        told.iter().filter(|line| line["type"] == "progress").map(|line| &line["concerns"]).collect();
    assert_eq!(progress, [&json!(500), &json!(1000), &json!(1100)]);
    assert_eq!(told.last().unwrap()["concerns"], 1100);
    // Whoever hangs up makes room for the next: an instance plays four at once.
    for _ in 0..8 {
        let request = dispatcher.request(Method::POST, "/v1/routing/replay").json(&json!({ "last": 50000 }));
        let mut response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.chunk().await.unwrap();
        drop(response);
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
    lines(&replay(&dispatcher, &json!({ "last": 10 })).await);
    city.stop().await;
}

async fn rules_are_judged_by_what_became_of_their_tickets() {
    let city = City::new().await;
    let (agent, proprete, dispatcher) = (city.agent().await, city.proprete().await, city.dispatcher().await);
    for n in 0..12 {
        let filed = file(&agent, "dog_fouling").await;
        let ticket =
            filed["tickets"].as_array().unwrap().iter().find(|t| t["service"]["code"] == "proprete").unwrap().clone();
        let reply = match n {
            0..=6 => dispatcher.act(&ticket, "reroute", &json!({ "service": "voirie", "note": "À eux." })).await,
            7..=8 => proprete.refuse(&ticket).await,
            _ => proprete.acknowledge(&ticket).await,
        };
        reply.ok();
    }
    city.clock.forward(Duration::minutes(1));
    let quality = dispatcher.get("/v1/routing/quality").await.ok();
    let items = quality["items"].as_array().unwrap();
    let item = items.iter().find(|item| item["service"]["code"] == "proprete").unwrap();
    assert_eq!(item["rule"], json!({ "code": "depots-sauvages", "name": "Dépôts sauvages et déjections canines" }));
    assert_eq!((&item["sent"], &item["accepted"]), (&json!(12), &json!(3)));
    assert_eq!(item["refused"], json!([{ "reason": "not_competent", "count": 2 }]));
    assert_eq!(item["rerouted"], json!([{ "service": { "code": "voirie", "name": "Voirie" }, "count": 7 }]));
    assert_eq!(item["better"]["service"]["code"], "voirie");
    assert_eq!(
        item["better"]["because"],
        "7 des 12 saisines envoyées à « Propreté urbaine » finissent à « Voirie » : la règle pourrait les y envoyer"
    );
    let other = items.iter().find(|item| item["service"]["code"] == "brigade-verte").unwrap();
    assert_eq!((&other["sent"], other.get("better")), (&json!(12), None));
    let earlier =
        dispatcher.get("/v1/routing/quality?filed_from=2026-01-01T00:00:00Z&filed_before=2026-02-01T00:00:00Z").await;
    assert_eq!(earlier.ok()["items"], json!([]));
    let wrong =
        dispatcher.get("/v1/routing/quality?filed_from=2024-01-01T00:00:00Z").await.refused(400, "invalid_parameter");
    assert_eq!(wrong["errors"][0]["parameter"], "filed_before");
    city.stop().await;
}

async fn small_numbers_are_for_dispatchers() {
    let city = City::new().await;
    let (agent, admin, dispatcher) = (city.agent().await, city.admin().await, city.dispatcher().await);
    for _ in 0..4 {
        file(&agent, "pothole").await;
    }
    city.clock.forward(Duration::minutes(1));
    let for_admin = admin.get("/v1/routing/quality").await.ok();
    assert_eq!(for_admin["items"], json!([]));
    let filed = file(&agent, "pothole").await;
    city.voirie().await.acknowledge(&filed["tickets"][0]).await.ok();
    city.clock.forward(Duration::minutes(1));
    let (told, whole) = (admin.get("/v1/routing/quality").await.ok(), dispatcher.get("/v1/routing/quality").await.ok());
    assert_eq!((&told["items"][0]["sent"], told["items"][0].get("accepted")), (&json!(5), None));
    assert_eq!(whole["items"][0]["accepted"], 1);
    // As figures are shown: rounded, and of whole months.
    for _ in 0..3 {
        file(&agent, "pothole").await;
    }
    city.clock.forward(Duration::minutes(1));
    let sent = async |who: &Caller, query: &str| {
        let quality = who.get(&format!("/v1/routing/quality{query}")).await.ok();
        (quality["items"][0]["sent"].clone(), quality["filed_from"].clone())
    };
    assert_eq!(sent(&dispatcher, "").await.0, 8);
    assert_eq!(sent(&admin, "").await, (json!(10), json!("2025-11-30T23:00:00Z")));
    let month = "?filed_from=2026-02-28T23:00:00Z";
    assert_eq!(sent(&admin, month).await, (json!(10), json!("2026-02-28T23:00:00Z")));
    let fine = "?filed_from=2026-03-10T09:00:01Z&filed_before=2026-03-10T09:01:30Z";
    assert_eq!(sent(&dispatcher, fine).await.0, 1);
    admin.get(&format!("/v1/routing/quality{fine}")).await.refused_fields(
        400,
        "invalid_parameter",
        &[("filed_from", "too_fine"), ("filed_before", "too_fine")],
    );
    let draft = draft_with(&admin, "Sans droit", rule("a", "pothole", "voirie")).await;
    agent.get(&path(&draft)).await.refused(403, "missing_right");
    city.stop().await;
}

/// For others than dispatchers, a period that is not ended lasts until the end of this month.
async fn a_period_is_measured_as_it_is_answered() {
    let city = City::new().await;
    city.clock.set("2026-04-01T09:00:00Z");
    let (admin, dispatcher) = (city.admin().await, city.dispatcher().await);
    let of = |period: &str| format!("/v1/routing/quality?{period}");
    let year = "filed_from=2025-03-31T22:00:00Z";
    dispatcher.get(&of(year)).await.ok();
    let too_long = admin.get(&of(year)).await;
    too_long.refused_fields(400, "invalid_parameter", &[("filed_before", "out_of_range")]);
    admin.get(&of(&format!("{year}&filed_before=2026-03-31T22:00:00Z"))).await.ok();
    let answered = admin.get("/v1/routing/quality").await.ok();
    assert_eq!(answered["filed_before"], "2026-04-30T22:00:00Z");
    let [from, before] = ["filed_from", "filed_before"].map(|bound| answered[bound].as_str().unwrap());
    let again = admin.get(&of(&format!("filed_from={from}&filed_before={before}"))).await.ok();
    assert_eq!(again, answered);
    city.stop().await;
}
