//! The arguments of an old API: numbers and booleans may come as strings.

use serde_json::{Map, Value};

use super::{
    answer::{Gate, Refusal},
    call::Call,
};

pub(super) struct Args(Map<String, Value>);

impl Args {
    pub(super) fn of(call: &Call) -> Result<Args, Refusal> {
        call.fields().map(Args)
    }

    pub(super) fn text(&self, name: &str) -> Result<String, Refusal> {
        self.find_text(name)?.ok_or_else(|| missing(name))
    }

    pub(super) fn find_text(&self, name: &str) -> Result<Option<String>, Refusal> {
        match self.given(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
                Err(invalid(name))
            }
        }
    }

    pub(super) fn int(&self, name: &str) -> Result<i64, Refusal> {
        self.find_int(name)?.ok_or_else(|| missing(name))
    }

    pub(super) fn find_int(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.find_text(name)? else { return Ok(None) };
        text.trim().parse().map(Some).ok().ok_or_else(|| invalid(name))
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        if let Some(Value::Bool(flag)) = self.given(name) {
            return Ok(*flag);
        }
        match self.find_text(name)?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(invalid(name)),
        }
    }

    /// An object, or a string that contains one, as forms send it.
    pub(super) fn object(&self, name: &str) -> Result<Map<String, Value>, Refusal> {
        let value = match self.given(name) {
            None => return Err(missing(name)),
            Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
            Some(value) => value.clone(),
        };
        if let Value::Object(object) = value { Ok(object) } else { Err(invalid(name)) }
    }

    /// Null and the empty string count as not given.
    fn given(&self, name: &str) -> Option<&Value> {
        let value = self.0.get(name)?;
        let is_blank = value.is_null() || value.as_str() == Some("");
        Some(value).filter(|_| !is_blank)
    }
}

fn missing(name: &str) -> Refusal {
    Gate::Missing(name.to_owned()).into()
}

fn invalid(name: &str) -> Refusal {
    Gate::Invalid(name.to_owned()).into()
}
