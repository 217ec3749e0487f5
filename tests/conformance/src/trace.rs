//! The comparator: a case's expectation against what was seen, at three levels. It says the same
//! as the corpus's own `tools/check_trace.py`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::corpus::{Check, Execution, ExecutionCase, Variables};
use crate::driver::same;

/// What was seen of one case, in the form that `check_trace.py` reads too.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Seen {
    /// The drawing was published.
    #[serde(default = "yes")]
    pub accepted: bool,
    /// Something could not be carried out.
    pub runtime_error: bool,
    /// How the main order stands in the end.
    pub final_state: Option<String>,
    /// Completed activities.
    pub trace: Vec<Completed>,
    /// Sets of activities that were open together.
    pub open_log: Vec<Vec<String>>,
    /// Variables in the end.
    pub variables: Variables,
    /// What went wrong, in words.
    pub said: Vec<String>,
}

fn yes() -> bool {
    true
}

/// One completed activity.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Completed {
    /// Which.
    pub activity: String,
    /// Rises from one to the next.
    #[serde(default)]
    pub seq: u64,
}

/// What a case attained.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The original's own assertion.
    #[serde(rename = "L1")]
    pub l1: bool,
    /// And the order that the drawing forces.
    #[serde(rename = "L2")]
    pub l2: bool,
    /// And the final state.
    #[serde(rename = "L3")]
    pub l3: bool,
    /// What is missing.
    pub why: Vec<String>,
}

impl Verdict {
    fn all_or_nothing(holds: bool, why: impl FnOnce() -> String) -> Verdict {
        let why = if holds { Vec::new() } else { vec![why()] };
        Verdict { l1: holds, l2: holds, l3: holds, why }
    }

    /// One that failed before it could be judged.
    pub fn failed(why: String) -> Verdict {
        Verdict { why: vec![why], ..Verdict::default() }
    }

    /// One without levels: everything or nothing.
    pub fn plain(why: Vec<String>) -> Verdict {
        let holds = why.is_empty();
        Verdict { l1: holds, l2: holds, l3: holds, why }
    }
}

/// Judges a case.
pub fn judge(test: &Execution, case: &ExecutionCase, seen: &Seen) -> Verdict {
    let trace = projected(test, case, seen);
    let is_error = seen.runtime_error || seen.final_state.as_deref() == Some("error");
    match case.expect.outcome.as_str() {
        "rejected_or_runtime_error" => Verdict::all_or_nothing(!seen.accepted || is_error, || {
            "expected a rejection or a runtime error".into()
        }),
        _ if !seen.accepted => Verdict::failed("definition rejected".into()),
        "runtime_error" => Verdict::all_or_nothing(is_error && trace.is_empty(), || {
            format!("expected a runtime error before any observable activity, got {trace:?}")
        }),
        outcome => levels(case, seen, &trace, outcome == "ended_by_error_event"),
    }
}

/// The completed activities that count, in order.
fn projected<'s>(test: &Execution, case: &ExecutionCase, seen: &'s Seen) -> Vec<&'s str> {
    let mut completed: Vec<&Completed> = seen.trace.iter().collect();
    completed.sort_by_key(|it| it.seq);
    let counts = |activity: &String| {
        test.observable.contains(activity) && !case.expect.ignore_activities.contains(activity)
    };
    completed.iter().map(|it| &it.activity).filter(|it| counts(it)).map(String::as_str).collect()
}

fn levels(case: &ExecutionCase, seen: &Seen, trace: &[&str], by_error: bool) -> Verdict {
    let sorted = |list: &[&str]| {
        let mut list = list.to_vec();
        list.sort_unstable();
        list.join(", ")
    };
    let mut expected: Vec<&str> =
        case.expect.activities_multiset.iter().map(String::as_str).collect();
    let mut why = Vec::new();
    for check in &case.expect.checks {
        match check {
            Check::AtLeastOnce { activity } if trace.contains(&activity.as_str()) => {
                let without = |list: &[&str]| -> Vec<String> {
                    let mut rest: Vec<_> = list
                        .iter()
                        .filter(|it| **it != activity)
                        .map(|it| it.to_string())
                        .collect();
                    rest.sort_unstable();
                    rest
                };
                if without(trace) == without(&expected) {
                    expected = trace.to_vec();
                }
            }
            Check::AtLeastOnce { .. } => {}
            Check::VariableEquals { name, value } => {
                let found = seen.variables.get(name);
                if !same(found, value) {
                    why.push(format!("variable {name} = {found:?}"));
                }
            }
            Check::Overlap { activities } => {
                let wanted: BTreeSet<_> = activities.iter().collect();
                let overlap = |open: &Vec<String>| wanted.is_subset(&open.iter().collect());
                if !seen.open_log.iter().any(overlap) {
                    why.push("activities were never open at the same time".into());
                }
            }
        }
    }
    if seen.runtime_error {
        why.push("runtime error".into());
    }
    if sorted(trace) != sorted(&expected) {
        why.push(format!(
            "trace [{}], expected in any order [{}]",
            trace.join(", "),
            sorted(&expected)
        ));
    }
    let state = seen.final_state.as_deref();
    if by_error && state != Some("error") {
        why.push("instance did not end by its error end event".into());
    }
    if !why.is_empty() {
        return Verdict { why, ..Verdict::default() };
    }
    let place = |activity: &String| trace.iter().position(|it| it == activity);
    let violated = case.derived.order.iter().find(|(first, second)| {
        matches!((place(first), place(second)), (Some(first), Some(second)) if first > second)
    });
    if let Some((first, second)) = violated {
        why.push(format!("order violated: {first} before {second}"));
        return Verdict { l1: true, why, ..Verdict::default() };
    }
    let wanted = case.derived.final_state.as_deref();
    let l3 = wanted.is_none() || wanted == state;
    if !l3 {
        let word = |state: Option<&str>| state.unwrap_or("unknown").to_owned();
        why.push(format!("final state {}, expected {}", word(state), word(wanted)));
    }
    Verdict { l1: true, l2: true, l3, why }
}
