//! The rhythm of cafés, what is owed before the next one, and who is told of it.

use futures_util::future::join;
use serde_json::{Value, json};

use super::{held, path, plan};
use crate::client::register;
use crate::support::caller::Caller;
use crate::support::city::{City, dumping};

crate::tests![
    each_area_has_its_last_and_its_next_cafe_and_the_day_it_is_due,
    a_cafe_that_nobody_marked_took_place_when_concerns_were_heard_there,
    a_city_without_a_rhythm_has_no_overdue_area,
    open_tickets_of_earlier_cafes_are_due_back_before_the_next,
    a_concern_that_was_attached_counts_for_its_ticket,
    services_are_told_once_four_weeks_before,
    two_workers_tell_of_a_cafe_once,
    a_letter_says_nothing_of_a_restricted_ticket_but_its_reference,
];

async fn file(agent: &Caller, cafe: &Value, category: &str, other: Value) -> Value {
    let mut body = dumping();
    body["origin"] = json!("cafe");
    body["cafe_id"] = cafe["id"].clone();
    body["category"] = json!(category);
    body.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
    agent.post("/v1/concerns", &body).await.created()
}

/// The next café in the north, nearly a year later.
async fn next(city: &City) -> Value {
    let times = json!({ "starts_at": "2027-03-04T09:00:00Z", "ends_at": "2027-03-04T11:30:00Z" });
    plan(&city.agent().await, times).await
}

fn area<'a>(cadence: &'a Value, code: &str) -> &'a Value {
    cadence["items"].as_array().unwrap().iter().find(|item| item["area"] == code).unwrap()
}

async fn references(who: &Caller, query: &str) -> Vec<Value> {
    let page = who.get(&format!("/v1/tickets?limit=200&{query}")).await.ok();
    let mut references: Vec<Value> =
        page["items"].as_array().unwrap().iter().map(|ticket| ticket["reference"].clone()).collect();
    references.sort_by_key(ToString::to_string);
    references
}

async fn each_area_has_its_last_and_its_next_cafe_and_the_day_it_is_due() {
    let city = City::new().await;
    let none = city.agent().await.get("/v1/cafes/cadence").await.ok();
    assert_eq!(none["zoning"], "secteurs");
    assert_eq!(none["items"].as_array().unwrap().len(), 5);
    let nothing =
        json!({ "area": "nord", "name": "Nord", "overdue": true, "open_tickets": { "count": 0, "more": false } });
    assert_eq!(*area(&none, "nord"), nothing, "none was ever held");
    let (cafe, agent) = held(&city).await;
    let concern = file(&agent, &cafe, "illegal_dumping", json!({})).await;
    let next = next(&city).await;
    let cadence = async |who: &Caller| who.get("/v1/cafes/cadence").await.ok();
    let north = area(&cadence(&agent).await, "nord").clone();
    let brief = |cafe: &Value| json!({ "id": cafe["id"], "title": cafe["title"], "starts_at": cafe["starts_at"] });
    assert_eq!(
        north,
        json!({
            "area": "nord", "name": "Nord", "last": brief(&cafe), "next": brief(&next), "due_on": "2027-03-12",
            "overdue": false, "open_tickets": { "count": concern["tickets"].as_array().unwrap().len(), "more": false }
        })
    );
    // Each reads what is owed within their own reach; who reads no ticket is told nothing of them.
    assert_eq!(area(&cadence(&city.voirie().await).await, "nord")["open_tickets"]["count"], 0);
    let program = register(&city, &["cafes:read"], &[]).await.caller(&city).await;
    assert_eq!(area(&cadence(&program).await, "nord").get("open_tickets"), None);
    city.clock.set("2027-03-12T22:59:00Z");
    assert_eq!(area(&cadence(&city.agent().await).await, "nord")["overdue"], false, "the day itself");
    city.clock.set("2027-03-12T23:00:00Z");
    let late = cadence(&city.agent().await).await;
    assert_eq!((&area(&late, "nord")["overdue"], area(&late, "nord").get("next")), (&json!(true), None));
    let refused = city.agent().await.get("/v1/cafes/cadence?area=nord").await;
    refused.refused_fields(400, "invalid_parameter", &[("area", "unknown_parameter")]);
    city.auditor().await.get("/v1/cafes/cadence").await.lacks("read_cafes");
    city.stop().await;
}

async fn a_cafe_that_nobody_marked_took_place_when_concerns_were_heard_there() {
    let city = City::new().await;
    let cafe = plan(&city.agent().await, json!({})).await;
    let north = async || area(&city.agent().await.get("/v1/cafes/cadence").await.ok(), "nord").clone();
    let counted = async || city.dispatcher().await.get("/v1/stats/cafes").await.ok()["cafes"].clone();
    file(&city.agent().await, &cafe, "pothole", json!({})).await;
    let before = north().await;
    assert_eq!((before.get("last"), &before["next"]["id"]), (None, &cafe["id"]), "its time has not come");
    assert_eq!(counted().await, 0);
    city.clock.set("2026-03-12T09:05:00Z");
    let after = north().await;
    assert_eq!((&after["last"]["id"], after.get("next"), &after["overdue"]), (&cafe["id"], None, &json!(false)));
    assert_eq!(counted().await, 1);
    assert_eq!(city.agent().await.get(&path(&cafe, "")).await.ok()["state"], "planned", "as it was said");
    let silent = plan(&city.agent().await, json!({ "place": { "lat": 49.8760, "lon": 2.3180 } })).await;
    let others = city.agent().await.get("/v1/cafes/cadence").await.ok();
    let last = others["items"].as_array().unwrap().iter().filter(|area| area.get("last").is_some()).count();
    assert_eq!((last, counted().await), (1, json!(1)), "nothing was heard at {}", silent["id"]);
    city.stop().await;
}

async fn a_city_without_a_rhythm_has_no_overdue_area() {
    let city = City::new().await;
    let mut other = city.instance.context.city().unwrap().city.clone();
    other.settings.cafes = None;
    let cx = &city.instance.context;
    usecases::city::load(cx, &other, false, None, cx.now()).await.unwrap();
    let cadence = city.agent().await.get("/v1/cafes/cadence").await.ok();
    assert_eq!(cadence["zoning"], "secteurs", "that of the territory");
    assert!(cadence["items"].as_array().unwrap().iter().all(|area| area["overdue"] == false));
    city.stop().await;
}

async fn open_tickets_of_earlier_cafes_are_due_back_before_the_next() {
    let city = City::new().await;
    let south = plan(&city.agent().await, json!({ "place": { "lat": 49.8760, "lon": 2.3180 } })).await;
    let (cafe, agent) = held(&city).await;
    let next = next(&city).await;
    let owed = file(&agent, &cafe, "pothole", json!({})).await["tickets"][0].clone();
    let done = file(&agent, &cafe, "pothole", json!({})).await["tickets"][0].clone();
    let voirie = city.voirie().await;
    let taken = voirie.acknowledge(&done).await.ok();
    voirie.resolve(&taken).await.ok();
    file(&agent, &south, "pothole", json!({})).await;
    city.dumping().await;
    let filter = format!("before_cafe={}", next["id"].as_str().unwrap());
    let dispatcher = city.dispatcher().await;
    assert_eq!(references(&dispatcher, &filter).await, [owed["reference"].clone()]);
    // It goes with the others, counts, exports, and is kept like them.
    assert!(references(&dispatcher, &format!("{filter}&service=proprete")).await.is_empty());
    let counts = dispatcher.get(&format!("/v1/tickets/counts?{filter}")).await.ok();
    let counted: i64 = counts["items"].as_array().unwrap().iter().map(|count| count["count"].as_i64().unwrap()).sum();
    assert_eq!(counted, 1);
    let export = dispatcher.get(&format!("/v1/tickets/export?format=ndjson&{filter}")).await;
    assert_eq!(export.is(200).text.lines().count(), 1);
    let kept = json!({ "name": "Avant le café", "parameters": { "before_cafe": [next["id"]] } });
    dispatcher.post("/v1/filters", &kept).await.created();
    // Nothing was said before the first café.
    let first = format!("before_cafe={}", cafe["id"].as_str().unwrap());
    assert!(references(&dispatcher, &first).await.is_empty());
    assert!(references(&city.proprete().await, &filter).await.is_empty(), "another service's");
    let refused = dispatcher.get("/v1/tickets?before_cafe=demain").await;
    refused.refused_fields(400, "invalid_parameter", &[("before_cafe", "bad_value")]);
    city.stop().await;
}

async fn a_concern_that_was_attached_counts_for_its_ticket() {
    let city = City::new().await;
    let ticket = city.dumping().await;
    let (cafe, agent) = held(&city).await;
    let next = next(&city).await;
    file(&agent, &cafe, "illegal_dumping", json!({ "attach_to": ticket["reference"] })).await;
    let filter = format!("before_cafe={}", next["id"].as_str().unwrap());
    assert_eq!(references(&city.dispatcher().await, &filter).await, [ticket["reference"].clone()]);
    let cadence = agent.get("/v1/cafes/cadence").await.ok();
    assert_eq!(area(&cadence, "nord")["open_tickets"]["count"], 1);
    city.stop().await;
}

/// The letters that list what is due before a café: to whom, and their texts.
fn reminders(city: &City) -> Vec<(String, String)> {
    let letters = city.letters().into_iter().filter(|letter| letter.subject().unwrap().starts_with("Café du"));
    letters
        .map(|letter| {
            let to = letter.to().unwrap().first().unwrap().address().unwrap().to_owned();
            (to, letter.body_text(0).unwrap().into_owned())
        })
        .collect()
}

async fn services_are_told_once_four_weeks_before() {
    let city = City::new().await;
    let (cafe, agent) = held(&city).await;
    let owed = file(&agent, &cafe, "pothole", json!({})).await["tickets"][0].clone();
    let refused = file(&agent, &cafe, "pothole", json!({})).await["tickets"][0].clone();
    city.voirie().await.refuse(&refused).await.ok();
    next(&city).await;
    let remind = async || usecases::cafe::remind(&city.instance.context).await.unwrap();
    city.clock.set("2027-02-04T08:59:59Z");
    assert_eq!(remind().await, 0, "four weeks and a second before");
    city.clock.set("2027-02-04T09:00:00Z");
    assert_eq!((remind().await, remind().await), (1, 0));
    city.drain().await;
    let mut told = reminders(&city);
    told.sort();
    let mailbox = |code: &str| {
        let loaded = city.instance.context.city().unwrap();
        loaded.city.service(&code.parse().unwrap()).unwrap().mailbox.clone()
    };
    let mut expected = [mailbox("regulation"), mailbox("voirie")];
    expected.sort();
    assert_eq!(told.iter().map(|(to, _)| to.clone()).collect::<Vec<_>>(), expected);
    let text = |code: &str| &told.iter().find(|(to, _)| *to == mailbox(code)).unwrap().1;
    let (owed, refused) = (owed["reference"].as_str().unwrap(), refused["reference"].as_str().unwrap());
    assert!(text("voirie").contains(owed) && !text("voirie").contains(refused), "{}", text("voirie"));
    assert!(
        text("regulation").contains(refused) && !text("regulation").contains(owed),
        "a refused one waits for the desk"
    );
    for words in
        ["marché du Pigeonnier", "Place du Pays d’Auge", "04/03/2027 à 10\u{a0}h", &format!("/v1/tickets/{owed}")]
    {
        assert!(text("voirie").contains(words), "{words} in {}", text("voirie"));
    }
    assert!(!text("voirie").contains("matelas"), "no descriptions");
    city.clock.set("2027-02-20T09:00:00Z");
    assert_eq!(remind().await, 0);
    // Planned at short notice: told at once, also if nobody owes anything.
    let soon = json!({
        "starts_at": "2027-02-25T09:00:00Z", "ends_at": "2027-02-25T11:00:00Z", "place": { "lat": 49.8760, "lon": 2.3180 }
    });
    plan(&city.agent().await, soon).await;
    assert_eq!((remind().await, remind().await), (1, 0));
    city.drain().await;
    assert_eq!(reminders(&city).len(), 2);
    city.stop().await;
}

async fn two_workers_tell_of_a_cafe_once() {
    let city = City::new().await;
    let second = city.second().await;
    let (cafe, agent) = held(&city).await;
    file(&agent, &cafe, "pothole", json!({})).await;
    next(&city).await;
    let called_off = next(&city).await;
    city.agent().await.post(&path(&called_off, "/cancel"), &json!({ "reason": "Doublon" })).await.ok();
    city.clock.set("2027-02-10T09:00:00Z");
    let (one, other) =
        join(usecases::cafe::remind(&city.instance.context), usecases::cafe::remind(&second.context)).await;
    assert_eq!(one.unwrap() + other.unwrap(), 1);
    assert_eq!(city.database.count("select count(*) from outbox where kind = 'ticket_list'").await, 1);
    second.stop().await;
    city.stop().await;
}

async fn a_letter_says_nothing_of_a_restricted_ticket_but_its_reference() {
    let city = City::new().await;
    let (cafe, agent) = held(&city).await;
    let concern = file(&agent, &cafe, "neighbour_dispute", json!({})).await;
    let reference = concern["tickets"][0]["reference"].as_str().unwrap();
    next(&city).await;
    city.clock.set("2027-02-10T09:00:00Z");
    usecases::cafe::remind(&city.instance.context).await.unwrap();
    city.drain().await;
    let told = reminders(&city);
    assert_eq!(told.len(), 1);
    let text = &told[0].1;
    assert!(text.lines().any(|line| line == reference), "the reference alone: {text}");
    assert!(!text.contains("voisin") && !text.contains("avant le 1"), "{text}");
    let about = "select count(*) from outbox where about::text like '%oisin%'";
    assert_eq!(city.database.count(about).await, 0, "nor is more kept to be sent");
    city.stop().await;
}
