//! Accounts: how one gets in, and how one is kept out.

mod browser;
mod invitation;
mod password;
mod second_factor;
mod sessions;
mod throttle;

use serde_json::{Value, json};

use crate::support::Test;
use crate::support::caller::Reply;
use crate::support::city::{City, email};

pub fn tests() -> Vec<Test> {
    [
        browser::tests(),
        invitation::tests(),
        password::tests(),
        second_factor::tests(),
        sessions::tests(),
        throttle::tests(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A password that nobody guesses.
const STRONG: &str = "pigeon violet tram soupière";

/// A member of propreté.
const WHO: &str = "amelie.petit";

async fn attempt(city: &City, who: &str, password: &str) -> Reply {
    city.stranger().post("/v1/sessions", &json!({ "email": email(who), "password": password })).await
}

fn types(acts: &[Value]) -> Vec<&str> {
    acts.iter().map(|act| act["type"].as_str().unwrap()).collect()
}
