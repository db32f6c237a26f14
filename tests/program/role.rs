//! One role of the database owns its tables, another serves; how it says who it is.

use std::fs;

use local_postgres::Server;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use super::commands::empty;
use crate::integrate::until;
use crate::support::caller::Caller;
use crate::support::database::{serving_role, serving_url};
use crate::support::program::{Program, run, said};

crate::tests![who_serves_changes_no_table, a_password_with_any_sign_comes_beside_the_url];

async fn who_serves_changes_no_table() {
    let operator = empty().await;
    let unknown = operator.run(&["migrate", "--serving-role", "nobody \"here\""]);
    assert!(!unknown.status.success() && said(&unknown).contains("does not exist"), "{}", said(&unknown));
    let url = serving_url(&operator.database.name);
    let keys = operator.keys.path().to_str().unwrap();
    let environment = [("DATABASE_URL", url.as_str()), ("CONTINUUM_KEYS_DIR", keys), ("CONTINUUM_DATA_DIR", keys)];
    let too_early = run(&["city", "load", "cities/amiens"], &environment);
    assert!(
        said(&too_early).contains("let the role that owns it run `continuum migrate --serving-role`"),
        "{}",
        said(&too_early)
    );
    let migrated = operator.run(&["migrate", "--serving-role", &serving_role()]);
    assert!(said(&migrated).contains(&format!("{} may serve.", serving_role())), "{}", said(&migrated));

    let mut owner = operator.database.connection().await;
    let owner: String = sqlx::query_scalar("select current_user::text").fetch_one(&mut owner).await.unwrap();
    let refused = operator.run(&["migrate", "--serving-role", &owner]);
    assert!(!refused.status.success() && said(&refused).contains("none that only serves"), "{}", said(&refused));

    let loaded = run(&["city", "load", "cities/amiens"], &environment);
    assert!(loaded.status.success(), "{}", said(&loaded));
    let program = Program::start(&["serve", "--metrics-listen", "127.0.0.1:0"], &environment);
    let stranger = Caller::new(program.base_url(), None);
    assert_eq!(stranger.get("/health/ready").await.ok()["status"], json!("ok"));
    // Who owns sees that the other one serves.
    let refused = operator.run(&["keys", "replace-residents"]);
    assert!(said(&refused).contains("stop every instance first"), "{}", said(&refused));
    assert!(program.end("-TERM").success());
    let replaced = run(&["keys", "replace-residents"], &environment);
    assert!(replaced.status.success(), "{}", said(&replaced));

    let mut served = PgConnection::connect(&url).await.unwrap();
    served.execute("set search_path to continuum").await.unwrap();
    for forbidden in [
        "alter table audit_entry disable trigger all",
        "drop trigger audit_entry_is_never_changed on audit_entry",
        "set session_replication_role = replica",
        "truncate audit_entry",
        "create table mine (id uuid)",
        "create or replace function refuse_change() returns trigger language plpgsql as 'begin return new; end'",
        "drop table ticket_event",
        "delete from _sqlx_migrations",
        "update _sqlx_migrations set checksum = ''",
    ] {
        let error = served.execute(forbidden).await.unwrap_err();
        let code = error.as_database_error().and_then(|error| error.code().map(String::from));
        assert_eq!(code.as_deref(), Some("42501"), "{forbidden}: {error}");
    }
}

/// As `docker-compose.yml` gives it.
async fn a_password_with_any_sign_comes_beside_the_url() {
    const PASSWORD: &str = "a/b#c?d@e:f%2F";
    let server = Server::start_throwaway().unwrap();
    let mut admin = PgConnection::connect(&server.url("postgres")).await.unwrap();
    admin.execute(AssertSqlSafe(format!("create role city login password '{PASSWORD}'"))).await.unwrap();
    admin.execute("create database city owner city").await.unwrap();
    let settings = server.log_file().with_file_name("cluster").join("pg_hba.conf");
    let rules = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, format!("local all city scram-sha-256\n{rules}")).unwrap();
    admin.execute("select pg_reload_conf()").await.unwrap();
    let mut url: url::Url = server.url("city").parse().unwrap();
    url.set_username("city").unwrap();
    let data = tempfile::tempdir().unwrap();
    let data = data.path().to_str().unwrap();
    let check = |password: &[(&str, &str)]| {
        let database = [("DATABASE_URL", url.as_str()), ("CONTINUUM_DATA_DIR", data)];
        said(&run(&["migrate", "--check"], &[&database[..], password].concat()))
    };
    until("the password is asked for", async || (!check(&[]).contains("0001 city")).then_some(())).await;
    let told = check(&[("PGPASSWORD", PASSWORD)]);
    assert!(told.contains("0001 city"), "{told}");
    let told = check(&[("PGPASSWORD", "a/b")]);
    assert!(!told.contains("0001 city"), "{told}");
    drop(admin);
    server.stop().unwrap();
}
