//! What sso-service tells and is asked about people's sessions.

use serde::{Deserialize, Serialize};

use super::{Entry, Event};

/// Sessions ended: signed out, revoked, their person disabled. Whoever remembers them forgets them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionEnded {
    /// The enterprise's code.
    pub tenant: String,
    /// The ids of the sessions.
    pub sessions: Vec<String>,
}

impl Event for SessionEnded {
    const TOPIC: &'static str = "session.ended";

    fn key(&self) -> String {
        self.tenant.clone()
    }
}

/// What proves access tokens; asked of sso-service, never announced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenKeys {
    /// The `iss` that tokens must have.
    pub issuer: String,
    /// The `aud` that tokens must have.
    pub audience: String,
    /// The key that signs now, and those before it while their tokens live.
    pub keys: Vec<TokenKey>,
}

/// A public Ed25519 key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenKey {
    /// Its name in a token's header.
    pub kid: String,
    /// base64url of the 32 public bytes.
    pub x: String,
}

/// Whether a session still stands; asked of sso-service, never announced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionState {
    /// False = ended, expired, unknown, or of another enterprise.
    pub active: bool,
}

pub(super) fn entry() -> Entry {
    let example = SessionEnded {
        tenant: "COMPANY001".into(),
        sessions: vec!["019413a2-7c00-7000-8000-000000000001".into()],
    };
    Entry {
        topic: SessionEnded::TOPIC,
        publisher: "sso-service",
        consumers: "every gateway (a queue of its own each)",
        meaning: "Sessions ended: whoever remembers them forgets them; at most 200 in one event.",
        example: serde_json::to_value(example).unwrap_or_default(),
    }
}
