//! Vendors' attributes and `extensionElements`.

use super::{Element, MODEL, child, dialect, text};
use crate::bpmn::model::{Attribute, Extension};

const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// Attributes of vendors' namespaces, in document order.
pub(super) fn attributes(element: Element<'_>) -> Vec<Attribute> {
    let mut found = Vec::new();
    for attribute in element.attributes() {
        let Some(namespace) = attribute.namespace() else { continue };
        if ![MODEL, SCHEMA_INSTANCE, XML].contains(&namespace) {
            found.push(Attribute {
                dialect: dialect(namespace),
                name: attribute.name().to_owned(),
                value: attribute.value().to_owned(),
            });
        }
    }
    found
}

/// What stands inside the element's `extensionElements`.
pub(super) fn extensions(element: Element<'_>) -> Vec<Extension> {
    child(element, "extensionElements").map(inside).unwrap_or_default()
}

fn inside(element: Element<'_>) -> Vec<Extension> {
    let children = element.children().filter(|child| child.is_element());
    children.map(extension).collect()
}

/// As deep as the guard lets elements be nested.
fn extension(element: Element<'_>) -> Extension {
    let attributes = element.attributes();
    Extension {
        dialect: dialect(element.tag_name().namespace().unwrap_or_default()),
        name: element.tag_name().name().to_owned(),
        attributes: attributes.map(|a| (a.name().to_owned(), a.value().to_owned())).collect(),
        text: text(element),
        children: inside(element),
    }
}
