//! Events: what they wait for and what they throw.

use super::{Builder, model};
use crate::bpmn::model::{EventDefinition, Events, Timer};
use crate::process::graph::*;

impl<'a> Builder<'a> {
    pub(super) fn awaits(&mut self, node: &'a model::Node, events: &'a Events) -> Awaits {
        let definitions = events.definitions.iter();
        let of = definitions.filter_map(|definition| self.awaited(node, definition)).collect();
        Awaits { of, all: events.parallel }
    }

    fn awaited(&mut self, node: &'a model::Node, definition: &'a EventDefinition) -> Option<Await> {
        let code = |code: &Option<String>| code.as_deref().map(Into::into);
        Some(match definition {
            EventDefinition::Message(name) => Await::Message(self.named(node, name)),
            EventDefinition::Signal(name) => Await::Signal(self.named(node, name)),
            EventDefinition::Timer(timer) => Await::Timer(self.timer(node, timer)?),
            EventDefinition::Conditional(text) => {
                let text = text.as_deref().unwrap_or_default();
                Await::Condition(self.formula(&node.id, node.line, text)?)
            }
            EventDefinition::Error(it) => Await::Error(code(it)),
            EventDefinition::Escalation(it) => Await::Escalation(code(it)),
            EventDefinition::Compensate { .. } => Await::Compensation,
            EventDefinition::Cancel => Await::Cancel,
            EventDefinition::Terminate | EventDefinition::Link(_) => return None,
        })
    }

    pub(super) fn throws(
        &mut self,
        node: &'a model::Node,
        scope: ScopeIx,
        events: &'a Events,
    ) -> What {
        let definitions = events.definitions.iter();
        let throws = definitions.filter_map(|it| self.thrown(node, scope, it)).collect::<Vec<_>>();
        if throws.is_empty() { What::Pass } else { What::Throw(throws) }
    }

    pub(super) fn thrown(
        &mut self,
        node: &'a model::Node,
        scope: ScopeIx,
        definition: &'a EventDefinition,
    ) -> Option<Throw> {
        let code = |code: &Option<String>| code.as_deref().map(Into::into);
        Some(match definition {
            EventDefinition::Message(name) => Throw::Message(self.named(node, name)),
            EventDefinition::Signal(name) => Throw::Signal(self.named(node, name)),
            EventDefinition::Error(it) => Throw::Error(code(it)),
            EventDefinition::Escalation(it) => Throw::Escalation(code(it)),
            EventDefinition::Terminate => Throw::Terminate,
            EventDefinition::Cancel => Throw::Cancel,
            EventDefinition::Compensate { activity: None, .. } => Throw::Compensate(None),
            EventDefinition::Compensate { activity: Some(activity), .. } => {
                let known = self.by_id.get(activity.as_str()).copied();
                Throw::Compensate(Some(known.unwrap_or(NO_NODE)))
            }
            EventDefinition::Link(name) => {
                let name = name.as_deref().unwrap_or_default();
                let Some(&target) = self.links.get(&(scope, name)) else {
                    let message = format!("没有名为 {name} 的链接捕获事件");
                    self.finding(&node.id, node.line, "LINK_WITHOUT_TARGET", message);
                    return None;
                };
                Throw::Link(target)
            }
            EventDefinition::Timer(_) | EventDefinition::Conditional(_) => return None,
        })
    }

    fn named(&mut self, node: &model::Node, name: &Option<String>) -> std::sync::Arc<str> {
        if name.is_none() {
            self.finding(&node.id, node.line, "NO_REFERENCE", "事件没有引用消息或信号".into());
        }
        name.as_deref().unwrap_or_default().into()
    }

    fn timer(&mut self, node: &model::Node, timer: &Timer) -> Option<TimerRule> {
        match timer {
            Timer::Date(text) => self.template(node, text).map(TimerRule::Date),
            Timer::Duration(text) => self.template(node, text).map(TimerRule::Duration),
            Timer::Cycle(text) => self.template(node, text).map(TimerRule::Cycle),
            Timer::Unclear => {
                let message = "定时事件须有且只有 timeDate、timeDuration、timeCycle 之一".into();
                self.finding(&node.id, node.line, "UNCLEAR_TIMER", message);
                None
            }
        }
    }
}
