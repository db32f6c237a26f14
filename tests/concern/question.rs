//! Questions of a category: answered, refused, kept, shown, looked at by the rules.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::city::{City, dumping};

crate::tests![
    what_is_asked_stands_in_the_catalogue,
    whom_to_call_stands_in_the_catalogue,
    answers_are_kept_and_shown_with_the_concern_and_its_tickets,
    every_wrong_answer_is_told_at_once_with_what_else_is_wrong,
    the_rules_look_at_the_answers_and_say_so,
    what_is_promised_within_two_days_is_due_then,
    words_are_looked_through_like_the_description,
    of_an_emergency_no_answer_is_kept,
];

fn about(category: &str, answers: &Value) -> Value {
    let mut body = dumping();
    body["category"] = json!(category);
    body["answers"] = answers.clone();
    body
}

async fn what_is_asked_stands_in_the_catalogue() {
    let city = City::new().await;
    let agent = city.agent().await;
    let read = agent.request(Method::GET, "/v1/categories").header("Accept-Language", "en");
    let categories = agent.send(read).await.ok();
    let questions = |code: &str| {
        let mut items = categories["items"].as_array().unwrap().iter();
        items.find(|category| category["code"] == code).unwrap()["questions"].clone()
    };
    assert_eq!(questions("graffiti"), json!([]));
    assert_eq!(
        questions("street_light_out")[0],
        json!({
            "code": "extent", "label": "One lamp, or the whole street?", "type": "choice", "required": false,
            "choices": [
                { "code": "lamp", "label": "One lamp" },
                { "code": "several", "label": "Several in a row" },
                { "code": "street", "label": "The whole street" },
            ],
        })
    );
    let volume = &questions("bulky_waste")[0];
    assert_eq!((&volume["type"], &volume["unit"], &volume["max"]), (&json!("number"), &json!("m³"), &json!(200)));
    let since = &questions("abusive_parking")[0];
    assert_eq!((&since["type"], &since["required"], &since["past"]), (&json!("date"), &json!(true), &json!(true)));
    city.stop().await;
}

async fn whom_to_call_stands_in_the_catalogue() {
    let city = City::new().await;
    let agent = city.agent().await;
    let categories = agent.get("/v1/categories").await.ok();
    let category = |code: &str| {
        let mut items = categories["items"].as_array().unwrap().iter();
        items.find(|category| category["code"] == code).unwrap().clone()
    };
    // What is told when it is filed is there before, for who has no network.
    for code in ["drug_dealing", "domestic_violence", "dangerous_dog"] {
        let filed = agent.post("/v1/concerns", &about(code, &json!({}))).await.created();
        assert!(filed["emergency"]["numbers"][0]["number"].is_string(), "{filed}");
        assert_eq!(category(code)["emergency"], filed["emergency"], "{code}");
    }
    assert_eq!(category("pothole").get("emergency"), None);
    let officer = category("officer_complaint");
    assert_eq!((&officer["hidden_from_referrer"], &officer["priority"]), (&json!(true), &json!("normal")));
    assert_eq!(category("pothole")["hidden_from_referrer"], false);
    city.stop().await;
}

async fn answers_are_kept_and_shown_with_the_concern_and_its_tickets() {
    let city = City::new().await;
    let agent = city.agent().await;
    let answers = json!({ "volume": 2.5, "blocked": false, "kinds": ["furniture", "bins"] });
    let filed = agent.post("/v1/concerns", &about("bulky_waste", &answers)).await.created();
    assert_eq!((&filed["answers"], &filed["tickets"][0]["answers"]), (&answers, &answers));
    let path = format!("/v1/concerns/{}", filed["id"].as_str().unwrap());
    assert_eq!(city.dispatcher().await.get(&path).await.ok()["answers"], answers);
    let ticket = city.login("denis.marchand").await.ticket(&filed["tickets"][0]).await;
    assert_eq!(ticket["answers"], answers);
    let split = json!({ "services": ["voirie"], "note": "Vous aussi." });
    city.dispatcher().await.act(&ticket, "split", &split).await.ok();
    let other = city.voirie().await.get("/v1/tickets?category=bulky_waste").await.ok();
    assert_eq!(other["items"][0]["answers"], answers, "a ticket of the same concern has the same answers");
    assert_eq!(agent.post("/v1/concerns", &dumping()).await.created()["answers"], json!({}));
    city.stop().await;
}

async fn every_wrong_answer_is_told_at_once_with_what_else_is_wrong() {
    let city = City::new().await;
    let agent = city.agent().await;
    let answers = json!({
        "volume": 201, "blocked": "yes", "kinds": ["furniture", "piano"], "colour/size": "red",
    });
    let mut body = about("bulky_waste", &answers);
    body.as_object_mut().unwrap().remove("description");
    let wrong = [
        ("/description", "required"),
        ("/answers/volume", "out_of_range"),
        ("/answers/blocked", "wrong_type"),
        ("/answers/kinds", "unknown_value"),
        ("/answers/colour~1size", "unknown_question"),
    ];
    agent.post("/v1/concerns", &body).await.refused_fields(422, "invalid_content", &wrong);
    for (answer, code) in [
        (None, "required"),
        (Some(json!("2026-02-30")), "bad_format"),
        (Some(json!("2026-03-11")), "out_of_range"),
        (Some(json!(20_260_301)), "wrong_type"),
    ] {
        let answers = answer.map_or_else(|| json!({}), |day| json!({ "since": day }));
        let reply = agent.post("/v1/concerns", &about("abusive_parking", &answers)).await;
        reply.refused_fields(422, "invalid_content", &[("/answers/since", code)]);
    }
    agent.post("/v1/concerns", &about("abusive_parking", &json!({ "since": "2026-03-10" }))).await.created();
    let words = "x".repeat(501);
    let reply = agent.post("/v1/concerns", &about("street_light_out", &json!({ "post": words }))).await;
    reply.refused_fields(422, "invalid_content", &[("/answers/post", "too_long")]);
    for (answer, at) in
        [(json!(null), "/answers/kinds"), (json!({ "m3": 2 }), "/answers/kinds"), (json!([1]), "/answers/kinds/0")]
    {
        let reply = agent.post("/v1/concerns", &about("bulky_waste", &json!({ "kinds": answer }))).await;
        reply.refused_fields(400, "invalid_request", &[(at, "wrong_type")]);
    }
    assert_eq!(city.database.count("select count(*) from concern").await, 1, "what is refused leaves nothing");
    city.stop().await;
}

async fn the_rules_look_at_the_answers_and_say_so() {
    let city = City::new().await;
    let agent = city.agent().await;
    let routed = async |category: &str, answers: Value, language: &str| {
        let request = agent.request(Method::POST, "/v1/concerns").header("Accept-Language", language);
        let filed = agent.send(request.json(&about(category, &answers))).await.created();
        let ticket = &filed["tickets"][0];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&ticket["routing"]["rule"]), text(&ticket["priority"]), text(&ticket["routing"]["explanation"]))
    };
    for (category, answers, language, rule, priority, explanation) in [
        ("street_light_out", json!({ "extent": "lamp" }), "fr", "eclairage", "normal", "le motif est"),
        (
            "street_light_out",
            json!({ "extent": "street" }),
            "fr",
            "rue-dans-le-noir",
            "high",
            "la réponse à « Un seul point lumineux ou toute la rue ? » est « Toute la rue »",
        ),
        (
            "bulky_waste",
            json!({ "volume": 5, "blocked": false }),
            "en",
            "encombrants-genants",
            "high",
            "the answer to “How many cubic metres are left?” is “5 m³”",
        ),
        (
            "bulky_waste",
            json!({ "blocked": true }),
            "en",
            "encombrants-genants",
            "high",
            "the answer to “Is the way blocked?” is “yes”",
        ),
        ("bulky_waste", json!({ "volume": 4.9, "blocked": false }), "en", "dechets", "normal", "the category is"),
        ("bulky_waste", json!({}), "en", "dechets", "normal", "the category is"),
        (
            "pothole",
            json!({ "danger": true }),
            "en",
            "trou-dangereux",
            "high",
            "the answer to “Does it endanger cyclists or pedestrians?” is “yes”",
        ),
        ("pothole", json!({ "danger": false }), "en", "voirie", "normal", "the category is"),
    ] {
        let routed = routed(category, answers, language).await;
        assert_eq!((routed.0.as_str(), routed.1.as_str()), (rule, priority));
        assert!(routed.2.contains(explanation), "{}", routed.2);
    }
    city.stop().await;
}

async fn what_is_promised_within_two_days_is_due_then() {
    let city = City::new().await;
    let agent = city.agent().await;
    let due = async |category: &str, answers: Value| {
        let filed = agent.post("/v1/concerns", &about(category, &answers)).await.created();
        filed["tickets"][0]["resolve_due_at"].as_str().unwrap().to_owned()
    };
    // Filed on a Tuesday; both services close at half past five.
    assert_eq!(due("street_light_out", json!({ "extent": "street" })).await, "2026-03-12T16:30:00Z");
    assert_eq!(due("pothole", json!({ "danger": true })).await, "2026-03-12T16:30:00Z");
    for (category, answers) in [("street_light_out", json!({ "extent": "lamp" })), ("pothole", json!({}))] {
        assert_eq!(due(category, answers).await, "2026-03-24T16:30:00Z", "{category}");
    }
    city.stop().await;
}

async fn words_are_looked_through_like_the_description() {
    let city = City::new().await;
    let agent = city.agent().await;
    let mut body = about("street_light_out", &json!({ "post": "M12, appeler le 06 12 34 56 78", "extent": "lamp" }));
    let masked = agent.post("/v1/concerns", &body).await.created();
    assert_eq!(masked["answers"], json!({ "post": "M12, appeler le […]", "extent": "lamp" }));
    let warning = |filed: &Value| (filed["warnings"][0]["code"].clone(), filed["warnings"][0]["masked"].clone());
    assert_eq!(masked["warnings"][0]["field"], "answers/post");
    assert_eq!(warning(&masked), (json!("phone_number"), json!(true)));
    body["confirm_text"] = json!(true);
    let kept = agent.post("/v1/concerns", &body).await.created();
    assert_eq!((&kept["answers"], warning(&kept)), (&body["answers"], (json!("phone_number"), json!(false))));
    city.stop().await;
}

async fn of_an_emergency_no_answer_is_kept() {
    let city = City::new().await;
    let body = about("drug_dealing", &json!({ "who": "Un nom que personne ne doit lire" }));
    let filed = city.agent().await.post("/v1/concerns", &body).await.created();
    assert_eq!((&filed["outcome"], &filed["answers"]), (&json!("signposted"), &json!({})));
    assert_eq!(city.database.count("select count(*) from concern where answers <> '{}'").await, 0);
    city.stop().await;
}
