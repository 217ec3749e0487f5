//! The settings of the gateway.

use serde::Deserialize;
use shared::config::{Bus, Check, Http, Internal, Log, Public};

/// See `config.default.toml`, which explains every one.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    pub(crate) http: Http,
    pub(crate) metrics: Metrics,
    pub(crate) bus: Bus,
    pub(crate) internal: Internal,
    pub(crate) public: Public,
    pub(crate) services: Services,
    pub(crate) body: Body,
    pub(crate) limit: Limit,
    pub(crate) credentials: Credentials,
    pub(crate) session: Session,
    log: Log,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Metrics {
    pub(crate) address: String,
}

/// Where each service listens.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Services {
    pub(crate) flow: String,
    pub(crate) task: String,
    pub(crate) sync: String,
    pub(crate) sso: String,
    pub(crate) notify: String,
    pub(crate) timeout_ms: u64,
}

impl Services {
    /// The same without a slash at the end, so that paths can be put behind.
    pub(crate) fn trimmed(&self) -> Self {
        let trim = |url: &str| url.trim_end_matches('/').to_owned();
        Self {
            flow: trim(&self.flow),
            task: trim(&self.task),
            sync: trim(&self.sync),
            sso: trim(&self.sso),
            notify: trim(&self.notify),
            timeout_ms: self.timeout_ms,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Body {
    pub(crate) deadline_secs: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Limit {
    pub(crate) application_per_second: u32,
    pub(crate) application_burst: u32,
    pub(crate) address_per_second: u32,
    pub(crate) address_burst: u32,
    pub(crate) login_per_second: u32,
    pub(crate) login_burst: u32,
    pub(crate) guesses_per_minute: u32,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Credentials {
    pub(crate) remembered_secs: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Session {
    pub(crate) remembered_secs: u64,
}

impl Config {
    /// Our public address as browsers write it in `Origin`.
    pub(crate) fn origin(&self) -> String {
        let url = url::Url::parse(&self.public.url);
        url.map(|url| url.origin().ascii_serialization()).unwrap_or_default()
    }

    /// The cookie that holds a person's token: bound to this very host wherever it is encrypted.
    pub(crate) fn session_cookie(&self) -> String {
        let prefix = if self.public.is_https() { "__Host-" } else { "" };
        format!("{prefix}aiflow_session")
    }
}

impl Check for Config {
    fn mistakes(&self) -> Vec<String> {
        let mut mistakes =
            [self.bus.mistakes(), self.internal.mistakes(), self.public.mistakes()].concat();
        let Limit { application_per_second, application_burst, .. } = self.limit;
        let Limit { address_per_second, address_burst, .. } = self.limit;
        let Limit { login_per_second, login_burst, guesses_per_minute, .. } = self.limit;
        let rates =
            [application_per_second, address_per_second, login_per_second, guesses_per_minute];
        let bursts = [application_burst, address_burst, login_burst];
        if rates.contains(&0) || bursts.contains(&0) {
            mistakes.push("the settings of [limit] must be at least 1".to_owned());
        }
        mistakes
    }

    fn log(&self) -> &Log {
        &self.log
    }
}
