//! A database that does not answer: the answer is 503 and says when to ask again, soon enough, and nothing that was answered is lost.

use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use reqwest::Method;
use secrecy::ExposeSecret as _;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use crate::inbound::{answer, hand_in, program, unplaced};
use crate::partner::referred;
use crate::support::browser::Window;
use crate::support::caller::{Caller, Reply};
use crate::support::city::{City, dumping, link};
use crate::support::database::url;
use crate::support::network::{Network, Way};

crate::tests![
    a_database_that_cannot_be_reached_is_said_to_be,
    whoever_has_no_account_is_told_so_too,
    a_database_that_falls_silent_is_waited_for_for_a_while,
    a_connection_that_does_not_answer_stands_for_all,
    who_gets_no_other_connection_goes_on_with_those_that_there_are,
    a_lock_that_somebody_holds_is_waited_for_for_a_while,
    a_statement_that_hangs_is_ended_and_repeated_under_its_key,
    statistics_that_take_long_keep_no_list_waiting,
    a_transaction_asks_for_no_other_connection,
];

/// A city whose database is reached by that way.
async fn behind_a_network() -> (City, Network) {
    let network = Network::to(&url("")).await;
    let city = City::with(|config| {
        config.database.url = network.url(config.database.url.expose_secret()).into();
    })
    .await;
    (city, network)
}

#[track_caller]
fn is_unavailable(reply: &Reply) {
    reply.refused(503, "unavailable");
    assert_eq!(reply.header("retry-after"), Some("5"));
}

fn keyed(who: &Caller, key: &str) -> reqwest::RequestBuilder {
    who.request(Method::POST, "/v1/concerns").header("Idempotency-Key", key).json(&dumping())
}

async fn a_database_that_cannot_be_reached_is_said_to_be() {
    let (city, network) = behind_a_network().await;
    let agent = city.agent().await;
    agent.send(keyed(&agent, "first")).await.created();
    network.is(Way::Cut);
    let began = Instant::now();
    for _ in 0..3 {
        is_unavailable(&agent.send(keyed(&agent, "second")).await);
        is_unavailable(&agent.get("/v1/tickets").await);
    }
    is_unavailable(&city.stranger().post("/v1/sessions", &json!({ "email": "a@b.example", "password": "faux" })).await);
    let ready = city.stranger().get("/health/ready").await;
    assert_eq!((ready.status, ready.header("retry-after")), (503, Some("5")), "{}", ready.text);
    assert_eq!(city.stranger().get("/health/live").await.status, 200);
    assert!(began.elapsed() < Duration::from_secs(45), "{:?}", began.elapsed());
    network.is(Way::Open);
    let second = agent.send(keyed(&agent, "second")).await.created();
    assert_eq!(agent.send(keyed(&agent, "second")).await.created(), second);
    assert_eq!(city.database.count("select count(*) from concern").await, 2);
    city.stop().await;
}

async fn whoever_has_no_account_is_told_so_too() {
    let (city, network) = behind_a_network().await;
    let (_, partner) = referred(&city).await;
    let tracking = link(&city.letters_to("habitante@mail.example")[0], "/v1/tracking/");
    network.is(Way::Cut);
    let stranger = city.stranger();
    let doors = [
        ("/open311/v2/requests.json", "*/*", "application/json"),
        ("/open311/v2/requests.xml", "*/*", "text/xml"),
        ("/ogc/collections/tickets/items", "*/*", "application/problem+json"),
        (&tracking, "text/html", "text/html"),
        (&tracking, "application/json", "application/problem+json"),
        (&partner, "text/html", "text/html"),
        (&partner, "application/json", "application/problem+json"),
        ("/v1/open-data/tickets.csv", "*/*", "application/problem+json"),
    ];
    for (path, accept, form) in doors {
        let reply = stranger.send(stranger.request(Method::GET, path).header("Accept", accept)).await;
        assert_eq!((reply.status, reply.header("retry-after")), (503, Some("5")), "{path}: {}", reply.text);
        assert!(reply.header("content-type").unwrap().starts_with(form), "{path}: {:?}", reply.headers);
        assert_eq!(
            reply.text.contains("<p>Réessayez dans un moment.</p>"),
            form == "text/html",
            "{path}: {}",
            reply.text
        );
    }
    let window = Window::open(&city).await;
    assert_eq!(window.go(&tracking).await, 503);
    window.check("problem", "fr").await;
    let window = window.in_english();
    assert_eq!(window.go(&partner).await, 503);
    window.check("problem", "en").await;
    window.close().await;
    let grant = stranger.request(Method::POST, "/oauth/token").body("grant_type=client_credentials");
    let grant = grant.basic_auth("0197a3b2-7c11-7b3a-9d3e-5a1f0c2e4d6b", Some("x"));
    let grant = grant.header("Content-Type", "application/x-www-form-urlencoded");
    let reply = stranger.send(grant).await;
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("5")), "{}", reply.text);
    network.is(Way::Open);
    stranger.send(stranger.request(Method::GET, &tracking).header("Accept", "text/html")).await.is(200);
    city.stop().await;
}

async fn a_database_that_falls_silent_is_waited_for_for_a_while() {
    let (city, network) = behind_a_network().await;
    let agent = city.agent().await;
    // As many as there are connections, and more.
    join_all((0..12).map(|_| agent.get("/v1/me"))).await;
    network.is(Way::Silent);
    let began = Instant::now();
    let replies = join_all((0..12).map(|n| agent.send(keyed(&agent, &format!("key {n}"))))).await;
    assert!(began.elapsed() < Duration::from_secs(45), "{:?}", began.elapsed());
    replies.iter().for_each(is_unavailable);
    network.is(Way::Open);
    // The connections that fell silent are not waited for any longer: there are others at once.
    let began = Instant::now();
    let replies = join_all((0..12).map(|n| agent.send(keyed(&agent, &format!("key {n}"))))).await;
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    for reply in replies {
        reply.created();
    }
    assert_eq!(city.database.count("select count(*) from concern").await, 12);
    city.stop().await;
}

async fn a_connection_that_does_not_answer_stands_for_all() {
    let (city, network) = behind_a_network().await;
    let agent = city.agent().await;
    join_all((0..12).map(|_| agent.get("/v1/me"))).await;
    network.is(Way::Silent);
    let live = Instant::now();
    agent.get("/health/live").await.is(200);
    assert!(live.elapsed() < Duration::from_secs(2), "whoever asks, nobody else is asked: {:?}", live.elapsed());
    is_unavailable(&agent.get("/v1/me").await);
    // Several more wait for work: one of them is asked, and then another one is opened, each for five seconds.
    let began = Instant::now();
    is_unavailable(&agent.get("/v1/me").await);
    assert!(began.elapsed() < Duration::from_secs(13), "{:?}", began.elapsed());
    network.is(Way::Open);
    city.stop().await;
}

async fn who_gets_no_other_connection_goes_on_with_those_that_there_are() {
    let city = City::new().await;
    let agent = city.agent().await;
    for path in ["/v1/me", "/v1/tickets", "/v1/tickets?q=matelas"] {
        agent.get(path).await.ok();
    }
    let name = sqlx::query_scalar::<_, String>("select current_database()");
    let name = name.fetch_one(&mut city.database.connection().await).await.unwrap();
    // Nobody decides so of the database that they are in.
    let mut operator = PgConnection::connect(&url("postgres")).await.unwrap();
    let mut takes = async |more: bool| {
        let statement = format!("alter database \"{name}\" with allow_connections {more}");
        operator.execute(AssertSqlSafe(statement)).await.unwrap();
    };
    takes(false).await;
    // More than there are connections, of all kinds.
    let paths = ["/v1/me", "/v1/tickets", "/v1/tickets?q=matelas"].into_iter().cycle().take(24);
    let read = join_all(paths.map(|path| agent.get(path)));
    let filed = join_all((0..8).map(|n| agent.send(keyed(&agent, &format!("key {n}")))));
    let (read, filed) = join(read, filed).await;
    takes(true).await;
    for reply in read {
        reply.ok();
    }
    for reply in filed {
        reply.created();
    }
    city.stop().await;
}

async fn a_lock_that_somebody_holds_is_waited_for_for_a_while() {
    let city = City::with(|config| config.database.connections = 4).await;
    let (held, free) = &(city.dumping().await, city.dumping().await);
    let proprete = &city.proprete().await;
    let mut operator = city.database.connection().await;
    let mut holding = operator.begin().await.unwrap();
    let id = held["id"].as_str().unwrap();
    holding.execute(sqlx::AssertSqlSafe(format!("select * from ticket where id = '{id}' for update"))).await.unwrap();
    let began = Instant::now();
    // The later ones wait for a connection to say who they are, and again to act: all of it together no longer than once.
    let waiting = join_all((0..4_u64).map(|place| async move {
        tokio::time::sleep(Duration::from_millis(place / 2 * 500)).await;
        proprete.acknowledge(held).await
    }));
    // Meanwhile every connection waits: others are served, or told so, soon.
    let others = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let asked = Instant::now();
        let reply = proprete.get("/v1/tickets").await;
        if reply.status != 200 {
            is_unavailable(&reply);
        }
        assert!(asked.elapsed() < Duration::from_secs(7), "{:?}", asked.elapsed());
    };
    let (waited, ()) = join(waiting, others).await;
    waited.iter().for_each(is_unavailable);
    // Who stands behind another one for a row waits for a connection, for their turn, then for the row.
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    proprete.acknowledge(free).await.ok();
    holding.rollback().await.unwrap();
    assert_eq!(proprete.acknowledge(held).await.ok()["version"], 2);
    city.stop().await;
}

async fn a_statement_that_hangs_is_ended_and_repeated_under_its_key() {
    let city = City::new().await;
    let agent = city.agent().await;
    let mut operator = city.database.connection().await;
    let hang =
        "create function hang() returns trigger language plpgsql as $$ begin perform pg_sleep(300); return new; end $$;
        create trigger hang before insert on ticket for each row execute function hang()";
    operator.execute(hang).await.unwrap();
    let began = Instant::now();
    is_unavailable(&agent.send(keyed(&agent, "once")).await);
    let took = began.elapsed();
    assert!((Duration::from_secs(25)..Duration::from_secs(42)).contains(&took), "{took:?}");
    operator.execute("drop trigger hang on ticket").await.unwrap();
    agent.send(keyed(&agent, "once")).await.created();
    assert_eq!(city.database.count("select count(*) from concern").await, 1);
    city.stop().await;
}

async fn statistics_that_take_long_keep_no_list_waiting() {
    let city = City::with(|config| config.database.connections = 8).await;
    let ticket = city.dumping().await;
    let dispatcher = &city.dispatcher().await;
    let mut operator = city.database.connection().await;
    let mut holding = operator.begin().await.unwrap();
    holding.execute("lock table ticket_figure").await.unwrap();
    let counted = join_all(
        ["service", "category", "month"]
            .map(|by| async move { dispatcher.get(&format!("/v1/stats/tickets?group_by={by}")).await }),
    );
    let others = async {
        city.database.until_somebody_waits().await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let asked = Instant::now();
        // Of those that share their connections with statistics.
        let list = dispatcher.get("/v1/tickets?category=illegal_dumping&sort=-filed_at").await.ok();
        assert!(list["items"].as_array().unwrap().iter().any(|item| item["id"] == ticket["id"]), "{list}");
        assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
        holding.rollback().await.unwrap();
    };
    let (counted, ()) = join(counted, others).await;
    for reply in counted {
        reply.ok();
    }
    city.stop().await;
}

/// One that did would wait for itself, where there is only one.
async fn a_transaction_asks_for_no_other_connection() {
    let city = City::new().await;
    city.take_mail_back().await;
    // A third is for lists, a quarter for searches: one is left.
    let second = city.second_with(|config| config.database.connections = 3).await;
    let there = |who: Caller| who.at(&second.base_url);
    let (admin, dispatcher) = (there(city.admin().await), there(city.dispatcher().await));
    let (proprete, server) = (there(city.proprete().await), there(program(&city, &["mail:inbound"]).await));
    let ticket = city.dumping().await;
    city.drain().await;

    let nadia = city.account("nadia.fournier").await["id"].clone();
    let note = json!({ "text": "À voir ensemble.", "mentions": [nadia] });
    proprete.post(&format!("/v1/tickets/{}/notes", ticket["id"].as_str().unwrap()), &note).await.created();

    let wishes = proprete.request(Method::PUT, "/v1/me/notifications").header("If-Match", "\"7\"").json(&json!({}));
    proprete.send(wishes).await.refused(412, "stale_version");

    let letter = &city.letters_to("proprete@ville-amiens.example")[0];
    let member = "amelie.petit@ville-amiens.example";
    let mail = answer(letter, member, "1", "Nous passons demain.");
    let (one, other) = join(hand_in(&server, &mail), hand_in(&server, &mail)).await;
    assert_eq!((&one["outcome"], &one), (&json!("placed"), &other));
    let lost = format!(
        "From: {member}\r\nTo: retours@ville-amiens.example\r\nMessage-ID: <2@mail.example>\r\nSubject: Bonjour\r\n\r\nFait.\r\n"
    );
    assert_eq!(hand_in(&server, &lost).await["outcome"], "unplaced");
    let settle = format!("/v1/inbound/{}/settle", unplaced(&city).await[0]["id"].as_str().unwrap());
    dispatcher.post(&settle, &json!({ "ticket": ticket["id"] })).await.is(204);

    let mut rules = admin.get("/v1/routing").await.ok()["rules"].clone();
    rules[0]["note"] = json!("Avant le marché.");
    let draft = admin.post("/v1/routing/drafts", &json!({ "name": "Essai", "rules": rules })).await.created();
    // The city has changed meanwhile, and this instance has not heard of it.
    city.take_mail_back().await;
    let publish = format!("/v1/routing/drafts/{}/publish", draft["id"].as_str().unwrap());
    let publish = admin.request(Method::POST, &publish).header("If-Match", "\"1\"");
    admin.send(publish.json(&json!({ "reason": "Essai." }))).await.created();
    admin.post("/v1/routing/versions/1/restore", &json!({ "reason": "Non." })).await.created();
    second.stop().await;
    city.stop().await;
}
