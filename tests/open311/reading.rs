//! Reading requests: rules 13 to 16, 18 and 22.

use chrono::Duration;
use serde_json::{Value, json};

use super::form::{both, refused};
use super::{ids, key, requested, requests, waste};
use crate::support::city::{City, dumping};

crate::tests![
    rule_13_ids_override_everything,
    rule_13_requests_are_listed_by_service_status_and_dates,
    rule_13_only_what_everybody_may_know_is_listed,
    rule_14_one_request_is_a_list_of_one,
    rule_15_a_request_tells_how_far_it_is,
    what_its_resident_wants_erased_is_no_longer_public,
    rule_15_a_request_at_two_services_is_one,
    rule_16_pages_places_words_and_order,
    rule_16_extensions_tell_what_happened,
    rule_18_services_have_groups_and_no_hidden_keywords,
    rule_22_the_last_hour_is_followed,
];

const DAY: Duration = Duration::days(1);

async fn rule_13_ids_override_everything() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    let (first, second) = (requested(&city, &waste(&key, &[])).await, requested(&city, &waste(&key, &[])).await);
    requested(&city, &waste(&key, &[])).await;
    city.clock.forward(DAY * 200);
    let mut found =
        ids(&city, &format!("service_request_id={first},{second},AMI-26-999999&status=closed&page=x")).await;
    found.sort();
    assert_eq!(found, [first, second]);
    assert_eq!(ids(&city, "service_request_id=AMI-26-999999").await, Vec::<String>::new());
    city.stop().await;
}

async fn rule_13_requests_are_listed_by_service_status_and_dates() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    let old = requested(&city, &waste(&key, &[])).await;
    city.clock.forward(DAY * 60);
    let new = requested(&city, &waste(&key, &[("service_code", "graffiti")])).await;
    assert_eq!(ids(&city, "").await, [new.clone(), old.clone()], "the last first");
    assert_eq!(ids(&city, "service_code=graffiti").await, std::slice::from_ref(&new));
    assert_eq!(ids(&city, "service_code=cleanliness,graffiti").await.len(), 2);
    assert_eq!(ids(&city, "service_code=bulky_waste").await.len(), 0, "an empty list");
    let ticket = city.dispatcher().await.get(&format!("/v1/tickets/{old}")).await.ok();
    let service = city.proprete().await;
    let ticket = service.acknowledge(&ticket).await.ok();
    service.resolve(&ticket).await.ok();
    assert_eq!(ids(&city, "status=closed").await, std::slice::from_ref(&old));
    assert_eq!(ids(&city, "status=open").await, std::slice::from_ref(&new));
    assert_eq!(ids(&city, "status=open,closed").await.len(), 2);
    assert_eq!(ids(&city, "start_date=2026-03-10T09:00:00Z").await.len(), 2, "alone, it reaches 90 days");
    let march = "start_date=2026-03-10T10:00:00%2B01:00&end_date=2026-03-31T00:00:00Z";
    assert_eq!(ids(&city, march).await, std::slice::from_ref(&old));
    assert_eq!(ids(&city, "end_date=2026-05-01T00:00:00Z").await, std::slice::from_ref(&old));
    city.clock.forward(DAY * 40);
    assert_eq!(ids(&city, "").await, [new], "the last 90 days");
    for query in [
        "start_date=2026-01-01T00:00:00Z&end_date=2026-04-02T00:00:00Z",
        "start_date=2026-04-01T00:00:00Z&end_date=2026-03-02T00:00:00Z",
        "start_date=yesterday",
        "start_date=2026-03-10",
        "status=pending",
        "service_code=%2F",
    ] {
        refused(&city, &format!("requests?{query}"), 400).await;
    }
    city.stop().await;
}

async fn rule_13_only_what_everybody_may_know_is_listed() {
    let city = City::new().await;
    let agent = city.agent().await;
    let filed = agent.post("/v1/concerns", &dumping()).await.created();
    let mut kept = dumping();
    let catalogue = agent.get("/v1/categories").await.ok();
    for category in catalogue["items"].as_array().unwrap().iter().filter(|c| c["sensitivity"] != "standard") {
        kept["category"] = category["code"].clone();
        kept["answers"] = json!({});
        let required = category["questions"].as_array().into_iter().flatten().any(|q| q["required"] == true);
        if !required {
            agent.post("/v1/concerns", &kept).await.created();
        }
    }
    let listed = requests(&city, "extensions=true").await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(listed[0]["service_request_id"], filed["tickets"][0]["reference"]);
    // What a resident said to an officer is theirs: the subject and the street are told.
    assert_eq!((&listed[0]["description"], &listed[0]["address"]), (&Value::Null, &json!("Rue du Pigeonnier")));
    assert_eq!(ids(&city, "q=matelas").await.len(), 0, "nor is it searched");
    let service = city.proprete().await;
    let ticket = service.acknowledge(&filed["tickets"][0]).await.ok();
    let body = json!({ "closure_reason": "work_done", "message_to_resident": "Madame Dupont, c’est fait.", "note": "Une note" });
    service.act(&ticket, "resolve", &body).await.ok();
    let text = json!(requests(&city, "extensions=true").await).to_string();
    assert!(
        text.contains("L’intervention a été faite.") && !text.contains("Dupont") && !text.contains("Une note"),
        "{text}"
    );
    city.stop().await;
}

async fn rule_14_one_request_is_a_list_of_one() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    let id = requested(&city, &waste(&key, &[])).await;
    let one = both(&city, &format!("requests/{id}"), "service_requests").await;
    assert_eq!(one, json!(requests(&city, "").await));
    refused(&city, "requests/AMI-26-999999", 404).await;
    refused(&city, "requests/nonsense", 404).await;
    city.stop().await;
}

async fn rule_15_a_request_tells_how_far_it_is() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    let id = requested(&city, &waste(&key, &[("address_string", "12 Rue du Pigeonnier")])).await;
    let path = format!("requests/{id}");
    let request = both(&city, &path, "service_requests").await[0].clone();
    assert_eq!(
        request,
        json!({
            "service_request_id": id, "status": "open",
            "status_notes": "Transmise au service, qui va l’examiner.", "service_name": "Propreté et déchets",
            "service_code": "cleanliness", "description": "Un matelas au pied du mur",
            "agency_responsible": request["agency_responsible"], "service_notice": null,
            "requested_datetime": "2026-03-10T09:00:00Z", "updated_datetime": "2026-03-10T09:00:00Z",
            "address": "12 Rue du Pigeonnier", "address_id": null, "zipcode": null,
            "lat": 49.9121, "long": 2.2972, "media_url": null
        })
    );
    assert!(request["agency_responsible"].as_str().unwrap().contains("ropreté"), "{request}");
    let ticket = city.dispatcher().await.get(&format!("/v1/tickets/{id}")).await.ok();
    let service = city.proprete().await;
    let ticket = service.acknowledge(&ticket).await.ok();
    city.clock.forward(Duration::hours(1));
    let service = city.proprete().await;
    let ticket = service.act(&ticket, "schedule", &json!({ "scheduled_for": "2026-03-12" })).await.ok();
    let request = both(&city, &path, "service_requests").await[0].clone();
    assert_eq!(request["expected_datetime"], "2026-03-11T23:00:00Z", "the beginning of the day in Amiens");
    assert_eq!(request["updated_datetime"], "2026-03-10T10:00:00Z");
    city.clock.forward(Duration::hours(1));
    let told = "Enlevé ce matin. Rappelez le 03 22 97 40 40.";
    let body = json!({ "closure_reason": "work_done", "message_to_resident": told });
    let ticket = city.proprete().await.act(&ticket, "resolve", &body).await.ok();
    city.clock.forward(Duration::hours(1));
    city.dispatcher().await.close(&ticket).await.ok();
    let request = both(&city, &path, "service_requests").await[0].clone();
    assert_eq!(request["status"], "closed");
    assert_eq!(request["status_notes"], "L’intervention a été faite. Enlevé ce matin. Rappelez le […].");
    assert_eq!(request["updated_datetime"], "2026-03-10T11:00:00Z", "when it was settled");
    assert_eq!(request.get("expected_datetime"), None);
    // What was told of an earlier end is not told of another.
    let dispatcher = city.dispatcher().await;
    let reopened = dispatcher.reopen(&dispatcher.ticket(&ticket).await).await.ok();
    dispatcher.act(&reopened, "cancel", &json!({ "note": "Erreur" })).await.ok();
    let request = both(&city, &path, "service_requests").await[0].clone();
    assert_eq!((&request["status"], &request["status_notes"]), (&json!("closed"), &json!("Annulée.")));
    city.stop().await;
}

async fn what_its_resident_wants_erased_is_no_longer_public() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    let id = requested(&city, &waste(&key, &[("address_string", "12 Rue du Pigeonnier")])).await;
    let near = "lat=49.9121&long=2.2972&radius=5";
    for query in ["q=matelas", near] {
        assert_eq!(ids(&city, query).await, std::slice::from_ref(&id), "{query}");
    }
    let dispatcher = city.dispatcher().await;
    let ticket = dispatcher.get(&format!("/v1/tickets/{id}")).await.ok();
    let erase = format!("/v1/residents/{}/erase", ticket["concern_id"].as_str().unwrap());
    let erased = dispatcher.post(&erase, &json!({})).await.ok();
    assert_eq!(erased["waiting"], json!([ticket["concern_id"]]), "a service works with it");
    let body = json!({ "note": "Pour Mme Dupont", "expected_on": "2026-03-20" });
    let taken = city.proprete().await.act(&ticket, "acknowledge", &body).await.ok();
    city.proprete().await.resolve(&taken).await.ok();
    let request = both(&city, &format!("requests/{id}"), "service_requests").await[0].clone();
    let told =
        [&request["description"], &request["address"], &request["lat"], &request["long"], &request["status_notes"]];
    assert_eq!(
        told,
        [
            &Value::Null,
            &json!("Rue du Pigeonnier"),
            &json!(49.912),
            &json!(2.297),
            &json!("L’intervention a été faite.")
        ]
    );
    for query in ["q=matelas", near] {
        assert!(ids(&city, query).await.is_empty(), "{query}");
    }
    let updates = both(&city, &format!("servicerequestupdates?api_key={key}"), "service_request_updates").await;
    assert!(updates.as_array().unwrap().len() == 2 && !updates.to_string().contains("C’est fait"), "{updates}");
    city.stop().await;
}

async fn rule_15_a_request_at_two_services_is_one() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    let id = requested(&city, &waste(&key, &[("service_code", "illegal_dumping")])).await;
    let request = requests(&city, "").await;
    assert_eq!((request.len(), &request[0]["service_request_id"]), (1, &json!(id)));
    assert_eq!(request[0]["agency_responsible"], "Propreté urbaine, Brigade verte");
    city.clock.forward(Duration::minutes(5));
    let ticket = city.dispatcher().await.get(&format!("/v1/tickets/{id}")).await.ok();
    let service = city.proprete().await;
    let ticket = service.acknowledge(&ticket).await.ok();
    service.resolve(&ticket).await.ok();
    let request = requests(&city, "status=open&extensions=true").await[0].clone();
    assert_eq!((&request["status"], &request["extended_attributes"]["state"]), (&json!("open"), &json!("submitted")));
    assert_eq!(request["updated_datetime"], "2026-03-10T09:05:00Z");
    let path = format!("servicerequestupdates?api_key={key}");
    let updates = both(&city, &path, "service_request_updates").await;
    assert_eq!((&updates[1]["status"], &updates[1]["service_request_id"]), (&json!("IN_PROGRESS"), &json!(id)));
    let dispatcher = city.dispatcher().await;
    let all = dispatcher.get("/v1/tickets").await.ok();
    let other = all["items"].as_array().unwrap().iter().find(|ticket| ticket["state"] == "submitted").unwrap();
    dispatcher.act(other, "cancel", &json!({ "note": "Déjà fait" })).await.ok();
    let request = requests(&city, "status=closed").await[0].clone();
    assert_eq!(request["status_notes"], "L’intervention a été faite. C’est fait.");
    assert_eq!(ids(&city, "status=open").await.len(), 0);
    city.stop().await;
}

async fn rule_16_pages_places_words_and_order() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    let mut all = Vec::new();
    for (lat, said) in [("49.9121", "Un matelas"), ("49.9130", "Des pneus, rue Saint-Leu"), ("49.8940", "Un frigo")] {
        all.push(requested(&city, &waste(&key, &[("lat", lat), ("description", said)])).await);
        city.clock.forward(Duration::minutes(1));
    }
    let [first, second, third] = all.try_into().unwrap();
    assert_eq!(ids(&city, "sort=requested_datetime&page_size=2").await, [first.clone(), second.clone()]);
    assert_eq!(ids(&city, "sort=requested_datetime&page_size=2&page=2").await, std::slice::from_ref(&third));
    assert_eq!(ids(&city, "page_size=2&page=3").await.len(), 0);
    assert_eq!(ids(&city, "lat=49.9121&long=2.2972&radius=50").await, std::slice::from_ref(&first));
    assert_eq!(ids(&city, "lat=49.9121&long=2.2972&radius=150").await, [second.clone(), first.clone()]);
    assert_eq!(ids(&city, "bbox=2.29,49.89,2.30,49.90").await, std::slice::from_ref(&third));
    assert_eq!(ids(&city, "q=pneu").await, std::slice::from_ref(&second), "words are found by their stems");
    assert_eq!(ids(&city, "q=Saint-Leu").await, std::slice::from_ref(&second));
    let ticket = city.dispatcher().await.get(&format!("/v1/tickets/{first}")).await.ok();
    city.proprete().await.acknowledge(&ticket).await.ok();
    assert_eq!(ids(&city, "sort=-updated_datetime").await, [first.clone(), third, second]);
    assert_eq!(ids(&city, "updated_after=2026-03-10T09:03:00Z").await, std::slice::from_ref(&first));
    assert_eq!(ids(&city, "updated_before=2026-03-10T09:00:30Z").await.len(), 0, "it was updated since");
    for query in [
        "page=0",
        "page=1001&page_size=1",
        "page_size=1001",
        "page_size=201&extensions=true",
        "extensions=perhaps",
        "lat=49.9&long=2.3",
        "radius=10",
        "lat=49.9&long=2.3&radius=0",
        "lat=49.9&long=2.3&radius=50001",
        "bbox=1,2,3",
        "bbox=2.30,49.89,2.29,49.90",
        "sort=agency_responsible",
        "updated_after=2026-01-01T00:00:00Z&updated_before=2026-04-02T00:00:00Z",
    ] {
        refused(&city, &format!("requests?{query}"), 400).await;
    }
    city.stop().await;
}

async fn rule_16_extensions_tell_what_happened() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    let id = requested(&city, &waste(&key, &[])).await;
    let ticket = city.dispatcher().await.get(&format!("/v1/tickets/{id}")).await.ok();
    let service = city.proprete().await;
    let ticket = service.act(&ticket, "acknowledge", &json!({ "note": "Une note du service" })).await.ok();
    service.resolve(&ticket).await.ok();
    assert_eq!(requests(&city, "").await[0].get("notes"), None);
    let request = requests(&city, "extensions=true").await[0].clone();
    assert_eq!(request["extended_attributes"], json!({ "state": "resolved", "closure_reason": "work_done" }));
    let at = "2026-03-10T09:00:00Z";
    let notes = json!([
        { "datetime": at, "description": "Transmise au service, qui va l’examiner.", "type": "submitted" },
        { "datetime": at, "description": "Prise en charge par le service.", "type": "acknowledged" },
        { "datetime": at, "description": "L’intervention a été faite. C’est fait.", "type": "resolved" }
    ]);
    assert_eq!(request["notes"], notes);
    city.stop().await;
}

async fn rule_18_services_have_groups_and_no_hidden_keywords() {
    let city = City::new().await;
    let services = both(&city, "services", "services").await;
    for service in services.as_array().unwrap() {
        assert!(!service["group"].as_str().unwrap().is_empty(), "{service}");
        let keywords = service["keywords"].as_str().unwrap_or_default().split(',');
        assert!(keywords.into_iter().all(|word| !["private", "inactive", "staff"].contains(&word)), "{service}");
    }
    city.stop().await;
}

async fn rule_22_the_last_hour_is_followed() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    requested(&city, &waste(&key, &[])).await;
    city.clock.forward(Duration::hours(2));
    let id = requested(&city, &waste(&key, &[])).await;
    city.clock.forward(Duration::minutes(10));
    for query in ["start_date", "updated_after"].map(|from| format!("{from}=2026-03-10T10:10:00Z")) {
        let requests = requests(&city, &query).await;
        assert_eq!((requests.len(), &requests[0]["service_request_id"]), (1, &json!(id)));
        assert_eq!(requests[0]["updated_datetime"], "2026-03-10T11:00:00Z");
        assert!(requests[0]["lat"].is_f64() && requests[0]["long"].is_f64());
    }
    city.stop().await;
}
