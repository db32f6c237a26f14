//! Many tickets: figures are still what the events say, a rebuild finds the same. With `CONTINUUM_TIMES` set, there are two
//! hundred thousand, and it prints how long things took: docs/performance.md. With `CONTINUUM_REPORT` set, the report of a year is
//! written into that file, to be looked at.

use std::time::Instant;

use reqwest::Method;
use sqlx::{AssertSqlSafe, Executor as _};

use super::keep;
use super::recount::{recount, stories};
use crate::support::city::City;

crate::tests![many_tickets_are_counted_and_counted_again];

/// Five years, in which most was settled.
const STORY: &str = "
    set maintenance_work_mem = '256MB';
    create temporary table story as
    select n, gen_random_uuid() as concern_id, gen_random_uuid() as ticket_id, n % 11 as turn,
        timestamptz '2026-03-10T08:00:00Z' - ($N - n) * (interval '1800 days' / $N) as filed_at,
        (array['cafe', 'patrol', 'patrol', 'town_hall_desk', 'phone'])[1 + n % 5] as origin,
        (select array_agg(code order by code) from service)[1 + (n * n % 113 + n / 7) % 16] as service_code,
        (select array_agg(code order by code) from category where parent_code is not null)[1 + (n * n % 61 + n / 9) % 29]
            as category_code,
        (select array_agg(id order by id) from user_account where 'agent' = any(roles))[1 + n % 3] as referrer_id,
        jsonb_build_object('secteurs', (array['nord', 'nord', 'est', 'sud', 'ouest', 'centre'])[1 + n * n % 31 % 6]) as areas,
        interval '1 hour' * (2 + n * 37 % 90) as answered, interval '1 hour' * (30 + n * 53 % 900) as settled
    from generate_series(1, $N::bigint) n;
    insert into cafe (id, title, state, lat, lon, areas, starts_at, ends_at, planned_by, version, changed_at)
    select gen_random_uuid(), 'Café avec un policier, n° ' || m, 'held', 49.9, 2.3,
        jsonb_build_object('secteurs', (array['nord', 'est', 'sud', 'ouest', 'centre'])[1 + m % 5]), at, at + interval '3 hours',
        (select min(id::text)::uuid from user_account), 1, at
    from (select m, timestamptz '2021-06-01T08:00:00Z' + m * interval '70 days' as at from generate_series(0, 24) m) held;
    insert into concern (id, origin, cafe_id, category_code, outcome, description, lat, lon, areas, referrer_id, filed_at)
    select s.concern_id, s.origin, case s.origin when 'cafe' then c.id end, s.category_code, 'referred', 'Un matelas', 49.9, 2.3,
        s.areas, s.referrer_id, s.filed_at
    from story s
    join (select id, row_number() over (order by starts_at) as m from cafe) c on c.m = 1 + (s.n * 25 - 1) / $N;
    insert into ticket (id, reference, version, state, concern_id, category_code, service_code, priority, sensitivity,
        hidden_from_referrer, referrer_id, lat, lon, areas, sent, handovers, filed_at, received_at, acknowledged_at, resolved_at,
        closed_at, ack_due_at, resolve_due_at, closure_reason, origin, handed_over_at)
    select ticket_id, 'AMI-16-' || lpad(n::text, 6, '0'), 4, case when turn < 9 then 'closed' when turn = 9 then 'acknowledged' else 'submitted' end,
        concern_id, category_code, service_code, 'normal', 'standard', false, referrer_id, 49.9, 2.3, areas,
        '{\"rule\": \"reste\", \"version\": 1, \"because\": []}', 1, filed_at, filed_at,
        case when turn < 10 then filed_at + answered end, case when turn < 9 then filed_at + settled + answered end,
        case when turn < 9 then filed_at + settled + answered + interval '14 days' end, filed_at + interval '3 days',
        filed_at + interval '20 days',
        case when turn < 6 then 'work_done' when turn < 8 then 'nothing_found' when turn = 8 then 'information_given' end, origin, filed_at
    from story;
    insert into ticket_event (ticket_id, version, id, at, actor, fact)
    select ticket_id, 1, gen_random_uuid(), filed_at, '{\"type\": \"system\"}'::jsonb,
        jsonb_build_object('type', 'submitted', 'service', service_code)
    from story
    union all
    select ticket_id, 2, gen_random_uuid(), filed_at + answered, '{\"type\": \"system\"}', '{\"type\": \"acknowledged\"}'
    from story where turn < 10
    union all
    select ticket_id, 3, gen_random_uuid(), filed_at + settled + answered, '{\"type\": \"system\"}',
        jsonb_build_object('type', 'resolved', 'closure_reason',
            case when turn < 6 then 'work_done' when turn < 8 then 'nothing_found' else 'information_given' end)
    from story where turn < 9
    union all
    select ticket_id, 4, gen_random_uuid(), filed_at + settled + answered + interval '14 days', '{\"type\": \"system\"}', '{\"type\": \"closed\"}'
    from story where turn < 9;
    insert into handover (ticket_id, number, service_code, sent_at, received_at, answered_at, answer, answered_by, answered_after, ended_at)
    select ticket_id, 1, service_code, filed_at, filed_at, case when turn < 10 then filed_at + answered end,
        case when turn < 10 then 'accepted' end, case when turn < 10 then '{\"type\": \"system\"}'::jsonb end,
        case when turn < 10 then extract(epoch from answered)::bigint / 3 end, case when turn < 9 then filed_at + settled end
    from story;
    insert into outbox (id, lane, kind, recipient, ticket_id, event_version, due_at, state, finished_at)
    select gen_random_uuid(), 'ticket:' || ticket_id, 'outcome', jsonb_build_object('type', 'resident', 'concern', concern_id),
        ticket_id, 3, filed_at, case when n % 20 = 0 then 'dead' else 'sent' end, filed_at
    from story where turn < 9 and n % 3 = 0;
    drop table story;
    analyze";

async fn many_tickets_are_counted_and_counted_again() {
    let timed = std::env::var_os("CONTINUUM_TIMES").is_some();
    let tickets = if timed { 200_000 } else { 3000 };
    let city = City::new().await;
    let mut connection = city.database.connection().await;
    connection.execute(AssertSqlSafe(STORY.replace("$N", &tickets.to_string()))).await.unwrap();
    let tell = |what: &str, began: Instant| {
        if timed {
            eprintln!("{what}: {} ms", began.elapsed().as_millis());
        }
    };
    let began = Instant::now();
    keep(&city).await;
    tell("the queue, by the worker", began);
    connection.execute("vacuum analyze ticket_figure, figure_due, ticket").await.unwrap();
    let began = Instant::now();
    let rebuilt = usecases::statistics::rebuild(&city.instance.context).await.unwrap();
    tell("a rebuild", began);
    assert_eq!(rebuilt, (tickets, 0));
    let (dispatcher, auditor) = (city.dispatcher().await, city.auditor().await);
    let year = "filed_from=2024-12-31T23:00:00Z&filed_before=2025-12-31T23:00:00Z";
    for (who, query) in [
        (&dispatcher, format!("group_by=service&{year}")),
        (&auditor, format!("group_by=service&{year}")),
        (&dispatcher, format!("group_by=area:secteurs&{year}")),
        (&dispatcher, format!("group_by=month&{year}&service=proprete")),
        (&dispatcher, "group_by=service".to_owned()),
    ] {
        let mut best = u128::MAX;
        for _ in 0..5 {
            let began = Instant::now();
            who.get(&format!("/v1/stats/tickets?{query}")).await.ok();
            best = best.min(began.elapsed().as_millis());
        }
        if timed {
            eprintln!("{query}: {best} ms");
        }
    }
    let began = Instant::now();
    let request = auditor.request(Method::GET, "/v1/stats/reports/2025").header("Accept", "text/html");
    let page = auditor.send(request).await;
    page.is(200);
    tell("the report of a year", began);
    if let Some(file) = std::env::var_os("CONTINUUM_REPORT") {
        std::fs::write(file, &page.text).unwrap();
    }
    if !timed {
        let total = dispatcher.get("/v1/stats/tickets").await.ok()["total"].clone();
        assert_eq!(total, recount(&stories(&mut connection).await));
    }
    city.stop().await;
}
