//! Tasks that wait for somebody: a person's, and those that receive a message.

use std::sync::Arc;

use crate::effect::{Effect, OpenTask, TaskKind};
use crate::expr::Expression;
use crate::instance::{Resume, What as Waited};
use crate::process::UserTask;
use crate::value::{Value, Variables};
use crate::work::{Spot, Work};

impl Work<'_> {
    /// A person's task opens.
    pub(super) fn begin_user(&mut self, id: u64, spot: &Spot, task: &UserTask) {
        match self.for_whom(id, spot, task) {
            Ok(mut open) => {
                open.wait = self.open_wait(id, spot.ix, 0, Waited::User);
                self.effects.push(Effect::OpenTask(open));
            }
            Err(reason) => self.incident(id, Resume::Begin, reason),
        }
    }

    /// A receive task opens.
    pub(super) fn begin_receive(&mut self, id: u64, spot: &Spot, message: Option<Arc<str>>) {
        let wait = self.open_wait(id, spot.ix, 0, Waited::Receive(message));
        let open = OpenTask { wait, ..opened(spot, TaskKind::Receive) };
        self.effects.push(Effect::OpenTask(open));
    }

    /// A task is done.
    pub(crate) fn complete_task(&mut self, number: u64, variables: Variables) {
        let Some(wait) = self.close_wait(number, true) else { return };
        self.set(wait.owner, variables);
        match self.instance.find(wait.owner).map(|it| it.node) {
            Some(node) if node == wait.node => {
                self.done_by(wait.owner, number);
                self.complete(wait.owner);
            }
            _ => {}
        }
    }

    /// A task ends with a BPMN error.
    pub(crate) fn fail_task(&mut self, number: u64, code: &str, message: &str, given: Variables) {
        let Some(wait) = self.close_wait(number, false) else { return };
        self.set(wait.owner, given);
        self.fail_element(wait.owner, code, message);
    }

    fn for_whom(&self, id: u64, spot: &Spot, task: &UserTask) -> Result<OpenTask, String> {
        let one = |it: &Option<Expression>| match it {
            Some(expression) => self.eval(id, expression).map(text),
            None => Ok(None),
        };
        let many = |it: &Option<Expression>| match it {
            Some(expression) => self.eval(id, expression).map(texts),
            None => Ok(Vec::new()),
        };
        let due = match &task.due {
            Some(expression) => match self.eval(id, expression)? {
                Value::Null => None,
                value => Some(self.moment(&value)?),
            },
            None => None,
        };
        Ok(OpenTask {
            assignee: one(&task.assignee)?,
            candidate_users: many(&task.candidate_users)?,
            candidate_groups: many(&task.candidate_groups)?,
            form_key: one(&task.form_key)?,
            due,
            ..opened(spot, TaskKind::User)
        })
    }
}

pub(crate) fn opened(spot: &Spot, kind: TaskKind) -> OpenTask {
    let node = spot.node();
    OpenTask {
        wait: 0,
        run: spot.run,
        node: node.id.clone(),
        name: node.name.clone(),
        kind,
        assignee: None,
        candidate_users: Vec::new(),
        candidate_groups: Vec::new(),
        due: None,
        form_key: None,
        loop_index: spot.index,
    }
}

/// A value as a text; null and the empty text are nobody.
fn text(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Text(text) => Some(text).filter(|text| !text.is_empty()),
        other => Some(other.to_string()),
    }
}

/// A list, or a text with commas, as texts.
fn texts(value: Value) -> Vec<String> {
    match value {
        Value::List(items) => items.into_iter().filter_map(text).collect(),
        other => {
            let whole = text(other).unwrap_or_default();
            let names = whole.split(',').map(str::trim).filter(|name| !name.is_empty());
            names.map(str::to_owned).collect()
        }
    }
}
