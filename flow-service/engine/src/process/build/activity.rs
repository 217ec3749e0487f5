//! Activities and gateways: what each node does and how often.

use super::{Builder, model, vendor};
use crate::bpmn::model::{Behavior, Dialect, Extension, Flavour as Drawn, Kind, Loop, Task};
use crate::bpmn::script;
use crate::expr::Expression;
use crate::process::graph::*;

impl<'a> Builder<'a> {
    pub(super) fn what(&mut self, node: &'a model::Node, scope: ScopeIx, ix: NodeIx) -> What {
        match &node.kind {
            Kind::Start { events, interrupting } => {
                What::Start { awaits: self.awaits(node, events), interrupting: *interrupting }
            }
            Kind::End { events } | Kind::Throw { events } => self.throws(node, scope, events),
            Kind::Catch { events } => match self.awaits(node, events) {
                awaits if awaits.of.is_empty() => What::Pass,
                awaits => What::Catch(awaits),
            },
            Kind::Boundary { events, attached_to, interrupting } => What::Boundary {
                awaits: self.awaits(node, events),
                host: self.by_id.get(attached_to.as_str()).copied().unwrap_or(NO_NODE),
                interrupting: *interrupting,
            },
            Kind::Task(task) => self.task(node, task),
            Kind::Exclusive => What::Exclusive,
            Kind::Inclusive => What::Inclusive,
            Kind::Parallel => What::Parallel,
            Kind::Complex { activation } => {
                let activation = activation.as_deref();
                let activation = activation.and_then(|it| self.formula(&node.id, node.line, it));
                What::Complex { activation }
            }
            Kind::EventBased { parallel, .. } => What::EventBased { parallel: *parallel },
            Kind::SubProcess { flavour, .. } => What::Scope {
                body: self.inside.get(&ix).copied().unwrap_or_default(),
                flavour: self.flavour(node, flavour),
            },
            Kind::Call { called } => self.call(node, called.as_deref()),
        }
    }

    fn task(&mut self, node: &'a model::Node, task: &'a Task) -> What {
        match task {
            Task::Abstract | Task::Manual | Task::Global => What::Pass,
            Task::User => What::User(Box::new(self.user(node))),
            Task::Service | Task::BusinessRule => match self.service(node) {
                Some(service) => What::Service(Box::new(service)),
                None => What::Pass,
            },
            Task::Send { message: Some(message) } => {
                What::Throw(vec![Throw::Message(message.as_str().into())])
            }
            Task::Send { message: None } => match self.service(node) {
                Some(service) => What::Service(Box::new(service)),
                None => What::Pass,
            },
            Task::Receive { message, .. } => {
                What::Receive { message: message.as_deref().map(Into::into) }
            }
            Task::Script { script, .. } => What::Script(self.script(node, script)),
        }
    }

    fn user(&mut self, node: &'a model::Node) -> UserTask {
        let mut pick = |attribute: &str, element: &'static str, name: &str| {
            let zeebe = || vendor::extension_value(node, element, name);
            let text = vendor::attribute(node, attribute).or_else(zeebe)?;
            self.template(node, text)
        };
        UserTask {
            assignee: pick("assignee", "assignmentDefinition", "assignee"),
            candidate_users: pick("candidateUsers", "assignmentDefinition", "candidateUsers"),
            candidate_groups: pick("candidateGroups", "assignmentDefinition", "candidateGroups"),
            due: pick("dueDate", "taskSchedule", "dueDate"),
            form_key: pick("formKey", "formDefinition", "formKey")
                .or_else(|| pick("formKey", "formDefinition", "formId")),
        }
    }

    /// A call of the ERP or an expression; neither makes the task pass through.
    fn service(&mut self, node: &'a model::Node) -> Option<ServiceTask> {
        let variable = vendor::attribute(node, "resultVariable");
        let variable = variable.or_else(|| vendor::attribute(node, "resultVariableName"));
        if let Some(text) = vendor::attribute(node, "expression") {
            let value = self.formula(&node.id, node.line, text)?;
            return Some(ServiceTask::Inside { value, variable: variable.map(str::to_owned) });
        }
        let own = |it: &&model::Attribute| it.dialect == Dialect::Aiflow && it.name == "address";
        let address = &node.attributes.iter().find(own)?.value;
        let address = self.template(node, address)?;
        let (mut inputs, mut outputs, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        let lines = vendor::extensions(node, "call").flat_map(|call| &call.children);
        for line in lines {
            let name = |name| vendor::value(line, name).unwrap_or_default();
            match line.name.as_str() {
                "input" => {
                    let value = self.template(node, &line.text);
                    inputs.extend(value.map(|value| (name("name").to_owned(), value)));
                }
                "output" => {
                    let value = self.template(node, &line.text);
                    outputs.extend(value.map(|value| (name("variable").to_owned(), value)));
                }
                "error" => {
                    let when = self.formula(&node.id, node.line, name("when"));
                    errors.extend(when.map(|when| (name("code").into(), when)));
                }
                _ => {}
            }
        }
        Some(ServiceTask::Call { address, inputs, outputs, errors })
    }

    /// Assignments `name = expression` and plain expressions, one a line.
    fn script(&mut self, node: &'a model::Node, text: &str) -> Vec<(Option<String>, Expression)> {
        let result = vendor::attribute(node, "resultVariable").map(str::to_owned);
        let mut compiled = Vec::new();
        for (name, text) in script::lines(text) {
            let name = name.map(str::to_owned).or_else(|| result.clone());
            compiled.extend(self.formula(&node.id, node.line, text).map(|value| (name, value)));
        }
        for line in vendor::extensions(node, "script") {
            let name = vendor::value(line, "resultVariable").map(str::to_owned);
            let text = vendor::value(line, "expression").unwrap_or_default();
            compiled.extend(self.formula(&node.id, node.line, text).map(|value| (name, value)));
        }
        compiled
    }

    fn call(&mut self, node: &'a model::Node, called: Option<&str>) -> What {
        let called = called.unwrap_or_default();
        if !self.calls.iter().any(|it| it == called) {
            self.calls.push(called.to_owned());
        }
        let (ins, outs): (Vec<_>, Vec<_>) =
            (vendor::extensions(node, "in").collect(), vendor::extensions(node, "out").collect());
        let all = ins.is_empty() && outs.is_empty();
        let inputs = self.mapping(node, &ins, all);
        let outputs = self.mapping(node, &outs, all);
        What::Call(Box::new(Call { called: called.into(), inputs, outputs }))
    }

    fn mapping(&mut self, node: &'a model::Node, lines: &[&'a Extension], all: bool) -> Mapping {
        let mut mapping = Mapping { all, pairs: Vec::new() };
        for line in lines {
            mapping.all |= vendor::value(line, "variables") == Some("all");
            let source = match vendor::value(line, "source") {
                Some(name) => self.formula(&node.id, node.line, name),
                None => vendor::value(line, "sourceExpression")
                    .and_then(|text| self.formula(&node.id, node.line, text)),
            };
            let target = vendor::value(line, "target").map(str::to_owned);
            mapping.pairs.extend(source.zip(target));
        }
        mapping
    }

    fn flavour(&mut self, node: &'a model::Node, flavour: &'a Drawn) -> Flavour {
        match flavour {
            Drawn::Embedded => Flavour::Plain,
            Drawn::Event => Flavour::Event,
            Drawn::Transaction => Flavour::Transaction,
            Drawn::AdHoc { sequential, completion, cancel_remaining } => Flavour::AdHoc {
                sequential: *sequential,
                completion: self.optional(node, completion.as_deref()),
                cancel_remaining: *cancel_remaining,
            },
        }
    }

    pub(super) fn repeat(&mut self, node: &'a model::Node) -> Option<Repeat> {
        Some(match node.looping.as_ref()? {
            Loop::Standard { test_before, maximum, condition } => Repeat::Standard {
                test_before: *test_before,
                maximum: maximum.map(|it| u32::try_from(it).unwrap_or_default()),
                condition: self.optional(node, condition.as_deref()),
            },
            Loop::Multi {
                sequential,
                cardinality,
                collection,
                element,
                output_collection,
                output_element,
                completion,
                behavior,
            } => {
                let output = self.optional(node, output_element.as_deref());
                Repeat::Multi(Box::new(Multi {
                    sequential: *sequential,
                    cardinality: self.optional(node, cardinality.as_deref()),
                    collection: self.optional(node, collection.as_deref()),
                    element: element.clone(),
                    output: output_collection.clone().zip(output),
                    completion: self.optional(node, completion.as_deref()),
                    signals: self.behavior(node, behavior),
                }))
            }
        })
    }

    fn behavior(
        &mut self,
        node: &'a model::Node,
        behavior: &'a Behavior,
    ) -> Vec<(bool, Option<Expression>, Throw)> {
        match behavior {
            Behavior::All => Vec::new(),
            Behavior::One(event) | Behavior::None(event) => {
                let thrown = event.as_ref().and_then(|it| self.thrown(node, 0, it));
                let only_first = matches!(behavior, Behavior::One(_));
                thrown.into_iter().map(|it| (only_first, None, it)).collect()
            }
            Behavior::Complex(rules) => {
                let mut found = Vec::new();
                for (condition, event) in rules {
                    let condition = self.formula(&node.id, node.line, condition);
                    let thrown = self.thrown(node, 0, event);
                    found.extend(thrown.map(|it| (false, condition, it)));
                }
                found
            }
        }
    }

    fn optional(&mut self, node: &model::Node, text: Option<&str>) -> Option<Expression> {
        text.and_then(|text| self.formula(&node.id, node.line, text))
    }
}
