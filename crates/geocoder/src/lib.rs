//! Addresses as points, and points as addresses: the national geocoder (Géoplateforme, which answers with the Base
//! adresse nationale) or any other that speaks `GeoCodeJSON` at `…/search` and `…/reverse`.
//!
//! It is asked with little patience, and left alone for a while when it does not answer: whoever files a concern writes
//! the address or the point instead. Deliberately absent: retries, and logs of what was searched for — an address
//! that is being typed may be somebody's home.

mod answer;
mod rest;

use std::sync::Arc;
use std::time::Duration;

use domain::place::Point;
use moka::future::Cache;
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use rustls::crypto::{CryptoProvider, ring};
use url::Url;

pub use answer::{Found, Kind};
use rest::Rest;

/// How long a request may take as a whole: somebody is typing.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a connection may take.
const PATIENCE_TO_CONNECT: Duration = Duration::from_secs(1);
/// An answer longer than this, in bytes, is not read; twenty addresses have about 10 KiB.
const MAX_LENGTH: usize = 256 * 1024;
/// How many answers are kept, for how long: addresses change rarely.
const KEPT: u64 = 10_000;
const KEPT_FOR: Duration = Duration::from_hours(24);

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// It is left alone for that long: it asked for it (429), or did not answer several times.
    #[error("the geocoder is left alone for {0:?}")]
    Resting(Duration),
    /// It did not answer in time, or with an error.
    #[error("the geocoder did not answer")]
    NoAnswer,
    /// What it answered is not `GeoCodeJSON`.
    #[error("the geocoder's answer was not understood")]
    Unintelligible,
}

/// Why there is no geocoder to be asked.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The URL has no host to ask.
    #[error("the geocoder's URL must be http:// or https://, without query")]
    Url,
    /// No client could be made.
    #[error("no HTTP client could be made: {0}")]
    Client(#[from] reqwest::Error),
}

/// What is asked: also the name under which the answer is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Question {
    path: &'static str,
    query: Vec<(&'static str, String)>,
}

/// A geocoder. Answers are kept for a day; equal questions at once are asked once.
pub struct Geocoder {
    base: Url,
    client: Client,
    kept: Cache<Question, Arc<[Found]>>,
    rest: Rest,
}

impl Geocoder {
    /// The geocoder at that base URL: `https://data.geopf.fr/geocodage`. Proxies are taken from the environment.
    ///
    /// # Errors
    /// See [`SettingsError`].
    pub fn new(base: &Url) -> Result<Self, SettingsError> {
        if !matches!(base.scheme(), "http" | "https") || base.query().is_some() {
            return Err(SettingsError::Url);
        }
        if CryptoProvider::get_default().is_none() {
            // Refused if another thread was faster, which is as good.
            drop(ring::default_provider().install_default());
        }
        let client = Client::builder()
            .redirect(Policy::none())
            .timeout(PATIENCE)
            .connect_timeout(PATIENCE_TO_CONNECT)
            .user_agent(concat!("continuum/", env!("CARGO_PKG_VERSION")))
            .build()?;
        let kept = Cache::builder().max_capacity(KEPT).time_to_live(KEPT_FOR).build();
        Ok(Self { base: base.clone(), client, kept, rest: Rest::default() })
    }

    /// The addresses of a commune (INSEE code) that the words may mean, the likeliest first; those near the point before
    /// others, if one is given.
    ///
    /// # Errors
    /// See [`Unavailable`].
    pub async fn search(
        &self,
        words: &str,
        commune: &str,
        near: Option<Point>,
        limit: u8,
    ) -> Result<Arc<[Found]>, Unavailable> {
        let mut query = vec![("q", words.to_owned()), ("citycode", commune.to_owned()), ("limit", limit.to_string())];
        query.extend(near.map(rounded).into_iter().flatten());
        self.ask(Question { path: "search", query }).await
    }

    /// The addresses nearest to a point, the nearest first.
    ///
    /// # Errors
    /// See [`Unavailable`].
    pub async fn reverse(&self, at: Point, limit: u8) -> Result<Arc<[Found]>, Unavailable> {
        let mut query = Vec::from(rounded(at));
        query.push(("limit", limit.to_string()));
        self.ask(Question { path: "reverse", query }).await
    }

    async fn ask(&self, question: Question) -> Result<Arc<[Found]>, Unavailable> {
        let answer = self.kept.try_get_with_by_ref(&question, self.asked(&question)).await;
        answer.map_err(|error: Arc<Unavailable>| *error)
    }

    /// The answer to a question that was not asked lately.
    async fn asked(&self, question: &Question) -> Result<Arc<[Found]>, Unavailable> {
        self.rest.may_ask()?;
        let answer = self.fetch(question).await;
        match &answer {
            Ok(_) => self.rest.answered(),
            Err(Unavailable::Resting(after)) => self.rest.wanted(*after),
            Err(error @ (Unavailable::NoAnswer | Unavailable::Unintelligible)) => {
                tracing::warn!(%error, path = question.path, "no address could be looked up");
                self.rest.failed();
            }
        }
        answer
    }

    async fn fetch(&self, question: &Question) -> Result<Arc<[Found]>, Unavailable> {
        let mut url = self.base.clone();
        url.path_segments_mut().map_err(|()| Unavailable::NoAnswer)?.pop_if_empty().push(question.path);
        let request = self.client.get(url).query(&question.query);
        let mut response = request.send().await.map_err(|_| Unavailable::NoAnswer)?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::TOO_MANY_REQUESTS => {
                let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
                return Err(Unavailable::Resting(rest::as_wanted(after)));
            }
            _ => return Err(Unavailable::NoAnswer),
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| Unavailable::NoAnswer)? {
            if body.len() + chunk.len() > MAX_LENGTH {
                return Err(Unavailable::Unintelligible);
            }
            body.extend_from_slice(&chunk);
        }
        answer::parse(&body).map(Arc::from).ok_or(Unavailable::Unintelligible)
    }
}

/// A point to about a metre: nearer ones have the same addresses.
fn rounded(point: Point) -> [(&'static str, String); 2] {
    [("lat", format!("{:.5}", point.lat)), ("lon", format!("{:.5}", point.lon))]
}
