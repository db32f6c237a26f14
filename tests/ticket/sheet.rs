//! A ticket as a sheet of paper.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::browser::Window;
use crate::support::caller::{Caller, Reply};
use crate::support::city::{City, dumping};

crate::tests![
    the_sheet_says_what_a_service_needs_and_nothing_of_the_resident,
    what_was_asked_stands_on_it_in_words,
    what_somebody_said_is_text_on_the_sheet,
    a_restricted_ticket_says_so_and_is_recorded,
    the_sheet_is_fit_for_everybody,
];

async fn sheet(who: &Caller, ticket: &Value, language: &str) -> Reply {
    let path = format!("/v1/tickets/{}/sheet", ticket["id"].as_str().unwrap());
    who.send(who.request(Method::GET, &path).header("Accept-Language", language)).await
}

async fn the_sheet_says_what_a_service_needs_and_nothing_of_the_resident() {
    let city = City::new().await;
    let mut body = dumping();
    body["resident"] =
        json!({ "name": "Jeanne Habitante", "email": "habitante@mail.example", "phone": "+33612345678" });
    let ticket = city.agent().await.post("/v1/concerns", &body).await.created()["tickets"][0].clone();
    let proprete = city.proprete().await;
    let reply = sheet(&proprete, &ticket, "fr").await;
    let html = &reply.is(200).text.replace("&#x2f;", "/");
    assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(reply.header("content-security-policy").unwrap().starts_with("default-src 'none'; style-src 'sha256-"));
    let said = body["description"].as_str().unwrap();
    for part in [
        &format!("Fiche navette {}", ticket["reference"].as_str().unwrap()),
        "Propreté urbaine",
        "Dépôt sauvage",
        said,
        "<svg",
        "À prendre en charge avant",
        "10/03/2026 à 10 h 00",
        "Refusée : hors compétence",
        "Date et signature",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
    for kept in ["Jeanne", "habitante@", "612345678", "Diffusion restreinte"] {
        assert!(!html.contains(kept), "{kept}: {html}");
    }
    // Nothing is fetched: the page can be handed to a printer as it is.
    for outside in ["src=", "href=", "@import", "url("] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(proprete.ticket(&ticket).await["received_at"].is_string(), "its service has opened it");
    assert!(sheet(&proprete, &ticket, "en").await.is(200).text.contains("Referral sheet"));
    sheet(&city.voirie().await, &ticket, "fr").await.refused(404, "not_found");
    city.stop().await;
}

async fn what_was_asked_stands_on_it_in_words() {
    let city = City::new().await;
    let mut body = dumping();
    body["category"] = json!("bulky_waste");
    body["answers"] = json!({ "volume": 2.5, "blocked": false, "kinds": ["furniture", "bins"] });
    let ticket = city.agent().await.post("/v1/concerns", &body).await.created()["tickets"][0].clone();
    assert!(sheet(&city.dispatcher().await, &ticket, "en").await.is(200).text.contains("<dd>2.5 m³</dd>"));
    let html = sheet(&city.dispatcher().await, &ticket, "fr").await.is(200).text.replace('\u{a0}', " ");
    for (question, reply) in [("volume", "2,5 m³"), ("blocked", "non")] {
        assert!(html.contains(&format!("<dd>{reply}</dd>")), "{question}: {html}");
    }
    assert!(!html.contains("furniture"), "choices are told by their labels: {html}");
    body["category"] = json!("abusive_parking");
    body["answers"] = json!({ "since": "2026-03-01" });
    let ticket = city.agent().await.post("/v1/concerns", &body).await.created()["tickets"][0].clone();
    let html = sheet(&city.dispatcher().await, &ticket, "fr").await.is(200).text.replace("&#x2f;", "/");
    assert!(html.contains("<dd>01/03/2026</dd>"), "{html}");
    city.stop().await;
}

async fn what_somebody_said_is_text_on_the_sheet() {
    let city = City::new().await;
    let mut body = dumping();
    body["description"] = json!("<script>alert(1)</script>\nDeuxième ligne & « guillemets »");
    body["place"]["address"] = json!("12 rue </style><b>");
    let ticket = city.agent().await.post("/v1/concerns", &body).await.created()["tickets"][0].clone();
    let html = sheet(&city.proprete().await, &ticket, "fr").await.is(200).text.clone();
    assert!(!html.contains("<script>") && !html.contains("<b>"), "{html}");
    assert!(html.contains("&lt;script&gt;") && html.matches("</style>").count() == 1, "{html}");
    city.stop().await;
}

async fn a_restricted_ticket_says_so_and_is_recorded() {
    let city = City::new().await;
    let mut body = dumping();
    body["category"] = json!("neighbour_dispute");
    let ticket = city.agent().await.post("/v1/concerns", &body).await.created()["tickets"][0].clone();
    let before = city.audited().await.iter().filter(|act| act["type"] == "ticket_read").count();
    let html = sheet(&city.dispatcher().await, &ticket, "fr").await.is(200).text.clone();
    assert!(html.contains("Diffusion restreinte"), "{html}");
    let after = city.audited().await.iter().filter(|act| act["type"] == "ticket_read").count();
    assert_eq!(after, before + 1);
    sheet(&city.other_agent().await, &ticket, "fr").await.refused(404, "not_found");
    city.stop().await;
}

async fn the_sheet_is_fit_for_everybody() {
    let city = City::new().await;
    let mut body = dumping();
    body["category"] = json!("bulky_waste");
    body["answers"] = json!({ "volume": 2.5, "blocked": false, "kinds": ["furniture", "bins"] });
    let ticket = city.agent().await.post("/v1/concerns", &body).await.created()["tickets"][0].clone();
    let path = format!("/v1/tickets/{}/sheet", ticket["id"].as_str().unwrap());
    let window = Window::open(&city).await;
    assert_eq!(window.send(city.dispatcher().await.request(Method::GET, &path)).await, 200);
    window.check("sheet", "standard").await;
    body["category"] = json!("neighbour_dispute");
    body.as_object_mut().unwrap().remove("answers");
    let ticket = city.agent().await.post("/v1/concerns", &body).await.created()["tickets"][0].clone();
    let path = format!("/v1/tickets/{}/sheet", ticket["id"].as_str().unwrap());
    window.send(city.dispatcher().await.request(Method::GET, &path)).await;
    window.check("sheet", "restricted").await;
    window.close().await;
    city.stop().await;
}
