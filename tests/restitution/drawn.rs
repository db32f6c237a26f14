//! What stands on a sheet.

use serde_json::{Value, json};

use super::{cafe, file, page, parts, said, sheet};
use crate::support::city::{City, dumping};

crate::tests![
    a_cafes_sheet_says_what_became_of_what_was_said,
    numbers_are_told_from_five_on_to_the_nearest_five,
    what_is_kept_from_others_leaves_no_trace,
    a_concern_shares_the_fate_of_the_ticket_that_it_follows,
    an_areas_sheet_is_of_its_days,
    what_cannot_be_a_sheet_is_refused,
    only_the_police_draw_up_sheets,
    the_page_is_read_on_a_wall_and_tells_of_nobody,
];

fn part(theme: &str, became: &str, count: Option<u64>, lines: &[&str]) -> (String, String, Option<u64>, Vec<String>) {
    (theme.to_owned(), became.to_owned(), count, lines.iter().map(|line| (*line).to_owned()).collect())
}

async fn a_cafes_sheet_says_what_became_of_what_was_said() {
    let city = City::new().await;
    let agent = city.agent().await;
    let cafe = cafe(&city).await;
    let done = file(&agent, &said(&cafe, "graffiti", "12 rue du Pigeonnier, 80000 Amiens")).await;
    file(&agent, &said(&cafe, "graffiti", "14 Rue du Pigeonnier")).await;
    file(&agent, &said(&cafe, "illegal_dumping", "chez M. Durand, 3 rue Haute")).await;
    let refused = file(&agent, &said(&cafe, "pothole", "Place du Pays d’Auge")).await;
    let called_off = file(&agent, &said(&cafe, "pothole", "Rue Basse")).await;
    agent.act(&called_off, "cancel", &json!({ "note": "Déjà saisie." })).await.ok();
    let mut question = said(&cafe, "pm_careers", "Place du Pays d’Auge");
    question["answer"] = json!("Par concours.");
    agent.post("/v1/concerns", &question).await.created();
    // Heard elsewhere: on another sheet.
    agent.post("/v1/concerns", &dumping()).await.created();
    city.clock.set("2026-04-02T09:00:00Z");
    let (agent, proprete, voirie) = (city.agent().await, city.proprete().await, city.voirie().await);
    let done = proprete.acknowledge(&done).await.ok();
    proprete.resolve(&done).await.ok();
    let refused = voirie.acknowledge(&refused).await.ok();
    let body = json!({ "closure_reason": "no_action_planned", "message_to_resident": "Pas cette année." });
    voirie.act(&refused, "resolve", &body).await.ok();

    let found = sheet(&agent, &format!("/v1/cafes/{cafe}/sheet")).await;
    let title = "Café avec un policier, marché du Pigeonnier";
    assert_eq!(found["subject"], json!({ "type": "cafe", "title": title, "on": "2026-03-10" }));
    assert_eq!((&found["drawn_up_at"], &found["counted_elsewhere"]), (&json!("2026-04-02T09:00:00Z"), &json!(false)));
    assert_eq!(found.get("published"), None);
    assert_eq!(
        parts(&found),
        [
            part("cleanliness", "done", None, &["graffiti | Rue du Pigeonnier | work_done | 2026-04"]),
            part(
                "cleanliness",
                "open",
                None,
                &["illegal_dumping | – | waiting | 2026-03", "graffiti | Rue du Pigeonnier | waiting | 2026-03"]
            ),
            part(
                "public_space",
                "not_done",
                None,
                &[
                    "pothole | Place du Pays d’Auge | no_action_planned | 2026-04",
                    "pothole | Rue Basse | cancelled | 2026-03"
                ]
            ),
            part(
                "municipal_police",
                "done",
                None,
                &["pm_careers | Place du Pays d’Auge | answered_on_the_spot | 2026-03"]
            ),
        ]
    );
    assert_eq!(found["themes"][0]["label"], "Propreté et déchets");
    let line = &found["themes"][1]["parts"][0]["lines"][0];
    assert_eq!((&line["label"], &line["how_label"]), (&json!("Nid-de-poule"), &json!("aucune intervention prévue")));
    city.stop().await;
}

async fn numbers_are_told_from_five_on_to_the_nearest_five() {
    let city = City::new().await;
    let (agent, cafe) = (city.agent().await, cafe(&city).await);
    let path = format!("/v1/cafes/{cafe}/sheet");
    for (more, count) in [(4, None), (1, Some(5)), (2, Some(5)), (1, Some(10))] {
        for _ in 0..more {
            file(&agent, &said(&cafe, "illegal_dumping", "Rue du Pigeonnier")).await;
        }
        let found = sheet(&agent, &path).await;
        let line = "illegal_dumping | Rue du Pigeonnier | waiting | 2026-03";
        assert_eq!(parts(&found), [part("cleanliness", "open", count, &[line])]);
        assert_eq!(found["themes"][0]["said"].as_u64(), count);
    }
    // Five in five streets: with the lines, a number would tell that each was said once.
    for street in ["Rue Haute", "Rue Basse", "Rue du Bois", "Rue du Puits", "Rue du Four"] {
        file(&agent, &said(&cafe, "pothole", street)).await;
    }
    let found = sheet(&agent, &path).await;
    let pothole = &found["themes"][1];
    assert_eq!((&pothole["said"], &pothole["parts"][0]["count"]), (&Value::Null, &Value::Null), "{pothole}");
    assert_eq!(pothole["parts"][0]["lines"].as_array().unwrap().len(), 5);
    city.stop().await;
}

async fn what_is_kept_from_others_leaves_no_trace() {
    let city = City::new().await;
    let (agent, cafe) = (city.agent().await, cafe(&city).await);
    let path = format!("/v1/cafes/{cafe}/sheet");
    let empty = sheet(&agent, &path).await;
    assert_eq!(empty["themes"], json!([]));
    for category in ["neighbour_dispute", "neighbour_noise", "unfit_housing", "officer_complaint"] {
        agent.post("/v1/concerns", &said(&cafe, category, "Rue Haute")).await.created();
    }
    for _ in 0..6 {
        agent.post("/v1/concerns", &said(&cafe, "officer_complaint", "Rue Haute")).await.created();
        let mut emergency = said(&cafe, "drug_dealing", "Rue Haute");
        emergency.as_object_mut().unwrap().remove("resident");
        agent.post("/v1/concerns", &emergency).await.created();
    }
    assert_eq!(sheet(&agent, &path).await, empty);
    for _ in 0..4 {
        agent.post("/v1/concerns", &said(&cafe, "neighbour_noise", "Rue Haute")).await.created();
    }
    let five = sheet(&agent, &path).await;
    assert_eq!(
        parts(&five),
        [part("neighbourhood", "open", Some(5), &[])],
        "five and more are counted, without a line"
    );
    city.stop().await;
}

async fn a_concern_shares_the_fate_of_the_ticket_that_it_follows() {
    let city = City::new().await;
    let (agent, cafe) = (city.agent().await, cafe(&city).await);
    let mut body = dumping();
    body["category"] = json!("graffiti");
    let main = file(&agent, &body).await;
    let mut attached = said(&cafe, "graffiti", "Rue du Pigeonnier");
    attached["attach_to"] = main["id"].clone();
    agent.post("/v1/concerns", &attached).await.created();
    let merged = file(&agent, &said(&cafe, "graffiti", "Rue Haute")).await;
    let dispatcher = city.dispatcher().await;
    dispatcher.act(&merged, "merge", &json!({ "duplicate_of": main["reference"] })).await.ok();
    let path = format!("/v1/cafes/{cafe}/sheet");
    let lines =
        |how: &str| ["Rue Haute", "Rue du Pigeonnier"].map(|street| format!("graffiti | {street} | {how} | 2026-03"));
    let of = |sheet: &Value| parts(sheet).into_iter().flat_map(|part| part.3).collect::<Vec<_>>();
    let before = of(&sheet(&agent, &path).await);
    assert_eq!(before.len(), 2);
    assert!(lines("waiting").iter().all(|line| before.contains(line)), "{before:?}");
    let proprete = city.proprete().await;
    let main = proprete.acknowledge(&proprete.ticket(&main).await).await.ok();
    proprete.resolve(&main).await.ok();
    let after = of(&sheet(&agent, &path).await);
    assert!(after.len() == 2 && lines("work_done").iter().all(|line| after.contains(line)), "{after:?}");
    city.stop().await;
}

async fn an_areas_sheet_is_of_its_days() {
    let city = City::new().await;
    // The last minute of 9 March in Amiens, and the first one of the 10th.
    for (at, street) in [
        ("2026-03-09T22:59:00Z", "Rue A du Nord"),
        ("2026-03-09T23:00:00Z", "Rue B du Nord"),
        ("2026-03-10T22:59:59Z", "Rue C du Nord"),
        ("2026-03-10T23:00:00Z", "Rue D du Nord"),
    ] {
        city.clock.set(at);
        let mut body = dumping();
        body["place"]["address"] = json!(street);
        city.agent().await.post("/v1/concerns", &body).await.created();
        // In another sector.
        body["place"] = json!({ "lat": 49.876, "lon": 2.318, "address": "Rue du Sud" });
        city.agent().await.post("/v1/concerns", &body).await.created();
    }
    let agent = city.agent().await;
    let found = sheet(&agent, "/v1/sheets?area=secteurs:nord&from=2026-03-10&to=2026-03-10").await;
    assert_eq!(
        found["subject"],
        json!({
            "type": "area", "zoning": "Secteurs de la police municipale", "area": "Nord",
            "from": "2026-03-10", "to": "2026-03-10"
        })
    );
    let streets: Vec<_> =
        found["themes"][0]["parts"][0]["lines"].as_array().unwrap().iter().map(|l| &l["street"]).collect();
    assert_eq!(streets, ["Rue B du Nord", "Rue C du Nord"]);
    city.stop().await;
}

async fn what_cannot_be_a_sheet_is_refused() {
    let city = City::new().await;
    let agent = city.agent().await;
    let get = async |query: &str| agent.get(&format!("/v1/sheets?{query}")).await;
    let refused = "invalid_parameter";
    get("").await.refused_fields(400, refused, &[("area", "required"), ("from", "required"), ("to", "required")]);
    let faults = [("area", "bad_value"), ("from", "bad_value"), ("page", "unknown_parameter")];
    get("area=nord&from=mars&to=2026-03-31&page=2").await.refused_fields(400, refused, &faults);
    let faults = [("from", "bad_value"), ("to", "bad_value")];
    get("area=secteurs:nord&from=-9999-01-01&to=-9999-01-02").await.refused_fields(400, refused, &faults);
    for (query, field, code) in [
        ("area=secteurs:lune&from=2026-03-01&to=2026-03-31", "area", "unknown_code"),
        ("area=secteurs:nord&from=2026-03-02&to=2026-03-01", "to", "ends_before_it_begins"),
        ("area=secteurs:nord&from=2024-03-01&to=2026-03-02", "to", "too_long"),
    ] {
        get(query).await.refused_fields(400, refused, &[(field, code)]);
        let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap());
        let body: Value = pairs.map(|(name, value)| (name.to_owned(), json!(value))).collect();
        let reply = agent.post("/v1/sheets/publish", &body).await;
        reply.refused_fields(422, "invalid_content", &[(&format!("/{field}"), code)]);
    }
    get("area=secteurs:nord&from=2024-03-01&to=2026-03-01").await.is(200);
    let nobody = uuid::Uuid::nil();
    agent.get(&format!("/v1/cafes/{nobody}/sheet")).await.refused(404, "not_found");
    agent.post(&format!("/v1/cafes/{nobody}/sheet/publish"), &json!({})).await.refused(404, "not_found");
    agent.post(&format!("/v1/cafes/{nobody}/sheet/withdraw"), &json!({})).await.refused(404, "not_found");
    let never = json!({ "area": "secteurs:nord", "from": "2026-01-01", "to": "2026-03-31" });
    agent.post("/v1/sheets/withdraw", &never).await.refused(404, "not_found");
    city.stop().await;
}

async fn only_the_police_draw_up_sheets() {
    let city = City::new().await;
    let cafe = cafe(&city).await;
    let area = "area=secteurs:nord&from=2026-01-01&to=2026-03-31";
    let body = json!({ "area": "secteurs:nord", "from": "2026-01-01", "to": "2026-03-31" });
    for who in [city.proprete().await, city.manager().await, city.auditor().await, city.admin().await] {
        who.get(&format!("/v1/cafes/{cafe}/sheet")).await.lacks("publish_sheets");
        who.get(&format!("/v1/sheets?{area}")).await.lacks("publish_sheets");
        for action in ["publish", "withdraw"] {
            who.post(&format!("/v1/cafes/{cafe}/sheet/{action}"), &json!({})).await.lacks("publish_sheets");
            who.post(&format!("/v1/sheets/{action}"), &body).await.lacks("publish_sheets");
        }
    }
    city.stranger().get(&format!("/v1/cafes/{cafe}/sheet")).await.refused(401, "unauthenticated");
    city.dispatcher().await.get(&format!("/v1/cafes/{cafe}/sheet")).await.is(200);
    city.stop().await;
}

async fn the_page_is_read_on_a_wall_and_tells_of_nobody() {
    let city = City::new().await;
    let (agent, cafe) = (city.agent().await, cafe(&city).await);
    let mut body = said(&cafe, "illegal_dumping", "12 rue du Pigeonnier <b>");
    body["resident"] = json!({ "name": "Jeanne Habitante", "email": "habitante@mail.example" });
    for _ in 0..6 {
        file(&agent, &body).await;
    }
    let ticket = file(&agent, &said(&cafe, "pothole", "rue Haute")).await;
    let path = format!("/v1/cafes/{cafe}/sheet");
    let reply = page(&agent, &path).await;
    let html = &reply.is(200).text;
    for says in [
        "<html lang=\"fr\">",
        "<h1>Vous avez dit, nous avons fait</h1>",
        "10 mars 2026",
        "Propreté et déchets <span>– environ 5 demandes</span>",
        "<strong>Nid-de-poule</strong>, Rue Haute – transmise au service <time datetime=\"2026-03\">(depuis mars 2026)</time>",
        "moins de 10 demandes",
        "les urgences et les infractions ne sont pas détaillés ici",
    ] {
        assert!(html.contains(says), "{says}: {html}");
    }
    let json = agent.get(&path).await.text;
    let (reference, id) = (ticket["reference"].as_str().unwrap(), ticket["id"].as_str().unwrap());
    for hidden in
        ["matelas", "Jeanne", "habitante@", "12 rue", "<b>", "<script", "Claire", "Delattre", "49.91", reference, id]
    {
        assert!(!html.contains(hidden) && !json.contains(hidden), "shows {hidden}");
    }
    let csp = reply.header("content-security-policy").unwrap();
    assert!(csp.starts_with("default-src 'none'; style-src 'sha256-"), "{csp}");
    let english =
        agent.request(reqwest::Method::GET, &path).header("Accept", "text/html").header("Accept-Language", "en");
    let english = agent.send(english).await.text;
    assert!(english.contains("<html lang=\"en\">") && english.contains("You said, we did"), "{english}");
    assert!(english.contains("gives neither house numbers nor numbers below five"), "{english}");
    assert!(english.contains("sent to the service <time datetime=\"2026-03\">(since March 2026)"), "{english}");
    city.stop().await;
}
