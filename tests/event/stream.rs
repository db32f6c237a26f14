//! Events as they happen: server-sent events.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::{events, follower, place};
use crate::client::register;
use crate::support::caller::Caller;
use crate::support::city::City;
use crate::support::database::Statements;
use crate::support::deaf::Deaf;

crate::tests![
    events_come_as_they_happen,
    a_broken_stream_goes_on_where_it_was,
    somebody_who_does_not_read_is_not_read_for,
    a_program_has_a_few_streams_at_most,
    a_stream_ends_when_the_token_does,
    somebody_who_is_woken_for_nothing_is_told_of_life_in_time,
];

/// A stream, read as a browser does.
struct Stream {
    response: Response,
    text: String,
}

/// What one block of it says.
#[derive(Debug, Default, PartialEq)]
struct Block {
    id: Option<String>,
    event: Option<String>,
    data: Option<Value>,
    comment: bool,
    retry: bool,
}

impl Stream {
    async fn open(who: &Caller, query: &str, last: Option<&str>) -> Self {
        let mut request = who.request(Method::GET, &format!("/v1/events/stream{query}"));
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut stream = Self { response, text: String::new() };
        assert!(stream.next().await.unwrap().retry);
        stream
    }

    /// The next block; none when the stream has ended.
    async fn next(&mut self) -> Option<Block> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (parse(block), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let chunk = tokio::time::timeout(Duration::from_secs(40), self.response.chunk()).await;
            let chunk = chunk.expect("at least every 15 seconds something comes").unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    async fn event(&mut self) -> Value {
        loop {
            let block = self.next().await.expect("the stream goes on");
            if let Some(data) = block.data {
                assert_eq!(block.id.as_deref(), data["sequence"].as_str());
                assert_eq!(block.event.as_deref(), data["type"].as_str());
                return data;
            }
        }
    }
}

fn parse(text: &str) -> Block {
    let mut block = Block::default();
    for line in text.lines() {
        let (field, value) = line.split_once(": ").unwrap();
        match field {
            "id" => block.id = Some(value.to_owned()),
            "event" => block.event = Some(value.to_owned()),
            "data" => block.data = Some(serde_json::from_str(value).unwrap()),
            "retry" => block.retry = true,
            "" => block.comment = true,
            other => panic!("{other}: {value}"),
        }
    }
    block
}

async fn events_come_as_they_happen() {
    let city = City::new().await;
    let who = follower(&city).await;
    city.dumping().await;
    place(&city).await;
    let mut stream = Stream::open(&who, "?service=proprete", None).await;
    let before = events(&who, "").await.len();
    let ticket = city.dumping().await;
    place(&city).await;
    let event = stream.event().await;
    assert_eq!((&event["type"], &event["subject"]), (&json!("ticket.submitted"), &ticket["reference"]));
    assert_eq!(events(&who, "&service=proprete").await.last(), Some(&event));
    // What nobody asked for moves it on all the same.
    crate::cafe::plan(&city.agent().await, json!({})).await;
    place(&city).await;
    let last = events(&who, "").await;
    assert!(last.len() > before);
    let moved = loop {
        let block = stream.next().await.unwrap();
        assert_eq!(block.data, None);
        if block.id.as_deref() == last.last().unwrap()["sequence"].as_str() {
            break block;
        }
    };
    assert_eq!(moved.event, None);
    // And when nothing happens, something is said.
    loop {
        let block = stream.next().await.unwrap();
        assert_eq!(block.data, None);
        if block.comment {
            break;
        }
    }
    drop(stream);
    city.stop().await;
}

async fn a_broken_stream_goes_on_where_it_was() {
    let city = City::new().await;
    let who = follower(&city).await;
    for _ in 0..3 {
        city.dumping().await;
    }
    place(&city).await;
    let all = events(&who, "").await;
    let mut stream = Stream::open(&who, "?after=0", None).await;
    assert_eq!(stream.event().await, all[0]);
    let second = stream.event().await;
    drop(stream);
    city.dumping().await;
    place(&city).await;
    let all = events(&who, "").await;
    // The header goes before the parameter: that is what a client sends that connects again to the same address.
    let mut stream = Stream::open(&who, "?after=0", second["sequence"].as_str()).await;
    for expected in &all[2..] {
        assert_eq!(stream.event().await, *expected);
    }
    drop(stream);
    let ahead = format!("/v1/events/stream?after={}", all.len() + 1);
    who.get(&ahead).await.refused(410, "events_ahead");
    // An empty one is none.
    drop(Stream::open(&who, "", Some("")).await);
    let odd = who.request(Method::GET, "/v1/events/stream").header("Last-Event-ID", "abc");
    who.send(odd).await.refused(400, "invalid_header");
    city.stop().await;
}

async fn somebody_who_does_not_read_is_not_read_for() {
    let city = City::new().await;
    let patience = Duration::from_secs(3);
    much(&city).await;
    let who = follower(&city).await;
    let all = events(&who, "").await;
    let mut statements = Statements::logged(&city.database).await;
    let instance = city.second_with(|config| config.patience = patience).await;
    let who = who.at(&instance.base_url);
    let deaf = Deaf::ask(&who, "/v1/events/stream?after=0").await;
    tokio::time::sleep(patience / 2).await;
    if let Some(statements) = &mut statements {
        let read = statements.news().iter().filter(|entry| entry.is_run() && entry.text().contains(" feed ")).count();
        assert!((1..all.len() / 100).contains(&read), "{read} pages of {} events", all.len());
    }
    // Somebody else is served meanwhile.
    let mut eager = Stream::open(&who, "?after=0", None).await;
    for expected in &all {
        assert_eq!(eager.event().await, *expected);
    }
    let arrived = deaf.hung_up_on(10 * patience).await;
    assert!(arrived.len() < 1 << 20, "{}", arrived.len());
    drop(eager);
    instance.stop().await;
    city.stop().await;
}

/// Six thousand notes, of which much is told: more than is under way between two programs.
async fn much(city: &City) {
    let (ticket, proprete) = (city.dumping().await, city.proprete().await);
    let note = json!({ "text": "Le bailleur rappelle. ".repeat(90) });
    let notes = format!("/v1/tickets/{}/notes", ticket["id"].as_str().unwrap());
    let note = proprete.post(&notes, &note).await.created();
    let copies = "lateral (select md5('n' || n)::uuid as id from generate_series(1, 6000) n) copy";
    let from = format!("note t, {copies} where t.id = '{}'", note["id"].as_str().unwrap());
    city.database.copy("note", &["id"], &from).await;
    place(city).await;
}

async fn a_program_has_a_few_streams_at_most() {
    let city = City::new().await;
    let who = follower(&city).await;
    let mut open = Vec::new();
    for _ in 0..5 {
        open.push(Stream::open(&who, "", None).await);
    }
    let refused = who.get("/v1/events/stream").await;
    refused.refused(429, "too_many_streams");
    assert!(refused.header("retry-after").is_some());
    let other = register(&city, &["tickets:read"], &[]).await.caller(&city).await;
    let another = Stream::open(&other, "", None).await;
    // One that was closed makes room at once, though nothing was said that would have shown it.
    drop(open.pop());
    let mut again = Stream::open(&who, "?after=latest", None).await;
    // Those that are read stay.
    city.dumping().await;
    place(&city).await;
    let last = events(&who, "").await.pop().unwrap();
    for stream in open.iter_mut().chain([&mut again]) {
        while stream.event().await != last {}
    }
    drop((open, again, another));
    city.stop().await;
}

async fn a_stream_ends_when_the_token_does() {
    let city = City::new().await;
    let who = follower(&city).await;
    let mut stream = Stream::open(&who, "", None).await;
    city.clock.forward(chrono::Duration::hours(2));
    let again = register(&city, &["tickets:read"], &[]).await.caller(&city).await;
    city.dumping().await;
    place(&city).await;
    assert_eq!(stream.next().await, None, "the token has expired");
    assert!(!events(&again, "").await.is_empty());
    city.stop().await;
}

async fn somebody_who_is_woken_for_nothing_is_told_of_life_in_time() {
    let city = City::new().await;
    let who = follower(&city).await;
    let mut stream = Stream::open(&who, "", None).await;
    let fed = city.instance.context.fed.clone();
    let others = tokio::spawn(async move {
        loop {
            fed.notify_waiters();
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    });
    let told = tokio::time::timeout(Duration::from_secs(20), stream.next()).await;
    assert!(told.expect("something comes within 15 seconds").unwrap().comment);
    others.abort();
    city.stop().await;
}
