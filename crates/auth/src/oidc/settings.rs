//! What must be known to sign people in at a provider.

use std::collections::BTreeSet;

use domain::siret::Siret;
use secrecy::SecretString;
use url::{Host, Url};

use super::error::SettingsError;

/// How one client signs people in at one provider. Begin with [`Settings::proconnect`]; for another provider, change
/// what differs. Any provider has to sign its user info, with RS256 or ES256.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The issuer's URL, to the letter as its metadata name it, with the last `/` only if it is there.
    pub issuer: String,
    /// Under which name the provider knows us.
    pub client_id: String,
    /// What shows the provider that we are that client. Sent in the request's body where the provider's metadata offer
    /// `client_secret_post`, in its header otherwise (RFC 6749, 2.3.1).
    pub client_secret: SecretString,
    /// Where the browser comes back to, as registered with the provider.
    pub redirect_url: Url,
    /// Where the browser comes back to after a logout, as registered with the provider.
    pub post_logout_redirect_url: Url,
    /// The establishments whose people may sign in; `None` does not look at the establishment, for providers that have
    /// one city's people only.
    pub sirets: Option<BTreeSet<Siret>>,
    /// What is asked for, beyond `openid`.
    pub scopes: Vec<String>,
    /// Whether PKCE (RFC 7636) is used. `ProConnect` refuses parameters that it does not know, and does not know these.
    pub pkce: bool,
    /// How firmly people have to prove who they are (`acr_values`, Core 3.1.2.1), best first: a sign-in with an `acr`
    /// that is none of these, or without one, is refused. Empty does not ask. `ProConnect` knows no such parameter as of
    /// May 2025.
    pub acr_values: Vec<String>,
}

impl Settings {
    /// For `ProConnect`, as documented in May 2025: the issuer is `https://PROCONNECT_DOMAIN/api/v2`; people of those
    /// establishments; no parameter that it does not know. Its `uid` is not asked for: nobody needs it.
    #[must_use]
    pub fn proconnect(
        issuer: String,
        client_id: String,
        client_secret: SecretString,
        redirect_url: Url,
        post_logout_redirect_url: Url,
        sirets: BTreeSet<Siret>,
    ) -> Self {
        let scopes = ["given_name", "usual_name", "email", "siret", "idp_id"].map(str::to_owned).into();
        Self {
            issuer,
            client_id,
            client_secret,
            redirect_url,
            post_logout_redirect_url,
            sirets: Some(sirets),
            scopes,
            pkce: false,
            acr_values: Vec::new(),
        }
    }

    /// Checks them; whether the provider is spoken to over HTTPS only.
    pub(super) fn check(&self) -> Result<bool, SettingsError> {
        if self.sirets.as_ref().is_some_and(BTreeSet::is_empty) {
            return Err(SettingsError::NoSiret);
        }
        let issuer = Url::parse(&self.issuer).map_err(|_| SettingsError::Issuer)?;
        let here = match issuer.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
        match issuer.scheme() {
            "https" if issuer.has_host() => Ok(true),
            "http" if here => Ok(false),
            _ => Err(SettingsError::Issuer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(issuer: &str) -> Settings {
        let url = |path: &str| Url::parse("https://continuum.example").unwrap().join(path).unwrap();
        let secret = SecretString::from("the secret");
        let sirets = BTreeSet::from(["73282932000074".parse().unwrap()]);
        Settings::proconnect(issuer.to_owned(), "continuum".to_owned(), secret, url("/back"), url("/out"), sirets)
    }

    #[test]
    fn a_provider_is_spoken_to_over_https_unless_it_is_on_this_machine() {
        for (issuer, https_only) in [
            ("https://auth.agentconnect.gouv.fr/api/v2", Some(true)),
            ("http://127.0.0.1:8080", Some(false)),
            ("http://[::1]:8080/realms/ville", Some(false)),
            ("http://localhost", Some(false)),
            ("http://auth.example", None),
            ("http://localhost.example", None),
            ("ftp://127.0.0.1", None),
            ("auth.example", None),
        ] {
            assert_eq!(settings(issuer).check().ok(), https_only, "{issuer}");
        }
    }

    #[test]
    fn an_empty_list_of_establishments_is_a_mistake() {
        let nobody = Settings { sirets: Some(BTreeSet::new()), ..settings("https://auth.example") };
        assert!(matches!(nobody.check(), Err(SettingsError::NoSiret)));
    }

    #[test]
    fn the_secret_is_not_told() {
        assert!(!format!("{:?}", settings("https://auth.example")).contains("the secret"));
    }
}
