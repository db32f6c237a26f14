//! Lists of tickets.

use std::collections::BTreeSet;

use chrono::Duration;
use serde_json::{Value, json};

use crate::support::caller::Caller;
use crate::support::city::{City, dumping};

crate::tests![
    a_list_is_walked_page_by_page_while_tickets_are_filed,
    a_list_shows_each_ticket_as_it_is_read_alone,
    a_list_is_narrowed_by_each_filter,
    each_filter_keeps_what_it_says,
    a_category_stands_for_its_parts,
    each_order_is_walked_page_by_page,
    a_list_is_a_map_too,
    each_state_is_counted,
    a_bad_filter_is_refused_parameter_by_parameter,
    what_the_city_no_longer_has_is_still_found,
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

async fn a_list_shows_each_ticket_as_it_is_read_alone() {
    let city = City::new().await;
    let agent = city.agent().await;
    // Of one rule for one reason, of one rule for several, of several rules.
    for (category, place) in [
        ("illegal_dumping", [49.9121, 2.2972]),
        ("illegal_dumping", [49.9121, 2.2972]),
        ("illegal_dumping", [49.8942, 2.2957]),
        ("pothole", [49.8942, 2.2957]),
        ("street_light_out", [49.9121, 2.2972]),
        ("neighbour_noise", [49.8942, 2.2957]),
    ] {
        let mut body = dumping();
        body["category"] = json!(category);
        body["place"] = json!({ "lat": place[0], "lon": place[1] });
        agent.post("/v1/concerns", &body).await.created();
    }
    let dispatcher = city.dispatcher().await;
    for language in ["fr", "en"] {
        let read = async |path: &str| {
            let request = dispatcher.request(reqwest::Method::GET, path).header("Accept-Language", language);
            dispatcher.send(request).await.ok()
        };
        let page = read("/v1/tickets").await;
        let mut reasons = BTreeSet::new();
        for listed in page["items"].as_array().unwrap() {
            let mut alone = read(&format!("/v1/tickets/{}", listed["id"].as_str().unwrap())).await;
            alone.as_object_mut().unwrap().remove("resident_mails");
            assert_eq!(*listed, alone);
            reasons.insert(listed["routing"]["explanation"].as_str().unwrap().to_owned());
        }
        assert!(page["items"].as_array().unwrap().len() > reasons.len() && reasons.len() >= 4, "{reasons:?}");
    }
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

/// Files a concern with some fields otherwise; returns its first ticket.
async fn file(who: &Caller, change: impl FnOnce(&mut Value)) -> Value {
    let mut body = dumping();
    change(&mut body);
    who.post("/v1/concerns", &body).await.created()["tickets"][0].clone()
}

/// The references of a list, sorted.
async fn listed(who: &Caller, query: &str) -> Vec<String> {
    let page = who.get(&format!("/v1/tickets?limit=200&{query}")).await.ok();
    let mut references: Vec<String> =
        page["items"].as_array().unwrap().iter().map(|item| item["reference"].as_str().unwrap().to_owned()).collect();
    references.sort();
    references
}

fn reference(ticket: &Value) -> String {
    ticket["reference"].as_str().unwrap().to_owned()
}

async fn each_filter_keeps_what_it_says() {
    let city = City::new().await;
    let (agent, other, proprete, dispatcher) =
        (city.agent().await, city.other_agent().await, city.proprete().await, city.dispatcher().await);
    let first = file(&agent, |_| ()).await;
    city.clock.forward(Duration::minutes(10));
    // 358 metres farther north.
    let second = file(&other, |body| {
        body["origin"] = json!("phone");
        body["place"]["lat"] = json!(49.9153);
    })
    .await;
    let (a, b) = (reference(&first), reference(&second));
    // Of the two tickets of a concern, the one at propreté; of the other service, nothing is asked here.
    let at = async |who: &Caller, query: &str| listed(who, &format!("service=proprete&{query}")).await;
    let me = agent.get("/v1/me").await.ok()["id"].as_str().unwrap().to_owned();
    for (query, expected) in [
        (String::new(), vec![&a, &b]),
        ("origin=phone".to_owned(), vec![&b]),
        ("origin=phone&origin=patrol".to_owned(), vec![&a, &b]),
        ("organisation=ville-amiens".to_owned(), vec![&a, &b]),
        ("organisation=habitat-beffroi".to_owned(), vec![]),
        (format!("referrer={me}"), vec![&a]),
        ("filed_from=2026-03-10T09:05:00Z".to_owned(), vec![&b]),
        ("filed_before=2026-03-10T09:05:00Z".to_owned(), vec![&a]),
        ("filed_from=2026-03-10T09:00:00Z&filed_before=2026-03-10T09:10:00Z".to_owned(), vec![&a]),
        ("bbox=2.29,49.91,2.30,49.9125".to_owned(), vec![&a]),
        ("bbox=2.29,49.91,2.30,49.92".to_owned(), vec![&a, &b]),
        ("near=49.9121,2.2972".to_owned(), vec![&a]),
        ("near=49.9121,2.2972&radius=350".to_owned(), vec![&a]),
        ("near=49.9121,2.2972&radius=360".to_owned(), vec![&a, &b]),
        ("reopened=true".to_owned(), vec![]),
        ("reopened=false".to_owned(), vec![&a, &b]),
        ("has_duplicates=true".to_owned(), vec![]),
        ("assignee=none".to_owned(), vec![&a, &b]),
        ("assignee=me".to_owned(), vec![]),
        ("due_before=2026-03-10T09:00:00Z".to_owned(), vec![]),
        ("due_before=2027-01-01T00:00:00Z".to_owned(), vec![&a, &b]),
    ] {
        assert_eq!(at(&dispatcher, &query).await.iter().collect::<Vec<_>>(), expected, "{query}");
    }
    assert_eq!(at(&agent, "referrer=me").await, std::slice::from_ref(&a));

    let first = proprete.acknowledge(&first).await.ok();
    let whom = proprete.get("/v1/me").await.ok()["id"].clone();
    let first = proprete.act(&first, "assign", &json!({ "assignee": whom })).await.ok();
    let second = dispatcher.act(&second, "prioritise", &json!({ "priority": "urgent" })).await.ok();
    assert_eq!(at(&proprete, "assignee=me").await, std::slice::from_ref(&a));
    assert_eq!(at(&proprete, "assignee=me&assignee=none").await, [a.clone(), b.clone()]);
    assert_eq!(at(&dispatcher, "priority=urgent").await, std::slice::from_ref(&b));
    assert_eq!(at(&dispatcher, "priority=urgent&priority=normal").await, [a.clone(), b.clone()]);
    // The clock that runs is another once somebody has the ticket in hand.
    let between = first["ack_due_at"].as_str().unwrap();
    assert!(second["ack_due_at"].as_str().unwrap() <= first["resolve_due_at"].as_str().unwrap());
    city.clock.forward(Duration::seconds(1));
    assert_eq!(at(&dispatcher, &format!("due_before={between}&status=acknowledged")).await, Vec::<String>::new());

    let done = proprete.resolve(&first).await.ok();
    agent.reopen(&done).await.ok();
    assert_eq!(at(&dispatcher, "reopened=true").await, std::slice::from_ref(&a));
    dispatcher.act(&second, "merge", &json!({ "duplicate_of": first["id"] })).await.ok();
    assert_eq!(at(&dispatcher, "has_duplicates=true").await, std::slice::from_ref(&a));
    assert_eq!(at(&dispatcher, "has_duplicates=false").await, [b]);
    let ticket = dispatcher.ticket(&first).await;
    assert_eq!((&ticket["origin"], &ticket["referrer"]), (&json!("patrol"), &json!({ "type": "person", "id": me })));
    city.stop().await;
}

async fn a_category_stands_for_its_parts() {
    let city = City::new().await;
    let dispatcher = city.dispatcher().await;
    let dumping = city.dumping().await;
    let categories = dispatcher.get("/v1/categories").await.ok();
    let items = categories["items"].as_array().unwrap();
    let parent = items.iter().find(|item| item["code"] == dumping["category"]).unwrap()["parent"].as_str().unwrap();
    assert!(listed(&dispatcher, &format!("category={parent}")).await.contains(&reference(&dumping)));
    city.stop().await;
}

async fn each_order_is_walked_page_by_page() {
    let city = City::new().await;
    let (agent, dispatcher) = (city.agent().await, city.dispatcher().await);
    for (n, category) in ["illegal_dumping", "pothole", "illegal_dumping", "pothole"].into_iter().enumerate() {
        let ticket = file(&agent, |body| body["category"] = json!(category)).await;
        if n % 2 == 0 {
            dispatcher
                .act(&ticket, "prioritise", &json!({ "priority": if n == 0 { "urgent" } else { "low" } }))
                .await
                .ok();
        }
        city.clock.forward(Duration::minutes(i64::try_from(n).unwrap() % 2));
    }
    let rank = |item: &Value| ["urgent", "high", "normal", "low"].iter().position(|p| *p == item["priority"]).unwrap();
    let text = |item: &Value, field: &str| item[field].as_str().unwrap().to_owned();
    for sort in ["-filed_at", "filed_at", "ack_due_at", "resolve_due_at", "-priority", "relevance"] {
        let q = if sort == "relevance" { "&q=matelas" } else { "" };
        let all = dispatcher.get(&format!("/v1/tickets?sort={sort}{q}")).await.ok();
        let items = all["items"].as_array().unwrap();
        assert!(items.len() >= 5, "{sort}");
        let sorted = items.windows(2).all(|pair| match sort {
            "-filed_at" => text(&pair[0], "filed_at") >= text(&pair[1], "filed_at"),
            "-priority" => {
                let key = |item: &Value| (rank(item), std::cmp::Reverse(text(item, "filed_at")));
                key(&pair[0]) <= key(&pair[1])
            }
            "relevance" => true,
            field => text(&pair[0], field) <= text(&pair[1], field),
        });
        assert!(sorted, "{sort}: {all}");
        let (mut path, mut walked) = (format!("/v1/tickets?sort={sort}&limit=2{q}"), Vec::new());
        loop {
            let reply = dispatcher.get(&path).await;
            walked.extend(ids(&reply.ok()));
            let Some(link) = reply.header("link") else { break };
            link.split_once('>').unwrap().0.trim_start_matches('<').clone_into(&mut path);
        }
        assert_eq!(walked, ids(&all), "{sort}");
    }
    let cursor = dispatcher.get("/v1/tickets?limit=1").await.ok()["next_cursor"].as_str().unwrap().to_owned();
    dispatcher.get(&format!("/v1/tickets?sort=filed_at&cursor={cursor}")).await.refused_fields(
        400,
        "invalid_parameter",
        &[("cursor", "bad_value")],
    );
    city.stop().await;
}

async fn a_list_is_a_map_too() {
    let city = City::new().await;
    let ticket = city.dumping().await;
    city.dumping().await;
    let dispatcher = city.dispatcher().await;
    let request = dispatcher.request(reqwest::Method::GET, "/v1/tickets?limit=1&sort=filed_at&service=proprete");
    let reply = dispatcher.send(request.header("Accept", "application/geo+json, */*;q=0.1")).await;
    let map = reply.ok();
    assert_eq!(reply.header("content-type"), Some("application/geo+json"));
    assert_eq!(map["type"], "FeatureCollection");
    let feature = &map["features"][0];
    assert_eq!(feature["geometry"], json!({ "type": "Point", "coordinates": [2.2972, 49.9121] }));
    assert_eq!(feature["properties"]["reference"], ticket["reference"]);
    assert!(reply.header("link").unwrap().contains(map["next_cursor"].as_str().unwrap()));
    let plain = dispatcher.get("/v1/tickets").await;
    assert_eq!(plain.header("content-type"), Some("application/json"));
    city.stop().await;
}

/// The states that have tickets, with how many, as the counts tell.
async fn counts(who: &Caller, query: &str) -> Vec<(String, u64)> {
    let counts = who.get(&format!("/v1/tickets/counts?{query}")).await.ok();
    let items = counts["items"].as_array().unwrap().iter();
    let count = |item: &Value| (item["state"].as_str().unwrap().to_owned(), item["count"].as_u64().unwrap());
    items.map(count).filter(|(_, count)| *count > 0).collect()
}

async fn each_state_is_counted() {
    let city = City::new().await;
    let (proprete, dispatcher) = (city.proprete().await, city.dispatcher().await);
    let first = city.dumping().await;
    let all = dispatcher.get("/v1/tickets/counts").await.ok();
    assert_eq!(all["items"].as_array().unwrap().len(), 9);
    assert_eq!(all["items"][0], json!({ "state": "submitted", "count": 2, "more": false }));
    city.dumping().await;
    proprete.acknowledge(&first).await.ok();
    let expected = |all: &[(&str, u64)]| all.iter().map(|(s, n)| ((*s).to_owned(), *n)).collect::<Vec<_>>();
    assert_eq!(counts(&dispatcher, "").await, expected(&[("submitted", 3), ("acknowledged", 1)]));
    assert_eq!(counts(&proprete, "").await, expected(&[("submitted", 1), ("acknowledged", 1)]));
    assert_eq!(counts(&dispatcher, "status=acknowledged&q=matelas").await, expected(&[("acknowledged", 1)]));
    assert_eq!(
        counts(&dispatcher, "q=matlas&service=proprete").await,
        expected(&[("submitted", 1), ("acknowledged", 1)])
    );
    assert_eq!(counts(&city.voirie().await, "").await, expected(&[]));
    dispatcher.get("/v1/tickets/counts?limit=3").await.refused_fields(
        400,
        "invalid_parameter",
        &[("limit", "unknown_parameter")],
    );
    city.stop().await;
}

async fn a_bad_filter_is_refused_parameter_by_parameter() {
    let city = City::new().await;
    let agent = city.agent().await;
    let path = "/v1/tickets?origin=moon&priority=some&organisation=A&due_before=soon&filed_from=-99999-01-01T00:00:00Z\
        &assignee=you&referrer=none&bbox=1,2,3&radius=10&has_duplicates=1&reopened=yes&q=%20&sort=colour&limt=3";
    let parameters = [
        "origin",
        "priority",
        "organisation",
        "due_before",
        "filed_from",
        "assignee",
        "referrer",
        "bbox",
        "has_duplicates",
        "reopened",
        "q",
        "sort",
    ];
    let mut faults: Vec<(&str, &str)> = parameters.iter().map(|name| (*name, "bad_value")).collect();
    faults.extend([("radius", "not_expected"), ("limt", "unknown_parameter")]);
    agent.get(path).await.refused_fields(400, "invalid_parameter", &faults);
    for (query, name, code) in [
        ("bbox=3,49,2,50", "bbox", "bad_value"),
        ("bbox=NaN,49,2,50", "bbox", "bad_value"),
        ("near=91,2", "near", "bad_value"),
        ("near=49,2&radius=inf", "radius", "bad_value"),
        ("sort=relevance", "sort", "not_expected"),
        ("q=a%00b", "q", "bad_value"),
        ("q=a&q=b", "q", "repeated"),
        ("service=propret", "service", "unknown_code"),
        ("organisation=ville", "organisation", "unknown_code"),
        ("category=dumping", "category", "unknown_code"),
        ("area=secteur:nord", "area", "unknown_code"),
    ] {
        agent.get(&format!("/v1/tickets?{query}")).await.refused_fields(400, "invalid_parameter", &[(name, code)]);
    }
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

async fn what_the_city_no_longer_has_is_still_found() {
    let city = City::new().await;
    let (filed, dispatcher) = (city.dumping().await, city.dispatcher().await);
    let mut changed = city.instance.context.city().unwrap().city.clone();
    changed.rules.rules.retain(|rule| rule.code.as_str() == "reste");
    changed.services.retain(|service| service.code.as_str() != "proprete");
    changed.catalogue.retain(|category| category.code.as_str() != "illegal_dumping");
    usecases::city::load(&city.instance.context, &changed, false, None, city.instance.context.now()).await.unwrap();
    assert_eq!(listed(&dispatcher, "service=proprete&category=illegal_dumping").await, [reference(&filed)]);
    city.stop().await;
}
