//! What the demonstration prints once it answers.

use std::path::Path;

use domain::person::Role;

use super::people::Mark;
use crate::command::tell;
use crate::instance::Instance;

/// Prints where things are, who can log in, and what to try.
pub(super) fn print(instance: &Instance, mark: &Mark, mail_dir: &Path, kept: bool) {
    let base = &instance.base_url;
    let state =
        if kept { "as you left it; `demo --reset` begins anew" } else { "a café with eight concerns, six weeks ago" };
    tell(format_args!("\n  Continuum – Amiens ({state})\n"));
    tell(format_args!("  API             {base}"));
    tell(format_args!("  Documentation   {base}/docs/"));
    if let Some(metrics) = &instance.metrics_url {
        tell(format_args!("  Metrics         {metrics}"));
    }
    tell(format_args!("  E-mails         {}\n", mail_dir.display()));
    let logins: Vec<_> = Role::ALL.into_iter().filter_map(|role| mark.login(role)).collect();
    let width = logins.iter().map(|login| login.email.chars().count()).max().unwrap_or_default();
    tell(format_args!("  {:<15} {:<width$}  password", "role", "log in as"));
    for login in &logins {
        tell(format_args!("  {:<15} {:<width$}  {}", login.role, login.email, login.password));
    }
    let (Some(agent), Some(member)) = (mark.login(Role::Agent), mark.login(Role::ServiceMember)) else { return };
    tell("\n  Try it: paste these into another terminal.\n");
    tell(
        STORY
            .replace("{base}", base)
            .replace("{agent}", &agent.email)
            .replace("{member}", &member.email)
            .replace("{password}", &agent.password)
            .replace("{mail}", &mail_dir.display().to_string()),
    );
    tell("  Ctrl-C stops everything.");
}

/// The README shows the same lines.
const STORY: &str = r#"  # 1. An officer logs in and files a concern; the answer says where it was routed, and why.
  login() { curl -sS {base}/v1/sessions -H 'Content-Type: application/json' \
    -d "{\"email\": \"$1\", \"password\": \"{password}\"}" | sed 's/.*"access_token":"\([^"]*\)".*/\1/'; }
  AGENT=$(login {agent})
  curl -sS {base}/v1/concerns -H "Authorization: Bearer $AGENT" -H 'Content-Type: application/json' \
    -d '{"origin": "patrol", "category": "illegal_dumping", "description": "Un canapé sur le trottoir",
         "place": {"lat": 49.9121, "lon": 2.2972, "address": "Rue du Pigeonnier"},
         "resident": {"email": "habitante@mail.example"}}' | tee /tmp/concern.json; echo

  # 2. The service takes the ticket in hand, then settles it. If-Match says which version it has seen.
  T=$(grep -o 'AMI-[0-9-]*' /tmp/concern.json | head -1); SERVICE=$(login {member})
  curl -sS {base}/v1/tickets/$T/acknowledge -H "Authorization: Bearer $SERVICE" -H 'If-Match: "1"' -X POST; echo
  curl -sS {base}/v1/tickets/$T/resolve -H "Authorization: Bearer $SERVICE" -H 'If-Match: "2"' \
    -H 'Content-Type: application/json' \
    -d '{"closure_reason": "work_done", "message_to_resident": "Le canapé a été enlevé."}'; echo

  # 3. What came out: the service and the resident were told (a second or two later); the officer is, of what becomes of it, in
  # one letter twenty minutes later. The resident's letter, which leads to the answer:
  letter() { perl -0pe 's/(?<!\?)=\r?\n//g; s/=([0-9A-F]{2})/chr hex $1/ge' \
    "$(grep -l habitante@mail.example {mail}/*.eml | tail -1)"; }
  sleep 3; grep -l "$T" {mail}/*.eml; letter | sed '/^Content-Type: text.html/,$d'

  # 4. Its link: open it in a browser.
  letter | grep -o 'http[^ <>"]*/v1/tracking/[A-Za-z0-9_-]*' | head -1
"#;
