//! `/metrics`, for Prometheus, on a port of its own.

use std::net::TcpListener;
use std::sync::OnceLock;

use actix_web::dev::Server;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};
use anyhow::Result;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use usecases::Context;

/// The buckets of the histogram of answering times, seconds.
const BUCKETS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// The process has one recorder, however many instances it runs.
fn recorder() -> Result<&'static PrometheusHandle> {
    static RECORDER: OnceLock<Result<PrometheusHandle, String>> = OnceLock::new();
    let made = RECORDER.get_or_init(|| {
        PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Full("continuum_http_request_seconds".to_owned()), &BUCKETS)
            .and_then(PrometheusBuilder::install_recorder)
            .map_err(|error| error.to_string())
    });
    made.as_ref().map_err(|error| anyhow::anyhow!("{error}"))
}

/// The server of the page.
pub(crate) fn server(context: Context, listener: TcpListener) -> Result<Server> {
    let handle = recorder()?.clone();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(context.clone()))
            .app_data(Data::new(handle.clone()))
            .route("/metrics", web::get().to(page))
    });
    Ok(server.workers(1).disable_signals().shutdown_timeout(1).listen(listener)?.run())
}

async fn page(context: Data<Context>, handle: Data<PrometheusHandle>) -> HttpResponse {
    match context.store.backlog(context.now()).await {
        #[allow(clippy::cast_precision_loss, reason = "counts that stop at 10 000, and seconds")]
        Ok(backlog) => {
            metrics::gauge!("continuum_outbox_pending").set(backlog.pending as f64);
            metrics::gauge!("continuum_outbox_dead").set(backlog.dead as f64);
            let waits = backlog.oldest.map_or(0, |oldest| (context.now() - oldest).num_seconds());
            metrics::gauge!("continuum_outbox_oldest_seconds").set(waits as f64);
            metrics::gauge!("continuum_database_up").set(1.0);
        }
        Err(error) => {
            tracing::warn!(%error, "the outbox could not be counted");
            metrics::gauge!("continuum_database_up").set(0.0);
        }
    }
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(handle.render())
}
