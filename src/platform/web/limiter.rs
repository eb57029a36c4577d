//! How much one caller may ask of one process: a token bucket (GCRA, `governor`) per address and per signed-in caller.
//!
//! Many people may share one address, so an address gets [`ADDRESS_SHARE`] times what a signed-in caller gets.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use crate::platform::access::{Actor, Via};
use crate::platform::error::Error;

use super::address::ClientAddress;

const ADDRESS_SHARE: u32 = 5;
/// Part of a minute's requests that may come at once.
const BURST: u32 = 10;

/// Who is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// Everybody behind an address (see [`Key::address`]).
    Address(IpAddr),
    /// A session or token.
    Caller(uuid::Uuid),
}

impl Key {
    /// One customer usually has a whole /64 of IPv6 (RFC 6177), so that is what counts as one address.
    pub(super) fn address(address: IpAddr) -> Self {
        Self::Address(match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(whole) => IpAddr::V6(Ipv6Addr::from_bits(whole.to_bits() >> 64 << 64)),
        })
    }

    /// A mailbox person's session.
    pub(super) fn session(id: uuid::Uuid) -> Self {
        Self::Caller(id)
    }

    pub(super) fn of(actor: &Actor) -> Self {
        Self::Caller(match &actor.via {
            Via::Session(id) => id.0,
            Via::Token { id, .. } => id.0,
        })
    }
}

type Buckets<K> = RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// The buckets.
#[derive(Debug)]
pub struct Limiter {
    per_minute: u32,
    addresses: Buckets<IpAddr>,
    callers: Buckets<uuid::Uuid>,
}

impl Limiter {
    /// `per_minute` requests for a signed-in caller.
    pub fn new(per_minute: u32) -> Self {
        let quota = |rate: u32| {
            let rate = NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN);
            let burst = NonZeroU32::new(rate.get() / BURST).unwrap_or(NonZeroU32::MIN);
            Quota::per_minute(rate).allow_burst(burst.max(NonZeroU32::new(20).unwrap_or(burst)))
        };
        Self {
            per_minute,
            addresses: RateLimiter::keyed(quota(per_minute.saturating_mul(ADDRESS_SHARE))).with_middleware(),
            callers: RateLimiter::keyed(quota(per_minute)).with_middleware(),
        }
    }

    /// What a signed-in caller may ask a minute.
    pub fn per_minute(&self) -> u32 {
        self.per_minute
    }

    /// Counts a request. Tells how many may still come at once.
    pub(super) fn check(&self, key: &Key) -> Result<u32, Error> {
        let refused = match key {
            Key::Address(address) => self.addresses.check_key(address),
            Key::Caller(caller) => self.callers.check_key(caller),
        };
        refused
            .map(|left| left.remaining_burst_capacity())
            .map_err(|until| {
                let wait = until.wait_time_from(DefaultClock::default().now());
                Error::TooMany {
                    retry_after: wait.max(Duration::from_secs(1)),
                }
            })
    }

    /// Counts what comes from an address, also what reaches no route.
    pub async fn limit_addresses(State(limiter): State<Arc<Self>>, request: Request, next: Next) -> Response {
        let address = request
            .extensions()
            .get::<ClientAddress>()
            .copied()
            .unwrap_or_default();
        match limiter.check(&Key::address(address.0)) {
            Ok(_) => next.run(request).await,
            Err(error) => error.into_response(),
        }
    }

    /// Forgets callers whose buckets are full again. Call it now and then.
    pub fn tidy(&self) {
        self.addresses.retain_recent();
        self.callers.retain_recent();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let key = |text: &str| Key::address(text.parse().unwrap());
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }
}
