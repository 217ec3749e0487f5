//! What came in, as a person may look at it: secrets masked.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::call::Call;

/// The names whose values are nobody's business.
const SECRETS: [&str; 12] = [
    "accessToken",
    "access_token",
    "clientSecret",
    "client_secret",
    "code",
    "codeVerifier",
    "code_verifier",
    "password",
    "redirect",
    "refreshToken",
    "refresh_token",
    "session_id",
];
const MASK: &str = "***";

/// A request to one of the ERP's addresses.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Received {
    pub method: String,
    pub path: String,
    pub query: Map<String, Value>,
    pub content_type: String,
    /// The members of the form or the JSON object.
    pub body: Map<String, Value>,
    /// Which kind of proof came in the header: `Bearer`, `Basic`, or nothing.
    pub authorization: Option<String>,
    /// How it was answered.
    pub status: u16,
}

impl Received {
    pub(super) fn of(call: &Call, status: u16) -> Received {
        let form = call.form().unwrap_or_default();
        let kind = |header: &String| header.split(' ').next().unwrap_or_default().to_owned();
        Received {
            method: call.method.clone(),
            path: call.path.clone(),
            query: masked(call.query.iter().map(|(name, value)| (name.clone(), json!(value)))),
            content_type: call.content_type.clone(),
            body: match call.json() {
                Some(fields) => masked(fields.into_iter()),
                None => masked(form.into_iter().map(|(name, value)| (name, json!(value)))),
            },
            authorization: call.authorization.as_ref().map(kind),
            status,
        }
    }
}

fn masked(fields: impl Iterator<Item = (String, Value)>) -> Map<String, Value> {
    let shown = |(name, value): (String, Value)| {
        let is_secret = SECRETS.contains(&name.as_str());
        (name, if is_secret { json!(MASK) } else { value })
    };
    fields.map(shown).collect()
}
