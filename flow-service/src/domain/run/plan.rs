//! What an act means: a command for the engine, a change of an approval, something to tell.

use chrono::{DateTime, Utc};
use flow_engine::value::{Value, Variables};
use flow_engine::{Command, Happened, ReturnTarget, Step};

use super::operate::in_chinese;
use super::task::{Decision, Task};
use super::{Act, Choice, Last, Operation, Refusal, Run, Target, Versions, foreign};
use crate::domain::approval::{Approval, Deed, Outcome, Verdict};
use crate::domain::order::{Ending, wire_id};
use crate::domain::policy::OnReject;

/// What an act means.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// Absent = the engine does not move.
    pub(super) command: Option<Command>,
    /// A step that was made already to find out what the act means.
    pub(super) step: Option<Step>,
    /// How the order ends if the command cancels it.
    pub(super) ending: Ending,
    /// The place where it ends then.
    pub(super) acted: Option<Last>,
    /// The approval that was acted on, as it is now.
    pub(super) approval: Option<(u64, Approval)>,
    /// Its seats whose turn has come.
    pub(super) turns: Vec<u32>,
    /// The approval of the task that opens at this node again.
    pub(super) reopened: Option<(String, Approval)>,
    /// Tasks whose decision counts no longer.
    pub(super) voids: Vec<u64>,
    /// The row whose decision was taken back while others of its task were still asked.
    pub(super) undone: Option<(u32, (u64, u32))>,
    pub(super) operations: Vec<Operation>,
    /// Approvals of several tasks as they are now.
    pub(super) approvals: Vec<(u64, Approval)>,
    /// Tasks that are decided by that, and how.
    pub(super) concluded: Vec<(u64, bool)>,
    /// A task that looks for its people again.
    pub(super) look_again: Option<u64>,
    /// The time of this task has run out once more.
    pub(super) ran_out: Option<u64>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            command: None,
            step: None,
            ending: Ending::Revoke,
            acted: None,
            approval: None,
            turns: Vec::new(),
            reopened: None,
            voids: Vec::new(),
            undone: None,
            operations: Vec::new(),
            approvals: Vec::new(),
            concluded: Vec::new(),
            look_again: None,
            ran_out: None,
        }
    }
}

impl Plan {
    /// The tasks whose approvals change.
    pub(super) fn touched(&self) -> Vec<u64> {
        self.approval.iter().chain(&self.approvals).map(|(wait, _)| *wait).collect()
    }
}

impl From<Command> for Plan {
    fn from(command: Command) -> Self {
        Self { command: Some(command), ..Self::default() }
    }
}

impl Run {
    pub(super) fn plan(
        &self,
        versions: &Versions,
        act: &Act,
        now: DateTime<Utc>,
    ) -> Result<Plan, Refusal> {
        let is_operation = matches!(
            act,
            Act::Deed { .. } | Act::TakeBack { .. } | Act::Remark { .. } | Act::RunOut { .. }
        );
        if is_operation && self.instance.state() != flow_engine::State::Running {
            return Err(Refusal::Over);
        }
        if let Some(app) = act.decision().and_then(|decision| decision.app.as_deref())
            && app != self.head.app.as_str()
        {
            return Err(Refusal::OtherApplication);
        }
        match act.clone() {
            Act::Decide { wait, row, choice, decision } => {
                self.decide(versions, wait, row, &choice, &decision, now)
            }
            Act::Rebut { wait, row, to, straight_back, decision } => {
                self.rebut(versions, wait, row, &to, straight_back, &decision)
            }
            Act::Deed { wait, row, deed, decision } => {
                self.operate(versions, wait, row, deed, &decision, now)
            }
            Act::TakeBack { wait, row, decision } => {
                self.take_back(versions, wait, row, &decision, now)
            }
            Act::Remark { row, remark, decision } => self.remark(versions, row, remark, &decision),
            Act::Substitute { from, to, word } => self.substitute(&from, &to, word, now),
            Act::RunOut { wait, to } => self.run_out(versions, wait, &to, now),
            Act::Recall { decision } => self.recall(versions, &decision),
            Act::Start { at, variables } => Ok(Command::Start { at, variables }.into()),
            Act::Answer { wait, answer } => Ok(Command::AnswerService { wait, answer }.into()),
            Act::Refuse { wait, code, message, answer } => {
                Ok(match self.ruled_error(versions, wait, &answer, now) {
                    Some(step) => Plan { step: Some(step), ..Plan::default() },
                    None => {
                        let variables = Variables::new();
                        Command::ThrowError { wait, code, message, variables }.into()
                    }
                })
            }
            Act::Fail { wait, reason } => Ok(Command::FailService { wait, reason }.into()),
            Act::Fire { wait } => Ok(Command::FireTimer { wait }.into()),
            Act::Message { name, wait, variables } => {
                Ok(Command::Message { name, wait, variables: foreign(variables) }.into())
            }
            Act::Signal { name, variables } => {
                Ok(Command::Signal { name, variables: foreign(variables) }.into())
            }
            Act::Set { variables } => Ok(Command::SetVariables { variables }.into()),
            Act::Retry { wait } => Ok(Command::Retry { wait }.into()),
            Act::Cancel { user, reason } => {
                let acted = Some(Last { handler: Some(user), ..self.last.clone() });
                Ok(Plan { acted, ..Command::Cancel { reason }.into() })
            }
        }
    }

    /// The step in which the element's own rules make an error of a refusal, if one of them does.
    fn ruled_error(
        &self,
        versions: &Versions,
        wait: u64,
        answer: &Value,
        now: DateTime<Utc>,
    ) -> Option<Step> {
        let command = Command::AnswerService { wait, answer: answer.clone() };
        let instance = self.instance.clone();
        let step = flow_engine::advance(&versions.library, instance, command, now).ok()?;
        let is_error = |record: &flow_engine::Record| {
            record.kind == "serviceTask" && record.event == Happened::Failed
        };
        step.trail.first().is_some_and(is_error).then_some(step)
    }

    /// A task that waits for people, with one of its rows. Of a seat that was opened again only the
    /// newest row is one: what was clicked on an older one comes too late.
    pub(super) fn asked(&self, wait: u64, row: u32) -> Result<&Task, Refusal> {
        let task = self.task(wait).filter(|task| task.is_for_people);
        let task = task.ok_or(Refusal::NothingWaits)?;
        if task.is_newest(row) { Ok(task) } else { Err(Refusal::NothingWaits) }
    }

    fn acted(&self, task: &Task, wait: u64, row: u32, user: &str) -> Last {
        let order = self.orders.get(&task.run).map_or(self.id, |order| order.id);
        Last {
            node: task.node.clone(),
            name: task.name.clone(),
            task: Some(wire_id(order, wait, row)),
            handler: Some(user.to_owned()),
        }
    }

    fn decide(
        &self,
        versions: &Versions,
        wait: u64,
        row: u32,
        choice: &Choice,
        decision: &Decision,
        now: DateTime<Utc>,
    ) -> Result<Plan, Refusal> {
        let task = self.asked(wait, row)?;
        let seat = task.row(row).map_or(0, |row| row.seat);
        let user = decision.user.as_str();
        let mut plan = Plan {
            ending: Ending::Reject,
            acted: Some(self.acted(task, wait, row, user)),
            ..Plan::default()
        };
        let Some(approval) = &task.approval else {
            // Nobody has it: the flow's own application may decide in anybody's name.
            if decision.app.as_deref() != Some(self.head.app.as_str()) {
                return Err(Refusal::NotAssigned(user.to_owned()));
            }
            let verdict =
                if *choice == Choice::Reject { Verdict::Rejected } else { Verdict::Passed };
            if let Choice::Error(code) = choice {
                plan.command = Some(error(wait, code, decision));
                return Ok(plan);
            }
            return self.conclude(versions, wait, verdict, decision, plan);
        };
        let deed = match choice {
            Choice::Pass => Deed::Pass,
            Choice::Reject if task.is_resubmit => return Err(Refusal::NotAllowed("拒绝")),
            Choice::Reject => Deed::Reject,
            Choice::Error(code) => {
                let is_theirs = approval.seat(seat).is_some_and(|seat| seat.is_held_by(user));
                if !is_theirs {
                    return Err(Refusal::NotAssigned(user.to_owned()));
                }
                plan.command = Some(error(wait, code, decision));
                return Ok(plan);
            }
        };
        let comment = decision.said.comment.as_deref();
        let outcome = approval.act(seat, user, deed, comment, now)?;
        if outcome.is_repeat {
            return Err(Refusal::Repeated);
        }
        let Outcome { approval, verdict, returned_to, opened, .. } = outcome;
        if let Some(to) = returned_to {
            plan.operations.push(self.operation(
                task,
                wait,
                row,
                "delegate_return",
                decision,
                vec![to],
            ));
            plan.acted = None;
        }
        plan.approval = Some((wait, approval));
        plan.turns = opened;
        self.conclude(versions, wait, verdict, decision, plan)
    }

    /// What the engine does once an approval has come to something.
    pub(super) fn conclude(
        &self,
        versions: &Versions,
        wait: u64,
        verdict: Verdict,
        decision: &Decision,
        mut plan: Plan,
    ) -> Result<Plan, Refusal> {
        let Some(task) = self.task(wait) else { return Ok(plan) };
        let mut variables = decision.variables.clone();
        plan.command = match verdict {
            Verdict::Pending if variables.is_empty() => None,
            Verdict::Pending => Some(Command::SetVariables { variables }),
            Verdict::Passed => {
                if !task.is_resubmit {
                    variables.insert("approved".to_owned(), Value::Bool(true));
                }
                Some(Command::CompleteTask { wait, variables })
            }
            Verdict::Rejected => {
                let spec = versions.spec(self, task.run, &task.node);
                let target = match spec.map(|spec| &spec.on_reject) {
                    Some(OnReject::Continue) => {
                        variables.insert("approved".to_owned(), Value::Bool(false));
                        plan.command = Some(Command::CompleteTask { wait, variables });
                        return Ok(plan);
                    }
                    None | Some(OnReject::End) => None,
                    Some(OnReject::Starter) => self.target(wait, &Target::Starter),
                    Some(OnReject::Previous) => self.target(wait, &Target::Previous),
                    Some(OnReject::Node(node)) => self.target(wait, &Target::Node(node.clone())),
                };
                match target {
                    Some(target) => {
                        plan.voids = target.voids;
                        let visit = target.visit;
                        Some(Command::Return { wait, visit, straight_back: false })
                    }
                    // Nowhere to go back to: it is refused.
                    None => {
                        let comment = decision.said.comment.clone();
                        let reason = comment.unwrap_or_else(|| "审批不同意".to_owned());
                        Some(Command::Cancel { reason })
                    }
                }
            }
        };
        Ok(plan)
    }

    fn target(&self, wait: u64, to: &Target) -> Option<ReturnTarget> {
        let targets = self.instance.return_targets(wait);
        let task = self.task(wait)?;
        let is_it = |target: &&ReturnTarget| match to {
            Target::Starter => target.is_start,
            Target::Previous => true,
            Target::Node(node) => *target.node == **node && target.run == task.run,
        };
        let nearest = targets.iter().find(is_it);
        let anywhere = |node: &String| targets.iter().find(|target| *target.node == **node);
        let found = match to {
            Target::Node(node) => nearest.or_else(|| anywhere(node)),
            Target::Starter | Target::Previous => nearest,
        };
        found.cloned()
    }

    fn rebut(
        &self,
        versions: &Versions,
        wait: u64,
        row: u32,
        to: &Target,
        straight_back: bool,
        decision: &Decision,
    ) -> Result<Plan, Refusal> {
        let task = self.asked(wait, row)?;
        let seat = task.row(row).filter(|row| row.is_open).map_or(0, |row| row.seat);
        let user = decision.user.as_str();
        let approval = task.approval.as_ref().ok_or(Refusal::NothingWaits)?;
        self.allow(versions, task, "rebut")?;
        let is_theirs = approval.seat(seat).is_some_and(|seat| seat.is_held_by(user));
        if !is_theirs {
            return Err(if seat == 0 {
                Refusal::NothingWaits
            } else {
                Refusal::NotAssigned(user.to_owned())
            });
        }
        if !approval.offers(seat, user).contains(&"rebut") || task.is_resubmit {
            return Err(Refusal::NotAllowed("驳回"));
        }
        let target = self.target(wait, to).ok_or(Refusal::NotATarget)?;
        if straight_back && !target.same_scope {
            return Err(Refusal::NoWayBack);
        }
        let mut plan: Plan = Command::Return { wait, visit: target.visit, straight_back }.into();
        plan.acted = Some(self.acted(task, wait, row, user));
        plan.voids = match straight_back {
            true => self.done_at(&target).into_iter().collect(),
            false => target.voids.clone(),
        };
        Ok(plan)
    }

    /// The newest decision at a target itself.
    fn done_at(&self, target: &ReturnTarget) -> Option<u64> {
        let is_it = |wait: &&u64| {
            self.done.iter().any(|done| {
                done.wait == **wait && done.task.node == *target.node && done.task.run == target.run
            })
        };
        target.voids.iter().rev().find(is_it).copied()
    }

    /// Refuses what the drawing does not let people do.
    pub(super) fn allow(
        &self,
        versions: &Versions,
        task: &Task,
        operation: &'static str,
    ) -> Result<(), Refusal> {
        let spec = versions.spec(self, task.run, &task.node);
        let is_allowed = spec.is_none_or(|spec| spec.allows(operation));
        if is_allowed { Ok(()) } else { Err(Refusal::NotAllowed(in_chinese(operation))) }
    }
}

fn error(wait: u64, code: &str, decision: &Decision) -> Command {
    Command::ThrowError {
        wait,
        code: code.to_owned(),
        message: decision.said.comment.clone().unwrap_or_default(),
        variables: decision.variables.clone(),
    }
}
