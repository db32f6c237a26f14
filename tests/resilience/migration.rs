//! Migrations that are broken off.

use std::process::Stdio;
use std::time::{Duration, Instant};

use sqlx::AssertSqlSafe;

use crate::support::database::Database;
use crate::support::program::{command, keys_folder, run, said};

crate::tests![a_migration_that_was_killed_is_run_again_and_leaves_what_one_run_leaves];

/// Every column and constraint of the schema.
async fn shape(database: &Database) -> Vec<String> {
    let query = "select format('%s.%s %s %s', table_name, column_name, data_type, is_nullable)
            from information_schema.columns where table_schema = 'continuum'
        union all select format('%s %s', conrelid::regclass, pg_get_constraintdef(oid))
            from pg_constraint where connamespace = 'continuum'::regnamespace
        union all select indexdef from pg_indexes where schemaname = 'continuum'
        union all select format('%s %s', version, success) from _sqlx_migrations order by 1";
    sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(&mut database.connection().await).await.unwrap()
}

async fn a_migration_that_was_killed_is_run_again_and_leaves_what_one_run_leaves() {
    let (interrupted, whole, keys) = (Database::empty().await, Database::empty().await, keys_folder());
    let environment = |database: &Database| {
        [("DATABASE_URL", database.url()), ("CONTINUUM_KEYS_DIR", keys.path().display().to_string())]
    };
    let migrate = |database: &Database| {
        let environment = environment(database);
        let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let began = Instant::now();
        let done = run(&["migrate"], &environment);
        assert!(done.status.success(), "{}", said(&done));
        began.elapsed()
    };
    let usual = migrate(&whole);
    let mut killed = 0;
    for part in 1..20_u32 {
        let environment = environment(&interrupted);
        let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut begun =
            command(&["migrate"], &environment).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(usual * part / 20);
        killed += usize::from(begun.try_wait().unwrap().is_none());
        begun.kill().unwrap();
        begun.wait().unwrap();
    }
    assert!(killed > 3, "it was never killed at work: {killed}");
    let took = migrate(&interrupted);
    assert!(took < usual + Duration::from_secs(20), "{took:?} instead of {usual:?}");
    assert_eq!(shape(&interrupted).await, shape(&whole).await);
}
