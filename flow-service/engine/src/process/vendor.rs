//! What vendors' attributes and extension elements mean, whichever dialect they are written in.

use crate::bpmn::model::{Dialect, Extension, Node};

/// The value of a vendor's attribute.
pub(super) fn attribute<'a>(node: &'a Node, name: &str) -> Option<&'a str> {
    let known = |dialect: Dialect| dialect != Dialect::Other;
    let found = node.attributes.iter().find(|it| known(it.dialect) && it.name == name)?;
    Some(found.value.as_str())
}

/// Extension elements of this name.
pub(super) fn extensions<'a>(
    node: &'a Node,
    name: &'static str,
) -> impl Iterator<Item = &'a Extension> {
    node.extensions.iter().filter(move |it| it.dialect != Dialect::Other && it.name == name)
}

/// An attribute of an extension element.
pub(super) fn value<'a>(extension: &'a Extension, name: &str) -> Option<&'a str> {
    let found = extension.attributes.iter().find(|(key, _)| key == name)?;
    Some(found.1.as_str())
}

/// An attribute of the first extension element of a name.
pub(super) fn extension_value<'a>(
    node: &'a Node,
    element: &'static str,
    name: &str,
) -> Option<&'a str> {
    extensions(node, element).find_map(|it| value(it, name))
}
