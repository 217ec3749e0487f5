//! Event definitions, with what they refer to.

use super::{Element, Reader, child, child_text, extension, model_children, owned, text, title};
use crate::bpmn::model::{Dialect, EventDefinition, Events, Timer};

impl<'a> Reader<'a> {
    /// All event definitions of an event, written in place or referred to.
    pub(super) fn events(&mut self, event: Element<'a>) -> Events {
        let mut definitions = Vec::new();
        for element in model_children(event) {
            if is_definition(element) {
                definitions.extend(self.definition(event, element));
            } else if element.tag_name().name() == "eventDefinitionRef" {
                let reference = text(element);
                definitions.extend(self.definition_of(event, &reference));
            }
        }
        Events { definitions, parallel: self.flag(event, "parallelMultiple", false) }
    }

    /// Vendors let their engines do things in place of the event.
    fn vendor_definition(&mut self, element: Element<'a>) {
        let active = [
            "class",
            "delegateExpression",
            "expression",
            "messageExpression",
            "signalExpression",
            "topic",
        ];
        let attributes = extension::attributes(element).into_iter();
        for attribute in attributes.filter(|it| it.dialect != Dialect::Other) {
            let name = attribute.name.as_str();
            if active.contains(&name) {
                let message = format!("不支持事件定义的扩展属性 {name}");
                self.defect(element, "UNSUPPORTED_EXTENSION", message);
            }
        }
    }

    /// The event definition that a reference of `from` names.
    pub(super) fn definition_of(
        &mut self,
        from: Element<'a>,
        reference: &str,
    ) -> Option<EventDefinition> {
        match self.roots.find(from, reference).filter(|found| is_definition(*found)) {
            Some(element) => self.definition(from, element),
            None => {
                self.unknown(from, "事件定义", reference);
                None
            }
        }
    }

    /// A message or signal without a reference is called like its event, as people draw them.
    fn definition(&mut self, event: Element<'a>, element: Element<'a>) -> Option<EventDefinition> {
        self.vendor_definition(element);
        let name = title(event).filter(|name| !name.is_empty());
        let like_event = || name.or_else(|| owned(event, "id"));
        Some(match element.tag_name().name() {
            "messageEventDefinition" if refers(element, &["messageRef", "operationRef"]) => {
                EventDefinition::Message(self.message(element))
            }
            "messageEventDefinition" => EventDefinition::Message(like_event()),
            "signalEventDefinition" if refers(element, &["signalRef"]) => {
                let signal = self.root(element, "signalRef", "signal", "信号");
                EventDefinition::Signal(signal.map(|signal| name_or_id(signal, "name")))
            }
            "signalEventDefinition" => EventDefinition::Signal(like_event()),
            "errorEventDefinition" => {
                let error = self.root(element, "errorRef", "error", "错误");
                EventDefinition::Error(error.map(|error| name_or_id(error, "errorCode")))
            }
            "escalationEventDefinition" => {
                let escalation = self.root(element, "escalationRef", "escalation", "升级");
                EventDefinition::Escalation(escalation.map(|e| name_or_id(e, "escalationCode")))
            }
            "timerEventDefinition" => EventDefinition::Timer(timer(element)),
            "conditionalEventDefinition" => {
                EventDefinition::Conditional(child_text(element, "condition"))
            }
            "terminateEventDefinition" => EventDefinition::Terminate,
            "cancelEventDefinition" => EventDefinition::Cancel,
            "compensateEventDefinition" => EventDefinition::Compensate {
                activity: self.activity(element),
                wait: self.flag(element, "waitForCompletion", true),
            },
            "linkEventDefinition" => EventDefinition::Link(self.link(element)),
            other => {
                self.defect(element, "UNSUPPORTED_ELEMENT", format!("不支持的事件定义 {other}"));
                return None;
            }
        })
    }

    /// The message that an event or a task names, directly or through its operation.
    pub(super) fn message(&mut self, element: Element<'a>) -> Option<String> {
        if let Some(message) = self.root(element, "messageRef", "message", "消息") {
            return Some(name_or_id(message, "name"));
        }
        let reference = element.attribute("operationRef").map(str::to_owned);
        let reference = reference.or_else(|| child_text(element, "operationRef"))?;
        if element.attribute("messageRef").is_some() {
            return None;
        }
        let Some(operation) = self.roots.named(element, "operation", &reference) else {
            self.unknown(element, "操作", &reference);
            return None;
        };
        let message = child_text(operation, "inMessageRef")?;
        match self.roots.named(operation, "message", &message) {
            Some(message) => Some(name_or_id(message, "name")),
            None => {
                self.unknown(element, "消息", &message);
                None
            }
        }
    }

    /// The name of a link; that of its target where it names one.
    fn link(&mut self, element: Element<'a>) -> Option<String> {
        let Some(reference) = child_text(element, "target") else {
            return Some(name_or_id(element, "name")).filter(|name| !name.is_empty());
        };
        match self.roots.named(element, "linkEventDefinition", &reference) {
            Some(target) => Some(name_or_id(target, "name")),
            None => {
                self.unknown(element, "链接", &reference);
                None
            }
        }
    }

    /// The activity to be compensated, as an id of this file.
    fn activity(&mut self, element: Element<'a>) -> Option<String> {
        let reference = element.attribute("activityRef")?;
        let found = self.roots.find(element, reference).and_then(|found| found.attribute("id"));
        if found.is_none() {
            self.unknown(element, "活动", reference);
        }
        found.map(str::to_owned)
    }

    fn root(
        &mut self,
        element: Element<'a>,
        attribute: &str,
        tag: &str,
        what: &str,
    ) -> Option<Element<'a>> {
        let reference = element.attribute(attribute)?;
        let found = self.roots.named(element, tag, reference);
        if found.is_none() {
            self.unknown(element, what, reference);
        }
        found
    }
}

fn is_definition(element: Element<'_>) -> bool {
    element.tag_name().name().ends_with("EventDefinition")
}

fn refers(element: Element<'_>, attributes: &[&str]) -> bool {
    attributes.iter().any(|name| element.has_attribute(*name) || child(element, name).is_some())
}

fn name_or_id(element: Element<'_>, attribute: &str) -> String {
    let name = element.attribute(attribute).map(str::trim).filter(|name| !name.is_empty());
    name.or_else(|| element.attribute("id")).unwrap_or_default().to_owned()
}

fn timer(element: Element<'_>) -> Timer {
    let part = |name| child(element, name).map(text);
    match (part("timeDate"), part("timeDuration"), part("timeCycle")) {
        (Some(date), None, None) => Timer::Date(date),
        (None, Some(duration), None) => Timer::Duration(duration),
        (None, None, Some(cycle)) => Timer::Cycle(cycle),
        _ => Timer::Unclear,
    }
}
