//! What is posted: a form, encoded as in a URL, or as `multipart/form-data` (RFC 7578) with photographs. Those go to where
//! uploads lie as they arrive, and are never in memory as a whole.

use std::time::Duration;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::rt::time::timeout;
use actix_web::web::{Bytes, Payload};
use actix_web::{FromRequest as _, HttpRequest};
use futures_util::StreamExt as _;
use url::Url;
use usecases::Context;
use usecases::open311::{MOST, Photographs};
use usecases::ticket::attachment::{FileError, Spooled, receive};

use crate::answer::Wrong;
use crate::caller::caller;
use crate::parameters::{Parameters, not_utf8};
use crate::photograph::{too_many, unfit};

/// How long nothing may arrive.
const SILENCE: Duration = Duration::from_secs(20);

/// How long all of it may take to arrive.
const PATIENCE: Duration = Duration::from_mins(10);

/// How long the names and values of all parameters together are at most, bytes.
const LONGEST: usize = 256 * 1024;

/// How many parts a form has at most, empty ones among them.
const PARTS: usize = 1000;

/// How many files of the greatest length all photographs together may be as long as: they are in memory when they were
/// drawn.
const LARGE: u64 = 2;

/// What was posted.
pub(crate) struct Form {
    pub(crate) parameters: Parameters,
    /// The photographs that were sent along, with the names that they were given.
    sent: Vec<(String, Spooled)>,
}

impl Form {
    /// Receives it.
    pub(crate) async fn receive(cx: &Context, request: &HttpRequest, payload: Payload) -> Result<Self, Wrong> {
        let media_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match media_type.as_str() {
            "application/x-www-form-urlencoded" => {
                let body = Bytes::from_request(request, &mut payload.into_inner()).await;
                let body = body.map_err(|error| {
                    let status = error.as_response_error().status_code();
                    let text = if status == StatusCode::PAYLOAD_TOO_LARGE {
                        ("Le formulaire est trop long.", "The form is too long.")
                    } else {
                        ("Le corps n’a pas pu être lu.", "The body could not be read.")
                    };
                    Wrong::new(status, text)
                })?;
                Self::new(Parameters::parse(&body)?, Vec::new())
            }
            "multipart/form-data" => {
                let parts = Multipart::new(request.headers(), payload.into_inner());
                timeout(PATIENCE, parted(cx, request, parts)).await.map_err(|_| too_slow())?
            }
            _ => Err(Wrong::bad((
                "Le corps doit être un formulaire : application/x-www-form-urlencoded, ou multipart/form-data.",
                "The body must be a form: application/x-www-form-urlencoded, or multipart/form-data.",
            ))),
        }
    }

    fn new(parameters: Parameters, sent: Vec<(String, Spooled)>) -> Result<Self, Wrong> {
        match parameters.repeated() {
            Some(name) => Err(Wrong::bad((
                format!("« {name} » n’a qu’une valeur, et est donné plusieurs fois."),
                format!("“{name}” has one value only, and is given several times."),
            ))),
            None => Ok(Self { parameters, sent }),
        }
    }

    /// Its photographs: those that were sent along, and those of `media_url`.
    pub(crate) fn photographs(self) -> Result<Photographs, Wrong> {
        let named = self.parameters.all("media_url").map(|text| {
            Url::parse(text).map_err(|_| {
                Wrong::bad(("« media_url » n’est pas une adresse : https://…", "“media_url” is no URL: https://…"))
            })
        });
        Ok(Photographs { named: named.collect::<Result<_, _>>()?, sent: self.sent })
    }
}

async fn parted(cx: &Context, request: &HttpRequest, mut parts: Multipart) -> Result<Form, Wrong> {
    let (mut pairs, mut sent, mut length, mut heavy, mut known) = (Vec::new(), Vec::new(), 0, 0, false);
    let mut many = 0;
    while let Some(part) = timeout(SILENCE, parts.next()).await.map_err(|_| too_slow())? {
        let mut part = part.map_err(|error| broken(&error))?;
        let name = part.name().unwrap_or_default().to_owned();
        (many, length) = (many + 1, length + name.len());
        if many > PARTS || length > LONGEST {
            return Err(too_long());
        }
        if let Some(file) = part.content_disposition().and_then(|one| one.get_filename()).map(ToOwned::to_owned) {
            if sent.len() == MOST {
                return Err(too_many());
            }
            // Files are read for those who may send some; one also before its key, which may stand behind it.
            if !known && (!sent.is_empty() || pairs.iter().any(|(name, _)| name == "api_key")) {
                caller(cx, request, &Parameters::of(pairs.clone())?).await?;
                known = true;
            }
            // A browser sends a field of files that was left empty as a file without a name.
            if let Some(spooled) = spooled(cx, &mut part, &file, &mut heavy).await? {
                sent.push((file, spooled));
            }
            continue;
        }
        let mut value = Vec::new();
        while let Some(chunk) = next(&mut part).await? {
            length += chunk.len();
            if length > LONGEST {
                return Err(too_long());
            }
            value.extend_from_slice(&chunk);
        }
        pairs.push((name, String::from_utf8(value).map_err(|_| not_utf8())?));
    }
    Form::new(Parameters::of(pairs)?, sent)
}

async fn next(part: &mut Field) -> Result<Option<Bytes>, Wrong> {
    let next = timeout(SILENCE, part.next()).await.map_err(|_| too_slow())?;
    next.transpose().map_err(|error| broken(&error))
}

async fn spooled(cx: &Context, part: &mut Field, name: &str, heavy: &mut u64) -> Result<Option<Spooled>, Wrong> {
    let most = LARGE * cx.files.max_bytes();
    let wrong = |error: FileError| unfit(name, error);
    let (mut spool, mut empty) = (receive(cx).await.map_err(|_| Wrong::unavailable())?, true);
    while let Some(chunk) = next(part).await? {
        empty &= chunk.is_empty();
        *heavy += chunk.len() as u64;
        spool.take(&chunk).await.map_err(wrong)?;
        if *heavy > most {
            return Err(Wrong::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                (
                    format!("Les photographies ont ensemble au plus {} Mio.", most >> 20),
                    format!("The photographs have {} MiB together at most.", most >> 20),
                ),
            ));
        }
    }
    if empty && name.is_empty() { Ok(None) } else { spool.end().await.map(Some).map_err(wrong) }
}

fn too_long() -> Wrong {
    let text = ("Les paramètres sont trop longs, ou trop nombreux.", "The parameters are too long, or too many.");
    Wrong::new(StatusCode::PAYLOAD_TOO_LARGE, text)
}

fn too_slow() -> Wrong {
    Wrong::new(StatusCode::REQUEST_TIMEOUT, ("Le corps arrive trop lentement.", "The body arrives too slowly."))
}

fn broken(error: &MultipartError) -> Wrong {
    tracing::debug!(%error, "a form is broken");
    Wrong::bad((
        "Le corps n’est pas du multipart/form-data, ou s’arrête avant la fin.",
        "The body is not multipart/form-data, or ends before its end.",
    ))
}
