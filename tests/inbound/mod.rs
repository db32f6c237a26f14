//! E-mail that comes in.

pub mod answer;
mod concern;
mod gathered;
mod partner;
mod quoted;
mod report;
mod settle;
mod twice;

use mail_parser::Message;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::register;
use crate::support::Test;
use crate::support::caller::{Caller, Reply};
use crate::support::city::City;

pub fn tests() -> Vec<Test> {
    [
        answer::tests(),
        concern::tests(),
        gathered::tests(),
        partner::tests(),
        quoted::tests(),
        report::tests(),
        settle::tests(),
        twice::tests(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A city that takes mail back, and its mail server.
async fn city() -> (City, Caller) {
    let city = City::new().await;
    city.take_mail_back().await;
    let server = program(&city, &["mail:inbound"]).await;
    (city, server)
}

pub async fn program(city: &City, scopes: &[&str]) -> Caller {
    register(city, scopes, &[]).await.caller(city).await
}

/// The mail server, with a fresh token: the clock was moved.
async fn later(city: &City) -> Caller {
    program(city, &["mail:inbound", "tickets:read"]).await
}

pub async fn hand_in(server: &Caller, mail: &str) -> Value {
    hand_in_raw(server, mail.as_bytes().to_vec()).await.ok()
}

async fn hand_in_raw(server: &Caller, mail: Vec<u8>) -> Reply {
    let request = server.request(Method::POST, "/v1/inbound/email").header("Content-Type", "message/rfc822");
    server.send(request.body(mail)).await
}

/// Files a complaint about an officer.
async fn complain(city: &City) -> Value {
    let complaint = json!({
        "origin": "patrol",
        "category": "officer_complaint",
        "description": "Propos déplacés lors d’un contrôle",
        "place": { "lat": 49.9121, "lon": 2.2972 }
    });
    city.agent().await.post("/v1/concerns", &complaint).await.created()
}

/// Where an answer to the letter goes.
fn reply_to(letter: &Message<'_>) -> String {
    letter.reply_to().unwrap().first().unwrap().address().unwrap().to_owned()
}

/// Where a report goes that the letter did not arrive: mail servers know it, readers do not.
fn reports_to(letter: &Message<'_>) -> String {
    letter.header_raw("Return-Path").unwrap().trim().trim_matches(['<', '>']).to_owned()
}

/// An answer to the letter, as a mail program writes it.
pub fn answer(letter: &Message<'_>, from: &str, id: &str, text: &str) -> String {
    format!(
        "From: {from}\r\nTo: {}\r\nMessage-ID: <{id}@mail.example>\r\nSubject: Re: {}\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n",
        reply_to(letter),
        letter.subject().unwrap()
    )
}

pub async fn unplaced(city: &City) -> Vec<Value> {
    let page = city.dispatcher().await.get("/v1/inbound").await.ok();
    page["items"].as_array().unwrap().clone()
}

async fn written(caller: &Caller, ticket: &Value, what: &str) -> Vec<Value> {
    let path = format!("/v1/tickets/{}/{what}", ticket["id"].as_str().unwrap());
    caller.get(&path).await.ok()["items"].as_array().unwrap().clone()
}

fn outcome(outcome: &Value) -> (&str, &str) {
    (outcome["outcome"].as_str().unwrap(), outcome["why"].as_str().unwrap_or_default())
}

fn empty() -> Value {
    json!({})
}
