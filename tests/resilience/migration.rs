//! Migrations that are broken off, and those that find rows.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection};
use tempfile::TempDir;

use crate::statistics::keep;
use crate::support::city::City;
use crate::support::database::{Database, root};
use crate::support::program::{command, keys_folder, run, said};

crate::tests![
    a_migration_that_was_killed_is_run_again_and_leaves_what_one_run_leaves,
    figures_of_earlier_versions_are_widened_as_this_one_counts_them,
    tables_that_grow_are_looked_at_after_a_fiftieth,
];

/// Every column, constraint, index, function and trigger of the schema.
async fn shape(database: &Database) -> Vec<String> {
    let query = "select format('%s.%s %s %s', table_name, column_name, data_type, is_nullable)
            from information_schema.columns where table_schema = 'continuum'
        union all select format('%s %s', conrelid::regclass, pg_get_constraintdef(oid))
            from pg_constraint where connamespace = 'continuum'::regnamespace
        union all select indexdef from pg_indexes where schemaname = 'continuum'
        union all select pg_get_functiondef(oid)
            from pg_proc where pronamespace = 'continuum'::regnamespace and prokind in ('f', 'p')
        union all select format('%s %s', pg_get_triggerdef(t.oid), tgenabled)
            from pg_trigger t join pg_class c on c.oid = tgrelid
            where relnamespace = 'continuum'::regnamespace and not tgisinternal
        union all select format('%s %s', version, success) from _sqlx_migrations order by 1";
    sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(&mut database.connection().await).await.unwrap()
}

fn environment(database: &Database, keys: &TempDir) -> [(&'static str, String); 2] {
    [("DATABASE_URL", database.url()), ("CONTINUUM_KEYS_DIR", keys.path().display().to_string())]
}

/// Runs the migrations of a database to their end. Returns how long they took.
fn migrate(database: &Database, keys: &TempDir) -> Duration {
    let environment = environment(database, keys);
    let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let began = Instant::now();
    let done = run(&["migrate"], &environment);
    assert!(done.status.success(), "{}", said(&done));
    began.elapsed()
}

/// Begins to run the migrations, and kills that later and later, up to so long. How often it was killed at work.
fn kill(database: &Database, keys: &TempDir, longest: Duration) -> usize {
    let environment = environment(database, keys);
    let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let killed = (1..20_u32).filter(|part| {
        let mut begun =
            command(&["migrate"], &environment).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(longest * *part / 20);
        let at_work = begun.try_wait().unwrap().is_none();
        begun.kill().unwrap();
        begun.wait().unwrap();
        at_work
    });
    killed.count()
}

async fn a_migration_that_was_killed_is_run_again_and_leaves_what_one_run_leaves() {
    let (interrupted, whole, keys) = (Database::empty().await, Database::empty().await, keys_folder());
    let usual = migrate(&whole, &keys);
    let killed = kill(&interrupted, &keys, usual);
    assert!(killed > 3, "it was never killed at work: {killed}");
    let took = migrate(&interrupted, &keys);
    assert!(took < usual + Duration::from_secs(20), "{took:?} instead of {usual:?}");
    assert_eq!(shape(&interrupted).await, shape(&whole).await);
}

/// Runs the migrations up to one, on a connection to the schema.
async fn migrate_to(last: i64, connection: &mut PgConnection) {
    let all = Migrator::new(root().join("migrations")).await.unwrap();
    let earlier = all.iter().filter(|migration| migration.version <= last).cloned().collect();
    Migrator::with_migrations(earlier).run(connection).await.unwrap();
}

/// The rows of a table.
async fn rows(connection: &mut PgConnection, table: &str, key: &str) -> Value {
    let all = format!("select coalesce(jsonb_agg(to_jsonb(t) order by {key}), '[]') from {table} t");
    sqlx::query_scalar(AssertSqlSafe(all)).fetch_one(connection).await.unwrap()
}

/// Puts rows into a table that has, among others, its columns.
async fn put(connection: &mut PgConnection, table: &str, rows: &Value) {
    let columns = "select string_agg(column_name, ', ') from information_schema.columns
        where table_schema = 'continuum' and table_name = $1 and is_generated = 'NEVER'";
    let columns: String = sqlx::query_scalar(columns).bind(table).fetch_one(&mut *connection).await.unwrap();
    let put =
        format!("insert into {table} ({columns}) select {columns} from jsonb_populate_recordset(null::{table}, $1)");
    sqlx::query(AssertSqlSafe(put)).bind(rows).execute(connection).await.unwrap();
}

/// Migrations 0060 and 0061.
async fn figures_of_earlier_versions_are_widened_as_this_one_counts_them() {
    let city = City::new().await;
    let (agent, proprete, dispatcher) = (city.agent().await, city.proprete().await, city.dispatcher().await);
    city.dumping().await;
    proprete.refuse(&city.dumping().await).await.ok();
    let resolved = proprete.resolve(&proprete.acknowledge(&city.dumping().await).await.ok()).await.ok();
    dispatcher.close(&resolved).await.ok();
    agent.act(&city.dumping().await, "cancel", &json!({ "note": "Retiré" })).await.ok();
    let mut restricted = crate::support::city::dumping();
    restricted["category"] = json!("neighbour_dispute");
    agent.post("/v1/concerns", &restricted).await.created();
    city.drain().await;
    keep(&city).await;
    let (old, keys) = (Database::empty().await, keys_folder());
    let (mut new, mut before) = (city.database.connection().await, old.connection().await);
    let (tickets, figures) = (rows(&mut new, "ticket", "id").await, rows(&mut new, "ticket_figure", "ticket_id").await);
    assert!(figures.as_array().unwrap().len() > 4, "{figures}");

    before.execute("create schema continuum").await.unwrap();
    migrate_to(59, &mut before).await;
    // Of all that a ticket names, nothing is looked at.
    let foreign = "select string_agg(format('drop constraint %I', conname), ', ') from pg_constraint
        where conrelid = 'ticket'::regclass and contype = 'f'";
    let foreign: String = sqlx::query_scalar(foreign).fetch_one(&mut before).await.unwrap();
    before.execute(AssertSqlSafe(format!("alter table ticket {foreign}"))).await.unwrap();
    put(&mut before, "ticket", &tickets).await;
    put(&mut before, "ticket_figure", &figures).await;
    before.execute("delete from figure_due").await.unwrap();
    migrate_to(60, &mut before).await;
    // While the former was copying, areas were made to fit.
    let moved = tickets[0]["id"].as_str().unwrap();
    let meanwhile = format!(
        "alter table ticket disable trigger user;
         update ticket set areas = '{{\"secteurs\": \"sud\"}}' where id = '{moved}';
         alter table ticket enable trigger user"
    );
    before.execute(AssertSqlSafe(meanwhile)).await.unwrap();
    // Killed while there are rows, too, it leaves what one run leaves.
    let whole = migrate(&Database::empty().await, &keys);
    assert!(kill(&old, &keys, whole / 5) > 3);
    migrate(&old, &keys);
    let states = "select jsonb_agg(jsonb_build_array(id, state, version) order by id) from ticket";
    let states = async |connection: &mut PgConnection| -> Value {
        sqlx::query_scalar(states).fetch_one(connection).await.unwrap()
    };
    assert_eq!(states(&mut before).await, states(&mut new).await);
    assert_eq!(rows(&mut before, "ticket_figure", "ticket_id").await, figures);
    let due = rows(&mut before, "figure_due", "seq").await;
    assert_eq!((&due[0]["ticket_id"], due.as_array().unwrap().len()), (&json!(moved), 1));
    city.stop().await;
}

/// Migrations 0044 and 0069: on average, one in fifty tickets is filed within weeks, whatever the size of the city.
async fn tables_that_grow_are_looked_at_after_a_fiftieth() {
    let database = Database::cloned().await;
    let set = "select relname || ': ' || array_to_string(reloptions, ', ') from pg_class
        where relnamespace = 'continuum'::regnamespace and reloptions is not null and relkind = 'r' order by relname";
    let set: Vec<String> = sqlx::query_scalar(set).fetch_all(&mut database.connection().await).await.unwrap();
    let (vacuum, analyze) = ("autovacuum_vacuum_scale_factor=0.02", "autovacuum_analyze_scale_factor=0.02");
    let changes = |table: &str| format!("{table}: {vacuum}, {analyze}");
    let grows = |table: &str| format!("{table}: {analyze}");
    let expected = [
        grows("concern"),
        grows("feed"),
        changes("handover"),
        changes("outbox"),
        changes("ticket"),
        grows("ticket_event"),
        format!("ticket_figure: {vacuum}, autovacuum_analyze_scale_factor=0.05"),
        grows("ticket_text"),
    ];
    assert_eq!(set, expected);
}
