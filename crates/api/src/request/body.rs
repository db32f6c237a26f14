//! The body of a request: JSON that fits the schema which the OpenAPI document shows. What is documented is what is
//! checked, and every fault is told at once.

use std::fmt::Display;
use std::pin::Pin;
use std::time::Duration;

use actix_web::http::header::CONTENT_LENGTH;
use actix_web::rt::time::timeout;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, ResponseError as _, dev::Payload};
use domain::email::EmailAddress;
use futures_util::StreamExt as _;
use jsonschema::Validator;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use utoipa::openapi::schema::Components;
use utoipa::{PartialSchema, ToSchema};

use super::fault::field_errors;
use super::refused::{refused, unstorable};
use super::unique::Unique;
use crate::openapi::name_conditions;
use crate::problem::{At, Code, FieldError, Problem};

/// The greatest body that is read, bytes.
pub(crate) const MAX_BODY: usize = 128 * 1024;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(20);

/// A type of request bodies.
pub(crate) trait Input: DeserializeOwned + ToSchema + 'static {
    /// The greatest one that is read, bytes.
    const MAX: usize = MAX_BODY;

    /// Whether its parts are checked each by itself ([`part`]): what is wrong with one is no fault of the whole.
    const IN_PARTS: bool = false;

    /// Checks values against the type's schema.
    fn validator() -> &'static Validator;
}

/// Says that a type is a request body.
macro_rules! input {
    ($name:ty $(, $max:expr)?) => {
        impl $crate::request::body::Input for $name {
            $(const MAX: usize = $max;)?

            fn validator() -> &'static jsonschema::Validator {
                static VALIDATOR: std::sync::LazyLock<jsonschema::Validator> =
                    std::sync::LazyLock::new($crate::request::body::validator::<$name>);
                &VALIDATOR
            }
        }
    };
}
pub(crate) use input;

/// The validator of a type's schema.
pub(crate) fn validator<T: ToSchema + PartialSchema>() -> Validator {
    let mut components = Components::new();
    let mut schemas = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut schemas);
    components.schemas.extend(schemas);
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": format!("#/components/schemas/{}", T::name()),
        "components": components,
    });
    name_conditions(&mut schema["components"]["schemas"]);
    jsonschema::options()
        .should_validate_formats(true)
        .with_format("email", |text| text.parse::<EmailAddress>().is_ok())
        .build(&schema)
        .expect("the schemas are made from types, and each body of the API is sent by a test")
}

/// A body without fields.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EmptyBody)]
pub(crate) struct Nothing {}
input!(Nothing);

/// A request's body, checked and parsed.
pub(crate) struct Body<T> {
    /// What it says.
    pub(crate) value: T,
    /// The SHA-256 of its bytes.
    pub(crate) digest: [u8; 32],
}

impl<T: Input> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = request.content_type().eq_ignore_ascii_case("application/json");
        let (declared, payload) = (Declared::of(request), payload.take());
        Box::pin(async move {
            let bytes = read(declared, payload, T::MAX).await?;
            match bytes.is_empty() {
                true => parse(b"{}"),
                false if is_json => parse(&bytes),
                false => Err(Problem::new(Code::UnsupportedMediaType)
                    .detail(("Attendu : application/json.", "Expected: application/json."))),
            }
        })
    }
}

/// A body that is no JSON, as it came: at most so many bytes.
pub(crate) struct Raw<const MAX: usize> {
    /// What came.
    pub(crate) bytes: Vec<u8>,
    content_type: String,
}

impl<const MAX: usize> Raw<MAX> {
    /// Refuses a body of another type.
    pub(crate) fn needs(&self, content_type: &str) -> Result<(), Problem> {
        if self.content_type.eq_ignore_ascii_case(content_type) {
            return Ok(());
        }
        let texts = (format!("Attendu : {content_type}."), format!("Expected: {content_type}."));
        Err(Problem::new(Code::UnsupportedMediaType).detail(texts))
    }
}

impl<const MAX: usize> FromRequest for Raw<MAX> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let content_type = request.content_type().to_owned();
        let (declared, payload) = (Declared::of(request), payload.take());
        Box::pin(async move { Ok(Self { bytes: read(declared, payload, MAX).await?, content_type }) })
    }
}

/// How many bytes a request says that it carries: of too many, none is waited for.
#[derive(Clone, Copy)]
pub(crate) struct Declared(Option<u64>);

impl Declared {
    pub(crate) fn of(request: &HttpRequest) -> Self {
        Self(request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok()))
    }
}

/// What a request carries, if it arrives in time and is no greater than `most` bytes.
pub(crate) async fn read(declared: Declared, payload: Payload, most: usize) -> Result<Vec<u8>, Problem> {
    if declared.0.is_some_and(|declared| declared > most as u64) {
        return Err(Problem::new(Code::BodyTooLarge));
    }
    timeout(PATIENCE, receive(payload, most)).await.map_err(|_| Problem::new(Code::RequestTimeout))?
}

async fn receive(mut payload: Payload, most: usize) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| Problem::of_status(error.status_code()))?;
        if bytes.len() + chunk.len() > most {
            return Err(Problem::new(Code::BodyTooLarge));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

pub(crate) fn parse<T: Input>(bytes: &[u8]) -> Result<Body<T>, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        Problem::new(Code::InvalidUtf8).detail((
            format!("L’octet {at} n’appartient à aucun caractère UTF-8."),
            format!("Byte {at} belongs to no UTF-8 character."),
        ))
    })?;
    let value = json(text)?;
    check::<T>(&value)?;
    // What the schema cannot say: texts that are only white space, and the like.
    let value = typed(&mut serde_json::Deserializer::from_str(text))?;
    Ok(Body { value, digest: Sha256::digest(bytes).into() })
}

/// A part of a body, checked and parsed by itself: its faults are told as of a body.
pub(crate) fn part<T: Input>(value: &Value) -> Result<T, Problem> {
    check::<T>(value)?;
    typed(value)
}

fn check<T: Input>(value: &Value) -> Result<(), Problem> {
    let mut errors: Vec<FieldError> =
        T::validator().iter_errors(value).flat_map(|error| field_errors(value, &error)).collect();
    if errors.is_empty() && !T::IN_PARTS {
        errors = unstorable(value);
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::new(Code::InvalidRequest).errors(errors)) }
}

fn typed<'a, T: DeserializeOwned>(source: impl Deserializer<'a>) -> Result<T, Problem> {
    serde_path_to_error::deserialize(source).map_err(not_accepted)
}

fn not_accepted<E: Display>(error: serde_path_to_error::Error<E>) -> Problem {
    let pointer = pointer(error.path());
    let texts = refused(&error.into_inner().to_string());
    Problem::new(Code::InvalidRequest).errors(vec![FieldError::new(At::Body(pointer), "invalid", texts)])
}

/// JSON in which no field stands twice: of two values, the last would count, and the first be lost without a word.
fn json(text: &str) -> Result<Value, Problem> {
    let mut source = serde_json::Deserializer::from_str(text);
    let Unique(value) = serde_path_to_error::deserialize(&mut source)
        .map_err(|error| if error.inner().is_data() { not_accepted(error) } else { invalid_json(error.inner()) })?;
    source.end().map_err(|error| invalid_json(&error))?;
    Ok(value)
}

fn invalid_json(error: &serde_json::Error) -> Problem {
    let (line, column) = (error.line(), error.column());
    if error.to_string().starts_with("number out of range") {
        return Problem::new(Code::InvalidJson).detail((
            format!("Un nombre est trop grand à la ligne {line}, colonne {column}."),
            format!("A number is too large at line {line}, column {column}."),
        ));
    }
    // serde_json's limit.
    if error.to_string().starts_with("recursion limit exceeded") {
        return Problem::new(Code::InvalidJson).detail((
            "Le JSON est trop imbriqué : 127 niveaux au plus.".to_owned(),
            "The JSON is nested too deeply: 127 levels at most.".to_owned(),
        ));
    }
    Problem::new(Code::InvalidJson).detail((
        format!("Le JSON se brise à la ligne {line}, colonne {column}."),
        format!("The JSON breaks at line {line}, column {column}."),
    ))
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Map { key } => format!("{pointer}/{}", escape(key)),
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Enum { .. } | Segment::Unknown => pointer,
    })
}

/// RFC 6901, 3.
pub(crate) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
