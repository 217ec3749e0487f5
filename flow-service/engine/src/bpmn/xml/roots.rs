//! Root elements and other things that are referred to by id, whichever order they stand in.

use std::collections::BTreeMap;

use super::{Element, MODEL, child_text, model_children};

/// What an id names in this file.
pub(super) struct Roots<'a> {
    by_id: BTreeMap<&'a str, Element<'a>>,
}

impl<'a> Roots<'a> {
    pub(super) fn new(root: Element<'a>) -> Self {
        let mut by_id = BTreeMap::new();
        for element in root.descendants().filter(|e| e.tag_name().namespace() == Some(MODEL)) {
            if let Some(id) = element.attribute("id") {
                by_id.entry(id).or_insert(element);
            }
        }
        Self { by_id }
    }

    /// What a reference made at `from` names; it may carry a namespace prefix.
    pub(super) fn find(&self, from: Element<'a>, reference: &str) -> Option<Element<'a>> {
        let found = self.by_id.get(reference).or_else(|| {
            let (prefix, local) = reference.split_once(':')?;
            from.lookup_namespace_uri(Some(prefix))?;
            self.by_id.get(local)
        });
        found.copied()
    }

    /// Like [`find`](Self::find), if it is an element of that name.
    pub(super) fn named(&self, from: Element<'a>, tag: &str, id: &str) -> Option<Element<'a>> {
        self.find(from, id).filter(|element| element.tag_name().name() == tag)
    }

    /// The id of a process or global task of this file that `reference` names.
    pub(super) fn callable(&self, from: Element<'a>, reference: &str) -> Option<&'a str> {
        let found = self.find(from, reference)?;
        let tag = found.tag_name().name();
        let callable = tag == "process" || super::global_task(tag).is_some();
        if callable { found.attribute("id") } else { None }
    }

    /// The variable that holds a data object, property or the like, followed through references
    /// and the associations of an activity; what is not declared is a variable's name itself.
    pub(super) fn variable(&self, from: Element<'a>, reference: &str) -> String {
        let mut at = reference.to_owned();
        // A reference, an association and a data object: three steps; more would be a circle.
        for _ in 0..4 {
            let Some(element) = self.find(from, &at) else { break };
            let next = match element.tag_name().name() {
                "dataObjectReference" => element.attribute("dataObjectRef").map(str::to_owned),
                "dataInput" => bound(from, "dataInputAssociation", "targetRef", "sourceRef", &at),
                "dataOutput" => bound(from, "dataOutputAssociation", "sourceRef", "targetRef", &at),
                _ => None,
            };
            match next {
                Some(next) => at = next,
                None => return element.attribute("name").unwrap_or(&at).to_owned(),
            }
        }
        at
    }
}

/// The other end of the association of `activity` whose `near` end is `id`.
fn bound(activity: Element<'_>, tag: &str, near: &str, far: &str, id: &str) -> Option<String> {
    model_children(activity)
        .filter(|association| association.tag_name().name() == tag)
        .find(|association| child_text(*association, near).as_deref() == Some(id))
        .and_then(|association| child_text(association, far))
}
