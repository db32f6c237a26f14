//! The figures are what the events say: whatever was done, by however many workers, late, interrupted or repaired.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::join;
use serde_json::{Value, json};

use super::recount::{Story, recount, regroup, stories};
use super::{file, keep, play};
use crate::client::register;
use crate::support::caller::Caller;
use crate::support::city::{City, START};
use crate::support::database::{Database, PASSWORD};
use crate::support::program::{Program, keys_folder, run, said};
use crate::ticket::random::promote;

crate::tests![
    the_figures_of_any_play_are_what_its_events_say,
    a_rebuild_finds_what_the_worker_kept_and_mends_what_was_broken,
    an_event_that_comes_late_is_counted,
    two_workers_at_once_keep_what_people_do,
    nothing_is_lost_when_a_worker_is_killed,
    figures_say_until_when_they_count,
    what_was_counted_is_told_for_ten_seconds_to_who_may_know_the_same,
    who_hears_only_of_the_end_was_told,
];

/// The groups of an answer.
fn groups(answer: &Value) -> BTreeMap<Option<String>, Value> {
    let group = |group: &Value| (group["key"].as_str().map(ToOwned::to_owned), group["figures"].clone());
    answer["groups"].as_array().unwrap().iter().map(group).collect()
}

/// Holds every way of grouping against the events.
pub async fn equal_the_events(city: &City) {
    let dispatcher = city.dispatcher().await;
    let stories = stories(&mut city.database.connection().await).await;
    let get = async |query: &str| dispatcher.get(&format!("/v1/stats/tickets{query}")).await.ok();
    let all = get("").await;
    assert_eq!(all["total"], recount(&stories));
    assert_eq!((&all["groups"], &all["rounded_to"]), (&json!([]), &Value::Null));
    let month =
        |story: &Story| Some(story.filed_at.with_timezone(&chrono_tz::Europe::Paris).format("%Y-%m").to_string());
    for (group_by, expected) in [
        ("service", regroup(&stories, |story| Some(story.service.clone()))),
        ("category", regroup(&stories, |story| Some(story.category.clone()))),
        ("area:secteurs", regroup(&stories, |story| story.area.clone())),
        ("month", regroup(&stories, month)),
    ] {
        let answer = get(&format!("?group_by={group_by}")).await;
        assert_eq!(groups(&answer), expected, "{group_by}");
        assert_eq!(answer["total"], all["total"]);
    }
    let proprete: Vec<&Story> = stories.iter().filter(|story| story.service == "proprete").collect();
    assert_eq!(get("?service=proprete").await["total"], recount(proprete));
}

/// All figures as they are kept.
async fn kept(city: &City) -> Vec<Value> {
    let rows = "select to_jsonb(f) from ticket_figure f order by ticket_id";
    sqlx::query_scalar(rows).fetch_all(&mut city.database.connection().await).await.unwrap()
}

async fn the_figures_of_any_play_are_what_its_events_say() {
    let city = City::new().await;
    promote(&city).await;
    play(&city, 40).await;
    keep(&city).await;
    equal_the_events(&city).await;
    // The test of the test: the play has something to count of each kind.
    let total = city.dispatcher().await.get("/v1/stats/tickets").await.ok()["total"].clone();
    for figure in ["acknowledged_on_time", "rerouted", "refused", "reopened", "closed_without_work", "open"] {
        assert!(total[figure].as_u64().unwrap() > 0, "{figure}: {total}");
    }
    assert!(total["acknowledged"].as_u64() > total["acknowledged_on_time"].as_u64(), "{total}");
    for delay in ["first_status", "first_status_working", "resolution"] {
        assert!(total[delay]["count"].as_u64().unwrap() > 2, "{delay}: {total}");
    }
    for people in ["residents", "referrers"] {
        assert!(
            total[people]["told"].as_u64() > Some(0)
                && total[people]["told"].as_u64() < total[people]["to_tell"].as_u64(),
            "{total}"
        );
    }
    city.stop().await;
}

async fn who_hears_only_of_the_end_was_told() {
    let city = City::new().await;
    let (called_off, main, duplicate) = (city.dumping().await, city.dumping().await, city.dumping().await);
    city.drain().await;
    let dispatcher = city.dispatcher().await;
    let told = async || {
        keep(&city).await;
        dispatcher.get("/v1/stats/tickets").await.ok()["total"]["residents"].clone()
    };
    assert_eq!(told().await, json!({ "to_tell": 0, "told": 0 }));
    dispatcher.act(&called_off, "cancel", &json!({ "note": "Erreur." })).await.ok();
    assert_eq!(told().await, json!({ "to_tell": 1, "told": 0 }));
    dispatcher.act(&duplicate, "merge", &json!({ "duplicate_of": main["reference"] })).await.ok();
    city.drain().await;
    assert_eq!(told().await, json!({ "to_tell": 2, "told": 2 }));
    equal_the_events(&city).await;
    city.stop().await;
}

async fn a_rebuild_finds_what_the_worker_kept_and_mends_what_was_broken() {
    let city = City::new().await;
    promote(&city).await;
    play(&city, 6).await;
    keep(&city).await;
    let before = kept(&city).await;
    let keys = keys_folder();
    let (url, folder) = (city.database.url(), keys.path().display().to_string());
    let environment =
        [("DATABASE_URL", url.as_str()), ("CONTINUUM_KEYS_DIR", &folder), ("CONTINUUM_DATA_DIR", &folder)];
    let rebuild = || said(&run(&["stats", "rebuild"], &environment));
    let tickets = before.len();
    assert_eq!(rebuild().trim(), format!("{tickets} ticket(s) looked at; the figures of 0 differed."));
    assert_eq!(kept(&city).await, before);
    let mut connection = city.database.connection().await;
    for broken in [
        "delete from ticket_figure where ticket_id = (select min(ticket_id::text)::uuid from ticket_figure)",
        "update ticket_figure set residents_told = 99, resolved_after = null, service_code = 'x', category_code = 'x',
             origin = 'x', sensitivity = 'x', hidden_from_referrer = true, urgency = 9, areas = '{}', area_codes = '{}', filed_at = now()
         where ticket_id = (select max(ticket_id::text)::uuid from ticket_figure)",
    ] {
        sqlx::query(broken).execute(&mut connection).await.unwrap();
    }
    assert_eq!(rebuild().trim(), format!("{tickets} ticket(s) looked at; the figures of 2 differed."));
    assert_eq!(kept(&city).await, before);
    // What the worker has not come to yet is not wrong.
    city.dumping().await;
    let tickets = city.database.count("select count(*) from ticket").await;
    assert_eq!(rebuild().trim(), format!("{tickets} ticket(s) looked at; the figures of 0 differed."));
    city.stop().await;
}

async fn an_event_that_comes_late_is_counted() {
    let city = City::new().await;
    let ticket = city.dumping().await;
    city.clock.forward(chrono::Duration::hours(5));
    city.proprete().await.acknowledge(&ticket).await.ok();
    keep(&city).await;
    let dispatcher = city.dispatcher().await;
    let first = async || dispatcher.get("/v1/stats/tickets").await.ok()["total"]["first_status"]["median_s"].clone();
    assert_eq!(first().await, 18_000.0);
    // Another program that keeps timelines hands over what it had kept to itself, twice.
    let late = "insert into ticket_event (ticket_id, version, id, at, actor, fact)
        select $1::uuid, (select max(version) + 1 from ticket_event where ticket_id = $1::uuid), gen_random_uuid(),
            $2::timestamptz + interval '1 hour', '{\"type\": \"system\"}', '{\"type\": \"refused\", \"reason\": \"other\"}'";
    let mut connection = city.database.connection().await;
    for _ in 0..2 {
        sqlx::query(late).bind(ticket["id"].as_str().unwrap()).bind(START).execute(&mut connection).await.unwrap();
        keep(&city).await;
        assert_eq!(first().await, 3600.0);
    }
    equal_the_events(&city).await;
    city.stop().await;
}

async fn two_workers_at_once_keep_what_people_do() {
    let city = City::new().await;
    promote(&city).await;
    let second = city.second().await;
    let over = std::cell::Cell::new(false);
    let worker = async |instance: &continuum::Instance| {
        let mut kept = 0;
        while !over.get() {
            kept += usecases::statistics::keep(&instance.context).await.unwrap();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        kept
    };
    let people = async {
        play(&city, 8).await;
        over.set(true);
    };
    let (kept, ()) = join(join(worker(&city.instance), worker(&second)), people).await;
    assert!(kept.0 > 0 && kept.1 > 0, "both had something to do: {kept:?}");
    keep(&city).await;
    equal_the_events(&city).await;
    let before = super::keep::kept(&city).await;
    let (_, differed) = usecases::statistics::rebuild(&city.instance.context).await.unwrap();
    assert_eq!(differed, 0);
    assert_eq!(super::keep::kept(&city).await, before);
    second.stop().await;
    city.stop().await;
}

async fn nothing_is_lost_when_a_worker_is_killed() {
    let (database, keys, data) = (Database::cloned().await, keys_folder(), tempfile::tempdir().unwrap());
    let environment = [
        ("DATABASE_URL", database.url()),
        ("CONTINUUM_KEYS_DIR", keys.path().display().to_string()),
        ("CONTINUUM_DATA_DIR", data.path().display().to_string()),
    ];
    let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let start = || Program::start(&["serve", "--metrics-listen", "127.0.0.1:0"], &environment);
    let mut filed = 0;
    for _ in 0..3 {
        let program = start();
        let body = json!({ "email": "claire.delattre@ville-amiens.example", "password": PASSWORD });
        let session = Caller::new(program.base_url(), None).post("/v1/sessions", &body).await.created();
        let agent = Caller::new(program.base_url(), session["access_token"].as_str());
        // For longer than a worker waits between two looks, so that it is killed at work or just before.
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(2300) {
            file(&agent, "pothole").await;
            filed += 1;
        }
        program.kill();
    }
    let program = start();
    let began = Instant::now();
    while database.count("select count(*) from figure_due").await > 0 {
        assert!(began.elapsed() < Duration::from_secs(30), "figures stay due");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(database.count("select count(*) from ticket_figure").await, filed);
    let differ = "select count(*) from (
        select * from figures_of(array(select id from ticket)) except select * from ticket_figure) d";
    // Letters are sent meanwhile, and counted a moment later.
    let began = Instant::now();
    while database.count(differ).await > 0 {
        assert!(began.elapsed() < Duration::from_secs(30), "figures differ");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(program.end("-TERM").success());
}

async fn what_was_counted_is_told_for_ten_seconds_to_who_may_know_the_same() {
    let city = City::new().await;
    let (agent, desk) = (city.agent().await, city.dispatcher().await);
    let limited = register(&city, &["stats:read"], &["proprete"]).await.caller(&city).await;
    // The worker of another process, of which this one does not know.
    let file_and_keep = async |category: &str| {
        for _ in 0..5 {
            file(&agent, category).await;
        }
        while city.instance.context.store.keep_figures(1000).await.unwrap() > 0 {}
    };
    let filed = async |who: &Caller, path: &str| who.get(path).await.ok()["total"]["filed"].clone();
    let (all, potholes, report) = ("/v1/stats/tickets", "/v1/stats/tickets?category=pothole", "/v1/stats/reports/2026");
    file_and_keep("pothole").await;
    assert_eq!((filed(&desk, all).await, filed(&desk, potholes).await), (json!(5), json!(5)));
    assert_eq!(filed(&limited, all).await, 0, "it is not told what others may know");
    file_and_keep("graffiti").await;
    assert_eq!((filed(&desk, all).await, filed(&desk, report).await), (json!(5), json!(10)));
    city.clock.forward(chrono::Duration::seconds(10));
    assert_eq!((filed(&desk, all).await, filed(&desk, potholes).await), (json!(10), json!(5)));
    city.stop().await;
}

async fn figures_say_until_when_they_count() {
    let city = City::new().await;
    let dispatcher = city.dispatcher().await;
    let asked = async || dispatcher.get("/v1/stats/tickets").await.ok();
    assert_eq!(asked().await["as_of"], START);
    city.dumping().await;
    city.clock.forward(chrono::Duration::minutes(5));
    let behind = asked().await;
    assert_eq!((&behind["as_of"], &behind["total"]["filed"]), (&json!(START), &json!(0)));
    keep(&city).await;
    let now = asked().await;
    assert_eq!((&now["as_of"], &now["total"]["filed"]), (&json!("2026-03-10T09:05:00Z"), &json!(2)));
    city.stop().await;
}
