//! What the document says of itself: what the API is, how it is used, and what belongs together.

use serde_json::{Value, json};

pub(super) fn info() -> Value {
    json!({
        "title": "Continuum",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "A concern heard at a café reaches the competent service, and the answer travels back.",
        "description": include_str!("introduction.md"),
        "license": { "name": "EUPL-1.2", "identifier": "EUPL-1.2" },
        "contact": { "name": "Continuum" }
    })
}

/// What belongs together, in the order in which one gets to know it.
const TAGS: [(&str, &str); 24] = [
    (
        "oauth",
        "How programs get access tokens: the client credentials grant of OAuth 2.0 (RFC 6749), with a secret or a signed statement. Tokens are revoked and asked about here too. Errors are those of OAuth, not problems.",
    ),
    (
        "sessions",
        "How people log in and out, go on being logged in, see where they are logged in, and choose a new password when they forgot theirs.",
    ),
    (
        "me",
        "One's own account: who one is and what one may do, how one is told of news, password, second factor, and linked identities.",
    ),
    (
        "concerns",
        "What residents said (*doléances*), each filed once. Filing answers the tickets that the city’s rules made of it, possible duplicates, and what the officer should know. The category can be suggested from the words.",
    ),
    (
        "tickets",
        "The referrals of concerns to services (*saisines*), followed to their end: received, acknowledged, scheduled, started, put on hold, resolved, closed; or refused, rerouted, merged, cancelled. Each change is a POST to the name of the action. Notes, messages and attachments belong to a ticket too.",
    ),
    (
        "filters",
        "Lists of tickets that people keep under a name, for themselves or for their service: the parameters of `GET /v1/tickets`.",
    ),
    (
        "cafes",
        "Sessions at which officers listen to residents (*cafés*, *rencontres*): planned, announced in a public calendar, held, reported; with what was noted there without a network, handed in later all at once.",
    ),
    (
        "hotspots",
        "Places that come back: three concerns of one family of categories or more, within a hundred metres and twelve months.",
    ),
    (
        "sheets",
        "What was said and what became of it, for everybody (« Vous avez dit, nous avons fait »): of a café, or of an area and a time. A sheet is drawn up, looked at, published under a link, and withdrawn.",
    ),
    (
        "statistics",
        "What became of tickets and cafés, in numbers: by service, category, month or area. Small numbers are masked for whoever does not know of every case.",
    ),
    (
        "open-data",
        "Tickets in numbers for everybody, month by month: a table, what its columns say, and what catalogues of data gather of them.",
    ),
    (
        "events",
        "What happened to tickets and cafés, in one order that never changes, for other programs: page by page, or as it happens (server-sent events). Events are CloudEvents 1.0 and are kept for a year.",
    ),
    (
        "webhooks",
        "Having events sent to a program’s own URL, signed as Standard Webhooks says. Here are the subscriptions, their secrets, and the log of what was sent; what is sent stands under *Webhooks*.",
    ),
    (
        "city",
        "The city as data, from its files: categories with their questions, services, calendars of opening hours, areas. And addresses, looked up at the national geocoder.",
    ),
    (
        "routing",
        "The rules that say where concerns go: read, written as drafts, checked, tried on one concern or on past ones, published, and gone back to.",
    ),
    (
        "tracking",
        "What a resident reads and does through the link in their e-mail, or with the code on a slip of paper: how it goes, whether it is solved, no more e-mails. Each link is a page for people, and JSON when `Accept` asks for it.",
    ),
    (
        "partners",
        "What a partner without accounts (a landlord, the national police) sees of one ticket and does with it, through the link in its e-mail. Each link is a page for people, and JSON when `Accept` asks for it.",
    ),
    (
        "notifications",
        "The letters that are written to residents, services, partners and officers, shown as they would be written; nothing is sent.",
    ),
    (
        "inbound",
        "E-mail that comes in: answers to letters, and reports that one did not arrive. What could not be put with a ticket waits here for a dispatcher.",
    ),
    (
        "residents",
        "Personal data of residents, for dispatchers: found, exported and erased for those who ask (RGPD, articles 15 and 17), and erased by themselves over time.",
    ),
    (
        "users",
        "The accounts of people, for administrators: invited, changed, disabled; their sessions, second factors and linked identities.",
    ),
    (
        "clients",
        "The programs that use the API, for administrators: registered with scopes, limited to services and categories, given secrets, disabled.",
    ),
    (
        "audit",
        "Who read what is restricted, who administered what, who tried to log in: a chain of entries that cannot be changed unseen.",
    ),
    (
        "operation",
        "For those who run the server: whether it lives, whether it is ready to work, and the keys that verify its tokens.",
    ),
];

pub(super) fn tags() -> Value {
    TAGS.iter().map(|(name, description)| json!({ "name": name, "description": description })).collect()
}
