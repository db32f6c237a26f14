//! What is counted of the story; and open data: a month of tickets, in a city of its own, as it is published two months later.

use chrono::Duration;
use serde_json::json;

use super::recorded::Recorded;
use super::{Story, send_as};
use crate::support::city::{City, dumping};

/// The statistics of all that was done.
pub async fn count(story: &mut Story) {
    while usecases::statistics::keep(&story.city.instance.context).await.unwrap() > 0 {}
    let dispatcher = story.city.dispatcher().await;
    story.done(&dispatcher, "stats_tickets", &[("group_by", json!("service"))]).await;
    story.done(&dispatcher, "stats_cafes", &[("group_by", json!("area:secteurs"))]).await;
    story.done(&dispatcher, "stats_report", &[("Accept", json!("application/json"))]).await;
}

pub async fn play(recorded: &mut Recorded) {
    let city = City::new().await;
    let (agent, service) = (city.agent().await, city.proprete().await);
    for _ in 0..6 {
        let mut body = dumping();
        body["category"] = json!("graffiti");
        agent.post("/v1/concerns", &body).await.created();
    }
    city.clock.forward(Duration::minutes(10));
    for ticket in service.get("/v1/tickets").await.ok()["items"].as_array().unwrap() {
        let ticket = service.acknowledge(ticket).await.ok();
        service.resolve(&ticket).await.ok();
    }
    city.clock.set("2026-05-31T22:00:00Z");
    assert_eq!(usecases::open_data::publish(&city.instance.context).await.unwrap(), 1);
    for id in ["open_data_tickets", "open_data_schema", "open_data_package", "open_data_catalogue"] {
        send_as(recorded, &city.stranger(), id, &[]).await;
    }
    city.stop().await;
}
