//! The content of a notification: which members each type needs, and how long they may be.

use serde_json::{Map, Value};

use super::super::answer::{Refusal, old};

type Object = Map<String, Value>;

const TYPES: [&str; 8] =
    ["text", "image", "voice", "file", "link", "oa", "markdown", "action_card"];
const MARKDOWN_CHARS: usize = 5000;
const STATUS_BAR_USERS: usize = 5;

/// What the status bar of an oa message asks about the receivers.
pub(super) struct Audience {
    pub(super) users: usize,
    pub(super) only_users: bool,
}

/// What a person sees of a message without opening it.
#[derive(Default)]
pub(in super::super) struct Glance {
    pub(in super::super) title: String,
    pub(in super::super) text: String,
    pub(in super::super) url: String,
}

pub(super) fn check(msg: &Object, max_bytes: usize, audience: &Audience) -> Result<(), Refusal> {
    let Some(kind) = msg.get("msgtype").and_then(Value::as_str) else {
        return Err(bad("msg.msgtype"));
    };
    if !TYPES.contains(&kind) {
        return Err(old(40008, "不合法的消息类型"));
    }
    if TYPES.iter().any(|&other| other != kind && msg.contains_key(other)) {
        return Err(bad("msg"));
    }
    let part = object(msg, kind)?;
    match kind {
        "text" => need(part, "content", usize::MAX)?,
        "image" | "file" => need(part, "media_id", usize::MAX)?,
        "voice" => check_voice(part)?,
        "link" => {
            for name in ["messageUrl", "picUrl", "title", "text"] {
                need(part, name, usize::MAX)?;
            }
        }
        "markdown" => {
            need(part, "title", usize::MAX)?;
            need(part, "text", MARKDOWN_CHARS)?;
        }
        "oa" => check_oa(part, audience)?,
        _ => check_card(part)?,
    }
    if Value::Object(msg.clone()).to_string().len() > max_bytes {
        return Err(old(40035, format!("不合法的参数 msg: 超过{max_bytes}字节")));
    }
    Ok(())
}

pub(in super::super) fn glance(msg: &Object) -> Glance {
    let kind = msg.get("msgtype").and_then(Value::as_str).unwrap_or_default();
    let Some(part) = msg.get(kind) else { return Glance::default() };
    let at = |way: &str| part.pointer(way).and_then(Value::as_str).unwrap_or_default().to_owned();
    let glance = |title: &str, text: &str, url: &str| Glance {
        title: at(title),
        text: at(text),
        url: at(url),
    };
    match kind {
        "text" => glance("/-", "/content", "/-"),
        "markdown" => glance("/title", "/text", "/-"),
        "link" => glance("/title", "/text", "/messageUrl"),
        "oa" => glance("/body/title", "/body/content", "/message_url"),
        "action_card" if part.get("single_url").is_some() => {
            glance("/title", "/markdown", "/single_url")
        }
        "action_card" => glance("/title", "/markdown", "/btn_json_list/0/action_url"),
        _ => Glance::default(),
    }
}

fn check_voice(voice: &Object) -> Result<(), Refusal> {
    need(voice, "media_id", usize::MAX)?;
    let seconds = voice.get("duration").and_then(|duration| match duration.as_str() {
        Some(text) => text.parse().ok(),
        None => duration.as_i64(),
    });
    if seconds.is_some_and(|seconds: i64| (1..60).contains(&seconds)) {
        Ok(())
    } else {
        Err(bad("duration"))
    }
}

/// Either one button for the whole card, or a list of buttons; never half of one or both.
fn check_card(card: &Object) -> Result<(), Refusal> {
    need(card, "markdown", usize::MAX)?;
    let has_single = card.contains_key("single_title") || card.contains_key("single_url");
    let has_list = card.contains_key("btn_orientation") || card.contains_key("btn_json_list");
    match (has_single, has_list) {
        (true, false) => {
            need(card, "single_title", 20)?;
            need(card, "single_url", 500)
        }
        (false, true) => check_buttons(card),
        (true, true) | (false, false) => Err(bad("action_card")),
    }
}

fn check_buttons(card: &Object) -> Result<(), Refusal> {
    let orientation = card.get("btn_orientation").and_then(Value::as_str);
    if !matches!(orientation, Some("0" | "1")) {
        return Err(bad("btn_orientation"));
    }
    let list = card.get("btn_json_list").ok_or_else(|| bad("btn_json_list"))?;
    let buttons = list.as_array().filter(|buttons| !buttons.is_empty());
    if list.to_string().chars().count() > 1000 {
        return Err(bad("btn_json_list"));
    }
    for button in buttons.ok_or_else(|| bad("btn_json_list"))? {
        let button = button.as_object().ok_or_else(|| bad("btn_json_list"))?;
        need(button, "title", 20)?;
        need(button, "action_url", 700)?;
    }
    Ok(())
}

fn check_oa(oa: &Object, audience: &Audience) -> Result<(), Refusal> {
    need(oa, "message_url", usize::MAX)?;
    let head = object(oa, "head")?;
    need(head, "text", usize::MAX)?;
    let color = head.get("bgcolor").and_then(Value::as_str).unwrap_or_default();
    if color.len() != 8 || !color.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(bad("head.bgcolor"));
    }
    object(oa, "body")?;
    if !oa.contains_key("status_bar") {
        return Ok(());
    }
    if !audience.only_users || audience.users > STATUS_BAR_USERS {
        return Err(bad("oa.status_bar"));
    }
    need(object(oa, "status_bar")?, "status_value", usize::MAX)
}

fn object<'a>(parent: &'a Object, name: &str) -> Result<&'a Object, Refusal> {
    parent.get(name).and_then(Value::as_object).ok_or_else(|| bad(name))
}

fn need(part: &Object, name: &str, max_chars: usize) -> Result<(), Refusal> {
    let text = part.get(name).and_then(Value::as_str).unwrap_or_default();
    if text.is_empty() || text.chars().count() > max_chars {
        return Err(bad(name));
    }
    Ok(())
}

fn bad(name: &str) -> Refusal {
    old(40035, format!("不合法的参数 {name}"))
}
