//! Several people, several instances, one ticket.

use futures_util::future::join;
use reqwest::Method;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _};

use crate::support::caller::Reply;
use crate::support::city::City;

crate::tests![
    of_two_acknowledgements_at_once_one_wins_also_across_instances,
    what_the_worker_writes_meanwhile_stays,
    who_comes_second_is_told_the_version_that_there_is,
];

async fn of_two_acknowledgements_at_once_one_wins_also_across_instances() {
    let city = City::new().await;
    let second = city.second().await;
    let here = city.proprete().await;
    let there = here.at(&second.base_url);
    for _ in 0..10 {
        let ticket = city.dumping().await;
        let (one, other) = join(here.acknowledge(&ticket), there.acknowledge(&ticket)).await;
        let (won, lost) = if one.status == 200 { (one, other) } else { (other, one) };
        won.is(200);
        lost.refused(412, "stale_version");
        assert_eq!(lost.header("etag"), Some("\"2\""));
        let kinds: Vec<_> = here.timeline(&ticket).await.into_iter().map(|event| event["type"].clone()).collect();
        assert_eq!(kinds, ["submitted", "acknowledged"]);
    }
    second.stop().await;
    city.stop().await;
}

/// The worker reminds a service, which no version tells of, while somebody of the service changes the ticket.
async fn what_the_worker_writes_meanwhile_stays() {
    let city = City::new().await;
    let proprete = city.proprete().await;
    let ticket = city.dumping().await;
    let mut worker = city.database.connection().await;
    sqlx::raw_sql("begin; update ticket set rungs = rungs + 1").execute(&mut worker).await.unwrap();
    let note = json!({ "note": "À l’équipe du matin" });
    let commit = async {
        city.database.until_somebody_waits().await;
        sqlx::raw_sql("commit").execute(&mut worker).await.unwrap();
    };
    let (assigned, ()) = join(proprete.act(&ticket, "assign", &note), commit).await;
    assert_eq!(assigned.ok()["version"], 2);
    assert_eq!(city.database.count("select sum(rungs) from ticket where version = 2").await, 1);
    worker.close().await.unwrap();
    city.stop().await;
}

/// What is answered to who waits for somebody else, who does that meanwhile.
async fn after(city: &City, done: &str, request: impl Future<Output = Reply>) -> Reply {
    let mut other = city.database.connection().await;
    sqlx::raw_sql(AssertSqlSafe(format!("begin; {done}"))).execute(&mut other).await.unwrap();
    let commit = async {
        city.database.until_somebody_waits().await;
        sqlx::raw_sql("commit").execute(&mut other).await.unwrap();
    };
    join(request, commit).await.0
}

async fn who_comes_second_is_told_the_version_that_there_is() {
    let city = City::new().await;
    let (admin, agent) = (city.admin().await, city.agent().await);
    let draft = admin.post("/v1/routing/drafts", &json!({ "name": "Essai" })).await.created();
    let draft = format!("/v1/routing/drafts/{}", draft["id"].as_str().unwrap());
    let kept = json!({ "name": "Nord", "parameters": { "status": ["submitted"] } });
    let filter = agent.post("/v1/filters", &kept).await.created();
    let filter = format!("/v1/filters/{}", filter["id"].as_str().unwrap());
    let (one, four, other) = (json!(1), json!(4), json!({ "name": "Autre" }));
    let remove = admin.request(Method::DELETE, &draft).header("If-Match", "\"1\"");
    let publish = admin.request(Method::POST, &format!("{draft}/publish")).header("If-Match", "\"1\"");
    let publish = publish.json(&json!({ "reason": "Essai." }));
    // Somebody changes it three times.
    for stale in [
        after(&city, "update routing_draft set version = 4", admin.patch(&draft, &one, &other)).await,
        after(&city, "update routing_draft set version = 4", admin.send(remove)).await,
        after(&city, "update routing_draft set version = 4", admin.send(publish)).await,
        after(&city, "update saved_filter set version = 4", agent.patch(&filter, &one, &other)).await,
    ] {
        stale.refused(412, "stale_version");
        assert_eq!(stale.header("etag"), Some("\"4\""));
    }
    for gone in [
        after(&city, "delete from routing_draft", admin.patch(&draft, &four, &other)).await,
        after(&city, "delete from saved_filter", agent.patch(&filter, &four, &other)).await,
    ] {
        gone.refused(404, "not_found");
    }
    city.stop().await;
}
