//! Requests to addresses that somebody else has named: only to the public Internet, and to the networks that the operator
//! allows besides.
//!
//! Names are resolved here; every address of a name is checked, and the connection goes to one that was. Redirects are not
//! followed, and no proxy is taken from the environment. Deliberately absent: retries, cookies, and logs of what was sent.

mod public;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use rustls::crypto::{CryptoProvider, ring};
use url::{Host, Url};

pub use public::is_public;

/// How long a request may take as a whole.
const PATIENCE: Duration = Duration::from_secs(15);
/// The same, when what is answered is wanted.
const PATIENCE_TO_GET: Duration = Duration::from_mins(1);
/// How long a connection may take.
const PATIENCE_TO_CONNECT: Duration = Duration::from_secs(5);
/// How long a connection is kept for the next request.
const IDLE: Duration = Duration::from_secs(30);
/// How much of an answer is read, bytes.
const READ: usize = 1000;

/// Why nothing is sent to a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is not https, nor http within the networks that the operator allows.
    #[error("not https")]
    Scheme,
    /// It has no host or no port that there is, or holds a name and a password.
    #[error("no URL with a host and a port, and without a password")]
    Form,
    /// It leads to an address that is neither public nor allowed by the operator.
    #[error("not a public address")]
    Address,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Nothing was sent.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The name could not be resolved, or nobody answered there.
    #[error("unreachable")]
    Unreachable,
    /// The answer took too long.
    #[error("timeout")]
    Timeout,
    /// The connection broke, or what came was no HTTP.
    #[error("broken")]
    Broken,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The first bytes of the body.
    pub begin: Vec<u8>,
}

/// What is being answered.
#[derive(Debug)]
pub struct Answering(reqwest::Response);

impl Answering {
    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    /// What comes next of the body; none at its end.
    ///
    /// # Errors
    /// When it breaks off or takes too long.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        self.0.chunk().await.map_err(|error| failure(&error))
    }
}

/// Sends requests.
#[derive(Debug, Clone)]
pub struct Fetcher {
    https: reqwest::Client,
    http: reqwest::Client,
    allowed: Arc<[IpNet]>,
}

impl Fetcher {
    /// One that also goes to the allowed networks, there without TLS too.
    ///
    /// # Errors
    /// When the system's certificates cannot be read.
    pub fn new(allowed: &[IpNet]) -> Result<Self, reqwest::Error> {
        if CryptoProvider::get_default().is_none() {
            // Refused if another thread was faster, which is as good.
            drop(ring::default_provider().install_default());
        }
        let allowed: Arc<[IpNet]> = allowed.into();
        let client = |public: bool| {
            reqwest::Client::builder()
                .https_only(public)
                .no_proxy()
                .redirect(Policy::none())
                .timeout(PATIENCE)
                .connect_timeout(PATIENCE_TO_CONNECT)
                .pool_idle_timeout(IDLE)
                .pool_max_idle_per_host(1)
                .user_agent(concat!("continuum/", env!("CARGO_PKG_VERSION")))
                .dns_resolver(Arc::new(Resolver { allowed: allowed.clone(), public }))
                .build()
        };
        Ok(Self { https: client(true)?, http: client(false)?, allowed })
    }

    /// Whether something may be sent there, as far as can be told without resolving the name.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn check(&self, url: &Url) -> Result<(), Refused> {
        let public = match url.scheme() {
            "https" => true,
            "http" if !self.allowed.is_empty() => false,
            _ => return Err(Refused::Scheme),
        };
        if !url.username().is_empty() || url.password().is_some() || url.port() == Some(0) {
            return Err(Refused::Form);
        }
        let address = match url.host().ok_or(Refused::Form)? {
            Host::Domain(_) => return Ok(()),
            Host::Ipv4(address) => IpAddr::V4(address),
            Host::Ipv6(address) => IpAddr::V6(address),
        };
        if is_allowed(address, &self.allowed, public) { Ok(()) } else { Err(Refused::Address) }
    }

    /// Sends a body by POST.
    ///
    /// # Errors
    /// See [`Failure`]. Any status is an answer.
    pub async fn post(
        &self,
        url: &Url,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Result<Answered, Failure> {
        let request = self.client(url)?.post(url.clone());
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        let mut answer = send(request.body(body)).await?;
        let mut begin = Vec::new();
        while begin.len() < READ
            && let Some(chunk) = answer.chunk().await?
        {
            begin.extend_from_slice(&chunk[..chunk.len().min(READ - begin.len())]);
        }
        Ok(Answered { status: answer.status(), begin })
    }

    /// Asks for what is there. It is not said how long it is: whoever reads it stops when it is too much.
    ///
    /// # Errors
    /// See [`Failure`]. Any status is an answer.
    pub async fn get(&self, url: &Url) -> Result<Answering, Failure> {
        send(self.client(url)?.get(url.clone()).timeout(PATIENCE_TO_GET)).await
    }

    fn client(&self, url: &Url) -> Result<&reqwest::Client, Refused> {
        self.check(url)?;
        Ok(if url.scheme() == "https" { &self.https } else { &self.http })
    }
}

async fn send(request: reqwest::RequestBuilder) -> Result<Answering, Failure> {
    request.send().await.map(Answering).map_err(|error| failure(&error))
}

fn is_allowed(address: IpAddr, allowed: &[IpNet], public: bool) -> bool {
    // What stands for an IPv4 address is one.
    let address = address.to_canonical();
    (public && is_public(address)) || allowed.iter().any(|network| network.contains(&address))
}

fn failure(error: &reqwest::Error) -> Failure {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(one) = cause {
        if let Some(refused) = one.downcast_ref::<Refused>() {
            return Failure::Refused(*refused);
        }
        cause = one.source();
    }
    if error.is_timeout() {
        Failure::Timeout
    } else if error.is_connect() {
        Failure::Unreachable
    } else {
        Failure::Broken
    }
}

/// Resolves names; a name that has an address which is not allowed has none.
struct Resolver {
    allowed: Arc<[IpNet]>,
    /// Whether public addresses are allowed.
    public: bool,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (allowed, public) = (self.allowed.clone(), self.public);
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if !found.iter().all(|found| is_allowed(found.ip(), &allowed, public)) {
                return Err(Refused::Address.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(allowed: &[&str], url: &str) -> Result<(), Refused> {
        let allowed: Vec<IpNet> = allowed.iter().map(|network| network.parse().unwrap()).collect();
        Fetcher::new(&allowed).unwrap().check(&url.parse().unwrap())
    }

    #[test]
    fn an_address_is_checked_however_it_is_written() {
        for host in
            ["127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]"]
        {
            assert_eq!(check(&[], &format!("https://{host}:8080/hook")), Err(Refused::Address), "{host}");
        }
        assert_eq!(check(&[], "https://9.9.9.9/hook"), Ok(()));
        assert_eq!(check(&[], "https://[::ffff:9.9.9.9]/hook"), Ok(()));
        assert_eq!(check(&[], "https://hooks.example/hook?a=b"), Ok(()));
    }

    #[test]
    fn without_tls_within_allowed_networks_only() {
        assert_eq!(check(&[], "http://hooks.example/"), Err(Refused::Scheme));
        assert_eq!(check(&["10.0.0.0/8"], "http://10.1.2.3/"), Ok(()));
        assert_eq!(check(&["10.0.0.0/8"], "http://9.9.9.9/"), Err(Refused::Address));
        assert_eq!(check(&["10.0.0.0/8"], "https://10.1.2.3/"), Ok(()));
        assert_eq!(check(&["10.0.0.0/8"], "https://192.168.1.1/"), Err(Refused::Address));
        assert_eq!(check(&["10.0.0.0/8"], "ftp://10.1.2.3/"), Err(Refused::Scheme));
        assert_eq!(check(&[], "https://user:password@hooks.example/"), Err(Refused::Form));
    }
}
