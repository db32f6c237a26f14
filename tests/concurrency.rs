//! Several people, several instances, one ticket.

use futures_util::future::join;

use crate::support::city::City;

crate::tests![of_two_acknowledgements_at_once_one_wins_also_across_instances];

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
