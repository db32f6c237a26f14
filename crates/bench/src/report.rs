//! What was measured, as Markdown; and what is not as promised.

use std::fs;

use crate::erasing::{CONNECTIONS, Erasing};
use crate::run::{Measured, Plan, Row};

/// The tables, and the machine that they were measured on.
pub(crate) fn markdown(cities: &[Measured], plan: &Plan) -> String {
    let mut text = format!("{}, {} s a row.\n", machine(), plan.seconds);
    for city in cities {
        let heading = format!(
            "\n{} tickets, {} MiB on disk; ready {} ms after its start, then {} MiB resident.\n\n\
             | operation | connections | requests/s | p50, ms | p99, ms | CPU µs a request: server, PostgreSQL | statements | \
             round trips | memory, MiB | `pgbench`/s, CPU µs | ratio |\n|---|---|---|---|---|---|---|---|---|---|---|\n",
            city.tickets,
            city.disk >> 20,
            city.started_in.as_millis(),
            city.at_rest >> 10,
        );
        text.push_str(&heading);
        for row in &city.rows {
            text.push_str(&line(row));
        }
        text.extend(city.erasing.as_ref().map(erased));
    }
    if let [small, .., large] = cities {
        text.push_str(&growth(small, large));
    }
    text
}

fn line(row: &Row) -> String {
    format!(
        "| {} | {} | {:.*} | {:.1} | {:.1} | {}, {} | {} | {} | {} | {:.*}, {} | {:.2} |\n",
        row.operation.name,
        row.connections,
        decimals(row.load.rate()),
        row.load.rate(),
        row.load.p50,
        row.load.p99,
        row.server_cpu,
        row.postgres_cpu,
        row.statements,
        row.round_trips,
        row.peak >> 10,
        decimals(row.alone),
        row.alone,
        row.alone_cpu,
        row.ratio(),
    )
}

fn erased(Erasing { removed, seconds, others }: &Erasing) -> String {
    let mut text = format!(
        "\n{removed} concerns removed with their tickets in {seconds:.0} s, while others asked.\n\n\
         | meanwhile, {CONNECTIONS} connections | requests/s without | with | p99 without, ms | with |\n|---|---|---|---|---|\n"
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

fn growth(small: &Measured, large: &Measured) -> String {
    let mut text = format!(
        "\n| p99, ms, at the most connections | {} tickets | {} tickets | growth |\n|---|---|---|---|\n",
        small.tickets, large.tickets
    );
    let last = |city: &Measured, name: &str| {
        let rows = city.rows.iter().filter(|row| row.operation.name == name);
        rows.max_by_key(|row| row.connections).map(|row| row.load.p99)
    };
    for row in &large.rows {
        let name = row.operation.name;
        let is_last =
            large.rows.iter().filter(|other| other.operation.name == name).all(|o| o.connections <= row.connections);
        if let (true, Some(before)) = (is_last, last(small, name)) {
            let now = row.load.p99;
            let line = format!("| {name} | {before:.1} | {now:.1} | {:.1} |\n", now / before);
            text.push_str(&line);
        }
    }
    text
}

/// What failed, and what waits for the database more often than promised.
pub(crate) fn faults(cities: &[Measured]) -> Vec<String> {
    let mut faults = Vec::new();
    for erasing in cities.iter().filter_map(|city| city.erasing.as_ref()) {
        if erasing.removed == 0 {
            faults.push("the worker removed nothing of what was kept for long enough".to_owned());
        }
        for (name, without, with) in &erasing.others {
            if without.failed + with.failed > 0 {
                faults
                    .push(format!("{name}: {} requests failed while the worker removed", without.failed + with.failed));
            }
        }
    }
    for row in cities.iter().flat_map(|city| &city.rows) {
        let name = row.operation.name;
        if row.load.failed > 0 || row.load.requests == 0 {
            faults.push(format!("{name}: {} of {} requests failed", row.load.failed, row.load.requests));
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
