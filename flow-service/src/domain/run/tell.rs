//! What is told of a step: rows that opened, closed or changed hands, and what can be done now.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::change::{Closed, Opened, RowKey};
use super::settle::Settling;
use super::task::{Decision, Row, Said, Task};
use super::{Act, Choice, Held, Run, Versions};
use crate::domain::form::Schema;
use crate::domain::order::State;

impl Run {
    /// What the rows of these tasks offer.
    pub(super) fn offers(
        &self,
        versions: &Versions,
        waits: &[u64],
    ) -> BTreeMap<RowKey, Vec<&'static str>> {
        let mut offers = BTreeMap::new();
        for wait in waits {
            let Some(task) = self.task(*wait) else { continue };
            for (number, row) in task.open_rows() {
                let key = (*wait, number);
                offers.insert(key, self.actions(versions, key, task, row));
            }
        }
        offers
    }

    /// What the people of a row may do, one of them at least.
    fn actions(
        &self,
        versions: &Versions,
        key: RowKey,
        task: &Task,
        row: &Row,
    ) -> Vec<&'static str> {
        if task.is_resubmit {
            return vec!["pass", "copy", "comment"];
        }
        let Some(approval) = &task.approval else { return Vec::new() };
        let spec = versions.spec(self, task.run, &task.node);
        let mut offers: Vec<&'static str> = Vec::new();
        for user in &row.people {
            for word in approval.offers(row.seat, user) {
                if !offers.contains(&word) {
                    offers.push(word);
                }
            }
        }
        offers.retain(|word| {
            let is_allowed = spec.is_none_or(|spec| spec.allows(word));
            let leads_back = *word != "rebut" || !self.instance.return_targets(key.0).is_empty();
            is_allowed && leads_back
        });
        offers
    }
}

impl Settling<'_> {
    /// Opens, closes and hands on the rows in which the tasks differ from before.
    pub(super) fn compare_rows(
        &mut self,
        before: &BTreeMap<u64, Vec<Row>>,
        offers: &BTreeMap<RowKey, Vec<&'static str>>,
    ) {
        let none = Vec::new();
        for (wait, (task, completed)) in std::mem::take(&mut self.gone) {
            // What opened and closed within the step was seen by nobody.
            let Some(rows) = before.get(&wait) else { continue };
            self.close_rows(wait, &task, rows, completed, false);
        }
        let waiting: Vec<(u64, Task)> = self
            .run
            .held
            .iter()
            .filter_map(|(wait, held)| match held {
                Held::Task(task) => Some((*wait, task.clone())),
                Held::Call { .. } => None,
            })
            .collect();
        for (wait, task) in waiting {
            let rows = before.get(&wait).unwrap_or(&none);
            let is_touched = offers.keys().any(|(touched, _)| *touched == wait);
            if *rows == task.rows && !is_touched {
                continue;
            }
            self.close_rows(wait, &task, rows, false, true);
            for (number, row) in task.open_rows() {
                let known = usize::try_from(number - 1).ok().and_then(|ix| rows.get(ix));
                let key = (wait, number);
                let offers_else = offers.get(&key).is_some_and(|before| {
                    *before != self.run.actions(self.versions, key, &task, row)
                });
                match known {
                    Some(known) if known.people == row.people && !offers_else => {}
                    Some(_) => self.tell_row((wait, number), &task, row, true),
                    None => self.tell_row((wait, number), &task, row, false),
                }
            }
        }
    }

    fn tell_row(&mut self, key: RowKey, task: &Task, row: &Row, is_known: bool) {
        let opened = Opened {
            task: task.clone(),
            people: row.people.clone(),
            actions: self.run.actions(self.versions, key, task, row),
            why: task
                .approval
                .as_ref()
                .and_then(|approval| approval.seat(row.seat))
                .map(|seat| seat.holders().into_iter().cloned().collect())
                .unwrap_or_default(),
        };
        if task.is_for_people && !row.people.is_empty() {
            self.news_of(task.run).opened.push((key, opened.clone()));
        }
        let rows = if is_known { &mut self.change.assigned } else { &mut self.change.opened };
        rows.insert(key, opened);
    }

    /// Closes the rows that were open and are not in `task` any more (`still` = it waits).
    fn close_rows(&mut self, wait: u64, task: &Task, before: &[Row], completed: bool, still: bool) {
        for (number, row) in (1..).zip(before).filter(|(_, row)| row.is_open) {
            if still && task.row(number).is_some_and(|now| now.is_open) {
                continue;
            }
            let closed = self.closed(wait, number, row, task, completed);
            if task.is_for_people && closed.was_seen {
                self.news_of(task.run).closed.push(((wait, number), closed.clone()));
            }
            self.change.closed.insert((wait, number), closed);
        }
    }

    fn closed(&self, wait: u64, number: u32, row: &Row, task: &Task, completed: bool) -> Closed {
        let taken_away = Closed {
            task: task.clone(),
            was_seen: !row.people.is_empty(),
            result: "revoke",
            handler: None,
            on_behalf_of: None,
            said: Said::default(),
            form_data: None,
        };
        if let Some((result, decision)) = self.decision_of(wait, number) {
            return Closed {
                result,
                was_seen: true,
                handler: Some(decision.user.clone()),
                on_behalf_of: task.behalf(number, &decision.user),
                said: decision.said.clone(),
                form_data: decision.form_data.clone(),
                ..taken_away
            };
        }
        match task.decided(number) {
            Some(decided) => Closed {
                result: if decided.passed { "pass" } else { "reject" },
                handler: Some(decided.user.clone()).filter(|user| !user.is_empty()),
                on_behalf_of: decided.on_behalf_of.clone(),
                said: Said { comment: decided.comment.clone(), attachments: Vec::new() },
                ..taken_away
            },
            None if !task.is_for_people && completed => Closed { result: "pass", ..taken_away },
            None => taken_away,
        }
    }

    /// What the act decided, if it decided this row.
    fn decision_of(&self, wait: u64, number: u32) -> Option<(&'static str, &Decision)> {
        match self.act {
            Act::Decide { wait: of, row, choice, decision } if (*of, *row) == (wait, number) => {
                let result = match choice {
                    Choice::Pass => "pass",
                    Choice::Reject | Choice::Error(_) => "reject",
                };
                Some((result, decision))
            }
            Act::Rebut { wait: of, row, decision, .. } if (*of, *row) == (wait, number) => {
                Some(("rebut", decision))
            }
            _ => None,
        }
    }

    /// What could be done now goes with everything that is told.
    pub(super) fn tell_what_is_possible(&mut self) {
        if self.news.is_empty() {
            return;
        }
        let runs: Vec<u32> = self.news.keys().copied().collect();
        let is_running = self.run.orders.get(&0).is_some_and(|order| order.state == State::Running);
        let mut take_back: BTreeMap<u32, Vec<(RowKey, String)>> = BTreeMap::new();
        let allows = |task: &Task, word| {
            let spec = self.versions.spec(&self.run, task.run, &task.node);
            spec.is_none_or(|spec| spec.allows(word))
        };
        let mut waits_for_people = false;
        for (wait, held) in self.run.held.iter().filter(|_| is_running) {
            let Held::Task(task) = held else { continue };
            let somebody = task.open_rows().any(|(_, row)| !row.people.is_empty());
            waits_for_people |= somebody && allows(task, "urge");
            if allows(task, "take_back") {
                note_take_backs(*wait, task, &mut take_back);
            }
        }
        for done in
            self.run.done.iter().rev().take(NEWEST).filter(|done| is_running && !done.is_void)
        {
            if allows(&done.task, "take_back") && self.run.instance.can_take_back(done.wait) {
                note_take_backs(done.wait, &done.task, &mut take_back);
            }
        }
        let may_recall = self.run.tasks_for_people().all(|task| allows(task, "recall"));
        for run in runs {
            let is_root = run == 0;
            let news = self.news_of(run);
            news.take_back = take_back.remove(&run).unwrap_or_default();
            if is_root && is_running {
                if may_recall {
                    news.initiator_actions.push("recall");
                }
                if waits_for_people {
                    news.initiator_actions.push("urge");
                }
            }
        }
    }

    pub(super) fn tell_values(&mut self, schema: &Schema) {
        if let Some(news) = self.news.get_mut(&0)
            && (news.started.is_some() || news.finished.is_some())
        {
            let variables = self.run.instance.variables();
            let form = schema
                .names()
                .filter_map(|name| Some((name.to_owned(), variables.get(name)?.to_json())))
                .collect();
            news.form_data = Some(Json::Object(form));
            let all = variables.iter().map(|(name, value)| (name.clone(), value.to_json()));
            news.variables = Some(Json::Object(all.collect()));
        }
    }
}

/// Decided tasks of which it is looked whether they can be taken back.
const NEWEST: usize = 20;

fn note_take_backs(wait: u64, task: &Task, into: &mut BTreeMap<u32, Vec<(RowKey, String)>>) {
    let Some(approval) = &task.approval else { return };
    for (seat, user) in approval.take_backs() {
        if let Some(row) = task.row_of(seat) {
            into.entry(task.run).or_default().push(((wait, row), user.to_owned()));
        }
    }
}
