//! What the program tells of what it does: its log, and, where a collector was named, traces (OpenTelemetry).

use std::io::{self, IsTerminal as _, Write};

use anyhow::{Context as _, Result};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use rustls::crypto::{CryptoProvider, ring};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// A line for people.
    Text,
    /// A JSON object a line, for programs.
    Json,
}

/// Writes each event as one line, whatever is told in it: what breaks a line is escaped, so that nobody whose words are
/// logged (a mail server, say) writes lines of their own. What else controls a terminal, `tracing` escapes.
struct OneLine<W>(W);

impl<W: Write> Write for OneLine<W> {
    /// `event` is all of one, with the end of its line.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let breaks = |sign| matches!(sign, '\n' | '\r' | '\u{b}' | '\u{85}' | '\u{2028}' | '\u{2029}');
        if line.contains(breaks) {
            let escape = |sign: char| if breaks(sign) { sign.escape_default().to_string() } else { sign.to_string() };
            let escaped: String = line.chars().map(escape).chain(["\n".to_owned()]).collect();
            self.0.write_all(escaped.as_bytes())?;
        } else {
            self.0.write_all(event)?;
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The traces that are still to be sent; nothing without a collector.
pub(crate) struct Telemetry(Option<SdkTracerProvider>);

/// Begins the log, at that level unless `CONTINUUM_LOG` says otherwise, on the standard error; and traces, if there is a
/// collector for them.
///
/// # Errors
/// When the settings of the log or of traces make no sense.
pub(crate) fn start(level: &str, format: LogFormat) -> Result<Telemetry> {
    // What clients send that is no HTTP is not an error of ours.
    let base = format!("{level},actix_http::h1::dispatcher=off");
    let asked = std::env::var("CONTINUUM_LOG").unwrap_or_default();
    // What is asked for comes last: of two that speak of the same, that holds.
    let filter = EnvFilter::try_new(format!("{base},{asked}")).context("CONTINUUM_LOG is not understood")?;
    let log = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(|| OneLine(std::io::stderr()));
    let log = match format {
        LogFormat::Text => log.boxed(),
        LogFormat::Json => log.json().with_current_span(false).boxed(),
    };
    // What is sent elsewhere is not for the log, whatever its level.
    let log = log.with_filter(filter).with_filter(filter_fn(|of| of.target() != traces::TARGET));
    let provider = if has_collector() { Some(provider()?) } else { None };
    let traces = provider.as_ref().map(|provider| {
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("continuum"));
        let layer = layer.with_location(false).with_threads(false).with_tracked_inactivity(false).with_target(false);
        layer.with_filter(filter_fn(|of| of.target() == traces::TARGET))
    });
    tracing_subscriber::registry().with(log).with(traces).init();
    Ok(Telemetry(provider))
}

/// Whether a collector was named, by the variables of OpenTelemetry.
fn has_collector() -> bool {
    let says = |name: &str| std::env::var(name).is_ok_and(|value| !value.trim().is_empty());
    let off = std::env::var("OTEL_SDK_DISABLED").is_ok_and(|value| value.eq_ignore_ascii_case("true"));
    !off && (says("OTEL_EXPORTER_OTLP_ENDPOINT") || says("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"))
}

/// Sends spans by OTLP over HTTP; where to, how much of them and under which name, `OTEL_…` variables say.
fn provider() -> Result<SdkTracerProvider> {
    if CryptoProvider::get_default().is_none() {
        // Refused if another thread was faster, which is as good.
        drop(ring::default_provider().install_default());
    }
    let exporter =
        SpanExporter::builder().with_http().build().context("traces cannot be sent (OTEL_EXPORTER_OTLP_…)")?;
    let named = std::env::var("OTEL_SERVICE_NAME").is_ok();
    let resource = Resource::builder();
    let resource = if named { resource } else { resource.with_service_name("continuum") };
    Ok(SdkTracerProvider::builder().with_resource(resource.build()).with_batch_exporter(exporter).build())
}

impl Telemetry {
    /// Sends what is left, for some seconds at most.
    pub(crate) fn stop(self) {
        if let Some(provider) = self.0
            && let Err(error) = provider.shutdown()
        {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_whatever_is_told_in_it() {
        let mut written = Vec::new();
        let told = "WARN put off words=451 busy\r\n2026-01-01 INFO forged\u{2028}\u{b}\u{85}é\n";
        OneLine(&mut written).write_all(told.as_bytes()).unwrap();
        let written = String::from_utf8(written).unwrap();
        assert_eq!(written, "WARN put off words=451 busy\\r\\n2026-01-01 INFO forged\\u{2028}\\u{b}\\u{85}é\n",);
    }
}
