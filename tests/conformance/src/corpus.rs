//! The corpus as it stands on disk: its list, the tests, the constraints.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Variables of a case, as JSON.
pub type Variables = BTreeMap<String, Value>;

/// A corpus: where it is and what it lists.
pub struct Corpus {
    /// Its folder.
    pub root: PathBuf,
    /// Every test but the static ones.
    pub entries: Vec<Entry>,
    /// The neutral expressions: name, dialect, text.
    pub expressions: BTreeMap<String, BTreeMap<String, Value>>,
    /// What must be refused and what must not.
    pub constraints: Constraints,
}

/// One line of `corpus.json`.
#[derive(Clone, Debug, Deserialize)]
pub struct Entry {
    /// Its name.
    pub id: String,
    /// `betsy`, `engines`, `miwg` …
    pub suite: String,
    /// How it is driven.
    pub kind: Kind,
    /// `core`, `extended`, `exotic`
    pub tier: String,
    /// `scored`, or why it is not.
    pub status: String,
    /// Its folder.
    pub dir: String,
}

/// How a test is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Start, complete tasks, compare the trace.
    Execution,
    /// Steps and expectations.
    Scenario,
    /// Must be read, with everything in it.
    Import,
}

/// `test.json` of an execution.
#[derive(Debug, Deserialize)]
pub struct Execution {
    /// The process that the case is about.
    pub main_process: String,
    /// The file of each mode.
    pub files: BTreeMap<String, Value>,
    /// The activities that people do, and what doing them means.
    #[serde(default)]
    pub script_tasks: Vec<ScriptTask>,
    /// The activities that the trace is made of.
    pub observable: Vec<String>,
    /// The cases.
    pub cases: Vec<ExecutionCase>,
}

/// An activity that was a script.
#[derive(Debug, Deserialize)]
pub struct ScriptTask {
    /// Its id.
    pub id: String,
    /// What it does besides being done: `increment`, `set`, `read`, `throw_error`, `hold` …
    pub effect: Option<String>,
}

/// One case of an execution.
#[derive(Debug, Deserialize)]
pub struct ExecutionCase {
    /// Its number.
    pub case: u32,
    /// What is launched, in order.
    pub start: Vec<Start>,
    /// The least time to wait after the last launch.
    #[serde(default)]
    pub settle_ms: u64,
    /// What must be seen.
    pub expect: Expect,
    /// What follows from the drawing.
    #[serde(default)]
    pub derived: Derived,
}

/// One launch.
#[derive(Debug, Deserialize)]
pub struct Start {
    /// The process, without the run's suffix.
    pub process: String,
    /// Its variables.
    #[serde(default)]
    pub variables: Variables,
}

/// What must be seen of an execution.
#[derive(Debug, Deserialize)]
pub struct Expect {
    /// Completed activities, in any order.
    #[serde(default)]
    pub activities_multiset: Vec<String>,
    /// Activities that do not count.
    #[serde(default)]
    pub ignore_activities: Vec<String>,
    /// `normal`, `runtime_error`, `ended_by_error_event`, `rejected_or_runtime_error`
    pub outcome: String,
    /// More to look at.
    #[serde(default)]
    pub checks: Vec<Check>,
}

/// One more thing to look at.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Check {
    /// The activity occurs, however often.
    AtLeastOnce {
        /// Which.
        activity: String,
    },
    /// A variable has this value.
    VariableEquals {
        /// Its name.
        name: String,
        /// Its value.
        value: Value,
    },
    /// These were open at the same time.
    Overlap {
        /// Which.
        activities: Vec<String>,
    },
}

/// What follows from the drawing: not the original's assertion, hence levels of their own.
#[derive(Debug, Default, Deserialize)]
pub struct Derived {
    /// Pairs of which the first precedes the second.
    #[serde(default)]
    pub order: Vec<(String, String)>,
    /// How it stands in the end.
    pub final_state: Option<String>,
}

/// `test.json` of a scenario.
#[derive(Debug, Deserialize)]
pub struct Scenario {
    /// The process that is started.
    pub main_process: String,
    /// The files.
    pub files: BTreeMap<String, Value>,
    /// The cases.
    pub cases: Vec<ScenarioCase>,
}

/// One case of a scenario.
#[derive(Debug, Deserialize)]
pub struct ScenarioCase {
    /// Its number.
    pub case: u32,
    /// `do` and `expect`, in order.
    pub steps: Vec<BTreeMap<String, Value>>,
}

/// `test.json` of an import.
#[derive(Debug, Deserialize)]
pub struct Import {
    /// The file.
    pub files: BTreeMap<String, Value>,
    /// What must be found in it.
    pub expect: ImportExpect,
}

/// What must be found in an imported file.
#[derive(Debug, Deserialize)]
pub struct ImportExpect {
    /// Whether it must be stored.
    #[serde(default = "yes")]
    pub create_accepts: bool,
    /// Its processes and what is in them.
    #[serde(default)]
    pub inventory: Vec<Inventory>,
}

fn yes() -> bool {
    true
}

/// One process of an imported file.
#[derive(Debug, Deserialize)]
pub struct Inventory {
    /// Its id.
    pub process: String,
    /// Its nodes, those of sub-processes too.
    pub nodes: Vec<Value>,
    /// Its flows.
    #[serde(rename = "sequenceFlows")]
    pub flows: Vec<Value>,
}

/// What must be refused and what must not.
#[derive(Debug, Default, Deserialize)]
pub struct Constraints {
    /// Files that violate a constraint.
    #[serde(default)]
    pub tests: Vec<Constraint>,
    /// Files that do not.
    #[serde(default)]
    pub accept: Vec<Constraint>,
    /// The folder of the files.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// One file for or against one constraint.
#[derive(Debug, Deserialize)]
pub struct Constraint {
    /// Its name.
    pub id: String,
    /// Its file.
    pub file: String,
    /// What is constrained, in words.
    #[serde(default)]
    pub text: String,
    /// `process` or `model`.
    #[serde(default)]
    pub scope: String,
    /// Whether it counts.
    #[serde(default)]
    pub core_static: bool,
}

impl Corpus {
    /// Reads the list and the tables of a corpus.
    pub fn open(root: &Path) -> anyhow::Result<Corpus> {
        #[derive(Deserialize)]
        struct List {
            tests: Vec<Entry>,
            expressions: Option<String>,
            #[serde(rename = "static")]
            constraints: Option<String>,
        }
        let list: List = read(&root.join("corpus.json"))?;
        let table: BTreeMap<String, Value> = match &list.expressions {
            Some(file) => read(&root.join(file))?,
            None => BTreeMap::new(),
        };
        let expressions = table
            .into_iter()
            .filter_map(|(name, it)| Some((name, serde_json::from_value(it).ok()?)))
            .collect();
        let constraints = match &list.constraints {
            Some(file) if root.join(file).exists() => {
                let path = root.join(file);
                let folder = path.parent().unwrap_or(root).to_owned();
                Constraints { folder, ..read(&path)? }
            }
            _ => Constraints::default(),
        };
        Ok(Corpus { root: root.to_owned(), entries: list.tests, expressions, constraints })
    }

    /// A test's `test.json`.
    pub fn test<T: DeserializeOwned>(&self, entry: &Entry) -> anyhow::Result<T> {
        read(&self.root.join(&entry.dir).join("test.json"))
    }

    /// The files of a test that stand under a name in its `files`, in order.
    pub fn files(
        &self,
        entry: &Entry,
        files: &BTreeMap<String, Value>,
        name: &str,
    ) -> anyhow::Result<Vec<String>> {
        let named = match files.get(name) {
            Some(Value::String(file)) => vec![file.as_str()],
            Some(Value::Array(files)) => files.iter().filter_map(Value::as_str).collect(),
            _ => anyhow::bail!("{} has no file for {name}", entry.id),
        };
        let drawings = named.into_iter().filter(|file| !file.ends_with(".dmn"));
        drawings.map(|file| text(&self.root.join(&entry.dir).join(file))).collect()
    }
}

/// The text of a file.
pub fn text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    serde_json::from_str(&text(path)?).with_context(|| format!("cannot read {}", path.display()))
}
