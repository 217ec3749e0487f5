//! What a caller wants a to-do to be, checked against the platform's limits.

use serde_json::{Map, Value};

use super::{
    super::{
        answer::{Gate, Refusal},
        state::State,
    },
    Verb,
};

const SUBJECT_CHARS: usize = 1024;
const DESCRIPTION_CHARS: usize = 4096;
const URL_BYTES: usize = 1024;
const FIELD_BYTES: usize = 1024;
const KEPT: [&str; 10] = [
    "description",
    "dueTime",
    "detailUrl",
    "contentFieldList",
    "isOnlyShowExecutor",
    "priority",
    "notifyConfigs",
    "todoType",
    "reminderTimeStamp",
    "actionList",
];

/// The members that were given; absent ones stay as they are.
pub(super) struct Draft {
    pub(super) source_id: Option<String>,
    pub(super) subject: Option<String>,
    pub(super) creator: Option<String>,
    pub(super) executors: Option<Vec<String>>,
    pub(super) participants: Option<Vec<String>>,
    pub(super) done: Option<bool>,
    pub(super) kept: Map<String, Value>,
}

pub(super) fn check_new(
    state: &State,
    body: &Map<String, Value>,
    verb: Verb,
) -> Result<Draft, Refusal> {
    let reader = Reader { state, body, verb, people: state.options.limits.todo_people_on_create };
    if reader.text("subject", SUBJECT_CHARS)?.is_none_or(|subject| subject.is_empty()) {
        return Err(Gate::Missing("subject".to_owned()).into());
    }
    reader.check_urls()?;
    reader.check_choices()?;
    reader.draft()
}

pub(super) fn check_change(
    state: &State,
    body: &Map<String, Value>,
    verb: Verb,
) -> Result<Draft, Refusal> {
    let reader = Reader { state, body, verb, people: state.options.limits.todo_people_on_update };
    let mut draft = reader.draft()?;
    // Where it leads and how it notifies is fixed when it is created.
    let may_change = ["description", "dueTime", "contentFieldList"];
    draft.kept.retain(|name, _| may_change.contains(&name.as_str()));
    Ok(draft)
}

struct Reader<'a> {
    state: &'a State,
    body: &'a Map<String, Value>,
    verb: Verb,
    people: usize,
}

impl Reader<'_> {
    fn draft(&self) -> Result<Draft, Refusal> {
        self.text("description", DESCRIPTION_CHARS)?;
        self.check_due()?;
        self.check_fields()?;
        let kept = KEPT.iter().filter_map(|&name| Some((name.to_owned(), self.get(name)?.clone())));
        Ok(Draft {
            source_id: self.text("sourceId", usize::MAX)?.filter(|source| !source.is_empty()),
            subject: self.text("subject", SUBJECT_CHARS)?,
            creator: self.creator()?,
            executors: self.people("executorIds", "executors is oversize")?,
            participants: self.people("participantIds", "participants is oversize")?,
            done: self.flag("done")?,
            kept: kept.collect(),
        })
    }

    fn text(&self, name: &str, max_chars: usize) -> Result<Option<String>, Refusal> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let Some(text) = value.as_str() else { return Err(self.invalid(name)) };
        if text.chars().count() > max_chars {
            return Err(self.verb.refuses(&format!("{name} is oversize")));
        }
        Ok(Some(text.to_owned()))
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        let Some(value) = self.get(name) else { return Ok(None) };
        value.as_bool().map(Some).ok_or_else(|| self.invalid(name))
    }

    fn creator(&self) -> Result<Option<String>, Refusal> {
        let creator = self.text("creatorId", usize::MAX)?;
        match creator {
            Some(creator) if self.state.directory.by_unionid(&creator).is_none() => {
                Err(self.invalid("creatorId"))
            }
            creator => Ok(creator),
        }
    }

    /// UnionIds only: a userid is nobody here.
    fn people(&self, name: &str, oversize: &str) -> Result<Option<Vec<String>>, Refusal> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let ids = value.as_array().ok_or_else(|| self.invalid(name))?;
        if ids.len() > self.people {
            return Err(self.verb.refuses(oversize));
        }
        let mut people = Vec::new();
        for id in ids {
            let known = id.as_str().filter(|id| self.state.directory.by_unionid(id).is_some());
            people.push(known.ok_or_else(|| self.invalid(name))?.to_owned());
        }
        Ok(Some(people))
    }

    fn check_due(&self) -> Result<(), Refusal> {
        let is_instant = |value: &Value| value.as_i64().is_some_and(|ms| ms > 0);
        for name in ["dueTime", "reminderTimeStamp"] {
            if self.get(name).is_some_and(|value| !is_instant(value)) {
                return Err(self.invalid(name));
            }
        }
        Ok(())
    }

    /// Mandatory since February 2024, whatever the table of members says.
    fn check_urls(&self) -> Result<(), Refusal> {
        let urls = self.get("detailUrl").and_then(Value::as_object);
        let mut given = 0;
        for name in ["appUrl", "pcUrl"] {
            let url = urls.and_then(|urls| urls.get(name)).and_then(Value::as_str);
            let length = url.map_or(0, str::len);
            if length > URL_BYTES {
                return Err(self.verb.refuses("detailUrl is oversize"));
            }
            given += length;
        }
        if given == 0 { Err(self.invalid("detailUrl")) } else { Ok(()) }
    }

    fn check_choices(&self) -> Result<(), Refusal> {
        let is_priority = |value: &Value| matches!(value.as_i64(), Some(10 | 20 | 30 | 40));
        if self.get("priority").is_some_and(|value| !is_priority(value)) {
            return Err(self.invalid("priority"));
        }
        self.flag("isOnlyShowExecutor")?;
        let kind = self.text("todoType", usize::MAX)?;
        if !matches!(kind.as_deref(), None | Some("TODO" | "READ")) {
            return Err(self.invalid("todoType"));
        }
        // Their values are strings, also the ones that look like numbers and booleans.
        let are_strings = |value: &Value| {
            value.as_object().is_some_and(|configs| configs.values().all(Value::is_string))
        };
        if self.get("notifyConfigs").is_some_and(|configs| !are_strings(configs)) {
            return Err(self.invalid("notifyConfigs"));
        }
        Ok(())
    }

    fn check_fields(&self) -> Result<(), Refusal> {
        let Some(fields) = self.get("contentFieldList") else { return Ok(()) };
        let is_short = |field: &Value, name: &str| {
            field.get(name).and_then(Value::as_str).is_some_and(|text| text.len() <= FIELD_BYTES)
        };
        let are_fine = fields.as_array().is_some_and(|fields| {
            fields.iter().all(|one| is_short(one, "fieldKey") && is_short(one, "fieldValue"))
        });
        if are_fine { Ok(()) } else { Err(self.invalid("contentFieldList")) }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.body.get(name).filter(|value| !value.is_null())
    }

    fn invalid(&self, name: &str) -> Refusal {
        self.verb.refuses(&format!("{name} is invalid"))
    }
}
