//! What is asked of items: where, when, how many, which, and what is refused.

use std::collections::BTreeSet;

use chrono::Duration;
use serde_json::{Value, json};

use super::{city, ids, in_english, items, linked};
use crate::support::caller::Caller;
use crate::support::city::{City, dumping};

crate::tests![
    tickets_are_narrowed_by_place_time_and_properties,
    pages_follow_one_another_while_others_file,
    areas_are_the_city_s_zonings,
    what_is_wrong_is_told_in_words,
];

async fn filed(city: &City, category: &str, lat: f64) -> String {
    let mut body = dumping();
    body["category"] = json!(category);
    body["place"]["lat"] = json!(lat);
    let filed = city.agent().await.post("/v1/concerns", &body).await.created();
    filed["tickets"][0]["reference"].as_str().unwrap().to_owned()
}

async fn tickets_are_narrowed_by_place_time_and_properties() {
    let city = city().await;
    let old = filed(&city, "graffiti", 49.9121).await;
    city.clock.forward(Duration::days(2));
    let new = filed(&city, "pothole", 49.88).await;
    let ticket = city.dispatcher().await.get(&format!("/v1/tickets/{old}")).await.ok();
    let service = city.proprete().await;
    let ticket = service.acknowledge(&ticket).await.ok();
    service.resolve(&ticket).await.ok();
    let (old, new) = (old.as_str(), new.as_str());
    for (query, expected) in [
        ("", vec![new, old]),
        ("limit=5000", vec![new, old]),
        ("bbox=2.29,49.91,2.30,49.92", vec![old]),
        ("bbox=2.29,49.91,-5,2.30,49.92,100", vec![old]),
        ("bbox=2.2972,49.9121,2.2972,49.9121", vec![old]),
        ("bbox=170,49,2.30,50", vec![new, old]),
        ("bbox=2.30,49,-170,50", vec![]),
        ("datetime=2026-03-10T09:00:00Z", vec![old]),
        ("datetime=2026-03-10T10:00:00%2B01:00", vec![old]),
        ("datetime=2026-03-10", vec![old]),
        ("datetime=2026-03-11T00:00:00Z/..", vec![new]),
        ("datetime=2026-03-11T00:00:00Z/", vec![new]),
        ("datetime=../2026-03-11T00:00:00Z", vec![old]),
        ("datetime=2026-03-10T09:00:00Z/2026-03-12T09:00:00Z", vec![new, old]),
        ("datetime=2026-03-13T00:00:00Z/..", vec![]),
        ("category=pothole", vec![new]),
        ("category=neighbour_noise", vec![]),
        ("status=open", vec![new]),
        ("status=closed", vec![old]),
        ("area_secteurs=nord", vec![old]),
        ("area_secteurs=nord&status=open", vec![]),
        ("area_secteurs=nord&area_quartiers=nord-pigeonnier", vec![old]),
        ("area_secteurs=nord&area_quartiers=centre", vec![]),
        // A group stands for its parts.
        ("category=cleanliness", vec![old]),
    ] {
        for who in [city.stranger(), city.dispatcher().await] {
            assert_eq!(ids(&items(&who, &format!("tickets/items?{query}")).await), expected, "{query}");
        }
    }
    city.stop().await;
}

/// All ids, page by page; after the first page something happens.
async fn paged(who: &Caller, of: &str, meanwhile: impl AsyncFnOnce()) -> Vec<String> {
    let mut page = items(who, of).await;
    let mut seen = ids(&page);
    meanwhile().await;
    while let Some(next) = linked(&page, "next") {
        let next = next.strip_prefix("/ogc/collections/").unwrap().to_owned();
        page = items(who, &next).await;
        assert_ne!(page["numberReturned"], 0, "no empty page at the end");
        seen.extend(ids(&page));
    }
    seen
}

async fn pages_follow_one_another_while_others_file() {
    let city = city().await;
    let mut before = Vec::new();
    for _ in 0..7 {
        before.push(filed(&city, "graffiti", 49.9121).await);
    }
    before.reverse();
    for who in [city.stranger(), city.dispatcher().await] {
        // All in the same instant: the ids decide.
        let seen = paged(&who, "tickets/items?limit=2&category=graffiti&bbox=2,49,3,50", async || {
            filed(&city, "graffiti", 49.9121).await;
            city.clock.forward(Duration::seconds(1));
            filed(&city, "graffiti", 49.9121).await;
        })
        .await;
        assert_eq!(seen[seen.len() - 7..], before, "each once, in order");
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len());
        let page = items(&who, "tickets/items?limit=9").await;
        assert_eq!(page["numberReturned"], 9);
        assert_eq!(
            linked(&page, "next").is_some(),
            page["numberReturned"] != ids(&items(&who, "tickets/items").await).len()
        );
    }
    let all = ids(&items(&city.stranger(), "areas/items").await);
    assert_eq!(paged(&city.stranger(), "areas/items?limit=3", async || ()).await, all);
    assert!(linked(&items(&city.stranger(), &format!("areas/items?limit={}", all.len())).await, "next").is_none());
    city.stop().await;
}

async fn areas_are_the_city_s_zonings() {
    let city = city().await;
    let stranger = city.stranger();
    let page = items(&stranger, "areas/items?zoning=secteurs").await;
    assert_eq!(page["numberReturned"], 5);
    for feature in page["features"].as_array().unwrap() {
        assert_eq!(
            (&feature["properties"]["zoning"], &feature["geometry"]["type"]),
            (&json!("secteurs"), &json!("MultiPolygon"))
        );
        for polygon in feature["geometry"]["coordinates"].as_array().unwrap() {
            let ring = polygon[0].as_array().unwrap();
            assert!(ring.len() > 3 && ring.first() == ring.last(), "{ring:?}");
            let at = |point: &Value| (point[0].as_f64().unwrap(), point[1].as_f64().unwrap());
            let turned = |pair: &[Value]| (at(&pair[1]).0 - at(&pair[0]).0) * (at(&pair[1]).1 + at(&pair[0]).1);
            assert!(ring.windows(2).map(turned).sum::<f64>() < 0.0, "against the clock (RFC 7946, 3.1.6)");
        }
    }
    for (query, expected) in [
        ("zoning=secteurs&bbox=2.2972,49.9121,2.2972,49.9121", vec!["secteurs:nord"]),
        (
            "zoning=secteurs&bbox=170,49.9121,2.2972,49.9121&datetime=2020-01-01T00:00:00Z",
            vec!["secteurs:ouest", "secteurs:nord"],
        ),
        ("bbox=10,49,11,50", vec![]),
    ] {
        let found: BTreeSet<String> =
            ids(&items(&stranger, &format!("areas/items?{query}")).await).into_iter().collect();
        let expected: BTreeSet<String> = expected.into_iter().map(ToOwned::to_owned).collect();
        assert_eq!(found, expected, "{query}");
    }
    assert_eq!(stranger.get("/ogc/collections/areas/items/secteurs:nord").await.ok()["properties"]["name"], "Nord");
    stranger.get("/ogc/collections/areas/items/secteurs:nulle-part").await.is(404);
    city.stop().await;
}

async fn what_is_wrong_is_told_in_words() {
    let city = city().await;
    let stranger = city.stranger();
    for (path, parameter, fr, en) in [
        ("tickets/items?bbox=1,2,3", "bbox", "quatre nombres", "four numbers"),
        ("tickets/items?bbox=1,2,3,x", "bbox", "quatre nombres", "four numbers"),
        ("tickets/items?bbox=1,2,3,NaN", "bbox", "quatre nombres", "four numbers"),
        ("tickets/items?bbox=1,2,9,3,4,1", "bbox", "hauteur", "height"),
        ("tickets/items?bbox=2,50,3,49", "bbox", "le sud est au nord", "south lies north"),
        ("tickets/items?bbox=2,-91,3,49", "bbox", "-90 à 90", "-90 to 90"),
        ("tickets/items?bbox=2,49,181,50", "bbox", "-180 à 180", "-180 to 180"),
        ("cafes/items?datetime=hier", "datetime", "un instant", "an instant"),
        ("cafes/items?datetime=../..", "datetime", "un instant", "an instant"),
        ("cafes/items?datetime=2026-03-10T09:00:00", "datetime", "un instant", "an instant"),
        ("cafes/items?datetime=a/b/c", "datetime", "un instant", "an instant"),
        ("cafes/items?datetime=2026-03-11T00:00:00Z/2026-03-10T00:00:00Z", "datetime", "précède", "before"),
        ("hotspots/items?limit=0", "limit", "à partir de 1", "from 1 on"),
        ("hotspots/items?limit=-1", "limit", "à partir de 1", "from 1 on"),
        ("hotspots/items?limit=ten", "limit", "à partir de 1", "from 1 on"),
        ("hotspots/items?limit=1&limit=2", "limit", "qu’une fois", "once only"),
        ("hotspots/items?active=maybe", "active", "true, false", "true, false"),
        ("hotspots/items?cursor=x", "cursor", "lien « next »", "“next” link"),
        ("tickets/items?cursor=1.x", "cursor", "lien « next »", "“next” link"),
        ("tickets/items?cursor=9999999999999999999.00000000000000000000000000000000", "cursor", "lien", "link"),
        ("areas/items?cursor=x", "cursor", "lien « next »", "“next” link"),
        ("areas/items?zoning=x", "zoning", "secteurs", "secteurs"),
        ("tickets/items?status=pending", "status", "open, closed", "open, closed"),
        ("tickets/items?area_secteurs=lune", "area_secteurs", "nord", "nord"),
        ("tickets/items?q=matelas", "q", "inconnu", "unknown"),
        ("tickets/items?bbox-crs=x", "bbox-crs", "inconnu", "unknown"),
        ("tickets/items/AMI-26-000001?f=json", "f", "inconnu", "unknown"),
        ("tickets?f=json", "f", "inconnu", "unknown"),
    ] {
        let path = format!("/ogc/collections/{path}");
        let reply = stranger.get(&path).await;
        assert_eq!(reply.is(400).header("content-type"), Some("application/problem+json"));
        let problem = reply.json();
        assert_eq!(problem["errors"][0]["parameter"], parameter, "{path}");
        assert!(problem["detail"].as_str().unwrap().contains(fr), "{path}: {problem}");
        let problem = in_english(&stranger, &path).await.is(400).json();
        assert!(problem["detail"].as_str().unwrap().contains(en), "{path}: {problem}");
    }
    let problem = stranger.get("/ogc/collections/tickets/items?bbox=1&limit=0&x=1").await.is(400).json();
    assert_eq!(problem["errors"].as_array().unwrap().len(), 3, "all at once: {problem}");
    for path in ["/ogc?f=html", "/ogc/api?f=json", "/ogc/conformance?x", "/ogc/collections?limit=1"] {
        stranger.get(path).await.is(400);
    }
    city.stop().await;
}
