//! Concerns: filed, routed, kept.

pub mod attach;
pub mod duplicate;
pub mod question;
pub mod suggest;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::caller::Caller;
use crate::support::city::{City, dumping, link};

crate::tests![
    what_comes_over_open311_is_not_filed_here,
    an_address_is_enough_where_there_is_no_network,
    a_concern_finds_its_areas_its_services_and_its_deadlines,
    the_routing_is_explained_in_the_readers_language,
    a_concern_heard_at_a_cafe_names_it,
    an_answer_on_the_spot_opens_no_ticket_and_is_sent_to_who_left_an_address,
    of_an_emergency_nothing_is_kept,
    what_points_to_a_person_is_masked_unless_confirmed,
    what_residents_leave_stands_nowhere_in_clear,
    a_concern_is_read_by_those_who_may_know_of_it,
    a_concern_is_as_far_for_every_reader,
];

fn about(category: &str) -> Value {
    let mut body = dumping();
    body["category"] = json!(category);
    body
}

async fn a_concern_finds_its_areas_its_services_and_its_deadlines() {
    let city = City::new().await;
    let filed = city.agent().await.post("/v1/concerns", &dumping()).await;
    let location = filed.header("location").unwrap().to_owned();
    let filed = filed.created();
    assert_eq!(filed["areas"], json!({ "quartiers": "nord-pigeonnier", "secteurs": "nord" }));
    assert_eq!((&filed["outcome"], &filed["status"]), (&json!("referred"), &json!("open")));
    assert_eq!(location, format!("/v1/concerns/{}", filed["id"].as_str().unwrap()));
    let tickets = filed["tickets"].as_array().unwrap();
    let line = |t: &Value| format!("{} {} {}", t["reference"].as_str().unwrap(), t["service"]["code"], t["state"]);
    assert_eq!(
        tickets.iter().map(line).collect::<Vec<_>>(),
        ["AMI-26-000001 \"proprete\" \"submitted\"", "AMI-26-000002 \"brigade-verte\" \"submitted\"",]
    );
    // Filed on a Tuesday at ten; propreté closes at half past five.
    assert_eq!(tickets[0]["ack_due_at"], "2026-03-11T16:30:00Z");
    assert_eq!(tickets[0]["resolve_due_at"], "2026-03-12T16:30:00Z");
    assert_eq!(tickets[0]["late"], false);
    city.stop().await;
}

async fn the_routing_is_explained_in_the_readers_language() {
    let city = City::new().await;
    let agent = city.agent().await;
    let file = async |language: &str| {
        let request = agent.request(Method::POST, "/v1/concerns").header("Accept-Language", language);
        agent.send(request.json(&about("neighbour_noise"))).await.created()
    };
    let french = file("fr").await;
    let routing = &french["tickets"][0]["routing"];
    assert_eq!(routing["version"], 1);
    let explanation = routing["explanation"].as_str().unwrap();
    assert!(
        explanation.contains("le motif est « Bruit de voisinage") && explanation.contains("le lieu est dans"),
        "{explanation}"
    );
    let english = file("en").await;
    let explanation = english["tickets"][0]["routing"]["explanation"].as_str().unwrap();
    assert!(explanation.contains("the category is") && explanation.contains(" and the place lies in"), "{explanation}");
    let services: Vec<&Value> = french["tickets"].as_array().unwrap().iter().map(|t| &t["service"]["code"]).collect();
    assert_eq!(services, ["mediation", "police-municipale"]);
    city.stop().await;
}

async fn a_concern_heard_at_a_cafe_names_it() {
    let city = City::new().await;
    let agent = city.agent().await;
    let cafe = json!({
        "title": "Café", "place": { "lat": 49.912, "lon": 2.297 },
        "starts_at": "2026-03-10T08:00:00Z", "ends_at": "2026-03-10T10:00:00Z"
    });
    let cafe = agent.post("/v1/cafes", &cafe).await.created()["id"].clone();
    let mut body = dumping();
    body["origin"] = json!("cafe");
    body["cafe_id"] = cafe.clone();
    assert_eq!(agent.post("/v1/concerns", &body).await.created()["cafe_id"], cafe);
    city.stop().await;
}

async fn an_answer_on_the_spot_opens_no_ticket_and_is_sent_to_who_left_an_address() {
    let city = City::new().await;
    let mut body = about("pm_careers");
    body["answer"] = json!("Le concours de gardien-brigadier, auprès du centre de gestion.");
    let filed = city.agent().await.post("/v1/concerns", &body).await.created();
    assert_eq!((&filed["outcome"], &filed["status"]), (&json!("answered_on_the_spot"), &json!("closed")));
    assert_eq!((&filed["tickets"], &filed["warnings"]), (&json!([]), &json!([])));
    city.drain().await;
    let letter = city.letters_to("habitante@mail.example").pop().unwrap();
    let text = letter.body_text(0).unwrap();
    assert!(text.contains("répondu sur place") && !text.contains("gardien") && !text.contains("L231-4"), "{text}");
    let stranger = city.stranger();
    let request = stranger.request(Method::GET, &link(&letter, "/v1/tracking/")).header("Accept", "application/json");
    let page = stranger.send(request).await.ok();
    assert_eq!((&page["answer"], &page["tickets"], &page["mails"]), (&body["answer"], &json!([]), &json!("on")));
    city.stop().await;
}

async fn of_an_emergency_nothing_is_kept() {
    let city = City::new().await;
    let agent = city.agent().await;
    let mut body = about("drug_dealing");
    body["description"] = json!("Un récit que personne ne doit lire");
    body["answer"] = json!("Une réponse que personne ne doit lire");
    let request = agent.request(Method::POST, "/v1/concerns").header("Idempotency-Key", "k").json(&body);
    let filed = agent.send(request).await.created();
    assert_eq!((&filed["outcome"], &filed["tickets"]), (&json!("signposted"), &json!([])));
    assert_eq!(filed["emergency"]["numbers"][0]["number"], "17");
    assert_eq!(filed["areas"]["secteurs"], "nord");
    assert_eq!(filed["warnings"][0]["code"], "nothing_kept");
    for absent in ["description", "answer", "place"] {
        assert!(filed.get(absent).is_none(), "{absent}");
    }
    let everything = dump(&city).await;
    for secret in ["personne ne doit lire", "habitante@mail.example", "Rue du Pigeonnier", "49.9121"] {
        assert!(!everything.contains(secret), "{secret} was kept");
    }
    city.stop().await;
}

async fn what_points_to_a_person_is_masked_unless_confirmed() {
    let city = City::new().await;
    let agent = city.agent().await;
    let mut body = dumping();
    body["description"] = json!("La Clio AB-123-CD du 06 12 34 56 78 décharge ici");
    let masked = agent.post("/v1/concerns", &body).await.created();
    assert_eq!(masked["description"], "La Clio […] du […] décharge ici");
    let codes: Vec<&Value> = masked["warnings"].as_array().unwrap().iter().map(|w| &w["code"]).collect();
    assert_eq!(codes, ["plate", "phone_number"]);
    assert!(masked["warnings"].as_array().unwrap().iter().all(|w| w["masked"] == true && w["field"] == "description"));
    body["confirm_text"] = json!(true);
    let kept = agent.post("/v1/concerns", &body).await.created();
    assert_eq!(kept["description"], body["description"]);
    assert_eq!(kept["warnings"][0]["masked"], false);
    city.stop().await;
}

/// Every row of every table, as text.
pub async fn dump(city: &City) -> String {
    let mut connection = city.database.connection().await;
    let tables: Vec<String> =
        sqlx::query_scalar("select tablename::text from pg_tables where schemaname = 'continuum'")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    let mut everything = String::new();
    for table in tables {
        let statement =
            sqlx::AssertSqlSafe(format!("select coalesce(string_agg(t::text, chr(10)), '') from {table} t"));
        let rows: String = sqlx::query_scalar(statement).fetch_one(&mut connection).await.unwrap();
        // bytea is shown in hexadecimal: look at what it holds, too.
        let bytes = rows.split("\\x").skip(1).map(|hex| {
            let digits: Vec<u8> = hex.bytes().take_while(u8::is_ascii_hexdigit).collect();
            let pairs = digits.chunks_exact(2).map(|pair| std::str::from_utf8(pair).unwrap());
            String::from_utf8_lossy(&pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect::<Vec<_>>())
                .into_owned()
        });
        everything.extend(bytes.collect::<Vec<_>>());
        everything += &rows;
    }
    everything
}

async fn what_residents_leave_stands_nowhere_in_clear() {
    let city = City::new().await;
    let (agent, proprete) = (city.agent().await, city.proprete().await);
    let mut body = dumping();
    body["resident"] =
        json!({ "name": "Zénobie Quatrelivres", "email": "zenobie@mail.example", "phone": "+33612345678" });
    let request = agent.request(Method::POST, "/v1/concerns").header("Idempotency-Key", "k").json(&body);
    let filed = agent.send(request).await.created();
    let acknowledged = proprete.acknowledge(&filed["tickets"][0]).await.ok();
    proprete.resolve(&acknowledged).await.ok();
    city.drain().await;
    assert_eq!(city.letters_to("zenobie@mail.example").len(), 3);
    let everything = dump(&city).await;
    assert!(everything.contains("Un matelas"), "the dump holds what is kept");
    for secret in ["Zénobie", "Quatrelivres", "zenobie@", "612345678"] {
        assert!(!everything.contains(secret), "{secret} stands in clear");
    }
    city.stop().await;
}

async fn a_concern_is_read_by_those_who_may_know_of_it() {
    let city = City::new().await;
    let agent = city.agent().await;
    let filed = agent.post("/v1/concerns", &about("neighbour_dispute")).await.created();
    let path = format!("/v1/concerns/{}", filed["id"].as_str().unwrap());
    for who in [&agent, &city.dispatcher().await, &city.login("samira.benali").await] {
        let read = who.get(&path).await.ok();
        assert_eq!(
            (&read["description"], &read["tickets"][0]["id"]),
            (&filed["description"], &filed["tickets"][0]["id"])
        );
    }
    for who in [city.other_agent().await, city.voirie().await] {
        who.get(&path).await.refused(404, "not_found");
    }
    city.stop().await;
}

async fn a_concern_is_as_far_for_every_reader() {
    let city = City::new().await;
    let filed = city.agent().await.post("/v1/concerns", &dumping()).await.created();
    let (theirs, others) = (&filed["tickets"][0], &filed["tickets"][1]);
    let (proprete, dispatcher) = (city.proprete().await, city.dispatcher().await);
    proprete.resolve(&proprete.acknowledge(theirs).await.ok()).await.ok();
    let path = format!("/v1/concerns/{}", filed["id"].as_str().unwrap());
    let read = async |who: &Caller| {
        let concern = who.get(&path).await.ok();
        (concern["status"].clone(), concern["tickets"].as_array().unwrap().len())
    };
    assert_eq!(read(&dispatcher).await, (json!("open"), 2));
    assert_eq!(read(&proprete).await, (json!("open"), 1), "another service has not finished");
    dispatcher.act(others, "cancel", &json!({ "note": "Rien à constater" })).await.ok();
    for (who, tickets) in [(&dispatcher, 2), (&proprete, 1)] {
        assert_eq!(read(who).await, (json!("resolved"), tickets));
    }
    city.stop().await;
}

async fn an_address_is_enough_where_there_is_no_network() {
    let city = City::new().await;
    let (agent, dispatcher) = (city.agent().await, city.dispatcher().await);
    let at = async |place: Value| {
        let mut body = dumping();
        body["place"] = place;
        agent.post("/v1/concerns", &body).await
    };
    let filed = at(json!({ "address": "12 rue du Pigeonnier" })).await.created();
    let ticket = &filed["tickets"][0];
    assert_eq!(ticket["service"]["code"], "proprete", "rules send it that do not look at areas");
    for (place, areas) in [(&filed["place"], &filed["areas"]), (&ticket["place"], &ticket["areas"])] {
        assert_eq!((place, areas), (&json!({ "address": "12 rue du Pigeonnier" }), &json!({})));
    }
    assert_eq!(filed["possible_duplicates"], json!([]));
    let listed = async |query: &str| dispatcher.get(&format!("/v1/tickets?{query}")).await.ok()["items"].clone();
    assert_eq!(listed("q=pigeonnier").await.as_array().unwrap().len(), 2, "it is found by its address");
    assert_eq!(listed("bbox=-180,-90,180,90").await, json!([]), "and on no map");
    let map = dispatcher.request(reqwest::Method::GET, "/v1/tickets").header("Accept", "application/geo+json");
    assert_eq!(dispatcher.send(map).await.ok()["features"][0]["geometry"], Value::Null);
    let export = dispatcher.get("/v1/tickets/export?format=geojson").await.ok();
    assert_eq!(export["features"][0]["geometry"], Value::Null);
    let sheet = dispatcher.get(&format!("/v1/tickets/{}/sheet", ticket["reference"].as_str().unwrap())).await;
    assert!(sheet.is(200).text.contains("12 rue du Pigeonnier") && !sheet.text.contains("49."), "{}", sheet.text);
    let proprete = city.proprete().await;
    proprete.resolve(&proprete.acknowledge(ticket).await.ok()).await.ok();
    for (place, at_field, code) in [
        (json!({}), "/place", "empty"),
        (json!({ "lat": 49.9 }), "/place/lon", "required"),
        (json!({ "lon": 2.3, "address": "Ici" }), "/place/lat", "required"),
        (json!({ "address": " " }), "/place/address", "invalid"),
    ] {
        at(place).await.refused_fields(400, "invalid_request", &[(at_field, code)]);
    }
    at(json!({ "lat": 48.85, "lon": 2.35, "address": "Paris" })).await.refused(422, "invalid_content");
    city.stop().await;
}

async fn what_comes_over_open311_is_not_filed_here() {
    let city = City::new().await;
    let mut body = dumping();
    body["origin"] = json!("open311");
    let reply = city.agent().await.post("/v1/concerns", &body).await;
    reply.refused_fields(422, "invalid_content", &[("/origin", "not_expected")]);
    body["resident"] = json!({});
    body["category"] = json!("dragons");
    let all = [("/origin", "not_expected"), ("/resident", "empty"), ("/category", "unknown_category")];
    city.agent().await.post("/v1/concerns", &body).await.refused_fields(422, "invalid_content", &all);
    city.stop().await;
}
