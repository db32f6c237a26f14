//! Who somebody is, as the provider says.

use std::collections::BTreeSet;

use domain::email::EmailAddress;
use domain::siret::Siret;
use domain::text::PersonName;
use secrecy::SecretString;
use serde::Deserialize;

use super::error::{Invalid, OidcError};

/// The greatest length of what a provider says of a person, each, in characters. `OpenID` Connect Core 2 sets it for
/// `sub`.
const MAX_LENGTH: usize = 255;

/// Who signed in.
///
/// The key of an identity is (`issuer`, `idp_id`, `subject`): behind `ProConnect` stand many identity providers, each
/// with subjects of its own. Never the e-mail address, which anybody's provider may claim.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The issuer, as the settings name it.
    pub issuer: String,
    /// Which identity provider behind the issuer, where there are several (`ProConnect`).
    pub idp_id: Option<String>,
    /// The person there. It never changes, and is never given to somebody else.
    pub subject: String,
    /// The e-mail address, not verified by us.
    pub email: Option<String>,
    /// The first name.
    pub given_name: Option<String>,
    /// The name used every day; `family_name` where the provider knows no `usual_name`.
    pub usual_name: Option<String>,
    /// The ID token, which [`Provider::logout`](super::Provider::logout) needs.
    pub id_token: SecretString,
}

impl Identity {
    /// What the provider calls the person, so that people recognise it: their name and their e-mail address, one of the
    /// two, or the subject. Whoever signs in there may have chosen it: it proves nothing.
    #[must_use]
    pub fn called(&self) -> String {
        let names = [self.given_name.as_deref(), self.usual_name.as_deref()];
        let name = PersonName::try_from(names.into_iter().flatten().collect::<Vec<_>>().join(" ")).ok();
        let email = self.email.as_deref().and_then(|email| email.parse::<EmailAddress>().ok());
        match (name, email) {
            (Some(name), Some(email)) => format!("{name} ({email})"),
            (Some(name), None) => name.into(),
            (None, Some(email)) => email.into(),
            (None, None) => self.subject.clone(),
        }
    }
}

/// What the user info endpoint says of a person, those claims that matter here.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    pub(super) sub: String,
    idp_id: Option<String>,
    email: Option<String>,
    given_name: Option<String>,
    usual_name: Option<String>,
    family_name: Option<String>,
    siret: Option<String>,
}

impl Claims {
    /// The identity, if the person's establishment is one of those; `None` does not look at it.
    pub(super) fn into_identity(
        self,
        issuer: &str,
        allowed: Option<&BTreeSet<Siret>>,
        id_token: SecretString,
    ) -> Result<Identity, OidcError> {
        let key = |text: String| if is_text(&text) { Ok(text) } else { Err(OidcError::Userinfo(Invalid::Malformed)) };
        works_there(self.siret.as_deref(), allowed)?;
        Ok(Identity {
            issuer: issuer.to_owned(),
            idp_id: self.idp_id.map(key).transpose()?,
            subject: key(self.sub)?,
            email: self.email.filter(|text| is_text(text)),
            given_name: self.given_name.filter(|text| is_text(text)),
            usual_name: self.usual_name.or(self.family_name).filter(|text| is_text(text)),
            id_token,
        })
    }
}

/// Whether the establishment for which the person works is one of those.
fn works_there(siret: Option<&str>, allowed: Option<&BTreeSet<Siret>>) -> Result<(), OidcError> {
    let Some(allowed) = allowed else { return Ok(()) };
    match siret.ok_or(OidcError::SiretMissing)?.parse::<Siret>().ok() {
        Some(siret) if allowed.contains(&siret) => Ok(()),
        siret => Err(OidcError::SiretNotAllowed { siret }),
    }
}

/// Whether a database and a screen can hold it.
fn is_text(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= MAX_LENGTH && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const CITY: &str = "73282932000074";

    fn identity(claims: Value, allowed: Option<&BTreeSet<Siret>>) -> Result<Identity, OidcError> {
        let claims: Claims = serde_json::from_value(claims).unwrap();
        claims.into_identity("https://issuer.example", allowed, SecretString::from("a.b.c"))
    }

    #[test]
    fn with_a_list_only_its_establishments_sign_in() {
        let list = BTreeSet::from([CITY.parse().unwrap()]);
        let siret = |siret: Value| identity(json!({ "sub": "s", "siret": siret }), Some(&list)).map(drop);
        assert_eq!(siret(json!(CITY)), Ok(()));
        assert_eq!(siret(Value::Null), Err(OidcError::SiretMissing));
        for other in ["35600000049837", "73282932000075", ""] {
            let named = other.parse().ok();
            assert_eq!(siret(json!(other)), Err(OidcError::SiretNotAllowed { siret: named }), "{other}");
        }
    }

    #[test]
    fn without_a_list_the_establishment_is_not_looked_at() {
        for siret in [json!(CITY), Value::Null, json!("intern")] {
            assert_eq!(identity(json!({ "sub": "s", "siret": siret }), None).map(drop), Ok(()));
        }
    }

    #[test]
    fn a_key_that_cannot_be_kept_is_refused_a_name_is_dropped() {
        for claims in [
            json!({ "sub": "" }),
            json!({ "sub": "a\u{0}b" }),
            json!({ "sub": "x".repeat(256) }),
            json!({ "sub": "s", "idp_id": "a\nb" }),
        ] {
            assert_eq!(identity(claims, None).unwrap_err(), OidcError::Userinfo(Invalid::Malformed));
        }
        let person = identity(json!({ "sub": "s", "given_name": "A\u{0}", "family_name": "Petit" }), None).unwrap();
        assert_eq!((person.given_name, person.usual_name.as_deref()), (None, Some("Petit")));
    }

    #[test]
    fn people_recognise_who_they_are() {
        let called = |claims: Value| identity(claims, None).unwrap().called();
        let (given, usual, email) = ("Amélie", "Petit", "amelie@ville.example");
        for (claims, expected) in [
            (
                json!({ "sub": "s", "given_name": given, "usual_name": usual, "email": email }),
                "Amélie Petit (amelie@ville.example)",
            ),
            (json!({ "sub": "s", "given_name": "\u{202e}Amélie", "email": "nobody" }), "Amélie"),
            (json!({ "sub": "s", "given_name": "\u{200b}", "email": email }), email),
            (json!({ "sub": "s" }), "s"),
        ] {
            assert_eq!(called(claims), expected);
        }
    }

    #[test]
    fn the_id_token_is_not_told() {
        assert!(!format!("{:?}", identity(json!({ "sub": "s" }), None).unwrap()).contains("a.b.c"));
    }
}
