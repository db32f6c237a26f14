//! What receivers make of the signatures of webhooks: the public library, in Node.js, like [`super::oidc`].

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::node::{WHAT_TO_INSTALL, modules, sources};

/// The payload, or what is wrong with it.
pub fn verify(secret: &str, headers: &[(&str, &str)], body: &str) -> Result<Value, String> {
    let mut command = Command::new("node");
    command.arg(sources("standardwebhooks").join("verify.mjs")).arg(modules("standardwebhooks"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = command.spawn().unwrap_or_else(|error| panic!("{WHAT_TO_INSTALL} ({error})"));
    let headers: serde_json::Map<_, _> = headers.iter().map(|(name, text)| ((*name).to_owned(), json!(text))).collect();
    let question = json!({ "secret": secret, "headers": headers, "body": body }).to_string();
    process.stdin.take().unwrap().write_all(question.as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "the verifier fails. {WHAT_TO_INSTALL}");
    let mut found: Value = serde_json::from_slice(&output.stdout).unwrap();
    match found["error"].as_str() {
        Some(error) => Err(error.to_owned()),
        None => Ok(found["payload"].take()),
    }
}
