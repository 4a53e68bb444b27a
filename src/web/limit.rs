use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::error::{Error, Result};

/// How often something may come from one address, or by one token.
pub struct Limiter<K: Clone + Hash + Eq = IpAddr>(DefaultKeyedRateLimiter<K>);

impl Limiter {
    pub fn per_hour(times: NonZeroU32) -> Limiter {
        Limiter(RateLimiter::keyed(Quota::per_hour(times)))
    }

    /// Errors: too many, with the seconds until the next one is taken.
    pub fn check(&self, address: IpAddr) -> Result<()> {
        self.take(&network(address)).map_err(Error::TooMany)
    }
}

impl<K: Clone + Hash + Eq> Limiter<K> {
    pub fn per_minute(times: NonZeroU32) -> Limiter<K> {
        Limiter(RateLimiter::keyed(Quota::per_minute(times)))
    }

    /// Errors: the seconds until the next one is taken.
    pub fn take(&self, key: &K) -> std::result::Result<(), u64> {
        self.0.check_key(key).map_err(|until| until.wait_time_from(DefaultClock::default().now()).as_secs() + 1)
    }

    /// Forgets the addresses that have come to rest.
    pub fn tidy(&self) {
        self.0.retain_recent();
        self.0.shrink_to_fit();
    }
}

/// Whom an address belongs to: a household's connection has a whole /64 of IPv6 addresses to itself.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_connection_is_one_address() {
        let limiter = Limiter::per_hour(NonZeroU32::new(2).unwrap());
        let check = |address: &str| limiter.check(address.parse().unwrap()).is_ok();
        assert!(check("2408:8000:1:2::1") && check("2408:8000:1:2:ffff::9"));
        assert!(!check("2408:8000:1:2::3"));
        assert!(check("2408:8000:1:3::1"));
        assert!(check("192.0.2.1") && check("::ffff:192.0.2.1") && !check("192.0.2.1"));
        limiter.tidy();
        assert!(!check("192.0.2.1"), "an address that is still at its limit is not forgotten");
    }
}
