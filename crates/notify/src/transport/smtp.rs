//! Delivery by SMTP (RFC 5321), over connections that are kept for the next e-mail.
//!
//! The connections are kept here and not by lettre, because lettre takes a connection back into its pool when a
//! delivery is given up halfway: the answer that comes late would then be read as the answer to the next e-mail, and
//! one that the server refused would count as delivered. Here a connection is kept only after the server has
//! accepted an e-mail over it.

use std::error::Error as _;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::email::Undelivered;
use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use tokio::time::{Instant, timeout};

use super::redact::redact;
use super::url::{Encryption, Server};
use super::{DeliveryError, TransportError};
use crate::post::Post;

/// So many connections are kept at most.
const KEPT: usize = 4;
/// A connection that nobody has used for so long is not used again: servers close it soon.
const IDLE: Duration = Duration::from_secs(30);
/// A connection carries so many e-mails at most: servers count them.
const USES: u16 = 50;
/// So long a server may take to say good-bye after a refusal.
const FAREWELL: Duration = Duration::from_secs(1);

/// A mail server.
pub struct Smtp {
    server: Server,
    tls: Option<TlsParameters>,
    greeting: ClientId,
    idle: Mutex<Vec<Connection>>,
}

struct Connection {
    inner: AsyncSmtpConnection,
    uses: u16,
    since: Instant,
}

/// Why an attempt failed, in the server's own words, and the connection if there is one to take leave of.
struct Failure {
    error: DeliveryError,
    connection: Option<Connection>,
}

/// How far a delivery came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Up to and including the sender: trouble there is trouble for every e-mail.
    Before,
    /// The recipient.
    Recipient,
    /// The e-mail itself.
    Content,
}

impl Smtp {
    pub(super) fn new(server: Server) -> Result<Self, TransportError> {
        let tls = match server.encryption {
            Encryption::None => None,
            Encryption::StartTls | Encryption::Tls => {
                let parameters = TlsParameters::new(server.host.clone());
                Some(parameters.map_err(|error| TransportError::Certificates(error.to_string()))?)
            }
        };
        let greeting = server.greeting.clone().map_or_else(ClientId::default, ClientId::Domain);
        Ok(Self { server, tls, greeting, idle: Mutex::default() })
    }

    pub(super) async fn deliver(&self, Post { message, envelope }: &Post) -> Result<(), DeliveryError> {
        let text = String::from_utf8_lossy(&message.formatted()).into_owned();
        let sent = timeout(self.server.limit, self.attempt(envelope, &text)).await;
        let Failure { error, connection } = match sent {
            Ok(Ok(connection)) => {
                self.keep(connection);
                return Ok(());
            }
            Ok(Err(failure)) => *failure,
            Err(_) => {
                let seconds = self.server.limit.as_secs();
                return Err(DeliveryError::Transient(format!("the mail server did not answer within {seconds} s")));
            }
        };
        if let Some(mut connection) = connection {
            // The verdict stands, whether the server takes leave in time or not.
            if timeout(FAREWELL, connection.inner.abort()).await.is_err() {
                tracing::debug!("the mail server did not take leave within {} s", FAREWELL.as_secs());
            }
        }
        let fit = |words: &str| redact(words, envelope.to().iter().map(AsRef::as_ref));
        Err(match error {
            DeliveryError::Transient(words) => DeliveryError::Transient(fit(&words)),
            DeliveryError::Permanent(words) => DeliveryError::Permanent(fit(&words)),
            DeliveryError::Gone(words) => DeliveryError::Gone(fit(&words)),
        })
    }

    /// Hands the e-mail over, and gives back the connection that it went through.
    async fn attempt(&self, envelope: &Envelope, text: &str) -> Result<Connection, Box<Failure>> {
        let mut connection = match self.kept().await {
            Some(connection) => connection,
            None => self
                .connect()
                .await
                .map_err(|error| Box::new(Failure { error: verdict(Stage::Before, &error), connection: None }))?,
        };
        match converse(&mut connection.inner, envelope, text).await {
            Ok(()) => Ok(connection),
            Err(error) => Err(Box::new(Failure { error, connection: Some(connection) })),
        }
    }

    async fn connect(&self) -> Result<Connection, Error> {
        let Server { host, port, encryption, login, limit, .. } = &self.server;
        let wrapper = self.tls.clone().filter(|_| *encryption == Encryption::Tls);
        let address = (host.as_str(), *port);
        let mut inner =
            AsyncSmtpConnection::connect_tokio1(address, Some(*limit), &self.greeting, wrapper, None).await?;
        if let (Encryption::StartTls, Some(tls)) = (encryption, &self.tls) {
            inner.starttls(tls.clone(), &self.greeting).await?;
        }
        if let Some(login) = login {
            let credentials = Credentials::new(login.user.clone(), login.password.clone());
            inner.auth(DEFAULT_MECHANISMS, &credentials).await?;
        }
        Ok(Connection { inner, uses: 0, since: Instant::now() })
    }

    /// A kept connection that still answers.
    async fn kept(&self) -> Option<Connection> {
        loop {
            // The lock is given back before the server is asked.
            let taken = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut connection = taken?;
            if connection.since.elapsed() < IDLE && connection.inner.test_connected().await {
                return Some(connection);
            }
        }
    }

    fn keep(&self, mut connection: Connection) {
        connection.uses += 1;
        connection.since = Instant::now();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if connection.uses < USES && idle.len() < KEPT {
            idle.push(connection);
        }
    }
}

async fn converse(connection: &mut AsyncSmtpConnection, envelope: &Envelope, text: &str) -> Result<(), DeliveryError> {
    let before = |error| verdict(Stage::Before, &error);
    let recipient = |error| verdict(Stage::Recipient, &error);
    let parameters = parameters(connection, envelope)?;
    connection.command(Mail::new(envelope.from().cloned(), parameters)).await.map_err(before)?;
    for to in envelope.to() {
        connection.command(Rcpt::new(to.clone(), Vec::new())).await.map_err(recipient)?;
    }
    let content = |error| verdict(Stage::Content, &error);
    connection.command(Data).await.map_err(content)?;
    connection.command(transparent(text)).await.map_err(content)?;
    Ok(())
}

/// The e-mail as it follows `DATA`: each line that begins with a full stop given another (RFC 5321, 4.5.2), and a lone
/// one at the end. In one piece, since the end sent by itself would wait for the other side's acknowledgement.
fn transparent(text: &str) -> String {
    let body = text.strip_suffix("\r\n").unwrap_or(text);
    format!("{}\r\n.\r\n", body.replace("\r\n.", "\r\n.."))
}

/// What the server must know before an e-mail to an address beyond ASCII (RFC 6531); nothing otherwise, since messages
/// are encoded into ASCII.
fn parameters(connection: &AsyncSmtpConnection, envelope: &Envelope) -> Result<Vec<MailParameter>, DeliveryError> {
    if envelope.to().iter().chain(envelope.from()).all(|address| address.to_string().is_ascii()) {
        return Ok(Vec::new());
    }
    if connection.server_info().supports_feature(Extension::SmtpUtfEight) {
        return Ok(vec![MailParameter::SmtpUtfEight, MailParameter::Body(MailBodyParameter::EightBitMime)]);
    }
    Err(DeliveryError::Permanent("the mail server takes no address beyond ASCII (SMTPUTF8)".to_owned()))
}

/// Whether another attempt makes sense, with the server's words as it gave them. None does when it refuses the
/// recipient or the e-mail for good (5xx). Where it asks for a login or for encryption (RFC 4954, 6), one does: that is
/// for the operator to mend. The recipient is gone when the status that begins the words says so (RFC 2034).
fn verdict(stage: Stage, error: &Error) -> DeliveryError {
    let code = error.status();
    let words = match (code, error.source()) {
        (Some(code), Some(text)) => format!("{code} {text}"),
        _ => error.to_string(),
    };
    let about_login = code.is_some_and(|code| matches!(u16::from(code), 530 | 534 | 535 | 538));
    if stage == Stage::Before || !error.is_permanent() || about_login {
        return DeliveryError::Transient(words);
    }
    let status = words.split_whitespace().nth(1).unwrap_or_default();
    match Undelivered::of(status) {
        Undelivered::Gone if stage == Stage::Recipient => DeliveryError::Gone(words),
        Undelivered::Gone | Undelivered::Otherwise => DeliveryError::Permanent(words),
    }
}

impl fmt::Display for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.server.fmt(f)
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Smtp({})", self.server)
    }
}
