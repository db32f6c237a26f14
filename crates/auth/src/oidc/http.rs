//! The HTTP client for the provider: no redirects, little patience, small answers.

use std::pin::Pin;
use std::time::Duration;

use openidconnect::http::Response;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::redirect::Policy;
use rustls::crypto::{CryptoProvider, ring};

use super::error::{OidcError, SettingsError};

/// How long a request may take as a whole.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a connection may take.
const PATIENCE_TO_CONNECT: Duration = Duration::from_secs(5);

/// An answer longer than this, in bytes, is not read. `ProConnect`'s longest, its metadata, has about 3 KiB.
const MAX_LENGTH: usize = 256 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    #[error("no answer")]
    Unreachable,
    #[error("the answer is too long")]
    TooLong,
}

impl From<HttpError> for OidcError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Unreachable => Self::Unreachable,
            HttpError::TooLong => Self::Unintelligible,
        }
    }
}

/// The client.
pub(super) struct Http(reqwest::Client);

impl Http {
    /// One that speaks HTTPS only, unless told otherwise. Proxies are taken from the environment.
    pub(super) fn new(https_only: bool) -> Result<Self, SettingsError> {
        if CryptoProvider::get_default().is_none() {
            // Refused if another thread was faster, which is as good.
            drop(ring::default_provider().install_default());
        }
        let client = reqwest::Client::builder()
            .https_only(https_only)
            .redirect(Policy::none())
            .timeout(PATIENCE)
            .connect_timeout(PATIENCE_TO_CONNECT)
            .user_agent(concat!("continuum/", env!("CARGO_PKG_VERSION")));
        client.build().map(Self).map_err(|error| SettingsError::Https(error.to_string()))
    }

    /// Sends a request. A status of 5xx counts as no answer.
    pub(super) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let request = reqwest::Request::try_from(request).map_err(|_| HttpError::Unreachable)?;
        let mut answer = self.0.execute(request).await.map_err(|_| HttpError::Unreachable)?;
        if answer.status().is_server_error() {
            return Err(HttpError::Unreachable);
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|_| HttpError::Unreachable)? {
            if body.len() + chunk.len() > MAX_LENGTH {
                return Err(HttpError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = Response::new(body);
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
