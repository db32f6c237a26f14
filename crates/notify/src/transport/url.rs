//! A mail server as a URL.

use std::fmt;
use std::time::Duration;

use url::{Host, Url, form_urlencoded};

use super::TransportError;

/// How the connection is kept from being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encryption {
    /// Not at all.
    None,
    /// By `STARTTLS` (RFC 3207), or nothing is sent.
    StartTls,
    /// By TLS from the first byte (RFC 8314).
    Tls,
}

/// A user's name and password.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Login {
    pub user: String,
    pub password: String,
}

/// What a mail server's URL says. It displays without the password, and so does `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Server {
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    pub login: Option<Login>,
    /// The name that the server is greeted with, when it is not the machine's.
    pub greeting: Option<String>,
    /// How long one delivery may take, from the connection to the last answer.
    pub limit: Duration,
}

const DEFAULT_LIMIT: Duration = Duration::from_secs(30);
const LONGEST_LIMIT: u64 = 60;

impl Server {
    pub(super) fn parse(text: &str) -> Result<Self, TransportError> {
        let url = Url::parse(text)?;
        let mut required = false;
        let mut limit = DEFAULT_LIMIT;
        for (name, value) in url.query_pairs() {
            match (name.as_ref(), value.as_ref()) {
                ("tls", "required") => required = true,
                ("tls", _) => return Err(TransportError::Tls),
                ("timeout", seconds) => {
                    let seconds = seconds.parse().ok().filter(|seconds| (1..=LONGEST_LIMIT).contains(seconds));
                    limit = Duration::from_secs(seconds.ok_or(TransportError::Timeout)?);
                }
                (other, _) => return Err(TransportError::Parameter(other.to_owned())),
            }
        }
        let (encryption, port) = match (url.scheme(), required) {
            ("smtp", false) => (Encryption::None, 25),
            ("smtp", true) => (Encryption::StartTls, 587),
            ("smtps", false) => (Encryption::Tls, 465),
            ("smtps", true) => return Err(TransportError::Tls),
            _ => return Err(TransportError::Scheme),
        };
        let host = match url.host() {
            Some(Host::Domain("")) | None => return Err(TransportError::Host),
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
        };
        let greeting = Some(url.path().trim_matches('/')).filter(|name| !name.is_empty()).map(str::to_owned);
        Ok(Self { host, port: url.port().unwrap_or(port), encryption, login: login(&url)?, greeting, limit })
    }
}

fn login(url: &Url) -> Result<Option<Login>, TransportError> {
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) | (_, None) => Err(TransportError::Login),
        (user, Some(password)) => Ok(Some(Login { user: percent_decoded(user), password: percent_decoded(password) })),
    }
}

/// The text behind percent signs. A form also reads `+` and `&`, which mean nothing here.
fn percent_decoded(text: &str) -> String {
    let field = text.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    form_urlencoded::parse(field.as_bytes()).map(|(name, _)| name.into_owned()).collect()
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, means) = match self.encryption {
            Encryption::None => ("smtp", "not encrypted"),
            Encryption::StartTls => ("smtp", "STARTTLS"),
            Encryption::Tls => ("smtps", "TLS"),
        };
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{scheme}://{open}{}{close}:{} ({means}", self.host, self.port)?;
        match &self.login {
            Some(login) => write!(f, ", as {})", login.user),
            None => f.write_str(")"),
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_host_port_encryption_and_login() {
        for (url, shown) in [
            ("smtp://mail.example", "smtp://mail.example:25 (not encrypted)"),
            ("smtp://127.0.0.1:2525", "smtp://127.0.0.1:2525 (not encrypted)"),
            ("smtp://[::1]:2525/cafe.example", "smtp://[::1]:2525 (not encrypted)"),
            ("smtp://u:p@mail.example?tls=required", "smtp://mail.example:587 (STARTTLS, as u)"),
            ("smtps://cafe%40ville.example:p@mail.example", "smtps://mail.example:465 (TLS, as cafe@ville.example)"),
        ] {
            assert_eq!(Server::parse(url).unwrap().to_string(), shown);
        }
        let server = Server::parse("smtps://u:a%26b+c=d%25%2F%20;é@m.example/cafe.example?timeout=5").unwrap();
        assert_eq!(server.login.unwrap().password, "a&b+c=d%/ ;é");
        assert_eq!((server.greeting.as_deref(), server.limit), (Some("cafe.example"), Duration::from_secs(5)));
    }

    #[test]
    fn what_is_not_understood_is_refused_without_repeating_the_password() {
        for url in [
            "mail.example",
            "smtp://u:s3cret@",
            "smtp:",
            "https://u:s3cret@mail.example",
            "smtp://u:s3cret@mail.example?tls=opportunistic",
            "smtps://u:s3cret@mail.example?tls=required",
            "smtp://u:s3cret@mail.example?timeout=0",
            "smtp://u:s3cret@mail.example?timeout=61",
            "smtp://u:s3cret@mail.example?pool=3",
            "smtp://u:s3cret@mail.example:99999",
            "smtp://:s3cret@mail.example",
            "smtp://s3cret@mail.example",
        ] {
            let error = Server::parse(url).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
        }
        let server = Server::parse("smtp://u:s3cret@mail.example").unwrap();
        assert!(!format!("{server} {server:?}").contains("s3cret"));
    }
}
