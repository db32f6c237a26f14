//! A file that is sent: `multipart/form-data` (RFC 7578) with one part, `file`. It goes to where uploads lie as it
//! arrives, and is never in memory as a whole.

use std::future::{Ready, ready};
use std::time::Duration;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::dev::Payload;
use actix_web::rt::time::timeout;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use futures_util::StreamExt as _;
use sha2::{Digest, Sha256};
use usecases::ticket::attachment::{FileError, Spool, Spooled};

use crate::problem::{Code, FieldError, Problem};

/// How long nothing may arrive.
const SILENCE: Duration = Duration::from_secs(20);

/// How long a file may take to arrive: 20 MiB over a bad line.
const PATIENCE: Duration = Duration::from_mins(10);

/// How long an upload that was refused is still read, so that the answer reaches who is still sending.
const COURTESY: Duration = Duration::from_secs(15);

/// A request with a file.
pub(crate) struct Upload {
    parts: Multipart,
    /// Whether it was found to be no multipart: then it must not be asked for another part.
    broken: bool,
}

/// A file that has arrived.
pub(crate) struct Received {
    /// The name that it was given.
    pub(crate) name: String,
    pub(crate) file: Spooled,
}

impl Received {
    /// What tells one upload from another.
    pub(crate) fn digest(&self) -> [u8; 32] {
        Sha256::new().chain_update(self.file.sha256()).chain_update(&self.name).finalize().into()
    }
}

impl FromRequest for Upload {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if !request.content_type().eq_ignore_ascii_case("multipart/form-data") {
            return ready(Err(Problem::new(Code::UnsupportedMediaType).detail((
                "Un fichier s’envoie en multipart/form-data, dans une partie « file ».",
                "A file is sent as multipart/form-data, in a part “file”.",
            ))));
        }
        ready(Ok(Self { parts: Multipart::new(request.headers(), payload.take()), broken: false }))
    }
}

impl Upload {
    /// Receives the file.
    pub(crate) async fn receive(&mut self, spool: Spool) -> Result<Received, Problem> {
        timeout(PATIENCE, self.receive_in_time(spool)).await.map_err(|_| Problem::new(Code::RequestTimeout))?
    }

    async fn receive_in_time(&mut self, mut spool: Spool) -> Result<Received, Problem> {
        let Some(mut field) = self.next().await? else {
            return Err(wrong("/file", "required", "Ce champ est obligatoire.", "This field is required."));
        };
        known(&field)?;
        let name = field.content_disposition().and_then(|disposition| {
            let extended = disposition.get_filename_ext().and_then(|name| String::from_utf8(name.value.clone()).ok());
            extended.or_else(|| disposition.get_filename().map(ToOwned::to_owned))
        });
        loop {
            let chunk = timeout(SILENCE, field.next()).await.map_err(|_| Problem::new(Code::RequestTimeout))?;
            let Some(chunk) = chunk else { break };
            spool.take(&chunk.map_err(|error| broken(&error))?).await?;
        }
        drop(field);
        if let Some(another) = self.next().await? {
            known(&another)?;
            return Err(wrong("/file", "repeated", "Un seul fichier à la fois.", "One file at a time."));
        }
        let file = spool.end().await?;
        Ok(Received { name: name.unwrap_or_default(), file })
    }

    async fn next(&mut self) -> Result<Option<Field>, Problem> {
        let next = timeout(SILENCE, self.parts.next()).await.map_err(|_| Problem::new(Code::RequestTimeout))?;
        self.broken = matches!(next, Some(Err(_)));
        next.transpose().map_err(|error| broken(&error))
    }

    /// Reads what is still sent, for a while, and forgets it.
    pub(crate) async fn drain(mut self) {
        if self.broken {
            return;
        }
        let rest = async {
            while let Some(Ok(field)) = self.parts.next().await {
                drop(field);
            }
        };
        // Who goes on sending after that hears no answer.
        drop(timeout(COURTESY, rest).await);
    }
}

fn known(field: &Field) -> Result<(), Problem> {
    match field.name() {
        Some("file") => Ok(()),
        name => {
            let pointer = format!("/{}", name.unwrap_or_default());
            Err(wrong(&pointer, "unknown_field", "Ce champ n’existe pas ici.", "There is no such field here."))
        }
    }
}

fn wrong(pointer: &str, code: &'static str, fr: &'static str, en: &'static str) -> Problem {
    Problem::new(Code::InvalidRequest).errors(vec![FieldError::in_body(pointer, code, (fr, en))])
}

/// The body is no multipart, or ends in the middle.
fn broken(error: &MultipartError) -> Problem {
    tracing::debug!(%error, "an upload is broken");
    Problem::new(Code::InvalidRequest).detail((
        "Le corps n’est pas du multipart/form-data, ou s’arrête avant la fin.",
        "The body is not multipart/form-data, or ends before its end.",
    ))
}

impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Refused(refusal) => refusal.into(),
            FileError::Unavailable(cause) => {
                tracing::warn!(%cause, "a file could not be kept or had");
                Self::new(Code::Unavailable)
            }
            FileError::Missing(path) => {
                tracing::error!(path, "the store of files does not have what it should");
                Self::new(Code::Internal)
            }
        }
    }
}
