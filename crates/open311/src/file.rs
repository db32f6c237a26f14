//! `POST requests`: filing a concern.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use domain::city::catalogue::{Category, Sensitivity};
use domain::concern::Origin;
use domain::email::EmailAddress;
use domain::language::Language;
use domain::text::{Description, PersonName, TextError};
use domain::time::Zone;
use usecases::Context;
use usecases::concern::{Contact, Fault, File, FileError, Filed, Warning};
use usecases::open311::RequestError;

use crate::answer::{Faults, Told, Wrong, answer, language};
use crate::caller::{caller, jurisdiction};
use crate::form::Form;
use crate::node::Node;
use crate::parameters::Parameters;
use crate::place::whereabouts;
use crate::reply::{replies, text_fault, unfit};
use crate::request::TRIED;
use crate::{TEST, photograph, service};

pub(crate) async fn file(request: HttpRequest, cx: Data<Context>, body: Payload) -> HttpResponse {
    answer(&request, filed(&request, &cx, body).await)
}

async fn filed(request: &HttpRequest, cx: &Context, body: Payload) -> Result<Told, Wrong> {
    let form = Form::receive(cx, request, body).await?;
    let parameters = &form.parameters;
    let who = caller(cx, request, parameters).await?;
    let (loaded, language) = (cx.city()?, language(request));
    let city = &loaded.city;
    jurisdiction(city, parameters)?;
    let code = parameters.get("service_code");
    let code = code.ok_or_else(|| Wrong::bad(("Il manque « service_code ».", "“service_code” is missing.")))?;
    let category = service::category(city, code)?;
    reportable(category)?;
    let mut faults = Faults::default();
    let cmd = faults.take(command(category, city.zone(), parameters, language));
    let (Some(cmd), Some(photographs)) = (cmd, faults.take(form.photographs())) else { return Err(faults.wrong()) };
    let trying = request.path().starts_with(TEST);
    let fetching = !photographs.named.is_empty();
    let filed = usecases::open311::request(cx, &who, cmd, photographs, trying).await.map_err(wrong)?;
    let mut made = match &filed {
        Some(filed) => {
            let first = filed.tickets.first().map(|ticket| ticket.reference.clone());
            vec![("service_request_id", first.into())]
        }
        None => vec![("token", TRIED.into())],
    };
    made.push(("service_notice", notice(filed.as_ref(), fetching, language).into()));
    Ok(("service_requests", Node::List("request", vec![Node::Object(made)])))
}

/// What is not for Open311: emergencies, whose numbers are told, and what only few may know of.
fn reportable(category: &Category) -> Result<(), Wrong> {
    if let (Sensitivity::SignpostOnly, Some(emergency)) = (category.sensitivity, &category.emergency) {
        let told = |language| {
            let numbers = emergency.numbers.iter();
            let numbers = numbers.map(|one| format!("{} ({})", one.number, one.label.in_language(language)));
            format!("{} {}", emergency.message.in_language(language), numbers.collect::<Vec<_>>().join(", "))
        };
        return Err(Wrong::bad((told(Language::Fr), told(Language::En))));
    }
    if service::is_public(category) { Ok(()) } else { Err(service::unknown()) }
}

fn command(category: &Category, zone: Zone, parameters: &Parameters, language: Language) -> Result<File, Wrong> {
    // Said in no words, it is what its service is called.
    let said = parameters.get("description").unwrap_or(&category.label.fr);
    let mut faults = Faults::default();
    let description = Description::try_from(said.to_owned());
    let description = faults.take(description.map_err(|error| Wrong::bad(text_fault("description", error))));
    let place = faults.take(whereabouts(parameters));
    let replies = faults.take(replies(category, zone, parameters));
    let resident = faults.take(contact(parameters, language));
    let (Some(description), Some(place), Some(replies), Some(resident)) = (description, place, replies, resident)
    else {
        return Err(faults.wrong());
    };
    Ok(File {
        origin: Origin::Open311,
        cafe: None,
        category: category.code.clone(),
        description: Some(description),
        place,
        answer: None,
        replies,
        resident,
        attach_to: None,
        priority: None,
        confirm_text: false,
    })
}

/// How the resident can be reached, if they want to.
fn contact(parameters: &Parameters, language: Language) -> Result<Option<Contact>, Wrong> {
    let names: Vec<&str> = ["first_name", "last_name"].iter().filter_map(|name| parameters.get(name)).collect();
    let name = (!names.is_empty()).then(|| PersonName::try_from(names.join(" ")));
    let name = name.transpose().map_err(|error: TextError| Wrong::bad(text_fault("first_name, last_name", error)));
    let email = parameters.get("email").map(|text| EmailAddress::try_from(text.to_owned())).transpose();
    let email = email
        .map_err(|_| Wrong::bad(("« email » n’est pas une adresse électronique.", "“email” is no e-mail address.")));
    let phone = parameters.get("phone").map(|text| phone(text).ok_or_else(no_phone)).transpose();
    let mut faults = Faults::default();
    let (Some(name), Some(email), Some(phone)) = (faults.take(name), faults.take(email), faults.take(phone)) else {
        return Err(faults.wrong());
    };
    let contact = Contact { name: name.map(Into::into), email: email.map(String::from), phone, language };
    Ok((contact.name.is_some() || contact.email.is_some() || contact.phone.is_some()).then_some(contact))
}

/// A telephone number as E.164 writes it; a French one may be written as in France.
fn phone(text: &str) -> Option<String> {
    let dialled: String =
        text.chars().filter(|c| !matches!(c, ' ' | '.' | '-' | '(' | ')' | '\u{a0}' | '\u{202f}')).collect();
    let number = match dialled.strip_prefix('0') {
        Some(national) if national.len() == 9 => format!("33{national}"),
        Some(international) => international.strip_prefix('0')?.to_owned(),
        None => dialled.strip_prefix('+')?.to_owned(),
    };
    let fits = (7..=15).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && !number.starts_with('0');
    fits.then(|| format!("+{number}"))
}

fn no_phone() -> Wrong {
    Wrong::bad((
        "« phone » n’est pas un numéro de téléphone : 03 22 97 40 40, +33322974040.",
        "“phone” is no telephone number: 03 22 97 40 40, +33322974040.",
    ))
}

/// What whoever sent it should know.
fn notice(filed: Option<&Filed>, fetching: bool, language: Language) -> Option<String> {
    let mut notices = Vec::new();
    let Some(filed) = filed else {
        let text = ("Essai : rien n’a été conservé.", "A trial: nothing was kept.");
        return Some(language.pick(text).to_owned());
    };
    let masked = |warning: &Warning| matches!(warning, Warning::Description { .. } | Warning::Reply { .. });
    if filed.warnings.iter().any(masked) {
        notices.push(language.pick((
            "Des passages qui désignent quelqu’un ont été masqués.",
            "Passages that point to somebody were masked.",
        )));
    }
    if fetching {
        notices.push(language.pick((
            "Les photographies de « media_url » seront reprises dans les minutes qui viennent.",
            "The photographs of “media_url” will be taken over within minutes.",
        )));
    }
    (!notices.is_empty()).then(|| notices.join(" "))
}

fn wrong(error: RequestError) -> Wrong {
    let faults = match error {
        RequestError::Photograph(error) => return photograph::wrong(error),
        RequestError::OutsideLimits => {
            return Wrong::bad((
                "Le programme de cette clé n’envoie pas de demandes de ce « service_code ».",
                "The program of this key sends no requests of this “service_code”.",
            ));
        }
        RequestError::File(FileError::Invalid(faults)) => faults,
        RequestError::File(FileError::Store(error)) => return error.into(),
        RequestError::File(FileError::NoCity(error)) => return error.into(),
        RequestError::File(error @ (FileError::NoRoute | FileError::KeyReused(_))) => {
            tracing::error!(%error, "a request was not filed");
            return Wrong::internal();
        }
    };
    Wrong::all(faults.iter().map(fault).collect())
}

fn fault(fault: &Fault) -> (String, String) {
    match fault {
        Fault::Reply(wrong) => unfit(wrong),
        Fault::OutsideCity => {
            ("Ce lieu est en dehors de la ville.".to_owned(), "This place is outside of the city.".to_owned())
        }
        // Nothing of it is sent over Open311, or it was looked at before.
        Fault::UnknownCategory
        | Fault::DescriptionMissing
        | Fault::CafeMissing
        | Fault::CafeNotExpected
        | Fault::UnknownCafe
        | Fault::CafeCancelled
        | Fault::UnknownTicket
        | Fault::NotAttachable(_)
        | Fault::AttachNotExpected
        | Fault::ResidentEmpty
        | Fault::Open311NotExpected => {
            ("La demande n’a pas la forme attendue.".to_owned(), "The request is not of the expected form.".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::phone;

    #[test]
    fn telephone_numbers_are_kept_in_one_form() {
        for (text, kept) in [
            ("03 22 97 40 40", Some("+33322974040")),
            ("+33 3 22 97 40 40", Some("+33322974040")),
            ("0044.20.7946.0000", Some("+442079460000")),
            ("322974040", None),
            ("+33 (0) 3", None),
            ("0", None),
        ] {
            assert_eq!(phone(text).as_deref(), kept, "{text}");
        }
    }
}
