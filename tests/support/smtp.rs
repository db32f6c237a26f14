//! A real SMTP server, as a process of its own: it can be killed, come back on the same port, refuse, defer or fall
//! silent. [`SmtpServer`] is the handle that tests hold, [`run`] the process.
//!
//! The test binary is the server too: `<exe> smtp-server …` must reach [`run`], and `<exe> smtp-send …` [`send::run`].

mod certificate;
pub mod send;
mod server;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use mail_parser::{Message, MessageParser};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tokio::sync::watch;

pub use server::run;

/// How the server wants its connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// Not encrypted.
    None,
    /// Offers `STARTTLS`.
    StartTls,
    /// TLS from the first byte.
    Implicit,
}

/// What the server does out of the ordinary; read again at each command, from `behaviour.json`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// Recipients that are refused, and the answer: `550 5.1.1 <a@x.example> no such user`.
    pub refuse: BTreeMap<String, String>,
    /// Recipients that are put off, and the answer: `451 4.2.1 <a@x.example> busy`.
    pub defer: BTreeMap<String, String>,
    /// Stores the e-mail whole, but never answers: the sender cannot know that it arrived.
    pub hang_after_data: bool,
    /// Recipients whose e-mail is stored at once, and taken after so many milliseconds.
    pub slow: BTreeMap<String, u64>,
    /// The answer to every command, `421 …` for one; then the connection closes.
    pub reject_all: Option<String>,
}

/// Between whom, and how, an e-mail was handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// The sender.
    pub from: String,
    /// The recipients.
    pub to: Vec<String>,
    /// Whether the connection was encrypted.
    pub tls: bool,
    /// Whether the sender had logged in.
    pub authenticated: bool,
}

/// An e-mail that the server accepted.
#[derive(Debug)]
pub struct Received {
    /// How it was handed over.
    pub envelope: Envelope,
    /// What was handed over.
    pub raw: Vec<u8>,
    /// The same, as a mail program understands it.
    pub message: Message<'static>,
}

/// A running server. It ends with the handle, and with the test's process.
#[derive(Debug)]
pub struct SmtpServer {
    folder: TempDir,
    tls: Encryption,
    login: Option<(String, String)>,
    port: u16,
    process: Option<Child>,
    stored: watch::Sender<usize>,
}

impl SmtpServer {
    /// A server that takes everything from everybody.
    pub fn start() -> Self {
        Self::start_with(Encryption::None, None)
    }

    /// A server that wants TLS, a login (`user`, `password`; over TLS only), or both.
    pub fn start_with(tls: Encryption, login: Option<(&str, &str)>) -> Self {
        let login = login.map(|(user, password)| (user.to_owned(), password.to_owned()));
        let folder = tempfile::tempdir().expect("a folder for the SMTP server");
        let mut server = Self { folder, tls, login, port: 0, process: None, stored: watch::Sender::new(0) };
        server.restart();
        server
    }

    /// Where e-mail is to be sent, login included.
    pub fn url(&self) -> String {
        let (scheme, query) = match self.tls {
            Encryption::None => ("smtp", ""),
            Encryption::StartTls => ("smtp", "?tls=required"),
            Encryption::Implicit => ("smtps", ""),
        };
        let mut url = url::Url::parse(&format!("{scheme}://127.0.0.1:{}{query}", self.port)).expect("a URL");
        if let Some((user, password)) = &self.login {
            url.set_username(user).expect("a URL with a host takes a user");
            url.set_password(Some(password)).expect("a URL with a host takes a password");
        }
        url.into()
    }

    /// The certificate that vouches for the server: the `SSL_CERT_FILE` of a process that is to trust it.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join(certificate::AUTHORITY)
    }

    /// From the next command on, the server behaves so.
    pub fn behave(&self, behaviour: &Behaviour) {
        let unfinished = self.folder.path().join("behaviour.tmp");
        fs::write(&unfinished, serde_json::to_vec(behaviour).expect("JSON")).expect("behaviour.json");
        fs::rename(unfinished, self.folder.path().join("behaviour.json")).expect("behaviour.json");
    }

    /// What the server has accepted, in that order.
    pub fn messages(&self) -> Vec<Received> {
        self.messages_from(0)
    }

    /// The same, without the first ones.
    pub fn messages_from(&self, first: usize) -> Vec<Received> {
        let mut messages = Vec::new();
        loop {
            let envelope = self.folder.path().join(format!("{:04}.json", first + messages.len() + 1));
            if !envelope.exists() {
                return messages;
            }
            messages.push(received(&envelope));
        }
    }

    /// What the server has accepted, once it is at least `count` e-mails.
    ///
    /// # Panics
    /// When it takes longer than `limit`.
    pub async fn wait_for(&self, count: usize, limit: Duration) -> Vec<Received> {
        let mut stored = self.stored.subscribe();
        let enough = tokio::time::timeout(limit, stored.wait_for(|stored| *stored >= count)).await;
        let come = enough.is_ok();
        let messages = self.messages();
        assert!(come, "{} of {count} e-mails came within {limit:?}", messages.len());
        messages
    }

    /// Ends the server's process; its port refuses from then on.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("the SMTP server's process can be killed");
            process.wait().expect("the SMTP server's process ends");
        }
    }

    /// Starts the server again, on the same port and with what it has accepted so far.
    pub fn restart(&mut self) {
        self.stop();
        let mut command = Command::new(std::env::current_exe().expect("this program's path"));
        command.arg("smtp-server").arg("--until-stdin-closes").arg("--dir").arg(self.folder.path());
        command.args(["--port", &self.port.to_string()]);
        match self.tls {
            Encryption::None => {}
            Encryption::StartTls => drop(command.args(["--tls", "starttls"])),
            Encryption::Implicit => drop(command.args(["--tls", "implicit"])),
        }
        if let Some((user, password)) = &self.login {
            command.arg("--login").arg(format!("{user}:{password}"));
        }
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the SMTP server");
        let output = process.stdout.take().expect("its output is a pipe");
        self.process = Some(process);
        let (tell, told) = mpsc::channel();
        let stored = self.stored.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                match line.split_once(' ') {
                    Some(("port", port)) => drop(tell.send(port.parse().expect("a port"))),
                    Some(("stored", count)) => drop(stored.send_replace(count.parse().expect("a count"))),
                    _ => {}
                }
            }
        });
        self.port = told.recv_timeout(Duration::from_secs(30)).expect("the SMTP server says its port");
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn received(envelope: &Path) -> Received {
    let raw = fs::read(envelope.with_extension("eml")).expect("the e-mail of an envelope");
    let envelope = serde_json::from_slice(&fs::read(envelope).expect("an envelope")).expect("an envelope");
    let message = MessageParser::new().parse(&raw).expect("an e-mail that can be read").into_owned();
    Received { envelope, raw, message }
}
