//! `/metrics`, for Prometheus, on a port of its own: what this process counts, and what the database has, which is the same
//! on each instance's page.

use std::fmt::{Display, Write as _};
use std::net::TcpListener;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use actix_web::dev::Server;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};
use anyhow::Result;
use chrono::{DateTime, Utc};
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::sync::Mutex;
use tokio::time::timeout;
use usecases::Context;
use usecases::watch::{Connections, Watched};

/// The buckets of the histograms of times, seconds: from an answer out of memory to one that nobody waits for.
const BUCKETS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// For how long the database is not asked again, however often the page is.
const FRESH: Duration = Duration::from_secs(5);

/// How long it is waited for: Prometheus waits for ten seconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often what histograms were told is counted, should nobody read the page.
const UPKEEP: Duration = Duration::from_secs(10);

/// The process has one recorder, however many instances it runs.
fn recorder() -> Result<&'static PrometheusHandle> {
    static RECORDER: OnceLock<Result<PrometheusHandle, String>> = OnceLock::new();
    let made = RECORDER.get_or_init(|| {
        let handle = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_duration_seconds".to_owned()), &BUCKETS)
            .and_then(PrometheusBuilder::install_recorder)
            .map_err(|error| error.to_string())?;
        describe();
        Ok(handle)
    });
    made.as_ref().map_err(|error| anyhow::anyhow!("{error}"))
}

/// What this process counts.
fn describe() {
    describe_counter!("continuum_http_requests_total", "Requests answered, by method, route and status.");
    describe_histogram!(
        "continuum_http_request_duration_seconds",
        Unit::Seconds,
        "Times from a request's head to the head of its answer, by method and route."
    );
    describe_counter!("continuum_messages_total", "Attempts to send e-mails, by what became of them.");
    describe_counter!(
        "continuum_webhook_attempts_total",
        "Attempts to deliver events to webhooks, by what became of them."
    );
    describe_histogram!(
        "continuum_webhook_attempt_duration_seconds",
        Unit::Seconds,
        "Times of attempts to deliver events to webhooks."
    );
    describe_gauge!(
        "continuum_worker_success_timestamp_seconds",
        Unit::Seconds,
        "When this worker last did each of its tasks, or found nothing to do; Unix time."
    );
    describe_counter!("continuum_worker_errors_total", "Rounds of this worker's tasks that failed, to be done again.");
}

/// What a page is made of.
struct Page {
    context: Context,
    handle: PrometheusHandle,
    /// What the database said, and when; none when it did not answer.
    said: Mutex<Option<(Instant, Option<Watched>)>>,
}

/// The server of the page, and what is to run beside it.
pub(crate) fn server(context: Context, listener: TcpListener) -> Result<(Server, impl Future<Output = ()> + use<>)> {
    let handle = recorder()?.clone();
    let page = Data::new(Page { context, handle: handle.clone(), said: Mutex::default() });
    let server = HttpServer::new(move || App::new().app_data(page.clone()).route("/metrics", web::get().to(show)));
    let server = server.workers(1).disable_signals().shutdown_timeout(1).listen(listener)?.run();
    Ok((server, keep_up(handle)))
}

/// Counts now and then what histograms were told, should nobody read the page.
async fn keep_up(handle: PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        handle.run_upkeep();
    }
}

async fn show(page: Data<Page>) -> HttpResponse {
    let mut text = page.handle.render();
    write_process(&mut text, &page.context);
    let watched = page.watched().await;
    gauge(&mut text, "continuum_database_up", "Whether the database answers.", &[("", u8::from(watched.is_some()))]);
    if let Some(watched) = watched {
        write_watched(&mut text, &watched, page.context.now());
    }
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text)
}

impl Page {
    /// What the database says, or said a moment ago: it is asked by one at a time, and not more often than every few seconds.
    async fn watched(&self) -> Option<Watched> {
        let mut said = self.said.lock().await;
        if let Some((_, watched)) = said.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return watched.clone();
        }
        let watched = match timeout(PATIENCE, usecases::watch::watch(&self.context)).await {
            Ok(Ok(watched)) => Some(watched),
            Ok(Err(error)) => {
                tracing::warn!(%error, "what is to be watched could not be asked for");
                None
            }
            Err(_) => {
                tracing::warn!("the database does not say in time what is to be watched");
                None
            }
        };
        *said = Some((Instant::now(), watched.clone()));
        watched
    }
}

/// One metric, with its values by label.
fn gauge<T: Display>(text: &mut String, name: &str, help: &str, values: &[(impl AsRef<str>, T)]) {
    let written = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge").and_then(|()| {
        values.iter().try_for_each(|(labels, value)| {
            let labels = labels.as_ref();
            let braces = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
            writeln!(text, "{name}{braces} {value}")
        })
    });
    written.expect("a text takes whatever is written");
}

fn write_process(text: &mut String, cx: &Context) {
    let version = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
    gauge(text, "continuum_build_info", "Which Continuum this is.", &[(version.as_str(), 1)]);
    let (mut open, mut most) = (Vec::new(), Vec::new());
    for Connections { pool, most: allowed, used, idle } in usecases::watch::connections(cx) {
        open.push((format!("pool=\"{pool}\",state=\"used\""), used));
        open.push((format!("pool=\"{pool}\",state=\"idle\""), idle));
        most.push((format!("pool=\"{pool}\""), allowed));
    }
    let name = "continuum_database_connections";
    gauge(text, name, "Connections of this process to the database, by what they are for and what they do.", &open);
    let name = "continuum_database_connections_max";
    gauge(text, name, "How many connections to the database this process may have, by what they are for.", &most);
}

#[rustfmt::skip]
fn write_watched(text: &mut String, watched: &Watched, now: DateTime<Utc>) {
    let standing = &watched.standing;
    let waits = |since: Option<DateTime<Utc>>| since.map_or(0, |since| (now - since).num_seconds().max(0));
    let mut one = |name, help, value: i64| gauge(text, name, help, &[("", value)]);
    one("continuum_outbox_pending", "E-mails that wait to be sent; 10000 stands for more.", standing.messages);
    one("continuum_outbox_recipients", "To how many they are; of 10000 e-mails.", standing.recipients);
    one("continuum_outbox_oldest_seconds", "For how long the oldest e-mail waits to be sent; 0 when none does.", waits(standing.oldest_message));
    one("continuum_outbox_dead", "E-mails that were given up; 10000 stands for more.", standing.dead_messages);
    one("continuum_feed_pending", "Events that have no place in the feed yet; 10000 stands for more.", standing.events);
    one("continuum_feed_oldest_seconds", "For how long the oldest event waits for its place in the feed; 0 when none does.", waits(standing.oldest_event));
    one("continuum_webhooks_behind", "Webhooks that were not sent yet what is in the feed.", standing.webhooks_behind);
    one("continuum_webhooks_oldest_seconds", "For how long the oldest event waits to be delivered to a webhook; 0 when none does.", waits(standing.oldest_undelivered));
    one("continuum_webhooks_failing", "Webhooks of which the last attempt failed.", standing.webhooks_failing);
    one("continuum_webhooks_stopped", "Webhooks that were given up: dead letters, until their program asks again.", standing.webhooks_stopped);
    one("continuum_cafes_unreported", "Cafés that ended more than a week ago, within a year, without a report.", standing.unreported_cafes);
    if let Some(areas) = watched.overdue_areas {
        one("continuum_cafes_overdue", "Areas in which the next café is overdue.", i64::try_from(areas).unwrap_or(i64::MAX));
    }
    one("continuum_erasures_waiting", "1 while a night that would erase unusually much waits until a dispatcher confirms it.", standing.erasures_waiting);
    if watched.scans {
        one("continuum_attachments_unscanned", "Attachments that the virus scanner has not seen yet; 10000 stands for more.", standing.unscanned);
    }
    if let Some(sealed) = standing.sealed_at {
        one("continuum_audit_sealed_timestamp_seconds", "When the audit log was last sealed; Unix time.", sealed.timestamp());
    }
    let late = [("clock=\"acknowledge\"", standing.unacknowledged), ("clock=\"resolve\"", standing.unresolved)];
    gauge(text, "continuum_tickets_late", "Tickets past the end of the clock that runs; 10000 stands for more.", &late);
}
