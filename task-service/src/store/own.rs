//! What only orders and tasks of our own engine have, as their `own` columns keep it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::attachment::Attachment;
use crate::domain::own::{Heard, OwnOrder, OwnTask, Why};

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct OwnOrderRow {
    flow_name: String,
    take_back: BTreeSet<(String, String)>,
    initiator_actions: Vec<String>,
    ended_at: Option<String>,
    heard_to: i64,
    heard_beyond: BTreeSet<i64>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct OwnTaskRow {
    closed_seq: Option<i64>,
    voided_seq: i64,
    urged: i32,
    actions: Vec<String>,
    why: Vec<WhyRow>,
    unopened: BTreeSet<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WhyRow {
    user: String,
    on_behalf_of: Option<String>,
    rule: String,
    chain: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct AttachmentRow {
    name: String,
    url: String,
}

/// The text of a column; what an ERP's have not is null.
fn write<T: Serialize>(row: &T) -> Option<String> {
    serde_json::to_string(row).ok()
}

/// An order of an earlier release has heard everything up to its newest step.
pub(super) fn order_of(text: Option<&str>, newest: Option<i64>) -> OwnOrder {
    let row: OwnOrderRow = match text.map(serde_json::from_str) {
        Some(Ok(row)) => row,
        Some(Err(_)) | None => {
            OwnOrderRow { heard_to: newest.unwrap_or_default(), ..OwnOrderRow::default() }
        }
    };
    OwnOrder {
        flow_name: row.flow_name,
        take_back: row.take_back,
        initiator_actions: row.initiator_actions,
        ended_at: row.ended_at.and_then(|at| shared::time::parse(&at).ok()),
        heard: Heard { to: row.heard_to, beyond: row.heard_beyond },
    }
}

pub(super) fn write_order(own: &OwnOrder) -> Option<String> {
    write(&OwnOrderRow {
        flow_name: own.flow_name.clone(),
        take_back: own.take_back.clone(),
        initiator_actions: own.initiator_actions.clone(),
        ended_at: own.ended_at.map(|at| at.to_rfc3339()),
        heard_to: own.heard.to,
        heard_beyond: own.heard.beyond.clone(),
    })
}

pub(super) fn task_of(text: Option<&str>) -> OwnTask {
    let row: OwnTaskRow = text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    OwnTask {
        closed_seq: row.closed_seq,
        voided_seq: row.voided_seq,
        urged: row.urged,
        actions: row.actions,
        why: row.why.into_iter().map(Why::from).collect(),
        unopened: row.unopened,
    }
}

pub(super) fn write_task(own: &OwnTask) -> Option<String> {
    let why = |why: &Why| WhyRow {
        user: why.user.clone(),
        on_behalf_of: why.on_behalf_of.clone(),
        rule: why.rule.clone(),
        chain: why.chain.clone(),
    };
    write(&OwnTaskRow {
        closed_seq: own.closed_seq,
        voided_seq: own.voided_seq,
        urged: own.urged,
        actions: own.actions.clone(),
        why: own.why.iter().map(why).collect(),
        unopened: own.unopened.clone(),
    })
}

impl From<WhyRow> for Why {
    fn from(row: WhyRow) -> Self {
        Why { user: row.user, on_behalf_of: row.on_behalf_of, rule: row.rule, chain: row.chain }
    }
}

/// Why a task is for one person.
pub(super) fn why_of(text: Option<&str>) -> Option<Why> {
    let row: WhyRow = serde_json::from_str(text?).ok()?;
    Some(row.into())
}

/// A list of words, such as the actions of a row.
pub(super) fn words_of(text: Option<&str>) -> Vec<String> {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

pub(super) fn write_words(words: &[String]) -> Option<String> {
    if words.is_empty() { None } else { write(&words) }
}

pub(super) fn attachments_of(text: Option<&str>) -> Vec<Attachment> {
    let rows: Vec<AttachmentRow> =
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    rows.into_iter().map(|row| Attachment { name: row.name, url: row.url }).collect()
}

pub(super) fn write_attachments(attachments: &[Attachment]) -> Option<String> {
    let row = |file: &Attachment| AttachmentRow { name: file.name.clone(), url: file.url.clone() };
    let rows: Vec<AttachmentRow> = attachments.iter().map(row).collect();
    if rows.is_empty() { None } else { write(&rows) }
}
