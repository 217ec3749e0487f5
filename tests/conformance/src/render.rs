//! From a template to a drawing that aiflow takes: names, expressions, times, adapter hooks.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use chrono::TimeDelta;
use flow_engine::time::{Period, iso};
use serde_json::Value;

use crate::corpus::Corpus;

/// What is put in the place of placeholders.
#[derive(Clone, Debug)]
pub struct Rendering {
    /// The suffix that makes process ids, messages and signals this run's own.
    pub suffix: String,
    /// What stated durations are multiplied with.
    pub scale: f64,
    /// Whose the user tasks are.
    pub user: String,
}

impl Rendering {
    /// The drawing.
    pub fn render(&self, corpus: &Corpus, template: &str) -> anyhow::Result<String> {
        let xml = template.replace("__NS__", &self.suffix);
        let xml = placeholders(&xml, "EXPR", |name| expression(&corpus.expressions, name))?;
        let xml = placeholders(&xml, "DUR", |text| self.scaled(text))?;
        let xml = placeholders(&xml, "CYC", |text| {
            let (rounds, every) = text.rsplit_once('/').context("a cycle without a duration")?;
            Ok(format!("{rounds}/{}", self.scaled(every)?))
        })?;
        let xml = placeholders(&xml, "DATE", |text| Ok(text.to_owned()))?;
        Ok(hooked(&xml, &self.user))
    }

    fn scaled(&self, duration: &str) -> anyhow::Result<String> {
        if self.scale == 1.0 {
            return Ok(duration.to_owned());
        }
        Ok(iso(scaled(length(duration)?, self.scale)))
    }
}

/// The length of an ISO 8601 duration.
pub fn length(duration: &str) -> anyhow::Result<TimeDelta> {
    let period = Period::parse(duration)?;
    period.as_delta().with_context(|| format!("{duration} has no fixed length"))
}

/// A length scaled, but not below what an engine can tell apart.
pub fn scaled(length: TimeDelta, scale: f64) -> TimeDelta {
    let millis = (length.num_milliseconds() as f64 * scale).round();
    TimeDelta::milliseconds((millis as i64).max(300))
}

/// aiflow reads JUEL as it stands; FEEL begins with `=`.
fn expression(
    table: &BTreeMap<String, BTreeMap<String, Value>>,
    name: &str,
) -> anyhow::Result<String> {
    let forms = table.get(name).with_context(|| format!("no expression {name}"))?;
    let form = |dialect: &str| forms.get(dialect).and_then(Value::as_str);
    let text = match (form("juel"), form("feel")) {
        (Some(juel), _) => juel.to_owned(),
        (None, Some(feel)) => format!("={feel}"),
        (None, None) => bail!("expression {name} has neither JUEL nor FEEL"),
    };
    Ok(text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}

/// Replaces each `{{KIND:text}}`.
fn placeholders(
    xml: &str,
    kind: &str,
    replace: impl Fn(&str) -> anyhow::Result<String>,
) -> anyhow::Result<String> {
    let open = format!("{{{{{kind}:");
    let mut parts = xml.split(open.as_str());
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("}}").context("a placeholder without an end")?;
        out.push_str(&replace(name)?);
        out.push_str(rest);
    }
    Ok(out)
}

/// What aiflow insists on and a neutral drawing cannot say: who does a user task, and what a
/// service that does nothing is.
fn hooked(xml: &str, user: &str) -> String {
    let assignee = format!(" xmlns:corpus=\"http://aiflow/bpmn\" corpus:assignee=\"{user}\"");
    const NOTHING: &str =
        "xmlns:corpus=\"http://camunda.org/schema/1.0/bpmn\" corpus:expression=\"${true}\"";
    let mut out = String::with_capacity(xml.len());
    let mut rest = xml;
    while let Some(at) = rest.find("userTask") {
        let (before, after) = rest.split_at(at + "userTask".len());
        out.push_str(before);
        let name = before.rsplit('<').next().unwrap_or_default();
        let prefix = name.trim_end_matches("userTask");
        let opens = before.contains('<')
            && (prefix.is_empty() || prefix.ends_with(':'))
            && prefix.chars().all(|c| c.is_alphanumeric() || "_-.:".contains(c))
            && after.starts_with(|c: char| c.is_whitespace() || c == '>' || c == '/');
        if opens {
            out.push_str(&assignee);
        }
        rest = after;
    }
    out.push_str(rest);
    out.replace("implementation=\"corpus:noop\"", NOTHING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_tasks_get_somebody_and_services_get_nothing_to_do() {
        let hooked = hooked(
            "<b:userTask id=\"a\"/><x>userTask </x></b:userTask><globalUserTask/><userTaskX/>\
             <serviceTask implementation=\"corpus:noop\"/>",
            "USER001",
        );

        assert_eq!(hooked.matches("corpus:assignee").count(), 1, "{hooked}");
        assert!(hooked.starts_with("<b:userTask xmlns:corpus="));
        assert!(hooked.contains("corpus:expression=\"${true}\"/>"));
    }

    #[test]
    fn times_are_scaled_but_not_to_nothing() {
        let rendering = Rendering { suffix: "__r1".into(), scale: 1.0 / 1800.0, user: "U".into() };

        assert_eq!(rendering.scaled("PT1H").unwrap(), "PT2S");
        assert_eq!(rendering.scaled("PT3S").unwrap(), "PT0.3S");
    }
}
