//! What was measured, as Markdown; and what is not as promised.

use std::fs;
use std::time::Duration;

use crate::erasing::{CONNECTIONS, Erasing};
use crate::load::Load;
use crate::operation::Asked;
use crate::run::{EXPORT, Export, Measured, Plan, Row};

/// KiB that the server may have resident at most, and how long it may take until it answers, as was asked for.
const MEMORY: u64 = 64 << 10;
const READY: Duration = Duration::from_millis(300);
/// More than these is a fault wherever it runs, built however: something is kept, or waited for.
const MEMORY_AT_WORST: u64 = 192 << 10;
const READY_AT_WORST: Duration = Duration::from_secs(3);
/// How many times as long 99 of 100 answers of the largest city may take at most as those of the smallest; where an answer is longer,
/// so many times as long for as much of it.
const GROWTH: f64 = 2.0;
/// From how many tickets and connections on it was asked for how fast what is.
const A_MILLION: u32 = 1_000_000;
const MANY: u32 = 32;

/// The tables of a city, and the machine that they were measured on.
pub(crate) fn city(city: &Measured, plan: &Plan) -> String {
    let mut text = format!(
        "{} tickets, {} MiB on disk; ready {} ms after its start, then {} MiB resident. {}: {}, {} s a row.\n\n\
         | operation | connections | requests/s | p50, ms | p99, ms | at first | CPU µs a request: server, PostgreSQL | statements | \
         round trips | memory, MiB | `pgbench`/s, CPU µs | ratio; to its best |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n",
        city.tickets,
        city.disk >> 20,
        city.started_in.as_millis(),
        city.at_rest >> 10,
        city.at.format("%-d %B %Y, %H:%M UTC"),
        machine(),
        plan.seconds,
    );
    text.extend(city.rows.iter().map(|row| line(row, best(city, row))));
    text.extend(city.whole.as_ref().map(exported));
    text.extend(city.erasing.as_ref().map(erased));
    text
}

/// How figures grow from the first city to the last one, and what is not as was asked for.
pub(crate) fn judgement(cities: &[Measured], plan: &Plan) -> String {
    let mut text = String::new();
    if let [small, .., large] = cities {
        text = format!(
            "| p99, ms | connections | {} tickets | {} tickets | growth | and of the answer |\n|---|---|---|---|---|---|\n",
            small.tickets, large.tickets
        );
        for Growth { name, connections, before, now, .. } in growth(small, large) {
            let (p99, answer) = (now.p99 / before.p99, now.answer() / before.answer());
            let line =
                format!("| {name} | {connections} | {:.1} | {:.1} | {p99:.1} | {answer:.1} |\n", before.p99, now.p99);
            text.push_str(&line);
        }
        text.push('\n');
    }
    if plan.judged {
        let short = shortfalls(cities);
        text.push_str(
            match (short.is_empty(), cities.iter().any(|city| city.rows.iter().any(|row| judged(city, row)))) {
                (true, true) => "All is as was asked for.\n",
                (true, false) => "Nothing was measured at which it was asked how fast it should be.\n",
                (false, _) => "Not as was asked for:\n\n",
            },
        );
        text.extend(short.iter().map(|what| format!("- {what}\n")));
    }
    text
}

/// The most transactions a second that PostgreSQL alone did of an operation, at whatever number of connections.
fn best(city: &Measured, row: &Row) -> f64 {
    let same = city.rows.iter().filter(|other| other.operation.name == row.operation.name);
    same.map(|other| other.alone).fold(row.alone, f64::max)
}

fn line(row: &Row, best: f64) -> String {
    format!(
        "| {} | {} | {:.*} | {:.1} | {:.1} | {} | {}, {} | {} | {} | {} | {:.*}, {} | {:.2}; {:.2} |\n",
        row.operation.name,
        row.connections,
        decimals(row.load.rate()),
        row.load.rate(),
        row.load.p50,
        row.load.p99,
        row.at_first.map_or("–".to_owned(), |p99| format!("{p99:.1}")),
        row.server_cpu,
        row.postgres_cpu,
        row.statements,
        row.round_trips,
        row.peak >> 10,
        decimals(row.alone),
        row.alone,
        row.alone_cpu,
        row.ratio(),
        row.load.rate() / best,
    )
}

fn exported(Export { rows, bytes, seconds, peak }: &Export) -> String {
    let (mib, peak) = (bytes >> 20, peak >> 10);
    format!("\nExport of all {rows} tickets, {mib} MiB: {seconds:.1} s, {peak} MiB resident at most.\n")
}

fn erased(Erasing { removed, seconds, peak, others }: &Erasing) -> String {
    let mut text = format!(
        "\n{removed} concerns removed with their tickets in {seconds:.0} s, while others asked and logged in; {} MiB resident at most.\n\n\
         | meanwhile, {CONNECTIONS} connections | requests/s without | with | p99 without, ms | with |\n|---|---|---|---|---|\n",
        peak >> 10
    );
    for (name, without, with) in others {
        let line =
            format!("| {name} | {:.0} | {:.0} | {:.1} | {:.1} |\n", without.rate(), with.rate(), without.p99, with.p99);
        text.push_str(&line);
    }
    text
}

const fn decimals(rate: f64) -> usize {
    if rate < 10.0 { 2 } else { 0 }
}

/// An operation at a number of connections: in the small city, in the large one.
struct Growth {
    name: &'static str,
    connections: u32,
    before: Load,
    now: Load,
    /// How many times as long 99 of 100 answers take when they are asked for the first time.
    at_first: Option<f64>,
}

impl Growth {
    /// How many times as long 99 of 100 answers take, for as much of an answer.
    fn for_as_much(&self) -> f64 {
        self.now.p99 / self.before.p99 / (self.now.answer() / self.before.answer()).max(1.0)
    }
}

fn growth(small: &Measured, large: &Measured) -> Vec<Growth> {
    let grows = |row: &Row| {
        let (name, connections) = (row.operation.name, row.connections);
        let before = small.rows.iter().find(|row| (row.operation.name, row.connections) == (name, connections))?;
        let at_first = row.at_first.zip(before.at_first).map(|(now, before)| now / before);
        Some(Growth { name, connections, before: before.load, now: row.load, at_first })
    };
    large.rows.iter().filter_map(grows).collect()
}

/// What is not as was asked for before the program was written. On a machine that others use too, figures fall short that would
/// not otherwise: it is told, and is no fault.
fn shortfalls(cities: &[Measured]) -> Vec<String> {
    let mut short: Vec<String> = cities.iter().flat_map(short_of).collect();
    if let [small, .., large] = cities {
        for grown in growth(small, large).iter().filter(|grown| grown.for_as_much() > GROWTH) {
            let (name, connections, times) = (grown.name, grown.connections, grown.for_as_much());
            short.push(format!(
                "{name}, {connections} connections: p99 grows to {times:.1} times for as much of an answer, {GROWTH} asked for"
            ));
        }
        short.extend(growth(small, large).iter().filter_map(|grown| {
            let times = grown.at_first.filter(|times| *times > GROWTH)?;
            let name = grown.name;
            Some(format!("{name}, asked for the first time: p99 grows to {times:.1} times, {GROWTH} asked for"))
        }));
    }
    let mut trips: Vec<String> = cities.iter().flat_map(|city| &city.rows).filter_map(more_trips).collect();
    trips.sort();
    trips.dedup();
    short.extend(trips);
    short
}

/// Of what reads one round trip was asked for, of what writes three, whatever the number of items.
fn more_trips(row: &Row) -> Option<String> {
    let (trips, asked) = (row.round_trips, if row.writes { 3 } else { 1 });
    (trips > asked).then(|| format!("{}: {trips} round trips, {asked} asked for", row.operation.name))
}

/// Whether it was asked for how fast this is.
fn judged(city: &Measured, row: &Row) -> bool {
    city.tickets >= A_MILLION && row.connections >= MANY
}

fn short_of(city: &Measured) -> Vec<String> {
    let (tickets, mut short) = (city.tickets, Vec::new());
    if city.started_in > READY {
        short.push(format!("{tickets} tickets: ready after {:?}, {READY:?} asked for", city.started_in));
    }
    let whole = city.whole.iter().map(|whole| (whole.peak, EXPORT));
    let most = city.rows.iter().map(|row| (row.peak, row.operation.name)).chain(whole).max();
    if let Some((peak, name)) = most.filter(|(peak, _)| *peak > MEMORY) {
        short.push(format!(
            "{tickets} tickets: {} MiB resident during “{name}”, {} asked for",
            peak >> 10,
            MEMORY >> 10
        ));
    }
    for row in city.rows.iter().filter(|row| judged(city, row)) {
        let what = format!("{tickets} tickets, {}, {} connections", row.operation.name, row.connections);
        match row.operation.asked {
            Asked::Ratio(ratio) if row.ratio() < ratio => {
                short.push(format!("{what}: {:.2} of `pgbench`, {ratio} asked for", row.ratio()));
            }
            Asked::P99(p99) => {
                let p99 = if tickets > A_MILLION { p99 * GROWTH } else { p99 };
                if row.load.p99 > p99 {
                    short.push(format!("{what}: p99 {:.1} ms, {p99} asked for", row.load.p99));
                }
            }
            Asked::Ratio(_) | Asked::Nothing => {}
        }
    }
    short
}

/// What failed, what waits for the database more often than promised, and what takes far too much.
pub(crate) fn faults(cities: &[Measured]) -> Vec<String> {
    let mut faults: Vec<String> = cities.iter().flat_map(|city| city.failed.iter().cloned()).collect();
    for erasing in cities.iter().filter_map(|city| city.erasing.as_ref()) {
        if erasing.removed == 0 {
            faults.push("the worker removed nothing of what was kept for long enough".to_owned());
        }
        for (name, without, with) in &erasing.others {
            let failed = without.failed() + with.failed();
            if failed > 0 {
                faults.push(format!("{name}: {failed} requests failed while the worker removed"));
            }
        }
    }
    for city in cities {
        if city.started_in > READY_AT_WORST {
            faults.push(format!("{} tickets: ready after {:?}", city.tickets, city.started_in));
        }
        if let Some(whole) = city.whole.as_ref().filter(|whole| whole.rows < city.tickets as usize) {
            faults.push(format!("{} tickets: {} in the export of all", city.tickets, whole.rows));
        }
        let peaks = city.rows.iter().map(|row| row.peak).chain(city.whole.as_ref().map(|whole| whole.peak));
        if let Some(peak) = peaks.max().filter(|peak| *peak > MEMORY_AT_WORST) {
            faults.push(format!("{} tickets: {} MiB resident", city.tickets, peak >> 10));
        }
    }
    for row in cities.iter().flat_map(|city| &city.rows) {
        let name = row.operation.name;
        if row.load.failed() > 0 || row.load.requests == 0 {
            let Load { requests, refused, lost, .. } = row.load;
            faults.push(format!("{name}: of {requests} answers {refused} were refusals; {lost} requests had none"));
        }
        if row.statements == 0 {
            faults.push(format!("{name}: no statement was seen in PostgreSQL's log"));
        }
        if let Some(most) = row.operation.round_trips
            && row.round_trips > most
        {
            faults.push(format!("{name}: {} round trips, {most} at most", row.round_trips));
        }
    }
    faults
}

/// Whatever the machine tells of itself.
fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let (processors, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let models: Vec<&str> = processors.lines().filter_map(|line| line.strip_prefix("model name")).collect();
    let model = models.first().map_or("an unknown processor", |model| model.trim_start_matches([' ', '\t', ':']));
    let kib = memory.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default();
    format!(
        "{} × {model}, {} GiB of memory; load generator, server and PostgreSQL share them",
        models.len(),
        kib.div_ceil(1 << 20)
    )
}
