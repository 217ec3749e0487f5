//! The inside of a process or sub-process.

use super::{Element, Reader, child, model_children, owned, text, title};
use crate::bpmn::model::{Body, DataItem, EventDefinition, Kind, Node, SequenceFlow};

/// Children of a scope that say nothing about execution, or that other functions read.
const ELSEWHERE: [&str; 29] = [
    "association",
    "auditing",
    "completionCondition",
    "correlationSubscription",
    "dataInputAssociation",
    "dataObject",
    "dataObjectReference",
    "dataOutputAssociation",
    "dataStoreReference",
    "documentation",
    "extensionElements",
    "group",
    "humanPerformer",
    "incoming",
    "ioBinding",
    "ioSpecification",
    "laneSet",
    "monitoring",
    "multiInstanceLoopCharacteristics",
    "outgoing",
    "performer",
    "potentialOwner",
    "property",
    "resourceRole",
    "sequenceFlow",
    "standardLoopCharacteristics",
    "supportedInterfaceRef",
    "supports",
    "textAnnotation",
];

impl<'a> Reader<'a> {
    /// Reads the children of a process or sub-process; as deep as the guard lets them be nested.
    pub(super) fn body(&mut self, scope: Element<'a>) -> Body {
        let mut body = Body { data: self.data(scope), ..Default::default() };
        for element in model_children(scope) {
            let tag = element.tag_name().name();
            if tag == "sequenceFlow" {
                body.flows.push(self.flow(element));
            } else if !ELSEWHERE.contains(&tag) {
                match self.kind(element) {
                    Some(kind) => body.nodes.push(self.node(element, kind)),
                    None => self.foreign(element),
                }
            }
        }
        body.compensations = compensations(scope, &body.nodes);
        body
    }

    fn foreign(&mut self, element: Element<'a>) {
        let message = format!("不支持的元素 {}", element.tag_name().name());
        self.defect(element, "UNSUPPORTED_ELEMENT", message);
    }

    fn flow(&mut self, element: Element<'a>) -> SequenceFlow {
        SequenceFlow {
            id: self.id(element),
            name: title(element),
            line: self.line(element),
            source: owned(element, "sourceRef").unwrap_or_default(),
            target: owned(element, "targetRef").unwrap_or_default(),
            condition: self.condition(element),
        }
    }

    /// A condition, in the one language there is.
    fn condition(&mut self, flow: Element<'a>) -> Option<String> {
        let element = child(flow, "conditionExpression")?;
        self.language(element);
        Some(text(element))
    }

    /// Refuses an expression that says it is in a language of its own.
    fn language(&mut self, element: Element<'a>) {
        let Some(language) = element.attribute("language") else { return };
        let lower = language.to_ascii_lowercase();
        let known = ["aiflow", "feel", "juel"].iter().any(|known| lower.contains(known));
        if !known && !lower.is_empty() {
            let message = format!("不支持的表达式语言 {language}");
            self.defect(element, "UNSUPPORTED_LANGUAGE", message);
        }
    }

    /// Data objects and properties declared right inside an element.
    pub(super) fn data(&mut self, scope: Element<'a>) -> Vec<DataItem> {
        let mut items = Vec::new();
        for element in model_children(scope) {
            if ["dataObject", "property"].contains(&element.tag_name().name()) {
                items.push(DataItem { id: self.id(element), name: owned(element, "name") });
            }
        }
        items
    }
}

/// Which activity undoes what a compensation boundary event stands on. The associations may stand
/// in any scope around.
fn compensations(scope: Element<'_>, nodes: &[Node]) -> Vec<(String, String)> {
    let mut events = nodes.iter().filter(|node| undoes(node)).peekable();
    if events.peek().is_none() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let associations = scope
        .ancestors()
        .flat_map(model_children)
        .filter(|element| element.tag_name().name() == "association")
        .collect::<Vec<_>>();
    for event in events {
        for association in &associations {
            let ends = (association.attribute("sourceRef"), association.attribute("targetRef"));
            if let (Some(source), Some(target)) = ends
                && source == event.id
            {
                found.push((source.to_owned(), target.to_owned()));
            }
        }
    }
    found
}

fn undoes(node: &Node) -> bool {
    let Kind::Boundary { events, .. } = &node.kind else { return false };
    let compensates = |event: &EventDefinition| matches!(event, EventDefinition::Compensate { .. });
    events.definitions.iter().any(compensates)
}
