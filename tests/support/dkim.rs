//! What receivers make of the signatures (DKIM) under e-mails: `mailauth`, in Node.js, like [`super::oidc`].

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::json;

use super::node::{WHAT_TO_INSTALL, modules, sources};

/// A signature, as a receiver reads it.
#[derive(Debug, Deserialize)]
pub struct Signature {
    /// `pass`, or what else.
    pub result: String,
    pub domain: Option<String>,
    pub algorithm: Option<String>,
    /// The names of the headers that it covers.
    pub headers: Vec<String>,
}

/// A key to sign with.
#[derive(Debug, Deserialize)]
pub struct Key {
    /// The private half.
    pub pem: String,
    /// The DNS record with the public half.
    pub record: String,
}

/// Makes a key.
pub fn key() -> Key {
    let output = Command::new("node").arg(sources("dkim").join("key.mjs")).output();
    let output = output.unwrap_or_else(|error| panic!("{WHAT_TO_INSTALL} ({error})"));
    serde_json::from_slice(&output.stdout).expect("a key")
}

/// The signatures of an e-mail, verified with the records that DNS is to have.
pub fn signatures(mail: &[u8], records: &[(&str, &str)]) -> Vec<Signature> {
    let records: serde_json::Map<_, _> = records.iter().map(|(name, text)| ((*name).to_owned(), json!(text))).collect();
    let mail: String = mail.iter().copied().map(char::from).collect();
    let mut command = Command::new("node");
    command.arg(sources("dkim").join("verify.mjs")).arg(modules("dkim"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = command.spawn().unwrap_or_else(|error| panic!("{WHAT_TO_INSTALL} ({error})"));
    let question = json!({ "mail": mail, "records": records }).to_string();
    process.stdin.take().unwrap().write_all(question.as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "the verifier fails. {WHAT_TO_INSTALL}");
    serde_json::from_slice(&output.stdout).unwrap()
}
