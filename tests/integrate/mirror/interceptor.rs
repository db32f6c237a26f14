//! What stands between the program and a server: whatever is to be done is done at the third attempt. Before the first one is
//! passed on, and before the answer to the second one is, the program is killed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};

#[derive(Default)]
struct State {
    /// How often each thing to be done was asked for, by its path and its idempotency key.
    attempts: BTreeMap<(String, String), usize>,
    answers: BTreeMap<u16, usize>,
    killed: usize,
    polls: usize,
    closed: bool,
    spares: bool,
    waiting: bool,
}

/// An interceptor that runs.
#[derive(Clone)]
pub struct Interceptor {
    pub url: String,
    state: Arc<Mutex<State>>,
}

struct Way {
    to: String,
    kill: Box<dyn Fn() + Send + Sync>,
    state: Arc<Mutex<State>>,
    http: reqwest::Client,
}

impl Interceptor {
    /// One before that server.
    pub fn start(to: &str, kill: impl Fn() + Send + Sync + 'static) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let way = Way { to: to.to_owned(), kill: Box::new(kill), state: state.clone(), http: reqwest::Client::new() };
        let way = web::Data::new(way);
        let server = HttpServer::new(move || App::new().app_data(way.clone()).default_service(web::to(pass)));
        let server = server.workers(1).disable_signals().shutdown_timeout(0).bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        tokio::spawn(server.run());
        Self { url, state }
    }

    /// How often the program was killed here.
    pub fn killed(&self) -> usize {
        self.state.lock().unwrap().killed
    }

    /// How often something was to be done.
    pub fn posted(&self) -> usize {
        self.state.lock().unwrap().attempts.values().sum()
    }

    /// How often the program asked what has happened since.
    pub fn polls(&self) -> usize {
        self.state.lock().unwrap().polls
    }

    /// How often the server answered with that status.
    pub fn answered(&self, status: u16) -> usize {
        self.state.lock().unwrap().answers.get(&status).copied().unwrap_or_default()
    }

    /// Kills it no more: when it starts again, it reads anew what has happened at home.
    pub fn spare(&self) {
        self.state.lock().unwrap().spares = true;
    }

    /// Keeps the program waiting when it asks what has happened, until [`Interceptor::open`].
    pub fn close(&self) {
        self.state.lock().unwrap().closed = true;
    }

    pub fn open(&self) {
        self.state.lock().unwrap().closed = false;
    }

    pub fn keeps_waiting(&self) -> bool {
        self.state.lock().unwrap().waiting
    }
}

async fn pass(request: HttpRequest, body: web::Bytes, way: web::Data<Way>) -> HttpResponse {
    let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let attempt = header("idempotency-key").map_or(3, |key| {
        let mut state = way.state.lock().unwrap();
        let spares = state.spares;
        let attempts = state.attempts.entry((request.path().to_owned(), key)).or_default();
        *attempts += 1;
        if spares { 3 } else { *attempts }
    });
    let kill = || {
        way.state.lock().unwrap().killed += 1;
        (way.kill)();
        HttpResponse::ServiceUnavailable().finish()
    };
    if attempt == 1 {
        return kill();
    }
    if request.path() == "/v1/events" && !request.query_string().contains("latest") {
        way.state.lock().unwrap().polls += 1;
        while way.state.lock().unwrap().closed {
            way.state.lock().unwrap().waiting = true;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        way.state.lock().unwrap().waiting = false;
    }
    let method = request.method().as_str().parse().unwrap();
    let mut onward = way.http.request(method, format!("{}{}", way.to, request.uri())).body(body.to_vec());
    for name in ["authorization", "content-type", "idempotency-key", "if-match"] {
        if let Some(value) = header(name) {
            onward = onward.header(name, value);
        }
    }
    let answer = onward.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body = answer.bytes().await.unwrap();
    *way.state.lock().unwrap().answers.entry(status).or_default() += 1;
    if attempt == 2 {
        return kill();
    }
    let mut response = HttpResponse::build(StatusCode::from_u16(status).unwrap());
    for name in ["content-type", "retry-after"] {
        if let Some(value) = headers.get(name) {
            response.insert_header((name, value.to_str().unwrap()));
        }
    }
    response.body(body)
}
