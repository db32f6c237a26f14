//! What it costs others that the worker removes what was kept for long enough.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use reqwest::Client;
use serde_json::{Value, json};

use crate::load::{Load, Target};
use crate::operation::{self, Operation};
use crate::people::{Who, authorization};
use crate::server::{Database, Program};

/// How many connections the load generator opens meanwhile.
pub(crate) const CONNECTIONS: u32 = 8;
/// How long the worker may take to plan a night.
const PATIENCE: Duration = Duration::from_mins(3);

/// What was measured.
pub(crate) struct Erasing {
    /// How many concerns with their tickets went.
    pub(crate) removed: u64,
    /// In how many seconds.
    pub(crate) seconds: f64,
    /// KiB that the server, with the worker in it, had resident at most: people log in at it, too.
    pub(crate) peak: u64,
    /// What others asked for: without, and while it removed.
    pub(crate) others: Vec<(&'static str, Load, Load)>,
}

/// Confirms a night that would remove most of the city, and lets it run for as long as two measurements take.
pub(crate) async fn measure(database: &Database, city: &operation::City, seconds: u32) -> Result<Erasing> {
    let program = Program::start_with_worker(database)?;
    let bearer = authorization(&program.base_url, Who::Dispatcher).await?.context("a dispatcher has a token")?;
    let (http, url) = (Client::new(), format!("{}/v1/retention", program.base_url));
    let began = Instant::now();
    let run = loop {
        let run = read(&http, &url, &bearer).await?["runs"][0].clone();
        if run["state"] == "waiting" {
            break run;
        }
        if began.elapsed() > PATIENCE {
            bail!("the worker has planned no night: it does after two o’clock, and once a day");
        }
        thread::sleep(Duration::from_secs(1));
    };
    let asked: Vec<Operation> =
        operation::ALL.into_iter().filter(|o| o.name.starts_with("work list") || o.name == "file a concern").collect();
    let mut before = Vec::new();
    for operation in &asked {
        before.push(load(database, &program, city, operation, seconds).await?);
    }
    let confirmed = http.post(format!("{url}/confirm")).header("Authorization", &bearer);
    confirmed.json(&json!({ "run": run["id"] })).send().await?.error_for_status()?;
    // A worker looks when it begins, and then now and then.
    program.stop()?;
    let program = Program::start_with_worker(database)?;
    let bearer = authorization(&program.base_url, Who::Dispatcher).await?.context("a dispatcher has a token")?;
    let url = format!("{}/v1/retention", program.base_url);
    let (began, first) = (Instant::now(), removed(&http, &url, &bearer).await?);
    let mut others = Vec::new();
    for (operation, before) in asked.iter().zip(before) {
        others.push((operation.name, before, load(database, &program, city, operation, seconds).await?));
    }
    let removed = removed(&http, &url, &bearer).await? - first;
    let (seconds, peak) = (began.elapsed().as_secs_f64(), program.process().peak()?);
    program.stop()?;
    Ok(Erasing { removed, seconds, peak, others })
}

async fn read(http: &Client, url: &str, bearer: &str) -> Result<Value> {
    Ok(http.get(url).header("Authorization", bearer).send().await?.error_for_status()?.json().await?)
}

async fn removed(http: &Client, url: &str, bearer: &str) -> Result<u64> {
    let run = &read(http, url, bearer).await?["runs"][0];
    run["erased"]["rows"].as_u64().with_context(|| format!("no run: {run}"))
}

async fn load(
    database: &Database,
    program: &Program,
    city: &operation::City,
    operation: &Operation,
    seconds: u32,
) -> Result<Load> {
    let authorization = authorization(&program.base_url, operation.who).await?;
    let data = database.data();
    let target =
        Target { base_url: &program.base_url, authorization: authorization.as_deref(), folder: data.as_path() };
    target.load(&operation.requests(city), operation.sending, CONNECTIONS, seconds).await
}
