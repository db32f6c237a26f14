//! What everybody may know, and what a token adds.

use serde_json::{Value, json};

use super::{city, ids, in_english, items, linked};
use crate::cafe::{path, plan};
use crate::client::register;
use crate::support::caller::Caller;
use crate::support::city::{City, dumping};

crate::tests![
    the_landing_page_leads_to_everything,
    the_public_sees_of_tickets_what_open311_tells_and_no_word_more,
    a_token_shows_what_its_holder_may_read,
    a_token_that_does_not_hold_is_told,
    cafes_are_those_of_the_public_calendar,
    hotspots_are_told_from_five_on_and_coarsely,
    what_is_shown_coarsely_cannot_be_asked_for_exactly,
];

async fn the_landing_page_leads_to_everything() {
    let city = city().await;
    let stranger = city.stranger();
    let mut open = vec!["/ogc".to_owned()];
    let mut seen: Vec<String> = Vec::new();
    while let Some(path) = open.pop() {
        if seen.contains(&path) {
            continue;
        }
        let reply = stranger.get(&path).await;
        let page = reply.is(200).json();
        let links = page["links"].as_array().into_iter().flatten();
        let collections = page["collections"].as_array().into_iter().flatten();
        for link in links.chain(collections.flat_map(|one| one["links"].as_array().unwrap())) {
            let address = url::Url::parse(link["href"].as_str().unwrap()).unwrap();
            let path = address[url::Position::BeforePath..].to_owned();
            let kind = stranger.get(&path).await.is(200).header("content-type").unwrap().to_owned();
            assert_eq!(link["type"], kind.as_str(), "{link}");
            open.push(path);
        }
        seen.push(path);
    }
    for path in ["/ogc/api", "/ogc/conformance", "/ogc/collections", "/ogc/collections/tickets/items"] {
        assert!(seen.iter().any(|one| one == path), "{seen:?}");
    }
    assert_eq!(stranger.get("/ogc/").await.is(200).json(), stranger.get("/ogc").await.json());
    let landing = in_english(&stranger, "/ogc").await.is(200).json();
    assert_eq!(linked(&landing, "service-desc").as_deref(), Some("/ogc/api"));
    assert!(landing["title"].as_str().unwrap().starts_with("Maps of"), "{landing}");
    for path in ["/ogc/nothing", "/ogc/collections/residents", "/ogc/collections/tickets/items/AMI-26-999999"] {
        let reply = stranger.get(path).await;
        assert_eq!(reply.is(404).header("content-type"), Some("application/problem+json"), "{}", reply.text);
    }
    let reply = stranger.post("/ogc/collections/tickets/items", &json!({})).await;
    assert_eq!((reply.is(405).header("allow"), &reply.json()["status"]), (Some("GET"), &json!(405)));
    city.stop().await;
}

async fn the_public_sees_of_tickets_what_open311_tells_and_no_word_more() {
    let city = city().await;
    let agent = city.agent().await;
    let mut body = dumping();
    body["category"] = json!("graffiti");
    body["place"]["address"] = json!("12 Rue du Pigeonnier");
    let filed = agent.post("/v1/concerns", &body).await.created();
    let mut kept = Vec::new();
    for category in ["neighbour_noise", "officer_complaint"] {
        body["category"] = json!(category);
        kept.push(agent.post("/v1/concerns", &body).await.created());
    }
    // Of what has only an address there is nothing to draw.
    let mut elsewhere = dumping();
    elsewhere["category"] = json!("graffiti");
    elsewhere["place"] = json!({ "address": "Rue du Pigeonnier" });
    agent.post("/v1/concerns", &elsewhere).await.created();
    let reference = filed["tickets"][0]["reference"].as_str().unwrap();
    let stranger = city.stranger();
    let page = items(&stranger, "tickets/items").await;
    assert_eq!(ids(&page), [reference]);
    let feature = &page["features"][0];
    assert_eq!(
        feature["properties"],
        json!({
            "reference": reference, "category": "graffiti", "category_label": "Tags, affichage sauvage", "status": "open",
            "state": "submitted", "closure_reason": null, "services": "Propreté urbaine", "street": "Rue du Pigeonnier",
            "requested_at": "2026-03-10T09:00:00Z", "updated_at": "2026-03-10T09:00:00Z",
            "area_secteurs": "nord", "area_quartiers": feature["properties"]["area_quartiers"],
        })
    );
    let mut one = stranger.get(&format!("/ogc/collections/tickets/items/{reference}")).await.ok();
    assert_eq!(linked(&one, "collection").as_deref(), Some("/ogc/collections/tickets"));
    one.as_object_mut().unwrap().remove("links");
    assert_eq!(&one, feature);
    for concern in &kept {
        for ticket in concern["tickets"].as_array().unwrap() {
            let name = ticket["reference"].as_str().unwrap();
            stranger.get(&format!("/ogc/collections/tickets/items/{name}")).await.is(404);
        }
    }
    // How it ended is told; what was written to whom is not, nor what came over Open311 in words.
    let service = city.proprete().await;
    let ticket = service.acknowledge(&filed["tickets"][0]).await.ok();
    let told = json!({ "closure_reason": "work_done", "message_to_resident": "Madame Dupont, c’est fait.", "note": "Une note" });
    service.act(&ticket, "resolve", &told).await.ok();
    let page = items(&stranger, "tickets/items").await;
    let text = page.to_string();
    assert_eq!(page["features"][0]["properties"]["closure_reason"], "work_done");
    for secret in ["Dupont", "Une note", "matelas", "habitante", "\"12 "] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    city.stop().await;
}

/// What that caller sees of the tickets, sorted.
async fn tickets(who: &Caller) -> Vec<String> {
    let page = items(who, "tickets/items").await;
    let category = |one: &Value| one["properties"]["category"].as_str().unwrap().to_owned();
    let mut seen: Vec<String> = page["features"].as_array().unwrap().iter().map(category).collect();
    seen.sort();
    seen
}

async fn a_token_shows_what_its_holder_may_read() {
    let city = city().await;
    let agent = city.agent().await;
    for category in ["graffiti", "pothole", "neighbour_dispute", "officer_complaint"] {
        let mut body = dumping();
        body["category"] = json!(category);
        agent.post("/v1/concerns", &body).await.created();
    }
    let all = ["graffiti", "neighbour_dispute", "officer_complaint", "pothole"];
    assert_eq!(tickets(&city.stranger()).await, ["graffiti", "pothole"]);
    assert_eq!(tickets(&city.dispatcher().await).await, all);
    assert_eq!(tickets(&city.proprete().await).await, ["graffiti"], "those of their service");
    assert_eq!(tickets(&city.auditor().await).await, ["graffiti", "pothole"], "who reads none sees what is public");
    let mine = items(&city.proprete().await, "tickets/items").await;
    let properties = &mine["features"][0]["properties"];
    assert_eq!((&properties["late"], &properties["priority"]), (&json!(false), &json!("normal")));
    assert_eq!(properties["address"], "Rue du Pigeonnier");
    // Looking at the map is not opening the ticket.
    let one = format!("/ogc/collections/tickets/items/{}", properties["reference"].as_str().unwrap());
    city.proprete().await.get(&one).await.is(200);
    let ticket =
        city.dispatcher().await.get(&format!("/v1/tickets/{}", properties["reference"].as_str().unwrap())).await.ok();
    assert_eq!(ticket["received_at"], Value::Null);
    // What is restricted is recorded when it is read here as elsewhere.
    let read = city.audited().await.into_iter().filter(|act| act["type"] == "tickets_listed").count();
    assert!(read > 0, "{:?}", city.audited().await);
    let program = register(&city, &["tickets:read"], &["voirie"]).await.caller(&city).await;
    assert_eq!(tickets(&program).await, ["pothole"], "within the program’s limits");
    city.stop().await;
}

async fn a_token_that_does_not_hold_is_told() {
    let city = city().await;
    for path in ["tickets/items", "areas/items", "cafes/items/x"] {
        let reply = city.stranger().bearing("nonsense").get(&format!("/ogc/collections/{path}")).await;
        assert_eq!(reply.is(401).header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
        assert!(reply.json()["detail"].as_str().unwrap().contains("jeton"), "{}", reply.text);
    }
    city.stop().await;
}

async fn cafes_are_those_of_the_public_calendar() {
    let city = city().await;
    let (agent, stranger) = (city.agent().await, city.stranger());
    let hidden = plan(&agent, json!({ "title": "Un café dont personne ne sait rien" })).await;
    let cafe = plan(&agent, json!({})).await;
    agent.post(&path(&cafe, "/announce"), &json!({})).await.ok();
    let id = |cafe: &Value| cafe["id"].as_str().unwrap().to_owned();
    let page = items(&stranger, "cafes/items").await;
    assert_eq!(ids(&page), [id(&cafe)]);
    assert_eq!(page["features"][0]["properties"]["status"], "confirmed");
    assert_eq!(page["features"][0]["properties"].get("state"), None);
    stranger.get(&format!("/ogc/collections/cafes/items/{}", id(&hidden))).await.is(404);
    assert_eq!(items(&agent, "cafes/items").await["numberReturned"], 2);
    assert_eq!(
        agent.get(&format!("/ogc/collections/cafes/items/{}", id(&hidden))).await.ok()["properties"]["announced"],
        false
    );
    for (query, found) in [
        ("datetime=2026-03-12T10:00:00Z", 1),
        ("datetime=2026-03-12T11:30:00Z/..", 1),
        ("datetime=2026-03-12T11:30:01Z/..", 0),
        ("datetime=../2026-03-12T08:59:59Z", 0),
        ("datetime=2026-03-12", 1),
        ("status=cancelled", 0),
        ("area_secteurs=nord", 1),
        ("area_secteurs=nord&area_quartiers=centre", 0),
        ("bbox=2,49,2.1,50", 0),
    ] {
        assert_eq!(items(&stranger, &format!("cafes/items?{query}")).await["numberReturned"], found, "{query}");
    }
    let body = json!({ "reason": "Pluie, dit Madame Dupont" });
    agent.post(&path(&cafe, "/cancel"), &body).await.ok();
    let page = items(&stranger, "cafes/items?status=cancelled").await;
    assert!(page["numberReturned"] == 1 && !page.to_string().contains("Pluie"), "{page}");
    city.clock.set("2027-03-13T09:00:00Z");
    assert_eq!(items(&stranger, "cafes/items").await["numberReturned"], 0, "the calendar goes back twelve months");
    stranger.get(&format!("/ogc/collections/cafes/items/{}", id(&cafe))).await.is(404);
    city.stop().await;
}

/// Files so many concerns within a few metres of the place.
async fn file(city: &City, from: u32, to: u32) {
    let agent = city.agent().await;
    for metres in from..to {
        let mut body = dumping();
        body["place"]["lat"] = json!(49.9124 + f64::from(metres) / 111_195.0);
        agent.post("/v1/concerns", &body).await.created();
    }
    while usecases::hotspot::keep(&city.instance.context).await.unwrap() > 0 {}
}

async fn hotspots_are_told_from_five_on_and_coarsely() {
    let city = city().await;
    let stranger = city.stranger();
    // Where houses stand empty is on no map, be it that many said so.
    for _ in 0..5 {
        let mut body = dumping();
        body["category"] = json!("holiday_watch");
        city.agent().await.post("/v1/concerns", &body).await.created();
    }
    file(&city, 0, 4).await;
    assert_eq!(items(&stranger, "hotspots/items").await["numberReturned"], 0);
    let page = items(&city.agent().await, "hotspots/items").await;
    assert_eq!(page["features"][0]["properties"]["concerns"], 4);
    let id = ids(&page).pop().unwrap();
    stranger.get(&format!("/ogc/collections/hotspots/items/{id}")).await.is(404);
    city.clock.forward(chrono::Duration::hours(1));
    file(&city, 4, 7).await;
    let page = items(&stranger, "hotspots/items").await;
    assert_eq!(ids(&page), std::slice::from_ref(&id));
    assert_eq!(page["features"][0]["geometry"]["coordinates"], json!([2.297, 49.912]));
    let properties = &page["features"][0]["properties"];
    assert_eq!(
        properties,
        &json!({
            "family": "cleanliness", "family_label": "Propreté et déchets", "active": true, "street": "Rue du Pigeonnier",
            "concerns": 5, "first_month": "2026-03", "last_month": "2026-03", "area_secteurs": "nord",
            "area_quartiers": properties["area_quartiers"],
        })
    );
    assert_eq!(stranger.get(&format!("/ogc/collections/hotspots/items/{id}")).await.ok()["id"], id.as_str());
    let own = items(&city.agent().await, "hotspots/items").await;
    assert_eq!(own["features"][0]["properties"]["concerns"], 7);
    assert_ne!(own["features"][0]["geometry"], page["features"][0]["geometry"]);
    assert_eq!(items(&city.proprete().await, "hotspots/items").await["features"][0]["properties"]["concerns"], 7);
    assert_eq!(items(&city.voirie().await, "hotspots/items").await["numberReturned"], 0, "none of theirs");
    city.clock.forward(chrono::Duration::days(400));
    while usecases::hotspot::keep(&city.instance.context).await.unwrap() > 0 {}
    assert_eq!(items(&stranger, "hotspots/items").await["numberReturned"], 0, "it sleeps");
    city.stop().await;
}

async fn what_is_shown_coarsely_cannot_be_asked_for_exactly() {
    let city = city().await;
    file(&city, 0, 5).await;
    let stranger = city.stranger();
    for (query, found) in [
        // Held against the point that is shown, not the one that is kept (2.2972, 49.9124).
        ("bbox=2.2969,49.9119,2.2971,49.9121", 1),
        ("bbox=2.2971,49.9123,2.2973,49.9126", 0),
        // And against months: any instant of March is in them, by the clocks of the city.
        ("datetime=2026-02-28T23:00:00Z", 1),
        ("datetime=2026-02-28T22:59:59Z", 0),
        ("datetime=2026-03-31T21:59:59Z/..", 1),
        ("datetime=2026-03-31T22:00:00Z/..", 0),
        ("family=cleanliness&active=true", 1),
        ("active=false", 0),
        ("family=traffic_parking", 0),
    ] {
        assert_eq!(items(&stranger, &format!("hotspots/items?{query}")).await["numberReturned"], found, "{query}");
    }
    city.stop().await;
}
