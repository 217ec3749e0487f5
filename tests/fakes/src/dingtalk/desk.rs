//! The addresses under `/_`, for tests only: look into inboxes and turn knobs.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::{
    call::Call,
    inbox,
    options::{Department, Person},
    sign_in,
    state::State,
};
use crate::form::decoded;

/// HTTP status and body; mistakes are told in words.
pub(super) fn answer(state: &mut State, call: &Call) -> (u16, Value) {
    match serve(state, call) {
        Ok(Some(body)) => (200, body),
        Ok(None) => (404, json!({ "error": "no such address" })),
        Err(mistake) => (400, json!({ "error": mistake })),
    }
}

fn serve(state: &mut State, call: &Call) -> Result<Option<Value>, String> {
    let done = || Ok(Some(json!({ "ok": true })));
    match (call.method.as_str(), call.path.as_str()) {
        ("GET", "/_inbox") => Ok(Some(show_inbox(state, call))),
        ("GET", "/_calls") => Ok(Some(state.calls.to_json())),
        ("POST", "/_knobs") => {
            state.turn(read(call)?);
            done()
        }
        ("POST", "/_people") => {
            let person: Person = read(call)?;
            if person.userid.is_empty() {
                return Err("userid is missing".to_owned());
            }
            state.directory.add_person(person);
            done()
        }
        ("DELETE", path) if path.starts_with("/_people/") => {
            let userid = decoded(path.trim_start_matches("/_people/"));
            Ok(state.directory.remove_person(&userid).then(|| json!({ "ok": true })))
        }
        ("POST", "/_departments") => {
            let department: Department = read(call)?;
            if department.dept_id < 1 {
                return Err("deptId is missing".to_owned());
            }
            state.directory.add_department(department);
            done()
        }
        ("POST", "/_code") => {
            let fields = fields(call)?;
            let userid = fields.get("userid").and_then(Value::as_str).ok_or("userid is missing")?;
            Ok(sign_in::code_inside(state, userid).map(|code| json!({ "code": code })))
        }
        ("POST", "/_read") => mark_read(state, call),
        ("POST", "/_reset") => {
            state.reset();
            done()
        }
        _ => Ok(None),
    }
}

/// Of one person, by userid or mobile, or of all.
fn show_inbox(state: &State, call: &Call) -> Value {
    let wanted = call.query("userid");
    let mobile = call.query("mobile");
    let owner = mobile.and_then(|mobile| state.directory.by_mobile(mobile));
    let is_asked = |userid: &str| {
        wanted.is_none_or(|wanted| wanted == userid)
            && (mobile.is_none() || owner.is_some_and(|owner| owner.userid == userid))
    };
    let mut messages = inbox::messages(state);
    messages.retain(|message| is_asked(&message.userid));
    let mut todos = inbox::todos(state);
    todos.retain(|todo| is_asked(&todo.userid));
    json!({ "messages": messages, "todos": todos })
}

fn mark_read(state: &mut State, call: &Call) -> Result<Option<Value>, String> {
    let fields = fields(call)?;
    let userid = fields.get("userid").and_then(Value::as_str).ok_or("userid is missing")?;
    let task_id = fields.get("taskId").and_then(Value::as_i64).ok_or("taskId is missing")?;
    Ok(inbox::read(state, userid, task_id).then(|| json!({ "ok": true })))
}

fn read<T: DeserializeOwned>(call: &Call) -> Result<T, String> {
    serde_json::from_value(Value::Object(fields(call)?)).map_err(|error| error.to_string())
}

fn fields(call: &Call) -> Result<Map<String, Value>, String> {
    call.json().cloned().map_err(|_refusal| "the body must be a JSON object".to_owned())
}
