//! Reads a request field by field and names every bad one, not only the first.

use chrono::{DateTime, Utc};

use super::json::Json;
use crate::fault::{FieldError, Mistake};
use crate::id::{Code, is_forbidden};
use crate::patch::Patch;

/// The longest ordinary text, in characters.
pub const TEXT_MAX_CHARS: usize = 255;

/// A request that can be read from an object.
pub trait Read: Sized {
    /// Takes what it needs; what is wrong is noted in `fields`, and the value is then never used.
    fn read(fields: &mut Fields<'_>) -> Self;
}

/// Reads a whole document; on mistakes gives all of them.
pub fn read<T: Read>(json: &Json) -> Result<T, Vec<FieldError>> {
    read_at(json, "", false)
}

/// Reads a query string, where every value is text.
pub fn read_query<T: Read>(query: &str) -> Result<T, Vec<FieldError>> {
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let members =
        pairs.map(|(key, value)| (key.into_owned(), Json::Text(value.into_owned()))).collect();
    read_at(&Json::Object(members), "", true)
}

fn read_at<T: Read>(json: &Json, path: &str, lenient: bool) -> Result<T, Vec<FieldError>> {
    let mut errors = Vec::new();
    let Json::Object(members) = json else {
        let field = if path.is_empty() { "body" } else { path };
        return Err(vec![FieldError::malformed(field, "应为 JSON 对象")]);
    };
    let mut fields = Fields { members, path: path.to_owned(), errors: &mut errors, lenient };
    let value = T::read(&mut fields);
    if errors.is_empty() { Ok(value) } else { Err(errors) }
}

/// The members of one object, and where mistakes are noted.
///
/// A name may list aliases: `"flowCode|thirdFlowCode"`. The first that is present counts.
pub struct Fields<'a> {
    members: &'a [(String, Json)],
    path: String,
    errors: &'a mut Vec<FieldError>,
    lenient: bool,
}

impl Fields<'_> {
    fn find(&self, name: &str) -> Option<&Json> {
        name.split('|').find_map(|alias| {
            self.members.iter().find(|(key, _)| key == alias).map(|(_, value)| value)
        })
    }

    /// Whether the field, or one of its aliases, stands in the object at all.
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    fn place(&self, name: &str) -> String {
        let name = name.split('|').next().unwrap_or(name);
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Notes a mistake of this object's field.
    pub fn refuse(&mut self, name: &str, mistake: Mistake, message: impl Into<String>) {
        let field = self.place(name);
        self.errors.push(FieldError::new(field, message.into(), mistake));
    }

    fn missing<T: Default>(&mut self, name: &str) -> T {
        self.refuse(name, Mistake::Malformed, "不能为空");
        T::default()
    }

    /// Text on one line, at most `max` characters, not blank.
    pub fn text(&mut self, name: &str, max: usize) -> String {
        match self.optional_text(name, max) {
            Some(text) => text,
            None if self.is_noted(name) => String::new(),
            None => self.missing(name),
        }
    }

    /// Whether a mistake of this field was noted already.
    pub fn is_noted(&self, name: &str) -> bool {
        let place = self.place(name);
        self.errors.iter().any(|error| error.field == place)
    }

    /// Text on one line, or nothing when absent, `null` or blank.
    pub fn optional_text(&mut self, name: &str, max: usize) -> Option<String> {
        match self.patch_text(name, max) {
            Patch::Set(text) => Some(text),
            Patch::Keep | Patch::Clear => None,
        }
    }

    /// Text on one line that keeps, clears or sets the stored value.
    pub fn patch_text(&mut self, name: &str, max: usize) -> Patch<String> {
        let text = match self.find(name) {
            None => return Patch::Keep,
            Some(Json::Null) => return Patch::Clear,
            Some(Json::Text(text)) if text.trim().is_empty() && !text.chars().any(is_forbidden) => {
                return Patch::Clear;
            }
            Some(Json::Text(text)) => text.clone(),
            Some(_) => {
                self.refuse(name, Mistake::Malformed, "应为字符串");
                return Patch::Keep;
            }
        };
        self.check_text(name, &text, max, is_forbidden);
        Patch::Set(text)
    }

    /// Text that may have several lines, such as a comment.
    pub fn optional_lines(&mut self, name: &str, max: usize) -> Option<String> {
        let text = match self.find(name)? {
            Json::Null => return None,
            Json::Text(text) => text.clone(),
            _ => {
                self.refuse(name, Mistake::Malformed, "应为字符串");
                return None;
            }
        };
        self.check_text(name, &text, max, |c| is_forbidden(c) && !matches!(c, '\n' | '\r' | '\t'));
        (!text.trim().is_empty()).then_some(text)
    }

    fn check_text(&mut self, name: &str, text: &str, max: usize, forbidden: fn(char) -> bool) {
        if text.chars().any(forbidden) {
            self.refuse(name, Mistake::Character, "含有控制字符或非法字符");
        } else if text.chars().count() > max {
            self.refuse(name, Mistake::Malformed, format!("长度不能超过 {max} 个字符"));
        }
    }

    /// A text that `parse` turns into a domain value.
    pub fn parsed<T, E: std::fmt::Display>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let parsed = self.optional_parsed(name, parse);
        if parsed.is_none() && !self.is_noted(name) {
            self.refuse(name, Mistake::Malformed, "不能为空");
        }
        parsed
    }

    /// As [`Fields::parsed`], or nothing when absent, `null` or blank.
    pub fn optional_parsed<T, E: std::fmt::Display>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.optional_text(name, usize::MAX)?;
        if self.is_noted(name) {
            return None;
        }
        match parse(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(name, Mistake::Malformed, error.to_string());
                None
            }
        }
    }

    /// A code of the outside, 1 to 64 characters.
    pub fn code<T: Code>(&mut self, name: &str) -> T {
        self.parsed(name, T::parse).unwrap_or_else(|| T::stored(String::new()))
    }

    /// A code, or nothing when absent, `null` or blank.
    pub fn optional_code<T: Code>(&mut self, name: &str) -> Option<T> {
        self.optional_parsed(name, T::parse)
    }

    /// A list of codes, no more than `max`.
    pub fn optional_codes<T: Code>(&mut self, name: &str, max: usize) -> Vec<T> {
        self.optional_parsed_list(name, max, T::parse)
    }

    /// An instant on the wire.
    pub fn instant(&mut self, name: &str) -> Option<DateTime<Utc>> {
        self.parsed(name, crate::time::parse)
    }

    /// An instant, or nothing when absent, `null` or blank.
    pub fn optional_instant(&mut self, name: &str) -> Option<DateTime<Utc>> {
        self.optional_parsed(name, crate::time::parse)
    }

    /// A positive whole number up to 2^63-1, as a number or a string of digits.
    pub fn long(&mut self, name: &str) -> i64 {
        match self.optional_long(name) {
            Some(number) => number,
            None if self.is_noted(name) => 0,
            None => self.missing(name),
        }
    }

    /// As [`Fields::long`], or nothing when absent, `null` or blank.
    pub fn optional_long(&mut self, name: &str) -> Option<i64> {
        let number = match self.find(name)? {
            Json::Null => return None,
            Json::Text(text) if text.is_empty() => return None,
            Json::Text(text) if text.bytes().all(|c| c.is_ascii_digit()) => text.parse().ok(),
            Json::Number(number) => number.as_i64(),
            _ => None,
        };
        match number {
            Some(number) if number > 0 => Some(number),
            _ => {
                self.refuse(
                    name,
                    Mistake::Malformed,
                    "应为正整数（可用数字字符串），且不超过 9223372036854775807",
                );
                None
            }
        }
    }

    /// A whole number within `range`, or nothing when absent or `null`.
    pub fn optional_int(
        &mut self,
        name: &str,
        range: std::ops::RangeInclusive<i32>,
    ) -> Option<i32> {
        let number = match self.find(name)? {
            Json::Null => return None,
            Json::Number(number) => number.as_i64(),
            Json::Text(text) if self.lenient && text.is_empty() => return None,
            Json::Text(text) if self.lenient => text.parse().ok(),
            _ => None,
        };
        match number.and_then(|number| i32::try_from(number).ok()) {
            Some(number) if range.contains(&number) => Some(number),
            _ => {
                let message = format!("应为 {} 到 {} 之间的整数", range.start(), range.end());
                self.refuse(name, Mistake::Malformed, message);
                None
            }
        }
    }

    /// `true` or `false`, or nothing when absent or `null`.
    pub fn optional_flag(&mut self, name: &str) -> Option<bool> {
        match self.find(name)? {
            Json::Null => None,
            Json::Bool(flag) => Some(*flag),
            Json::Text(text) if self.lenient && matches!(text.as_str(), "true" | "1") => Some(true),
            Json::Text(text) if self.lenient && matches!(text.as_str(), "false" | "0" | "") => {
                Some(false)
            }
            _ => {
                self.refuse(name, Mistake::Malformed, "应为 true 或 false");
                None
            }
        }
    }

    /// One of the words, or nothing when absent; `null` and other types are mistakes.
    pub fn optional_choice<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Option<T> {
        let found = match self.find(name)? {
            Json::Text(text) => {
                words.iter().find(|(word, _)| word == text).map(|(_, value)| *value)
            }
            _ => None,
        };
        if found.is_none() {
            let list: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.refuse(name, Mistake::Choice, format!("应为以下值之一：{}", list.join("、")));
        }
        found
    }

    /// One of the words; absent is a mistake.
    pub fn choice<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Option<T> {
        if self.has(name) {
            return self.optional_choice(name, words);
        }
        self.refuse(name, Mistake::Malformed, "不能为空");
        None
    }

    fn array(&mut self, name: &str, max: usize) -> Option<&[Json]> {
        let count = match self.find(name) {
            None => {
                self.refuse(name, Mistake::Malformed, "不能为空");
                return None;
            }
            Some(Json::Array(items)) => items.len(),
            Some(_) => {
                self.refuse(name, Mistake::Malformed, "应为数组");
                return None;
            }
        };
        if count > max {
            self.refuse(name, Mistake::Malformed, format!("最多 {max} 项，实际 {count} 项"));
            return None;
        }
        match self.find(name) {
            Some(Json::Array(items)) => Some(items),
            _ => None,
        }
    }

    /// A list of objects, each read whole; their mistakes are the request's.
    pub fn list<T: Read>(&mut self, name: &str, max: usize) -> Vec<T> {
        let mut values = Vec::new();
        for row in self.rows(name, max) {
            match row {
                Ok(value) => values.push(value),
                Err(errors) => self.errors.extend(errors),
            }
        }
        values
    }

    /// A list that may be absent or `null`.
    pub fn optional_list<T: Read>(&mut self, name: &str, max: usize) -> Vec<T> {
        match self.find(name) {
            None | Some(Json::Null) => Vec::new(),
            Some(_) => self.list(name, max),
        }
    }

    /// A list of objects that are judged one by one: a bad one does not spoil the others.
    pub fn rows<T: Read>(&mut self, name: &str, max: usize) -> Vec<Result<T, Vec<FieldError>>> {
        let (place, lenient) = (self.place(name), self.lenient);
        let Some(items) = self.array(name, max) else { return Vec::new() };
        items
            .iter()
            .enumerate()
            .map(|(index, item)| read_at(item, &format!("{place}[{index}]"), lenient))
            .collect()
    }

    /// A list of texts that `parse` turns into values; at least `min`, at most `max` of them.
    pub fn parsed_list<T, E: std::fmt::Display>(
        &mut self,
        name: &str,
        bounds: std::ops::RangeInclusive<usize>,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Vec<T> {
        let place = self.place(name);
        let (mut values, mut errors) = (Vec::new(), Vec::new());
        let Some(items) = self.array(name, *bounds.end()) else { return values };
        if items.len() < *bounds.start() {
            errors
                .push(FieldError::malformed(place.clone(), format!("至少 {} 项", bounds.start())));
        }
        for (index, item) in items.iter().enumerate() {
            let outcome = match item {
                Json::Text(text) => parse(text).map_err(|error| error.to_string()),
                _ => Err("应为字符串".to_owned()),
            };
            match outcome {
                Ok(value) => values.push(value),
                Err(message) => {
                    errors.push(FieldError::malformed(format!("{place}[{index}]"), message))
                }
            }
        }
        self.errors.extend(errors);
        values
    }

    /// As [`Fields::parsed_list`], empty when absent or `null`.
    pub fn optional_parsed_list<T, E: std::fmt::Display>(
        &mut self,
        name: &str,
        max: usize,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Vec<T> {
        match self.find(name) {
            None | Some(Json::Null) => Vec::new(),
            Some(_) => self.parsed_list(name, 0..=max, parse),
        }
    }

    /// An object inside; absent is a mistake.
    pub fn object<T: Read>(&mut self, name: &str) -> Option<T> {
        let object = self.optional_object(name);
        if object.is_none() && !self.is_noted_below(name) {
            self.refuse(name, Mistake::Malformed, "不能为空");
        }
        object
    }

    /// Whether a mistake of this field, or of anything inside it, was noted already.
    pub fn is_noted_below(&self, name: &str) -> bool {
        let place = self.place(name);
        self.errors.iter().any(|error| error.field.starts_with(&place))
    }

    /// An object inside, or nothing when absent or `null`.
    pub fn optional_object<T: Read>(&mut self, name: &str) -> Option<T> {
        let place = self.place(name);
        let outcome = match self.find(name)? {
            Json::Null => return None,
            json => read_at(json, &place, self.lenient),
        };
        match outcome {
            Ok(value) => Some(value),
            Err(errors) => {
                self.errors.extend(errors);
                None
            }
        }
    }

    /// An object of somebody's own making, such as form data or variables.
    pub fn optional_document(&mut self, name: &str) -> Option<serde_json::Value> {
        let document = match self.find(name)? {
            Json::Null => return None,
            json @ Json::Object(_) if !has_nul(json) => Some(json.into()),
            Json::Object(_) => None,
            _ => {
                self.refuse(name, Mistake::Malformed, "应为 JSON 对象");
                return None;
            }
        };
        if document.is_none() {
            self.refuse(name, Mistake::Character, "含有控制字符或非法字符");
        }
        document
    }

    /// The raw value of a field, for a rule of the caller's own.
    pub fn raw(&self, name: &str) -> Option<&Json> {
        self.find(name)
    }
}

/// Whether U+0000 stands anywhere in it: no text of PostgreSQL can hold it.
fn has_nul(json: &Json) -> bool {
    match json {
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
        Json::Text(text) => text.contains('\0'),
        Json::Array(items) => items.iter().any(has_nul),
        Json::Object(members) => {
            members.iter().any(|(key, value)| key.contains('\0') || has_nul(value))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sample {
        code: String,
        count: Option<i32>,
        note: Patch<String>,
    }

    impl Read for Sample {
        fn read(fields: &mut Fields<'_>) -> Self {
            Sample {
                code: fields.text("code|oldCode", 8),
                count: fields.optional_int("count", 0..=9),
                note: fields.patch_text("note", TEXT_MAX_CHARS),
            }
        }
    }

    fn sample(text: &str) -> Result<Sample, Vec<FieldError>> {
        read(&super::super::json::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn every_bad_field_is_named_not_only_the_first() {
        let errors = sample(r#"{"code":"123456789","count":10,"note":"a\u0000"}"#).err().unwrap();

        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["code", "count", "note"]);
        assert_eq!(errors[2].mistake, Mistake::Character);
    }

    #[test]
    fn an_alias_counts_and_absence_differs_from_null() {
        let value = sample(r#"{"oldCode":"x","note":null}"#).unwrap();

        assert_eq!(value.code, "x");
        assert_eq!(value.count, None);
        assert_eq!(value.note, Patch::Clear);
        assert_eq!(sample(r#"{"code":"x"}"#).unwrap().note, Patch::Keep);
    }

    #[test]
    fn a_document_that_is_no_object_is_refused() {
        assert!(sample("[]").is_err());
        assert!(sample("null").is_err());
    }

    #[test]
    fn a_document_is_an_object_without_nul_anywhere_in_it() {
        struct Document(Option<serde_json::Value>);
        impl Read for Document {
            fn read(fields: &mut Fields<'_>) -> Self {
                Document(fields.optional_document("form"))
            }
        }
        let document =
            |text: &str| read::<Document>(&super::super::json::parse(text.as_bytes()).unwrap());

        let form = r#"{"form":{"rows":[{"a":1.5}],"note":"x\ny"}}"#;
        assert_eq!(
            document(form).unwrap().0.unwrap(),
            serde_json::json!({"rows": [{"a": 1.5}], "note": "x\ny"})
        );
        assert!(document(r#"{"form":null}"#).unwrap().0.is_none());
        for bad in [r#"[]"#, r#""{}""#, r#"{"a":["\u0000"]}"#, r#"{"a\u0000":1}"#] {
            assert!(document(&format!("{{\"form\":{bad}}}")).is_err(), "{bad}");
        }
    }
}
