//! One to-do: who has it, where it leads, and when it counts as done.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    super::{answer::request_id, options::App},
    draft::Draft,
};

const BIZ_TAG: &str = "isv_dingtalkTodo";

pub(in super::super) struct Card {
    pub(in super::super) id: String,
    pub(in super::super) app_key: String,
    pub(in super::super) source_id: String,
    pub(in super::super) subject: String,
    /// Each executor's unionId and whether this one is done.
    pub(in super::super) executors: Vec<(String, bool)>,
    pub(in super::super) created_ms: i64,
    pub(in super::super) deleted: bool,
    pub(super) owner: String,
    pub(super) participants: Vec<String>,
    pub(super) creator: String,
    pub(super) done_ms: Option<i64>,
    modifier: String,
    modified_ms: i64,
    /// Members that are only kept and shown again.
    kept: Map<String, Value>,
}

impl Card {
    pub(super) fn new(app: &App, owner: String, draft: Draft, now_ms: i64) -> Card {
        let id = format!("task{}", Uuid::new_v4().simple());
        let creator = draft.creator.unwrap_or_else(|| owner.clone());
        Card {
            app_key: app.app_key.clone(),
            source_id: draft.source_id.unwrap_or_else(|| id.clone()),
            id,
            subject: draft.subject.unwrap_or_default(),
            executors: appointed(draft.executors.unwrap_or_default(), &[]),
            participants: draft.participants.unwrap_or_default(),
            modifier: creator.clone(),
            creator,
            owner,
            created_ms: now_ms,
            modified_ms: now_ms,
            done_ms: None,
            deleted: false,
            kept: draft.kept,
        }
    }

    pub(super) fn absorb(&mut self, change: Draft, modifier: String, now_ms: i64) {
        if let Some(subject) = change.subject {
            self.subject = subject;
        }
        if let Some(people) = change.executors {
            self.executors = appointed(people, &self.executors);
        }
        if let Some(participants) = change.participants {
            self.participants = participants;
        }
        self.kept.extend(change.kept);
        self.modifier = modifier;
        self.modified_ms = now_ms;
        // Done for the task is done for everybody.
        match change.done {
            Some(is_done) => {
                self.executors.iter_mut().for_each(|(_, done)| *done = is_done);
                self.done_ms = is_done.then_some(self.done_ms.unwrap_or(now_ms));
            }
            None => self.settle(now_ms),
        }
    }

    pub(super) fn has_executor(&self, unionid: &str) -> bool {
        self.executors.iter().any(|(known, _)| known == unionid)
    }

    pub(super) fn set_done(&mut self, unionid: &str, is_done: bool) {
        for (_, done) in self.executors.iter_mut().filter(|(known, _)| known == unionid) {
            *done = is_done;
        }
    }

    /// The task is done when all of its executors are.
    pub(super) fn settle(&mut self, now_ms: i64) {
        self.modified_ms = now_ms;
        let all_done = if self.executors.is_empty() {
            self.done_ms.is_some()
        } else {
            self.executors.iter().all(|(_, done)| *done)
        };
        self.done_ms = all_done.then_some(self.done_ms.unwrap_or(now_ms));
    }

    pub(in super::super) fn is_done_for(&self, unionid: &str) -> bool {
        self.done_ms.is_some() || is_done(&self.executors, unionid)
    }

    pub(in super::super) fn url(&self, name: &str) -> String {
        let url = self.kept.get("detailUrl").and_then(|urls| urls.get(name));
        url.and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    pub(super) fn kind(&self) -> &str {
        self.kept.get("todoType").and_then(Value::as_str).unwrap_or("TODO")
    }

    /// The answer to its creation.
    pub(super) fn to_json(&self) -> Value {
        let mut all = self.kept.clone();
        let executors: Vec<&String> = self.executors.iter().map(|(unionid, _)| unionid).collect();
        let rest = json!({
            "id": self.id,
            "subject": self.subject,
            "sourceId": self.source_id,
            "source": BIZ_TAG,
            "bizTag": BIZ_TAG,
            "creatorId": self.creator,
            "modifierId": self.modifier,
            "executorIds": executors,
            "participantIds": self.participants,
            "done": self.done_ms.is_some(),
            "createdTime": self.created_ms,
            "modifiedTime": self.modified_ms,
            "requestId": request_id(),
        });
        if let Value::Object(rest) = rest {
            all.extend(rest);
        }
        Value::Object(all)
    }

    /// As a query lists it for one person.
    pub(super) fn listed_for(&self, unionid: &str) -> Value {
        let mut shown = json!({
            "taskId": self.id,
            "subject": self.subject,
            "detailUrl": self.kept.get("detailUrl"),
            "priority": self.kept.get("priority"),
            "createdTime": self.created_ms,
            "modifiedTime": self.modified_ms,
            "creatorId": self.creator,
            "sourceId": self.source_id,
            "bizTag": BIZ_TAG,
            "isDone": self.is_done_for(unionid),
            "todoType": self.kind(),
        });
        if let (Some(shown), Some(due)) = (shown.as_object_mut(), self.kept.get("dueTime")) {
            shown.insert("dueTime".to_owned(), due.clone());
        }
        shown
    }
}

/// Each executor once, in the order given; who was done before stays done.
fn appointed(people: Vec<String>, before: &[(String, bool)]) -> Vec<(String, bool)> {
    let mut executors: Vec<(String, bool)> = Vec::new();
    for unionid in people {
        if !executors.iter().any(|(known, _)| *known == unionid) {
            let done = is_done(before, &unionid);
            executors.push((unionid, done));
        }
    }
    executors
}

fn is_done(executors: &[(String, bool)], unionid: &str) -> bool {
    executors.iter().any(|(known, done)| known == unionid && *done)
}
