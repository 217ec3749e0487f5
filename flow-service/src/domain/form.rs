//! A form's schema, and what a filled form must satisfy.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use flow_engine::value::{Value, Variables};
use rust_decimal::Decimal;
use serde_json::{Map, Value as Json};

/// Components of one form at most, columns of tables included.
const MOST_COMPONENTS: usize = 500;

/// Rows of a table, or choices of a list, at most.
const MOST_ITEMS: usize = 500;

/// The longest text of an `input`, in characters.
const INPUT_MAX_CHARS: usize = 255;

/// The longest text of a `textarea`, in characters.
const TEXTAREA_MAX_CHARS: usize = 4_000;

/// Values that the house gives an order; no form and no caller may set them.
pub(crate) const BUILT_IN: [&str; 3] = ["initiator", "businessKey", "orderId"];

/// The components of a form, in the order in which they are shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Schema {
    components: Vec<Component>,
}

#[derive(Clone, Debug, PartialEq)]
struct Component {
    name: String,
    kind: Kind,
    is_required: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Input,
    Textarea,
    Number,
    Money {
        scale: u32,
    },
    Date,
    Datetime,
    /// One of the options; any text where none are listed.
    Choice(Vec<String>),
    /// Some of the options, or a tick.
    Checkbox(Vec<String>),
    Switch,
    /// A code, or a list of codes.
    Code,
    File,
    Table(Schema),
}

/// Something wrong with a schema or with a filled form: where, and one Chinese sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// Such as `components[2].name` or `items[0].price`.
    pub(crate) place: String,
    pub(crate) message: String,
}

fn mistake(place: impl Into<String>, message: impl Into<String>) -> Mistake {
    Mistake { place: place.into(), message: message.into() }
}

impl Schema {
    /// Reads `{"components": [..]}`; names everything that is wrong with it.
    pub(crate) fn parse(json: &Json) -> Result<Schema, Vec<Mistake>> {
        let Json::Object(fields) = json else {
            return Err(vec![mistake("", "应为 JSON 对象")]);
        };
        let mut mistakes = Vec::new();
        let mut count = 0;
        let components = match fields.get("components") {
            Some(Json::Array(items)) => components(items, "components", &mut count, &mut mistakes),
            Some(_) => {
                mistakes.push(mistake("components", "应为数组"));
                Vec::new()
            }
            None => {
                mistakes.push(mistake("components", "不能为空"));
                Vec::new()
            }
        };
        if mistakes.is_empty() { Ok(Schema { components }) } else { Err(mistakes) }
    }

    /// The names of the components, as far as their values may be variables.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.components.iter().map(|component| component.name.as_str());
        names.filter(|name| !BUILT_IN.contains(name))
    }

    /// The values of a whole form; what is required must be there. Names that no component has are
    /// left out.
    pub(crate) fn fill(&self, data: &Map<String, Json>) -> Result<Variables, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let values = self.read(data, "", true, &mut mistakes);
        if mistakes.is_empty() { Ok(self.variables(values)) } else { Err(mistakes) }
    }

    /// The values of the components that `data` names; what is required may be absent, not empty.
    pub(crate) fn change(&self, data: &Map<String, Json>) -> Result<Variables, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let values = self.read(data, "", false, &mut mistakes);
        if mistakes.is_empty() { Ok(self.variables(values)) } else { Err(mistakes) }
    }

    fn variables(&self, mut values: Variables) -> Variables {
        values.retain(|name, _| !BUILT_IN.contains(&name.as_str()));
        values
    }

    fn read(
        &self,
        data: &Map<String, Json>,
        place: &str,
        is_whole: bool,
        mistakes: &mut Vec<Mistake>,
    ) -> Variables {
        let mut values = Variables::new();
        for component in &self.components {
            let at = if place.is_empty() {
                component.name.clone()
            } else {
                format!("{place}.{}", component.name)
            };
            let given = data.get(&component.name);
            match given.filter(|value| !is_empty(value)) {
                Some(value) => match component.kind.read(value, &at, mistakes) {
                    Some(value) => {
                        values.insert(component.name.clone(), value);
                    }
                    None => continue,
                },
                None if component.is_required && (is_whole || given.is_some()) => {
                    mistakes.push(mistake(at, "不能为空"));
                }
                None if is_whole || given.is_some() => {
                    values.insert(component.name.clone(), Value::Null);
                }
                None => {}
            }
        }
        values
    }
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.trim().is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Bool(_) | Json::Number(_) | Json::Object(_) => false,
    }
}

fn components(
    items: &[Json],
    place: &str,
    count: &mut usize,
    mistakes: &mut Vec<Mistake>,
) -> Vec<Component> {
    *count += items.len();
    if *count > MOST_COMPONENTS {
        mistakes.push(mistake(place, format!("最多 {MOST_COMPONENTS} 个组件")));
        return Vec::new();
    }
    let mut names = BTreeSet::new();
    let mut components = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let at = format!("{place}[{index}]");
        let Some(component) = component(item, &at, count, mistakes) else { continue };
        if !names.insert(component.name.clone()) {
            mistakes.push(mistake(format!("{at}.name"), format!("组件名 {} 重复", component.name)));
        }
        components.push(component);
    }
    components
}

fn component(
    json: &Json,
    at: &str,
    count: &mut usize,
    mistakes: &mut Vec<Mistake>,
) -> Option<Component> {
    let Json::Object(fields) = json else {
        mistakes.push(mistake(at, "应为 JSON 对象"));
        return None;
    };
    let before = mistakes.len();
    let name = match fields.get("name") {
        Some(Json::String(name)) => match shared::id::check_code(name) {
            Ok(()) => name.clone(),
            Err(refusal) => {
                mistakes.push(mistake(format!("{at}.name"), refusal.to_string()));
                String::new()
            }
        },
        Some(Json::Null) | None => {
            mistakes.push(mistake(format!("{at}.name"), "不能为空"));
            String::new()
        }
        Some(_) => {
            mistakes.push(mistake(format!("{at}.name"), "应为字符串"));
            String::new()
        }
    };
    match fields.get("label") {
        None | Some(Json::Null) => {}
        Some(Json::String(label)) if label.chars().any(shared::id::is_forbidden) => {
            mistakes.push(mistake(format!("{at}.label"), "含有控制字符或非法字符"));
        }
        Some(Json::String(label)) if label.chars().count() > INPUT_MAX_CHARS => {
            mistakes.push(mistake(
                format!("{at}.label"),
                format!("长度不能超过 {INPUT_MAX_CHARS} 个字符"),
            ));
        }
        Some(Json::String(_)) => {}
        Some(_) => mistakes.push(mistake(format!("{at}.label"), "应为字符串")),
    }
    let is_required = match fields.get("required") {
        None | Some(Json::Null) => false,
        Some(Json::Bool(required)) => *required,
        Some(_) => {
            mistakes.push(mistake(format!("{at}.required"), "应为 true 或 false"));
            false
        }
    };
    let kind = kind(fields, at, count, mistakes);
    if mistakes.len() > before {
        return None;
    }
    Some(Component { name, kind: kind?, is_required })
}

fn kind(
    fields: &Map<String, Json>,
    at: &str,
    count: &mut usize,
    mistakes: &mut Vec<Mistake>,
) -> Option<Kind> {
    let word = match fields.get("type") {
        Some(Json::String(word)) => word.as_str(),
        Some(Json::Null) | None => {
            mistakes.push(mistake(format!("{at}.type"), "不能为空"));
            return None;
        }
        Some(_) => {
            mistakes.push(mistake(format!("{at}.type"), "应为字符串"));
            return None;
        }
    };
    Some(match word {
        "input" => Kind::Input,
        "textarea" => Kind::Textarea,
        "number" => Kind::Number,
        "money" => Kind::Money { scale: scale(fields, at, mistakes) },
        "date" => Kind::Date,
        "datetime" => Kind::Datetime,
        "select" | "radio" => Kind::Choice(options(fields, at, mistakes)),
        "checkbox" => Kind::Checkbox(options(fields, at, mistakes)),
        "switch" => Kind::Switch,
        "user" | "department" => Kind::Code,
        "file" => Kind::File,
        "table" => Kind::Table(columns(fields, at, count, mistakes)),
        _ => {
            mistakes.push(mistake(
                format!("{at}.type"),
                "应为以下值之一：input、textarea、number、money、date、datetime、select、radio、checkbox、switch、user、department、file、table",
            ));
            return None;
        }
    })
}

/// Decimal places of an amount: two unless `precision` says otherwise.
fn scale(fields: &Map<String, Json>, at: &str, mistakes: &mut Vec<Mistake>) -> u32 {
    match fields.get("precision") {
        None | Some(Json::Null) => 2,
        Some(json) => match json.as_u64().and_then(|places| u32::try_from(places).ok()) {
            Some(places) if places <= 10 => places,
            _ => {
                mistakes.push(mistake(format!("{at}.precision"), "应为 0 到 10 之间的整数"));
                2
            }
        },
    }
}

/// Texts, numbers, or `{"label": .., "value": ..}`; a choice is compared as text.
fn options(fields: &Map<String, Json>, at: &str, mistakes: &mut Vec<Mistake>) -> Vec<String> {
    let items = match fields.get("options") {
        None | Some(Json::Null) => return Vec::new(),
        Some(Json::Array(items)) if items.len() <= MOST_ITEMS => items,
        Some(Json::Array(_)) => {
            mistakes.push(mistake(format!("{at}.options"), format!("最多 {MOST_ITEMS} 项")));
            return Vec::new();
        }
        Some(_) => {
            mistakes.push(mistake(format!("{at}.options"), "应为数组"));
            return Vec::new();
        }
    };
    let mut values = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let value = match item {
            Json::Object(fields) => fields.get("value").and_then(scalar),
            other => scalar(other),
        };
        match value {
            Some(value) => values.push(value),
            None => mistakes.push(mistake(
                format!("{at}.options[{index}]"),
                "应为文字、数字或 {label, value} 对象",
            )),
        }
    }
    values
}

fn columns(
    fields: &Map<String, Json>,
    at: &str,
    count: &mut usize,
    mistakes: &mut Vec<Mistake>,
) -> Schema {
    let name = if fields.contains_key("columns") { "columns" } else { "components" };
    match fields.get(name) {
        Some(Json::Array(items)) if !items.is_empty() => {
            let components = components(items, &format!("{at}.{name}"), count, mistakes);
            Schema { components }
        }
        _ => {
            mistakes.push(mistake(format!("{at}.columns"), "表格至少要有一列"));
            Schema::default()
        }
    }
}

/// A text, a number or a truth as text.
fn scalar(json: &Json) -> Option<String> {
    match json {
        Json::String(text) if !text.chars().any(shared::id::is_forbidden) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(flag) => Some(flag.to_string()),
        Json::String(_) | Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

impl Kind {
    /// The value, or what is wrong with it.
    fn read(&self, json: &Json, at: &str, mistakes: &mut Vec<Mistake>) -> Option<Value> {
        let outcome = match self {
            Kind::Input => text(json, INPUT_MAX_CHARS, false),
            Kind::Textarea => text(json, TEXTAREA_MAX_CHARS, true),
            Kind::Number => number(json).map(Value::Number),
            Kind::Money { scale } => money(json, *scale),
            Kind::Date => date(json),
            Kind::Datetime => datetime(json),
            Kind::Choice(options) => choice(json, options),
            Kind::Checkbox(options) => checkbox(json, options),
            Kind::Switch => match json {
                Json::Bool(flag) => Ok(Value::Bool(*flag)),
                _ => Err("应为 true 或 false".to_owned()),
            },
            Kind::Code => codes(json),
            Kind::File => file(json),
            Kind::Table(columns) => return table(json, columns, at, mistakes),
        };
        outcome.map_err(|message| mistakes.push(mistake(at, message))).ok()
    }
}

fn text(json: &Json, max: usize, has_lines: bool) -> Result<Value, String> {
    let Json::String(text) = json else { return Err("应为字符串".to_owned()) };
    let is_line = |c: char| has_lines && matches!(c, '\n' | '\r' | '\t');
    if text.chars().any(|c| shared::id::is_forbidden(c) && !is_line(c)) {
        return Err("含有控制字符或非法字符".to_owned());
    }
    if text.chars().count() > max {
        return Err(format!("长度不能超过 {max} 个字符"));
    }
    Ok(Value::Text(text.clone()))
}

/// A number, or its digits as text, exact.
fn number(json: &Json) -> Result<Decimal, String> {
    let digits = match json {
        Json::Number(number) => number.to_string(),
        Json::String(text) => text.clone(),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => String::new(),
    };
    flow_engine::value::number(&digits).ok_or_else(|| "应为数字".to_owned())
}

fn money(json: &Json, scale: u32) -> Result<Value, String> {
    let amount = number(json).or(Err("应为金额".to_owned()))?;
    if amount.normalize().scale() > scale {
        return Err(format!("最多 {scale} 位小数"));
    }
    Ok(Value::Number(amount))
}

fn date(json: &Json) -> Result<Value, String> {
    let refused = || "日期格式应为 yyyy-MM-dd，且日期必须真实存在".to_owned();
    let Json::String(text) = json else { return Err(refused()) };
    // chrono takes a date without its zeros; a form must not.
    let is_date = text.len() == 10 && NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok();
    if is_date { Ok(Value::Text(text.clone())) } else { Err(refused()) }
}

fn datetime(json: &Json) -> Result<Value, String> {
    let Json::String(text) = json else { return Err(shared::time::Refusal.to_string()) };
    shared::time::parse(text).map_err(|refusal| refusal.to_string())?;
    Ok(Value::Text(text.clone()))
}

fn choice(json: &Json, options: &[String]) -> Result<Value, String> {
    let Some(chosen) = scalar(json) else { return Err("应为选项之一".to_owned()) };
    if chosen.chars().count() > INPUT_MAX_CHARS {
        return Err(format!("长度不能超过 {INPUT_MAX_CHARS} 个字符"));
    }
    if options.is_empty() || options.contains(&chosen) {
        Ok(Value::from_json(json))
    } else {
        Err("不在可选项之内".to_owned())
    }
}

fn checkbox(json: &Json, options: &[String]) -> Result<Value, String> {
    match json {
        Json::Bool(flag) if options.is_empty() => Ok(Value::Bool(*flag)),
        Json::Array(items) if items.len() <= MOST_ITEMS => {
            let chosen: Result<Vec<Value>, String> =
                items.iter().map(|item| choice(item, options)).collect();
            Ok(Value::List(chosen?))
        }
        Json::Array(_) => Err(format!("最多 {MOST_ITEMS} 项")),
        _ => Err("应为选项的数组".to_owned()),
    }
}

fn codes(json: &Json) -> Result<Value, String> {
    let code = |json: &Json| match json {
        Json::String(text) => match shared::id::check_code(text) {
            Ok(()) => Ok(Value::Text(text.clone())),
            Err(refusal) => Err(refusal.to_string()),
        },
        _ => Err("应为编码或编码的数组".to_owned()),
    };
    match json {
        Json::Array(items) if items.len() <= MOST_ITEMS => {
            Ok(Value::List(items.iter().map(code).collect::<Result<_, _>>()?))
        }
        Json::Array(_) => Err(format!("最多 {MOST_ITEMS} 项")),
        one => code(one),
    }
}

/// A file is what the ERP says it is: an address, an id, or an object of its own; or a list of them.
fn file(json: &Json) -> Result<Value, String> {
    match json {
        Json::String(_) => text(json, TEXTAREA_MAX_CHARS, false),
        Json::Object(_) => Ok(Value::from_json(json)),
        Json::Array(items) if items.len() <= MOST_ITEMS => {
            Ok(Value::List(items.iter().map(file).collect::<Result<_, _>>()?))
        }
        Json::Array(_) => Err(format!("最多 {MOST_ITEMS} 项")),
        Json::Null | Json::Bool(_) | Json::Number(_) => {
            Err("应为文件的地址、对象或数组".to_owned())
        }
    }
}

fn table(json: &Json, columns: &Schema, at: &str, mistakes: &mut Vec<Mistake>) -> Option<Value> {
    let Json::Array(rows) = json else {
        mistakes.push(mistake(at, "应为数组"));
        return None;
    };
    if rows.len() > MOST_ITEMS {
        mistakes.push(mistake(at, format!("最多 {MOST_ITEMS} 行")));
        return None;
    }
    let mut values = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let place = format!("{at}[{index}]");
        match row {
            Json::Object(fields) => {
                values.push(Value::Map(columns.read(fields, &place, true, mistakes)));
            }
            _ => mistakes.push(mistake(place, "应为 JSON 对象")),
        }
    }
    Some(Value::List(values))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema(components: Json) -> Schema {
        Schema::parse(&json!({ "components": components })).unwrap()
    }

    fn places(outcome: Result<impl std::fmt::Debug, Vec<Mistake>>) -> Vec<String> {
        outcome.unwrap_err().into_iter().map(|mistake| mistake.place).collect()
    }

    fn fill(schema: &Schema, data: Json) -> Result<Variables, Vec<Mistake>> {
        schema.fill(data.as_object().unwrap())
    }

    #[test]
    fn every_fault_of_a_schema_is_named_at_its_place() {
        let faults = Schema::parse(&json!({"components": [
            {"type": "input", "name": "a"},
            {"type": "input", "name": "a"},
            {"type": "inputs", "name": "b"},
            {"name": "c", "required": "yes"},
            {"type": "input"},
            {"type": "input", "name": "d", "label": "\u{0}"},
            {"type": "table", "name": "e"},
            {"type": "table", "name": "f", "columns": [{"type": "money"}]},
            {"type": "select", "name": "g", "options": [{}]},
            7,
        ]}));

        assert_eq!(
            places(faults),
            [
                "components[1].name",
                "components[2].type",
                "components[3].required",
                "components[3].type",
                "components[4].name",
                "components[5].label",
                "components[6].columns",
                "components[7].columns[0].name",
                "components[8].options[0]",
                "components[9]",
            ]
        );
    }

    #[test]
    fn a_value_that_does_not_fit_is_refused_with_its_components_name() {
        let schema = schema(json!([
            {"type": "input", "name": "customerName", "required": true},
            {"type": "number", "name": "count"},
            {"type": "money", "name": "amount"},
            {"type": "date", "name": "day"},
            {"type": "datetime", "name": "at"},
            {"type": "select", "name": "kind", "options": ["A", {"label": "乙", "value": 2}]},
            {"type": "checkbox", "name": "tags", "options": ["x", "y"]},
            {"type": "switch", "name": "urgent"},
            {"type": "user", "name": "who"},
            {"type": "file", "name": "paper"},
            {"type": "table", "name": "items", "columns": [{"type": "money", "name": "price", "required": true}]},
        ]));
        let wrong = fill(
            &schema,
            json!({"customerName": " ", "count": "x", "amount": "1.005", "day": "2025-02-30", "at": "now",
                "kind": "B", "tags": ["z"], "urgent": "yes", "who": 7, "paper": 7, "items": [{}, {"price": true}]}),
        );

        assert_eq!(
            places(wrong),
            [
                "customerName",
                "count",
                "amount",
                "day",
                "at",
                "kind",
                "tags",
                "urgent",
                "who",
                "paper",
                "items[0].price",
                "items[1].price",
            ]
        );
    }

    #[test]
    fn money_is_exact_and_names_without_a_component_are_left_out() {
        let schema = schema(json!([
            {"type": "money", "name": "amount"},
            {"type": "input", "name": "initiator"},
        ]));
        let values = fill(
            &schema,
            json!({"amount": "1234567890123456789.99", "other": 1, "initiator": "somebody"}),
        )
        .unwrap();

        assert_eq!(values.len(), 1);
        assert_eq!(values["amount"].to_string(), "1234567890123456789.99");
    }

    #[test]
    fn a_change_needs_not_name_what_is_required_but_must_not_empty_it() {
        let schema = schema(json!([
            {"type": "input", "name": "a", "required": true},
            {"type": "input", "name": "b"},
        ]));
        let change = |data: Json| schema.change(data.as_object().unwrap());

        assert_eq!(change(json!({"b": "x"})).unwrap().len(), 1);
        assert_eq!(change(json!({"b": null})).unwrap()["b"], Value::Null);
        assert_eq!(places(change(json!({"a": ""}))), ["a"]);
    }
}
