//! An e-mail address that mail can be sent to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An address as people have them: a dot-atom (RFC 5322, 3.2.3), `@`, and the name of a domain, its labels in any
/// script (RFC 5890). Quoted names and addresses of machines (`a@[192.0.2.7]`, RFC 5321, 4.1.3) are refused: mail
/// servers do not take them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

/// Why a text is not an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address: camille.moreau@ville-amiens.example is one")]
pub struct NotAnAddress;

impl EmailAddress {
    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EmailAddress {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let (local, domain) = text.rsplit_once('@').ok_or(NotAnAddress)?;
        let atom = |atom: &str| !atom.is_empty() && atom.chars().all(is_atom);
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let well_formed = (1..=64).contains(&local.len())
            && local.split('.').all(atom)
            && domain.contains('.')
            && domain.split('.').all(label)
            && !domain.ends_with(|c: char| c.is_ascii_digit())
            && text.len() <= 254;
        if well_formed { Ok(Self(text.to_owned())) } else { Err(NotAnAddress) }
    }
}

/// What a mail server's enhanced status code (RFC 3463) says of an address that it did not deliver to: `5.1.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undelivered {
    /// There is no such address, and there will be none.
    Gone,
    /// Something else: a full mailbox, a policy, a server that is away.
    Otherwise,
}

impl Undelivered {
    /// What the status says. A permanent failure (class 5) is one of the address, except where its subject is another: a
    /// full mailbox (5.2.2), a message that is too large (5.2.3, 5.3.4), the mail system (5.3), the message's content (5.6) or
    /// a policy (5.7).
    #[must_use]
    pub fn of(status: &str) -> Self {
        let mut digits = status.trim().split('.').map(str::parse::<u16>);
        match (digits.next(), digits.next(), digits.next()) {
            (Some(Ok(5)), Some(Ok(2)), Some(Ok(2 | 3))) | (Some(Ok(5)), Some(Ok(3 | 6 | 7)), Some(Ok(_))) => {
                Self::Otherwise
            }
            (Some(Ok(5)), Some(Ok(0 | 1 | 2 | 4 | 5)), Some(Ok(_))) => Self::Gone,
            _ => Self::Otherwise,
        }
    }
}

/// RFC 5322, 3.2.3: `atext`.
fn is_atom(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)
}

impl TryFrom<String> for EmailAddress {
    type Error = NotAnAddress;

    fn try_from(text: String) -> Result<Self, NotAnAddress> {
        text.parse()
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_says_so_of_the_address_is_the_end_of_it() {
        for gone in ["5.1.1", "5.1.10", "5.0.0", "5.2.1", "5.4.4", " 5.1.1 "] {
            assert_eq!(Undelivered::of(gone), Undelivered::Gone, "{gone}");
        }
        for otherwise in ["4.1.1", "5.2.2", "5.2.3", "5.3.4", "5.6.1", "5.7.1", "2.0.0", "5.1", "550", "", "5.x.1"] {
            assert_eq!(Undelivered::of(otherwise), Undelivered::Otherwise, "{otherwise}");
        }
    }

    #[test]
    fn an_address_is_one_that_mail_servers_take() {
        for address in ["o'neill+x@mail.example", "m@château.example", "m@xn--chteau-xta.example", "a_b@x-y.z.example"]
        {
            assert_eq!(address.parse::<EmailAddress>().unwrap().as_str(), address);
        }
        for (what, text) in [
            ("nothing", ""),
            ("a letter with an accent before the @", "élu@mail.example"),
            ("no domain", "habitante@"),
            ("a domain of one label", "root@localhost"),
            ("quoted", "\"a b\"@mail.example"),
            ("a machine", "a@[192.0.2.7]"),
            ("a machine, without brackets", "a@192.0.2.7"),
            ("two dots", "a..b@mail.example"),
            ("a dot before the @", "a.@mail.example"),
            ("white space", "a b@mail.example"),
            ("a line", "a@mail.example\r\nBcc: b@mail.example"),
            ("two", "a@mail.example,b@mail.example"),
            ("a name", "A <a@mail.example>"),
            ("a hyphen at the end of a label", "a@mail-.example"),
            ("no text before the @", "@mail.example"),
        ] {
            assert_eq!(text.parse::<EmailAddress>(), Err(NotAnAddress), "{what}");
        }
        assert!(format!("{}@mail.example", "a".repeat(65)).parse::<EmailAddress>().is_err());
    }
}
