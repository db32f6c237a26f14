//! What `docs/architecture.md` promises of the crates and of the database.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;
use sqlx::Connection as _;

use crate::support::database::{Database, root};

crate::tests![
    the_arrows_between_the_crates_are_the_ones_of_the_documentation,
    every_foreign_key_is_indexed_every_table_explained_every_constraint_named,
];

/// Which of our crates each may use.
const ARROWS: [(&str, &[&str]); 14] = [
    ("domain", &[]),
    ("local-postgres", &[]),
    ("traces", &[]),
    ("auth", &["domain"]),
    ("fetch", &[]),
    ("files", &["domain"]),
    ("geocoder", &["domain"]),
    ("store", &["domain", "traces"]),
    ("usecases", &["auth", "domain", "fetch", "files", "geocoder", "store", "traces"]),
    ("notify", &["domain", "store", "traces"]),
    ("api", &["auth", "domain", "traces", "usecases"]),
    ("ogc", &["auth", "domain", "usecases"]),
    ("open311", &["auth", "domain", "usecases"]),
    (
        "continuum",
        &[
            "api",
            "auth",
            "domain",
            "fetch",
            "files",
            "geocoder",
            "local-postgres",
            "notify",
            "ogc",
            "open311",
            "store",
            "traces",
            "usecases",
        ],
    ),
];

/// What the rules must never depend on.
const RUNTIMES: [&str; 6] = ["actix-web", "lettre", "reqwest", "sea-orm", "sqlx", "tokio"];

async fn the_arrows_between_the_crates_are_the_ones_of_the_documentation() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages: BTreeMap<&str, Vec<&str>> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().unwrap().iter();
            let normal = dependencies.filter(|dependency| dependency["kind"].is_null());
            (package["name"].as_str().unwrap(), normal.map(|d| d["name"].as_str().unwrap()).collect())
        })
        .collect();
    let ours: Vec<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    for (name, may) in ARROWS {
        let mut uses: Vec<&str> = packages[name].iter().copied().filter(|used| ours.contains(used)).collect();
        uses.sort_unstable();
        assert_eq!(uses, may, "{name}");
    }
    assert!(!packages["domain"].iter().any(|used| RUNTIMES.contains(used)), "domain depends on a runtime");
    let known = packages.keys().filter(|name| !ours.contains(name));
    assert_eq!(known.collect::<Vec<_>>(), [&"bench", &"tests"], "a crate that the table above does not know");
}

async fn every_foreign_key_is_indexed_every_table_explained_every_constraint_named() {
    let database = Database::cloned().await;
    let mut connection = database.connection().await;
    for (what, statement) in [
        (
            "foreign keys without an index",
            "select conrelid::regclass || '.' || conname from pg_constraint c
             where contype = 'f' and connamespace = 'continuum'::regnamespace and not exists (
                 select from pg_index i
                 where i.indrelid = c.conrelid and (i.indkey::smallint[])[0:cardinality(c.conkey) - 1] @> c.conkey
             )",
        ),
        (
            "tables without a comment",
            "select relname::text from pg_class where relkind = 'r' and relnamespace = 'continuum'::regnamespace
             and relname <> '_sqlx_migrations' and obj_description(oid, 'pg_class') is null",
        ),
        (
            "constraints that PostgreSQL named",
            "select conname::text from pg_constraint where connamespace = 'continuum'::regnamespace
             and contype <> 'p' and conname ~ '(_fkey|_check|_key)[0-9]*$' and conrelid::regclass::text <> '_sqlx_migrations'
             and not (contype = 'u' and conname ~ '_key$')",
        ),
    ] {
        let found: Vec<String> = sqlx::query_scalar(statement).fetch_all(&mut connection).await.unwrap();
        assert_eq!(found, Vec::<String>::new(), "{what}");
    }
    connection.close().await.unwrap();
}
