//! The addresses under `/_`, for tests and for curious people: what came in, and how to answer.

use serde_json::{Value, json};

use super::{call::Call, control::Control, state::State};

/// HTTP status and body; mistakes are told in words.
pub(super) fn answer(state: &mut State, call: &Call) -> (u16, Value) {
    match (call.method.as_str(), call.path.as_str()) {
        ("GET", "/_inbox") => (200, json!({ "received": state.received })),
        ("GET", "/_pushes") => (200, json!({ "pushes": state.pushed })),
        ("POST", "/_control") => match serde_json::from_slice::<Control>(&call.body) {
            Ok(control) => {
                state.obey(control);
                (200, json!({ "ok": true }))
            }
            Err(mistake) => (400, json!({ "error": mistake.to_string() })),
        },
        _ => (404, json!({ "error": "no such address" })),
    }
}
