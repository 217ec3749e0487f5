//! Activities, events and gateways.

use super::{Element, Reader, child, child_text, extension, model_children, owned, people, title};
use crate::bpmn::model::{Dialect, Flavour, Kind, Node, Task};

impl<'a> Reader<'a> {
    /// What a flow node is; `None` = the element is none.
    pub(super) fn kind(&mut self, element: Element<'a>) -> Option<Kind> {
        Some(match element.tag_name().name() {
            "startEvent" => Kind::Start {
                events: self.events(element),
                interrupting: self.flag(element, "isInterrupting", true),
            },
            "endEvent" => Kind::End { events: self.events(element) },
            "intermediateThrowEvent" => Kind::Throw { events: self.events(element) },
            "intermediateCatchEvent" => Kind::Catch { events: self.events(element) },
            "boundaryEvent" => Kind::Boundary {
                events: self.events(element),
                attached_to: self.host(element),
                interrupting: self.flag(element, "cancelActivity", true),
            },
            "exclusiveGateway" => Kind::Exclusive,
            "inclusiveGateway" => Kind::Inclusive,
            "parallelGateway" => Kind::Parallel,
            "complexGateway" => {
                Kind::Complex { activation: child_text(element, "activationCondition") }
            }
            "eventBasedGateway" => Kind::EventBased {
                instantiate: self.flag(element, "instantiate", false),
                parallel: element.attribute("eventGatewayType") == Some("Parallel"),
            },
            "subProcess" | "transaction" | "adHocSubProcess" => {
                Kind::SubProcess { flavour: self.flavour(element), body: self.body(element) }
            }
            "callActivity" => Kind::Call { called: self.called(element) },
            tag => Kind::Task(self.task(element, tag)?),
        })
    }

    fn task(&mut self, element: Element<'a>, tag: &str) -> Option<Task> {
        Some(match tag {
            "task" => Task::Abstract,
            "userTask" => Task::User,
            "manualTask" => Task::Manual,
            "serviceTask" => Task::Service,
            "businessRuleTask" => Task::BusinessRule,
            "scriptTask" => script(element),
            "sendTask" => Task::Send { message: self.message(element) },
            "receiveTask" => Task::Receive {
                message: self.message(element),
                instantiate: self.flag(element, "instantiate", false),
            },
            _ => return None,
        })
    }

    /// Everything of a node but its kind. Attributes of vendors come first, so that they count before
    /// what the standard's elements say.
    pub(super) fn node(&mut self, element: Element<'a>, kind: Kind) -> Node {
        let has_body = matches!(kind, Kind::SubProcess { .. });
        let mut attributes = extension::attributes(element);
        attributes.extend(people::people(element));
        self.data_mappings(element);
        Node {
            id: self.id(element),
            name: title(element),
            line: self.line(element),
            kind,
            looping: self.repetition(element),
            default_flow: owned(element, "default").filter(|flow| !flow.is_empty()),
            for_compensation: self.flag(element, "isForCompensation", false),
            start_quantity: self.number(element, "startQuantity").unwrap_or(1),
            completion_quantity: self.number(element, "completionQuantity").unwrap_or(1),
            data: if has_body { Vec::new() } else { self.data(element) },
            attributes,
            extensions: extension::extensions(element),
        }
    }

    /// Data goes by variables; what would compute on its way would silently not be done.
    fn data_mappings(&mut self, element: Element<'a>) {
        for association in model_children(element) {
            let tag = association.tag_name().name();
            let active = ["assignment", "transformation"];
            let computes = active.iter().any(|name| child(association, name).is_some());
            if ["dataInputAssociation", "dataOutputAssociation"].contains(&tag) && computes {
                let message = "不支持数据关联中的赋值（assignment）和转换（transformation）".into();
                self.defect(association, "UNSUPPORTED_DATA_MAPPING", message);
            }
        }
    }

    fn flavour(&mut self, element: Element<'a>) -> Flavour {
        match element.tag_name().name() {
            "transaction" => Flavour::Transaction,
            "adHocSubProcess" => Flavour::AdHoc {
                sequential: element.attribute("ordering") == Some("Sequential"),
                completion: child_text(element, "completionCondition"),
                cancel_remaining: self.flag(element, "cancelRemainingInstances", true),
            },
            _ if self.flag(element, "triggeredByEvent", false) => Flavour::Event,
            _ => Flavour::Embedded,
        }
    }

    fn host(&self, element: Element<'a>) -> String {
        let reference = element.attribute("attachedToRef").unwrap_or_default();
        let found = self.roots.find(element, reference).and_then(|host| host.attribute("id"));
        found.unwrap_or(reference).to_owned()
    }

    fn called(&self, element: Element<'a>) -> Option<String> {
        let zeebe = extension::extensions(element).into_iter().find(|extension| {
            extension.dialect == Dialect::Zeebe && extension.name == "calledElement"
        });
        let process_id = zeebe.and_then(|extension| {
            extension.attributes.into_iter().find(|(name, _)| name == "processId")
        });
        let called = owned(element, "calledElement").or(process_id.map(|(_, value)| value))?;
        let called = called.trim();
        let own = self.roots.callable(element, called).unwrap_or(called);
        Some(own.to_owned()).filter(|called| !called.is_empty())
    }
}

/// A script with its format.
pub(super) fn script(element: Element<'_>) -> Task {
    let format = element.attribute("scriptFormat").or_else(|| element.attribute("scriptLanguage"));
    Task::Script {
        format: format.map(str::to_owned),
        script: child_text(element, "script").unwrap_or_default(),
    }
}
