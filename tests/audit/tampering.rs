//! What an administrator of the database may do to the audit log, and how it is found.

use std::path::Path;

use auth::SealKeys;
use chrono::TimeDelta;
use domain::audit::Record;

use super::{LATELY, Log, connect, record, seal, start};
use crate::support::database::{Database, SCHEMA, seal_pem};
use crate::support::program::{keys_folder, said};

crate::tests![
    what_was_tampered_with_is_found,
    an_end_that_was_cut_with_its_seals_is_found,
    a_log_that_was_emptied_is_found,
    a_log_is_verified_from_where_it_was_exported,
    what_is_to_be_kept_is_missed,
    a_seal_outlives_its_key_and_a_strange_one_is_told,
];

/// What an administrator of the database may do to nine entries, of which 6 and 8 were sealed; and what is said of it.
const TAMPERINGS: [(&str, &str); 12] = [
    (
        "update audit_entry set content = content || ' ' where seq = 4",
        "entry 4 was altered: its hash is not the one of its content, time and number",
    ),
    (
        "update audit_entry set at = at - interval '1 day' where seq = 4",
        "entry 4 was altered: its hash is not the one of its content, time and number",
    ),
    (
        "update audit_entry set hash = sha256('') where seq = 4",
        "entry 4 was altered: its hash is not the one of its content, time and number",
    ),
    (
        "update audit_entry set content = '{\"act\":{\"type\":\"x\"}}', hash = sha256(previous || int8send(seq)
         || int8send((extract(epoch from at) * 1000000)::bigint) || '{\"act\":{\"type\":\"x\"}}') where seq = 4",
        "entry 5 does not continue entry 4: one of the two was put in another's place",
    ),
    ("delete from audit_entry where seq in (4, 5)", "entry 4 is missing: the next one that is there is 6"),
    ("delete from audit_entry where seq < 4", "entry 1 is missing: the next one that is there is 4"),
    (
        "delete from audit_entry where seq > 7",
        "its end is gone from entry 8 on: the seal of 2026-03-10 was made over entry 8",
    ),
    ("delete from audit_entry", "its end is gone from entry 1 on: the seal of 2026-03-09 was made over entry 6"),
    // From entry 7 on, each hash right again.
    (
        "alter table audit_entry enable trigger audit_entry_is_chained;
         create temp table kept as select seq, at, content from audit_entry where seq >= 7;
         delete from audit_entry where seq >= 7;
         insert into audit_entry (at, content) select at + interval '1 hour', content from kept order by seq",
        "it was written anew from entry 7 on, or later: the seal of 2026-03-10 was made over another entry 8",
    ),
    (
        "update audit_seal set hash = (select hash from audit_entry e where e.seq = 5), seq = 5 where seq = 6",
        "the seal of 2026-03-09 over entry 5 is forged or altered: its signature is not valid",
    ),
    (
        "update audit_seal set day = '2026-03-08' where seq = 6",
        "the seal of 2026-03-08 over entry 6 is forged or altered: its signature is not valid",
    ),
    // Of two broken things, the first.
    (
        "update audit_entry set content = content || ' ' where seq > 6;
         update audit_seal set signature = (select signature from audit_seal where seq = 6) where seq = 8",
        "entry 7 was altered: its hash is not the one of its content, time and number",
    ),
];

async fn what_was_tampered_with_is_found() {
    let log = Log::sealed(6).await;
    log.store.audit(&record(7)).await.unwrap();
    log.store.audit(&record(8)).await.unwrap();
    seal(&log.store, "2026-03-10").await.unwrap();
    log.store.audit(&record(9)).await.unwrap();
    let said = log.is_whole(&[]);
    assert!(said.contains("entries 1 to 9 (9)") && said.contains("Not sealed yet: entries 9 to 9."), "{said}");
    log.tamper("create table kept_entry as table audit_entry; create table kept_seal as table audit_seal").await;
    for (tampering, found) in TAMPERINGS {
        log.tamper(tampering).await;
        log.is_broken(found);
        log.tamper(
            "truncate audit_entry, audit_seal; insert into audit_seal table kept_seal;
             insert into audit_entry (seq, at, content, previous, hash)
             select seq, at, content, previous, hash from kept_entry",
        )
        .await;
    }
    log.is_whole(&[]);
}

async fn an_end_that_was_cut_with_its_seals_is_found() {
    let log = Log::new().await;
    for number in 1..=6 {
        log.store.audit(&Record { at: start() + TimeDelta::seconds(number), ..record(0) }).await.unwrap();
    }
    log.is_broken("entry 1 of 2026-03-10 is under no seal: either no worker has run since, or seals were removed");
    seal(&log.store, "2026-03-10").await.unwrap();
    log.store.audit(&record(7)).await.unwrap();
    log.store.audit(&record(8)).await.unwrap();
    let last = seal(&log.store, "2026-03-11").await.unwrap().head;
    let logged = format!("{}:{}", last.seq, last.hash);
    log.is_whole(&["--seal", &logged]);
    // The last seal and what lay under it: only what the server has logged still tells.
    log.tamper("delete from audit_seal where seq = 8; delete from audit_entry where seq > 6").await;
    log.is_whole(&[]);
    let told = log.program(&["audit", "verify", "--seal", &logged]);
    assert_eq!(told.status.code(), Some(1));
    assert_eq!(
        said(&told),
        format!(
            "The audit log is broken: entry 8 is not the one that was sealed, or is gone: {} was the hash that the \
             server logged.\n",
            last.hash
        )
    );
    // The seals alone: what they lay over is too old for that.
    log.tamper("delete from audit_seal").await;
    log.is_broken("entry 1 of 2026-03-10 is under no seal: either no worker has run since, or seals were removed");
    for (what, why) in [("8", "a colon"), ("x:00", "number is not one"), ("8:00", "64 hexadecimal digits")] {
        let refused = log.program(&["audit", "verify", "--seal", what]);
        assert_eq!(refused.status.code(), Some(2));
        assert!(self::said(&refused).contains(why), "{}", self::said(&refused));
    }
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = elsewhere.path().join("keys");
    let strange = log.program(&["audit", "verify", "--keys-dir", folder.to_str().unwrap()]);
    assert!(self::said(&strange).contains("holds no keys"), "{}", self::said(&strange));
    assert!(!folder.exists());
}

async fn a_log_that_was_emptied_is_found() {
    let database = Database::empty().await;
    let store = connect(&database).await;
    store.migrate(SCHEMA).await.unwrap();
    let log = Log { database, store, keys: keys_folder() };
    let nothing = log.is_whole(&[]);
    assert!(nothing.contains("0 entries, 0 seals") && nothing.contains("Seals: 0."), "{nothing}");
    assert!(log.program(&["city", "load", "cities/amiens"]).status.success());
    log.is_whole(&[]);
    let empty = "delete from audit_entry; delete from audit_seal";
    log.tamper(empty).await;
    log.is_broken("it was emptied: it has no entry, but the database holds a city");
    let invite = ["user", "invite", "--email", "a@ville.example", "--name", "A", "--role", "admin"];
    assert!(log.program(&invite).status.success());
    log.is_whole(&[]);
    log.tamper(empty).await;
    log.is_broken("it was emptied: it has no entry, but the database holds an account");
    // It goes on as if nothing had been before.
    log.tamper("update user_account set created_at = created_at - interval '1 day'").await;
    assert!(log.program(&["outbox", "replay", "--all"]).status.success());
    let told = log.program(&["audit", "verify"]);
    assert_eq!(told.status.code(), Some(1));
    assert!(self::said(&told).contains("its beginning is gone: the first entry is of"), "{}", self::said(&told));
}

async fn a_log_is_verified_from_where_it_was_exported() {
    let log = Log::sealed(6).await;
    log.store.audit(&record(7)).await.unwrap();
    log.store.audit(&record(8)).await.unwrap();
    assert!(log.is_whole(&["--from", "8"]).contains("entries 8 to 8 (1)"));
    log.tamper("delete from audit_entry where seq <= 6").await;
    log.is_broken("entries 1 to 6 are gone, and no entry tells that they were removed");
    let said = log.is_whole(&["--from", "7"]);
    assert!(
        said.contains("entries 7 to 8 (2)") && said.contains("Seals: 1, the last of 2026-03-09 over entry 6"),
        "{said}"
    );
    let from = log.program(&["audit", "verify", "--from", "5"]);
    assert_eq!(from.status.code(), Some(1));
    assert!(self::said(&from).contains("entry 4 is missing, and no seal was made over it"), "{}", self::said(&from));
}

async fn what_is_to_be_kept_is_missed() {
    let log = Log::new().await;
    for number in 1..=4 {
        log.store.audit(&record(number)).await.unwrap();
        if number == 3 {
            seal(&log.store, &LATELY.date_naive().to_string()).await.unwrap();
        }
    }
    log.tamper("delete from audit_entry where seq <= 3").await;
    log.is_broken(&format!(
        "entries 1 to 3 are gone, which were to be kept for six months: the seal over the last of them is of {}",
        LATELY.date_naive()
    ));
}

async fn a_seal_outlives_its_key_and_a_strange_one_is_told() {
    let log = Log::sealed(3).await;
    let key = log.keys.path().join("audit-seal.pem");
    let id = SealKeys::new(&seal_pem()).unwrap().id().to_owned();
    log.is_whole(&[]);
    std::fs::remove_file(&key).unwrap();
    log.is_whole(&[]);
    let public = |folder: &Path| folder.join(format!("audit-seal-{id}.pub"));
    std::fs::remove_file(public(log.keys.path())).unwrap();
    log.is_broken(&format!(
        "the seal of 2026-03-09 over entry 3 is signed with the key {id}, which is not in the keys folder"
    ));
}
