//! Signing in at an identity provider: `OpenID` Connect Core 1.0, authorization code flow, made to fit `ProConnect` and
//! usable with others.
//!
//! [`Provider::begin`] says where the browser goes, and what must be remembered of the attempt meanwhile;
//! [`Provider::finish`] turns what the browser brings back into an [`Identity`]; [`Provider::logout`] ends the session
//! at the provider, through the browser.
//!
//! Deliberately absent: accounts, sessions of ours, routes, and tokens kept after the sign-in. The access token is used
//! once, for the user info, and dropped.

mod discovery;
mod error;
mod http;
mod id_token;
mod identity;
mod settings;
mod userinfo;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdToken, CoreTokenResponse};
use openidconnect::{
    AccessToken, AuthType, AuthenticationContextClass, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, LogoutRequest, Nonce, OAuth2TokenResponse as _,
    PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, RedirectUrl, RequestTokenError, Scope,
    TokenResponse as _,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;
use url::Url;

use discovery::{Discovery, Metadata};
pub use error::{Invalid, OidcError, SettingsError};
use http::Http;
use identity::Claims;
pub use identity::Identity;
pub use settings::Settings;

/// Bytes of randomness in a state and in a nonce. In base64 that makes 43 characters; `ProConnect` wants 32 at least.
const RANDOM: u32 = 32;

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// A sign-in that begins. Without `Debug`: the URL holds the state and the nonce.
pub struct Begin {
    /// Where the browser goes.
    pub url: Url,
    /// What the same browser must bring back with the answer.
    pub attempt: Attempt,
}

/// What is remembered of an attempt to sign in, until its answer: kept on the server for the one browser that made it,
/// and forgotten after one answer.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Comes back with the answer, which shows that this browser asked. 43 characters of base64url.
    pub state: SecretString,
    /// Comes back in the ID token, which shows that it was made for this attempt. 43 characters of base64url.
    pub nonce: SecretString,
    /// Goes with the code, where the settings want PKCE (RFC 7636). 43 characters of base64url.
    pub pkce_verifier: Option<SecretString>,
}

/// What the browser brings back: the parameters of the redirect URL's query (RFC 6749, 4.1.2). Others are ignored.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Callback {
    /// See [`Attempt::state`].
    pub state: Option<SecretString>,
    /// The code, worth one ID token.
    pub code: Option<SecretString>,
    /// Why there is no code.
    pub error: Option<String>,
    /// Which issuer answers (RFC 9207).
    pub iss: Option<String>,
}

/// An identity provider, as one client of it sees it.
pub struct Provider {
    settings: Settings,
    client_id: ClientId,
    discovery: Discovery,
    http: Http,
}

impl Provider {
    /// With these settings. The provider is not asked yet.
    ///
    /// # Errors
    /// See [`SettingsError`].
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        let issuer = IssuerUrl::new(settings.issuer.clone()).map_err(|_| SettingsError::Issuer)?;
        let https_only = settings.check()?;
        Ok(Self {
            client_id: ClientId::new(settings.client_id.clone()),
            discovery: Discovery::new(issuer),
            http: Http::new(https_only)?,
            settings,
        })
    }

    /// The issuer's URL.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// Begins a sign-in, with a state and a nonce from the operating system's randomness.
    ///
    /// # Errors
    /// [`OidcError::Unreachable`] or [`OidcError::Unintelligible`].
    pub async fn begin(&self, now: DateTime<Utc>) -> Result<Begin, OidcError> {
        let client = self.client(&*self.metadata(now).await?);
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                || CsrfToken::new_random_len(RANDOM),
                || Nonce::new_random_len(RANDOM),
            )
            .add_scopes(self.settings.scopes.iter().filter(|s| *s != "openid").cloned().map(Scope::new));
        let mut pkce_verifier = None;
        if self.settings.pkce {
            let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
            pkce_verifier = Some(SecretString::from(verifier.into_secret()));
            request = request.set_pkce_challenge(challenge);
        }
        for acr in &self.settings.acr_values {
            request = request.add_auth_context_value(AuthenticationContextClass::new(acr.clone()));
        }
        let (url, state, nonce) = request.url();
        let (state, nonce) = (state.into_secret().into(), nonce.secret().as_str().into());
        Ok(Begin { url, attempt: Attempt { state, nonce, pkce_verifier } })
    }

    /// Finishes a sign-in: checks that the answer is one to this attempt, exchanges the code, checks the ID token
    /// (`OpenID` Connect Core 3.1.3.7), asks for the user info and checks that (Core 5.3.4).
    ///
    /// The caller has found the attempt of this browser, and forgets it whatever comes of it.
    ///
    /// # Errors
    /// See [`OidcError`].
    pub async fn finish(
        &self,
        attempt: Attempt,
        callback: Callback,
        now: DateTime<Utc>,
    ) -> Result<Identity, OidcError> {
        let expected = attempt.state.expose_secret();
        let given = callback.state.as_ref().map_or("", SecretString::expose_secret);
        if expected.is_empty() || !bool::from(expected.as_bytes().ct_eq(given.as_bytes())) {
            return Err(OidcError::State);
        }
        let metadata = self.metadata(now).await?;
        let code = self.code(callback, &metadata)?;
        let tokens = self.exchange(code, attempt.pkce_verifier, &metadata).await?;
        let nonce = Nonce::new(attempt.nonce.expose_secret().to_owned());
        let (subject, id_token) = self.id_token(&tokens, &nonce, &metadata, now).await?;
        let claims = self.userinfo(tokens.access_token(), &subject, now).await?;
        claims.into_identity(&self.settings.issuer, self.settings.sirets.as_ref(), id_token)
    }

    /// Where the browser goes to end the session at the provider (`OpenID` Connect RP-Initiated Logout 1.0); `None` if
    /// the provider has no such place. The URL holds the ID token. `id_token` is [`Identity::id_token`]; it may have
    /// expired.
    ///
    /// # Errors
    /// [`OidcError::Unreachable`] or [`OidcError::Unintelligible`]; [`OidcError::IdToken`] if the text is no ID token.
    /// The session of ours is to be ended whatever comes of it.
    pub async fn logout(&self, id_token: &SecretString, now: DateTime<Utc>) -> Result<Option<Url>, OidcError> {
        let metadata = self.metadata(now).await?;
        let Some(end_session) = metadata.additional_metadata().end_session_endpoint.clone() else {
            return Ok(None);
        };
        let id_token: CoreIdToken =
            id_token.expose_secret().parse().map_err(|_| OidcError::IdToken(Invalid::Malformed))?;
        let back = PostLogoutRedirectUrl::from_url(self.settings.post_logout_redirect_url.clone());
        let request = LogoutRequest::from(end_session)
            .set_id_token_hint(&id_token)
            .set_post_logout_redirect_uri(back)
            // `ProConnect` asks for one. The page that the browser comes back to does nothing that it would guard.
            .set_state(CsrfToken::new_random_len(RANDOM));
        Ok(Some(request.http_get_url()))
    }

    async fn metadata(&self, now: DateTime<Utc>) -> Result<Arc<Metadata>, OidcError> {
        self.discovery.metadata(&self.http, now).await
    }

    fn client(&self, metadata: &Metadata) -> Client {
        let secret = ClientSecret::new(self.settings.client_secret.expose_secret().to_owned());
        // RFC 6749, 2.3.1: where a provider does not say, it is the header.
        let methods = metadata.token_endpoint_auth_methods_supported();
        let in_body = methods.is_some_and(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretPost));
        CoreClient::from_provider_metadata(metadata.clone(), self.client_id.clone(), Some(secret))
            .set_redirect_uri(RedirectUrl::from_url(self.settings.redirect_url.clone()))
            .set_auth_type(if in_body { AuthType::RequestBody } else { AuthType::BasicAuth })
    }

    /// The code of an answer to an attempt of ours.
    fn code(&self, callback: Callback, metadata: &Metadata) -> Result<AuthorizationCode, OidcError> {
        let says_issuer =
            metadata.additional_metadata().additional_metadata.authorization_response_iss_parameter_supported;
        match callback.iss {
            Some(issuer) if issuer != self.settings.issuer => return Err(OidcError::Issuer),
            None if says_issuer => return Err(OidcError::Issuer),
            Some(_) | None => {}
        }
        if let Some(error) = callback.error {
            return Err(refused(&error));
        }
        let code = callback.code.ok_or(OidcError::Unintelligible)?;
        Ok(AuthorizationCode::new(code.expose_secret().to_owned()))
    }

    async fn exchange(
        &self,
        code: AuthorizationCode,
        pkce_verifier: Option<SecretString>,
        metadata: &Metadata,
    ) -> Result<CoreTokenResponse, OidcError> {
        let client = self.client(metadata);
        let mut request = client.exchange_code(code).map_err(|_| OidcError::Unintelligible)?;
        if let Some(verifier) = pkce_verifier {
            request = request.set_pkce_verifier(PkceCodeVerifier::new(verifier.expose_secret().to_owned()));
        }
        request.request_async(&self.http).await.map_err(|error| match error {
            RequestTokenError::ServerResponse(answer) => refused(answer.error().as_ref()),
            RequestTokenError::Request(error) => error.into(),
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => OidcError::Unintelligible,
        })
    }

    /// The subject of the ID token, and the token itself. If it is signed with a key that is not known, the provider has
    /// perhaps changed its keys, and is asked for them.
    async fn id_token(
        &self,
        tokens: &CoreTokenResponse,
        nonce: &Nonce,
        metadata: &Metadata,
        now: DateTime<Utc>,
    ) -> Result<(String, SecretString), OidcError> {
        let token = tokens.id_token().ok_or(OidcError::IdToken(Invalid::Missing))?;
        let expected = id_token::Expected {
            client_id: &self.client_id,
            nonce,
            access_token: tokens.access_token(),
            acr_values: &self.settings.acr_values,
        };
        let claims = match id_token::verified(token, &expected, metadata, now) {
            Err(OidcError::IdToken(Invalid::UnknownKey)) => {
                id_token::verified(token, &expected, &*self.discovery.renewed(&self.http, now).await?, now)?
            }
            outcome => outcome?,
        };
        Ok((claims.subject().to_string(), SecretString::from(token.to_string())))
    }

    async fn userinfo(
        &self,
        access_token: &AccessToken,
        subject: &str,
        now: DateTime<Utc>,
    ) -> Result<Claims, OidcError> {
        let metadata = self.metadata(now).await?;
        let url = metadata.userinfo_endpoint().ok_or(OidcError::Unintelligible)?;
        let answer = self.http.send(userinfo::request(url, access_token)?).await?;
        let (issuer, client_id) = (&self.settings.issuer, &self.settings.client_id);
        let expected = userinfo::Expected { issuer, client_id, subject };
        match userinfo::verified(&answer, &expected, metadata.jwks(), now) {
            Err(OidcError::Userinfo(Invalid::UnknownKey)) => {
                let metadata = self.discovery.renewed(&self.http, now).await?;
                userinfo::verified(&answer, &expected, metadata.jwks(), now)
            }
            outcome => outcome,
        }
    }
}

/// A refusal, its code bounded and of the characters that codes are made of: it comes from outside, and will be logged.
fn refused(code: &str) -> OidcError {
    let is_code = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let code = if !code.is_empty() && code.len() <= 64 && code.chars().all(is_code) { code } else { "unknown" };
    OidcError::Refused { code: code.to_owned() }
}
