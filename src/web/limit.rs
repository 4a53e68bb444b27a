use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::error::{Error, Result};

/// How often one address may post without an account.
pub struct Limiter(DefaultKeyedRateLimiter<IpAddr>);

impl Limiter {
    pub fn per_hour(posts: NonZeroU32) -> Limiter {
        Limiter(RateLimiter::keyed(Quota::per_hour(posts)))
    }

    /// Errors: too many, with the seconds until the next post is taken.
    pub fn check(&self, address: IpAddr) -> Result<()> {
        self.0.check_key(&address).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            Error::TooMany(wait.as_secs() + 1)
        })
    }
}
