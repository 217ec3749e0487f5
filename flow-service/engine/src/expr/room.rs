//! What one evaluation may use up: steps, and the size of what it makes.

use crate::value::Value;

/// Every evaluated part, every item looked at and every KiB of text read or written is a step.
const STEPS: usize = 10_000;
/// Values made or copied, all together.
const VALUES: usize = 20_000;
/// Bytes of text made or copied, all together.
const BYTES: usize = 1 << 20;
/// How deep lists and objects may stand in one another in a result.
const DEPTH: usize = 64;

/// What is left.
pub(super) struct Room {
    steps: usize,
    values: usize,
    bytes: usize,
}

impl Room {
    pub(super) fn new() -> Room {
        Room { steps: STEPS, values: VALUES, bytes: BYTES }
    }

    pub(super) fn steps(&mut self, count: usize) -> Result<(), String> {
        let left = self.steps.checked_sub(count);
        self.steps = left.ok_or_else(|| format!("表达式的计算超过 {STEPS} 步"))?;
        Ok(())
    }

    /// A text of this many bytes is read or compared.
    pub(super) fn reads(&mut self, bytes: usize) -> Result<(), String> {
        self.steps(bytes / 1024)
    }

    /// A text of this many bytes is about to be made.
    pub(super) fn text(&mut self, bytes: usize) -> Result<(), String> {
        self.reads(bytes)?;
        let left = self.bytes.checked_sub(bytes);
        self.bytes = left.ok_or("表达式产生的文字过长")?;
        Ok(())
    }

    /// A value is about to be copied; how deep it is.
    pub(super) fn copy(&mut self, value: &Value) -> Result<usize, String> {
        let left = self.values.checked_sub(1);
        self.values = left.ok_or("表达式产生的值过大")?;
        let mut depth = 0;
        match value {
            Value::Text(text) => self.text(text.len())?,
            Value::List(items) => {
                for item in items {
                    depth = depth.max(self.copy(item)? + 1);
                }
            }
            Value::Map(fields) => {
                for (name, item) in fields {
                    self.text(name.len())?;
                    depth = depth.max(self.copy(item)? + 1);
                }
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Instant(_)
            | Value::Duration(_) => {}
        }
        if depth > DEPTH {
            return Err(format!("值的嵌套超过 {DEPTH} 层"));
        }
        Ok(depth)
    }

    /// A value is read all through.
    pub(super) fn scan(&mut self, value: &Value) -> Result<(), String> {
        match value {
            Value::Text(text) => self.reads(text.len()),
            Value::List(items) => {
                self.steps(items.len())?;
                items.iter().try_for_each(|item| self.scan(item))
            }
            Value::Map(fields) => {
                self.steps(fields.len())?;
                fields.values().try_for_each(|item| self.scan(item))
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Instant(_)
            | Value::Duration(_) => Ok(()),
        }
    }
}
