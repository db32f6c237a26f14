//! The order of events: that of the commits, without gap or repeat, whoever writes and whoever dies.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::Row as _;

use super::{events, follower, place};
use crate::support::city::{City, dumping};

crate::tests![what_is_committed_later_comes_later, many_writers_leave_no_gap_and_no_repeat,];

/// Of two transactions, the one that began first is committed last.
async fn what_is_committed_later_comes_later() {
    let city = City::new().await;
    let who = follower(&city).await;
    let cafe = crate::cafe::plan(&city.agent().await, json!({})).await;
    place(&city).await;
    let first = events(&who, "").await.len();
    let mut slow = city.database.connection().await;
    sqlx::raw_sql("begin; update cafe set version = version + 1, title = 'Plus tard'")
        .execute(&mut slow)
        .await
        .unwrap();
    let ticket = city.dumping().await;
    place(&city).await;
    let seen = events(&who, "").await;
    assert!(seen[first..].iter().all(|event| event["type"] == "ticket.submitted") && seen.len() > first);
    sqlx::raw_sql("commit").execute(&mut slow).await.unwrap();
    place(&city).await;
    let all = events(&who, "").await;
    assert_eq!(all[..seen.len()], seen);
    let [late] = &all[seen.len()..] else { panic!("one more: {all:?}") };
    assert_eq!((&late["type"], &late["subject"]), (&json!("cafe.changed"), &cafe["id"]));
    assert!(ticket["reference"].is_string());
    city.stop().await;
}

/// Officers and services write at two instances; four workers place what happens, and are stopped in the midst of it again
/// and again, as when a process is killed; a reader follows meanwhile.
async fn many_writers_leave_no_gap_and_no_repeat() {
    const WRITERS: usize = 8;
    const EACH: usize = 12;
    let city = City::new().await;
    let second = city.second().await;
    let who = follower(&city).await;
    let (agent, proprete) = (city.agent().await, city.proprete().await);
    let over = AtomicBool::new(false);
    let writer = async |number: usize| {
        let base = if number.is_multiple_of(2) { &city.instance.base_url } else { &second.base_url };
        let (agent, proprete) = (agent.at(base), proprete.at(base));
        for _ in 0..EACH {
            let filed = agent.post("/v1/concerns", &dumping()).await.created();
            for ticket in filed["tickets"].as_array().unwrap() {
                if ticket["service"]["code"] == "proprete" {
                    let done = proprete.acknowledge(ticket).await.ok();
                    let note = format!("/v1/tickets/{}/notes", ticket["reference"].as_str().unwrap());
                    proprete.post(&note, &json!({ "text": "Vu." })).await.created();
                    proprete.resolve(&done).await.ok();
                }
            }
        }
    };
    let worker = async |number: u64| {
        let context = if number.is_multiple_of(2) { &city.instance.context } else { &second.context };
        let mut turn = number;
        while !over.load(Ordering::Relaxed) {
            turn = turn.wrapping_mul(31).wrapping_add(7) % 23;
            // Sometimes it comes to its end, sometimes it is dropped on the way.
            let patience = Duration::from_millis(turn);
            if let Ok(placed) = tokio::time::timeout(patience, usecases::feed::place(context)).await {
                placed.unwrap();
            }
        }
    };
    let reader = async {
        let (mut seen, mut after): (Vec<Value>, String) = (Vec::new(), "0".to_owned());
        while !over.load(Ordering::Relaxed) {
            let page = who.get(&format!("/v1/events?limit=7&after={after}")).await.ok();
            seen.extend(page["items"].as_array().unwrap().iter().cloned());
            page["last_sequence"].as_str().unwrap().clone_into(&mut after);
        }
        (seen, after)
    };
    let write = async {
        join_all((0..WRITERS).map(writer)).await;
        over.store(true, Ordering::Relaxed);
    };
    let ((), _, (mut seen, after)) = tokio::join!(write, join_all((0..4).map(worker)), reader);
    place(&city).await;
    seen.extend(events(&who, &format!("&after={after}")).await);
    let sequences: Vec<u64> = seen.iter().map(|event| event["sequence"].as_str().unwrap().parse().unwrap()).collect();
    let expected: Vec<u64> = (1..=sequences.len() as u64).collect();
    assert_eq!(sequences, expected, "one after the other, each once");
    let mut versions: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for event in &seen {
        let changed = event["data"]["ticket"]["version"].as_i64();
        versions.entry(event["subject"].as_str().unwrap()).or_default().extend(changed);
    }
    for (ticket, versions) in &versions {
        let expected: Vec<i64> = (1..).take(versions.len()).collect();
        assert_eq!(versions, &expected, "{ticket}");
    }
    let rows = "select (select count(*) from ticket_event) + (select count(*) from note) as happened";
    let row = sqlx::query(rows).fetch_one(&mut city.database.connection().await).await.unwrap();
    assert_eq!(seen.len(), usize::try_from(row.get::<i64, _>("happened")).unwrap());
    assert!(seen.len() >= WRITERS * EACH * 4);
    second.stop().await;
    city.stop().await;
}
