//! Traces: the spans that an operator may have sent to a collector, and the context that ties them to those of other programs
//! (W3C Trace Context: <https://www.w3.org/TR/trace-context-1/>).
//!
//! Deliberately absent: anything that people wrote or are called, addresses, paths and queries: they may hold a token.
//! Nothing here costs anything unless the program was told where to send spans.

use std::collections::HashMap;

use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The target of the spans that are sent; no log shows them.
pub const TARGET: &str = "traces";

/// The header in which the context travels.
pub const TRACEPARENT: &str = "traceparent";

/// A request that is answered, within the trace of who asked.
#[must_use]
pub fn request(method: &str, traceparent: Option<&str>) -> Span {
    let span = tracing::trace_span!(
        target: TARGET,
        "request",
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.route = Empty,
        http.response.status_code = Empty,
        continuum.request.id = Empty
    );
    within(&span, traceparent);
    span
}

/// Says how a request was answered.
pub fn answered(span: &Span, method: &str, route: Option<&str>, status: u16) {
    if !is_sent(span) {
        return;
    }
    let name = route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"));
    span.context().span().update_name(name);
    if let Some(route) = route {
        span.record("http.route", route);
    }
    span.record("http.response.status_code", status);
    if status >= 500 {
        span.record("otel.status_code", "ERROR");
    }
}

/// An event that is sent to a webhook, within the trace of the request in which it happened.
#[must_use]
pub fn delivery(event_type: &'static str, attempt: u32, traceparent: Option<&str>) -> Span {
    let span = tracing::trace_span!(
        target: TARGET,
        "deliver",
        otel.kind = "client",
        otel.name = format!("deliver {event_type}"),
        otel.status_code = Empty,
        http.request.method = "POST",
        http.request.resend_count = i64::from(attempt) - 1,
        http.response.status_code = Empty,
        error.r#type = Empty
    );
    within(&span, traceparent);
    span
}

/// Says what came of a delivery: the status, or why there is none.
pub fn delivered(span: &Span, outcome: Result<u16, &'static str>) {
    match outcome {
        Ok(status) => span.record("http.response.status_code", status),
        Err(why) => span.record("error.type", why),
    };
    if !matches!(outcome, Ok(200..=299)) {
        span.record("otel.status_code", "ERROR");
    }
}

/// An e-mail that is handed over.
#[must_use]
pub fn mail() -> Span {
    tracing::trace_span!(target: TARGET, "send mail", otel.kind = "client", otel.status_code = Empty)
}

/// Whether a span is one of ours, and there is a collector for it.
fn is_sent(span: &Span) -> bool {
    span.metadata().is_some_and(|of| of.target() == TARGET) && !span.is_disabled()
}

/// Puts a span into the trace that a header names; one that cannot be read begins a trace of its own, as the standard has it.
fn within(span: &Span, traceparent: Option<&str>) {
    let Some(traceparent) = traceparent.filter(|_| is_sent(span)) else { return };
    let header = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
    let context = TraceContextPropagator::new().extract(&header);
    // Refused where no collector was named: then there are no traces.
    drop(span.set_parent(context));
}

/// The context of a span, for the header: none without traces.
#[must_use]
pub fn traceparent(span: &Span) -> Option<String> {
    if !is_sent(span) {
        return None;
    }
    let mut header = HashMap::new();
    TraceContextPropagator::new().inject_context(&span.context(), &mut header);
    header.remove(TRACEPARENT)
}

/// The context of what is being done, if its trace is sent to a collector.
#[must_use]
pub fn current() -> Option<String> {
    let span = Span::current();
    if !is_sent(&span) {
        return None;
    }
    let context = span.context();
    context.span().span_context().is_sampled().then(|| traceparent(&span)).flatten()
}
