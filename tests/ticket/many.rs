//! A hundred thousand tickets: every list, search, tab and filter is answered by an index. The plans are read from the log
//! of the server, as they were carried out.
//!
//! With `CONTINUUM_TIMES` set, prints how long the statements of each took: docs/performance.md.

use std::time::Instant;

use sqlx::{AssertSqlSafe, Executor as _, PgConnection};

use crate::support::caller::Caller;
use crate::support::city::City;
use crate::support::database::{Logged, Statements};

crate::tests![every_list_is_answered_by_an_index];

const TICKETS: u32 = 100_000;

/// The tables that grow.
const BIG: [&str; 6] = ["ticket", "ticket_text", "ticket_event", "ticket_figure", "concern", "handover"];

/// The indexes of the table that no constraint needs, as statements that make them anew.
async fn indexes(connection: &mut PgConnection, table: &str) -> Vec<(String, String)> {
    let statement = "select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) from pg_index i
        where i.indrelid = $1::regclass and not exists (select from pg_constraint c where c.conindid = i.indexrelid)";
    sqlx::query_as(statement).bind(table).fetch_all(connection).await.unwrap()
}

/// Fills the city: ten years, most of it closed, as a city's records are.
async fn fill(connection: &mut PgConnection) {
    let mut remade = Vec::new();
    for table in ["concern", "ticket", "ticket_text"] {
        for (name, definition) in indexes(connection, table).await {
            connection.execute(AssertSqlSafe(format!("drop index {name}"))).await.unwrap();
            remade.push(definition);
        }
    }
    connection
        .execute(AssertSqlSafe(format!(
            "set maintenance_work_mem = '256MB'; {}",
            STORY.replace("$N", &TICKETS.to_string())
        )))
        .await
        .unwrap();
    for definition in remade {
        connection.execute(AssertSqlSafe(definition)).await.unwrap();
    }
    let figures = "insert into ticket_figure select * from figures_of(array(select id from ticket order by filed_at))";
    connection.execute(figures).await.unwrap();
    connection.execute("vacuum analyze").await.unwrap();
}

const STORY: &str = "
    create temporary table story as
    select n, ('0199a2c0-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as concern_id,
        ('0199a2c0-0001-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as ticket_id,
        timestamptz '2026-03-10T08:00:00Z' - ($N - n) * interval '50 minutes' as filed_at,
        (array['cafe', 'patrol', 'patrol', 'patrol', 'town_hall_desk', 'phone', 'phone'])[1 + n % 7] as origin,
        (select array_agg(code order by code) from service)[1 + (n * 13 + n / 7) % 16] as service_code,
        (select array_agg(code order by code) from category where parent_code is not null)[1 + (n * 31 + n / 9) % 29] as category_code,
        (array['closed', 'submitted', 'acknowledged', 'scheduled', 'in_progress', 'on_hold', 'refused', 'resolved', 'cancelled'])
            [1 + case when n % 100 < 84 and n < $N * 0.97 then 0 else n % 9 end] as state,
        (array['normal', 'normal', 'normal', 'normal', 'normal', 'low', 'high'])[1 + n % 7] as priority,
        case when n % 20 = 0 then 'restricted' else 'standard' end as sensitivity,
        49.86 + (n * 7919 % 10007) / 10007.0 * 0.07 as lat, 2.23 + (n * 104729 % 10009) / 10009.0 * 0.12 as lon,
        jsonb_build_object('secteurs', (array['nord', 'est', 'sud', 'ouest', 'centre'])[1 + n % 5],
            'quartiers', 'quartier-' || n % 37) as areas,
        (select array_agg(id order by id) from user_account where 'agent' = any(roles))[1 + n % 3] as referrer_id,
        (n % 211 + 1) || ' ' || (array['rue', 'avenue', 'place', 'allée'])[1 + n % 4] || ' '
            || (array['du Pigeonnier', 'Saint-Leu', 'de la République', 'du Château', 'Jules-Verne', 'des Otages'])[1 + n / 3 % 6]
            as address,
        (array['Un matelas', 'Des sacs éventrés', 'Un lampadaire éteint', 'Une ornière profonde', 'Du bruit la nuit',
            'Une voiture ventouse', 'Des tags', 'Un arbre tombé'])[1 + n / 5 % 8] || ' '
            || (array['au pied du mur', 'devant l’école', 'près de l’arrêt', 'sur le trottoir', 'dans le parc'])[1 + n / 7 % 5]
            || ', signalé par plusieurs habitants ' || (array['hier', 'ce matin', 'depuis des semaines'])[1 + n % 3]
            || case when n % 5000 = 0 then ' avec un hippocampe' else '' end as description
    from generate_series(1, $N::bigint) n;
    insert into cafe (id, title, state, lat, lon, areas, starts_at, ends_at, planned_by, version, changed_at)
    select '0199a2c0-0002-7000-8000-000000000001', 'Café', 'held', 49.9, 2.3, '{}', '2026-01-01', '2026-01-02', id, 1, '2026-01-01'
    from user_account limit 1;
    insert into concern (id, origin, cafe_id, category_code, outcome, description, lat, lon, address, areas, referrer_id, filed_at)
    select concern_id, origin, case origin when 'cafe' then '0199a2c0-0002-7000-8000-000000000001'::uuid end, category_code,
        'referred', description, lat, lon, address, areas, referrer_id, filed_at
    from story;
    insert into ticket (id, reference, version, state, concern_id, cafe_id, category_code, service_code, priority, sensitivity,
        hidden_from_referrer, referrer_id, lat, lon, address, areas, sent, handovers, filed_at, resolved_at, closed_at, ack_due_at,
        resolve_due_at, closure_reason, origin, handed_over_at, reopened, assignee_id)
    select ticket_id, 'AMI-16-' || lpad(n::text, 6, '0'), 2, state, concern_id,
        case origin when 'cafe' then '0199a2c0-0002-7000-8000-000000000001'::uuid end, category_code, service_code,
        case when n % 997 = 0 then 'urgent' else priority end, sensitivity, false, referrer_id, lat, lon, address, areas,
        '{\"rule\": \"reste\", \"version\": 1, \"because\": []}', 1, filed_at,
        case when state in ('resolved', 'closed') then filed_at + interval '8 days' end,
        case state when 'closed' then filed_at + interval '9 days' end, filed_at + interval '2 days',
        filed_at + interval '10 days', case when state in ('closed', 'resolved') then 'work_done' end, origin, filed_at,
        case when n % 301 = 0 then 1 else 0 end,
        case when n % 3 = 0 then (select id from user_account where email like 'amelie.petit@%') end
    from story;
    update ticket set origin = 'email' where reference like '%50';
    update ticket t set duplicate_of = o.ticket_id from story s join story o on o.n = s.n - 1
    where t.id = s.ticket_id and s.n % 500 = 0 and t.state = 'closed';
    insert into ticket_event (ticket_id, version, id, at, actor, fact)
    select ticket_id, v, gen_random_uuid(), filed_at, '{\"type\": \"system\"}', '{\"type\": \"started\"}'
    from story, generate_series(1, 2) v;
    drop table story;";

/// The big tables that a plan reads from beginning to end.
fn read_whole(plans: &str) -> Vec<&str> {
    let scans = plans.split("Seq Scan on ").skip(1);
    let tables = scans.filter_map(|rest| rest.split_whitespace().next());
    tables.filter(|table| BIG.contains(table)).collect()
}

/// What is asked for by everybody.
const QUERIES: [&str; 48] = [
    "",
    "status=submitted",
    "status=closed",
    "status=submitted&status=acknowledged&status=refused",
    "status=submitted&sort=ack_due_at",
    "status=in_progress&sort=-priority",
    "service=proprete",
    "service=proprete&status=submitted",
    "service=eau&service=voirie&status=closed",
    "organisation=amiens-metropole",
    "category=illegal_dumping",
    "category=illegal_dumping&status=submitted",
    "area=secteurs:nord",
    "area=quartiers:quartier-7",
    "area=quartiers:nowhere",
    "area=quartiers:quartier-7&status=submitted&sort=-priority",
    "cafe=0199a2c0-0002-7000-8000-000000000001",
    "cafe=0199a2c0-0002-7000-8000-000000000002",
    "origin=email",
    "origin=open311",
    "origin=patrol&status=closed",
    "priority=urgent",
    "priority=high&priority=urgent&late=true",
    "late=true",
    "late=false",
    "late=true&sort=resolve_due_at",
    "due_before=2026-03-11T09:00:00Z",
    "filed_from=2020-01-01T00:00:00Z&filed_before=2020-02-01T00:00:00Z",
    "assignee=me",
    "assignee=none&status=submitted",
    "referrer=me",
    "bbox=2.29,49.89,2.295,49.893",
    "bbox=2.0,49.0,3.0,50.0",
    "near=49.894,2.302&radius=100",
    "near=49.894,2.302&radius=5000&status=submitted",
    "has_duplicates=true",
    "has_duplicates=false",
    "reopened=true",
    "reopened=false&sort=filed_at",
    "q=matelas",
    "q=hippocampes",
    "q=hipocanpe",
    "q=AMI-16-4711",
    "q=matelas+pigeonnier&status=submitted",
    "q=habitants&sort=relevance",
    "sort=ack_due_at",
    "sort=resolve_due_at",
    "sort=-priority",
];

/// What maps ask for: what the public may know.
const ON_MAPS: [&str; 9] = [
    "",
    "limit=1000",
    "status=open",
    "status=closed",
    "category=illegal_dumping",
    "area_secteurs=nord",
    "bbox=2.29,49.89,2.295,49.893&limit=1000",
    "bbox=2.0,49.0,3.0,50.0",
    "datetime=2020-01-01T00:00:00Z/2020-02-01T00:00:00Z",
];

/// What is counted, and whether its tickets are read for it beside their figures.
const COUNTED: [(&str, bool); 3] = [
    ("group_by=service&filed_from=2020-01-01T00:00:00Z&filed_before=2020-02-01T00:00:00Z", false),
    (
        "group_by=area:secteurs&category=illegal_dumping&filed_from=2020-01-01T00:00:00Z&filed_before=2020-04-01T00:00:00Z",
        false,
    ),
    ("group_by=service&status=refused&filed_from=2020-01-01T00:00:00Z&filed_before=2020-02-01T00:00:00Z", true),
];

/// How long the statements took that these plans are of, in milliseconds.
fn milliseconds(plans: &str) -> f64 {
    let durations = plans.split("duration: ").skip(1).filter_map(|rest| rest.split_once(" ms"));
    durations.map(|(took, _)| took.parse::<f64>().unwrap()).sum()
}

/// What the log tells of the plans of what was asked for since.
fn plans(statements: &mut Statements) -> String {
    statements.news().iter().filter(|entry| entry.plan().is_some()).map(Logged::text).collect()
}

/// Asks for a path, so many times; the statements' shortest time, and the plans of the last.
async fn ask(who: &Caller, log: &mut Statements, path: &str, times: u32) -> (f64, String) {
    let (mut best, mut last) = (f64::INFINITY, String::new());
    for _ in 0..times {
        log.news();
        who.get(path).await.is(200);
        last = plans(log);
        best = best.min(milliseconds(&last));
    }
    (best, last)
}

/// How many rows the step of a plan gives that gives most.
fn most_rows(plans: &str) -> u64 {
    let steps = plans.split("(actual rows=").skip(1).filter_map(|rest| rest.split_once(')'));
    let rows = steps.filter_map(|(step, _)| step.split_once(" loops="));
    rows.map(|(rows, loops)| rows.parse::<u64>().unwrap() * loops.parse::<u64>().unwrap()).max().unwrap_or_default()
}

/// A search walks back through days, months and years: page by page, nothing is left out or told twice on the way.
async fn the_last_filed_come_first(
    who: &Caller,
    connection: &mut PgConnection,
    words: &str,
    written: &str,
    limit: usize,
    most: usize,
) {
    let statement = "select t.reference from ticket t join concern c on c.id = t.concern_id
        where c.description ilike $1 order by t.filed_at desc, t.id desc limit $2";
    let expected = sqlx::query_scalar(statement).bind(written).bind(i64::try_from(most).unwrap());
    let expected: Vec<String> = expected.fetch_all(connection).await.unwrap();
    assert_eq!(expected.len(), most);
    let (mut found, mut query) = (Vec::new(), format!("q={words}&limit={limit}"));
    while found.len() < most {
        let page = who.get(&format!("/v1/tickets?{query}")).await.ok();
        found.extend(
            page["items"].as_array().unwrap().iter().map(|ticket| ticket["reference"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next_cursor"].as_str() else { break };
        query = format!("q={words}&limit={limit}&cursor={next}");
    }
    assert!(found.starts_with(&expected), "{words}: {found:?}");
}

fn times() -> bool {
    std::env::var_os("CONTINUUM_TIMES").is_some()
}

async fn every_list_is_answered_by_an_index() {
    let city = City::new().await;
    let mut connection = city.database.connection().await;
    let began = Instant::now();
    fill(&mut connection).await;
    if times() {
        eprintln!("filled in {:.1?}", began.elapsed());
    }
    // From its next connection on, a session of this database tells its plans, with what they took.
    let Some(mut log) = Statements::logged(&city.database).await else { return city.stop().await };
    let explain = format!(
        "alter database {0} set auto_explain.log_analyze = on;
         alter database {0} set auto_explain.log_timing = off",
        city.database.name
    );
    connection.execute(AssertSqlSafe(explain)).await.unwrap();
    let other = city.second_with(|config| config.metrics_listen = Some("127.0.0.1:0".to_owned())).await;
    let dispatcher = city.login("nadia.fournier").await.at(&other.base_url);
    for (words, written, limit, most) in [("hippocampe", "%hippocampe%", 3, 20), ("matelas", "%matelas%", 200, 2_000)] {
        the_last_filed_come_first(&dispatcher, &mut connection, words, written, limit, most).await;
    }
    let mut wrong = Vec::new();
    for (who, name) in [("dispatcher", "nadia.fournier"), ("agent", "claire.delattre"), ("service", "amelie.petit")] {
        let caller = city.login(name).await.at(&other.base_url);
        let mut paths: Vec<String> = QUERIES.iter().map(|query| format!("/v1/tickets?{query}")).collect();
        let counted = QUERIES.iter().filter(|query| !query.contains("sort"));
        paths.extend(counted.map(|query| format!("/v1/tickets/counts?{query}")));
        // A page far down.
        let first = caller.get("/v1/tickets?limit=200").await.ok();
        paths.push(format!("/v1/tickets?cursor={}", first["next_cursor"].as_str().unwrap()));
        paths.push("/v1/tickets/export?format=ndjson&status=submitted".to_owned());
        for path in paths {
            let (took, plans) = ask(&caller, &mut log, &path, if times() { 6 } else { 1 }).await;
            assert!(plans.contains("Scan"), "the plans of {path} are not in the log: {plans}");
            if times() {
                eprintln!("| {who} | `{path}` | {took:.1} |");
            }
            let whole = read_whole(&plans);
            if !whole.is_empty() {
                wrong.push(format!("{who} {path} reads the whole of {whole:?}:\n{plans}"));
            }
        }
    }
    let stranger = city.stranger().at(&other.base_url);
    let items = "/ogc/collections/tickets/items";
    let first = stranger.get(&format!("{items}?limit=1000")).await.ok();
    let next = first["links"].as_array().unwrap().iter().find(|link| link["rel"] == "next").unwrap();
    let next = next["href"].as_str().unwrap().rsplit_once('?').unwrap().1.to_owned();
    for query in ON_MAPS.iter().copied().chain([next.as_str()]) {
        // Often enough that PostgreSQL would keep a plan for any values.
        let (took, plans) = ask(&stranger, &mut log, &format!("{items}?{query}"), 6).await;
        if times() {
            eprintln!("| public | `{items}?{query}` | {took:.1} |");
        }
        let whole = read_whole(&plans);
        if !whole.is_empty() || !plans.contains("Scan") {
            wrong.push(format!("{items}?{query} reads the whole of {whole:?}:\n{plans}"));
        }
        // A page, what happened to what is on it, and what is passed over.
        let most = most_rows(&plans);
        if !(1..20_000).contains(&most) {
            wrong.push(format!("{items}?{query} reads {most} rows:\n{plans}"));
        }
    }
    for (query, beside) in COUNTED {
        let (took, plans) = ask(&dispatcher, &mut log, &format!("/v1/stats/tickets?{query}"), 1).await;
        if times() {
            eprintln!("| dispatcher | `/v1/stats/tickets?{query}` | {took:.1} |");
        }
        let whole = read_whole(&plans);
        if !whole.is_empty() || !plans.contains("ticket_figure_") || plans.contains(" on ticket ") != beside {
            wrong.push(format!("{query}, tickets beside: {beside}, reads the whole of {whole:?}:\n{plans}"));
        }
    }
    log.news();
    let page = reqwest::get(other.metrics_url.as_deref().unwrap()).await.unwrap().text().await.unwrap();
    let late =
        page.split("continuum_tickets_late{clock=\"resolve\"} ").nth(1).and_then(|rest| rest.lines().next()).unwrap();
    assert!(late.parse::<u32>().unwrap() > 1000, "{late}");
    let plans = plans(&mut log);
    if times() {
        eprintln!("| scraper | `/metrics` | {:.1} |", milliseconds(&plans));
    }
    if !read_whole(&plans).is_empty() || !plans.contains("audit_seal") {
        wrong.push(format!("the metrics page reads the whole of {:?}:\n{plans}", read_whole(&plans)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    other.stop().await;
    city.stop().await;
}
