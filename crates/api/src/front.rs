//! What stands before the handlers: which proxies are believed, how often a caller may ask, which web origins may.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;

use actix_web::dev::ServiceRequest;
use actix_web::http::header::USER_AGENT;
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use ipnet::IpNet;
use url::Url;
use usecases::Origin;
use uuid::Uuid;

use crate::event::Streams;

type Limiter<K> = RateLimiter<K, DashMapStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// How many requests a minute a caller may send to one instance, all at once or one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// A person or a program that is recognised.
    pub caller: NonZeroU32,
    /// An address from which nobody was recognised. An office is one address.
    pub address: NonZeroU32,
}

/// What stands before the handlers of one instance; shared by its threads.
pub struct Front {
    proxies: Vec<IpNet>,
    origins: Vec<String>,
    return_urls: Vec<Url>,
    sign_in: Option<String>,
    https: bool,
    limits: Option<Limits>,
    streams: Streams,
}

struct Limits {
    rates: RateLimits,
    callers: Limiter<Uuid>,
    addresses: Limiter<IpAddr>,
    clock: DefaultClock,
}

/// How a caller stands with their limit: the fields of the draft standard's headers
/// (draft-ietf-httpapi-ratelimit-headers).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) policy: &'static str,
    pub(crate) quota: u32,
    pub(crate) remaining: u32,
    /// Seconds until there is room for one request more; 0 when there is now.
    pub(crate) wait: u64,
}

/// Who is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Counted {
    Caller(Uuid),
    Address(IpAddr),
}

impl Front {
    /// `proxies` are believed when they say for whom they ask; `origins` are the web origins whose scripts may use the
    /// API, `https://…` each; without limits, callers may ask as often as they like.
    #[must_use]
    pub fn new(proxies: Vec<IpNet>, origins: Vec<String>, limits: Option<RateLimits>) -> Self {
        let per_minute = |rate: NonZeroU32| Quota::per_minute(rate);
        let limits = limits.map(|rates| Limits {
            rates,
            callers: RateLimiter::dashmap(per_minute(rates.caller)).with_middleware(),
            addresses: RateLimiter::dashmap(per_minute(rates.address)).with_middleware(),
            clock: DefaultClock::default(),
        });
        Self {
            proxies,
            origins,
            return_urls: Vec::new(),
            sign_in: None,
            https: false,
            limits,
            streams: Streams::default(),
        }
    }

    /// Offers to sign in at the identity provider that people know under this name; the browser goes back to one of these
    /// addresses, to the letter.
    #[must_use]
    pub fn with_sign_in(self, name: Option<String>, return_urls: Vec<Url>) -> Self {
        Self { sign_in: name, return_urls, ..self }
    }

    /// Whether the proxy in front of it speaks TLS with everybody: then browsers are told to remember it (RFC 6797).
    #[must_use]
    pub fn with_https(self, https: bool) -> Self {
        Self { https, ..self }
    }

    pub(crate) const fn https(&self) -> bool {
        self.https
    }

    pub(crate) const fn streams(&self) -> &Streams {
        &self.streams
    }

    pub(crate) fn sign_in(&self) -> Option<&str> {
        self.sign_in.as_deref()
    }

    pub(crate) fn origins(&self) -> &[String] {
        &self.origins
    }

    pub(crate) fn return_urls(&self) -> &[Url] {
        &self.return_urls
    }

    /// Counts one request; how the caller stands then, and whether it was one too many. None without limits.
    pub(crate) fn count(&self, counted: Counted) -> Option<Result<Standing, Standing>> {
        let limits = self.limits.as_ref()?;
        let (policy, quota, outcome) = match counted {
            Counted::Caller(id) => ("caller", limits.rates.caller, limits.callers.check_key(&id)),
            Counted::Address(address) => ("address", limits.rates.address, limits.addresses.check_key(&address)),
        };
        let standing = |remaining, wait| Standing { policy, quota: quota.get(), remaining, wait };
        Some(match outcome {
            Ok(state) => Ok(standing(state.remaining_burst_capacity(), 0)),
            Err(not_until) => {
                let wait = not_until.wait_time_from(limits.clock.now());
                Err(standing(0, wait.as_secs() + u64::from(wait.subsec_nanos() > 0)))
            }
        })
    }

    /// Forgets callers that have not asked for a while.
    pub fn forget_idle(&self) {
        if let Some(limits) = &self.limits {
            limits.callers.retain_recent();
            limits.addresses.retain_recent();
        }
    }

    /// The address that a request came from: the last one that no proxy of ours vouches for. IPv6 addresses are taken
    /// by their /64, which is what one household or office has.
    pub(crate) fn address(&self, request: &ServiceRequest) -> Option<IpAddr> {
        let peer = request.peer_addr()?.ip().to_canonical();
        let ours = |address: &IpAddr| self.proxies.iter().any(|network| network.contains(address));
        let mut address = peer;
        let forwarded = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
        let named: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
        for name in named.into_iter().rev() {
            if !ours(&address) {
                break;
            }
            // Some proxies name the port too.
            let before = name.parse::<IpAddr>().or_else(|_| name.parse::<SocketAddr>().map(|before| before.ip()));
            let Ok(before) = before else { break };
            address = before.to_canonical();
        }
        Some(address)
    }

    /// Where a request came from, as sessions and the audit log keep it.
    pub(crate) fn origin(&self, request: &ServiceRequest) -> (Option<IpAddr>, Origin) {
        let address = self.address(request);
        let agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
        (address.map(network), Origin { address: address.map(|address| network(address).to_string()), agent })
    }
}

/// The address, an IPv6 one cut to its /64.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6([a, b, c, d, 0, 0, 0, 0].into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn address(front: &Front, peer: &str, forwarded: &[&str]) -> String {
        let request = TestRequest::default().peer_addr(format!("{peer}:1").parse().unwrap());
        let request =
            forwarded.iter().fold(request, |request, value| request.append_header(("X-Forwarded-For", *value)));
        front.origin(&request.to_srv_request()).1.address.unwrap()
    }

    #[test]
    fn only_our_proxies_are_believed() {
        let front = Front::new(vec!["10.0.0.0/8".parse().unwrap()], vec![], None);
        assert_eq!(address(&front, "203.0.113.9", &["198.51.100.1"]), "203.0.113.9", "anybody can say so");
        assert_eq!(address(&front, "10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(address(&front, "10.0.0.1", &["198.51.100.1, 192.0.2.7", "10.0.0.2"]), "192.0.2.7");
        assert_eq!(address(&front, "10.0.0.1", &["198.51.100.1, nonsense"]), "10.0.0.1");
        assert_eq!(address(&front, "10.0.0.1", &["198.51.100.1:5312"]), "198.51.100.1");
        assert_eq!(address(&front, "10.0.0.1", &["[2001:db8:1:2:3:4:5:6]:443, 10.0.0.2:80"]), "2001:db8:1:2::");
        assert_eq!(address(&front, "[2001:db8:1:2:3:4:5:6]", &[]), "2001:db8:1:2::", "one household");
        assert_eq!(address(&front, "[::ffff:203.0.113.9]", &[]), "203.0.113.9");
    }

    #[test]
    fn a_caller_has_so_many_requests_a_minute() {
        let two = NonZeroU32::new(2).unwrap();
        let front = Front::new(vec![], vec![], Some(RateLimits { caller: two, address: two }));
        let count = |n| front.count(Counted::Caller(Uuid::from_u128(n))).unwrap();
        assert_eq!(count(1).unwrap().remaining, 1);
        assert_eq!(count(1).unwrap().remaining, 0);
        let refused = count(1).unwrap_err();
        assert!((29..=30).contains(&refused.wait), "{}", refused.wait);
        assert!(count(2).is_ok(), "another caller");
    }
}
