//! A geocoder: an HTTP server that answers as the national one does, with shapes that were recorded from its
//! documentation, or as it does on a bad day.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::{Value, json};
use url::Url;

/// What sort of day it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day {
    /// It answers.
    Good,
    /// It asks to be left alone for that many seconds.
    Busy(u32),
    /// It takes too long.
    Slow,
    /// It answers with an error.
    Broken,
    /// It answers with something else.
    Odd,
}

/// A geocoder that runs.
pub struct Geocoder {
    pub url: Url,
    day: Arc<Mutex<Day>>,
    asked: Arc<Mutex<Vec<String>>>,
    server: ServerHandle,
}

/// « 8 Boulevard du Port 80000 Amiens », as the documentation has it, and a name that is no address.
fn found() -> Value {
    json!({
        "type": "FeatureCollection", "version": "draft", "attribution": "BAN", "licence": "ETALAB-2.0",
        "features": [
            {
                "type": "Feature",
                "geometry": { "type": "Point", "coordinates": [2.29009, 49.897_446] },
                "properties": {
                    "label": "8 Boulevard du Port 80000 Amiens", "score": 0.49159,
                    "housenumber": "8", "id": "80021_6590_00008", "name": "8 Boulevard du Port", "postcode": "80000",
                    "citycode": "80021", "x": 648_952.58, "y": 6_977_867.25, "city": "Amiens",
                    "context": "80, Somme, Hauts-de-France", "type": "housenumber", "importance": 0.67727,
                    "street": "Boulevard du Port"
                }
            },
            {
                "type": "Feature",
                "geometry": { "type": "Point", "coordinates": [2.4, 49.9] },
                "properties": { "label": "Port", "score": 0.1, "type": "poi" }
            }
        ]
    })
}

async fn answer(
    request: HttpRequest,
    day: web::Data<Mutex<Day>>,
    asked: web::Data<Mutex<Vec<String>>>,
) -> HttpResponse {
    asked.lock().unwrap().push(format!("{}?{}", request.path(), request.query_string()));
    let day = *day.lock().unwrap();
    match day {
        Day::Good => HttpResponse::Ok().content_type("application/json").body(found().to_string()),
        Day::Busy(seconds) => {
            HttpResponse::TooManyRequests().insert_header(("retry-after", seconds.to_string())).finish()
        }
        Day::Slow => {
            tokio::time::sleep(Duration::from_secs(20)).await;
            HttpResponse::Ok().finish()
        }
        Day::Broken => HttpResponse::BadGateway().body("<h1>Bad gateway</h1>"),
        Day::Odd => HttpResponse::Ok().body("{\"features\": {}}"),
    }
}

impl Geocoder {
    /// One that has such a day.
    pub fn start(day: Day) -> Self {
        let (day, asked) = (Arc::new(Mutex::new(day)), Arc::new(Mutex::new(Vec::new())));
        let (its_day, its_asked) = (web::Data::from(day.clone()), web::Data::from(asked.clone()));
        let server = HttpServer::new(move || {
            App::new().app_data(its_day.clone()).app_data(its_asked.clone()).default_service(web::get().to(answer))
        });
        let server = server.workers(1).disable_signals().shutdown_timeout(0).bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/geocodage", server.addrs()[0]).parse().unwrap();
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, day, asked, server: handle }
    }

    pub fn has(&self, day: Day) {
        *self.day.lock().unwrap() = day;
    }

    /// What it was asked.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    pub async fn stop(&self) {
        self.server.stop(false).await;
    }
}
