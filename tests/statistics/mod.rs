//! Figures.

mod cafe;
mod keep;
mod many;
mod mask;
mod recount;
mod report;

use chrono::Duration;
use domain::ticket::Action;
use proptest::collection::vec;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::support::Test;
use crate::support::caller::Caller;
use crate::support::city::{City, dumping};
pub use keep::equal_the_events;

use crate::ticket::random::{ACTORS, allowed, attempt, day, logged_in};

pub fn tests() -> Vec<Test> {
    [cafe::tests(), keep::tests(), many::tests(), mask::tests(), report::tests()].into_iter().flatten().collect()
}

/// Has the worker bring figures up to what has happened.
pub async fn keep(city: &City) {
    while usecases::statistics::keep(&city.instance.context).await.unwrap() > 0 {}
}

/// A concern of that category, filed by somebody. Returns its first ticket.
async fn file(by: &Caller, category: &str) -> Value {
    let mut body = dumping();
    body["category"] = json!(category);
    by.post("/v1/concerns", &body).await.created()["tickets"][0].clone()
}

/// People file, act and wait in any order; some of the letters leave.
async fn play(city: &City, rounds: usize) {
    let mut runner = TestRunner::deterministic();
    let steps = vec((0..ACTORS.len(), 0..2_usize, 0..Action::ALL.len() + 3, 0..3_usize), 14);
    let mut actors = logged_in(city).await;
    for round in 0..rounds {
        let first = file(&actors[2], if round % 3 == 0 { "pothole" } else { "illegal_dumping" }).await;
        let mut tickets = [first, file(&actors[3], "illegal_dumping").await];
        for (who, which, what, choice) in steps.new_tree(&mut runner).unwrap().current() {
            if what > Action::ALL.len() + 1 {
                city.instance.worker.drain().await.unwrap();
                continue;
            }
            let Some(action) = Action::ALL.get(what).copied() else {
                let hours = [5, 31, 24 * 6][choice];
                city.clock.forward(Duration::hours(hours));
                while usecases::ticket::run_clocks(&city.instance.context).await.unwrap() > 0 {}
                actors = logged_in(city).await;
                for ticket in &mut tickets {
                    *ticket = actors[4].ticket(ticket).await;
                }
                continue;
            };
            let before = &tickets[which];
            let (who, action) = if choice == 0 { (who, action) } else { allowed(before, who, what) };
            let reply = attempt(&actors[who], before, &tickets[1 - which], (action, choice), &day(city, 2)).await;
            if reply.status == 200 {
                tickets[which] = reply.json();
            }
        }
    }
}
