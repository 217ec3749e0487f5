//! Service tasks: a call of the ERP with its mappings, or an expression evaluated inside.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::effect::{CallService, Effect};
use crate::instance::{Resume, What as Waited};
use crate::process::{ServiceTask, What};
use crate::value::{Value, Variables};
use crate::work::{Spot, Work};

/// What an answer makes of a call.
enum Outcome {
    Done(Variables),
    Error(Arc<str>),
}

impl Work<'_> {
    /// A service task begins.
    pub(super) fn begin_service(&mut self, id: u64, spot: &Spot, task: &ServiceTask) {
        let (address, inputs) = match task {
            ServiceTask::Inside { value, variable } => {
                return self.evaluate_inside(id, &[(variable.clone(), value)]);
            }
            ServiceTask::Call { address, inputs, .. } => (address, inputs),
        };
        let address = self.eval(id, address).map(|value| value.to_string());
        match address.and_then(|address| Ok((address, self.body(id, inputs)?))) {
            Ok((address, body)) => {
                let wait = self.open_wait(id, spot.ix, 0, Waited::Service);
                self.act(id);
                let (node, name) = (spot.node().id.clone(), spot.node().name.clone());
                let call = CallService { wait, run: spot.run, node, name, address, body };
                self.effects.push(Effect::CallService(call));
            }
            Err(reason) => self.incident(id, Resume::Begin, reason),
        }
    }

    fn body(&self, id: u64, inputs: &[(String, crate::expr::Expression)]) -> Result<Value, String> {
        let mut body = BTreeMap::new();
        if inputs.is_empty() {
            body.insert("variables".to_owned(), Value::Map(self.visible(id)));
        }
        for (name, value) in inputs {
            body.insert(name.clone(), self.eval(id, value)?);
        }
        Ok(Value::Map(body))
    }

    /// A service answered.
    pub(crate) fn answer_service(&mut self, number: u64, answer: &Value) {
        let Some(wait) = self.close_wait(number, true) else { return };
        let Some(spot) = self.spot(wait.owner) else { return };
        let What::Service(task) = &spot.node().what else { return };
        match self.outcome(wait.owner, task, answer) {
            Ok(Outcome::Done(outputs)) => {
                self.set(wait.owner, outputs);
                self.complete(wait.owner);
            }
            Ok(Outcome::Error(code)) => self.fail_element(wait.owner, &code, ""),
            Err(reason) => self.incident(wait.owner, Resume::Begin, reason),
        }
    }

    fn outcome(&self, id: u64, task: &ServiceTask, answer: &Value) -> Result<Outcome, String> {
        let ServiceTask::Call { outputs, errors, .. } = task else {
            return Ok(Outcome::Done(Variables::new()));
        };
        for (code, when) in errors {
            if self.holds_with(id, when, ("answer", answer))? {
                return Ok(Outcome::Error(code.clone()));
            }
        }
        let mut given = Variables::new();
        for (variable, value) in outputs {
            given.insert(variable.clone(), self.eval_with(id, value, ("answer", answer))?);
        }
        Ok(Outcome::Done(given))
    }

    /// A service will never answer.
    pub(crate) fn fail_service(&mut self, number: u64, reason: String) {
        if let Some(wait) = self.close_wait(number, true) {
            self.incident(wait.owner, Resume::Begin, reason);
        }
    }
}
