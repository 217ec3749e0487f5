//! Script tasks: assignments, line by line, evaluated inside.

use crate::expr::Expression;
use crate::instance::Resume;
use crate::work::Work;

impl Work<'_> {
    /// A script runs.
    pub(super) fn begin_script(&mut self, id: u64, lines: &[(Option<String>, Expression)]) {
        let lines: Vec<_> = lines.iter().map(|(name, value)| (name.clone(), value)).collect();
        self.evaluate_inside(id, &lines);
    }

    /// Evaluates line by line; each sees what those before it set. A fault leaves what they set.
    pub(super) fn evaluate_inside(&mut self, id: u64, lines: &[(Option<String>, &Expression)]) {
        for (name, expression) in lines {
            match (self.eval(id, expression), name) {
                (Ok(value), Some(name)) => self.set_one(id, name.clone(), value),
                (Ok(_), None) => {}
                (Err(reason), _) => return self.incident(id, Resume::Begin, reason),
            }
        }
        self.complete(id);
    }
}
