//! The statements that the server sends, read from PostgreSQL's log, and made into scripts for `pgbench`.
//!
//! A parameter becomes a literal; of what a request makes anew (identifiers, references) or may ask for (tickets), a number that
//! `pgbench` counts or draws.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use chrono::DateTime;
use uuid::Uuid;

use crate::story::{concern_id, ticket_id};

/// A statement as it was executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) text: String,
    parameters: Vec<Option<String>>,
    /// Not kept prepared: the server has it parsed first, and waits for that.
    parsed_first: bool,
}

/// What one request had executed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Transaction {
    pub(crate) statements: Vec<Statement>,
    /// The ticket that the request named.
    pub(crate) ticket: Option<u32>,
    /// The place that it named: latitude, longitude.
    pub(crate) place: Option<(f64, f64)>,
}

impl Transaction {
    /// How often the server waited for the database.
    pub(crate) fn round_trips(&self) -> usize {
        self.statements.iter().map(|statement| 1 + usize::from(statement.parsed_first)).sum()
    }

    /// As a script for `pgbench`. `first_new` is the first instant, in milliseconds, of identifiers that were made anew;
    /// `known` are those that were made anew and are there: who asks. `tickets` says how a ticket is drawn, as an expression.
    pub(crate) fn script(&self, first_new: u64, known: &[Uuid], tickets: &str) -> String {
        // Variables live as long as a client does.
        let mut script =
            format!("\\set i :i + 1\n\\set id :client_id * 100000000 + :new + :i\n\\set ticket {tickets}\n");
        // Millionths of a degree, a kilometre around.
        script.push_str("\\set north random(-9000, 9000)\n\\set east random(-9000, 9000)\n");
        let mut literals = Literals { ticket: self.ticket, place: self.place, first_new, known, new: Vec::new() };
        for statement in &self.statements {
            script.push_str(&statement.with(&mut literals));
            script.push_str(";\n");
        }
        script
    }
}

impl Statement {
    fn with(&self, literals: &mut Literals<'_>) -> String {
        let mut text = String::new();
        let mut rest = self.text.trim().trim_end_matches(';');
        while let Some(at) = rest.find('$') {
            let digits = rest[at + 1..].chars().take_while(char::is_ascii_digit).count();
            let number: usize = rest[at + 1..at + 1 + digits].parse().unwrap_or(0);
            text.push_str(&rest[..at]);
            match number.checked_sub(1).and_then(|place| self.parameters.get(place)) {
                Some(parameter) => text.push_str(&literals.of(parameter.as_deref())),
                None => text.push_str(&rest[at..=at + digits]),
            }
            rest = &rest[at + 1 + digits..];
        }
        text + rest
    }
}

/// Makes literals of parameters.
struct Literals<'a> {
    ticket: Option<u32>,
    place: Option<(f64, f64)>,
    first_new: u64,
    known: &'a [Uuid],
    /// The identifiers that were made anew, in the order in which they came up.
    new: Vec<Uuid>,
}

impl Literals<'_> {
    fn of(&mut self, parameter: Option<&str>) -> String {
        let Some(parameter) = parameter else { return "NULL".to_owned() };
        let mut parts = Vec::new();
        let mut from = 0;
        for at in 0..parameter.len() {
            if let Some(number) = new_reference(parameter, at) {
                parts.push(quoted(&parameter[from..number.start]));
                // Longer than any that the city has.
                parts.push(format!("'9' || lpad((:id::bigint * 10 + {})::text, 13, '0')", parts.len() % 10));
                from = number.end;
            }
            let found = parameter.get(at..at + 36).filter(|_| at >= from).and_then(|text| Uuid::try_parse(text).ok());
            let Some((prefix, variable)) = found.and_then(|id| self.varies(id)) else { continue };
            parts.push(quoted(&format!("{}{prefix}", &parameter[from..at])));
            parts.push(format!("lpad(to_hex({variable}::bigint), 12, '0')"));
            from = at + 36;
        }
        if parts.is_empty() {
            return self.whole(parameter);
        }
        parts.push(quoted(&parameter[from..]));
        format!("({})::{}", parts.join(" || "), kind(parameter))
    }

    /// A parameter without identifiers that vary: as what it says itself to be, where PostgreSQL would take it for something
    /// else.
    fn whole(&self, parameter: &str) -> String {
        let literal = quoted(parameter);
        if let Some(number) = parameter.parse::<f64>().ok().filter(|_| parameter.contains('.')) {
            let near = |degrees: f64| (number - degrees).abs() < 0.02;
            return match self.place {
                Some((lat, _)) if near(lat) => format!("({literal}::float8 + :north::float8 / 1000000)"),
                Some((_, lon)) if near(lon) => format!("({literal}::float8 + :east::float8 / 1000000)"),
                Some(_) | None => format!("{literal}::float8"),
            };
        }
        if parameter.len() > 20 && DateTime::parse_from_str(parameter, "%F %T%.f%#z").is_ok() {
            return format!("{literal}::timestamptz");
        }
        literal
    }

    /// The beginning of an identifier and the variable that its end is made of, if it differs from one request to another.
    fn varies(&mut self, id: Uuid) -> Option<(String, &'static str)> {
        let text = id.to_string();
        if self.ticket.is_some_and(|number| id == ticket_id(number) || id == concern_id(number)) {
            return Some((text[..24].to_owned(), ":ticket"));
        }
        let milliseconds = u64::try_from(id.as_u128() >> 80).ok()?;
        if id.get_version_num() != 7 || milliseconds < self.first_new || self.known.contains(&id) {
            return None;
        }
        let place = self.new.iter().position(|new| *new == id).unwrap_or_else(|| {
            self.new.push(id);
            self.new.len() - 1
        });
        Some((format!("{}-7{place:03x}-8000-", &text[..13]), ":id"))
    }
}

/// Where in that text the number of a new ticket's reference is, if it is said there: `"reference": "AMI-26-000017"`.
fn new_reference(text: &str, at: usize) -> Option<Range<usize>> {
    let value = text.get(at..)?.strip_prefix("\"reference\":")?.trim_start().strip_prefix('"')?;
    let (reference, _) = value.split_once('"')?;
    let start = text.len() - value.len();
    Some(start + reference.rfind('-')? + 1..start + reference.len())
}

/// The type of a text that is put together, as far as parameters have any.
fn kind(text: &str) -> &'static str {
    let ids = |text: &str| text.chars().all(|character| character.is_ascii_hexdigit() || "-,".contains(character));
    match text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(inner) if ids(inner) => "uuid[]",
        Some(_) => "jsonb",
        None if text.starts_with('[') => "jsonb",
        None if text.len() == 36 => "uuid",
        None => "text",
    }
}

/// A literal without a colon, behind which `pgbench` would see a variable.
fn quoted(text: &str) -> String {
    if text.contains(['\\', ':']) {
        format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''").replace(':', "\\x3a"))
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

/// PostgreSQL's log, from where it was last read.
pub(crate) struct Log {
    path: PathBuf,
    read: u64,
}

impl Log {
    /// From its end on.
    pub(crate) fn of(path: &Path) -> Result<Self> {
        Ok(Self { path: path.to_owned(), read: path.metadata()?.len() })
    }

    /// The statements that were executed since it was last read.
    pub(crate) fn news(&mut self) -> Result<Vec<Statement>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.read))?;
        let mut news = String::new();
        self.read += file.read_to_string(&mut news)? as u64;
        statements(&news)
    }
}

fn statements(log: &str) -> Result<Vec<Statement>> {
    let mut entries: Vec<String> = Vec::new();
    for line in log.lines() {
        match (line.strip_prefix('\t'), entries.last_mut()) {
            (Some(more), Some(entry)) => {
                entry.push('\n');
                entry.push_str(more);
            }
            _ => entries.push(line.to_owned()),
        }
    }
    let mut statements: Vec<Statement> = Vec::new();
    for entry in entries {
        if let Some((_, said)) = entry.split_once("LOG:  execute ") {
            let Some((name, text)) = said.split_once(": ") else { bail!("the log is not understood: {entry}") };
            let parsed_first = name == "<unnamed>";
            statements.push(Statement { text: text.to_owned(), parameters: Vec::new(), parsed_first });
        } else if let Some((_, text)) = entry.split_once("LOG:  statement: ") {
            statements.push(Statement { text: text.to_owned(), parameters: Vec::new(), parsed_first: false });
        } else if let Some((_, said)) = entry.split_once("DETAIL:  parameters: ")
            && let Some(last) = statements.last_mut()
        {
            last.parameters = parameters(said)?;
        }
    }
    Ok(statements)
}

/// `$1 = 'l''eau', $2 = NULL`, in order.
fn parameters(said: &str) -> Result<Vec<Option<String>>> {
    let mut parameters = Vec::new();
    let mut rest = said;
    loop {
        let Some(value) = rest.strip_prefix(&format!("${} = ", parameters.len() + 1)) else {
            bail!("the log's parameters are not understood: {said}");
        };
        if let Some(more) = value.strip_prefix("NULL") {
            parameters.push(None);
            rest = more;
        } else {
            let (text, more) = unquoted(value)?;
            parameters.push(Some(text));
            rest = more;
        }
        match rest.strip_prefix(", ") {
            Some(more) => rest = more,
            None => return Ok(parameters),
        }
    }
}

/// The text of a literal at the beginning, and what follows it.
fn unquoted(text: &str) -> Result<(String, &str)> {
    let mut rest = text.strip_prefix('\'').unwrap_or_default();
    let mut value = String::new();
    loop {
        let Some((before, after)) = rest.split_once('\'') else { bail!("a literal has no end: {text}") };
        value.push_str(before);
        match after.strip_prefix('\'') {
            Some(more) => {
                value.push('\'');
                rest = more;
            }
            None => return Ok((value, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "2026-11-26 10:00:00.000 UTC [7] LOG:  statement: BEGIN
2026-11-26 10:00:00.000 UTC [7] LOG:  execute sqlx_s_1: select $2, $1
\tfrom ticket where id = $3
2026-11-26 10:00:00.000 UTC [7] DETAIL:  parameters: $1 = 'l''eau: \\', $2 = NULL, $3 = '0199a2c0-0001-7000-8000-000000000011'
2026-11-26 10:00:00.000 UTC [7] LOG:  execute <unnamed>: select 1
";

    #[test]
    fn statements_are_read_from_the_log() {
        let statements = statements(LOG).unwrap();
        let texts: Vec<&str> = statements.iter().map(|statement| statement.text.as_str()).collect();
        assert_eq!(texts, ["BEGIN", "select $2, $1\nfrom ticket where id = $3", "select 1"]);
        let transaction = Transaction { statements, ticket: Some(17), place: None };
        assert_eq!(transaction.round_trips(), 4);
    }

    #[test]
    fn a_script_draws_what_varies() {
        let transaction = Transaction { statements: statements(LOG).unwrap(), ticket: Some(17), place: None };
        let script = transaction.script(0x01a0_0000_0000, &[], "random(1, 9)");
        let statement = "select NULL, E'l''eau\\x3a \\\\'\nfrom ticket where id = \
                         ('0199a2c0-0001-7000-8000-' || lpad(to_hex(:ticket::bigint), 12, '0') || '')::uuid;";
        assert!(script.contains(statement), "{script}");
    }

    #[test]
    fn places_are_moved_and_times_are_times() {
        let literals = Literals { ticket: None, place: Some((49.9, 2.3)), first_new: 0, known: &[], new: Vec::new() };
        assert_eq!(literals.whole("49.8991"), "('49.8991'::float8 + :north::float8 / 1000000)");
        assert_eq!(literals.whole("6371008.8"), "'6371008.8'::float8");
        assert_eq!(literals.whole("2026-11-26 20:14:00.5+00"), "E'2026-11-26 20\\x3a14\\x3a00.5+00'::timestamptz");
        assert_eq!(literals.whole("17"), "'17'");
    }

    #[test]
    fn references_are_counted() {
        let mut literals = Literals { ticket: None, place: None, first_new: 0, known: &[], new: Vec::new() };
        let rows = r#"[{"fact": {}, "reference": "AMI-26-000017"}]"#;
        assert_eq!(
            literals.of(Some(rows)),
            r#"(E'[{"fact"\x3a {}, "reference"\x3a "AMI-26-' || '9' || lpad((:id::bigint * 10 + 1)::text, 13, '0') || '"}]')::jsonb"#
        );
    }

    #[test]
    fn identifiers_that_were_made_anew_are_counted() {
        let known = ["01a00000-0001-7abc-8def-000000000002".parse().unwrap()];
        let mut literals =
            Literals { ticket: None, place: None, first_new: 0x01a0_0000_0000, known: &known, new: Vec::new() };
        let rows = r#"[{"id":"01a00000-0001-7abc-8def-000000000001","of":"0199a2c0-0001-7000-8000-000000000011"}]"#;
        let literal = literals.of(Some(rows));
        assert!(
            literal.starts_with(r#"(E'[{"id"\x3a"01a00000-0001-7000-8000-' || lpad(to_hex(:id::bigint)"#),
            "{literal}"
        );
        assert!(literal.ends_with(r#"000000000011"}]')::jsonb"#), "{literal}");
        assert_eq!(literals.of(Some("01a00000-0001-7abc-8def-000000000002")), "'01a00000-0001-7abc-8def-000000000002'");
    }
}
