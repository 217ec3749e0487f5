//! Variables: what an element sees, and where what it sets goes.

use super::Work;
use crate::expr::{Expression, Lookup};
use crate::instance::{Instance, Role};
use crate::value::{Value, Variables};

/// The variables that an activation sees: its own, then those around it up to the root of its run.
struct Names<'a> {
    instance: &'a Instance,
    from: u64,
    /// One more, before all others.
    also: Option<(&'a str, &'a Value)>,
}

impl Lookup for Names<'_> {
    fn get(&self, name: &str) -> Option<&Value> {
        if let Some((also, value)) = self.also
            && also == name
        {
            return Some(value);
        }
        let mut at = self.from;
        loop {
            let activation = self.instance.find(at)?;
            if let Some(value) = activation.variables.get(name) {
                return Some(value);
            }
            if activation.role == Role::Root {
                return None;
            }
            at = activation.parent;
        }
    }
}

impl Work<'_> {
    /// The value of an expression as an activation sees it.
    pub(crate) fn eval(&self, from: u64, expression: &Expression) -> Result<Value, String> {
        let names = Names { instance: &self.instance, from, also: None };
        expression.eval(&names, self.now).map_err(|fault| fault.to_string())
    }

    /// The same with one more variable.
    pub(crate) fn eval_with(
        &self,
        from: u64,
        expression: &Expression,
        also: (&str, &Value),
    ) -> Result<Value, String> {
        let names = Names { instance: &self.instance, from, also: Some(also) };
        expression.eval(&names, self.now).map_err(|fault| fault.to_string())
    }

    /// Whether a condition holds as an activation sees it.
    pub(crate) fn holds(&self, from: u64, condition: &Expression) -> Result<bool, String> {
        let names = Names { instance: &self.instance, from, also: None };
        condition.condition(&names, self.now).map_err(|fault| fault.to_string())
    }

    /// The same with one more variable.
    pub(crate) fn holds_with(
        &self,
        from: u64,
        condition: &Expression,
        also: (&str, &Value),
    ) -> Result<bool, String> {
        let names = Names { instance: &self.instance, from, also: Some(also) };
        condition.condition(&names, self.now).map_err(|fault| fault.to_string())
    }

    /// Everything an activation sees.
    pub(crate) fn visible(&self, from: u64) -> Variables {
        self.instance.visible_from(from)
    }

    /// Sets variables where their names exist going outwards, else at the root of the run.
    pub(crate) fn set(&mut self, from: u64, variables: Variables) {
        for (name, value) in variables {
            self.set_one(from, name, value);
        }
    }

    /// Sets one variable where its name exists going outwards, else at the root of the run.
    pub(crate) fn set_one(&mut self, from: u64, name: String, value: Value) {
        let mut at = from;
        let owner = loop {
            let Some(activation) = self.instance.find(at) else { return };
            if activation.role == Role::Root || activation.variables.contains_key(&name) {
                break at;
            }
            at = activation.parent;
        };
        self.set_local(owner, name, value);
    }

    /// Sets a variable of an activation's own.
    pub(crate) fn set_local(&mut self, owner: u64, name: String, value: Value) {
        if let Some(activation) = self.instance.find_mut(owner) {
            if activation.role == Role::Root && activation.run > 0 {
                activation.more_mut().touched.insert(name.clone());
            }
            activation.variables.insert(name, value);
            self.changed = true;
        }
    }

    /// Sets variables of the order.
    pub(crate) fn set_at_root(&mut self, variables: Variables) {
        if let Some(root) = self.instance.activations.first_mut() {
            root.variables.extend(variables);
            self.changed = true;
        }
    }

    /// Declares data objects and properties: they are null until they are set.
    pub(crate) fn declare(&mut self, owner: u64, names: &[String]) {
        let Some(activation) = self.instance.find_mut(owner) else { return };
        for name in names {
            activation.variables.entry(name.clone()).or_default();
        }
    }
}
