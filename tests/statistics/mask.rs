//! Who reads which figures, and what is kept from whom.

use serde_json::{Value, json};

use super::{file, keep};
use crate::client::register;
use crate::support::caller::Caller;
use crate::support::city::City;

crate::tests![
    outside_the_police_few_are_hidden_and_the_others_rounded,
    everybody_counts_what_is_theirs_to_count,
    outside_the_police_single_tickets_are_not_chosen,
    what_makes_no_sense_is_refused,
];

async fn fill(city: &City, filings: &[(&str, usize)]) {
    let agent = city.agent().await;
    for (category, times) in filings {
        for _ in 0..*times {
            file(&agent, category).await;
        }
    }
    keep(city).await;
}

/// How many tickets each group has.
async fn filed(who: &Caller, query: &str) -> (Vec<(String, Value)>, Value) {
    let answer = who.get(&format!("/v1/stats/tickets?{query}")).await.ok();
    let groups = answer["groups"].as_array().unwrap().iter();
    let group = |group: &Value| (group["key"].as_str().unwrap().to_owned(), group["figures"]["filed"].clone());
    (groups.map(group).collect(), answer["total"]["filed"].clone())
}

fn all(groups: &[(&str, Value)]) -> Vec<(String, Value)> {
    groups.iter().map(|(key, count)| ((*key).to_owned(), count.clone())).collect()
}

async fn outside_the_police_few_are_hidden_and_the_others_rounded() {
    let city = City::new().await;
    // In the catalogue's order. A complaint about an officer is counted like the others.
    fill(&city, &[("illegal_dumping", 13), ("pothole", 7), ("neighbour_dispute", 3), ("officer_complaint", 2)]).await;
    let exact = filed(&city.dispatcher().await, "group_by=category").await;
    let (codes, counts): (Vec<String>, Vec<Value>) = exact.0.iter().cloned().unzip();
    assert_eq!(codes, ["illegal_dumping", "pothole", "neighbour_dispute", "officer_complaint"]);
    let auditor = city.auditor().await;
    let shown = filed(&auditor, "group_by=category").await;
    let expected: Vec<Value> = counts
        .iter()
        .map(|count| match count.as_u64().unwrap() {
            count @ 5.. => json!((count + 2) / 5 * 5),
            _ => Value::Null,
        })
        .collect();
    assert_eq!(shown.0.iter().map(|(_, count)| count.clone()).collect::<Vec<_>>(), expected);
    assert!(expected.contains(&Value::Null) && expected.contains(&json!(25)), "{expected:?}");
    assert_eq!(shown.1, Value::Null, "the total would tell of those that are hidden");
    let answer = auditor.get("/v1/stats/tickets?group_by=category").await.ok();
    assert_eq!(answer["rounded_to"], 5);
    let dispute = &answer["groups"][2]["figures"];
    assert_eq!(
        (&dispute["masked"], &dispute["open"], &dispute["oldest_open_filed_at"]),
        (&json!(true), &Value::Null, &Value::Null)
    );
    let dumping = &answer["groups"][0]["figures"];
    assert_eq!((&dumping["open"], &dumping["oldest_open_filed_at"]), (&json!(25), &json!("2026-03-09T23:00:00Z")));
    city.stop().await;
}

async fn everybody_counts_what_is_theirs_to_count() {
    let city = City::new().await;
    fill(&city, &[("illegal_dumping", 6), ("pothole", 8)]).await;
    // Dumped rubbish goes to two services.
    let of_all = all(&[("brigade-verte", json!(5)), ("proprete", json!(5)), ("voirie", json!(10))]);
    let sorted = |mut groups: Vec<(String, Value)>| {
        groups.sort_by(|a, b| a.0.cmp(&b.0));
        groups
    };
    for who in
        [city.auditor().await, city.admin().await, register(&city, &["stats:read"], &[]).await.caller(&city).await]
    {
        assert_eq!(sorted(filed(&who, "group_by=service").await.0), of_all);
    }
    let exact = filed(&city.dispatcher().await, "group_by=service").await;
    assert_eq!(
        (sorted(exact.0), exact.1),
        (all(&[("brigade-verte", json!(6)), ("proprete", json!(6)), ("voirie", json!(8))]), json!(20))
    );
    // A manager of propreté and déchets, and a program that is limited to it.
    let limited = register(&city, &["stats:read"], &["proprete"]).await.caller(&city).await;
    for who in [city.manager().await, limited] {
        assert_eq!(filed(&who, "group_by=service").await, (all(&[("proprete", json!(5))]), json!(5)));
        assert_eq!(filed(&who, "group_by=service&service=voirie").await, (Vec::new(), json!(0)));
    }
    for who in [city.agent().await, city.proprete().await] {
        for path in ["/v1/stats/tickets", "/v1/stats/cafes", "/v1/stats/reports/2026"] {
            who.get(path).await.lacks("read_statistics");
        }
    }
    city.stop().await;
}

async fn outside_the_police_single_tickets_are_not_chosen() {
    let city = City::new().await;
    let (auditor, dispatcher) = (city.auditor().await, city.dispatcher().await);
    let me = city.account("nadia.fournier").await["id"].as_str().unwrap().to_owned();
    for (name, value) in [
        ("status", "submitted"),
        ("late", "true"),
        ("due_before", "2026-03-01T00:00:00Z"),
        ("assignee", me.as_str()),
        ("referrer", me.as_str()),
        ("bbox", "2.2,49.8,2.4,50"),
        ("near", "49.9,2.3"),
        ("duplicate_of", me.as_str()),
        ("has_duplicates", "true"),
        ("reopened", "false"),
        ("filed_from", "2026-03-01T00:00:00Z"),
        ("filed_before", "2026-03-10T23:00:00Z"),
    ] {
        let path = format!("/v1/stats/tickets?{name}={value}");
        auditor.get(&path).await.refused_fields(400, "invalid_parameter", &[(name, "too_fine")]);
        dispatcher.get(&path).await.ok();
    }
    let months = "filed_from=2026-02-28T23:00:00Z&filed_before=2026-03-31T22:00:00Z";
    for rest in [
        "service=proprete",
        "organisation=ville-amiens",
        "category=cleanliness",
        "area=secteurs:nord",
        "origin=cafe",
        "priority=high",
    ] {
        auditor.get(&format!("/v1/stats/tickets?{months}&{rest}")).await.ok();
    }
    let several = "/v1/stats/tickets?late=true&filed_from=2026-03-02T00:00:00Z";
    let faults = [("late", "too_fine"), ("filed_from", "too_fine")];
    auditor.get(several).await.refused_fields(400, "invalid_parameter", &faults);
    for name in ["starts_from", "starts_before"] {
        let path = format!("/v1/stats/cafes?{name}=2026-03-02T00:00:00Z");
        auditor.get(&path).await.refused_fields(400, "invalid_parameter", &[(name, "too_fine")]);
        dispatcher.get(&path).await.ok();
    }
    city.stop().await;
}

async fn what_makes_no_sense_is_refused() {
    let city = City::new().await;
    let dispatcher = city.dispatcher().await;
    for (query, field, code) in [
        ("q=matelas", "q", "unknown_parameter"),
        ("sort=filed_at", "sort", "unknown_parameter"),
        ("cursor=x", "cursor", "unknown_parameter"),
        ("limit=10", "limit", "unknown_parameter"),
        ("group_by=colour", "group_by", "bad_value"),
        ("group_by=area:nulle-part", "group_by", "unknown_code"),
        ("service=nulle-part", "service", "unknown_code"),
    ] {
        let reply = dispatcher.get(&format!("/v1/stats/tickets?{query}")).await;
        reply.refused_fields(400, "invalid_parameter", &[(field, code)]);
    }
    dispatcher.get("/v1/stats/cafes?group_by=service").await.refused_fields(
        400,
        "invalid_parameter",
        &[("group_by", "bad_value")],
    );
    city.stop().await;
}
