//! What people do with a task beside deciding it, and what they say of it or of the order.

use chrono::{DateTime, Utc};
use flow_engine::Command;

use super::plan::Plan;
use super::task::{Decision, Task};
use super::{Last, Operation, Refusal, Remark, Run, Versions, deed_word};
use crate::domain::approval::{Deed, Past};
use crate::domain::order::{Ending, Place};

impl Run {
    pub(super) fn operate(
        &self,
        versions: &Versions,
        wait: u64,
        row: u32,
        deed: Deed,
        decision: &Decision,
        now: DateTime<Utc>,
    ) -> Result<Plan, Refusal> {
        let task = self.asked(wait, row)?;
        let word = deed_word(&deed);
        let seat = task.row(row).map_or(0, |row| row.seat);
        let approval = task.approval.as_ref().ok_or(Refusal::NothingWaits)?;
        self.allow(versions, task, if word.starts_with("add_sign") { "add_sign" } else { word })?;
        if task.is_resubmit {
            return Err(Refusal::NotAllowed(in_chinese(word)));
        }
        let people = match &deed {
            Deed::Transfer { to } | Deed::Delegate { to } => vec![to.user.clone()],
            Deed::AddSign { people, .. } => people.iter().map(|pick| pick.user.clone()).collect(),
            Deed::RemoveSign { people } => people.clone(),
            Deed::Pass
            | Deed::Reject
            | Deed::Claim
            | Deed::Release
            | Deed::Substitute { .. }
            | Deed::Undo => Vec::new(),
        };
        let comment = decision.said.comment.as_deref();
        let outcome = approval.act(seat, &decision.user, deed, comment, now)?;
        if outcome.is_repeat {
            return Err(Refusal::Repeated);
        }
        let plan = Plan {
            operations: vec![self.operation(task, wait, row, word, decision, people)],
            approval: Some((wait, outcome.approval)),
            ending: Ending::Reject,
            ..Plan::default()
        };
        self.conclude(versions, wait, outcome.verdict, decision, plan)
    }

    /// While others of the same task still decide, the approval knows; after it, the engine.
    pub(super) fn take_back(
        &self,
        versions: &Versions,
        wait: u64,
        row: u32,
        decision: &Decision,
        now: DateTime<Utc>,
    ) -> Result<Plan, Refusal> {
        let user = decision.user.as_str();
        let comment = decision.said.comment.as_deref();
        if let Ok(task) = self.asked(wait, row) {
            self.allow(versions, task, "take_back")?;
            let approval = task.approval.as_ref().ok_or(Refusal::TooLate)?;
            let seat = task.row(row).map_or(0, |row| row.seat);
            let outcome = approval.act(seat, user, Deed::Undo, comment, now)?;
            if outcome.is_repeat {
                return Err(Refusal::Repeated);
            }
            return Ok(Plan {
                operations: vec![self.operation(
                    task,
                    wait,
                    row,
                    "take_back",
                    decision,
                    Vec::new(),
                )],
                approval: Some((wait, outcome.approval)),
                undone: Some((task.run, (wait, row))),
                ..Plan::default()
            });
        }
        let done = self.done.iter().find(|done| done.wait == wait && !done.is_void);
        let done = done.filter(|done| done.task.is_newest(row));
        let task = &done.ok_or(Refusal::TooLate)?.task;
        self.allow(versions, task, "take_back")?;
        let approval = task.approval.as_ref().ok_or(Refusal::TooLate)?;
        let seat = task.row(row).ok_or(Refusal::NothingWaits)?.seat;
        let outcome = approval.reopen(seat, user, now)?;
        if !self.instance.can_take_back(wait) {
            return Err(Refusal::TooLate);
        }
        Ok(Plan {
            operations: vec![self.operation(task, wait, row, "take_back", decision, Vec::new())],
            reopened: Some((task.node.clone(), outcome.approval)),
            voids: vec![wait],
            ..Command::TakeBack { wait }.into()
        })
    }

    pub(super) fn remark(
        &self,
        versions: &Versions,
        row: Option<(u64, u32)>,
        remark: Remark,
        decision: &Decision,
    ) -> Result<Plan, Refusal> {
        let (word, people, count) = match remark {
            Remark::Copy { people } => ("copy", people, None),
            Remark::Urge { people, count } => ("urge", people, Some(count)),
            Remark::Comment { mentions } => ("comment", mentions, None),
        };
        let task = row.and_then(|(wait, _)| self.known_task(wait));
        if let Some(task) = task {
            self.allow(versions, task, word)?;
        }
        let operation = match (task, row) {
            (Some(task), Some((wait, row))) => {
                self.operation(task, wait, row, word, decision, people)
            }
            _ => self.of_order(word, decision, people),
        };
        Ok(Plan { operations: vec![Operation { count, ..operation }], ..Plan::default() })
    }

    /// A task that waits or is done.
    pub(crate) fn known_task(&self, wait: u64) -> Option<&Task> {
        let done = || self.done.iter().find(|done| done.wait == wait).map(|done| &done.task);
        self.task(wait).or_else(done)
    }

    pub(super) fn recall(&self, versions: &Versions, decision: &Decision) -> Result<Plan, Refusal> {
        if decision.user != self.head.initiator {
            return Err(Refusal::NotStarter);
        }
        for task in self.tasks_for_people() {
            self.allow(versions, task, "recall")?;
        }
        let reason = decision.said.comment.clone().unwrap_or_else(|| "发起人撤回".to_owned());
        Ok(Plan {
            acted: Some(Last { handler: Some(decision.user.clone()), ..self.last.clone() }),
            operations: vec![self.of_order("recall", decision, Vec::new())],
            ..Command::Cancel { reason }.into()
        })
    }

    pub(super) fn operation(
        &self,
        task: &Task,
        wait: u64,
        row: u32,
        action: &'static str,
        decision: &Decision,
        people: Vec<String>,
    ) -> Operation {
        let advice = || {
            // A delegate's place is the delegator's again by now.
            let seat = task.approval.as_ref()?.seat(task.row(row)?.seat)?;
            seat.past.iter().rev().find_map(|past| match past {
                Past::Returned { advice, .. } if advice.user == decision.user => {
                    advice.on_behalf_of.clone()
                }
                _ => None,
            })
        };
        Operation {
            run: task.run,
            row: Some((wait, row)),
            place: task.place(),
            action,
            on_behalf_of: task.behalf(row, &decision.user).or_else(advice),
            user: decision.user.clone(),
            said: decision.said.clone(),
            people,
            count: None,
        }
    }

    fn of_order(
        &self,
        action: &'static str,
        decision: &Decision,
        people: Vec<String>,
    ) -> Operation {
        Operation {
            run: 0,
            row: None,
            place: Place { node: self.last.node.clone(), name: self.last.name.clone() },
            action,
            user: decision.user.clone(),
            on_behalf_of: None,
            said: decision.said.clone(),
            people,
            count: None,
        }
    }
}

/// What is not allowed, for people.
pub(super) fn in_chinese(operation: &str) -> &'static str {
    match operation {
        "rebut" => "驳回",
        "transfer" => "转办",
        "delegate" => "委派",
        "remove_sign" => "减签",
        "claim" => "认领",
        "release" => "退回认领",
        "copy" => "抄送",
        "urge" => "催办",
        "comment" => "评论",
        "take_back" => "拿回",
        "recall" => "撤回",
        _ => "加签",
    }
}
