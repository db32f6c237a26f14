//! The tables of [`domain::rights`] and [`domain::ticket::rights`] as Markdown: `docs/permissions.md`.

use std::fmt::Write as _;

use domain::person::Role;
use domain::rights::{COUNTED, ClientScope, Holder, REACH, Reach, Right};
use domain::ticket::Action;
use domain::ticket::event::Part;
use domain::ticket::rights::{When, parts};

/// The tables.
#[must_use]
pub fn markdown() -> String {
    let mut text = INTRODUCTION.to_owned();
    text += "\n## Rights\n\nA refusal (`403`, `missing_right`) names the right, in its member `right`.\n\n";
    let roles = Role::ALL.map(Role::code);
    row(&mut text, ["right", "allows"].into_iter().chain(roles).chain(["programs with"]));
    rule(&mut text, roles.len() + 3);
    for right in Right::ALL {
        let has = Role::ALL.map(|role| if right.roles().contains(&role) { "yes" } else { "–" });
        let scopes: Vec<String> = right.scopes().iter().map(|scope| format!("`{}`", scope.code())).collect();
        let scopes = match scopes.len() {
            0 => "–".to_owned(),
            n if n == ClientScope::ALL.len() => "any scope".to_owned(),
            _ => scopes.join(", "),
        };
        let name = format!("`{}`", right.code());
        row(&mut text, [name.as_str(), right.allows()].into_iter().chain(has).chain([scopes.as_str()]));
    }
    text += "\n## Which tickets\n\n";
    text += REACHES;
    row(&mut text, ["role or scope", "standard", "restricted", "complaint about an officer"]);
    rule(&mut text, 4);
    for (holder, reaches) in REACH {
        row(&mut text, [name(holder).as_str()].into_iter().chain(reaches.map(reach)));
    }
    text += "\n## Which figures\n\n";
    text += FIGURES;
    row(&mut text, ["role or scope", "tickets counted"]);
    rule(&mut text, 2);
    for (holder, counted) in COUNTED {
        row(&mut text, [name(holder).as_str(), reach(counted)]);
    }
    text += "\n## Which actions\n\n";
    text += ACTIONS;
    row(&mut text, ["action", "service", "referrer", "dispatcher"]);
    rule(&mut text, 4);
    for action in Action::ALL {
        let may = [Part::Service, Part::Referrer, Part::Dispatcher].map(|part| {
            let when = parts(action).iter().find(|(one, _)| *one == part).map(|(_, when)| *when);
            match when {
                None => "–",
                Some(When::Always) => "yes",
                Some(When::Submitted) => "while it is submitted",
                Some(When::NeverRerouted) => "until it was passed on once",
            }
        });
        let name = format!("`{}`", action.code());
        row(&mut text, [name.as_str()].into_iter().chain(may));
    }
    text += "\n## Which fields\n\n";
    text += FIELDS;
    text += "\n## Scopes\n\n";
    row(&mut text, ["scope", "allows"]);
    rule(&mut text, 2);
    for scope in ClientScope::ALL {
        row(&mut text, [format!("`{}`", scope.code()).as_str(), scope.allows()]);
    }
    text
}

fn name(holder: Holder) -> String {
    match holder {
        Holder::Role(role) => role.code().to_owned(),
        Holder::Scope(scope) => format!("`{}`", scope.code()),
    }
}

const fn reach(reach: Reach) -> &'static str {
    match reach {
        Reach::Nothing => "none",
        Reach::Filed => "filed by them",
        Reach::OfTheirServices => "of their services",
        Reach::WithinLimits => "within their limits",
        Reach::Everything => "all",
    }
}

fn row<'a>(text: &mut String, cells: impl IntoIterator<Item = &'a str>) {
    let cells: Vec<&str> = cells.into_iter().collect();
    // Writing into a string cannot fail.
    writeln!(text, "| {} |", cells.join(" | ")).unwrap_or_default();
}

fn rule(text: &mut String, columns: usize) {
    writeln!(text, "|{}", "---|".repeat(columns)).unwrap_or_default();
}

const INTRODUCTION: &str = "<!-- Written by `continuum permissions`; a test compares. Change crates/domain/src/rights.rs instead. -->

# Who may do what

A person may have several roles, and has the rights of each; `service_member` and `service_manager` go with the services
that the person belongs to. A program has scopes, and may be limited to services and categories. All of this is looked up
at every request: a change takes effect at once.

What somebody may not know of does not exist for them: `404`. What they may see but not do is refused: `403`.
";

const REACHES: &str = "Lists and fetches obey the same table. Who has several roles or scopes reaches what any of them does. A complaint about
an officer (or the police) is hidden from agents, its own referrer included: it is for the service that hears it, for\ndispatchers, and for programs limited to that service.

";

const FIGURES: &str = "Figures count tickets of every sensitivity. Whoever may not know of every ticket (only a dispatcher may) reads no number
from 1 to 4, the others as the nearest multiple of 5, and nothing narrower than a month: [statistics.md](statistics.md)
says why, and what that protects. The annual report is the same for everybody who may read figures: of the whole city, and
always shown so.

";

const ACTIONS: &str = "In which part somebody acts follows from the ticket: its *service* (members and managers of it, and programs that reach
the ticket), its *referrer* (who filed the concern, if it is not hidden from them), the *dispatcher*. The right
`change_tickets` comes first; whether the ticket's state allows an action is told in [architecture.md](architecture.md).

";

const FIELDS: &str = "Whoever may know of a ticket reads what its answer holds, but for what this table keeps to some of them; parts are those
of the actions above, and a program that reaches a ticket has the part of its service. What a partner's link shows is said in
[partners.md](partners.md), what Open311 and public maps tell in [open311.md](open311.md) and [gis.md](gis.md).

| what | read by | changed by |
|---|---|---|
| a resident's name, e-mail address, telephone | nobody, with a ticket; with `manage_personal_data`, handed out to the resident | whoever files the concern; nobody afterwards; erased with `manage_personal_data` |
| `resident_mails`: whether the resident is written to | who has a part in the ticket | the resident; who filed the concern and dispatchers, who may end the link |
| what the resident said, what was answered, the place | who may know of one of the concern's tickets; without a ticket, who filed it and dispatchers | whoever files it; nobody afterwards |
| state, service, priority, assignee, dates, reasons, what the resident is told with an action | who may know of the ticket | the actions above, and nothing else |
| `actions` | each reader, their own | – |
| notes, also those of actions, and whom they may mention | service, dispatcher | the same: nobody changes one that was written |
| messages between the service and the referrer | service, referrer, dispatcher; there are none where the referrer may not know of the ticket | the same: nobody changes one that was written |
| messages to the resident that go with no action | service, dispatcher | the same; taken back for twenty minutes |
| why it was reopened or called off | who may know of the ticket | the actions above: nobody changes what was written |
| whether the resident says that it is solved, in words, also of a reopening that they ask for | service, referrer, dispatcher | the resident |
| photographs and documents, and the events that tell of them | who may know of the ticket, but for those that a resident sent by e-mail: service, referrer, dispatcher; of a restricted one, its referrer those that referrers added | service, referrer, dispatcher add; taken back by who added it, a manager of the service, a dispatcher |
| openings of a partner's link | dispatcher | – |
| an account's address, name, language, roles, services, state | its owner; with `read_users` | `name`, `language`, `roles`, `services`, `active`: with `manage_users`; the address: nobody |
| an account's password, second factor, settings of letters | nobody but, for the settings, its owner; whether there is a password and a factor is told with the account | its owner; the second factor is taken away with `manage_users` too |
| an account's sessions and identities | its owner; with `manage_users` | ended and taken away by the same |
| a program's name, contact, scopes, limits, public keys, whether it is active | with `read_clients` | with `manage_clients` |
| secrets of programs and of webhooks | nobody, but in the answer that makes them | replaced: with `manage_clients`; a webhook's, by its program |
";

#[cfg(test)]
mod tests {
    #[test]
    fn the_documentation_is_what_the_tables_say() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/permissions.md");
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(kept == super::markdown(), "run `continuum permissions > docs/permissions.md`");
    }
}
