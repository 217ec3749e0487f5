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

/// A refresh token was used twice: one of the two who have it is a thief. Its session has ended with
/// the same commit; the person shall know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionStolen {
    /// The enterprise's code.
    pub tenant: String,
    /// The person.
    pub user_code: String,
    /// The id of the session, of which this is said once.
    pub session: String,
    /// When the token was used again, RFC 3339.
    pub at: String,
}

impl Event for SessionStolen {
    const TOPIC: &'static str = "session.stolen";

    fn key(&self) -> String {
        self.session.clone()
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

pub(super) fn ended_entry() -> Entry {
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

pub(super) fn stolen_entry() -> Entry {
    let example = SessionStolen {
        tenant: "COMPANY001".into(),
        user_code: "USER002".into(),
        session: "019413a2-7c00-7000-8000-000000000001".into(),
        at: "2025-01-24T07:30:00+00:00".into(),
    };
    Entry {
        topic: SessionStolen::TOPIC,
        publisher: "sso-service",
        consumers: "notify-service",
        meaning: "A refresh token was used twice and its session has ended: the person is told, once for each session.",
        example: serde_json::to_value(example).unwrap_or_default(),
    }
}
