//! What webhooks are sent to: an HTTP server that answers as it is told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::Value;

use crate::support::standardwebhooks as node;

/// How it answers.
#[derive(Debug, Clone)]
pub struct Manner {
    pub status: u16,
    pub location: Option<String>,
    pub after: Duration,
    pub body: web::Bytes,
}

impl Manner {
    pub fn status(status: u16) -> Self {
        Self { status, location: None, after: Duration::ZERO, body: web::Bytes::new() }
    }
}

/// What it was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Sent {
    pub fn header(&self, name: &str) -> &str {
        &self.headers.iter().find(|(header, _)| header == name).unwrap_or_else(|| panic!("no {name}: {self:?}")).1
    }

    pub fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(header, _)| header == name)
    }

    pub fn event(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn signed(&self) -> [(&str, &str); 3] {
        ["webhook-id", "webhook-timestamp", "webhook-signature"].map(|name| (name, self.header(name)))
    }

    /// What the public libraries say of its signature, all of them.
    #[track_caller]
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let headers = self.signed().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let headers = headers.into_iter().collect();
        let rust = standardwebhooks::Webhook::new(secret).unwrap().verify(self.body.as_bytes(), &headers);
        let node = node::verify(secret, &self.signed(), &self.body);
        assert_eq!(rust.is_ok(), node.is_ok(), "the libraries disagree: {rust:?}, {node:?}");
        node.is_ok_and(|payload| payload == self.event())
    }
}

/// A receiver that runs.
pub struct Receiver {
    /// Where it listens: address and port.
    pub at: String,
    manner: Arc<Mutex<Manner>>,
    sent: Arc<Mutex<Vec<Sent>>>,
    server: ServerHandle,
}

async fn answer(
    request: HttpRequest,
    body: String,
    manner: web::Data<Mutex<Manner>>,
    sent: web::Data<Mutex<Vec<Sent>>>,
) -> HttpResponse {
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    sent.lock().unwrap().push(Sent { headers, body });
    let Manner { status, location, after, body } = manner.lock().unwrap().clone();
    tokio::time::sleep(after).await;
    let mut response = HttpResponse::build(StatusCode::from_u16(status).unwrap());
    if let Some(location) = location {
        response.insert_header(("location", location));
    }
    response.body(body)
}

impl Receiver {
    /// One that takes everything, at a free port of that address, or at that port.
    pub fn start(at: &str) -> Self {
        let (manner, sent) = (Arc::new(Mutex::new(Manner::status(204))), Arc::new(Mutex::new(Vec::new())));
        let (its_manner, its_sent) = (web::Data::from(manner.clone()), web::Data::from(sent.clone()));
        let server = HttpServer::new(move || {
            App::new().app_data(its_manner.clone()).app_data(its_sent.clone()).default_service(web::to(answer))
        });
        let at = if at.contains(':') { at.to_owned() } else { format!("{at}:0") };
        let server = server.workers(1).disable_signals().shutdown_timeout(0).bind(at).unwrap();
        let at = server.addrs()[0].to_string();
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { at, manner, sent, server: handle }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.at)
    }

    pub fn answers(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    /// What it was sent.
    pub fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// What it was sent, once.
    pub fn take(&self) -> Vec<Sent> {
        std::mem::take(&mut self.sent.lock().unwrap())
    }

    /// The events that it was sent.
    pub fn events(&self) -> Vec<Value> {
        self.sent().iter().map(Sent::event).collect()
    }

    pub async fn stop(&self) {
        self.server.stop(false).await;
    }
}
