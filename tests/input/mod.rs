//! Bad input: each gets the right problem and code, and nothing is written.

mod body;
mod request;

use reqwest::Method;
use serde_json::Value;

use crate::support::Test;
use crate::support::caller::{Caller, Reply};
use crate::support::city::{City, dumping};

pub fn tests() -> Vec<Test> {
    [body::tests(), request::tests()].into_iter().flatten().collect()
}

/// Every row that a request could write.
async fn rows(city: &City) -> i64 {
    let tables = "concern ticket ticket_event outbox idempotency_key cafe resident_contact tracking_link";
    let counts = tables.split(' ').map(|table| format!("(select count(*) from {table})"));
    let versions = "(select coalesce(sum(version), 0)::bigint from ticket)".to_owned();
    city.database.count(&format!("select {}", counts.chain([versions]).collect::<Vec<_>>().join(" + "))).await
}

/// A filing with some fields otherwise.
fn with(change: impl FnOnce(&mut Value)) -> Value {
    let mut body = dumping();
    change(&mut body);
    body
}

async fn raw(caller: &Caller, body: impl Into<reqwest::Body>) -> Reply {
    let request = caller.request(Method::POST, "/v1/concerns").header("Content-Type", "application/json");
    caller.send(request.body(body)).await
}
