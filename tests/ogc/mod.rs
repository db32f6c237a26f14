//! OGC API – Features: what the public sees on a map, what a token adds, and what real GIS programs make of it.

mod clients;
mod features;
mod public;

use reqwest::Method;
use serde_json::Value;

use crate::support::Test;
use crate::support::caller::{Caller, Reply};
use crate::support::city::City;

pub fn tests() -> Vec<Test> {
    [clients::tests(), features::tests(), public::tests()].into_iter().flatten().collect()
}

/// A city whose links lead to where it answers.
async fn city() -> City {
    City::with(|config| config.public_url = None).await
}

async fn items(who: &Caller, of: &str) -> Value {
    let reply = who.get(&format!("/ogc/collections/{of}")).await;
    assert_eq!(reply.is(200).header("content-type"), Some("application/geo+json"), "{}", reply.text);
    assert_eq!(reply.header("content-crs"), Some("<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"));
    let page = reply.json();
    assert_eq!(page["numberReturned"], page["features"].as_array().unwrap().len());
    page
}

fn ids(page: &Value) -> Vec<String> {
    page["features"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

/// The path that a link of that relation leads to.
fn linked(page: &Value, rel: &str) -> Option<String> {
    let link = page["links"].as_array().unwrap().iter().find(|link| link["rel"] == rel)?;
    let address = url::Url::parse(link["href"].as_str().unwrap()).unwrap();
    Some(address[url::Position::BeforePath..].to_owned())
}

async fn in_english(who: &Caller, path: &str) -> Reply {
    who.send(who.request(Method::GET, path).header("Accept-Language", "en")).await
}
