//! What was attained, test by test and in sum: for people as a table, for programs as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Value, json};

use crate::corpus::{Constraint, Entry};
use crate::marks;
use crate::trace::{Seen, Verdict};

/// What one case attained in one mode.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// The test.
    pub id: String,
    /// Its suite.
    pub suite: String,
    /// Its tier.
    pub tier: String,
    /// `scored`, or why it is not.
    pub status: String,
    /// `user-fifo`, `user-lifo`, `auto`; empty where there is only one way.
    pub mode: String,
    /// The case.
    pub case: u32,
    /// What it attained.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// What was seen, in the form that the corpus's comparator reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
}

impl Outcome {
    /// Of a test.
    pub fn of(entry: &Entry, mode: &str, case: u32, verdict: Verdict) -> Outcome {
        Outcome {
            id: entry.id.clone(),
            suite: entry.suite.clone(),
            tier: entry.tier.clone(),
            status: entry.status.clone(),
            mode: mode.to_owned(),
            case,
            verdict,
            seen: None,
        }
    }

    /// Of a constraint.
    pub fn of_constraint(constraint: &Constraint, refuse: bool, why: Vec<String>) -> Outcome {
        let scored = constraint.core_static && (refuse || constraint.scope == "process");
        Outcome {
            id: constraint.id.clone(),
            suite: "static".into(),
            tier: if refuse { "refuse" } else { "accept" }.into(),
            status: if scored { "scored" } else { "not proposed" }.into(),
            mode: String::new(),
            case: 1,
            verdict: Verdict::plain(why),
            seen: None,
        }
    }

    /// Whether it counts.
    pub fn scored(&self) -> bool {
        self.status == "scored"
    }
}

/// How many of how many tests hold at each level in every case and mode counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Score {
    /// All of them.
    pub tests: usize,
    /// At level 1.
    pub l1: usize,
    /// At level 2.
    pub l2: usize,
    /// At level 3.
    pub l3: usize,
}

/// A suite and a tier.
pub type Group = (String, String);

/// The score of each suite and tier, of scored tests; of one mode, or of all modes together.
pub fn scores(outcomes: &[Outcome], mode: Option<&str>) -> BTreeMap<Group, Score> {
    let mut tests: BTreeMap<(Group, &str), (bool, bool, bool)> = BTreeMap::new();
    let counted = |it: &&Outcome| it.scored() && mode.is_none_or(|mode| it.mode == mode);
    for outcome in outcomes.iter().filter(counted) {
        let group = (outcome.suite.clone(), outcome.tier.clone());
        let levels = tests.entry((group, &outcome.id)).or_insert((true, true, true));
        levels.0 &= outcome.verdict.l1;
        levels.1 &= outcome.verdict.l2;
        levels.2 &= outcome.verdict.l3;
    }
    let mut scores: BTreeMap<Group, Score> = BTreeMap::new();
    for ((group, _), (l1, l2, l3)) in tests {
        let score = scores.entry(group).or_default();
        score.tests += 1;
        score.l1 += usize::from(l1);
        score.l2 += usize::from(l2);
        score.l3 += usize::from(l3);
    }
    scores
}

/// The modes that occur.
fn modes(outcomes: &[Outcome]) -> Vec<&str> {
    let mut modes: Vec<&str> =
        outcomes.iter().map(|it| it.mode.as_str()).filter(|it| !it.is_empty()).collect();
    modes.sort_unstable();
    modes.dedup();
    modes
}

/// The table and the list of failures.
pub fn told(outcomes: &[Outcome]) -> String {
    let mut out = String::new();
    let mut table = |title: &str, scores: BTreeMap<Group, Score>| {
        let _ = writeln!(
            out,
            "{title:<12} {:<10} {:<10} {:>6} {:>6} {:>6} {:>6}",
            "suite", "tier", "tests", "L1", "L2", "L3"
        );
        for ((suite, tier), score) in scores {
            let Score { tests, l1, l2, l3 } = score;
            let _ = writeln!(
                out,
                "{:<12} {suite:<10} {tier:<10} {tests:>6} {l1:>6} {l2:>6} {l3:>6}",
                ""
            );
        }
    };
    table("all modes", scores(outcomes, None));
    for mode in modes(outcomes) {
        table(mode, scores(outcomes, Some(mode)));
    }
    for (title, scored) in [("FAILED, scored", true), ("failed, not scored", false)] {
        let failed: Vec<_> =
            outcomes.iter().filter(|it| it.scored() == scored && !it.verdict.l3).collect();
        let _ = writeln!(out, "\n{title}: {}", failed.len());
        for outcome in failed {
            let Outcome { id, mode, case, tier, status, verdict, .. } = outcome;
            let level = match (verdict.l1, verdict.l2) {
                (true, true) => "L2",
                (true, false) => "L1",
                _ => "-",
            };
            let status = if scored { "" } else { status };
            let why = verdict.why.join(" | ");
            let _ =
                writeln!(out, "  {id} {mode} case {case} ({tier} {status}) attains {level}: {why}");
        }
    }
    let _ = writeln!(out);
    for mark in marks::of(outcomes) {
        let _ = writeln!(out, "{mark}");
    }
    out
}

/// Everything as JSON.
pub fn json(outcomes: &[Outcome]) -> Value {
    let table = |mode| -> Vec<Value> {
        let line = |((suite, tier), score): (Group, Score)| {
            json!({"suite": suite, "tier": tier, "tests": score.tests,
                   "L1": score.l1, "L2": score.l2, "L3": score.l3})
        };
        scores(outcomes, mode).into_iter().map(line).collect()
    };
    let modes: BTreeMap<&str, Vec<Value>> =
        modes(outcomes).into_iter().map(|mode| (mode, table(Some(mode)))).collect();
    let marks = marks::of(outcomes);
    json!({
        "scores": table(None),
        "modes": modes,
        "marks": marks,
        "holds": marks.iter().all(|mark| mark.holds),
        "outcomes": outcomes,
    })
}
