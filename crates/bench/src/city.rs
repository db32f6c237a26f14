//! Fills a city: rows are copied into tables without indexes, what is derived from them is derived, and then the indexes are
//! made as the migrations made them.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use anyhow::{Result, anyhow};
use chrono::{DateTime, Utc};
use domain::city::City;
use futures_util::future::try_join_all;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use uuid::Uuid;

use crate::people;
use crate::rows::Rows;
use crate::say;
use crate::server::Database;
use crate::story::{Teller, ticket_id};

/// How many tickets are copied at once.
const BATCH: u32 = 20_000;

/// Neither triggers nor foreign keys: everything that they would see to is seen to here.
const AS_COPIED: &str = "
    set session_replication_role = replica; set synchronous_commit = off;
    set maintenance_work_mem = '512MB'; set work_mem = '256MB'";

/// Tables whose indexes are made at the end.
const FILLED: [&str; 7] = ["concern", "ticket", "ticket_event", "handover", "outbox", "feed", "ticket_text"];

/// What follows from the rows of some tickets that were copied: as the triggers have it, which did not see them.
const TEXTS: &str = "
    insert into ticket_text (ticket_id, part, source_id, body, words)
    select t.id, 'concern', c.id, fold(b.written), stems(b.written) || filed_in(t.filed_at)
    from ticket t join concern c on c.id = t.concern_id
    cross join lateral (select ticket_body(t.reference, c.address, c.description) as written) b
    where t.id = any ($1)";
/// And as the worker has it.
const FIGURES: &str = "insert into ticket_figure select * from figures_of($1)";

/// What follows from all of them.
const DERIVED: [&str; 3] = [
    "insert into feed (position, id, type, at, ticket_id, version, state, services, category_code, areas, secrecy)
     select row_number() over (order by e.at, e.id), e.id, 'ticket.' || (e.fact ->> 'type'), e.at, t.id, e.version, t.state,
         array[t.service_code], t.category_code, t.areas, secrecy_of(t.sensitivity, t.hidden_from_referrer)
     from ticket_event e join ticket t on t.id = e.ticket_id where e.at > now() - interval '1 year'",
    "update feed_head set position = (select coalesce(max(position), 0) from feed)",
    "select setval('ticket_number', (select count(*) from ticket))",
];

/// The folder of the city that is measured.
pub(crate) fn files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cities/amiens")
}

/// Makes a city of so many tickets.
pub(crate) async fn make(database: &Database, tickets: u32) -> Result<()> {
    let began = Instant::now();
    database.command(&["migrate"])?;
    let files = files();
    database.command(&["city", "load", &files.display().to_string()])?;
    let city = continuum::city::read(&files).map_err(|faults| anyhow!("{faults:?}"))?;
    let mut connection = database.connection().await?;
    let referrers = people::add(&mut connection, &files).await?;
    connection.execute(AS_COPIED).await?;
    let definitions = take_indexes(&mut connection).await?;
    copy(&mut connection, &city, &referrers, tickets).await?;
    say(format_args!("{tickets} tickets: copied after {:.0?}", began.elapsed()));
    connection.execute("analyze").await?;
    for statement in DERIVED {
        connection.execute(statement).await?;
    }
    derive(database, TEXTS, tickets).await?;
    for definition in definitions {
        connection.execute(AssertSqlSafe(definition)).await?;
    }
    derive(database, FIGURES, tickets).await?;
    connection.execute("vacuum analyze").await?;
    connection.execute("checkpoint").await?;
    say(format_args!("{tickets} tickets: made after {:.0?}", began.elapsed()));
    Ok(())
}

/// Drops the indexes that no constraint needs. Returns the statements that make them anew.
async fn take_indexes(connection: &mut PgConnection) -> Result<Vec<String>> {
    let statement = "select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) from pg_index i
        where i.indrelid = any ($1::text[]::regclass[])
            and not exists (select from pg_constraint c where c.conindid = i.indexrelid)";
    let indexes: Vec<(String, String)> =
        sqlx::query_as(statement).bind(FILLED.map(str::to_owned).to_vec()).fetch_all(&mut *connection).await?;
    let mut definitions = Vec::new();
    for (name, definition) in indexes {
        connection.execute(AssertSqlSafe(format!("drop index {name}"))).await?;
        definitions.push(definition);
    }
    Ok(definitions)
}

/// Has a statement run for all tickets, some at a time, by as many connections as there are processors.
async fn derive(database: &Database, statement: &'static str, tickets: u32) -> Result<()> {
    let share = |processor: usize, processors: usize| async move {
        let mut connection = database.connection().await?;
        connection.execute(AS_COPIED).await?;
        for first in (1..=tickets).step_by(BATCH as usize).skip(processor).step_by(processors) {
            let ids: Vec<Uuid> = (first..=tickets.min(first + BATCH - 1)).map(ticket_id).collect();
            sqlx::query(statement).bind(ids).execute(&mut connection).await?;
        }
        anyhow::Ok(connection.close().await?)
    };
    let processors = thread::available_parallelism()?.get();
    try_join_all((0..processors).map(|processor| share(processor, processors))).await?;
    Ok(())
}

/// In one transaction: `pgbench` changes any ticket with what one request saw, and that is unchanged if the same transaction wrote
/// it (`xmin`).
async fn copy(connection: &mut PgConnection, city: &City, referrers: &[Uuid], tickets: u32) -> Result<()> {
    connection.execute("begin").await?;
    let now: DateTime<Utc> = sqlx::query_scalar("select now()").fetch_one(&mut *connection).await?;
    let mut teller = Teller::new(city, tickets, now);
    for first in (1..=tickets).step_by(BATCH as usize) {
        let mut rows = Rows::default();
        for number in first..=tickets.min(first + BATCH - 1) {
            rows.add(&teller.tell(number)?, city, referrers)?;
        }
        for (table, columns, rows) in rows.tables() {
            let mut copy = connection.copy_in_raw(&format!("copy {table} ({columns}) from stdin")).await?;
            copy.send(rows.into_bytes()).await?;
            copy.finish().await?;
        }
    }
    connection.execute("commit").await?;
    Ok(())
}
