//! Prometheus' own judge of pages and rules: promtool.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::program::said;

const WHAT_TO_INSTALL: &str = "the tests of metrics need promtool: the package prometheus of Debian and Ubuntu";

/// What promtool says; it has to find nothing wrong.
#[track_caller]
pub fn check(arguments: &[&str], input: &str) -> String {
    let mut command = Command::new("promtool");
    let child = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{WHAT_TO_INSTALL} ({error})"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "promtool {arguments:?}: {}", said(&output));
    said(&output)
}
