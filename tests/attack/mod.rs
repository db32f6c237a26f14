//! What is sent to the server by who means harm: bytes that no HTTP library would send, and texts that try to become
//! something else where they are shown.

mod bombs;
mod headers;
mod letters;
mod markup;
mod paths;
mod ranges;
mod redirects;
mod slow;
mod smuggling;
mod tables;

use std::time::Duration;

use domain::city::zoning::Zoning;
use domain::language::Label;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::Test;
use crate::support::city::{City, dumping, email};
use crate::support::database::PASSWORD;

pub fn tests() -> Vec<Test> {
    [
        bombs::tests(),
        headers::tests(),
        letters::tests(),
        markup::tests(),
        paths::tests(),
        ranges::tests(),
        redirects::tests(),
        slow::tests(),
        smuggling::tests(),
        tables::tests(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// How long the server may take to answer and to hang up.
const PATIENCE: Duration = Duration::from_secs(20);

/// What came back over a connection, until the server hung up.
#[derive(Debug)]
struct Heard(String);

impl Heard {
    /// The statuses of the answers, in their order. No content that is sent here begins like an answer.
    fn statuses(&self) -> Vec<u16> {
        self.0.split("HTTP/1.1 ").skip(1).map(|answer| answer[..3].parse().unwrap()).collect()
    }
}

async fn connect(city: &City) -> TcpStream {
    TcpStream::connect(city.instance.base_url.strip_prefix("http://").unwrap()).await.unwrap()
}

/// Everything that is still said over a connection.
async fn rest(stream: &mut TcpStream) -> Heard {
    let mut answer = Vec::new();
    // Who hung up on what was not read yet resets the connection; what was said before counts.
    let read = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "the server does not hang up: {}", String::from_utf8_lossy(&answer));
    Heard(String::from_utf8_lossy(&answer).into_owned())
}

/// Sends bytes over one connection, and nothing more: what is answered, until the server finds that it was all.
async fn say(city: &City, bytes: &[u8]) -> Heard {
    let mut stream = connect(city).await;
    // The server may hang up before it was told everything.
    drop(stream.write_all(bytes).await);
    drop(stream.shutdown().await);
    rest(&mut stream).await
}

/// Sends bytes, and would send more: what is answered until the server hangs up by itself.
async fn say_and_stay(city: &City, bytes: &[u8]) -> Heard {
    let mut stream = connect(city).await;
    drop(stream.write_all(bytes).await);
    rest(&mut stream).await
}

/// The access token of a police agent.
async fn token(city: &City) -> String {
    let login = json!({ "email": email("claire.delattre"), "password": PASSWORD });
    let session = city.stranger().post("/v1/sessions", &login).await.created();
    session["access_token"].as_str().unwrap().to_owned()
}

/// The head of a request of somebody, without the lines that tell of a body, and without its end.
fn head(line: &str, token: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: ville.example\r\nAuthorization: Bearer {token}\r\n")
}

/// A request that files a concern.
fn filing(token: &str) -> String {
    let (head, body) = (head("POST /v1/concerns", token), dumping().to_string());
    format!("{head}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

async fn concerns(city: &City) -> i64 {
    city.database.count("select count(*) from concern").await
}

/// Changes every name that stands in the city's files.
async fn rename(city: &City, rename: impl Fn(&mut String)) {
    let mut changed = city.instance.context.city().unwrap().city.clone();
    let both = |label: &mut Label| [&mut label.fr, &mut label.en].into_iter().for_each(&rename);
    for name in [&mut changed.settings.name, &mut changed.settings.sender.name, &mut changed.settings.sender.address] {
        rename(name);
    }
    for service in &mut changed.services {
        both(&mut service.name);
        service.phone.iter_mut().for_each(&rename);
        service.access.iter_mut().for_each(|access| both(&mut access.purpose));
    }
    changed.organisations.iter_mut().for_each(|organisation| rename(&mut organisation.name));
    changed.catalogue.iter_mut().for_each(|category| both(&mut category.label));
    for zoning in &mut changed.zonings {
        let mut areas = zoning.areas().to_vec();
        for area in &mut areas {
            rename(&mut area.name);
        }
        let partial = zoning.partial;
        *zoning = Zoning::new(zoning.code.clone(), zoning.name.clone(), areas);
        zoning.partial = partial;
        rename(&mut zoning.name);
    }
    let cx = &city.instance.context;
    usecases::city::load(cx, &changed, false, None, cx.now()).await.unwrap();
}
