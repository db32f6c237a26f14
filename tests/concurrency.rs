//! Several people, several instances, one ticket.

use futures_util::future::join;
use serde_json::json;
use sqlx::Connection as _;

use crate::support::city::City;

crate::tests![of_two_acknowledgements_at_once_one_wins_also_across_instances, what_the_worker_writes_meanwhile_stays,];

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
