//! Who does a task, as the standard writes it, read like the vendors' attributes.

use super::{Element, child, child_text, model_children};
use crate::bpmn::model::{Attribute, Dialect};

/// `humanPerformer` and `potentialOwner` with an expression, as Activiti and its kin read them:
/// the first is the assignee, the second a list of `user(..)`, `group(..)` or bare groups. A mere
/// name of a resource says nothing that can be executed.
pub(super) fn people(task: Element<'_>) -> Vec<Attribute> {
    let (mut assignee, mut users, mut groups) = (None, Vec::new(), Vec::new());
    for role in model_children(task) {
        let Some(text) = expression(role) else { continue };
        match role.tag_name().name() {
            "humanPerformer" | "performer" => assignee = Some(text),
            "potentialOwner" => owners(&text, &mut users, &mut groups),
            _ => {}
        }
    }
    let lists = [("candidateUsers", users.join(",")), ("candidateGroups", groups.join(","))];
    let assignee = assignee.map(|text| ("assignee", text));
    let found = assignee.into_iter().chain(lists).filter(|(_, value)| !value.is_empty());
    found
        .map(|(name, value)| Attribute { dialect: Dialect::Activiti, name: name.to_owned(), value })
        .collect()
}

fn expression(role: Element<'_>) -> Option<String> {
    let assignment = child(role, "resourceAssignmentExpression")?;
    child_text(assignment, "formalExpression").or_else(|| child_text(assignment, "expression"))
}

fn owners(text: &str, users: &mut Vec<String>, groups: &mut Vec<String>) {
    if text.starts_with('=') {
        groups.push(text.to_owned());
        return;
    }
    for part in parts(text) {
        let inside = |kind: &str| part.strip_prefix(kind)?.strip_suffix(')').map(str::trim);
        match (inside("user("), inside("group(")) {
            (Some(user), _) => users.push(user.to_owned()),
            (None, Some(group)) => groups.push(group.to_owned()),
            (None, None) => groups.push(part.to_owned()),
        }
    }
}

/// The parts between commas that stand in no bracket.
fn parts(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    let parts = text.split(|c| {
        match c {
            '(' | '{' | '[' => depth += 1,
            ')' | '}' | ']' => depth -= 1,
            _ => {}
        }
        c == ',' && depth <= 0
    });
    parts.map(str::trim).filter(|part| !part.is_empty()).collect()
}
