//! The page of a partner's link: what the ticket says, and a form for each thing that can be done. Without script.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use domain::city::City;
use domain::city::catalogue::{Audience, ClosureReason};
use domain::language::Language;
use domain::ticket::Action;
use minijinja::value::Serde;
use minijinja::{Value, context};
use url::form_urlencoded;
use usecases::Context;
use usecases::session::Throttled;
use usecases::ticket::partner::Shut;

use super::LinkPath;
use super::view::PartnerTicket;
use crate::page;
use crate::problem::{Code, Problem, Text, preferred_language};
use crate::problem_from::wait;
use crate::ticket::moment;

/// What is said above the ticket.
#[derive(Default)]
pub(super) struct Notice {
    status: StatusCode,
    /// What was done.
    done: Option<String>,
    /// What is wrong, and with which fields.
    wrong: Option<String>,
    fields: BTreeMap<String, String>,
    /// The form that it is wrong with, and what was typed into it.
    form: &'static str,
    typed: BTreeMap<String, String>,
}

/// What each action is confirmed with.
const DONE: [(&str, Text); 5] = [
    ("receive", ("C’est noté : vous avez bien la saisine.", "Noted: you have the ticket.")),
    ("acknowledge", ("C’est noté : vous prenez la saisine en charge.", "Noted: you take the ticket in hand.")),
    ("schedule", ("C’est noté : la date est fixée.", "Noted: the day is set.")),
    ("start", ("C’est noté : l’intervention a commencé.", "Noted: work has begun.")),
    ("message", ("Votre message est enregistré.", "Your message is on its way.")),
];

/// Why a partner may refuse.
const REFUSALS: [(&str, Text); 5] = [
    ("not_competent", ("Nous ne sommes pas compétents", "It is not ours to handle")),
    ("outside_area", ("Le lieu est hors de notre secteur", "The place is outside our area")),
    ("duplicate", ("Nous traitons déjà la même demande", "We already deal with the same request")),
    ("insufficient_information", ("Les informations ne suffisent pas", "There is not enough information")),
    ("other", ("Autre motif, précisé ci-dessous", "Another reason, given below")),
];

/// The outcome that the resident reads as « La ville n’est pas compétente », in a partner's mouth.
const NOT_COMPETENT: Text = (
    "hors compétence, la nôtre et celle de la ville : organisme compétent informé",
    "neither we nor the city are competent: the right body was told",
);

impl Notice {
    /// That something was done, as the page's address says.
    pub(super) fn done(query: &str) -> Self {
        let done = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "done");
        Self { done: done.map(|(_, action)| action.into_owned()), ..Self::default() }
    }

    /// What is wrong with a form that was sent.
    pub(super) fn wrong(
        problem: &Problem,
        language: Language,
        form: &'static str,
        typed: BTreeMap<String, String>,
    ) -> Self {
        let (mut words, fields) = problem.told(language);
        if problem.code() == Code::StaleVersion {
            let stale = (
                "La saisine a changé depuis que vous avez ouvert cette page. La voici comme elle est maintenant : \
                 vérifiez, puis envoyez de nouveau.",
                "The ticket has changed since you opened this page. Here it is as it is now: check, then send again.",
            );
            language.pick(stale).clone_into(&mut words);
        } else if !fields.is_empty() {
            let look = (
                "Ce n’est pas encore enregistré : voyez ce qui est signalé dans le formulaire.",
                "Nothing is recorded yet: see what is marked in the form.",
            );
            language.pick(look).clone_into(&mut words);
        }
        let status = StatusCode::from_u16(problem.code().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, done: None, wrong: Some(words), fields: fields.into_iter().collect(), form, typed }
    }
}

fn choices(of: &[(&str, Text)], language: Language) -> Vec<Value> {
    of.iter().map(|(code, label)| context! { code => *code, label => language.pick(*label) }).collect()
}

/// The page of a ticket.
pub(super) fn ticket(
    cx: &Context,
    city: &City,
    language: Language,
    path: &LinkPath,
    ticket: &PartnerTicket,
    notice: &Notice,
) -> Result<HttpResponse, Problem> {
    let zone = city.zone();
    let done = DONE.iter().find(|(action, _)| notice.done.as_deref() == Some(*action));
    // As long as it can, a partner refuses what is not its own; later, it says whom it told. What is a duplicate, the
    // dispatcher merges.
    let refuses = ticket.actions.contains(&Action::Refuse);
    let offered = |reason: &ClosureReason| match reason {
        ClosureReason::NotCompetent => !refuses,
        reason => *reason != ClosureReason::Duplicate,
    };
    let label = |reason: ClosureReason| match reason {
        ClosureReason::NotCompetent => language.pick(NOT_COMPETENT),
        reason => reason.label(Audience::Service, language),
    };
    let reasons: Vec<Value> = ClosureReason::ALL
        .into_iter()
        .filter(offered)
        .map(|reason| context! { code => reason.code(), label => label(reason) })
        .collect();
    let others = city.services.iter().filter(|service| service.name.in_language(language) != ticket.service.name);
    let others: Vec<Value> = others
        .map(|service| context! { code => service.code.as_str(), label => service.name.in_language(language) })
        .collect();
    let values = context! {
        language => language.tag(),
        path => path.page(),
        // The same form sent twice is one message.
        key => cx.ids.next().to_string(),
        sender => Serde(&city.settings.sender),
        filed_at => moment(ticket.filed_at, zone, language),
        sent_at => moment(ticket.sent_at, zone, language),
        received_at => ticket.received_at.map(|at| moment(at, zone, language)),
        ack_due => moment(ticket.ack_due_at, zone, language),
        resolve_due => moment(ticket.resolve_due_at, zone, language),
        expires => moment(ticket.link_expires_at, zone, language),
        expected_on => ticket.expected_on.map(|day| day.format(language.pick(("%d/%m/%Y", "%-d %B %Y"))).to_string()),
        messages => ticket.messages.iter().map(|message| {
            context! { own => message.own, at => moment(message.at, zone, language), text => message.text.as_str() }
        }).collect::<Vec<_>>(),
        ticket => Serde(ticket),
        refusals => choices(&REFUSALS, language),
        closures => reasons,
        refuses,
        services => others,
        done => done.map(|(_, words)| language.pick(*words)),
        wrong => &notice.wrong,
        fields => &notice.fields,
        form => notice.form,
        typed => &notice.typed,
    };
    page::form(notice.status, "partner.html", values)
}

/// The page of a link that leads nowhere: nothing of a ticket stands on it.
pub(super) fn shut(request: &HttpRequest, path: &LinkPath, shut: Shut) -> Result<HttpResponse, Problem> {
    let language = preferred_language(request).tag();
    let why = match shut {
        Shut::Unknown => return page::form(StatusCode::NOT_FOUND, "lost.html", context! { language }),
        Shut::Expired => "expired",
        Shut::Answered => "answered",
        Shut::Gone => "gone",
        Shut::NoCity(_) | Shut::Store(_) => return Err(shut.into()),
    };
    page::form(StatusCode::GONE, "partner_shut.html", context! { language, why, path => path.page() })
}

/// The page that says that another link is on its way, or was, and when one may ask again.
pub(super) fn renewed(
    request: &HttpRequest,
    status: StatusCode,
    throttled: Option<&Throttled>,
) -> Result<HttpResponse, Problem> {
    let why = if throttled.is_none() { "renewed" } else { "too_many" };
    let language = preferred_language(request);
    let wait = throttled.map(|throttled| {
        let (fr, en) = wait(throttled);
        language.pick((&fr, &en)).to_owned()
    });
    page::form(status, "partner_shut.html", context! { language => language.tag(), why, wait, path => "" })
}
