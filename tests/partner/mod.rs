//! Partners without accounts: a link to one ticket.

mod act;
mod attack;
mod browser;
mod form;
mod gathered;
mod link;
mod renew;
mod see;
mod silence;

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::Test;
use crate::support::caller::Reply;
use crate::support::city::{City, dumping, link};

pub fn tests() -> Vec<Test> {
    [
        act::tests(),
        attack::tests(),
        browser::tests(),
        form::tests(),
        gathered::tests(),
        link::tests(),
        renew::tests(),
        see::tests(),
        silence::tests(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The landlord's mailbox.
pub const LANDLORD: &str = "tranquillite@habitat-beffroi.example";
/// The national police's.
const POLICE: &str = "commissariat-amiens@police-nationale.example";
/// The dispatcher's desk.
const DESK: &str = "regulation@ville-amiens.example";

/// A concern about an occupied hall, which goes to the landlord.
fn hall() -> Value {
    let mut body = dumping();
    body["category"] = json!("hall_occupation");
    body["description"] = json!("Un groupe occupe le hall chaque soir");
    body["place"]["address"] = json!("12 bis, rue du Pigeonnier, bâtiment B");
    body
}

/// A ticket that was referred to the landlord, and the path of its link.
pub async fn referred(city: &City) -> (Value, String) {
    let filed = city.agent().await.post("/v1/concerns", &hall()).await.created();
    city.drain().await;
    (filed["tickets"][0].clone(), newest_link(city, LANDLORD))
}

/// A ticket of everyday life that the dispatcher passed on to a partner, and the path of its link.
async fn passed_on(city: &City, service: &str, mailbox: &str) -> (Value, String) {
    let (ticket, note) = (city.dumping().await, json!({ "service": service, "note": "C’est dans leur cour." }));
    let ticket = city.dispatcher().await.act(&ticket, "reroute", &note).await.ok();
    city.drain().await;
    (ticket, newest_link(city, mailbox))
}

/// The path of the link in the last e-mail to an address.
pub fn newest_link(city: &City, mailbox: &str) -> String {
    link(city.letters_to(mailbox).last().unwrap(), "/v1/partners/")
}

/// What a program reads through a link.
async fn read(city: &City, path: &str) -> Reply {
    let stranger = city.stranger();
    stranger.send(stranger.request(Method::GET, path).header("Accept", "application/json")).await
}

/// The page that a person sees.
async fn page(city: &City, path: &str) -> Reply {
    let stranger = city.stranger();
    stranger.send(stranger.request(Method::GET, path).header("Accept", "text/html,*/*;q=0.8")).await
}

/// Does something as a program does, on that version.
pub async fn act(city: &City, path: &str, version: i64, action: &str, body: &Value) -> Reply {
    let stranger = city.stranger();
    let request = stranger.request(Method::POST, &format!("{path}/{action}"));
    stranger.send(request.header("If-Match", format!("\"{version}\"")).json(body)).await
}

/// Sends a form of the page.
async fn submit(city: &City, path: &str, form: &str, fields: &[(&str, &str)]) -> Reply {
    let stranger = city.stranger();
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = stranger.request(Method::POST, &format!("{path}/{form}")).body(body);
    stranger.send(request.header("Content-Type", "application/x-www-form-urlencoded")).await
}

/// What was done with the links to a ticket, as the dispatcher reads it.
async fn openings(city: &City, ticket: &Value) -> Vec<String> {
    let path = format!("/v1/tickets/{}/openings", ticket["id"].as_str().unwrap());
    let page = city.dispatcher().await.get(&path).await.ok();
    page["items"].as_array().unwrap().iter().map(|item| item["what"].as_str().unwrap().to_owned()).collect()
}

/// Changes a service of the city.
async fn change_service(city: &City, code: &str, change: impl FnOnce(&mut domain::city::organisation::Service)) {
    let mut changed = city.instance.context.city().unwrap().city.clone();
    change(changed.services.iter_mut().find(|service| service.code.as_str() == code).unwrap());
    assert_eq!(changed.check(), Vec::new());
    usecases::city::load(&city.instance.context, &changed, false, None, city.instance.context.now()).await.unwrap();
}

/// Does what is due by itself, until nothing is.
async fn run(city: &City) {
    while usecases::ticket::run_clocks(&city.instance.context).await.unwrap() > 0 {}
}

/// Passes the time that a link lives.
fn outlive(city: &City) {
    city.clock.forward(Duration::days(8));
}
