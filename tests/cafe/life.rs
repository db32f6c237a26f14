//! Planned, announced, changed, held, reported, called off.

use reqwest::Method;
use serde_json::{Value, json};

use super::{held, path, plan, report};
use crate::client::register;
use crate::support::city::City;

crate::tests![
    a_cafe_is_planned_announced_and_held,
    a_planned_cafe_is_changed_by_whoever_has_seen_it,
    a_cafe_is_called_off_with_a_reason,
    a_cafe_that_was_held_is_reported_and_the_report_corrected,
    every_fault_of_a_report_is_told,
    remarks_are_masked_unless_they_are_confirmed,
    titles_and_reasons_are_masked_unless_they_are_confirmed,
    a_report_is_for_those_who_hold_cafes,
];

async fn a_cafe_is_planned_announced_and_held() {
    let city = City::new().await;
    let agent = city.agent().await;
    let planned = plan(&agent, json!({})).await;
    assert_eq!((&planned["state"], &planned["areas"]["secteurs"]), (&json!("planned"), &json!("nord")));
    assert!(planned.get("announced_at").is_none());
    let announced = agent.post(&path(&planned, "/announce"), &json!({})).await.ok();
    assert_eq!(
        (&announced["state"], &announced["announced_at"], &announced["version"]),
        (&json!("planned"), &json!("2026-03-10T09:00:00Z"), &json!(2))
    );
    agent.post(&path(&planned, "/announce"), &json!({})).await.refused(409, "cafe_announced");
    city.clock.set("2026-03-12T09:05:00Z");
    let agent = city.agent().await;
    let held = agent.post(&path(&planned, "/hold"), &json!({})).await.ok();
    assert_eq!((&held["state"], &held["held_at"]), (&json!("held"), &json!("2026-03-12T09:05:00Z")));
    assert_eq!(agent.get(&path(&planned, "")).await.ok(), held);
    for action in ["/hold", "/announce"] {
        agent.post(&path(&planned, action), &json!({})).await.refused(409, "cafe_not_planned");
    }
    let of_cafes = |act: &Value| act["type"] == "cafe_changed";
    let acts: Vec<Value> = city.audited().await.into_iter().filter(of_cafes).map(|act| act["action"].clone()).collect();
    assert_eq!(acts, ["announce", "hold"]);
    city.stop().await;
}

async fn a_planned_cafe_is_changed_by_whoever_has_seen_it() {
    let city = City::new().await;
    let (agent, proprete) = (city.agent().await, city.proprete().await);
    let planned = plan(&agent, json!({})).await;
    let cafe = path(&planned, "");
    let south = json!({ "place": { "lat": 49.8760, "lon": 2.3180 }, "title": "Café avec un policier, Pierre Rollin" });
    let changed = agent.patch(&cafe, &json!(1), &south).await.ok();
    assert_eq!((&changed["version"], &changed["title"]), (&json!(2), &south["title"]));
    assert_ne!(changed["areas"]["secteurs"], planned["areas"]["secteurs"]);
    assert_eq!(changed["starts_at"], planned["starts_at"]);
    assert_eq!(agent.patch(&cafe, &json!(2), &south).await.ok(), changed, "nothing differs: nothing changes");
    let stale = agent.patch(&cafe, &json!(1), &json!({ "title": "Autre" })).await;
    stale.refused(412, "stale_version");
    assert_eq!(stale.header("etag"), Some("\"2\""));
    agent.send(agent.request(Method::PATCH, &cafe).json(&json!({}))).await.refused(428, "if_match_needed");
    let fault = async |body: Value, pointer: &str, code: &str| {
        agent.patch(&cafe, &json!(2), &body).await.refused_fields(422, "invalid_content", &[(pointer, code)]);
    };
    fault(json!({ "ends_at": "2026-03-12T08:00:00Z" }), "/ends_at", "ends_before_it_begins").await;
    fault(json!({ "place": { "lat": 48.8566, "lon": 2.3522 } }), "/place", "outside_city").await;
    let nowhere = json!({ "place": { "lat": 48.8566, "lon": 2.3522 }, "ends_at": "2026-03-12T08:00:00Z" });
    let faults = [("/place", "outside_city"), ("/ends_at", "ends_before_it_begins")];
    agent.patch(&cafe, &json!(2), &nowhere).await.refused_fields(422, "invalid_content", &faults);
    let mut body = super::market();
    body.as_object_mut().unwrap().extend(nowhere.as_object().unwrap().clone());
    agent.post("/v1/cafes", &body).await.refused_fields(422, "invalid_content", &faults);
    agent.patch(&cafe, &json!(2), &json!({ "title": null })).await.refused(400, "invalid_request");
    proprete.patch(&cafe, &json!(2), &json!({})).await.lacks("hold_cafes");
    city.clock.set("2026-03-12T09:05:00Z");
    let agent = city.agent().await;
    let held = agent.post(&path(&planned, "/hold"), &json!({})).await.ok();
    agent.patch(&cafe, &held["version"], &south).await.refused(409, "cafe_not_planned");
    let act = city.audited().await.into_iter().find(|act| act["action"] == "change").unwrap();
    assert_eq!(act["changed"], json!(["title", "place"]));
    city.stop().await;
}

async fn a_cafe_is_called_off_with_a_reason() {
    let city = City::new().await;
    let agent = city.agent().await;
    let planned = plan(&agent, json!({})).await;
    let cancel = path(&planned, "/cancel");
    agent.post(&cancel, &json!({})).await.refused_fields(400, "invalid_request", &[("/reason", "required")]);
    let cancelled = agent.post(&cancel, &json!({ "reason": "Vents violents" })).await.ok();
    assert_eq!(
        (&cancelled["state"], &cancelled["cancelled_at"], &cancelled["cancel_reason"]),
        (&json!("cancelled"), &json!("2026-03-10T09:00:00Z"), &json!("Vents violents"))
    );
    for action in ["/cancel", "/hold", "/announce"] {
        agent.post(&path(&planned, action), &json!({ "reason": "x" })).await.is(if action == "/cancel" {
            409
        } else {
            400
        });
        if action != "/cancel" {
            agent.post(&path(&planned, action), &json!({})).await.refused(409, "cafe_not_planned");
        }
    }
    report(&agent, &cancelled, &json!({ "headcount": 0 })).await.refused(409, "cafe_not_held");
    let (held, agent) = held(&city).await;
    agent.post(&path(&held, "/cancel"), &json!({ "reason": "x" })).await.refused(409, "cafe_not_planned");
    city.stop().await;
}

async fn a_cafe_that_was_held_is_reported_and_the_report_corrected() {
    let city = City::new().await;
    let (held, agent) = held(&city).await;
    let officers =
        [city.account("claire.delattre").await["id"].clone(), city.account("nadia.fournier").await["id"].clone()];
    let body = json!({
        "headcount": 34,
        "conversations": [{ "category": "traffic_parking", "count": 6 }, { "category": "pm_careers", "count": 2 }],
        "officers": officers,
        "weather": "rain",
        "remarks": "Prévoir une seconde table."
    });
    let reply = report(&agent, &held, &body).await;
    let reported = reply.ok();
    assert_eq!(reply.header("etag"), Some("\"3\""));
    assert_eq!((&reported["state"], &reported["warnings"]), (&json!("reported"), &json!([])));
    let written = &reported["report"];
    for field in ["headcount", "conversations", "weather", "remarks"] {
        assert_eq!(written[field], body[field], "{field}");
    }
    let mut sorted = officers.to_vec();
    sorted.sort_by_key(ToString::to_string);
    assert_eq!(written["officers"], json!(sorted));
    assert_eq!((&written["written_by"], &written["written_at"]), (&officers[0], &json!("2026-03-12T09:05:00Z")));
    report(&agent, &held, &body).await.refused(412, "stale_version");
    let corrected = report(&city.dispatcher().await, &reported, &json!({ "headcount": 43 })).await.ok();
    let rewritten = json!({
        "headcount": 43, "conversations": [], "officers": [],
        "written_by": officers[1], "written_at": "2026-03-12T09:05:00Z"
    });
    assert_eq!((&corrected["report"], &corrected["version"]), (&rewritten, &json!(4)));
    city.stop().await;
}

async fn every_fault_of_a_report_is_told() {
    let city = City::new().await;
    let planned = plan(&city.agent().await, json!({})).await;
    report(&city.agent().await, &planned, &json!({ "headcount": 3 })).await.refused(409, "cafe_not_held");
    let (held, agent) = held(&city).await;
    let clerk = city.account("amelie.petit").await["id"].clone();
    let body = json!({
        "headcount": 3,
        "conversations": [
            { "category": "pothole", "count": 1 }, { "category": "yeti", "count": 1 }, { "category": "pothole", "count": 2 }
        ],
        "officers": [clerk]
    });
    report(&agent, &held, &body).await.refused_fields(
        422,
        "invalid_content",
        &[
            ("/conversations/1/category", "unknown_category"),
            ("/conversations/2/category", "repeated"),
            ("/officers", "unknown_officer"),
        ],
    );
    for (body, pointer, code) in [
        (json!({ "headcount": 10_001 }), "/headcount", "out_of_range"),
        (json!({ "headcount": -1 }), "/headcount", "out_of_range"),
        (json!({ "headcount": 1, "weather": "frogs" }), "/weather", "unknown_value"),
        (json!({ "headcount": 1, "remarks": "x".repeat(4001) }), "/remarks", "too_long"),
        (json!({ "headcount": 1, "names": [] }), "/names", "unknown_field"),
    ] {
        report(&agent, &held, &body).await.refused_fields(400, "invalid_request", &[(pointer, code)]);
    }
    report(&city.proprete().await, &held, &json!({ "headcount": 1 })).await.lacks("hold_cafes");
    city.stop().await;
}

async fn remarks_are_masked_unless_they_are_confirmed() {
    let city = City::new().await;
    let (held, agent) = held(&city).await;
    let mut body = json!({ "headcount": 12, "remarks": "Rappeler le 06 12 34 56 78." });
    let masked = report(&agent, &held, &body).await.ok();
    assert_eq!(masked["report"]["remarks"], "Rappeler le […].");
    let warning = &masked["warnings"][0];
    assert_eq!(
        (&warning["code"], &warning["field"], &warning["masked"]),
        (&json!("phone_number"), &json!("remarks"), &json!(true))
    );
    body["confirm_text"] = json!(true);
    let kept = report(&agent, &masked, &body).await.ok();
    assert_eq!((&kept["report"]["remarks"], &kept["warnings"][0]["masked"]), (&body["remarks"], &json!(false)));
    city.stop().await;
}

async fn titles_and_reasons_are_masked_unless_they_are_confirmed() {
    let city = City::new().await;
    let agent = city.agent().await;
    let planned = plan(&agent, json!({ "title": "Café, appeler le 06 12 34 56 78" })).await;
    assert_eq!(
        (&planned["title"], &planned["warnings"][0]["field"]),
        (&json!("Café, appeler le […]"), &json!("title"))
    );
    let mut change = json!({ "title": "Café de la Clio AB-123-CD" });
    let changed = agent.patch(&path(&planned, ""), &planned["version"], &change).await.ok();
    assert_eq!((&changed["title"], &changed["warnings"][0]["code"]), (&json!("Café de la Clio […]"), &json!("plate")));
    change["confirm_text"] = json!(true);
    let kept = agent.patch(&path(&planned, ""), &changed["version"], &change).await.ok();
    assert_eq!((&kept["title"], &kept["warnings"][0]["masked"]), (&change["title"], &json!(false)));
    let why = json!({ "reason": "Un voisin alcoolique, voir jean@mail.example" });
    let cancelled = agent.post(&path(&planned, "/cancel"), &why).await.ok();
    assert_eq!(cancelled["cancel_reason"], "Un voisin […], voir […]");
    assert_eq!(cancelled["warnings"].as_array().unwrap().len(), 2);
    assert_eq!(agent.get(&path(&planned, "")).await.ok()["cancel_reason"], cancelled["cancel_reason"]);
    let plain = plan(&agent, json!({ "title": "Café du 8 mai, place Gambetta" })).await;
    let cancelled = agent.post(&path(&plain, "/cancel"), &json!({ "reason": "Pluie" })).await.ok();
    assert_eq!((&plain["warnings"], &cancelled["warnings"]), (&json!([]), &json!([])));
    city.stop().await;
}

async fn a_report_is_for_those_who_hold_cafes() {
    let city = City::new().await;
    let (held, agent) = held(&city).await;
    let reported = report(&agent, &held, &json!({ "headcount": 12 })).await.ok();
    let cafe = path(&reported, "");
    assert_eq!(city.dispatcher().await.get(&cafe).await.ok()["report"]["headcount"], 12);
    let program = register(&city, &["cafes:read"], &[]).await.caller(&city).await;
    for reader in [city.proprete().await, program] {
        let read = reader.get(&cafe).await.ok();
        assert_eq!((&read["state"], read.get("report")), (&json!("reported"), None));
        assert_eq!(reader.get("/v1/cafes").await.ok()["items"][0].get("report"), None);
    }
    city.stop().await;
}
