//! What people see: notifications that reached them and the to-dos on their lists.

use serde::Serialize;
use serde_json::Value;

use super::{
    message::{Glance, Phase, Send, glance},
    state::State,
    todo::Card,
};
use crate::clock::iso;

/// A work notification in one person's inbox.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    pub task_id: i64,
    pub userid: String,
    pub name: String,
    pub msgtype: String,
    /// Empty where the type has none.
    pub title: String,
    /// The content of a text, the markdown of a card.
    pub text: String,
    /// Where a click leads; empty if the type cannot jump.
    pub url: String,
    pub read: bool,
    /// The whole message as it was sent.
    pub msg: Value,
    /// When it arrived, ISO-8601.
    pub at: String,
}

/// A to-do on the list of one executor.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Todo {
    pub id: String,
    pub unionid: String,
    pub userid: String,
    pub name: String,
    pub subject: String,
    pub source_id: String,
    /// For this executor.
    pub done: bool,
    /// For the desktop.
    pub url: String,
    pub app_url: String,
    pub created_at: String,
}

pub(super) fn messages(state: &State) -> Vec<Message> {
    let arrived = |send: &&Send| !send.recalled && state.phase_of(send) == Phase::Done;
    let sends = state.sends.list.iter().filter(arrived);
    sends.flat_map(|send| send.receivers.iter().map(|userid| seen(state, send, userid))).collect()
}

pub(super) fn todos(state: &State) -> Vec<Todo> {
    let cards = state.cards.list.iter().filter(|card| !card.deleted);
    cards
        .flat_map(|card| card.executors.iter().map(|(unionid, _)| listed(state, card, unionid)))
        .collect()
}

pub(super) fn read(state: &mut State, userid: &str, task_id: i64) -> bool {
    let has_it = messages(state).iter().any(|one| one.userid == userid && one.task_id == task_id);
    let send = state.sends.list.iter_mut().find(|send| send.task_id == task_id);
    if let (true, Some(send)) = (has_it, send) {
        send.read_by.insert(userid.to_owned());
    }
    has_it
}

fn seen(state: &State, send: &Send, userid: &str) -> Message {
    let Glance { title, text, url } = glance(&send.msg);
    let msgtype = send.msg.get("msgtype").and_then(Value::as_str).unwrap_or_default();
    let person = state.directory.person(userid);
    Message {
        task_id: send.task_id,
        userid: userid.to_owned(),
        name: person.map(|person| person.name.clone()).unwrap_or_default(),
        msgtype: msgtype.to_owned(),
        title,
        text,
        url,
        read: send.read_by.contains(userid),
        msg: Value::Object(send.msg.clone()),
        at: iso(send.accepted_ms + state.options.delivery_delay_ms),
    }
}

fn listed(state: &State, card: &Card, unionid: &str) -> Todo {
    let person = state.directory.by_unionid(unionid);
    Todo {
        id: card.id.clone(),
        unionid: unionid.to_owned(),
        userid: person.map(|person| person.userid.clone()).unwrap_or_default(),
        name: person.map(|person| person.name.clone()).unwrap_or_default(),
        subject: card.subject.clone(),
        source_id: card.source_id.clone(),
        done: card.is_done_for(unionid),
        url: card.url("pcUrl"),
        app_url: card.url("appUrl"),
        created_at: iso(card.created_ms),
    }
}
