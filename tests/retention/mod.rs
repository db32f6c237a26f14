//! Personal data over time: what goes when, what stays, and what nobody can lose by mistake.

mod case;
pub mod neighbour;
pub mod page;
pub mod resident;
pub mod rest;

use std::path::PathBuf;

use chrono::Duration;
use domain::audit::day_to_seal;
use domain::clock::Clock as _;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use usecases::retention::{clear, keep};

use crate::support::city::{City, dumping};
use crate::support::files::below;
use crate::support::program::{keys_folder, run, said};
use crate::tracking::json_at;
use case::{OF_CAFES, known, lived, lived_otherwise, words};

/// Lets a night pass: what the worker does to what is kept.
async fn night(city: &City) {
    let (cx, now) = (&city.instance.context, city.clock.now());
    crate::audit::seal(&cx.store, &day_to_seal(now).to_string()).await;
    while keep(cx).await.unwrap() {}
    while usecases::statistics::keep(cx).await.unwrap() > 0 {}
    while usecases::hotspot::keep(cx).await.unwrap() > 0 {}
    while usecases::feed::place(cx).await.unwrap() > 0 {}
    usecases::concern::learn(cx).await.unwrap();
    while usecases::open_data::publish(cx).await.unwrap() > 0 {}
    while usecases::ticket::attachment::sweep(cx).await.unwrap() > 0 {}
    while clear(cx).await.unwrap() > 0 {}
    city.drain().await;
}

/// Files concerns that are called off at once.
async fn cancelled(city: &City, count: usize) {
    let agent = city.agent().await;
    for _ in 0..count {
        for ticket in agent.post("/v1/concerns", &dumping()).await.created()["tickets"].as_array().unwrap() {
            agent.act(ticket, "cancel", &json!({ "note": "Retiré" })).await.ok();
        }
    }
}

crate::tests![
    three_years_later_only_figures_are_left,
    what_is_still_followed_keeps_its_resident,
    a_night_that_would_erase_unusually_much_waits_for_somebody,
    what_a_wrong_clock_planned_is_not_erased,
    what_a_backup_brings_back_goes_by_its_age_the_next_night,
    what_is_written_later_goes_later,
    several_workers_erase_each_concern_once,
    a_night_that_erases_locks_rows_and_no_table,
    nothing_else_changes_what_happened,
];

async fn three_years_later_only_figures_are_left() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().to_owned();
    let city = City::with(|config| {
        config.files = continuum::FileSettings::in_folder(&files);
        config.private_targets = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let lived = lived(&city).await;
    let concerns = 4 + lived_otherwise(&city).await;
    let (ticket, tracking) = (&lived["ticket"], lived["tracking"].as_str().unwrap());
    let (id, concern) = (ticket["id"].as_str().unwrap(), ticket["concern_id"].as_str().unwrap());
    let path = format!("/v1/tickets/{id}");
    night(&city).await;
    // But for how the resident can be reached, which is sealed.
    assert_eq!(known(&city, folder.path()).await, words());
    let named = names(&city).await;
    let year = "/v1/stats/tickets?filed_from=2026-01-01T00:00:00%2B01:00&filed_before=2027-01-01T00:00:00%2B01:00&group_by=service";
    let counted = |figures: &Value| (figures["total"].clone(), figures["groups"].clone());
    let lamp = format!("/open311/v2/requests/{}.json", lived["lamps"][0].as_str().unwrap());
    let updated = async || city.stranger().get(&lamp).await.ok()[0]["updated_datetime"].clone();
    let called_off = updated().await;
    let exact = "select count(*) from hotspot where lat <> round(lat::numeric, 3)";
    assert!(city.database.count(exact).await > 0);
    // The audit log tells of which concerns something was read.
    city.dispatcher().await.post("/v1/residents/search", &json!({ "email": "zephyrine@mail.example" })).await.ok();
    city.clock.set("2026-03-11T12:00:00Z");
    night(&city).await;
    assert!(naming(&city, &named).await.contains("audit_entry"));
    let figures = city.dispatcher().await.get(year).await.ok();

    // A day before six months are over, the resident can still be reached.
    city.clock.set("2026-09-09T12:00:00Z");
    night(&city).await;
    json_at(&city, tracking).await;
    city.clock.set("2026-09-11T12:00:00Z");
    night(&city).await;
    city.stranger().get(tracking).await.is(404);
    for table in ["resident_contact", "tracking_link", "tracking_slip", "former_link"] {
        assert_eq!(city.database.count(&format!("select count(*) from {table}")).await, 0, "{table}");
    }
    let desk = city.dispatcher().await;
    let before = desk.get(&path).await;
    assert_eq!(desk.timeline(ticket).await.last().unwrap()["type"], "closed");
    // What the dispatcher has settled is gone, what nobody could place is not yet.
    assert_eq!(city.database.count("select count(*) from unplaced_mail").await, 2);

    // A year after the end, nobody can read what was said.
    city.clock.set("2027-03-11T12:00:00Z");
    night(&city).await;
    assert_eq!(known(&city, folder.path()).await, OF_CAFES);
    assert_eq!(city.database.count("select count(*) from unplaced_mail").await, 0);
    let desk = city.dispatcher().await;
    let read = desk.get(&path).await;
    assert_ne!(read.header("etag"), before.header("etag"), "who keeps a copy learns that it is another one now");
    let timeline = desk.timeline(ticket).await;
    assert_eq!(timeline.last().unwrap()["type"], "pseudonymised");
    assert_eq!(timeline.last().unwrap()["by"]["type"], "system");
    let acknowledged = timeline.iter().find(|event| event["type"] == "acknowledged").unwrap();
    assert_eq!(acknowledged["data"]["note"], "[effacé]");
    assert_eq!(desk.get(&format!("/v1/concerns/{concern}")).await.ok()["description"], "[effacé]");
    let place = &read.ok()["place"];
    assert_eq!((&place["lat"], &place["lon"], place.get("address")), (&json!(49.912), &json!(2.297), None));
    assert_eq!(read.ok()["areas"], ticket["areas"]);
    let found = desk.get("/v1/tickets?q=canapé").await.ok();
    assert_eq!(found["items"], json!([]), "nothing of it is searched any more");
    assert_eq!(city.database.count(exact).await, 0);
    assert_eq!(city.database.count("select count(*) from ticket where sent::text like '%\"answer\"%'").await, 0);
    assert_eq!(updated().await, called_off, "for the city's residents, nothing happened");
    assert_eq!(counted(&desk.get(year).await.ok()), counted(&figures));

    // Three years after the end, there is no row.
    city.clock.set("2029-03-11T12:00:00Z");
    night(&city).await;
    assert_eq!(known(&city, folder.path()).await, Vec::<&str>::new());
    let desk = city.dispatcher().await;
    desk.get(&path).await.refused(410, "gone");
    desk.get(&format!("/v1/tickets/{}", ticket["reference"].as_str().unwrap())).await.refused(410, "gone");
    desk.get(&format!("/v1/concerns/{concern}")).await.refused(410, "gone");
    assert_eq!(counted(&desk.get(year).await.ok()), counted(&figures), "what was counted still is");
    assert_eq!(city.database.count("select count(*) from hotspot").await, 0);
    assert_eq!(below(folder.path()), Vec::<PathBuf>::new());
    let overview = desk.get("/v1/retention").await.ok();
    assert_eq!(overview["due"], json!({ "contacts": 0, "texts": 0, "rows": 0 }));
    let erased: Vec<&Value> = overview["runs"].as_array().unwrap().iter().map(|run| &run["erased"]).collect();
    assert_eq!(erased[0], &json!({ "contacts": 0, "texts": 0, "rows": concerns }));
    assert_eq!(erased[1], &json!({ "contacts": 0, "texts": concerns, "rows": 0 }));
    assert_eq!(erased[2], &json!({ "contacts": concerns, "texts": 0, "rows": 0 }));
    // The audit log goes by days that are over and sealed. What is left that names it is there to: whoever asks for it is told
    // that it is gone.
    city.clock.set("2029-03-13T12:00:00Z");
    night(&city).await;
    assert_eq!(naming(&city, &named).await, "gone");
    city.stop().await;
}

/// The ids and references of all concerns and tickets.
async fn names(city: &City) -> Vec<String> {
    let names =
        "select id::text from concern union all select id::text from ticket union all select reference from ticket";
    sqlx::query_scalar(names).fetch_all(&mut city.database.connection().await).await.unwrap()
}

/// The tables of which a row has one of these names in it.
async fn naming(city: &City, names: &[String]) -> String {
    let tables = "select coalesce(string_agg(distinct table_name, ', '), '') from information_schema.tables t, unnest(xpath('/table/row', query_to_xml(
        format('select * from %I.%I', table_schema, table_name), true, false, ''))) r
        where table_schema = current_schema() and table_type = 'BASE TABLE' and r::text like any ($1)";
    let like: Vec<String> = names.iter().map(|name| format!("%{name}%")).collect();
    sqlx::query_scalar(tables).bind(like).fetch_one(&mut city.database.connection().await).await.unwrap()
}

async fn what_is_still_followed_keeps_its_resident() {
    let city = City::new().await;
    let agent = city.agent().await;
    let main = agent.post("/v1/concerns", &dumping()).await.created();
    let mut body = dumping();
    body["attach_to"] = main["tickets"][0]["id"].clone();
    body["resident"]["email"] = json!("voisin@mail.example");
    agent.post("/v1/concerns", &body).await.created();
    let contacts = async || city.database.count("select count(*) from resident_contact").await;
    let concerns = async || city.database.count("select count(*) from concern").await;
    // Nobody takes it in hand: it has not ended.
    city.clock.set("2029-06-01T12:00:00Z");
    night(&city).await;
    assert_eq!(contacts().await, 2);
    let desk = city.dispatcher().await;
    let tickets = main["tickets"].as_array().unwrap();
    for ticket in tickets {
        desk.act(&desk.ticket(ticket).await, "cancel", &json!({ "note": "Sans suite" })).await.ok();
    }
    city.clock.set("2029-11-30T12:00:00Z");
    night(&city).await;
    assert_eq!(contacts().await, 2);
    city.clock.set("2029-12-02T12:00:00Z");
    night(&city).await;
    assert_eq!((contacts().await, concerns().await), (0, 2));
    city.clock.set("2032-06-02T12:00:00Z");
    night(&city).await;
    assert_eq!(concerns().await, 0);
    assert_eq!(city.database.count("select count(*) from past_figure").await, i64::try_from(tickets.len()).unwrap());
    city.stop().await;
}

/// Lets a night erase that much unseen.
async fn at_most(city: &City, concerns: u32) {
    let limit = "update city set revision = revision + 1,
        settings = jsonb_set(settings, '{retention}', jsonb_build_object(
            'contact', '6 months', 'texts', '12 months', 'rows', '36 months', 'at_most', $1::bigint
        ))";
    let mut connection = city.database.connection().await;
    sqlx::query(limit).bind(i64::from(concerns)).execute(&mut connection).await.unwrap();
    usecases::city::reload(&city.instance.context).await.unwrap();
}

async fn a_night_that_would_erase_unusually_much_waits_for_somebody() {
    let city = City::new().await;
    at_most(&city, 2).await;
    cancelled(&city, 3).await;
    city.clock.set("2026-10-01T12:00:00Z");
    night(&city).await;
    let yesterdays = city.dispatcher().await.get("/v1/retention").await.ok()["runs"][0]["id"].clone();
    city.clock.forward(Duration::days(2));
    night(&city).await;
    assert_eq!(city.database.count("select count(*) from resident_contact").await, 3);
    let desk = city.dispatcher().await;
    desk.post("/v1/retention/confirm", &json!({ "run": yesterdays })).await.refused(409, "run_not_waiting");
    let overview = desk.get("/v1/retention").await.ok();
    assert_eq!(
        overview["periods"],
        json!({ "contact": "6 months", "texts": "12 months", "rows": "36 months", "at_most": 2 })
    );
    let run = &overview["runs"][0];
    assert_eq!((&run["state"], &run["due"]["contacts"]), (&json!("waiting"), &json!(3)));
    assert!(["confirmed_by", "confirmed_at", "finished_at"].iter().all(|field| run.get(*field).is_none()), "{run}");
    assert_eq!(overview["runs"].as_array().unwrap().len(), 1);
    let watched = city.instance.context.store.standing(None, &[], city.clock.now()).await.unwrap();
    assert_eq!(watched.erasures_waiting, 1);
    what_an_operator_is_shown(&city);
    assert_eq!(city.database.count("select count(*) from resident_contact").await, 3, "they were shown, not erased");
    let confirm = json!({ "run": run["id"] });
    city.proprete().await.post("/v1/retention/confirm", &confirm).await.lacks("manage_personal_data");
    let another = json!({ "run": "0197a3b2-7c11-7b3a-9d3e-5a1f0c2e4d6b" });
    desk.post("/v1/retention/confirm", &another).await.refused(409, "run_not_waiting");
    assert_eq!(desk.post("/v1/retention/confirm", &confirm).await.ok()["state"], "running");
    desk.post("/v1/retention/confirm", &confirm).await.refused(409, "run_not_waiting");
    night(&city).await;
    assert_eq!(city.database.count("select count(*) from resident_contact").await, 0);
    let audited = city.audited().await;
    let kinds: Vec<&str> =
        audited.iter().filter_map(|act| act["type"].as_str()).filter(|k| k.starts_with("retention")).collect();
    assert_eq!(kinds, ["retention_confirmed", "retention_ran"]);
    city.stop().await;
}

/// The dry run: `continuum retention`, as docs/personal-data.md shows it.
fn what_an_operator_is_shown(city: &City) {
    let (url, keys) = (city.database.url(), keys_folder());
    let keys = keys.path().to_str().unwrap();
    let environment = [("DATABASE_URL", &*url), ("CONTINUUM_KEYS_DIR", keys), ("CONTINUUM_DATA_DIR", keys)];
    let output = run(&["retention"], &environment);
    assert!(output.status.success(), "{}", said(&output));
    let shown = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = shown.lines().collect();
    let [heading, contacts, texts, rows, most, "", runs, planned] = lines[..] else { panic!("{shown}") };
    assert_eq!(heading, "Kept from the end of a concern     for         due now");
    assert_eq!(contacts, "  how the resident can be reached  6 months          3");
    assert!(texts.starts_with("  what was said and written        12 months  "), "{texts}");
    assert!(rows.starts_with("  the concern and its tickets      36 months  "), "{rows}");
    assert_eq!(most, "More than 2 a night wait until a dispatcher confirms it.");
    assert_eq!(runs, "Run of                state     contacts   texts    rows");
    assert_eq!(planned, "2026-10-03 12:00 UTC  waiting          0       0       0");
}

async fn what_a_wrong_clock_planned_is_not_erased() {
    let city = City::new().await;
    at_most(&city, 2).await;
    cancelled(&city, 3).await;
    let concerns = async || city.database.count("select count(*) from concern where contact_erased_at is null").await;
    let first =
        async |column: &str, table: &str| city.database.count(&format!("select min({column}) from {table}")).await;
    while usecases::feed::place(&city.instance.context).await.unwrap() > 0 {}
    let (feed, audit) = (first("position", "feed").await, first("seq", "audit_entry").await);
    city.clock.set("2031-10-01T12:00:00Z");
    night(&city).await;
    assert_eq!(
        (first("position", "feed").await, first("seq", "audit_entry").await),
        (feed, audit),
        "what belongs to no concern waits with them"
    );
    // Somebody mends the clock, and then does what the alert says.
    city.clock.set("2026-03-20T12:00:00Z");
    let desk = city.dispatcher().await;
    let run = desk.get("/v1/retention").await.ok()["runs"][0].clone();
    assert_eq!((&run["state"], &run["due"]["rows"]), (&json!("waiting"), &json!(3)));
    desk.post("/v1/retention/confirm", &json!({ "run": run["id"] })).await.ok();
    night(&city).await;
    assert_eq!(concerns().await, 3, "they are to be kept by now");
    // Nor does a run that was planned years ahead keep tonight's from being planned.
    at_most(&city, 500).await;
    city.clock.set("2026-10-01T12:00:00Z");
    night(&city).await;
    assert_eq!(concerns().await, 0);
    assert_eq!(city.database.count("select count(*) from concern").await, 3);
    city.stop().await;
}

async fn what_a_backup_brings_back_goes_by_its_age_the_next_night() {
    let city = City::new().await;
    cancelled(&city, 3).await;
    let mut connection = city.database.connection().await;
    let backup = "create table backup as select to_jsonb(r) as kept from resident_contact r";
    sqlx::query(backup).execute(&mut connection).await.unwrap();
    let contacts = async || city.database.count("select count(*) from resident_contact").await;
    assert_eq!(contacts().await, 3);
    city.clock.set("2026-10-01T12:00:00Z");
    night(&city).await;
    assert_eq!(contacts().await, 0);
    for restore in [
        "insert into resident_contact
         select r.* from backup, jsonb_populate_record(null::resident_contact, kept) r",
        "update concern set contact_erased_at = null",
    ] {
        sqlx::query(restore).execute(&mut connection).await.unwrap();
    }
    assert_eq!(contacts().await, 3);
    // More than a night may erase waits for somebody also then.
    at_most(&city, 2).await;
    city.clock.set("2026-10-02T12:00:00Z");
    night(&city).await;
    assert_eq!(contacts().await, 3);
    at_most(&city, 3).await;
    city.clock.set("2026-10-03T12:00:00Z");
    night(&city).await;
    assert_eq!(contacts().await, 0);
    city.stop().await;
}

async fn what_is_written_later_goes_later() {
    let city = City::new().await;
    cancelled(&city, 1).await;
    let texts = async || city.database.count("select count(*) from note where text <> '[effacé]'").await;
    city.clock.set("2027-03-20T12:00:00Z");
    night(&city).await;
    let desk = city.dispatcher().await;
    let ticket = desk.get("/v1/tickets?status=cancelled").await.ok()["items"][0].clone();
    assert_eq!(desk.timeline(&ticket).await.last().unwrap()["type"], "pseudonymised");
    let path = format!("/v1/tickets/{}/notes", ticket["id"].as_str().unwrap());
    desk.post(&path, &json!({ "text": "Mme Petit a rappelé" })).await.created();
    assert_eq!(texts().await, 1);
    city.clock.forward(Duration::days(1));
    night(&city).await;
    assert_eq!(texts().await, 0);
    city.stop().await;
}

async fn several_workers_erase_each_concern_once() {
    let city = City::new().await;
    cancelled(&city, 4).await;
    let second = city.second().await;
    city.clock.set("2029-04-01T12:00:00Z");
    let work = async |cx: &usecases::Context| {
        // A worker whose turn it is not does nothing: it looks again until the night is over.
        while city.database.count("select count(*) from retention_run where state = 'done'").await == 0 {
            keep(cx).await.unwrap();
        }
    };
    let both = async { tokio::join!(work(&city.instance.context), work(&second.context)) };
    tokio::time::timeout(std::time::Duration::from_mins(2), both).await.expect("a night is over within two minutes");
    assert_eq!(city.database.count("select count(*) from concern").await, 0);
    assert_eq!(city.database.count("select count(*) from ticket").await, 0);
    assert_eq!(city.database.count("select count(*) from retention_run where rows = 4 and state = 'done'").await, 1);
    second.stop().await;
    city.stop().await;
}

async fn a_night_that_erases_locks_rows_and_no_table() {
    let city = City::new().await;
    let mut reachable = dumping();
    reachable["resident"] = json!({ "email": "zephyrine@mail.example" });
    let filed = city.agent().await.post("/v1/concerns", &reachable).await.created();
    for ticket in filed["tickets"].as_array().unwrap() {
        city.agent().await.act(ticket, "cancel", &json!({ "note": "Retiré" })).await.ok();
    }
    cancelled(&city, 2).await;
    night(&city).await;
    let mut beside = city.database.connection().await;
    let all = "select string_agg(format('%I', tablename), ', ') from pg_tables where schemaname = current_schema()";
    let all: String = sqlx::query_scalar(all).fetch_one(&mut beside).await.unwrap();
    // Beside this, rows can be written, and no stronger lock of a table can be had.
    let held = format!("begin; lock table {all} in share update exclusive mode");
    beside.execute(AssertSqlSafe(held)).await.unwrap();
    // A lock of a table would be waited for, and fail: at each step of a run, and of what is cleared besides.
    for (day, erased) in [("2026-10-01", "(3,0,0)"), ("2027-04-01", "(0,3,0)"), ("2029-04-01", "(0,0,3)")] {
        city.clock.set(&format!("{day}T12:00:00Z"));
        night(&city).await;
        let run =
            "select (contacts, texts, rows)::text from retention_run where state = 'done' order by id desc limit 1";
        let run: String = sqlx::query_scalar(run).fetch_one(&mut city.database.connection().await).await.unwrap();
        assert_eq!(run, erased, "{day}");
    }
    for left in ["ticket", "resident_contact", "feed where at < '2027-01-01'", "audit_entry where seq = 1"] {
        assert_eq!(city.database.count(&format!("select count(*) from {left}")).await, 0, "{left}");
    }
    beside.execute("rollback").await.unwrap();
    city.stop().await;
}

async fn nothing_else_changes_what_happened() {
    let city = City::new().await;
    city.dumping().await;
    let mut connection = city.database.connection().await;
    for statement in ["update ticket_event set fact = '{}'", "delete from ticket_event"] {
        let error = sqlx::query(statement).execute(&mut connection).await.unwrap_err();
        assert!(error.to_string().contains("never changed"), "{error}");
    }
    // Not even what erases.
    let mut erasing = connection.begin().await.unwrap();
    sqlx::query("set local continuum.erasing = 'on'").execute(&mut *erasing).await.unwrap();
    sqlx::query("update ticket_event set actor = actor").execute(&mut *erasing).await.unwrap();
    for statement in ["update audit_entry set content = content", "delete from audit_entry", "truncate audit_entry"] {
        let error = sqlx::query(statement).execute(&mut *erasing.begin().await.unwrap()).await.unwrap_err();
        assert!(error.to_string().contains("never changed"), "{statement}: {error}");
    }
    city.stop().await;
}
