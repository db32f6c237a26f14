//! A person in front of a page: Chromium, driven from Node.js. It runs no JavaScript, it has a keyboard, and it can tell
//! whether the page is fit for everybody. One browser serves all tests.
//!
//! What it saw lies under the target folder, in `tmp/pages`, for people to look at.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::city::City;
use super::database::root;
use super::node::{modules, sources};

const WHAT_TO_INSTALL: &str = "the tests of pages need Chromium: the package chromium of the system";

/// How long the browser may take for one thing.
const PATIENCE: Duration = Duration::from_mins(2);

static BROWSER: Mutex<Option<Browser>> = Mutex::new(None);
static CHECKED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

struct Browser {
    process: Child,
    questions: ChildStdin,
    answers: Receiver<String>,
}

impl Browser {
    fn start() -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut found = std::env::split_paths(&path).map(|folder| folder.join("chromium"));
        let chromium = found.find(|file| file.is_file()).unwrap_or_else(|| panic!("{WHAT_TO_INSTALL}"));
        let mut command = Command::new("node");
        command.arg(sources("browser").join("driver.mjs")).arg(modules("browser")).arg(chromium);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("Node.js starts");
        let questions = process.stdin.take().expect("its input is a pipe");
        let output = BufReader::new(process.stdout.take().expect("its output is a pipe"));
        let (tell, answers) = channel();
        std::thread::spawn(move || output.lines().map_while(Result::ok).all(|line| tell.send(line).is_ok()));
        Self { process, questions, answers }
    }

    fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.questions, "{question}").expect("the browser's driver runs");
        let line = self.answers.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no answer to {question}"));
        serde_json::from_str(&line).expect("answers are JSON")
    }
}

/// Ends the browser, if there is one.
pub fn stop() {
    if let Some(Browser { mut process, questions, .. }) = BROWSER.lock().unwrap_or_else(PoisonError::into_inner).take()
    {
        drop(questions);
        process.wait().expect("the browser ends");
    }
}

/// The templates of pages at which no test looked.
pub fn never_checked() -> Vec<String> {
    let checked = CHECKED.lock().unwrap();
    let files = fs::read_dir(root().join("crates/api/templates")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let pages = names.filter_map(|name| name.strip_suffix(".html").map(ToOwned::to_owned));
    pages.filter(|page| page != "layout" && !checked.contains(page)).collect()
}

async fn ask(question: Value) -> Value {
    let asked = tokio::task::spawn_blocking(move || {
        let mut browser = BROWSER.lock().unwrap_or_else(PoisonError::into_inner);
        browser.get_or_insert_with(Browser::start).ask(&question)
    });
    let mut answer = asked.await.expect("the browser answers");
    assert!(answer["error"].is_null(), "{}", answer["error"]);
    answer["answer"].take()
}

/// A window of the browser, as wide as a small telephone, that shares nothing with the others.
pub struct Window {
    tab: Value,
    base_url: String,
    language: &'static str,
}

impl Window {
    /// An empty one, of a person who reads French.
    pub async fn open(city: &City) -> Self {
        Self::of(&city.instance.base_url).await
    }

    /// The same, in front of an instance.
    pub async fn of(base_url: &str) -> Self {
        Self { tab: ask(json!({ "ask": "open" })).await, base_url: base_url.to_owned(), language: "fr" }
    }

    /// Of a person who reads English.
    pub fn in_english(self) -> Self {
        Self { language: "en", ..self }
    }

    async fn tell(&self, what: &str, more: Value) -> Value {
        let mut question = json!({ "ask": what, "tab": self.tab });
        question.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        ask(question).await
    }

    /// Goes to a page. Returns the status.
    pub async fn go(&self, path: &str) -> u16 {
        self.send(reqwest::Client::new().request(Method::GET, format!("{}{path}", self.base_url))).await
    }

    /// Goes where a request leads, as a program does that shows people a page. Returns the status.
    pub async fn send(&self, request: RequestBuilder) -> u16 {
        let request = request.header("Accept", "text/html").header("Accept-Language", self.language).build().unwrap();
        let headers = request.headers().iter().map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap())));
        let headers: serde_json::Map<_, _> = headers.collect();
        let body = request.body().and_then(|body| body.as_bytes()).map(String::from_utf8_lossy);
        let (url, method) = (request.url().as_str(), request.method().as_str());
        let status = self.tell("go", json!({ "url": url, "method": method, "headers": headers, "body": body })).await;
        u16::try_from(status.as_u64().unwrap()).unwrap()
    }

    /// Presses Tab until the keyboard is at what the selector (CSS) names.
    pub async fn reach(&self, selector: &str) -> &Self {
        self.tell("reach", json!({ "selector": selector })).await;
        self
    }

    /// Presses a key.
    pub async fn press(&self, key: &str) {
        self.tell("press", json!({ "key": key })).await;
    }

    /// Presses a key that leads to another page. Returns its status.
    pub async fn follow(&self, key: &str) -> u16 {
        let status = self.tell("follow", json!({ "key": key })).await;
        u16::try_from(status.as_u64().unwrap()).unwrap()
    }

    /// Types.
    pub async fn write(&self, text: &str) {
        self.tell("write", json!({ "text": text })).await;
    }

    /// What one reads on the page.
    pub async fn text(&self) -> String {
        self.tell("look", json!({})).await["text"].as_str().unwrap().to_owned()
    }

    /// The path of the page, and what follows it.
    pub async fn address(&self) -> String {
        let look = self.tell("look", json!({})).await;
        look["address"].as_str().unwrap().strip_prefix(&self.base_url).unwrap().to_owned()
    }

    /// What stands in the fields, by their ids: of those to tick only those that are.
    pub async fn fields(&self) -> Value {
        self.tell("fields", json!({})).await
    }

    /// Asserts that the page is fit for everybody. Nothing that axe knows is wrong, at either width and in either colour
    /// scheme; it has no script; nothing is wider than a telephone; Tab reaches everything in the order of reading, shows
    /// where it is, and opens what opens. `template` is the page's, `state` what is particular about it.
    pub async fn check(&self, template: &str, state: &str) {
        let pictures = pictures().join(format!("{template}-{state}"));
        let faults = self.tell("check", json!({ "pictures": pictures })).await;
        CHECKED.lock().unwrap().insert(template.to_owned());
        let faults: Vec<_> = faults.as_array().unwrap().iter().map(|fault| fault.as_str().unwrap()).collect();
        assert!(faults.is_empty(), "{template}, {state}:\n{}", faults.join("\n"));
    }

    /// Closes it.
    pub async fn close(self) {
        self.tell("close", json!({})).await;
    }
}

fn pictures() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    fs::create_dir_all(&folder).expect("a folder for pictures");
    folder
}
