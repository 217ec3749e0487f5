//! Who gets a task that opens, and who is asked again for one that is stuck.

use std::collections::BTreeSet;

use super::settle::{Settling, Stop};
use super::task::{Decision, Task};
use super::{Act, Held, Refusal, Said, people_incident};
use crate::domain::approval::{Approval, Deed, Mode, Pick, SeatKind, Verdict};
use crate::domain::approvers::{self, Auto, Choice as Chosen, TaskSpec};
use crate::domain::people::{Presence, Wanted};
use crate::domain::policy::SamePerson;

impl Settling<'_> {
    /// Gives a task its people, as its rules say.
    pub(super) fn find_people(&mut self, wait: u64, task: &mut Task) -> Result<(), Stop> {
        if let Some((node, approval)) = &self.reopened
            && *node == task.node
        {
            task.approval = Some(approval.clone());
            self.reopened = None;
            self.arm(wait, task);
            return Ok(());
        }
        let chosen = match task.is_resubmit {
            true => self.starter(task)?,
            false => self.choose(wait, task)?,
        };
        if let Some(auto) = chosen.auto {
            let (passed, reason) = match auto {
                Auto::Skip(reason) => (true, reason),
                Auto::Refuse(reason) if matches!(self.act, Act::Start { .. }) => {
                    return Err(Refusal::NobodyFound(reason).into());
                }
                Auto::Refuse(reason) => (false, reason),
            };
            task.sync();
            self.skipped(wait, task, reason, Vec::new());
            self.by_itself.push_back((wait, passed));
            return Ok(());
        }
        if let Some(reason) = chosen.trouble {
            self.change.incidents_over.remove(&wait);
            self.change.incidents.insert(wait, people_incident(task, reason, chosen.missing));
            task.is_troubled = true;
        }
        if chosen.picks.is_empty() {
            return Ok(());
        }
        let spec = self.spec(task);
        let mode = spec.map_or(Mode::Any, |spec| spec.mode);
        let approval = Approval::open(mode, chosen.picks, self.around.now);
        let turns = approval.open_seats().map(|seat| seat.no).collect();
        task.approval = Some(approval);
        self.skip_who_passed(wait, task, turns);
        self.arm(wait, task);
        Ok(())
    }

    pub(super) fn spec(&self, task: &Task) -> Option<&TaskSpec> {
        self.versions.spec(&self.run, task.run, &task.node).map(AsRef::as_ref)
    }

    fn choose(&self, wait: u64, task: &Task) -> Result<Chosen, Stop> {
        let Some(spec) = self.spec(task) else {
            let trouble = Some("没有指定处理人".to_owned());
            return Ok(Chosen { trouble, ..Chosen::default() });
        };
        let variables = self.run.instance.visible(wait);
        let asked = self.run.asked_of(&variables, &task.node, self.around);
        let wanted = approvers::wanted(spec, &asked, self.around.people);
        let wanted = wanted.unknown_to(self.around.people);
        if wanted.is_empty() {
            Ok(approvers::choose(spec, &asked, self.around.people))
        } else {
            Err(Stop::Ask(wanted))
        }
    }

    /// The initiator, to whom the order came back.
    fn starter(&self, task: &Task) -> Result<Chosen, Stop> {
        let user = self.run.head.initiator.clone();
        let reason = match self.around.people.users.get(&user) {
            Some(Presence::Active) => {
                let rule = "发起人".to_owned();
                let chain = vec![format!("退回到{}", task.name)];
                let picks = vec![Pick { user, on_behalf_of: None, rule, chain }];
                return Ok(Chosen { picks, ..Chosen::default() });
            }
            None if !user.is_empty() => {
                return Err(Stop::Ask(Wanted { users: vec![user], ..Wanted::default() }));
            }
            None => "没有发起人，无法退回".to_owned(),
            Some(Presence::Disabled) => format!("用户 {user} 已停用"),
            Some(Presence::Missing) => format!("用户 {user} 不存在"),
            Some(Presence::Unasked) => format!("暂时无法确认用户 {user} 是否存在"),
        };
        Ok(Chosen { trouble: Some(reason), missing: vec![user], ..Chosen::default() })
    }

    fn skipped(&mut self, wait: u64, task: &Task, reason: String, people: Vec<String>) {
        let house = Decision {
            said: Said { comment: Some(reason), attachments: Vec::new() },
            ..Decision::default()
        };
        let operation = self.run.operation(task, wait, 1, "skip", &house, people);
        self.operated(operation);
    }

    /// In a sequence their turns come one by one.
    pub(super) fn skip_turns(&mut self, wait: u64) {
        let Some(Held::Task(task)) = self.run.held.get(&wait) else { return };
        let mut task = task.clone();
        let is_main = |no: &u32| {
            let seat = task.approval.as_ref().and_then(|approval| approval.seat(*no));
            seat.is_some_and(|seat| seat.kind == SeatKind::Main && seat.past.is_empty())
        };
        let turns: Vec<u32> = self.plan.turns.iter().copied().filter(is_main).collect();
        self.skip_who_passed(wait, &mut task, turns);
        task.sync();
        self.run.held.insert(wait, Held::Task(task));
    }

    /// Passes for those who have passed the order already, where the policy says so. `turns` = the
    /// seats whose turn has come.
    fn skip_who_passed(&mut self, wait: u64, task: &mut Task, mut turns: Vec<u32>) {
        let skips = self.spec(task).is_some_and(|spec| spec.policy.same_person == SamePerson::Skip);
        if !skips {
            return;
        }
        let mut passed: BTreeSet<String> = BTreeSet::new();
        for done in self.run.done.iter().filter(|done| !done.is_void && !done.task.is_resubmit) {
            for seat in done.task.approval.iter().flat_map(Approval::seats) {
                let decided = seat.decided.iter().filter(|decided| decided.passed);
                passed.extend(decided.map(|decided| decided.user.clone()));
            }
        }
        let reason = "同一审批人已审批，自动通过";
        while let Some(approval) = &task.approval {
            let again = approval.open_seats().find_map(|seat| {
                let mut holders = seat.holders().into_iter();
                let holder = holders.find(|pick| passed.contains(&pick.user))?;
                turns.contains(&seat.no).then(|| (seat.no, holder.user.clone()))
            });
            let Some((seat, user)) = again else { break };
            let now = self.around.now;
            let Ok(outcome) = approval.act(seat, &user, Deed::Pass, Some(reason), now) else {
                break;
            };
            if outcome.is_repeat {
                break;
            }
            let verdict = outcome.verdict;
            turns.extend(outcome.opened);
            task.approval = Some(outcome.approval);
            self.skipped(wait, task, reason.to_owned(), vec![user]);
            if verdict == Verdict::Passed {
                self.by_itself.push_back((wait, true));
                break;
            }
        }
    }

    /// Sets when the time of a task runs out.
    pub(super) fn arm(&mut self, wait: u64, task: &Task) {
        let timeout = self.spec(task).and_then(|spec| spec.timeout.as_ref());
        let Some(timeout) = timeout.filter(|timeout| task.timeouts < timeout.times) else { return };
        if let Some(due) = timeout.due(self.around.now, self.around.calendar) {
            self.change.timeouts_cleared.remove(&wait);
            self.change.timeouts.insert(wait, due);
        }
    }

    pub(super) fn arm_again(&mut self, wait: u64) {
        let Some(Held::Task(task)) = self.run.held.get_mut(&wait) else { return };
        task.timeouts += 1;
        let task = task.clone();
        self.change.timeouts_cleared.insert(wait);
        self.arm(wait, &task);
    }

    /// A task whose people could not all be found looks for them again. Once somebody has acted, it
    /// stays with those who have it.
    pub(super) fn look_again(&mut self, wait: u64) -> Result<(), Stop> {
        let Some(Held::Task(task)) = self.run.held.get(&wait) else { return Ok(()) };
        let mut task = task.clone();
        let is_untouched = |approval: &Approval| {
            approval.seats().iter().all(|seat| seat.decided.is_none() && seat.past.is_empty())
        };
        let may_change = task.approval.as_ref().is_none_or(is_untouched);
        task.is_troubled = false;
        let before = task.approval.take();
        self.change.incidents_over.insert(wait);
        self.find_people(wait, &mut task)?;
        if !may_change {
            task.approval = before;
        }
        task.sync();
        if task.is_troubled {
            self.change.incidents_over.remove(&wait);
        }
        self.run.held.insert(wait, Held::Task(task));
        Ok(())
    }
}
