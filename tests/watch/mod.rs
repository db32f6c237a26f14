//! What an operator watches.

mod backup;
mod log;
mod metrics;
mod pages;
mod traces;

use std::collections::BTreeMap;
use std::process::{Child, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::Test;
use crate::support::caller::Caller;
use crate::support::city::{dumping, email};
use crate::support::database::{Database, PASSWORD};
use crate::support::program::{Program, command, keys_folder};

pub fn tests() -> Vec<Test> {
    [backup::tests(), log::tests(), metrics::tests(), pages::tests(), traces::tests()].into_iter().flatten().collect()
}

/// A city whose program is a process of its own, with a metrics page. Webhooks may go to this machine.
pub struct Town {
    pub program: Program,
    environment: Vec<(&'static str, String)>,
    pub database: Database,
    /// Of the keys, and of everything else.
    pub folders: [tempfile::TempDir; 2],
}

impl Town {
    pub async fn start(options: &[&str]) -> Self {
        Self::with(options, &[]).await
    }

    async fn with(options: &[&str], more: &[(&'static str, &str)]) -> Self {
        let (database, keys, data) = (Database::cloned().await, keys_folder(), tempfile::tempdir().unwrap());
        let mut environment = vec![
            ("DATABASE_URL", database.url()),
            ("CONTINUUM_KEYS_DIR", keys.path().display().to_string()),
            ("CONTINUUM_DATA_DIR", data.path().display().to_string()),
            ("CONTINUUM_WEBHOOK_PRIVATE_TARGETS", "127.0.0.1/32".to_owned()),
        ];
        environment.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let borrowed: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let serve = ["serve", "--metrics-listen", "127.0.0.1:0"];
        let program = Program::start(&[&serve[..], options].concat(), &borrowed);
        Self { program, environment, database, folders: [keys, data] }
    }

    fn url(&self) -> &str {
        self.program.base_url()
    }

    fn metrics_url(&self) -> &str {
        self.program.ready["metrics_url"].as_str().unwrap()
    }

    /// Starts a worker whose metrics page is there.
    fn worker(&self, metrics_listen: &str) -> Child {
        self.worker_with(metrics_listen, &[])
    }

    fn worker_with(&self, metrics_listen: &str, more: &[(&str, &str)]) -> Child {
        let environment = self.environment.iter().map(|(name, value)| (*name, value.as_str()));
        let environment: Vec<_> = environment.chain(more.iter().copied()).collect();
        let mut command = command(&["worker", "--metrics-listen", metrics_listen], &environment);
        command.env("CONTINUUM_PUBLIC_URL", self.url());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Logs somebody in, by the part of the address before the @.
    pub async fn login(&self, who: &str) -> Caller {
        let body = json!({ "email": email(who), "password": PASSWORD });
        let session = Caller::new(self.url(), None).post("/v1/sessions", &body).await.created();
        Caller::new(self.url(), session["access_token"].as_str())
    }

    /// A program that follows tickets.
    pub async fn follower(&self, admin: &Caller) -> Caller {
        let body = json!({ "name": "Suivi", "contact": "dsi@ville.example", "scopes": ["tickets:read"] });
        let id = admin.post("/v1/clients", &body).await.created()["id"].as_str().unwrap().to_owned();
        let secret = admin.post(&format!("/v1/clients/{id}/secrets"), &json!({ "kind": "secret" })).await.created();
        let basic = STANDARD.encode(format!("{id}:{}", secret["secret"].as_str().unwrap()));
        let stranger = Caller::new(self.url(), None);
        let request =
            stranger.request(reqwest::Method::POST, "/oauth/token").header("Authorization", format!("Basic {basic}"));
        let request =
            request.header("Content-Type", "application/x-www-form-urlencoded").body("grant_type=client_credentials");
        let token = stranger.send(request).await.ok();
        Caller::new(self.url(), token["access_token"].as_str())
    }

    fn stop(self) {
        assert!(self.program.end("-TERM").success());
    }
}

/// A hole in the road, which one service gets.
fn pothole() -> Value {
    let mut body = dumping();
    body["category"] = json!("pothole");
    body["place"] = json!({ "lat": 49.8942, "lon": 2.2957 });
    body
}

/// A metrics page, read.
async fn page(url: &str) -> Page {
    let response = reqwest::get(url).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    Page(response.text().await.unwrap())
}

/// A metrics page: <https://prometheus.io/docs/instrumenting/exposition_formats/>.
struct Page(String);

impl Page {
    /// Each value by its name and labels, as they stand there.
    fn values(&self) -> BTreeMap<&str, f64> {
        let lines = self.0.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let value = |line: &str| line.rsplit_once(' ').unwrap().1.parse().unwrap();
        lines.map(|line| (line.rsplit_once(' ').unwrap().0, value(line))).collect()
    }

    /// A value.
    #[track_caller]
    fn value(&self, name: &str) -> f64 {
        *self.values().get(name).unwrap_or_else(|| panic!("there is no {name}: {}", self.0))
    }

    /// The values of which the name and labels begin so.
    fn of(&self, begin: &str) -> BTreeMap<&str, f64> {
        self.values().into_iter().filter(|(name, _)| name.starts_with(begin)).collect()
    }

    /// The names of the metrics, as their `# TYPE` lines say, with what the type adds.
    fn names(&self) -> Vec<String> {
        let types = self.0.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
        let all = |(name, kind): (&str, &str)| match kind {
            "histogram" => ["_bucket", "_sum", "_count"].iter().map(|suffix| format!("{name}{suffix}")).collect(),
            _ => vec![name.to_owned()],
        };
        types.flat_map(all).collect()
    }
}
