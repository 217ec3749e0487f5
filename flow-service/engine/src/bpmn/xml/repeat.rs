//! How often an activity is done: standard loops and multiple instances.

use super::{Element, Reader, child, child_text, extension, model_children};
use crate::bpmn::model::{Attribute, Behavior, Dialect, EventDefinition, Extension, Loop};

impl<'a> Reader<'a> {
    /// The loop characteristics of an activity.
    pub(super) fn repetition(&mut self, activity: Element<'a>) -> Option<Loop> {
        model_children(activity).find_map(|element| match element.tag_name().name() {
            "standardLoopCharacteristics" => Some(self.standard(element)),
            "multiInstanceLoopCharacteristics" => Some(self.multi(activity, element)),
            _ => None,
        })
    }

    fn standard(&mut self, element: Element<'a>) -> Loop {
        Loop::Standard {
            test_before: self.flag(element, "testBefore", false),
            maximum: self.number(element, "loopMaximum"),
            condition: child_text(element, "loopCondition"),
        }
    }

    fn multi(&mut self, activity: Element<'a>, element: Element<'a>) -> Loop {
        let vendor = Vendor::new(element);
        let variable = |name| {
            child_text(element, name).map(|reference| self.roots.variable(activity, &reference))
        };
        Loop::Multi {
            cardinality: child_text(element, "loopCardinality"),
            collection: vendor
                .get("collection", "inputCollection")
                .or_else(|| variable("loopDataInputRef")),
            element: vendor
                .get("elementVariable", "inputElement")
                .or_else(|| item(element, "inputDataItem")),
            output_collection: vendor
                .get("", "outputCollection")
                .or_else(|| variable("loopDataOutputRef")),
            output_element: vendor
                .get("", "outputElement")
                .or_else(|| item(element, "outputDataItem")),
            completion: child_text(element, "completionCondition"),
            sequential: self.flag(element, "isSequential", false),
            behavior: self.behavior(element),
        }
    }

    fn behavior(&mut self, element: Element<'a>) -> Behavior {
        match element.attribute("behavior").unwrap_or("All") {
            "All" => Behavior::All,
            "One" => Behavior::One(self.thrown(element, "oneBehaviorEventRef")),
            "None" => Behavior::None(self.thrown(element, "noneBehaviorEventRef")),
            "Complex" => Behavior::Complex(self.complex(element)),
            other => {
                let message = format!("属性 behavior 的值 {other} 不是 All、One、None 或 Complex");
                self.defect(element, "BAD_VALUE", message);
                Behavior::All
            }
        }
    }

    fn thrown(&mut self, element: Element<'a>, attribute: &str) -> Option<EventDefinition> {
        let reference = element.attribute(attribute)?;
        self.definition_of(element, reference)
    }

    fn complex(&mut self, element: Element<'a>) -> Vec<(String, EventDefinition)> {
        let mut found = Vec::new();
        for rule in model_children(element) {
            if rule.tag_name().name() != "complexBehaviorDefinition" {
                continue;
            }
            let condition = child_text(rule, "condition");
            let events = child(rule, "event").map(|event| self.events(event)).unwrap_or_default();
            let Some(condition) = condition else {
                let message = "complexBehaviorDefinition 没有条件".into();
                self.defect(rule, "INCOMPLETE_LOOP", message);
                continue;
            };
            let events = events.definitions.into_iter();
            found.extend(events.map(|event| (condition.clone(), event)));
        }
        found
    }
}

/// A data item is a variable named so, else by its id.
fn item(element: Element<'_>, tag: &str) -> Option<String> {
    let item = child(element, tag)?;
    item.attribute("name").or_else(|| item.attribute("id")).map(str::to_owned)
}

/// What vendors write on loop characteristics.
struct Vendor {
    attributes: Vec<Attribute>,
    zeebe: Option<Extension>,
}

impl Vendor {
    fn new(element: Element<'_>) -> Self {
        let zeebe = extension::extensions(element).into_iter().find(|extension| {
            extension.dialect == Dialect::Zeebe && extension.name == "loopCharacteristics"
        });
        Self { attributes: extension::attributes(element), zeebe }
    }

    fn get(&self, attribute: &str, zeebe: &str) -> Option<String> {
        let own = self.attributes.iter();
        let mut own = own.filter(|a| a.dialect != Dialect::Other && a.name == attribute);
        let own = own.next().map(|a| a.value.clone());
        own.or_else(|| {
            let attributes = &self.zeebe.as_ref()?.attributes;
            attributes.iter().find(|(name, _)| name == zeebe).map(|(_, value)| value.clone())
        })
    }
}
