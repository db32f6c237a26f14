//! Traces, as a collector receives them: OTLP over HTTP, <https://opentelemetry.io/docs/specs/otlp/>.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use reqwest::Method;
use serde_json::json;

use super::{Town, pothole};
use crate::integrate::until;
use crate::support::caller::{Caller, Reply};
use crate::webhook::receiver::{Receiver, Sent};

crate::tests![
    a_trace_goes_from_who_asks_to_the_webhook,
    what_cannot_be_read_begins_a_trace_and_what_is_not_sampled_is_not_sent,
    without_a_collector_a_trace_goes_on_and_none_begins,
];

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const ASKING: &str = "00f067aa0ba902b7";

/// A collector that runs.
struct Collector {
    url: String,
    received: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
    server: ServerHandle,
}

async fn take(
    request: HttpRequest,
    body: web::Bytes,
    received: web::Data<Mutex<Vec<ExportTraceServiceRequest>>>,
) -> HttpResponse {
    assert_eq!(
        (request.path(), request.headers().get("content-type")),
        ("/v1/traces", Some(&"application/x-protobuf".parse().unwrap()))
    );
    received.lock().unwrap().push(ExportTraceServiceRequest::decode(body).unwrap());
    HttpResponse::Ok().content_type("application/x-protobuf").finish()
}

impl Collector {
    fn start() -> Self {
        let received: Arc<Mutex<Vec<ExportTraceServiceRequest>>> = Arc::default();
        let its = web::Data::from(Arc::clone(&received));
        let server = HttpServer::new(move || App::new().app_data(its.clone()).default_service(web::to(take)));
        let server = server.workers(1).disable_signals().shutdown_timeout(0).bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, received, server: handle }
    }

    /// The environment of a program that sends its spans here, at once.
    fn environment(&self) -> [(&'static str, &str); 2] {
        [("OTEL_EXPORTER_OTLP_ENDPOINT", &self.url), ("OTEL_BSP_SCHEDULE_DELAY", "50")]
    }

    /// Every span that came so far.
    fn spans(&self) -> Vec<Span> {
        let received = self.received.lock().unwrap();
        let resources = received.iter().flat_map(|request| &request.resource_spans);
        resources.flat_map(|resource| &resource.scope_spans).flat_map(|scope| scope.spans.clone()).collect()
    }

    /// The span of that name in that trace, once it came.
    async fn span(&self, trace: &str, name: &str) -> Span {
        until(name, async || self.spans().into_iter().find(|span| span.name == name && hex(&span.trace_id) == trace))
            .await
    }

    /// What it was told of who sends.
    fn resource(&self) -> BTreeMap<String, String> {
        let received = self.received.lock().unwrap();
        attributes(&received[0].resource_spans[0].resource.as_ref().unwrap().attributes)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

fn attributes(pairs: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |value: &Option<AnyValue>| match value.as_ref().and_then(|value| value.value.as_ref()).unwrap() {
        any_value::Value::StringValue(text) => text.clone(),
        any_value::Value::IntValue(number) => number.to_string(),
        other => format!("{other:?}"),
    };
    pairs.iter().map(|pair| (pair.key.clone(), text(&pair.value))).collect()
}

/// Files a concern within a trace.
async fn file(agent: &Caller, traceparent: &str) -> Reply {
    let request = agent.request(Method::POST, "/v1/concerns").header("traceparent", traceparent);
    agent.send(request.json(&pothole())).await
}

/// The first delivery that a receiver gets.
async fn delivery(receiver: &Receiver) -> Sent {
    until("a delivery", async || receiver.take().into_iter().next()).await
}

/// A town, somebody who files concerns there, and where its events are sent.
async fn followed(options: &[&str], environment: &[(&'static str, &str)]) -> (Town, Caller, Receiver) {
    let town = Town::with(options, environment).await;
    let receiver = Receiver::start("127.0.0.1");
    let follower = town.follower(&town.login("paul.carpentier").await).await;
    follower.post("/v1/webhooks", &json!({ "url": format!("{}?token=abracadabra", receiver.url()) })).await.created();
    let agent = town.login("claire.delattre").await;
    (town, agent, receiver)
}

async fn a_trace_goes_from_who_asks_to_the_webhook() {
    let collector = Collector::start();
    let (town, agent, receiver) = followed(&[], &collector.environment()).await;
    let filed = file(&agent, &format!("00-{TRACE}-{ASKING}-01")).await;
    let id = filed.header("x-request-id").unwrap().to_owned();
    filed.created();
    let request = collector.span(TRACE, "POST /v1/concerns").await;
    assert_eq!(hex(&request.parent_span_id), ASKING);
    let expected = [
        ("continuum.request.id", id.as_str()),
        ("http.request.method", "POST"),
        ("http.response.status_code", "201"),
        ("http.route", "/v1/concerns"),
    ];
    let told = |span: &Span| {
        let mut told = attributes(&span.attributes);
        // How long it was worked on and waited for, which the library adds.
        told.retain(|name, _| name != "busy_ns" && name != "idle_ns");
        told
    };
    assert_eq!(told(&request), expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    let sent = delivery(&receiver).await;
    let deliver = collector.span(TRACE, "deliver ticket.submitted").await;
    assert_eq!(sent.header("traceparent"), format!("00-{TRACE}-{}-01", hex(&deliver.span_id)));
    assert_eq!(deliver.parent_span_id, request.span_id, "of the request in which it happened");
    let expected =
        [("http.request.method", "POST"), ("http.request.resend_count", "0"), ("http.response.status_code", "204")];
    assert_eq!(told(&deliver), expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    let town_says = collector.resource();
    assert_eq!(
        (town_says["service.name"].as_str(), town_says["telemetry.sdk.language"].as_str()),
        ("continuum", "rust")
    );
    // Who asks without a trace has one of their own.
    agent.get("/v1/tickets?q=matelas").await.ok();
    let own =
        until("a trace of its own", async || collector.spans().into_iter().find(|span| span.name == "GET /v1/tickets"))
            .await;
    assert!(own.parent_span_id.is_empty() && hex(&own.trace_id) != TRACE);
    until("an e-mail", async || collector.spans().into_iter().find(|span| span.name == "send mail")).await;
    // Nothing in a span is anybody's.
    let all = format!("{:?}", collector.received.lock().unwrap());
    for secret in ["abracadabra", "matelas", "mail.example", "claire", "127.0.0.1", "@"] {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
    receiver.stop().await;
    // What is left is sent when the program ends.
    agent.get("/v1/me").await.ok();
    town.stop();
    assert!(collector.spans().iter().any(|span| span.name == "GET /v1/me"));
    collector.server.stop(false).await;
}

async fn what_cannot_be_read_begins_a_trace_and_what_is_not_sampled_is_not_sent() {
    let collector = Collector::start();
    let (town, agent, receiver) = followed(&[], &collector.environment()).await;
    for unreadable in [
        "",
        "00",
        &format!("00-{TRACE}-{ASKING}"),
        &format!("00-{}-{ASKING}-01", "0".repeat(32)),
        &format!("ff-{TRACE}-{ASKING}-01"),
    ] {
        file(&agent, unreadable).await.created();
        let sent = delivery(&receiver).await;
        let (trace, span) = sent.header("traceparent")[3..].split_at(32);
        assert_ne!(trace, TRACE);
        let deliver = collector.span(trace, "deliver ticket.submitted").await;
        assert_eq!(span, format!("-{}-01", hex(&deliver.span_id)));
        assert!(collector.span(trace, "POST /v1/concerns").await.parent_span_id.is_empty(), "{unreadable}");
    }
    let unsampled = "0af7651916cd43dd8448eb211c80319c";
    file(&agent, &format!("00-{unsampled}-{ASKING}-00")).await.created();
    let sent = delivery(&receiver).await;
    assert!(!sent.header("traceparent").contains(unsampled), "nothing was kept of it");
    collector.span(&sent.header("traceparent")[3..35], "deliver ticket.submitted").await;
    assert!(collector.spans().iter().all(|span| hex(&span.trace_id) != unsampled));
    receiver.stop().await;
    town.stop();
    collector.server.stop(false).await;
}

async fn without_a_collector_a_trace_goes_on_and_none_begins() {
    // The one that answers has a collector, the worker has none.
    let collector = Collector::start();
    let (town, agent, receiver) = followed(&["--no-worker"], &collector.environment()).await;
    file(&agent, &format!("00-{TRACE}-{ASKING}-01")).await.created();
    let request = collector.span(TRACE, "POST /v1/concerns").await;
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut worker = town.worker_with(&listen, &[("OTEL_SDK_DISABLED", "true")]);
    let sent = delivery(&receiver).await;
    assert_eq!(sent.header("traceparent"), format!("00-{TRACE}-{}-01", hex(&request.span_id)));
    worker.kill().unwrap();
    worker.wait().unwrap();
    receiver.stop().await;
    town.stop();
    collector.server.stop(false).await;
    // Neither has one.
    let (town, agent, receiver) = followed(&[], &[]).await;
    file(&agent, &format!("00-{TRACE}-{ASKING}-01")).await.created();
    assert!(!delivery(&receiver).await.has("traceparent"));
    assert_eq!(town.database.count("select count(*) from feed where traceparent is not null").await, 0);
    receiver.stop().await;
    town.stop();
}
