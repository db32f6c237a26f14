//! Measures one city: what each operation has the database do, then how fast it is, and how fast PostgreSQL alone would be.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use chrono::{DateTime, Utc};
use reqwest::Client;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use uuid::Uuid;

use crate::erasing::{self, Erasing};
use crate::load::{Load, Target};
use crate::operation::{self, Operation, Request, Sending};
use crate::people::{Who, authorization};
use crate::replay::{Replayed, Until, pgbench, rate};
use crate::server::{Database, Program};
use crate::statement::{Log, Transaction};
use crate::story::ticket_id;
use crate::{city as filling, say};

/// How many different requests of an operation are looked at, and replayed in turn.
const SAMPLES: usize = 7;
/// How many requests that can be sent only once there have to be.
const FEWEST: usize = 100;
/// How often each of them is sent: the first time statements are prepared, at any time something else may be logged.
const TRIES: usize = 3;

/// How often as long as a measurement what is measured is asked for the first time at most.
const AT_FIRST: u32 = 10;
/// How many changes are made before they are measured.
const CHANGES: usize = 1000;

/// What is measured.
pub(crate) struct Plan {
    pub(crate) connections: Vec<u32>,
    pub(crate) seconds: u32,
    pub(crate) only: String,
    pub(crate) statements: bool,
    pub(crate) erase: bool,
    /// The figures mean something: what falls short of what was asked for is told.
    pub(crate) judged: bool,
}

/// What was measured of a city.
pub(crate) struct Measured {
    pub(crate) tickets: u32,
    /// When it was.
    pub(crate) at: DateTime<Utc>,
    /// From the start of the process until it answered, the slowest of three.
    pub(crate) started_in: Duration,
    /// KiB, before the first request.
    pub(crate) at_rest: u64,
    /// Bytes of the database on disk.
    pub(crate) disk: i64,
    pub(crate) rows: Vec<Row>,
    /// What could not be measured.
    pub(crate) failed: Vec<String>,
    pub(crate) whole: Option<Export>,
    pub(crate) erasing: Option<Erasing>,
}

/// What was measured of an operation at a number of connections.
pub(crate) struct Row {
    pub(crate) operation: Operation,
    /// Whether it changes the city.
    pub(crate) writes: bool,
    pub(crate) connections: u32,
    /// Milliseconds that 99 of 100 answers took at most when they were asked for the first time: much comes from the disk. Only
    /// where each is another one, and before whatever else is measured of them.
    pub(crate) at_first: Option<f64>,
    pub(crate) load: Load,
    /// Microseconds of processors for a request: the server's, PostgreSQL's.
    pub(crate) server_cpu: u64,
    pub(crate) postgres_cpu: u64,
    pub(crate) statements: usize,
    pub(crate) round_trips: usize,
    /// KiB that the server had resident at most.
    pub(crate) peak: u64,
    /// Transactions a second of PostgreSQL alone, and its microseconds of processors for each.
    pub(crate) alone: f64,
    pub(crate) alone_cpu: u64,
}

impl Row {
    /// How near the server comes to PostgreSQL alone: 1 is as fast.
    pub(crate) fn ratio(&self) -> f64 {
        self.load.rate() / self.alone
    }
}

/// What an export of the whole city took.
pub(crate) struct Export {
    pub(crate) rows: usize,
    pub(crate) bytes: usize,
    pub(crate) seconds: f64,
    /// KiB that the server had resident at most.
    pub(crate) peak: u64,
}

/// As what it is told, and chosen with `--only`.
pub(crate) const EXPORT: &str = "export of all tickets";

/// Measures a city of so many tickets; makes it first unless it is there.
pub(crate) async fn city(folder: &Path, tickets: u32, plan: &Plan) -> Result<Measured> {
    let made = folder.join("made");
    let database = Database::start(folder).await?;
    fs::create_dir_all(database.data())?;
    if !made.exists() {
        filling::make(&database, tickets).await?;
        fs::write(&made, "")?;
    }
    let wanted: Vec<Operation> =
        operation::ALL.into_iter().filter(|operation| operation.name.contains(plan.only.as_str())).collect();
    // What is filed from now on is new: in a folder that is kept there may be what was filed a moment ago.
    let mut connection = database.connection().await?;
    let begun = state(&mut connection, tickets).await?.now.timestamp_millis();
    connection.close().await?;
    let mut seen = Vec::new();
    for operation in &wanted {
        seen.push(look(&database, tickets, *operation, plan).await?);
    }
    let mut program = Program::start(&database)?;
    let mut started_in = program.started_in;
    for _ in 0..2 {
        program.stop()?;
        program = Program::start(&database)?;
        started_in = started_in.max(program.started_in);
    }
    let at_rest = program.process().resident()?;
    // People log in at another instance: what is kept for a moment of hashing a password is not what an operation takes.
    let door = Program::start(&database)?;
    let programs = (&program, door.base_url.as_str());
    let (mut rows, mut failed) = (Vec::new(), Vec::new());
    for (operation, transactions) in wanted.into_iter().zip(seen) {
        match measure(&database, programs, (tickets, begun), operation, &transactions, plan).await {
            Ok(measured) => rows.extend(measured),
            // What was measured before, minutes of it, is told nevertheless.
            Err(error) => failed.push(format!("{tickets} tickets, {}: {error:#}", operation.name)),
        }
    }
    let mut whole = None;
    if EXPORT.contains(&plan.only) {
        match export(programs).await {
            Ok(export) => whole = Some(export),
            Err(error) => failed.push(format!("{tickets} tickets, {EXPORT}: {error:#}")),
        }
    }
    door.stop()?;
    program.stop()?;
    let mut connection = database.connection().await?;
    let disk = sqlx::query_scalar("select pg_database_size(current_database())").fetch_one(&mut connection).await?;
    let state = state(&mut connection, tickets).await?;
    connection.close().await?;
    let at = state.now;
    let mut erasing = None;
    if plan.erase {
        match erasing::measure(&database, &state, plan.seconds).await {
            Ok(measured) => erasing = Some(measured),
            Err(error) => failed.push(format!("{tickets} tickets, erasing: {error:#}")),
        }
    }
    database.stop()?;
    Ok(Measured { tickets, at, started_in, at_rest, disk, rows, failed, whole, erasing })
}

/// What a request of an operation has the database do: the statements of a few, as PostgreSQL logs them.
async fn look(database: &Database, tickets: u32, operation: Operation, plan: &Plan) -> Result<Vec<Transaction>> {
    let mut connection = database.connection().await?;
    // Of sessions that begin from now on.
    for setting in ["log_statement = 'all'", "log_error_verbosity = 'default'"] {
        connection.execute(AssertSqlSafe(format!("alter database continuum set {setting}"))).await?;
    }
    let program = Program::start(database)?;
    let authorization = authorization(&program.base_url, operation.who).await?;
    let data = database.data();
    let target =
        Target { base_url: &program.base_url, authorization: authorization.as_deref(), folder: data.as_path() };
    let http = Client::new();
    let mut requests = operation.requests(&state(&mut connection, tickets).await?).into_iter();
    let mut log = Log::of(database.log())?;
    let mut transactions = Vec::new();
    while transactions.len() < SAMPLES {
        let Some(mut request) = requests.next() else { break };
        let mut shortest: Option<Transaction> = None;
        for _ in 0..TRIES {
            log.news()?;
            if target.send(&http, &request).await?.is_none() {
                bail!("{}: {} {} is refused", operation.name, request.method, request.path);
            }
            let mut statements = log.news()?;
            // Workers are told of new messages by a task of its own, at once or a moment later: no request waits for it.
            statements.retain(|statement| !statement.text.starts_with("select pg_notify("));
            let transaction = Transaction { statements, ticket: request.ticket, place: request.place };
            if shortest.as_ref().is_none_or(|shortest| transaction.statements.len() <= shortest.statements.len()) {
                shortest = Some(transaction);
            }
            if matches!(operation.sending, Sending::Once | Sending::Different) {
                // In a city that was measured before there may be none left: what was looked at until then has to do.
                match requests.next() {
                    Some(next) => request = next,
                    None => break,
                }
            }
        }
        transactions.extend(shortest);
        if operation.sending == Sending::Alone {
            break;
        }
    }
    if plan.statements {
        for statement in transactions.first().iter().flat_map(|transaction| &transaction.statements) {
            say(format_args!("{}: {}", operation.name, statement.text));
        }
    }
    program.stop()?;
    for setting in ["log_statement", "log_error_verbosity"] {
        connection.execute(AssertSqlSafe(format!("alter database continuum reset {setting}"))).await?;
    }
    connection.close().await?;
    Ok(transactions)
}

async fn state(connection: &mut PgConnection, tickets: u32) -> Result<operation::City> {
    // Those that are left are the last ones, behind the last that was taken in hand.
    let last: Option<Uuid> =
        sqlx::query_scalar("select id from ticket where version > 1 and id <= $1 order by id desc limit 1")
            .bind(ticket_id(tickets))
            .fetch_optional(&mut *connection)
            .await?;
    let first = last.map_or(1, |last| u32::try_from(last.as_u128() & 0xffff_ffff).unwrap_or(u32::MAX) + 1);
    let head = sqlx::query_scalar("select position from feed_head").fetch_one(&mut *connection).await?;
    let now: DateTime<Utc> = sqlx::query_scalar("select now()").fetch_one(connection).await?;
    Ok(operation::City { tickets, submitted: first..=tickets, head, now })
}

/// Measures an operation at each number of connections: the server, and PostgreSQL alone.
async fn measure(
    database: &Database,
    (program, door): (&Program, &str),
    (tickets, begun): (u32, i64),
    operation: Operation,
    transactions: &[Transaction],
    plan: &Plan,
) -> Result<Vec<Row>> {
    let (server, postgres, data) = (program.process(), database.process()?, database.data());
    ensure!(!transactions.is_empty(), "no ticket is left for it in this city, which was measured before");
    let mut rows = Vec::new();
    let connections = if operation.sending == Sending::Alone { &[1][..] } else { &plan.connections };
    let mut left = connections.len() * 2;
    for (again, connections) in connections.iter().copied().enumerate() {
        let authorization = authorization(door, operation.who).await?;
        let target =
            Target { base_url: &program.base_url, authorization: authorization.as_deref(), folder: data.as_path() };
        let mut connection = database.connection().await?;
        let city = state(&mut connection, tickets).await?;
        let mut requests = operation.requests(&city);
        if operation.sending == Sending::Once {
            requests.truncate(requests.len() / left);
            ensure!(requests.len() >= FEWEST, "{} tickets are left for it, {FEWEST} needed", requests.len());
        }
        let at_first = if again == 0 {
            first(&target, &mut requests, (operation.sending, connections), plan).await?
        } else {
            None
        };
        let who = sqlx::query_scalar("select id from session union all select id from api_client");
        let who: Vec<Uuid> = who.fetch_all(&mut connection).await?;
        let first_new = u64::try_from(begun)?;
        let replay = |draw: &str, until| -> Result<(Replayed, u64)> {
            let scripts: Vec<String> =
                transactions.iter().map(|transaction| transaction.script(first_new, &who, draw)).collect();
            // A number that is counted is counted by one script.
            let scripts = if operation.sending == Sending::Once { &scripts[..1] } else { &scripts[..] };
            let idle = postgres.cpu_with_children()?;
            let replayed = pgbench(database, scripts, (connections, again), until).context("its statements alone")?;
            Ok((replayed, postgres.cpu_with_children()? - idle))
        };
        // PostgreSQL alone, before the server and after it: whatever else the machine does, it does to both. What writes is replayed
        // afterwards only: it writes the same rows.
        let writes = requests.first().is_some_and(|request| request.method != "GET");
        let half = plan.seconds.div_ceil(2);
        let any = format!("random(1, {tickets})");
        let mut alone = Vec::new();
        if !writes {
            alone.push(replay(&any, Until::Seconds(half))?);
        }
        server.forget_peak()?;
        let before = (server.cpu()?, postgres.cpu_with_children()?);
        let load = target.load(&requests, operation.sending, connections, plan.seconds).await?;
        let after = (server.cpu()?, postgres.cpu_with_children()?);
        let peak = server.peak()?;
        left -= 1;
        if operation.sending == Sending::Once {
            // What was on its way when the load generator stopped is still done.
            thread::sleep(Duration::from_secs(1));
        }
        let city = state(&mut connection, tickets).await?;
        if operation.sending == Sending::Once {
            let each = city.submitted.clone().count() / left / connections as usize;
            let draw = format!("{} + :client_id + (:i - 1) * {connections}", city.submitted.start());
            alone.push(replay(&draw, Until::Transactions(u32::try_from(each)?.max(1)))?);
        } else {
            alone.push(replay(&any, Until::Seconds(if writes { plan.seconds } else { half }))?);
        }
        left -= 1;
        let (alone, cpu): (Vec<Replayed>, Vec<u64>) = alone.into_iter().unzip();
        let replayed: u64 = alone.iter().map(|replayed| replayed.transactions).sum();
        if operation.sending == Sending::Once {
            let next = *state(&mut connection, tickets).await?.submitted.start();
            // A small city has fewer left than connections.
            let left = city.submitted.clone().count() as u64;
            if u64::from(next - city.submitted.start()) != replayed.min(left) {
                bail!("pgbench changed something else than one ticket with each transaction");
            }
        }
        connection.close().await?;
        let answered = load.requests.max(1);
        let row = Row {
            operation,
            writes,
            connections,
            at_first,
            load,
            server_cpu: (after.0 - before.0) / answered,
            postgres_cpu: (after.1 - before.1) / answered,
            statements: transactions.iter().map(|transaction| transaction.statements.len()).max().unwrap_or_default(),
            round_trips: transactions.iter().map(Transaction::round_trips).max().unwrap_or_default(),
            peak,
            alone: rate(&alone),
            alone_cpu: cpu.iter().sum::<u64>() / replayed.max(1),
        };
        say(format_args!(
            "{tickets} tickets, {}, {connections} connections: {:.0} a second, {:.2} of pgbench",
            operation.name,
            row.load.rate(),
            row.ratio()
        ));
        rows.push(row);
    }
    Ok(rows)
}

/// Downloads all tickets as NDJSON, which has one line for each.
async fn export((program, door): (&Program, &str)) -> Result<Export> {
    let bearer = authorization(door, Who::Dispatcher).await?.context("a dispatcher has a token")?;
    let (server, began) = (program.process(), Instant::now());
    server.forget_peak()?;
    let url = format!("{}/v1/tickets/export?format=ndjson", program.base_url);
    let mut answer = Client::new().get(url).header("Authorization", bearer).send().await?.error_for_status()?;
    let (mut rows, mut bytes) = (0, 0);
    while let Some(piece) = answer.chunk().await? {
        rows += piece.split(|byte| *byte == b'\n').count() - 1;
        bytes += piece.len();
    }
    Ok(Export { rows, bytes, seconds: began.elapsed().as_secs_f64(), peak: server.peak()? })
}

/// Asks for everything once before it is measured how fast it is told: how slow that was, if there is much to ask for. What
/// changes something is asked for by some of the requests, which are not sent again.
async fn first(
    target: &Target<'_>,
    requests: &mut Vec<Request>,
    (sending, connections): (Sending, u32),
    plan: &Plan,
) -> Result<Option<f64>> {
    let at_most = Duration::from_secs(u64::from(plan.seconds * AT_FIRST));
    match sending {
        Sending::Once => Ok(None),
        Sending::Alone | Sending::Different => target.once(&requests[..1], 1, at_most).await.map(|_| None),
        Sending::Repeated => {
            let reads = requests[0].method == "GET";
            let mut asked = if reads { requests.clone() } else { requests.split_off(requests.len() - CHANGES) };
            let mut seen = HashSet::new();
            asked.retain(|request| !reads || seen.insert(request.path.clone()));
            let p99 = target.once(&asked, connections, at_most).await?;
            Ok((asked.len() > 1).then_some(p99))
        }
    }
}
