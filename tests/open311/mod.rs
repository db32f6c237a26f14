//! Open311 GeoReport v2: what is answered as JSON is what is answered as XML, rule by rule of the specification.

mod form;
mod photograph;
mod reading;
mod requesting;
mod updating;

use form::{both, told};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{add_secret, register};
use crate::support::Test;
use crate::support::caller::Reply;
use crate::support::city::City;

pub fn tests() -> Vec<Test> {
    let files = [form::tests(), photograph::tests(), reading::tests(), requesting::tests(), updating::tests()];
    files.into_iter().flatten().collect()
}

/// The key of a program that uses Open311, limited to these services.
pub async fn key(city: &City, services: &[&str]) -> String {
    let program = register(city, &["open311"], services).await;
    add_secret(&city.admin().await, &program.id, "api_key").await["secret"].as_str().unwrap().to_owned()
}

/// Sends a form to a path, which ends in its form: `requests.json`.
async fn post(city: &City, path: &str, fields: &[(&str, &str)]) -> Reply {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let stranger = city.stranger();
    let request = stranger.request(Method::POST, &format!("/open311/v2/{path}"));
    stranger.send(request.header("Content-Type", "application/x-www-form-urlencoded").body(body)).await
}

/// A request about waste in the street, which one service gets.
pub fn waste<'a>(key: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("api_key", key),
        ("service_code", "cleanliness"),
        ("lat", "49.9121"),
        ("long", "2.2972"),
        ("description", "Un matelas au pied du mur"),
    ];
    fields.retain(|(name, _)| more.iter().all(|(own, _)| own != name));
    fields.extend(more.iter().filter(|(_, value)| !value.is_empty()));
    fields
}

/// The id of a request that was sent.
pub async fn requested(city: &City, fields: &[(&str, &str)]) -> String {
    let made = post(city, "requests.json", fields).await.is(200).json();
    made[0]["service_request_id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
}

/// The requests of a query, the same in both forms.
async fn requests(city: &City, query: &str) -> Vec<Value> {
    both(city, &format!("requests?{query}"), "service_requests").await.as_array().unwrap().clone()
}

/// The ids of the requests of a query.
async fn ids(city: &City, query: &str) -> Vec<String> {
    let requests = requests(city, query).await;
    requests.iter().map(|request| request["service_request_id"].as_str().unwrap().to_owned()).collect()
}

/// Asserts that a form is refused in both forms with that status, and that it says this.
async fn refuses(city: &City, resource: &str, fields: &[(&str, &str)], status: u16, says: &str) {
    for form in ["json", "xml"] {
        let reply = post(city, &format!("{resource}.{form}"), fields).await;
        let errors = told(&reply, "errors");
        assert_eq!((reply.status, &errors[0]["code"]), (status, &json!(status.to_string())), "{}", reply.text);
        assert!(errors[0]["description"].as_str().unwrap().contains(says), "{says}: {}", reply.text);
    }
}
