//! What the house does with a task by itself: somebody else in a person's place, and what comes of a
//! time that runs out.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::plan::Plan;
use super::task::{Decision, Task};
use super::{Held, Operation, Pick, Refusal, Run, Said, Versions};
use crate::domain::approval::{Approval, Deed, Past, Verdict};
use crate::domain::order::Ending;
use crate::domain::policy::OnTimeout;

impl Run {
    pub(super) fn substitute(
        &self,
        from: &str,
        to: &Pick,
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
        to: &Pick,
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

    pub(super) fn run_out(
        &self,
        versions: &Versions,
        wait: u64,
        to: &BTreeMap<String, Pick>,
        now: DateTime<Utc>,
    ) -> Result<Plan, Refusal> {
        let task = self.task(wait).filter(|task| task.is_for_people);
        let task = task.ok_or(Refusal::NothingWaits)?;
        let approval = task.approval.as_ref().ok_or(Refusal::NothingWaits)?;
        let spec = versions.spec(self, task.run, &task.node);
        let timeout = spec.and_then(|spec| spec.timeout.as_ref()).ok_or(Refusal::NothingWaits)?;
        let mut plan = Plan { ending: Ending::Reject, ran_out: Some(wait), ..Plan::default() };
        let house = |comment: &str| Decision {
            said: Said { comment: Some(comment.to_owned()), attachments: Vec::new() },
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
}

/// The approval with one person in another's place, if they had one.
fn moved(approval: &Approval, from: &str, to: &Pick, now: DateTime<Utc>) -> Option<Approval> {
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
