//! E-mail that a mail server hands to the program.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use super::commands::{amiens, empty};
use crate::support::database::root;
use crate::support::program::{run, said};

crate::tests![
    a_mail_server_is_told_to_try_again_whatever_fails,
    a_mail_server_is_told_to_try_again_where_no_database_is_named_and_no_city_loaded,
    the_line_for_postfix_reaches_the_database_that_it_names,
];

async fn a_mail_server_is_told_to_try_again_whatever_fails() {
    let operator = amiens().await;
    let folder = tempfile::tempdir().unwrap();
    let data = ("CONTINUUM_DATA_DIR", folder.path().to_str().unwrap());
    let nobody = ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none");
    let code = |arguments: &[&str], also: (&str, &str)| {
        let output = run(arguments, &[data, nobody, also]);
        assert!(!output.stderr.is_empty(), "{}", said(&output));
        output.status.code()
    };
    let plain = ("CONTINUUM_LOG_FORMAT", "text");
    assert_eq!(code(&["inbound"], plain), Some(75));
    assert_eq!(code(&["inbound", "--dragons"], plain), Some(75));
    assert_eq!(code(&["--log-format", "json", "inbound", "--dragons"], plain), Some(75));
    assert_eq!(code(&["inbound"], ("CONTINUUM_LOG_FORMAT", "stone")), Some(75));
    assert_eq!(code(&["inbound"], ("CONTINUUM_LOG", "api=loud")), Some(75));
    assert_eq!(code(&["inbound"], ("CONTINUUM_MAX_FILES", "none")), Some(75));
    // What cannot be read.
    let unread = operator.start_with(&["inbound"], fs::File::open(folder.path()).unwrap().into());
    assert_eq!(unread.wait_with_output().unwrap().status.code(), Some(75));
    // What is no e-mail will never be one.
    assert_eq!(operator.run(&["inbound"]).status.code(), Some(65));
    // Others are for people.
    assert_eq!(code(&["retention", "--dragons"], plain), Some(2));
    assert_eq!(code(&["user", "invite", "--name", "inbound"], plain), Some(2));
    assert_eq!(run(&["inbound", "--help"], &[]).status.code(), Some(0));
}

async fn a_mail_server_is_told_to_try_again_where_no_database_is_named_and_no_city_loaded() {
    let data = tempfile::tempdir().unwrap();
    let output = run(&["inbound"], &[("CONTINUUM_DATA_DIR", data.path().to_str().unwrap())]);
    assert_eq!(output.status.code(), Some(75), "{}", said(&output));
    assert!(said(&output).contains("there is no private PostgreSQL in "), "{}", said(&output));
    assert_eq!(fs::read_dir(data.path()).unwrap().count(), 0, "nothing is made");
    // Nor by commands that look for something there.
    for command in [&["retention", "--again"][..], &["outbox", "list"], &["audit", "list"], &["stats", "rebuild"]] {
        let output = run(command, &[("CONTINUUM_DATA_DIR", data.path().to_str().unwrap())]);
        assert_eq!(output.status.code(), Some(1), "{command:?}: {}", said(&output));
        assert!(said(&output).contains("there is no private PostgreSQL in "), "{}", said(&output));
        assert_eq!(fs::read_dir(data.path()).unwrap().count(), 0, "{command:?}");
    }
    let operator = empty().await;
    let output = operator.run(&["inbound"]);
    // What is read here is no e-mail, and would be refused for good.
    assert_eq!(output.status.code(), Some(75), "{}", said(&output));
    assert!(said(&output).contains("no city is loaded"), "{}", said(&output));
}

/// Postfix hands its commands next to nothing of an environment: what they need stands in the line.
async fn the_line_for_postfix_reaches_the_database_that_it_names() {
    let (operator, data) = (amiens().await, tempfile::tempdir().unwrap());
    let url = data.path().join("database-url");
    fs::write(&url, operator.database.url()).unwrap();
    let page = fs::read_to_string(root().join("docs/mail.md")).unwrap();
    let line = page.split_once(" argv=").unwrap().1.split_once("\n```").unwrap().0;
    let (line, recipient) = line.rsplit_once(' ').unwrap();
    assert!(recipient.starts_with('$'), "{recipient}");
    let mut line = line.to_owned();
    for (there, here) in [
        ("/etc/continuum/database-url", url.display().to_string()),
        ("/var/lib/continuum/keys", operator.keys.path().display().to_string()),
        ("/var/lib/continuum", data.path().display().to_string()),
        ("/usr/local/bin/continuum", format!("{} continuum", std::env::current_exe().unwrap().display())),
    ] {
        assert!(line.contains(there), "{there}: {line}");
        line = line.replace(there, &here);
    }
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap());
    command.args(words).arg("retours@ville-amiens.example").env_clear().env("LANG", "C");
    let mut inbound = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mail = "From: habitante@mail.example\r\nMessage-ID: <1@mail.example>\r\nSubject: Mot perdu\r\n\r\nBonjour\r\n";
    inbound.stdin.take().unwrap().write_all(mail.as_bytes()).unwrap();
    let output = inbound.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(operator.database.count("select count(*) from unplaced_mail").await, 1, "{}", said(&output));
    assert!(!data.path().join("postgres").exists());
}
