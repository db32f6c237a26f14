//! Real clients: `OWSLib` and the validators of OpenAPI and GeoJSON in Python, and GDAL, which is what QGIS and most other GIS
//! programs read with.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::process::Command;

use super::city;
use crate::cafe::{path, plan};
use crate::client::register;
use crate::support::city::{City, dumping};
use crate::support::python;

crate::tests![
    the_definition_and_every_answer_are_what_public_tools_expect,
    gdal_reads_every_collection_by_the_address_alone
];

/// Seven tickets, of which one is restricted; a café announced and one that is not; a hotspot of five.
async fn lively() -> City {
    let city = city().await;
    let agent = city.agent().await;
    for metres in 0..5 {
        let mut body = dumping();
        body["place"]["lat"] = json!(49.9121 + f64::from(metres) / 111_195.0);
        agent.post("/v1/concerns", &body).await.created();
    }
    for category in ["pothole", "neighbour_noise"] {
        let mut body = dumping();
        body["category"] = json!(category);
        body["place"]["lat"] = json!(49.894);
        agent.post("/v1/concerns", &body).await.created();
    }
    plan(&agent, json!({})).await;
    let cafe = plan(&agent, json!({})).await;
    agent.post(&path(&cafe, "/announce"), &json!({})).await.ok();
    while usecases::hotspot::keep(&city.instance.context).await.unwrap() > 0 {}
    city
}

async fn the_definition_and_every_answer_are_what_public_tools_expect() {
    let city = lively().await;
    let read = python::run("ogc.py", &[&format!("{}/ogc", city.instance.base_url)]).await;
    let areas =
        city.instance.context.city().unwrap().city.zonings.iter().map(|zoning| zoning.areas().len()).sum::<usize>();
    let read: Value = serde_json::from_str(&read).unwrap();
    assert_eq!(read, json!({ "tickets": 6, "cafes": 1, "hotspots": 1, "areas": areas }));
    city.stop().await;
}

/// What ogrinfo prints.
async fn ogrinfo(city: &City, arguments: &[&str], token: Option<&str>) -> String {
    let mut command = Command::new("ogrinfo");
    command.args(["-ro", "-oo", "PAGE_SIZE=2", &format!("OAPIF:{}/ogc", city.instance.base_url)]).args(arguments);
    command.env("NO_PROXY", "*").env("no_proxy", "*").stdin(Stdio::null());
    let headers = tempfile::NamedTempFile::new().unwrap();
    if let Some(token) = token {
        std::fs::write(headers.path(), format!("Authorization: Bearer {token}\n")).unwrap();
        command.env("GDAL_HTTP_HEADER_FILE", headers.path());
    }
    let output = command.output().await.unwrap_or_else(|error| {
        panic!("the tests of maps need GDAL's programs: the package gdal-bin ({error})");
    });
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && !said.contains("ERROR") && !said.contains("Warning"), "{said}");
    said
}

async fn gdal_reads_every_collection_by_the_address_alone() {
    let city = lively().await;
    let layers = ogrinfo(&city, &[], None).await;
    for (layer, what) in [("tickets", "Saisines"), ("cafes", "Cafés"), ("hotspots", "Lieux"), ("areas", "Secteurs")] {
        assert!(layers.contains(&format!(": {layer} (title: {what}")), "{layers}");
    }
    let tickets = ogrinfo(&city, &["tickets"], None).await;
    assert_eq!(tickets.matches("OGRFeature(tickets)").count(), 6, "page by page: {tickets}");
    assert!(tickets.contains("requested_at: DateTime") && tickets.contains("POINT (2.2972 49.894)"), "{tickets}");
    let near = ogrinfo(&city, &["tickets", "-spat", "2.29", "49.89", "2.30", "49.90"], None).await;
    assert_eq!(near.matches("OGRFeature(tickets)").count(), 1, "{near}");
    let of = ogrinfo(&city, &["tickets", "-where", "category = 'illegal_dumping'"], None).await;
    assert_eq!(of.matches("OGRFeature(tickets)").count(), 5, "{of}");
    let areas = ogrinfo(&city, &["areas", "-where", "zoning = 'secteurs'"], None).await;
    assert!(areas.contains("MULTIPOLYGON (((") && areas.contains("name (String) = Nord"), "{areas}");
    // What a GIS program with OAuth 2.0 in its settings sends.
    let token = register(&city, &["cafes:read"], &[]).await.token(&city).await;
    let cafes = ogrinfo(&city, &["cafes"], token["access_token"].as_str()).await;
    assert_eq!(cafes.matches("OGRFeature(cafes)").count(), 2, "{cafes}");
    city.stop().await;
}
