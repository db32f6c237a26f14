//! Lists of tickets.

use chrono::Duration;
use serde_json::{Value, json};

use crate::support::caller::Caller;
use crate::support::city::{City, dumping};

crate::tests![
    a_list_is_walked_page_by_page_while_tickets_are_filed,
    a_list_is_narrowed_by_each_filter,
    a_timeline_is_walked_page_by_page,
];

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

async fn a_list_is_walked_page_by_page_while_tickets_are_filed() {
    let city = City::new().await;
    let mut filed = Vec::new();
    for n in 0..4 {
        // Two concerns, four tickets, at each instant.
        filed.push(city.dumping().await);
        city.clock.forward(Duration::minutes(n % 2));
    }
    let dispatcher = city.dispatcher().await;
    let all = ids(&dispatcher.get("/v1/tickets").await.ok());
    assert_eq!(all.len(), 8);
    let (mut path, mut walked) = ("/v1/tickets?limit=3".to_owned(), Vec::new());
    loop {
        let reply = dispatcher.get(&path).await;
        let page = reply.ok();
        walked.extend(ids(&page));
        city.dumping().await;
        let Some(link) = reply.header("link") else {
            assert_eq!(page["next_cursor"], json!(null));
            break;
        };
        let (next, rel) = link.split_once(">; ").unwrap();
        assert_eq!(rel, "rel=\"next\"");
        path = next.trim_start_matches('<').to_owned();
        assert!(path.contains("limit=3") && path.contains(page["next_cursor"].as_str().unwrap()));
    }
    assert_eq!(walked, all);
    city.stop().await;
}

async fn count(who: &Caller, query: &str) -> usize {
    ids(&who.get(&format!("/v1/tickets?{query}")).await.ok()).len()
}

async fn a_list_is_narrowed_by_each_filter() {
    let city = City::new().await;
    let (agent, proprete, dispatcher) = (city.agent().await, city.proprete().await, city.dispatcher().await);
    let cafe = json!({
        "title": "Café", "place": { "lat": 49.912, "lon": 2.297 },
        "starts_at": "2026-03-10T08:00:00Z", "ends_at": "2026-03-10T10:00:00Z"
    });
    let cafe = agent.post("/v1/cafes", &cafe).await.created();
    let cafe = cafe["id"].as_str().unwrap();
    let north = city.dumping().await;
    let mut body = dumping();
    body["place"] = json!({ "lat": 49.894, "lon": 2.296 });
    body["category"] = json!("pothole");
    body["origin"] = json!("cafe");
    body["cafe_id"] = json!(cafe);
    agent.post("/v1/concerns", &body).await.created();
    proprete.acknowledge(&north).await.ok();
    for (query, expected) in [
        ("", 3),
        ("status=acknowledged", 1),
        ("status=acknowledged&status=submitted", 3),
        ("service=voirie", 1),
        ("category=illegal_dumping", 2),
        ("area=secteurs:nord", 2),
        ("area=secteurs:nord&area=secteurs:centre", 3),
        ("area=quartiers:nord-pigeonnier&service=proprete", 1),
        ("late=true", 0),
        ("late=false", 3),
        ("category=illegal_dumping&service=voirie", 0),
    ] {
        assert_eq!(count(&dispatcher, query).await, expected, "{query}");
    }
    assert_eq!(count(&dispatcher, &format!("cafe={cafe}")).await, 1);
    city.clock.forward(Duration::days(2));
    let dispatcher = city.dispatcher().await;
    assert!(count(&dispatcher, "late=true").await > 0);
    assert_eq!(count(&dispatcher, "late=true").await + count(&dispatcher, "late=false").await, 3);
    let cafes = dispatcher.get("/v1/cafes?status=planned&area=secteurs:nord").await.ok();
    assert_eq!(ids(&cafes), [cafe]);
    assert_eq!(ids(&dispatcher.get("/v1/cafes?status=held").await.ok()).len(), 0);
    city.stop().await;
}

async fn a_timeline_is_walked_page_by_page() {
    let city = City::new().await;
    let (ticket, proprete) = (city.dumping().await, city.proprete().await);
    let acknowledged = proprete.acknowledge(&ticket).await.ok();
    proprete.start(&acknowledged).await.ok();
    let path = format!("/v1/tickets/{}/timeline?limit=2", ticket["reference"].as_str().unwrap().to_lowercase());
    let first = proprete.get(&path).await.ok();
    let next = format!("{path}&cursor={}", first["next_cursor"].as_str().unwrap());
    let second = proprete.get(&next).await.ok();
    assert_eq!((ids(&first).len(), ids(&second).len()), (2, 1));
    assert_eq!((&second["items"][0]["type"], &second["next_cursor"]), (&json!("started"), &json!(null)));
    city.stop().await;
}
