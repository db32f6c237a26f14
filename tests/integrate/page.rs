//! `docs/integrate.md`: each snippet does what the page says, as it stands there.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::{Town, command, run, until, workshop};
use crate::support::caller::Caller;
use crate::support::city::email;
use crate::support::database::{PASSWORD, root};

crate::tests![the_page_is_a_story_in_shell, the_page_is_a_story_in_python, the_page_is_a_story_in_typescript,];

/// The files that the page tells to write. A snippet goes to the file that its first line names, or else to the one that was
/// named last in its language.
fn files() -> BTreeMap<String, String> {
    let page = fs::read_to_string(root().join("docs/integrate.md")).unwrap();
    let (mut files, mut current): (BTreeMap<String, String>, BTreeMap<String, String>) = Default::default();
    for block in page.split("\n```").skip(1).step_by(2) {
        let (language, snippet) = block.split_once('\n').unwrap();
        if language.is_empty() {
            continue;
        }
        let first = snippet.lines().next().unwrap();
        if let Some(name) = first.strip_prefix("# ").or(first.strip_prefix("// ")).filter(|name| !name.contains(' ')) {
            current.insert(language.to_owned(), name.to_owned());
        }
        let file = files.entry(current[language].clone()).or_default();
        file.push_str(snippet);
        file.push('\n');
    }
    let names = [
        "compile.sh",
        "continuum.py",
        "continuum.ts",
        "receiver.py",
        "receiver.ts",
        "recover.py",
        "recover.ts",
        "story.py",
        "story.sh",
        "story.ts",
    ];
    assert_eq!(files.keys().collect::<Vec<_>>(), names);
    files
}

/// Somebody who reads the page, and does what it says.
struct Reader {
    town: Town,
    folder: tempfile::TempDir,
    hook: String,
    client: Vec<(&'static str, String)>,
}

impl Reader {
    async fn new() -> Self {
        let town = Town::start(&[]).await;
        let folder = workshop();
        for (name, text) in files() {
            fs::write(folder.path().join(name), text).unwrap();
        }
        // A port that is free now.
        let hook = format!("http://{}/", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
        Self { town, folder, hook, client: Vec::new() }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = command(program, self.path());
        command.args(arguments).env("CONTINUUM_URL", self.town.url()).env("HOOK_URL", &self.hook);
        command.env("ADMIN_EMAIL", email("paul.carpentier")).env("ADMIN_PASSWORD", PASSWORD);
        command.envs(self.client.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Signs up: an administrator's part, which the page tells in shell only.
    async fn sign_up(&mut self) {
        let admin = self.town.login("paul.carpentier").await;
        let scopes = ["concerns:write", "tickets:read", "tickets:write"];
        let body = json!({ "name": "Guichet en ligne", "contact": "dsi@ville.example", "scopes": scopes });
        let id = admin.post("/v1/clients", &body).await.created()["id"].as_str().unwrap().to_owned();
        let secret = admin.post(&format!("/v1/clients/{id}/secrets"), &json!({ "kind": "secret" })).await.created();
        self.client = vec![("CLIENT_ID", id), ("CLIENT_SECRET", secret["secret"].as_str().unwrap().to_owned())];
    }

    /// Starts the page's receiver, and waits until it listens.
    async fn receive(&self, program: &str, file: &str) -> Receiver {
        let mut command = self.command(program, &[file]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0).spawn().unwrap();
        let at = self.hook.trim_start_matches("http://").trim_end_matches('/').to_owned();
        until("a receiver", async || std::net::TcpStream::connect(&at).ok()).await;
        Receiver(child)
    }

    /// The events that the page's programs kept.
    fn kept(&self) -> Vec<Value> {
        let lines = fs::read_to_string(self.path().join("events.jsonl")).unwrap_or_default();
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What was kept of a ticket.
    fn kept_of(&self, reference: &Value) -> usize {
        self.kept().iter().filter(|event| event["subject"] == *reference).count()
    }

    /// Somebody of the city files a concern. Returns its ticket's reference.
    async fn file(&self) -> Value {
        let agent = self.town.login("claire.delattre").await;
        let body = json!({
            "origin": "patrol", "category": "pothole", "description": "Un autre trou",
            "place": { "lat": 49.8942, "lon": 2.2957 }
        });
        agent.post("/v1/concerns", &body).await.created()["tickets"][0]["reference"].clone()
    }

    /// The page's story came to its end: the ticket is settled, and the webhook is there and was tried.
    async fn told(&self, printed: &str) -> Caller {
        assert!(printed.contains("resolved"), "{printed}");
        let dispatcher = self.town.login("nadia.fournier").await;
        let tickets = super::tickets(&dispatcher, "voirie").await;
        assert_eq!((tickets.len(), &tickets[0]["state"]), (1, &json!("resolved")));
        dispatcher
    }

    /// What happens while nobody listens is read from the feed, and kept once, although the webhook sends it too.
    async fn recovers(&self, program: &str, [receiver, recover]: [&str; 2]) {
        let running = self.receive(program, receiver).await;
        let first = self.file().await;
        until("what is sent", async || (self.kept_of(&first) == 1).then_some(())).await;
        drop(running);
        let at = self.hook.trim_start_matches("http://").trim_end_matches('/');
        until("an end of the receiver", async || std::net::TcpStream::connect(at).err()).await;
        let missed = self.file().await;
        until("what was missed", async || {
            run(&mut self.command(program, &[recover]));
            (self.kept_of(&missed) == 1).then_some(())
        })
        .await;
        let running = self.receive(program, receiver).await;
        let last = self.file().await;
        until("what is sent again", async || (self.kept_of(&last) == 1).then_some(())).await;
        assert_eq!((self.kept_of(&first), self.kept_of(&missed)), (1, 1));
        let stranger = reqwest::Client::new().post(&self.hook).body("{}").send().await.unwrap();
        assert_eq!(stranger.status(), 401, "what is not signed is refused");
        drop(running);
    }
}

/// A receiver that runs. It ends with the handle: all of its group, since what is called `node` may start the one that
/// listens.
struct Receiver(Child);

impl Drop for Receiver {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        assert!(Command::new("kill").args(["-KILL", "--", &group]).status().unwrap().success());
        self.0.wait().unwrap();
    }
}

async fn the_page_is_a_story_in_shell() {
    let reader = Reader::new().await;
    let printed = run(&mut reader.command("bash", &["-euo", "pipefail", "story.sh"]));
    reader.told(&printed).await;
    // Nobody listened; what the page has sent again comes once somebody does.
    let receiver = reader.receive("python3", "receiver.py").await;
    until("what is sent again", async || (!reader.kept().is_empty()).then_some(())).await;
    drop(receiver);
    reader.town.stop();
}

async fn the_page_is_a_story_in_python() {
    let mut reader = Reader::new().await;
    reader.sign_up().await;
    let printed = run(&mut reader.command("python3", &["story.py"]));
    reader.told(&printed).await;
    reader.recovers("python3", ["receiver.py", "recover.py"]).await;
    reader.town.stop();
}

async fn the_page_is_a_story_in_typescript() {
    let mut reader = Reader::new().await;
    reader.sign_up().await;
    run(&mut reader.command("bash", &["-euo", "pipefail", "compile.sh"]));
    let printed = run(&mut reader.command("node", &["story.js"]));
    reader.told(&printed).await;
    reader.recovers("node", ["receiver.js", "recover.js"]).await;
    reader.town.stop();
}
