//! The marks that have to be met: how much of each suite and tier must hold at level 3.

use std::fmt;

use serde::Serialize;

use crate::report::{Outcome, scores};

/// Suite, tier, share of tests. Suites not named here are reported only.
const WANTED: [(&str, &str, f64); 10] = [
    ("betsy", "core", 1.0),
    ("betsy", "extended", 0.95),
    ("betsy", "exotic", 0.60),
    ("engines", "core", 1.0),
    ("engines", "extended", 1.0),
    ("engines", "exotic", 1.0),
    ("miwg", "core", 1.0),
    ("miwg", "extended", 1.0),
    ("static", "refuse", 1.0),
    ("static", "accept", 1.0),
];

/// One mark and whether it is met.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mark {
    /// The suite.
    pub suite: String,
    /// The tier.
    pub tier: String,
    /// The share of tests that must hold.
    pub wanted: f64,
    /// How many hold.
    pub attained: usize,
    /// Of how many.
    pub tests: usize,
    /// Whether that is enough.
    pub holds: bool,
}

impl fmt::Display for Mark {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mark { suite, tier, wanted, attained, tests, holds } = self;
        let verdict = if *holds { "holds" } else { "MISSED" };
        write!(
            out,
            "mark: {suite} {tier}: {attained} of {tests}, wanted {:.0} %: {verdict}",
            wanted * 100.0
        )
    }
}

/// The marks of everything that was run.
pub fn of(outcomes: &[Outcome]) -> Vec<Mark> {
    let mut marks = Vec::new();
    for ((suite, tier), score) in scores(outcomes, None) {
        let wanted = WANTED.iter().find(|(known, level, _)| *known == suite && *level == tier);
        let Some((_, _, wanted)) = wanted else { continue };
        let holds = score.l3 as f64 >= wanted * score.tests as f64;
        let (attained, tests) = (score.l3, score.tests);
        marks.push(Mark { suite, tier, wanted: *wanted, attained, tests, holds });
    }
    marks
}
