//! What a provider publishes about itself (`OpenID` Connect Discovery 1.0), kept for an hour.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use chrono::{DateTime, Duration, Utc};
use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType,
    CoreSubjectIdentifierType,
};
use openidconnect::{AdditionalProviderMetadata, DiscoveryError, IssuerUrl, LogoutProviderMetadata, ProviderMetadata};
use serde::{Deserialize, Serialize};

use super::error::OidcError;
use super::http::{Http, HttpError};

/// How long metadata and keys are believed. A key that is not among them has them fetched at once.
const BELIEVED: Duration = Duration::hours(1);

/// A provider's metadata, its keys included.
pub(super) type Metadata = ProviderMetadata<
    LogoutProviderMetadata<Rfc9207>,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// What RFC 9207 adds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Rfc9207 {
    /// Whether each answer says which issuer gives it.
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for Rfc9207 {}

struct Known {
    metadata: Arc<Metadata>,
    since: DateTime<Utc>,
}

/// What is known of a provider. Nothing is asked before somebody signs in, so that a provider that is down keeps nobody
/// from starting the program; two who sign in at once may both ask, which does no harm.
pub(super) struct Discovery {
    issuer: IssuerUrl,
    known: ArcSwapOption<Known>,
}

impl Discovery {
    pub(super) fn new(issuer: IssuerUrl) -> Self {
        Self { issuer, known: ArcSwapOption::empty() }
    }

    /// The provider's metadata.
    pub(super) async fn metadata(&self, http: &Http, now: DateTime<Utc>) -> Result<Arc<Metadata>, OidcError> {
        match self.known.load().as_deref() {
            Some(known) if (Duration::zero()..BELIEVED).contains(&(now - known.since)) => Ok(known.metadata.clone()),
            _ => self.renewed(http, now).await,
        }
    }

    /// The provider's metadata as they are now.
    pub(super) async fn renewed(&self, http: &Http, now: DateTime<Utc>) -> Result<Arc<Metadata>, OidcError> {
        let metadata = Arc::new(Metadata::discover_async(self.issuer.clone(), http).await.map_err(failure)?);
        self.known.store(Some(Arc::new(Known { metadata: metadata.clone(), since: now })));
        Ok(metadata)
    }
}

fn failure(error: DiscoveryError<HttpError>) -> OidcError {
    match error {
        DiscoveryError::Request(error) => error.into(),
        _ => OidcError::Unintelligible,
    }
}
