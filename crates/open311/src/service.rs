//! `GET services`: what everybody may report, and what is asked about it.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use domain::city::City;
use domain::city::catalogue::Category;
use domain::city::question::{Kind, Question};
use domain::id::CategoryCode;
use domain::language::Language;
use usecases::Context;

use crate::answer::{Told, Wrong, answer, language};
use crate::caller::jurisdiction;
use crate::node::Node;
use crate::parameters::Parameters;

pub(crate) async fn list(request: HttpRequest, cx: Data<Context>) -> HttpResponse {
    answer(&request, listed(&request, &cx))
}

pub(crate) async fn definition(request: HttpRequest, cx: Data<Context>) -> HttpResponse {
    answer(&request, defined(&request, &cx))
}

/// Whether everybody may report it, and read what becomes of it.
pub(crate) fn is_public(category: &Category) -> bool {
    category.is_public()
}

/// The category of that code, as far as the catalogue has it; `service_code` in the specification.
pub(crate) fn category<'a>(city: &'a City, code: &str) -> Result<&'a Category, Wrong> {
    let category = CategoryCode::try_from(code.to_owned()).ok().and_then(|code| city.category(&code));
    category.ok_or_else(unknown)
}

/// There is no such service.
pub(crate) fn unknown() -> Wrong {
    Wrong::unknown((
        "Ce « service_code » est inconnu ; voir « services ».",
        "This “service_code” is unknown; see “services”.",
    ))
}

fn listed(request: &HttpRequest, cx: &Context) -> Result<Told, Wrong> {
    let loaded = cx.city()?;
    let city = &loaded.city;
    jurisdiction(city, &Parameters::parse(request.query_string().as_bytes())?)?;
    let public = city.catalogue.iter().filter(|category| is_public(category));
    let services = public.map(|category| service(city, category, language(request))).collect();
    Ok(("services", Node::List("service", services)))
}

fn service(city: &City, category: &Category, language: Language) -> Node {
    let parent = category.parent.as_ref().and_then(|code| city.category(code));
    let (name, group) = (category.label.in_language(language), parent.unwrap_or(category).label.in_language(language));
    let description = if parent.is_some() { format!("{group} : {name}") } else { name.to_owned() };
    Node::Object(vec![
        ("service_code", category.code.as_str().into()),
        ("service_name", name.into()),
        ("description", description.into()),
        ("metadata", (!category.questions.is_empty()).into()),
        // The id of a request is in the answer to it.
        ("type", "realtime".into()),
        ("keywords", parent.map(|parent| parent.code.as_str()).into()),
        ("group", group.into()),
    ])
}

fn defined(request: &HttpRequest, cx: &Context) -> Result<Told, Wrong> {
    let loaded = cx.city()?;
    jurisdiction(&loaded.city, &Parameters::parse(request.query_string().as_bytes())?)?;
    let code = request.match_info().get("code").unwrap_or_default();
    let category = category(&loaded.city, code)?;
    if !is_public(category) {
        return Err(unknown());
    }
    let attributes = (1_u32..).zip(&category.questions).map(|(order, one)| attribute(order, one, language(request)));
    let definition = Node::Object(vec![
        ("service_code", category.code.as_str().into()),
        ("attributes", Node::List("attribute", attributes.collect())),
    ]);
    Ok(("service_definition", definition))
}

fn attribute(order: u32, question: &Question, language: Language) -> Node {
    let value = |key: &str, name: &str| Node::Object(vec![("key", key.into()), ("name", name.into())]);
    let values = match question.kind {
        Kind::YesNo => vec![value("true", language.pick(("Oui", "Yes"))), value("false", language.pick(("Non", "No")))],
        Kind::Text | Kind::Number | Kind::Choice | Kind::Choices | Kind::Date => {
            let choices = question.choices.iter();
            choices.map(|choice| value(choice.code.as_str(), choice.label.in_language(language))).collect()
        }
    };
    Node::Object(vec![
        ("variable", true.into()),
        ("code", question.code.as_str().into()),
        ("datatype", datatype(question.kind).into()),
        ("required", question.required.into()),
        ("datatype_description", format_of(question, language).into()),
        ("order", Node::Whole(order)),
        ("description", question.label.in_language(language).into()),
        ("values", Node::List("value", values)),
    ])
}

const fn datatype(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Number => "number",
        Kind::Choice | Kind::YesNo => "singlevaluelist",
        Kind::Choices => "multivaluelist",
        Kind::Date => "datetime",
    }
}

/// What an answer looks like, if the datatype does not say it.
fn format_of(question: &Question, language: Language) -> Option<String> {
    match question.kind {
        Kind::Number => {
            let unit = question.unit.as_ref().map(|unit| unit.in_language(language).to_owned());
            let least = question.min.map(|min| format!("≥ {min}"));
            let most = question.max.map(|max| format!("≤ {max}"));
            let parts: Vec<String> = [unit, least, most].into_iter().flatten().collect();
            (!parts.is_empty()).then(|| parts.join(", "))
        }
        Kind::Date => {
            let past =
                if question.past { language.pick((", au plus tard aujourd’hui", ", today or earlier")) } else { "" };
            let form = language.pick(("un jour, 2026-03-10", "a day, 2026-03-10"));
            Some(format!("{form}{past}"))
        }
        Kind::Text | Kind::Choice | Kind::Choices | Kind::YesNo => None,
    }
}
