//! What sso-service tells: a credential changed.

use serde::{Deserialize, Serialize};

use super::{Entry, Event};

/// An application was created, rotated, switched, enabled or disabled, or its enterprise was:
/// whoever caches its credential forgets it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationChanged {
    /// The enterprise's code.
    pub tenant: String,
    /// The application; absent = all of the enterprise.
    pub app: Option<String>,
}

impl Event for ApplicationChanged {
    const TOPIC: &'static str = "application.changed";

    fn key(&self) -> String {
        self.tenant.clone()
    }
}

/// What the gateway needs to check a signature; asked of sso-service, never announced.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Credential {
    /// Application and enterprise exist and are both enabled.
    pub enabled: bool,
    /// Scheme v0 is allowed.
    pub accept_v0: bool,
    /// A request without timestamp is refused.
    pub require_timestamp: bool,
    /// Organisation batches are sorted before they are judged.
    pub any_order: bool,
    /// The current secret.
    pub secret: String,
    /// The secret before the last rotation, while it is still good.
    pub previous_secret: Option<String>,
}

/// A nonce to be remembered; asked of sso-service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UseNonce {
    /// The application.
    pub app: String,
    /// The nonce.
    pub nonce: String,
}

/// Whether a nonce was new.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NonceUsed {
    /// False = seen before within its time.
    pub fresh: bool,
}

/// A request the gateway refused, for the audit log: never the header, the secret or the body.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refused {
    /// The enterprise the header named; unproven.
    pub tenant: String,
    /// The application the header named; unproven.
    pub app: String,
    /// The request.
    pub request_id: String,
    /// Method and path.
    pub address: String,
    /// The code answered.
    pub code: String,
    /// Which check failed.
    pub reason: String,
}

/// Which token of the enterprise's DingTalk application a service found to be dead, if any.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct WantDingtalk {
    /// The dead token.
    pub stale: Option<String>,
}

/// The enterprise's DingTalk application, or that it has none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DingtalkAccess {
    /// Absent = not configured.
    pub access: Option<crate::dingtalk::Access>,
}

pub(super) fn entry() -> Entry {
    let example = ApplicationChanged { tenant: "COMPANY001".into(), app: Some("APP001".into()) };
    Entry {
        topic: ApplicationChanged::TOPIC,
        publisher: "sso-service",
        consumers: "every gateway (a queue of its own each)",
        meaning: "An application or its enterprise changed: cached credentials are dropped.",
        example: serde_json::to_value(example).unwrap_or_default(),
    }
}
