//! Limits per application and per source address.

use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use shared::code::Code;
use shared::http::reply::ApiError;

use crate::config;

/// Keys beyond which idle ones are forgotten.
const MANY_KEYS: usize = 50_000;

/// Counts requests; shared by all threads.
pub(crate) struct Limits {
    by_application: DefaultKeyedRateLimiter<String>,
    by_address: DefaultKeyedRateLimiter<IpAddr>,
    logins: DefaultKeyedRateLimiter<IpAddr>,
    guesses: DefaultKeyedRateLimiter<IpAddr>,
}

impl Limits {
    pub(crate) fn new(limit: &config::Limit) -> Self {
        let quota = |rate: u32, burst: u32| {
            let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
            Quota::per_second(at_least_one(rate)).allow_burst(at_least_one(burst))
        };
        Self {
            by_application: RateLimiter::keyed(quota(
                limit.application_per_second,
                limit.application_burst,
            )),
            by_address: RateLimiter::keyed(quota(limit.address_per_second, limit.address_burst)),
            logins: RateLimiter::keyed(quota(limit.login_per_second, limit.login_burst)),
            guesses: RateLimiter::keyed(Quota::per_minute(
                NonZeroU32::new(limit.guesses_per_minute).unwrap_or(NonZeroU32::MIN),
            )),
        }
    }

    /// Counts a request of an application whose signature was right.
    pub(crate) fn check_application(&self, tenant: &str, app: &str) -> Result<(), ApiError> {
        check(&self.by_application, &format!("{tenant}\n{app}"))
    }

    /// Counts a request from the socket's own peer; headers that claim another are not asked.
    pub(crate) fn check_address(&self, peer: IpAddr) -> Result<(), ApiError> {
        check(&self.by_address, &peer)
    }

    /// Counts a sign-in or a refresh from the socket's own peer.
    pub(crate) fn check_login(&self, peer: IpAddr) -> Result<(), ApiError> {
        check(&self.logins, &peer)
    }

    /// Counts a wrong refresh token from the socket's own peer.
    pub(crate) fn check_guess(&self, peer: IpAddr) -> Result<(), ApiError> {
        check(&self.guesses, &peer)
    }

    /// Forgets keys that have been idle long enough to be full again.
    pub(crate) fn tidy(&self) {
        let people = self.logins.len() + self.guesses.len();
        let keys = self.by_application.len() + self.by_address.len() + people;
        if keys > MANY_KEYS {
            self.by_application.retain_recent();
            self.by_address.retain_recent();
            self.logins.retain_recent();
            self.guesses.retain_recent();
        }
    }
}

fn check<K: std::hash::Hash + Eq + Clone>(
    limiter: &DefaultKeyedRateLimiter<K>,
    key: &K,
) -> Result<(), ApiError> {
    limiter.check_key(key).map_err(|not_until| {
        let wait = not_until.wait_time_from(DefaultClock::default().now());
        let mut error = ApiError::of(Code::TooManyRequests);
        error.retry_after_secs =
            Some(u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1));
        error
    })
}
