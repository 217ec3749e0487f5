//! What an act means: a command for the engine, a change of an approval, something to tell.

use chrono::{DateTime, Utc};
use flow_engine::value::{Value, Variables};
use flow_engine::{Command, Happened, ReturnTarget, Step};

use super::task::{Decision, Task};
use super::{
    Act, Choice, Held, Last, Operation, Refusal, Remark, Run, Target, Versions, deed_word, foreign,
};
use crate::domain::approval::{Approval, Deed, Outcome, Past, Verdict};
use crate::domain::order::{Ending, Place, wire_id};
use crate::domain::policy::{OnReject, OnTimeout};

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
            Act::TakeBack { wait, row, decision } => self.take_back(wait, row, &decision, now),
            Act::Remark { row, remark, decision } => self.remark(versions, row, remark, &decision),
            Act::Substitute { from, to, word } => self.substitute(&from, &to, word, now),
            Act::RunOut { wait, to } => self.run_out(versions, wait, &to, now),
            Act::Recall { decision } => self.recall(&decision),
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
    fn asked(&self, wait: u64, row: u32) -> Result<&Task, Refusal> {
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
    fn allow(
        &self,
        versions: &Versions,
        task: &Task,
        operation: &'static str,
    ) -> Result<(), Refusal> {
        let spec = versions.spec(self, task.run, &task.node);
        let is_allowed = spec.is_none_or(|spec| spec.allows(operation));
        if is_allowed { Ok(()) } else { Err(Refusal::NotAllowed(in_chinese(operation))) }
    }

    fn operate(
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
    fn take_back(
        &self,
        wait: u64,
        row: u32,
        decision: &Decision,
        now: DateTime<Utc>,
    ) -> Result<Plan, Refusal> {
        let user = decision.user.as_str();
        let comment = decision.said.comment.as_deref();
        if let Ok(task) = self.asked(wait, row) {
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

    fn remark(
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

    fn substitute(
        &self,
        from: &str,
        to: &super::Pick,
        word: &'static str,
        now: DateTime<Utc>,
    ) -> Result<Plan, Refusal> {
        let mut plan = Plan { ending: Ending::Reject, ..Plan::default() };
        for (wait, held) in &self.held {
            let Held::Task(task) = held else { continue };
            let Some(approval) = &task.approval else { continue };
            if let Some(moved) = moved(approval, from, to, now) {
                self.note_moved(&mut plan, task, *wait, (approval, moved), from, to, word);
            }
        }
        if plan.approvals.is_empty() { Err(Refusal::Repeated) } else { Ok(plan) }
    }

    #[expect(clippy::too_many_arguments, reason = "what moved, where, from whom to whom and why")]
    fn note_moved(
        &self,
        plan: &mut Plan,
        task: &Task,
        wait: u64,
        (before, after): (&Approval, Approval),
        from: &str,
        to: &super::Pick,
        word: &'static str,
    ) {
        let house = Decision { user: String::new(), ..Decision::default() };
        // Also a turn that has not come yet changes hands.
        for seat in after.seats() {
            let known = before.seat(seat.no).map_or(0, |seat| seat.past.len());
            let is_moved =
                |past: &Past| matches!(past, Past::Substituted { from: was, .. } if was == from);
            if !seat.past.iter().skip(known).any(is_moved) {
                continue;
            }
            let row = task.row_of(seat.no);
            let people = vec![to.user.clone()];
            let operation = self.operation(task, wait, row.unwrap_or(1), word, &house, people);
            let on_behalf_of = Some(from.to_owned());
            let row = row.map(|row| (wait, row));
            plan.operations.push(Operation { row, on_behalf_of, ..operation });
        }
        match after.verdict() {
            Verdict::Pending => {}
            Verdict::Passed => plan.concluded.push((wait, true)),
            Verdict::Rejected => plan.concluded.push((wait, false)),
        }
        plan.approvals.push((wait, after));
    }

    fn run_out(
        &self,
        versions: &Versions,
        wait: u64,
        to: &std::collections::BTreeMap<String, super::Pick>,
        now: DateTime<Utc>,
    ) -> Result<Plan, Refusal> {
        let task = self.task(wait).filter(|task| task.is_for_people);
        let task = task.ok_or(Refusal::NothingWaits)?;
        let approval = task.approval.as_ref().ok_or(Refusal::NothingWaits)?;
        let spec = versions.spec(self, task.run, &task.node);
        let timeout = spec.and_then(|spec| spec.timeout.as_ref()).ok_or(Refusal::NothingWaits)?;
        let mut plan = Plan { ending: Ending::Reject, ran_out: Some(wait), ..Plan::default() };
        let house = |comment: &str| Decision {
            said: super::Said { comment: Some(comment.to_owned()), attachments: Vec::new() },
            ..Decision::default()
        };
        match timeout.action {
            OnTimeout::Remind => {
                for (row, seen) in task.open_rows() {
                    let said = house("任务已超时，请尽快处理");
                    let count = i32::try_from(task.timeouts).unwrap_or(i32::MAX).saturating_add(1);
                    let people = seen.people.clone();
                    let operation =
                        self.operation(task, wait, row, "timeout_remind", &said, people);
                    plan.operations.push(Operation { count: Some(count), ..operation });
                }
                Ok(plan)
            }
            OnTimeout::Pass | OnTimeout::Reject => {
                let passes = timeout.action == OnTimeout::Pass;
                let said = house(if passes { "超时自动通过" } else { "超时自动拒绝" });
                let outcome = approval.force(passes, said.said.comment.as_deref(), now);
                plan.approval = Some((wait, outcome.approval));
                plan.turns = outcome.opened;
                for (row, seen) in task.open_rows() {
                    let word = if passes { "timeout_pass" } else { "timeout_reject" };
                    let people = seen.people.clone();
                    plan.operations.push(self.operation(task, wait, row, word, &said, people));
                }
                self.conclude(versions, wait, outcome.verdict, &said, plan)
            }
            OnTimeout::Superior => {
                let mut current = approval.clone();
                for (from, pick) in to {
                    if let Some(next) = moved(&current, from, pick, now) {
                        let word = "timeout_transfer";
                        let pair = (&current.clone(), next.clone());
                        self.note_moved(&mut plan, task, wait, pair, from, pick, word);
                        current = next;
                    }
                }
                Ok(plan)
            }
        }
    }

    fn recall(&self, decision: &Decision) -> Result<Plan, Refusal> {
        if decision.user != self.head.initiator {
            return Err(Refusal::NotStarter);
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

/// The approval with one person in another's place, if they had one.
fn moved(
    approval: &Approval,
    from: &str,
    to: &super::Pick,
    now: DateTime<Utc>,
) -> Option<Approval> {
    let mut current = approval.clone();
    let mut is_moved = false;
    let seats: Vec<u32> = approval.seats().iter().map(|seat| seat.no).collect();
    for seat in seats {
        let deed = Deed::Substitute { from: from.to_owned(), to: to.clone() };
        if let Ok(outcome) = current.act(seat, "", deed, None, now)
            && !outcome.is_repeat
        {
            current = outcome.approval;
            is_moved = true;
        }
    }
    is_moved.then_some(current)
}

fn error(wait: u64, code: &str, decision: &Decision) -> Command {
    Command::ThrowError {
        wait,
        code: code.to_owned(),
        message: decision.said.comment.clone().unwrap_or_default(),
        variables: decision.variables.clone(),
    }
}

fn in_chinese(operation: &str) -> &'static str {
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
        _ => "加签",
    }
}
