//! The audit log: appended to by many at once, changed by nobody, and what happens when somebody changes it all the same.

use std::process::Output;
use std::sync::LazyLock;

use chrono::{DateTime, SecondsFormat, SubsecRound as _, TimeDelta, Utc};
use domain::audit::act::LoginRefusal;
use domain::audit::chain::{Head, Seal};
use domain::audit::{Act, By, Record};
use domain::id::{ClientId, TicketId, UserId};
use futures_util::future::join_all;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use store::audit::Filter;
use store::{Connect, Store};
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::city::{City, START, dumping};
use crate::support::database::{Database, SCHEMA, keys, sealing_keys};
use crate::support::program::{Program, keys_folder, run, said};

pub mod tampering;

crate::tests![
    the_database_refuses_every_change,
    numbers_and_hashes_are_the_databases,
    many_writers_make_one_chain,
    an_act_is_recorded_with_its_transaction_or_not_at_all,
    the_log_is_read_in_pages_by_act_person_and_time,
    a_day_is_sealed_once,
    the_program_seals_verifies_and_lists,
    reads_of_restricted_tickets_are_recorded_and_auditors_read_them,
    acts_of_the_operator_are_recorded,
    what_was_kept_for_long_enough_goes,
];

/// A log of one test.
struct Log {
    database: Database,
    store: Store,
    keys: TempDir,
}

async fn connect(database: &Database) -> Store {
    let connect = Connect { url: database.url().into(), replica: None, schema: SCHEMA.to_owned(), connections: 8 };
    Store::connect(&connect, sealing_keys()).unwrap()
}

fn start() -> DateTime<Utc> {
    START.parse().unwrap()
}

/// When the acts of these tests happened: lately, for the program's clock, which expects seals over what is older.
static LATELY: LazyLock<DateTime<Utc>> = LazyLock::new(|| {
    #[expect(clippy::disallowed_methods, reason = "the command line has the system's clock")]
    let now = Utc::now();
    now.trunc_subsecs(0) - TimeDelta::hours(1)
});

fn record(number: u128) -> Record {
    Record {
        at: *LATELY + TimeDelta::microseconds(i64::try_from(number).unwrap()),
        by: By::Person { user: UserId(Uuid::from_u128(number % 3)) },
        from: Some("2001:db8::7".to_owned()),
        act: Act::TicketRead { ticket: TicketId(Uuid::from_u128(number)) },
        why: Some("« Vérification »".to_owned()),
    }
}

/// Seals the log for a day, unless that was done before.
pub async fn seal(store: &Store, day: &str) -> Option<Seal> {
    let day = day.parse().unwrap();
    let keys = keys().seal;
    let sign = |head: &Head| keys.sign(&Seal::text(SCHEMA, day, head));
    store.seal_audit(day, sign, start()).await.unwrap()
}

impl Log {
    async fn new() -> Self {
        let database = Database::cloned().await;
        // They came into the template without entries, before these logs begin.
        let mut connection = database.connection().await;
        connection.execute("update user_account set created_at = '2100-01-01'").await.unwrap();
        let store = connect(&database).await;
        Self { database, store, keys: keys_folder() }
    }

    /// With entries 1 to `length`, the last of them sealed for a day.
    async fn sealed(length: u128) -> Self {
        let log = Self::new().await;
        for number in 1..=length {
            log.store.audit(&record(number)).await.unwrap();
        }
        seal(&log.store, "2026-03-09").await.unwrap();
        log
    }

    /// Does what only an administrator of the database can.
    async fn tamper(&self, statements: &str) {
        let mut connection = self.database.connection().await;
        let statements = format!(
            "alter table audit_entry disable trigger user; alter table audit_seal disable trigger user;
             {statements};
             alter table audit_entry enable trigger user; alter table audit_seal enable trigger user"
        );
        connection.execute(AssertSqlSafe(statements)).await.unwrap();
        connection.close().await.unwrap();
    }

    fn program(&self, arguments: &[&str]) -> Output {
        run(arguments, &self.environment().each_ref().map(|(name, value)| (*name, value.as_str())))
    }

    fn environment(&self) -> [(&'static str, String); 3] {
        let keys = self.keys.path().display().to_string();
        [("DATABASE_URL", self.database.url()), ("CONTINUUM_KEYS_DIR", keys.clone()), ("CONTINUUM_DATA_DIR", keys)]
    }

    #[track_caller]
    fn is_whole(&self, arguments: &[&str]) -> String {
        let output = self.program(&[&["audit", "verify"], arguments].concat());
        assert!(output.status.success(), "{}", said(&output));
        said(&output)
    }

    #[track_caller]
    fn is_broken(&self, how: &str) {
        let output = self.program(&["audit", "verify"]);
        assert_eq!(output.status.code(), Some(1), "{how}: {}", said(&output));
        assert_eq!(said(&output), format!("The audit log is broken: {how}.\n"));
    }
}

async fn the_database_refuses_every_change() {
    let log = Log::sealed(3).await;
    let mut connection = log.database.connection().await;
    for table in ["audit_entry", "audit_seal"] {
        for statement in [
            format!("update {table} set seq = seq"),
            format!("update {table} set hash = hash where seq = 3"),
            format!("delete from {table}"),
            format!("delete from {table} where seq = 3"),
            format!("truncate {table}"),
            format!("insert into {table} select * from {table} on conflict do update set seq = 0"),
        ] {
            let refused = connection.execute(AssertSqlSafe(statement.clone())).await;
            assert!(refused.is_err(), "{statement}");
        }
        let delete = format!("delete from {table}");
        let refused = connection.execute(AssertSqlSafe(delete)).await.unwrap_err().to_string();
        assert!(refused.contains(&format!("{table} rows are never changed or deleted")), "{refused}");
    }
    // Nor does who removes entries change one, or remove a seal.
    connection.execute("set continuum.removing = 'audit_entry'").await.unwrap();
    for statement in ["update audit_entry set hash = hash", "update audit_seal set seq = seq", "delete from audit_seal"]
    {
        let refused = connection.execute(statement).await.unwrap_err().to_string();
        assert!(refused.contains("rows are never changed or deleted"), "{refused}");
    }
    connection.close().await.unwrap();
    log.is_whole(&[]);
}

async fn what_was_kept_for_long_enough_goes() {
    let city = City::new().await;
    let cx = &city.instance.context;
    let audit = async |number: u128, days| {
        cx.store.audit(&Record { at: start() + TimeDelta::days(days), ..record(number) }).await.unwrap();
    };
    audit(1, 0).await;
    audit(2, 0).await;
    seal(&cx.store, "2026-03-10").await.unwrap();
    audit(3, 1).await;
    seal(&cx.store, "2026-03-11").await.unwrap();
    cx.store.audit(&record(4)).await.unwrap();
    let seqs =
        "select string_agg(coalesce(content::jsonb #>> '{act,until}', seq::text), ' ' order by seq) from audit_entry";
    let seqs = async || {
        let mut connection = city.database.connection().await;
        let seqs: String = sqlx::query_scalar(seqs).fetch_one(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        seqs
    };
    // Three years after the first day, and the day after it, on which it was sealed at the latest.
    for (night, left) in [("2029-03-11", "1 2 3 4"), ("2029-03-12", "3 4 2"), ("2029-03-20", "4 2 3")] {
        city.clock.set(&format!("{night}T12:00:00Z"));
        while usecases::retention::keep(cx).await.unwrap() {}
        assert_eq!(seqs().await, left, "the night of {night}");
    }
    let keys = keys_folder();
    let keys = keys.path().display().to_string();
    let environment =
        [("DATABASE_URL", city.database.url()), ("CONTINUUM_KEYS_DIR", keys.clone()), ("CONTINUUM_DATA_DIR", keys)];
    let verified = run(&["audit", "verify"], &environment.each_ref().map(|(name, value)| (*name, value.as_str())));
    let said = said(&verified);
    assert!(verified.status.success() && said.contains("entries 4 to 6 (3)"), "{said}");
    assert!(said.contains("What was before entry 4"), "{said}");
    city.stop().await;
}

async fn numbers_and_hashes_are_the_databases() {
    let log = Log::sealed(2).await;
    let mut connection = log.database.connection().await;
    // From another search_path, several rows at once, and with everything made up that can be.
    connection
        .execute(AssertSqlSafe(format!(
            "set search_path to public;
             insert into {SCHEMA}.audit_entry (seq, at, content, previous, hash)
             select 40 + n, now(), content, '\\x00', '\\x01'
             from {SCHEMA}.audit_entry, generate_series(1, 2) n"
        )))
        .await
        .unwrap();
    // A snapshot from before the last entry would fork the chain.
    connection
        .execute(AssertSqlSafe(format!("begin isolation level repeatable read; select from {SCHEMA}.audit_entry")))
        .await
        .unwrap();
    log.store.audit(&record(7)).await.unwrap();
    let fork =
        format!("insert into {SCHEMA}.audit_entry (at, content) select at, content from {SCHEMA}.audit_entry limit 1");
    let refused = connection.execute(AssertSqlSafe(fork)).await.unwrap_err();
    assert_eq!(refused.as_database_error().unwrap().constraint(), Some("audit_entry_pkey"));
    connection.close().await.unwrap();
    let said = log.is_whole(&[]);
    let lately = LATELY.to_rfc3339_opts(SecondsFormat::Secs, true);
    assert!(said.contains(&format!("entries 1 to 7 (7), the first of {lately}.")), "{said}");
}

async fn many_writers_make_one_chain() {
    let log = Log::new().await;
    let other = connect(&log.database).await;
    let writers = (0..8).map(|writer| {
        let store = if writer % 2 == 0 { &log.store } else { &other };
        async move {
            for entry in 0..50_u128 {
                let record = record(writer * 50 + entry);
                if entry % 5 == 0 {
                    let tx = store.begin().await.unwrap();
                    tx.audit(&record);
                    tx.commit().await.unwrap();
                } else {
                    store.audit(&record).await.unwrap();
                }
            }
        }
    });
    join_all(writers).await;
    other.close().await;
    let said = log.is_whole(&[]);
    assert!(said.contains("entries 1 to 400 (400)"), "{said}");
    let acts = "select count(distinct content) from audit_entry";
    assert_eq!(log.database.count(acts).await, 400);
}

async fn an_act_is_recorded_with_its_transaction_or_not_at_all() {
    let log = Log::new().await;
    let tx = log.store.begin().await.unwrap();
    tx.audit(&record(1));
    drop(tx);
    let tx = log.store.begin().await.unwrap();
    tx.audit(&record(2));
    tx.audit(&record(3));
    // Nobody waits for a transaction that has only said what it will record.
    log.store.audit(&record(4)).await.unwrap();
    tx.commit().await.unwrap();
    let page = log.store.audit_page(&Filter::default(), None, 10).await.unwrap();
    let records: Vec<Record> = page.items.iter().map(|entry| entry.record().unwrap()).collect();
    assert_eq!(records, [record(3), record(2), record(4)]);
    log.is_whole(&[]);
}

async fn the_log_is_read_in_pages_by_act_person_and_time() {
    let log = Log::sealed(9).await;
    let refused = Act::LoginRefused { user: None, reason: LoginRefusal::UnknownPerson };
    log.store.audit(&Record { by: By::Nobody, act: refused, why: None, ..record(10) }).await.unwrap();
    let seqs = async |filter: Filter, before: Option<i64>, limit: u64| {
        let page = log.store.audit_page(&filter, before, limit).await.unwrap();
        (page.items.iter().map(|entry| entry.seq).collect::<Vec<_>>(), page.next)
    };
    let all = Filter::default;
    assert_eq!(seqs(all(), None, 4).await, (vec![10, 9, 8, 7], Some(7)));
    assert_eq!(seqs(all(), Some(7), 6).await, (vec![6, 5, 4, 3, 2, 1], None));
    let refused = Filter { act: Some("login_refused".to_owned()), ..all() };
    assert_eq!(seqs(refused, None, 4).await, (vec![10], None));
    let person = Filter { user: Some(UserId(Uuid::from_u128(2))), ..all() };
    assert_eq!(seqs(person.clone(), None, 2).await, (vec![8, 5], Some(5)));
    assert_eq!(seqs(person, Some(5), 2).await, (vec![2], None));
    let (since, until) = (Some(record(3).at), Some(record(6).at));
    assert_eq!(seqs(Filter { since, until, ..all() }, None, 9).await, (vec![5, 4, 3], None));
}

async fn a_day_is_sealed_once() {
    let log = Log::new().await;
    let other = connect(&log.database).await;
    assert_eq!(seal(&log.store, "2026-03-08").await.unwrap().head, Head::of_nothing(), "an empty log is sealed too");
    log.store.audit(&record(1)).await.unwrap();
    let seals = join_all((0..8).map(|n| seal(if n % 2 == 0 { &log.store } else { &other }, "2026-03-09")));
    assert_eq!(seals.await.into_iter().flatten().count(), 1);
    seal(&log.store, "2026-03-10").await.unwrap();
    assert_eq!(seal(&log.store, "2026-03-10").await, None);
    assert_eq!(log.database.count("select count(*) from audit_seal").await, 3);
    let said = log.is_whole(&[]);
    assert!(said.contains("Seals: 3, the last of 2026-03-10 over entry 1, made at 2026-03-10T09:00:00Z"), "{said}");
    other.close().await;
}

async fn the_program_seals_verifies_and_lists() {
    let log = Log::new().await;
    assert_eq!(said(&log.program(&["audit", "list"])), "No entry.\n");
    log.store.audit(&record(1)).await.unwrap();
    let by = By::Client { client: ClientId(Uuid::from_u128(5)) };
    log.store
        .audit(&Record { by, from: None, act: Act::OutboxReplayed { count: 2 }, why: None, ..record(2) })
        .await
        .unwrap();
    let environment = log.environment();
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let program = Program::start(&["serve", "--metrics-listen", "127.0.0.1:0"], &environment);
    while !program.log().contains("the audit log is sealed") {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let hash = log.store.audit_chain(1, 1).await.unwrap()[0].hash.to_string();
    assert!(program.log().contains(&hash), "{}", program.log());
    assert!(program.end("-TERM").success());
    let whole = log.is_whole(&[]);
    assert!(whole.contains("entries 1 to 2 (2)") && whole.contains("Seals: 1, the last of"), "{whole}");
    assert!(whole.contains(&format!("which the server has logged: {hash}.")), "{whole}");
    let lately = LATELY.to_rfc3339_opts(SecondsFormat::Secs, true);
    let listed = said(&log.program(&["audit", "list", "--act", "ticket_read", "--since", &lately]));
    assert_eq!(listed.lines().count(), 1, "{listed}");
    for part in [&format!("       1  {lately}  ticket_read"), "person 00000000", "2001:db8::7", "« Vérification »"] {
        assert!(listed.contains(part), "{part}: {listed}");
    }
    let last = said(&log.program(&["audit", "list", "--limit", "1"]));
    assert!(last.contains("outbox_replayed") && last.contains("{\"count\":2}"), "{last}");
    assert!(last.ends_with("… and more: go on with --before 2.\n"), "{last}");
    assert_eq!(said(&log.program(&["audit", "list", "--before", "2"])), listed);
}

async fn reads_of_restricted_tickets_are_recorded_and_auditors_read_them() {
    let city = City::new().await;
    let (agent, dispatcher, auditor) = (city.agent().await, city.dispatcher().await, city.auditor().await);
    let mut body = dumping();
    body["category"] = json!("neighbour_dispute");
    let ticket = agent.post("/v1/concerns", &body).await.created()["tickets"][0].clone();
    let standard = agent.post("/v1/concerns", &dumping()).await.created()["tickets"][0].clone();
    dispatcher.ticket(&standard).await;
    dispatcher.ticket(&ticket).await;
    dispatcher.timeline(&ticket).await;
    dispatcher.get("/v1/tickets").await.ok();
    let me = dispatcher.get("/v1/me").await.ok()["id"].as_str().unwrap().to_owned();
    let log = auditor.get(&format!("/v1/audit?user={me}")).await.ok();
    let acts: Vec<_> = log["items"].as_array().unwrap().iter().map(|entry| entry["act"].clone()).collect();
    let read = json!({ "type": "ticket_read", "ticket": ticket["id"] });
    let begun = acts.last().unwrap();
    assert_eq!(begun["type"], "session_begun");
    assert_eq!(
        acts[..acts.len() - 1],
        [json!({ "type": "tickets_listed", "tickets": [ticket["id"]] }), read.clone(), read]
    );
    let entry = &log["items"][0];
    assert_eq!((&entry["by"], &entry["from"]), (&json!({ "type": "person", "id": me }), &json!("127.0.0.1")));
    let page = auditor.get("/v1/audit?act=ticket_read&limit=1").await.ok();
    let next = page["next_cursor"].as_str().unwrap();
    let rest = auditor.get(&format!("/v1/audit?act=ticket_read&limit=1&cursor={next}")).await.ok();
    assert!(rest["items"][0]["seq"].as_i64() < page["items"][0]["seq"].as_i64());
    assert_eq!(auditor.get("/v1/audit?until=2026-03-10T09:00:00Z").await.ok()["items"], json!([]));
    let wrong = auditor.get("/v1/audit?act=read&user=me&since=today").await;
    let fields = [("act", "bad_value"), ("user", "bad_value"), ("since", "bad_value")];
    wrong.refused_fields(400, "invalid_parameter", &fields);
    // Before the first instant that PostgreSQL has.
    let wrong = auditor.get("/v1/audit?since=-10000-01-01T00:00:00Z").await;
    wrong.refused_fields(400, "invalid_parameter", &[("since", "bad_value")]);
    city.stop().await;
}

async fn acts_of_the_operator_are_recorded() {
    let log = Log::new().await;
    assert!(log.program(&["city", "load", "cities/amiens"]).status.success());
    let invite = ["user", "invite", "--email", "a@ville.example", "--name", "A", "--role", "admin"];
    assert!(log.program(&invite).status.success());
    assert!(log.program(&["outbox", "replay", "--all"]).status.success());
    assert!(log.program(&["outbox", "dismiss", "--all"]).status.success());
    assert!(log.program(&["keys", "rotate"]).status.success());
    let page = log.store.audit_page(&Filter::default(), None, 10).await.unwrap();
    let acts: Vec<_> = page.items.iter().map(|entry| entry.record().unwrap()).collect();
    assert!(acts.iter().all(|record| record.by == By::Operator));
    let codes: Vec<_> = acts.iter().rev().map(|record| record.act.code()).collect();
    // Nothing of the city differs: nothing was done.
    assert_eq!(codes, ["user_invited", "outbox_replayed", "outbox_dismissed", "keys_rotated"]);
    log.is_whole(&[]);
}
