//! The metrics page.

#![allow(clippy::float_cmp, clippy::cast_precision_loss, reason = "counts, and seconds: whole numbers")]

use std::net::TcpListener;
use std::time::{Duration, Instant};

use domain::clock::Clock as _;
use image::ImageFormat;
use secrecy::ExposeSecret as _;
use serde_json::json;
use sqlx::{AssertSqlSafe, Executor as _};

use super::{Page, Town, page, pothole};
use crate::client::register;
use crate::event::place;
use crate::integrate::until;
use crate::support::caller::Caller;
use crate::support::city::{City, dumping};
use crate::support::clamd::Clamd;
use crate::support::database::{Database, Statements};
use crate::support::files::{photograph, upload};
use crate::support::network::{Network, Way};
use crate::support::promtool;
use crate::webhook::receiver::Receiver;

crate::tests![
    mail_and_events_that_wait_are_told,
    what_is_late_is_told,
    webhooks_that_are_behind_or_given_up_are_told,
    files_that_no_scanner_has_seen_are_told_and_a_city_without_a_rhythm_has_no_overdue_area,
    a_database_that_does_not_answer_is_told_and_nothing_of_what_it_had,
    a_database_that_is_silent_keeps_no_page_waiting,
    a_worker_goes_by_the_city_as_it_is_now,
    the_database_is_asked_once_however_often_the_page_is_read,
    requests_are_counted_by_route_and_status,
    each_worker_tells_what_it_does,
];

/// The page of another instance, which has not been asked yet.
async fn look(city: &City) -> Page {
    let other = city.second_with(|config| config.metrics_listen = Some("127.0.0.1:0".to_owned())).await;
    let page = page(other.metrics_url.as_deref().unwrap()).await;
    other.stop().await;
    page
}

async fn execute(database: &Database, statement: &str) {
    database.connection().await.execute(AssertSqlSafe(statement.to_owned())).await.unwrap();
}

/// What the page tells of the city, but for the zeros.
fn told(page: &Page) -> Vec<(String, f64)> {
    let kinds = ["outbox", "feed", "webhooks", "tickets", "cafes", "attachments", "audit"];
    let of = |kind: &&str| page.of(&format!("continuum_{kind}_")).into_iter().filter(|(_, value)| *value != 0.0);
    kinds.iter().flat_map(of).map(|(name, value)| (name.to_owned(), value)).collect()
}

#[track_caller]
fn tells(page: &Page, expected: &[(&str, f64)]) {
    let expected: Vec<_> = expected.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    assert_eq!(told(page), expected);
}

async fn mail_and_events_that_wait_are_told() {
    let city = City::new().await;
    // Nothing was ever held in any of the five areas.
    tells(&look(&city).await, &[("continuum_cafes_overdue", 5.0)]);
    city.dumping().await;
    city.clock.forward(chrono::Duration::seconds(90));
    let page = look(&city).await;
    let waiting = page.value("continuum_outbox_pending");
    assert!(waiting >= 2.0, "to the service and to the resident: {waiting}");
    tells(
        &page,
        &[
            ("continuum_outbox_oldest_seconds", 90.0),
            ("continuum_outbox_pending", waiting),
            ("continuum_outbox_recipients", waiting),
            ("continuum_feed_oldest_seconds", 90.0),
            ("continuum_feed_pending", 2.0),
            ("continuum_cafes_overdue", 5.0),
        ],
    );
    execute(&city.database, "update outbox set state = 'dead' where id = (select id from outbox limit 1)").await;
    city.drain().await;
    place(&city).await;
    tells(&look(&city).await, &[("continuum_outbox_dead", 1.0), ("continuum_cafes_overdue", 5.0)]);
    city.stop().await;
}

async fn what_is_late_is_told() {
    let city = City::new().await;
    let ticket = city.agent().await.post("/v1/concerns", &pothole()).await.created()["tickets"][0].clone();
    let (cafe, _) = crate::cafe::held(&city).await;
    city.clock.forward(chrono::Duration::days(30));
    let look = async || {
        city.drain().await;
        place(&city).await;
        look(&city).await
    };
    let [acknowledge, resolve] =
        ["acknowledge", "resolve"].map(|clock| format!("continuum_tickets_late{{clock=\"{clock}\"}}"));
    let late = [(acknowledge.as_str(), 1.0), ("continuum_cafes_overdue", 4.0), ("continuum_cafes_unreported", 1.0)];
    tells(&look().await, &late);
    city.voirie().await.acknowledge(&ticket).await.ok();
    city.clock.forward(chrono::Duration::days(30));
    let late = [(resolve.as_str(), 1.0), ("continuum_cafes_overdue", 4.0), ("continuum_cafes_unreported", 1.0)];
    tells(&look().await, &late);
    crate::cafe::report(&city.agent().await, &cafe, &json!({ "headcount": 12 })).await.ok();
    tells(&look().await, &[(resolve.as_str(), 1.0), ("continuum_cafes_overdue", 4.0)]);
    city.stop().await;
}

async fn webhooks_that_are_behind_or_given_up_are_told() {
    let city = City::new().await;
    let follower = register(&city, &["tickets:read"], &[]).await.caller(&city).await;
    for path in ["a", "b", "c"] {
        let url = json!({ "url": format!("https://hooks.example/{path}") });
        follower.post("/v1/webhooks", &url).await.created();
    }
    execute(
        &city.database,
        "with one as (select id, row_number() over (order by id) as n from webhook)
         update webhook w set failures = case n when 1 then 3 else 0 end,
             failing_since = case n when 1 then now() end,
             disabled_at = case n when 2 then now() end, disabled_because = case n when 2 then 'gone' end
         from one where one.id = w.id",
    )
    .await;
    city.dumping().await;
    city.drain().await;
    place(&city).await;
    city.clock.forward(chrono::Duration::hours(2));
    tells(
        &look(&city).await,
        &[
            ("continuum_webhooks_behind", 2.0),
            ("continuum_webhooks_failing", 1.0),
            ("continuum_webhooks_oldest_seconds", 7200.0),
            ("continuum_webhooks_stopped", 1.0),
            ("continuum_cafes_overdue", 5.0),
        ],
    );
    city.stop().await;
}

async fn files_that_no_scanner_has_seen_are_told_and_a_city_without_a_rhythm_has_no_overdue_area() {
    let mut clamd = Clamd::start();
    let city = City::with(|config| config.files.clamd = Some(clamd.address())).await;
    let mut other = city.instance.context.city().unwrap().city.clone();
    other.settings.cafes = None;
    let cx = &city.instance.context;
    usecases::city::load(cx, &other, false, None, cx.now()).await.unwrap();
    let ticket = city.dumping().await;
    clamd.stop();
    upload(&city.proprete().await, &ticket, "mur.jpg", &photograph(60, 40, ImageFormat::Jpeg)).await.created();
    city.drain().await;
    place(&city).await;
    let scanning = city.second_with(|config| {
        config.metrics_listen = Some("127.0.0.1:0".to_owned());
        config.files.clamd = Some(clamd.address());
    });
    let scanning = scanning.await;
    tells(&page(scanning.metrics_url.as_deref().unwrap()).await, &[("continuum_attachments_unscanned", 1.0)]);
    scanning.stop().await;
    let page = look(&city).await;
    assert!(page.of("continuum_attachments").is_empty(), "nothing is scanned there");
    assert!(page.of("continuum_cafes_overdue").is_empty(), "the city wishes no rhythm");
    city.stop().await;
}

async fn a_database_that_does_not_answer_is_told_and_nothing_of_what_it_had() {
    let city = City::new().await;
    assert_eq!(look(&city).await.value("continuum_database_up"), 1.0);
    execute(&city.database, "alter table feed_due rename to feed_overdue").await;
    let page = look(&city).await;
    assert_eq!(page.value("continuum_database_up"), 0.0);
    assert_eq!(told(&page), []);
    let most = page.of("continuum_database_connections_max").into_values().collect::<Vec<_>>();
    assert_eq!(most, [4.0, 2.0, 2.0], "eight: general, lists, searches");
    assert_eq!(page.of("continuum_build_info").into_values().collect::<Vec<_>>(), [1.0]);
    city.stop().await;
}

async fn a_database_that_is_silent_keeps_no_page_waiting() {
    let network = Network::to(&crate::support::database::url("")).await;
    let city = City::with(|config| {
        config.metrics_listen = Some("127.0.0.1:0".to_owned());
        config.database.url = network.url(config.database.url.expose_secret()).into();
    })
    .await;
    let url = city.instance.metrics_url.clone().unwrap();
    assert_eq!(page(&url).await.value("continuum_database_up"), 1.0);
    network.is(Way::Silent);
    // What was said a moment ago is said again.
    tokio::time::sleep(Duration::from_secs(6)).await;
    let began = Instant::now();
    let silent = page(&url).await;
    assert!(began.elapsed() < Duration::from_secs(8), "Prometheus gives up after ten: {:?}", began.elapsed());
    assert_eq!(silent.value("continuum_database_up"), 0.0);
    network.is(Way::Open);
    until("the database answers", async || (page(&url).await.value("continuum_database_up") == 1.0).then_some(()))
        .await;
    city.stop().await;
}

async fn a_worker_goes_by_the_city_as_it_is_now() {
    let town = Town::start(&["--no-worker"]).await;
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut worker = town.worker(&listen);
    let url = format!("http://{listen}/metrics");
    let overdue = async |wanted: bool| {
        until("the city's rhythm", async || {
            let page = Page(reqwest::get(&url).await.ok()?.text().await.ok()?);
            (page.of("continuum_cafes_overdue").is_empty() != wanted).then_some(())
        })
        .await;
    };
    overdue(true).await;
    let change = "update city set revision = revision + 1, settings = settings - 'cafes'";
    execute(&town.database, change).await;
    execute(&town.database, &format!("select pg_notify('{}', '')", store::city::CHANNEL)).await;
    overdue(false).await;
    worker.kill().unwrap();
    worker.wait().unwrap();
    town.stop();
}

async fn the_database_is_asked_once_however_often_the_page_is_read() {
    let city = City::new().await;
    let Some(mut statements) = Statements::logged(&city.database).await else { return };
    let other = city.second_with(|config| config.metrics_listen = Some("127.0.0.1:0".to_owned())).await;
    let began = Instant::now();
    for _ in 0..20 {
        page(other.metrics_url.as_deref().unwrap()).await;
    }
    let ours = |plan: &str| plan.contains("audit_seal") && plan.contains("feed_due");
    let asked = statements.news().iter().filter(|entry| entry.plan().is_some_and(ours)).count();
    // Every five seconds, should this machine be slow.
    assert!((1..=1 + began.elapsed().as_secs() / 5).contains(&(asked as u64)), "{asked} in {:?}", began.elapsed());
    other.stop().await;
    city.stop().await;
}

async fn requests_are_counted_by_route_and_status() {
    let town = Town::start(&["--no-worker"]).await;
    let agent = town.login("claire.delattre").await;
    agent.post("/v1/concerns", &dumping()).await.created();
    agent.post("/v1/concerns", &json!({})).await.is(400);
    let stranger = Caller::new(town.url(), None);
    for _ in 0..3 {
        stranger.get("/v1/tracking/a-token-of-somebody").await.is(404);
    }
    stranger.get("/nowhere/a-token-of-somebody").await.is(404);
    let page = page(town.metrics_url()).await;
    let count = |method: &str, route: &str, status: u16| {
        let labels = format!("method=\"{method}\",route=\"{route}\",status=\"{status}\"");
        page.value(&format!("continuum_http_requests_total{{{labels}}}"))
    };
    assert_eq!([201, 400].map(|status| count("POST", "/v1/concerns", status)), [1.0, 1.0]);
    assert_eq!(count("GET", "/v1/tracking/{token}", 404), 3.0);
    assert_eq!(count("GET", "(none)", 404), 1.0);
    assert!(!page.0.contains("a-token-of-somebody"), "a route is told, never a path");
    // The times of a route are a histogram: each bucket holds those before.
    let labels = "method=\"POST\",route=\"/v1/concerns\"";
    let bucket =
        |bound: &str| page.value(&format!("continuum_http_request_duration_seconds_bucket{{{labels},le=\"{bound}\"}}"));
    let buckets = ["0.001", "0.01", "0.1", "0.25", "0.5", "1", "2.5", "10", "+Inf"].map(bucket);
    assert!(buckets.is_sorted() && buckets[8] == 2.0, "{buckets:?}");
    assert_eq!(page.value(&format!("continuum_http_request_duration_seconds_count{{{labels}}}")), 2.0);
    let connections = |pool: &str| {
        let of = |state| page.value(&format!("continuum_database_connections{{pool=\"{pool}\",state=\"{state}\"}}"));
        of("used") + of("idle")
    };
    assert!((1.0..=5.0).contains(&connections("general")), "{}", connections("general"));
    assert_eq!(connections("searches"), 0.0, "nobody has searched");
    assert_eq!(promtool::check(&["check", "metrics"], &page.0), "");
    town.stop();
}

async fn each_worker_tells_what_it_does() {
    let receiver = Receiver::start("127.0.0.1");
    let clamd = Clamd::start();
    let scanner = clamd.socket().display().to_string();
    let town = Town::with(&[], &[("CONTINUUM_CLAMD", &scanner), ("CONTINUUM_NO_WORKER", "true")]).await;
    let admin = town.login("paul.carpentier").await;
    let follower = town.follower(&admin).await;
    follower.post("/v1/webhooks", &json!({ "url": receiver.url() })).await.created();
    town.login("claire.delattre").await.post("/v1/concerns", &dumping()).await.created();
    assert!(page(town.metrics_url()).await.of("continuum_worker_success_timestamp_seconds").is_empty(), "of another");
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut worker = town.worker(&listen);
    let url = format!("http://{listen}/metrics");
    let told = until("what the worker does", async || {
        let text = reqwest::get(&url).await.ok()?.text().await.ok()?;
        let page = Page(text);
        let sent = page.of("continuum_messages_total{outcome=\"sent\"}").into_values().sum::<f64>();
        let delivered = page.of("continuum_webhook_attempts_total{outcome=\"delivered\"}").into_values().sum::<f64>();
        (sent >= 2.0 && delivered >= 2.0 && page.value("continuum_outbox_pending") == 0.0).then_some(page)
    })
    .await;
    assert_eq!(told.value("continuum_webhook_attempt_duration_seconds_count"), receiver.sent().len() as f64);
    let done = told.of("continuum_worker_success_timestamp_seconds");
    let tasks: Vec<&str> = done.keys().map(|name| name.split('"').nth(1).unwrap()).collect();
    let all = [
        "bounces",
        "cafes",
        "clear",
        "clocks",
        "erasures",
        "expiry",
        "feed",
        "figures",
        "files",
        "hotspots",
        "late",
        "open_data",
        "outbox",
        "photographs",
        "refusals",
        "residents",
        "retention",
        "scans",
        "seal",
        "suggestions",
        "webhooks",
    ];
    assert_eq!(tasks, all);
    let now = continuum::SystemClock.now().timestamp() as f64;
    assert!(done.values().all(|at| (now - 300.0..=now).contains(at)), "{done:?} at {now}");
    let errors = told.of("continuum_worker_errors_total");
    assert!(errors.len() == all.len() && errors.values().all(|count| *count == 0.0), "{errors:?}");
    assert_eq!(promtool::check(&["check", "metrics"], &told.0), "");
    // What the database has is the same on each page.
    let here = until("what the worker did", async || {
        let here = page(town.metrics_url()).await;
        (here.value("continuum_outbox_pending") == 0.0 && here.value("continuum_webhooks_behind") == 0.0)
            .then_some(here)
    })
    .await;
    let of_the_database = |page: &Page| {
        let names = ["outbox", "feed", "webhooks", "tickets", "cafes", "audit"];
        let values = names
            .iter()
            .flat_map(|name| page.of(&format!("continuum_{name}_")))
            .filter(|(name, _)| !name.contains("attempt"));
        values.map(|(name, value)| (name.to_owned(), value)).collect::<Vec<_>>()
    };
    let there = page(&url).await;
    assert_eq!(of_the_database(&here), of_the_database(&there));
    super::pages::are_there(&[&here, &there]);
    worker.kill().unwrap();
    worker.wait().unwrap();
    receiver.stop().await;
    town.stop();
}
