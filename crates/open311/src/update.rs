//! `servicerequestupdates`: what happened to requests, and what the programs that sent them say of them, as `FixMyStreet`
//! speaks it.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use domain::language::Language;
use domain::text::Note;
use domain::ticket::Refusal;
use usecases::Context;
use usecases::open311::{Say, SayError, Update, Window};

use crate::answer::{Told, Wrong, answer, language};
use crate::caller::{caller, jurisdiction};
use crate::form::Form;
use crate::node::Node;
use crate::parameters::{Parameters, lately};
use crate::record::instant;
use crate::reply::text_fault;
use crate::status::{after, sentences, status, wish};
use crate::{TEST, photograph};

/// How many updates are answered at once: a time that holds more is refused, so that none is missed.
const MOST: usize = 1000;

/// The longest name of an update, characters.
const LONGEST: usize = 200;

pub(crate) async fn list(request: HttpRequest, cx: Data<Context>) -> HttpResponse {
    answer(&request, listed(&request, &cx).await)
}

pub(crate) async fn take(request: HttpRequest, cx: Data<Context>, body: Payload) -> HttpResponse {
    answer(&request, taken(&request, &cx, body).await)
}

async fn listed(request: &HttpRequest, cx: &Context) -> Result<Told, Wrong> {
    let parameters = Parameters::parse(request.query_string().as_bytes())?;
    let who = caller(cx, request, &parameters).await?;
    jurisdiction(&cx.city()?.city, &parameters)?;
    let window = window(&parameters, cx.now())?;
    let updates = usecases::open311::updates(cx, &who, window, MOST as u64 + 1).await?;
    if updates.len() > MOST {
        return Err(Wrong::bad((
            format!("Plus de {MOST} mises à jour entre ces dates ; donner des dates plus proches."),
            format!("More than {MOST} updates between these dates; give closer dates."),
        )));
    }
    let language = language(request);
    let updates = updates.iter().filter_map(|update| shown(update, language)).collect();
    Ok(("service_request_updates", Node::List("request_update", updates)))
}

fn window(parameters: &Parameters, now: DateTime<Utc>) -> Result<Window, Wrong> {
    match (parameters.get("start_date"), parameters.get("end_date")) {
        (Some(_), None) | (None, Some(_)) => Err(Wrong::bad((
            "« start_date » et « end_date » vont ensemble.",
            "“start_date” and “end_date” go together.",
        ))),
        _ => Ok(parameters.window("start_date", "end_date", now)?.unwrap_or(lately(now))),
    }
}

fn shown(update: &Update, language: Language) -> Option<Node> {
    let (state, reason) = after(&update.fact)?;
    let told = update.fact.message_to_resident().filter(|_| update.public_words);
    Some(Node::Object(vec![
        ("update_id", update.id.to_string().into()),
        ("service_request_id", update.reference.as_str().into()),
        // As long as another service is at it, the request has not ended.
        ("status", if update.others_open && state.has_ended() { "IN_PROGRESS" } else { status(state, reason) }.into()),
        ("updated_datetime", instant(update.at)),
        ("description", sentences(state, reason, told, language).into()),
        ("media_url", Node::Empty),
        ("external_status_code", reason.map_or_else(|| state.code(), |reason| reason.code()).into()),
    ]))
}

async fn taken(request: &HttpRequest, cx: &Context, body: Payload) -> Result<Told, Wrong> {
    let form = Form::receive(cx, request, body).await?;
    let who = caller(cx, request, &form.parameters).await?;
    jurisdiction(&cx.city()?.city, &form.parameters)?;
    if request.path().starts_with(TEST) {
        return Err(Wrong::bad(("Ici, rien n’est conservé.", "Nothing is kept here.")));
    }
    let said = say(form)?;
    let id = usecases::open311::say(cx, &who, said).await.map_err(wrong)?;
    let update = Node::Object(vec![("update_id", id.to_string().into())]);
    Ok(("service_request_updates", Node::List("request_update", vec![update])))
}

fn say(form: Form) -> Result<Say, Wrong> {
    let parameters = &form.parameters;
    let needed = |name: &str| {
        let missing = || Wrong::bad((format!("Il manque « {name} »."), format!("“{name}” is missing.")));
        parameters.get(name).ok_or_else(missing)
    };
    let update = needed("update_id")?;
    if update.chars().count() > LONGEST {
        return Err(Wrong::bad(text_fault("update_id", domain::text::TextError::TooLong(LONGEST))));
    }
    let request = needed("service_request_id")?;
    let text = Note::try_from(needed("description")?.to_owned());
    let unknown =
        || Wrong::bad(("« status » est inconnu ; voir docs/open311.md.", "“status” is unknown; see docs/open311.md."));
    // When it was said elsewhere: looked at, and not kept.
    parameters.instant("updated_datetime")?;
    Ok(Say {
        update: update.to_owned(),
        request: request.to_owned(),
        wish: parameters.get("status").map(|status| wish(status).ok_or_else(unknown)).transpose()?,
        text: text.map_err(|error| Wrong::bad(text_fault("description", error)))?,
        photographs: form.photographs()?,
    })
}

fn wrong(error: SayError) -> Wrong {
    match error {
        SayError::NotFound => Wrong::unknown(("Cette demande est inconnue.", "This request is unknown.")),
        SayError::NotTheirs => Wrong::bad((
            "Le programme de cette clé n’a pas envoyé cette demande : il ne peut rien y ajouter.",
            "The program of this key did not send this request: it cannot add to it.",
        )),
        SayError::NameReused => Wrong::bad((
            "Cet « update_id » est celui d’une autre demande.",
            "This “update_id” belongs to another request.",
        )),
        SayError::Photograph(error) => photograph::wrong(error),
        SayError::Refused(refusal) => Wrong::bad(refused(refusal)),
        SayError::NoCity(error) => error.into(),
        SayError::Store(error) => error.into(),
    }
}

fn refused(refusal: Refusal) -> (&'static str, &'static str) {
    match refusal {
        Refusal::NotTheirs(_) => (
            "Ce « status » est celui que le service donne ; le programme peut rouvrir la demande (REOPEN), ou l’annuler \
             (CANCELLED) tant que personne ne l’a prise en charge.",
            "This “status” is for the service to give; the program may reopen the request (REOPEN), or call it off \
             (CANCELLED) until it was taken in hand.",
        ),
        Refusal::ReopenWindowOver => (
            "Une demande close depuis plus de 30 jours ne se rouvre pas.",
            "A request that was closed more than 30 days ago is not reopened.",
        ),
        Refusal::Merged => {
            ("Cette demande est suivie avec une autre, identique.", "This request is followed together with another.")
        }
        _ => (
            "L’état de la demande ne permet pas ce « status ».",
            "The request is in a state that does not allow this “status”.",
        ),
    }
}
