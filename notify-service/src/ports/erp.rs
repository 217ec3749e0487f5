//! An ERP: one signed call, with a limit on its time, its answer and where it may go.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use sha2::Sha256;
use shared::clock::Clock;
use shared::http::client::{self, read_limited};
use shared::id::{AppId, Tenant};
use shared::sign::{self, Claim};
use url::Url;
use uuid::Uuid;

use super::resolver::{Guarded, NotAdmitted};
use crate::domain::endpoint::literal;
use crate::domain::network::Networks;
use crate::domain::verdict::{Answer, Body};

/// The most that is read of an answer.
const ANSWER_MAX_BYTES: usize = 64 * 1024;

/// The longest a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);

/// A connection that was not used for so long is closed: many servers do so after a minute.
const IDLE: Duration = Duration::from_secs(20);

/// Calls ERPs.
pub(crate) struct Erp {
    http: reqwest::Client,
    networks: Arc<Networks>,
    timeout: Duration,
    clock: Clock,
}

/// One call: to whom, as whom, what.
pub(crate) struct Call<'a> {
    pub(crate) url: Url,
    pub(crate) tenant: &'a Tenant,
    pub(crate) app: &'a AppId,
    pub(crate) secret: &'a str,
    /// The same for every try.
    pub(crate) message_id: Uuid,
    pub(crate) body: &'a str,
}

impl Erp {
    pub(crate) fn new(networks: Networks, timeout: Duration, clock: Clock) -> anyhow::Result<Self> {
        let networks = Arc::new(networks);
        // Our own limit is the first to end a call: it counts the whole of it.
        let http = client::builder(timeout + Duration::from_secs(1))
            // A proxy would connect for us, and to addresses that nobody checked.
            .no_proxy()
            .dns_resolver(Guarded(networks.clone()))
            .connect_timeout(timeout.min(CONNECT))
            .pool_max_idle_per_host(2)
            .pool_idle_timeout(IDLE)
            .build()?;
        Ok(Self { http, networks, timeout, clock })
    }

    /// Whether a push may go to that address, as far as that is known without asking anybody.
    pub(crate) fn admits(&self, url: &Url) -> bool {
        literal(url).is_none_or(|address| self.networks.admit(address))
    }

    /// Makes the call; whatever happens, it ends within the time limit.
    pub(crate) async fn push(&self, call: &Call<'_>) -> Answer {
        if !self.admits(&call.url) {
            return Answer::Silence(NotAdmitted.to_string());
        }
        match tokio::time::timeout(self.timeout, self.send(call)).await {
            Ok(answer) => answer,
            Err(_) => Answer::Silence(format!("no whole answer within {:?}", self.timeout)),
        }
    }

    async fn send(&self, call: &Call<'_>) -> Answer {
        let claim =
            Claim { enterprise: call.tenant.as_str(), app: call.app.as_str(), ..Claim::default() };
        let signature = sign::sign(&claim, call.secret, call.body.as_bytes());
        let id = format!("msg_{}", call.message_id.simple());
        let timestamp = self.clock.now().timestamp().to_string();
        let request = self
            .http
            .post(call.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .header(sign::HEADER, signature)
            .header("webhook-signature", webhook_signature(call.secret, &id, &timestamp, call.body))
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .body(call.body.to_owned());
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Answer::Silence(describe(error)),
        };
        let status = response.status().as_u16();
        let retry_after_secs = retry_after(response.headers(), self.clock.now());
        let body = match read_limited(response, ANSWER_MAX_BYTES).await {
            Ok(bytes) => serde_json::from_slice(&bytes).map_or(Body::NotJson, Body::Json),
            Err(client::Error::TooLong(_)) => Body::TooLong,
            Err(_) => return Answer::Silence("the answer was cut off".to_owned()),
        };
        Answer::Http { status, retry_after_secs, body }
    }
}

/// The `webhook-signature` of the Standard Webhooks specification, keyed with the application's
/// secret as it is.
fn webhook_signature(secret: &str, id: &str, timestamp: &str, body: &str) -> String {
    // HMAC takes a key of any length, so this cannot fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

/// In how many seconds the ERP wants to be asked again: a number, or a date.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<u64> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(secs) = text.parse() {
        return Some(secs);
    }
    let date = DateTime::parse_from_rfc2822(text).ok()?;
    u64::try_from((date.to_utc() - now).num_seconds()).ok()
}

/// Why there was no answer, in a few words and without the address.
fn describe(error: reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(refused) = inner.downcast_ref::<NotAdmitted>() {
            return refused.to_string();
        }
        cause = inner.source();
    }
    match (error.is_connect(), error.is_timeout()) {
        (_, true) => "no connection or no answer in time".to_owned(),
        (true, false) => "no connection".to_owned(),
        (false, false) => "the connection broke, or the answer is no HTTP".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_webhook_signature_is_that_of_the_specification() {
        // The specification's own example; its secret is the base64 form of these bytes.
        let secret = BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret).unwrap();
        mac.update(b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}");
        let example = BASE64_STANDARD.encode(mac.finalize().into_bytes());
        assert_eq!(example, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");

        let made = webhook_signature("key", "msg_1", "2", "{}");

        assert_eq!(made, "v1,H2Lw8mEmJhjM0B040+HX43QGU/VrWPvf5rcgz+Y+xEU=");
    }

    #[tokio::test]
    async fn a_name_that_leads_to_a_private_address_is_not_called() {
        let erp = Erp::new(Networks::default(), Duration::from_secs(5), Clock::system()).unwrap();
        for url in ["http://localhost:9/", "http://127.0.0.1:9/", "http://[::1]:9/"] {
            let call = Call {
                url: Url::parse(url).unwrap(),
                tenant: &Tenant::stored("T"),
                app: &AppId::stored("A"),
                secret: "secret",
                message_id: Uuid::nil(),
                body: "{}",
            };

            assert_eq!(erp.push(&call).await, Answer::Silence(NotAdmitted.to_string()), "{url}");
        }
    }

    #[test]
    fn retry_after_is_a_number_of_seconds_or_a_date() {
        let now = DateTime::from_timestamp(1_735_689_600, 0).unwrap();
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers, now)
        };

        assert_eq!(read("120"), Some(120));
        assert_eq!(read("Wed, 01 Jan 2025 00:01:00 GMT"), Some(60));
        assert_eq!(read("Tue, 31 Dec 2024 00:00:00 GMT"), None);
        assert_eq!(read("-5"), None);
        assert_eq!(read("soon"), None);
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
