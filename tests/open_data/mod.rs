//! Open data: what is published of a month, when, how often, and what it does not tell.

use chrono::{DateTime, Duration, Utc};
use domain::time::Zone;
use serde_json::{Value, json};
use sqlx::Connection as _;
use tempfile::TempDir;

use crate::support::caller::Caller;
use crate::support::city::{City, dumping};
use crate::support::program::{Program, keys_folder};
use crate::support::python;

crate::tests![
    a_month_is_published_once_two_months_later_and_for_good,
    no_row_counts_fewer_than_five_and_what_is_restricted_is_in_none,
    several_workers_publish_each_month_once,
    a_program_that_is_killed_leaves_months_whole_and_the_next_ones_go_on,
    public_tools_accept_the_package_and_the_catalogue,
    what_one_has_is_not_sent_again,
    a_city_that_wishes_none_publishes_none,
];

/// Files so many concerns of a category at a latitude.
async fn file(city: &City, count: usize, category: &str, lat: f64) {
    let agent = city.agent().await;
    for _ in 0..count {
        let mut body = dumping();
        body["category"] = json!(category);
        body["place"]["lat"] = json!(lat);
        agent.post("/v1/concerns", &body).await.created();
    }
}

/// In Amiens Nord, and far from it.
const NORTH: f64 = 49.9121;
const SOUTH: f64 = 49.876;

async fn publish(city: &City) -> usize {
    let mut published = 0;
    while usecases::open_data::publish(&city.instance.context).await.unwrap() > 0 {
        published += 1;
    }
    published
}

/// The rows: month, family, category, area, outcome, tickets, days until the answer, days until the settlement.
async fn rows(city: &City) -> Vec<[String; 8]> {
    let reply = city.stranger().get("/v1/open-data/tickets.csv").await;
    assert_eq!(reply.is(200).header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(reply.text.ends_with("\r\n"));
    let mut csv = csv::Reader::from_reader(reply.text.as_bytes());
    let columns = [
        "mois",
        "famille",
        "famille_libelle",
        "motif",
        "motif_libelle",
        "quartier",
        "quartier_libelle",
        "issue",
        "saisines",
        "delai_reponse_jours",
        "delai_traitement_jours",
    ];
    assert_eq!(csv.headers().unwrap(), columns.as_slice());
    let mut rows: Vec<_> =
        csv.records().map(|row| [0, 1, 3, 5, 7, 8, 9, 10].map(|at| row.as_ref().unwrap()[at].to_owned())).collect();
    rows.sort();
    rows
}

async fn a_month_is_published_once_two_months_later_and_for_good() {
    let city = City::new().await;
    file(&city, 6, "graffiti", NORTH).await;
    let service = city.proprete().await;
    let tickets = service.get("/v1/tickets").await.ok();
    city.clock.forward(Duration::days(2));
    let service = city.proprete().await;
    for ticket in tickets["items"].as_array().unwrap() {
        let ticket = service.acknowledge(ticket).await.ok();
        service.resolve(&ticket).await.ok();
    }
    city.clock.set("2026-05-31T21:59:59Z");
    assert_eq!(publish(&city).await, 0);
    assert_eq!(rows(&city).await, Vec::<[String; 8]>::new());
    city.clock.set("2026-05-31T22:00:00Z");
    file(&city, 5, "graffiti", NORTH).await;
    assert_eq!(publish(&city).await, 1);
    let march =
        [["2026-03", "cleanliness", "graffiti", "nord-pigeonnier", "fait", "5", "2", "2"].map(ToOwned::to_owned)];
    assert_eq!(rows(&city).await, march);
    // What happens later changes nothing of it.
    let ticket =
        city.dispatcher().await.get(&format!("/v1/tickets/{}", tickets["items"][0]["id"].as_str().unwrap())).await.ok();
    city.clock.set("2026-04-10T09:00:00Z");
    city.dispatcher().await.act(&ticket, "reopen", &json!({ "note": "Le tag est revenu" })).await.ok();
    city.clock.set("2026-08-31T22:00:00Z");
    let before = city.stranger().get("/v1/open-data/tickets.csv").await.text;
    assert_eq!(publish(&city).await, 3, "April and May have nothing to tell, June has");
    let after = city.stranger().get("/v1/open-data/tickets.csv").await.text;
    assert!(after.starts_with(&before) && after.len() > before.len(), "{after}");
    assert_eq!(rows(&city).await[1][..6], ["2026-06", "cleanliness", "graffiti", "nord-pigeonnier", "en_cours", "5"]);
    let mut connection = city.database.connection().await;
    for statement in ["update open_data_month set rows = '[]'", "delete from open_data_month"] {
        let error = sqlx::query(statement).execute(&mut connection).await.unwrap_err();
        assert!(error.to_string().contains("never changed"), "{error}");
    }
    connection.close().await.unwrap();
    city.stop().await;
}

async fn no_row_counts_fewer_than_five_and_what_is_restricted_is_in_none() {
    let city = City::new().await;
    // Twelve and four in two quartiers: the four would be alone.
    file(&city, 12, "graffiti", NORTH).await;
    file(&city, 4, "graffiti", SOUTH).await;
    // Two categories of one family with too few each.
    file(&city, 3, "pothole", NORTH).await;
    file(&city, 3, "sidewalk_defect", NORTH).await;
    for category in ["neighbour_dispute", "officer_complaint", "holiday_watch"] {
        file(&city, 9, category, NORTH).await;
    }
    let agent = city.agent().await;
    for _ in 0..6 {
        let body = json!({
            "origin": "patrol", "category": "graffiti", "description": "Un tag", "place": { "address": "Rue du Pigeonnier" }
        });
        agent.post("/v1/concerns", &body).await.created();
    }
    city.clock.set("2026-06-01T09:00:00Z");
    assert_eq!(publish(&city).await, 1);
    let expected = [
        ["2026-03", "cleanliness", "graffiti", "", "en_cours", "10", "", ""],
        ["2026-03", "cleanliness", "graffiti", "nord-pigeonnier", "en_cours", "10", "", ""],
        ["2026-03", "public_space", "", "nord-pigeonnier", "en_cours", "5", "", ""],
    ];
    // Six without a place and four in the south are ten together; the twelve stand by themselves.
    let found = rows(&city).await;
    let text = city.stranger().get("/v1/open-data/tickets.csv").await.text;
    for secret in
        ["neighbour_dispute", "officer_complaint", "holiday_watch", "municipal_police", "Pigeonnier,Un", "AMI-"]
    {
        assert!(!text.contains(secret), "{text}");
    }
    assert_eq!(found.iter().map(|row| row[5].parse::<u64>().unwrap()).min(), Some(5));
    assert_eq!(found, expected.map(|row| row.map(ToOwned::to_owned)), "{text}");
    city.stop().await;
}

async fn several_workers_publish_each_month_once() {
    let city = City::new().await;
    file(&city, 5, "graffiti", NORTH).await;
    city.clock.set("2027-03-10T09:00:00Z");
    let second = city.second().await;
    let worker = async |context: &usecases::Context| {
        // A worker whose turn it is not publishes nothing: it looks again until all months are there.
        let mut published = 0;
        while usecases::open_data::published(context).await.unwrap().len() < 10 {
            published += usecases::open_data::publish(context).await.unwrap();
        }
        published + usecases::open_data::publish(context).await.unwrap()
    };
    let (first, other) = (&city.instance.context, &second.context);
    let (a, b, c, d) = tokio::join!(worker(first), worker(other), worker(first), worker(other));
    assert_eq!(a + b + c + d, 10, "March to December");
    assert_eq!(rows(&city).await.len(), 1);
    second.stop().await;
    city.stop().await;
}

/// Starts the program on the city's database.
fn serve(city: &City, keys: &TempDir, data: &TempDir) -> Program {
    let environment = [
        ("DATABASE_URL", city.database.url()),
        ("CONTINUUM_KEYS_DIR", keys.path().display().to_string()),
        ("CONTINUUM_DATA_DIR", data.path().display().to_string()),
    ];
    let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Program::start(&["serve", "--metrics-listen", "127.0.0.1:0"], &environment)
}

async fn published_once(city: &City, months: i64) {
    let began = std::time::Instant::now();
    while city.database.count("select count(*) from open_data_month").await < months {
        assert!(began.elapsed().as_secs() < 60, "the worker does not publish");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

async fn a_program_that_is_killed_leaves_months_whole_and_the_next_ones_go_on() {
    let city = City::new().await;
    file(&city, 5, "graffiti", NORTH).await;
    let mut connection = city.database.connection().await;
    let now: DateTime<Utc> = sqlx::query_scalar("select now()").fetch_one(&mut connection).await.unwrap();
    let filed: DateTime<Utc> = "2014-01-10T09:00:00Z".parse().unwrap();
    sqlx::query("update ticket set filed_at = $1").bind(filed).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let due = i64::try_from(domain::open_data::due(filed, now, Zone::PARIS).count()).unwrap();
    let (keys, data, other) = (keys_folder(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let program = serve(&city, &keys, &data);
    published_once(&city, 1).await;
    program.kill();
    let both = [serve(&city, &keys, &data), serve(&city, &keys, &other)];
    published_once(&city, due).await;
    let csv = Caller::new(both[0].base_url(), None).get("/v1/open-data/tickets.csv").await;
    assert_eq!(csv.is(200).text, Caller::new(both[1].base_url(), None).get("/v1/open-data/tickets.csv").await.text);
    assert!(csv.text.contains("\r\n2014-01,") && csv.text.lines().count() == 2, "{}", csv.text);
    assert_eq!(city.database.count("select count(*) from open_data_month").await, due);
    city.stop().await;
}

async fn public_tools_accept_the_package_and_the_catalogue() {
    let city = City::with(|config| config.public_url = None).await;
    let read = python::run("open_data.py", &[&format!("{}/v1/open-data", city.instance.base_url)]).await;
    assert_eq!(serde_json::from_str::<Value>(&read).unwrap(), json!({ "rows": 0 }), "before the first month too");
    for category in ["graffiti", "bulky_waste", "pothole"] {
        file(&city, 5, category, NORTH).await;
    }
    city.clock.set("2026-06-01T09:00:00Z");
    publish(&city).await;
    let read = python::run("open_data.py", &[&format!("{}/v1/open-data", city.instance.base_url)]).await;
    let read: Value = serde_json::from_str(&read).unwrap();
    assert_eq!(read, json!({ "rows": 3, "tickets": 15, "from": "2026-03-01", "to": "2026-03-31" }));
    city.stop().await;
}

async fn what_one_has_is_not_sent_again() {
    let city = City::new().await;
    let stranger = city.stranger();
    for file in ["tickets.csv", "datapackage.json", "tickets.schema.json", "catalog.jsonld"] {
        let path = format!("/v1/open-data/{file}");
        let reply = stranger.get(&path).await;
        assert_eq!(reply.is(200).header("cache-control"), Some("public, max-age=3600"), "{file}");
        let request =
            stranger.request(reqwest::Method::GET, &path).header("If-None-Match", reply.header("etag").unwrap());
        assert_eq!(stranger.send(request).await.status, 304, "{file}");
    }
    let tag = stranger.get("/v1/open-data/tickets.csv").await.header("etag").unwrap().to_owned();
    file(&city, 5, "graffiti", NORTH).await;
    city.clock.set("2026-06-01T09:00:00Z");
    publish(&city).await;
    let request = stranger.request(reqwest::Method::GET, "/v1/open-data/tickets.csv").header("If-None-Match", tag);
    assert_eq!(stranger.send(request).await.status, 200);
    city.stop().await;
}

async fn a_city_that_wishes_none_publishes_none() {
    let city = City::new().await;
    file(&city, 5, "graffiti", NORTH).await;
    let statement = "update city set revision = revision + 1, settings = settings - 'open_data'";
    sqlx::query(statement).execute(&mut city.database.connection().await).await.unwrap();
    usecases::city::reload(&city.instance.context).await.unwrap();
    city.clock.set("2026-06-01T09:00:00Z");
    assert_eq!(publish(&city).await, 0);
    for file in ["tickets.csv", "datapackage.json", "tickets.schema.json", "catalog.jsonld"] {
        city.stranger().get(&format!("/v1/open-data/{file}")).await.is(404);
    }
    city.stop().await;
}
