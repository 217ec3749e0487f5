//! What every error of a service can say about itself: its code, its fields, when to try again.

use crate::code::Code;

/// Implemented by each service's `Error`: the only place that maps failures to codes.
pub trait Fault: std::error::Error + Send + Sync + 'static {
    /// The code of the contract's table.
    fn code(&self) -> Code;

    /// Every bad field of the request, or the outside system's own code.
    fn details(&self) -> Vec<FieldError> {
        Vec::new()
    }

    /// Seconds after which a retry makes sense, for 429 and 503.
    fn retry_after_secs(&self) -> Option<u32> {
        match self.code() {
            Code::Unavailable => Some(2),
            _ => None,
        }
    }
}

/// One bad field: where it is, what is wrong, and the kind of mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Path such as `departments[0].deptId`.
    pub field: String,
    /// One Chinese sentence for the caller.
    pub message: String,
    /// The kind of mistake, which names the code of a refused row.
    pub mistake: Mistake,
    /// Of a fault in a drawing: where.
    pub place: Option<Box<DrawingPlace>>,
}

/// Where in a drawing a fault is, and which kind of fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawingPlace {
    /// The element's id; empty where the fault is of the whole text.
    pub element_id: String,
    /// Where it stands in the text, from 1.
    pub line: u32,
    /// Which kind of fault, UPPER_SNAKE.
    pub code: &'static str,
}

/// The kinds of mistakes a field can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// Missing, of the wrong type, out of range, too long, malformed.
    Malformed,
    /// Holds a control character, U+0000 or a bidirectional override.
    Character,
    /// Not one of the allowed values.
    Choice,
    /// Names something that does not exist here.
    Reference,
}

impl Mistake {
    /// The code of a refused row in `failDetails`.
    pub fn row_code(self) -> &'static str {
        match self {
            Mistake::Malformed => "INVALID_PARAMETER",
            Mistake::Character => "INVALID_CHARACTER",
            Mistake::Choice => "INVALID_ENUM",
            Mistake::Reference => "UNKNOWN_REFERENCE",
        }
    }
}

impl FieldError {
    /// A mistake of a field.
    pub fn new(field: String, message: String, mistake: Mistake) -> Self {
        Self { field, message, mistake, place: None }
    }

    /// The same mistake, in a drawing.
    pub fn at(mut self, place: DrawingPlace) -> Self {
        self.place = Some(Box::new(place));
        self
    }

    /// A field that is missing or malformed.
    pub fn malformed(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(field.into(), message.into(), Mistake::Malformed)
    }

    /// A field that names something this enterprise does not have.
    pub fn reference(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(field.into(), message.into(), Mistake::Reference)
    }
}

/// The error and all its causes on one line, for the log.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
