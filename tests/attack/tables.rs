//! Names that a spreadsheet would take for formulas (OWASP, CSV injection), in every table that can be had.

use std::cell::Cell;

use chrono::Duration;
use serde_json::json;

use super::rename;
use crate::support::city::{City, dumping};

crate::tests![no_cell_of_any_table_is_a_formula];

const BEGINNINGS: [&str; 7] = ["=", "+", "-", "@", "\t", "\r", "=HYPERLINK(\"https://evil.example\";\"x\")"];

/// The cells of a table.
fn cells(table: &str, delimiter: u8) -> Vec<String> {
    let table = table.trim_start_matches('\u{feff}').as_bytes();
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(table);
    reader.records().flat_map(|row| row.unwrap().iter().map(ToOwned::to_owned).collect::<Vec<_>>()).collect()
}

async fn no_cell_of_any_table_is_a_formula() {
    let city = City::new().await;
    let turn = Cell::new(0);
    rename(&city, |name| {
        turn.set(turn.get() + 1);
        name.insert_str(0, BEGINNINGS[turn.get() % BEGINNINGS.len()]);
    })
    .await;
    let agent = city.agent().await;
    // Each beginning is among the names.
    for category in [
        "illegal_dumping",
        "bulky_waste",
        "overflowing_bin",
        "dog_fouling",
        "graffiti",
        "street_cleanliness",
        "pothole",
        "sidewalk_defect",
        "street_light_out",
        "street_furniture",
        "water_drain",
        "tree_hedge",
        "stray_animal",
    ] {
        let mut body = dumping();
        (body["category"], body["description"]) = (json!(category), json!("\"=1+1\r\n@SUM(A1)"));
        body["place"]["address"] = json!("-2+3, rue du Pigeonnier");
        for _ in 0..6 {
            agent.post("/v1/concerns", &body).await.created();
        }
    }
    assert!(city.database.count("select count(*) from ticket").await >= 18);
    let dispatcher = city.dispatcher().await;
    let mut tables = vec![
        (dispatcher.get("/v1/tickets/export").await.is(200).text.clone(), b','),
        (dispatcher.get("/v1/tickets/export?separator=semicolon").await.is(200).text.clone(), b';'),
    ];
    let request = dispatcher.request(reqwest::Method::GET, "/v1/tickets/export").header("Accept-Language", "fr");
    tables.push((dispatcher.send(request).await.is(200).text.clone(), b';'));
    city.clock.forward(Duration::days(120));
    while usecases::open_data::publish(&city.instance.context).await.unwrap() > 0 {}
    tables.push((city.stranger().get("/v1/open-data/tickets.csv").await.is(200).text.clone(), b','));
    let mut guarded = Vec::new();
    for (table, delimiter) in tables {
        let cells = cells(&table, delimiter);
        let formula = cells.iter().find(|cell| cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']));
        assert_eq!(formula, None, "{table}");
        assert!(cells.iter().any(|cell| cell.starts_with('\'')), "{table}");
        guarded.extend(cells.into_iter().filter_map(|cell| cell.strip_prefix('\'').map(ToOwned::to_owned)));
    }
    for beginning in BEGINNINGS {
        assert!(guarded.iter().any(|cell| cell.starts_with(beginning)), "{beginning:?}: {guarded:?}");
    }
    city.stop().await;
}
