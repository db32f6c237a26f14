//! Where e-mail goes: to a mail server by SMTP, or into a folder as files, for trying out and for machines without a
//! server.
//!
//! Deliberately absent: retries and the record of what was sent, which are the worker's. No password, and no address
//! of a recipient, leaves this module in an error, a log line or a `Debug` text.

mod folder;
mod redact;
mod smtp;
mod url;

use std::io;
use std::path::PathBuf;

use domain::id::MessageId;

use crate::post::Post;

pub use self::folder::Folder;
pub use self::smtp::Smtp;

/// Where e-mail goes.
#[derive(Debug)]
pub enum Transport {
    /// To a mail server.
    Smtp(Smtp),
    /// Into a folder, one file for each e-mail.
    Folder(Folder),
}

/// Why an e-mail was not delivered. The server's words are told with every e-mail address replaced by `[adresse]`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// Another attempt may succeed: the server is away, busy or badly set up, or the disk is full.
    #[error("{0}")]
    Transient(String),
    /// No attempt will succeed: the server refuses this e-mail, or does not send to this recipient.
    #[error("{0}")]
    Permanent(String),
    /// The address takes no mail, this one or another.
    #[error("{0}")]
    Gone(String),
}

/// Why there is no transport of that kind. Never repeats the URL, which may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// It is not a URL.
    #[error("the mail server is not given as a URL ({0}): write smtp://host:port or smtps://user:password@host")]
    NotAUrl(#[from] ::url::ParseError),
    /// Neither `smtp:` nor `smtps:`.
    #[error("a mail server's URL begins with smtp:// or smtps://")]
    Scheme,
    /// It names no host.
    #[error("the mail server's URL names no host")]
    Host,
    /// `smtps:` with `tls`, or a value other than `required`.
    #[error("the mail server's URL may say tls=required, after smtp:// only")]
    Tls,
    /// Not a number of seconds from 1 to 60.
    #[error("the mail server's URL may say timeout=, in seconds, from 1 to 60")]
    Timeout,
    /// A parameter that means nothing.
    #[error("the mail server's URL may say tls= and timeout=, not « {0} »")]
    Parameter(String),
    /// A user without a password, or the contrary.
    #[error("the mail server's URL names a user without a password, or a password without a user")]
    Login,
    /// The system's certificates cannot be used.
    #[error("TLS cannot be prepared: {0}")]
    Certificates(String),
    /// The folder cannot be made.
    #[error("the folder {path} cannot be made: {source}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Transport {
    /// A mail server.
    ///
    /// | URL | connection | default port |
    /// |---|---|---|
    /// | `smtp://host` | not encrypted | 25 |
    /// | `smtp://user:password@host?tls=required` | STARTTLS, or nothing is sent | 587 |
    /// | `smtps://user:password@host` | TLS from the first byte | 465 |
    ///
    /// User and password are percent-encoded. A path is the name that the server is greeted with. `timeout=` limits
    /// one delivery, in seconds: 30 unless told, at most 60. Certificates are checked against the system's, or those
    /// of `SSL_CERT_FILE`. Nothing is sent yet.
    ///
    /// # Errors
    /// [`TransportError`] when the URL does not read so.
    pub fn smtp(url: &str) -> Result<Self, TransportError> {
        Ok(Self::Smtp(Smtp::new(url::Server::parse(url)?)?))
    }

    /// A folder, made for the owner alone when it does not exist.
    ///
    /// # Errors
    /// [`TransportError::Folder`] when it cannot be made.
    pub fn folder(path: impl Into<PathBuf>) -> Result<Self, TransportError> {
        Folder::new(path.into()).map(Self::Folder)
    }

    /// Hands one e-mail over: done when the server has accepted it, or when the file is on the disk. A delivery that fails may still have arrived, when the server's answer got
    /// lost; the next attempt then repeats the `Message-ID`. In a folder, a repeat replaces the file.
    ///
    /// # Errors
    /// [`DeliveryError`], saying whether another attempt makes sense.
    pub async fn deliver(&self, post: &Post, id: MessageId) -> Result<(), DeliveryError> {
        match self {
            Self::Smtp(smtp) => smtp.deliver(post).await,
            Self::Folder(folder) => folder.deliver(post, id).await,
        }
    }

    /// Where e-mail goes, in one line without the password: `mail goes out through smtp://host:587 (STARTTLS, as
    /// user)`, `each e-mail is written as a file into /var/lib/continuum/mail`.
    pub fn describe(&self) -> String {
        match self {
            Self::Smtp(smtp) => format!("mail goes out through {smtp}"),
            Self::Folder(folder) => format!("each e-mail is written as a file into {folder}"),
        }
    }
}
