//! Part two section 2 of the interface document: what aiflow tells about orders, and what a service
//! task asks for. The signature is checked as the documented Flask example does: computed anew
//! from the body, and the whole header compared.

use std::collections::HashMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{call::Call, control::Fault, options::Credential, server::Answer, state::State};

pub(super) const RECEIVE: &str = "/odoo/api/workflow/receive";
pub(super) const LOG: &str = "/odoo/api/workflow/approval/log";

/// Below this are the addresses that service tasks may call.
const SERVICES: &str = "/odoo/api/order/";

/// How far a webhook's time may be off, in seconds.
const SKEW_SECS: i64 = 300;

/// Something that aiflow told.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pushed {
    pub path: String,
    pub body: Value,
    /// As it came in.
    pub raw: String,
    /// `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    pub webhook: [String; 3],
    /// Both signatures are right.
    pub proven: bool,
    /// How it was answered.
    pub status: u16,
    /// Unix milliseconds.
    pub at_ms: i64,
}

impl Pushed {
    /// `START`, `COMPLETE`, …; empty for anything but `workflow/receive`.
    pub fn action(&self) -> &str {
        self.body.get("action").and_then(Value::as_str).unwrap_or_default()
    }

    pub fn order(&self) -> i64 {
        self.body.get("orderId").and_then(Value::as_i64).unwrap_or_default()
    }
}

pub(super) fn is_push(call: &Call) -> bool {
    call.path == RECEIVE || call.path == LOG || call.path.starts_with(SERVICES)
}

/// How this push is to be answered: its order's fault, else its address's.
pub(super) fn fault(state: &State, call: &Call) -> Fault {
    let order = call.json().and_then(|body| body.get("orderId")?.as_i64());
    let of_order: Option<&Fault> = order.and_then(|order| state.faulty_orders.get(&order));
    let of_address = match call.path.as_str() {
        RECEIVE => &state.habits.receive,
        LOG => &state.habits.log,
        _ => &state.habits.service,
    };
    of_order.unwrap_or(of_address).clone()
}

/// The answer of an ERP that does what it is asked.
pub(super) fn receive(state: &mut State, call: &Call) -> Answer {
    if call.method != "POST" {
        return Answer::json(405, json!({"status": -4002, "msg": "method not allowed"}));
    }
    if !is_proven(state, call) {
        return Answer::json(403, json!({"status": -4002, "msg": "签名验证失败"}));
    }
    let Some(body) = call.json() else {
        return Answer::json(200, json!({"status": -4002, "msg": "请求参数错误"}));
    };
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let actions = ["START", "COMPLETE", "REJECT", "CANCEL"];
    let is_whole = match call.path.as_str() {
        RECEIVE => {
            body.get("orderId").is_some_and(Value::is_i64)
                && !["businessKey", "taskId", "taskName"].iter().any(|name| text(name).is_empty())
                && actions.contains(&text("action"))
        }
        LOG => {
            body.get("orderId").is_some_and(Value::is_i64)
                && !text("businessKey").is_empty()
                && body.get("logs").is_some_and(Value::is_array)
        }
        _ => true,
    };
    if !is_whole {
        return Answer::json(200, json!({"status": -4002, "msg": "请求参数错误"}));
    }
    let data = if call.path.starts_with(SERVICES) {
        state.served += 1;
        json!({"success": true, "no": format!("ERP-{:04}", state.served)})
    } else {
        json!({"success": true})
    };
    Answer::json(200, json!({"status": 0, "msg": "success", "data": data}))
}

/// Remembers what came in.
pub(super) fn remember(state: &mut State, call: &Call, status: u16) {
    let header = |name: &str| call.header(name).unwrap_or_default().to_owned();
    let pushed = Pushed {
        path: call.path.clone(),
        body: serde_json::from_slice(&call.body).unwrap_or_default(),
        raw: String::from_utf8_lossy(&call.body).into_owned(),
        webhook: ["webhook-id", "webhook-timestamp", "webhook-signature"].map(header),
        proven: is_proven(state, call) && is_webhook(state, call),
        status,
        at_ms: state.clock.now_ms(),
    };
    if state.options.tells {
        eprintln!("fake-odoo: {} {} {} -> {status}", pushed.path, pushed.action(), pushed.raw);
    }
    state.pushed.push(pushed);
}

/// `signature_header == ASign.get_hex_signature(credential, request_body)`
fn is_proven(state: &State, call: &Call) -> bool {
    let made = hex_signature(&state.options.credential, &call.body);
    call.header("a-signature") == Some(made.as_str())
}

fn hex_signature(credential: &Credential, body: &[u8]) -> String {
    let Credential { enterprise_code, app_id, app_secret } = credential;
    let lines = ["aiflow-v1", enterprise_code, app_id, "", "", "", &hex(&Sha256::digest(body))];
    let cipher = hex(&hmac(app_secret, lines.join("\n").as_bytes()));
    let text = |value: &str| Value::from(value).to_string();
    let envelope = format!(
        "{{\"v\":1,\"enterpriseCode\":{},\"appId\":{},\"cipher\":\"{cipher}\"}}",
        text(enterprise_code),
        text(app_id)
    );
    hex(envelope.as_bytes())
}

/// The Standard Webhooks specification: id, time and body, keyed with the secret.
fn is_webhook(state: &State, call: &Call) -> bool {
    let header = |name: &str| call.header(name).unwrap_or_default();
    let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
    let mut signed = format!("{id}.{timestamp}.").into_bytes();
    signed.extend_from_slice(&call.body);
    let right = format!(
        "v1,{}",
        BASE64_STANDARD.encode(hmac(&state.options.credential.app_secret, &signed))
    );
    let is_fresh = timestamp
        .parse::<i64>()
        .is_ok_and(|secs| (state.clock.now_ms() / 1000 - secs).abs() <= SKEW_SECS);
    is_fresh && header("webhook-signature").split(' ').any(|one| one == right)
}

fn hmac(key: &str, message: &[u8]) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return Vec::new() };
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Orders that are answered in a way of their own.
pub(super) type FaultyOrders = HashMap<i64, Fault>;
