//! Exports of tickets.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::integrate::until;
use crate::support::caller::Caller;
use crate::support::city::{City, dumping};
use crate::support::deaf::Deaf;

crate::tests![
    a_spreadsheet_opens_what_is_exported,
    every_format_holds_the_same_tickets,
    restricted_tickets_and_residents_are_in_no_export,
    a_few_exports_are_written_at_once,
    a_bad_export_is_refused_parameter_by_parameter,
    who_does_not_read_an_export_is_hung_up_on,
];

async fn file(who: &Caller, change: impl FnOnce(&mut Value)) -> Value {
    let mut body = dumping();
    change(&mut body);
    who.post("/v1/concerns", &body).await.created()["tickets"][0].clone()
}

/// The lines of a table, each cut into cells, as RFC 4180 says.
fn cells(table: &str, separator: char) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = table.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => cell.push(chars.next().unwrap()),
            '"' => quoted = !quoted,
            c if c == separator && !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    assert!(cell.is_empty() && row.is_empty() && !quoted, "the last line is whole");
    rows
}

async fn a_spreadsheet_opens_what_is_exported() {
    let city = City::new().await;
    let (agent, dispatcher) = (city.agent().await, city.dispatcher().await);
    let ticket = file(&agent, |body| {
        body["description"] = json!("=HYPERLINK(\"http://evil.example\";\"x\")\nÀ côté, du « bruit »");
        body["place"]["address"] = json!("@Rue du Pigeonnier, 3");
    })
    .await;
    let request = dispatcher.request(Method::GET, "/v1/tickets/export?service=proprete");
    let reply = dispatcher.send(request).await;
    assert_eq!(reply.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(reply.header("content-disposition"), Some("attachment; filename=\"tickets-2026-03-10.csv\""));
    assert!(reply.is(200).text.starts_with('\u{feff}'));
    assert!(reply.text.contains("\r\n"));
    let rows = cells(&reply.text, ',');
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.len() == rows[0].len()));
    let value = |name: &str| rows[1][rows[0].iter().position(|column| column == name).unwrap()].clone();
    assert_eq!(value("reference"), ticket["reference"].as_str().unwrap());
    assert_eq!(value("description"), "'=HYPERLINK(\"http://evil.example\";\"x\")\nÀ côté, du « bruit »");
    assert_eq!(value("address"), "'@Rue du Pigeonnier, 3");
    assert_eq!((value("state"), value("service_name")), ("submitted".to_owned(), "Propreté urbaine".to_owned()));
    assert_eq!((value("area_secteurs"), value("lat")), ("nord".to_owned(), "49.9121".to_owned()));
    assert_eq!(value("filed_at"), "2026-03-10T09:00:00Z");

    let request = dispatcher.request(Method::GET, "/v1/tickets/export?service=proprete");
    let french = dispatcher.send(request.header("Accept-Language", "fr")).await;
    let rows = cells(&french.is(200).text, ';');
    assert_eq!(rows[0][..3], ["Référence", "État", "Motif"]);
    let value = |name: &str| rows[1][rows[0].iter().position(|column| column == name).unwrap()].clone();
    assert_eq!(value("Référence"), ticket["reference"].as_str().unwrap());
    for (column, cell) in [
        ("État", "transmise"),
        ("Motif", "Dépôt sauvage"),
        ("Priorité", "normale"),
        ("Origine", "patrouille"),
        ("En retard", "non"),
        ("Saisie le", "2026-03-10 10:00"),
        ("Clôturée le", ""),
    ] {
        assert_eq!(value(column), cell, "{column}");
    }
    let acts = city.audited().await;
    let exported: Vec<_> = acts.iter().filter(|act| act["type"] == "tickets_exported").collect();
    assert_eq!(exported[0], &json!({ "type": "tickets_exported", "format": "csv", "by": ["service"] }));
    assert_eq!(exported[1]["by"], json!(["service"]));
    city.stop().await;
}

async fn every_format_holds_the_same_tickets() {
    let city = City::new().await;
    let dispatcher = city.dispatcher().await;
    for path in ["/v1/tickets/export", "/v1/tickets/export?format=csv"] {
        assert_eq!(cells(&dispatcher.get(path).await.is(200).text, ',').len(), 1);
    }
    assert_eq!(dispatcher.get("/v1/tickets/export?format=ndjson").await.is(200).text, "");
    let none = dispatcher.get("/v1/tickets/export?format=geojson").await.ok();
    assert_eq!(none, json!({ "type": "FeatureCollection", "features": [] }));

    for _ in 0..3 {
        city.dumping().await;
    }
    let page = dispatcher.get("/v1/tickets?sort=filed_at&q=matelas").await.ok();
    let reference = |value: &Value| value["reference"].as_str().unwrap().to_owned();
    let expected: Vec<String> = page["items"].as_array().unwrap().iter().map(reference).collect();
    assert_eq!(expected.len(), 6);
    let query = "sort=filed_at&q=matelas";
    let table = dispatcher.get(&format!("/v1/tickets/export?{query}")).await;
    let rows = cells(&table.is(200).text, ',');
    assert_eq!(rows[1..].iter().map(|row| row[0].clone()).collect::<Vec<_>>(), expected);
    let lines = dispatcher.get(&format!("/v1/tickets/export?format=ndjson&{query}")).await;
    let lines = lines.is(200).text.lines().map(|line| reference(&serde_json::from_str(line).unwrap()));
    assert_eq!(lines.collect::<Vec<_>>(), expected);
    let map = dispatcher.get(&format!("/v1/tickets/export?format=geojson&{query}")).await.ok();
    let features = map["features"].as_array().unwrap().iter();
    assert_eq!(features.map(|feature| reference(&feature["properties"])).collect::<Vec<_>>(), expected);
    assert_eq!(map["features"][0]["geometry"]["coordinates"], json!([2.2972, 49.9121]));
    let voirie = city.voirie().await;
    assert_eq!(voirie.get("/v1/tickets/export?format=ndjson").await.is(200).text, "");
    city.stop().await;
}

async fn restricted_tickets_and_residents_are_in_no_export() {
    let city = City::new().await;
    let (agent, dispatcher) = (city.agent().await, city.dispatcher().await);
    for category in ["illegal_dumping", "neighbour_dispute", "officer_complaint"] {
        let ticket = file(&agent, |body| {
            body["category"] = json!(category);
            body["resident"] =
                json!({ "name": "Odile Tabouret", "email": "odile@mail.example", "phone": "+33612345678" });
        })
        .await;
        assert!(ticket.is_object() || category == "officer_complaint");
    }
    let listed = dispatcher.get("/v1/tickets?limit=200").await.ok()["items"].as_array().unwrap().clone();
    let standard = listed.iter().filter(|ticket| ticket["sensitivity"] == "standard").count();
    assert!(standard < listed.len());
    for format in ["csv", "ndjson", "geojson"] {
        let export = dispatcher.get(&format!("/v1/tickets/export?format={format}")).await;
        for ticket in &listed {
            let reference = ticket["reference"].as_str().unwrap();
            assert_eq!(export.text.contains(reference), ticket["sensitivity"] == "standard", "{format} {reference}");
        }
        for secret in ["Odile", "Tabouret", "odile@", "612345678", "officer_complaint", "neighbour_dispute"] {
            assert!(!export.is(200).text.contains(secret), "{format} holds {secret}");
        }
    }
    city.stop().await;
}

async fn a_few_exports_are_written_at_once() {
    let city = City::new().await;
    let dispatcher = city.dispatcher().await;
    let all = city.instance.context.exports.clone().acquire_many_owned(4).await.unwrap();
    let refused = dispatcher.get("/v1/tickets/export").await;
    refused.refused(429, "too_many_exports");
    assert_eq!(refused.header("retry-after"), Some("10"));
    drop(all);
    for _ in 0..9 {
        dispatcher.get("/v1/tickets/export").await.is(200);
    }
    city.stop().await;
}

async fn a_bad_export_is_refused_parameter_by_parameter() {
    let city = City::new().await;
    city.agent().await.get("/v1/tickets/export?format=pdf&separator=x&limit=3&status=lost").await.refused_fields(
        400,
        "invalid_parameter",
        &[("format", "bad_value"), ("separator", "bad_value"), ("limit", "unknown_parameter"), ("status", "bad_value")],
    );
    city.admin().await.get("/v1/tickets/export").await.refused(403, "missing_right");
    city.stop().await;
}

/// Files two thousand tickets, of which much was said: more than is under way between two programs.
async fn many(city: &City) {
    let agent = city.agent().await;
    let said = "Un matelas et des sacs au pied du mur. ".repeat(100);
    let ticket = file(&agent, |body| (body["category"], body["description"]) = (json!("graffiti"), json!(said))).await;
    let (concern, n) = (ticket["concern_id"].as_str().unwrap(), "generate_series(1, 2000) n");
    let from = format!("concern t, lateral (select md5('c' || n)::uuid as id from {n}) copy where t.id = '{concern}'");
    city.database.copy("concern", &["id"], &from).await;
    let copies = "md5('t' || n)::uuid as id, md5('c' || n)::uuid as concern_id, 'AMI-26-' || 900000 + n as reference";
    let from = format!("ticket t, lateral (select {copies} from {n}) copy where t.concern_id = '{concern}'");
    city.database.copy("ticket", &["id", "concern_id", "reference"], &from).await;
}

async fn who_does_not_read_an_export_is_hung_up_on() {
    let patience = Duration::from_secs(3);
    let city = City::with(|config| config.patience = patience).await;
    many(&city).await;
    let who = city.dispatcher().await;
    let exports = &city.instance.context.exports;
    let free = exports.available_permits();
    let path = "/v1/tickets/export?format=ndjson";
    let began = Instant::now();
    let deaf = Deaf::ask(&who, path).await;
    // It is being written, and nothing more is read for it than there is room for.
    tokio::time::sleep(patience / 2).await;
    assert_eq!(exports.available_permits(), free - 1);
    until("an export that is given up", async || (exports.available_permits() == free).then_some(())).await;
    assert!((patience..10 * patience).contains(&began.elapsed()), "{:?}", began.elapsed());
    // What had arrived by then does not look like the whole of it.
    let rest = deaf.hung_up_on(patience).await;
    assert!(!rest.ends_with(b"0\r\n\r\n"), "{}", rest.len());
    // Somebody who reads gets all of it, be it slowly.
    let mut reply = who.request(Method::GET, path).send().await.unwrap();
    let (mut whole, mut chunks) = (Vec::new(), 0);
    while let Some(chunk) = reply.chunk().await.unwrap() {
        whole.extend_from_slice(&chunk);
        chunks += 1;
        if chunks % 50 == 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    assert_eq!(String::from_utf8(whole).unwrap().lines().count(), 2001);
    city.stop().await;
}
