//! The one form in which an instance is kept: plain, versioned, independent of indexes.

mod restore;
mod take;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

pub(crate) use restore::restore;
pub(crate) use take::take;

/// The version written now; every older one can still be read.
pub const VERSION: u32 = 2;

/// Everything that an instance is. Values are in the form of [`crate::value::Value::store`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The version of this form.
    pub version: u32,
    /// The key of its process.
    pub key: String,
    /// How it stands: `fresh`, `running`, `completed`, `failed`, `cancelled`.
    pub state: String,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    variables: Map<String, Json>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    runs: Vec<Option<KeptRun>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    activations: Vec<KeptActivation>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    waits: Vec<KeptWait>,
    /// Since version 2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    visits: Vec<KeptVisit>,
    #[serde(default)]
    last_activation: u64,
    #[serde(default)]
    last_wait: u64,
    #[serde(default, skip_serializing_if = "is_none")]
    last_visit: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct KeptRun {
    key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended_by: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct KeptActivation {
    id: u64,
    parent: u64,
    run: u32,
    /// Absent for the root of a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    node: Option<String>,
    role: String,
    phase: String,
    #[serde(default, skip_serializing_if = "is_zero")]
    live: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    index: Option<u32>,
    #[serde(default, skip_serializing_if = "is_none")]
    at: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    acted: Vec<u64>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    variables: Map<String, Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    more: Option<KeptMore>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct KeptMore {
    /// (node, the flow by which the token came)
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parked: Vec<(String, Option<String>)>,
    /// The visits that the histories of these tokens end with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parked_at: Vec<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fired: Vec<(String, Vec<String>)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    done: Vec<KeptDone>,
    #[serde(default, skip_serializing_if = "is_false")]
    interrupted: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    cancelling: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rounds: Option<KeptRounds>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    plan: Vec<(u64, KeptDone)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    holder: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    later: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    touched: Vec<String>,
    /// (node, the visit that is done again)
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    back: Vec<(String, u64)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct KeptVisit {
    no: u64,
    /// Absent where its process is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    node: Option<String>,
    #[serde(default, skip_serializing_if = "is_zero")]
    run: u32,
    scope: u64,
    #[serde(default, skip_serializing_if = "is_none")]
    parent: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    waits: Vec<u64>,
    #[serde(default, skip_serializing_if = "is_false")]
    acted: bool,
    kind: KeptVisitKind,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KeptVisitKind {
    Start,
    Task,
    /// (flow, visit)
    Join {
        side: Vec<(Option<String>, u64)>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        swallowed: Vec<(Option<String>, u64)>,
    },
    Container {
        of: u64,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct KeptDone {
    node: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    memory: Option<KeptMemory>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct KeptMemory {
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    variables: Map<String, Json>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    done: Vec<KeptDone>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct KeptRounds {
    total: u32,
    started: u32,
    completed: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    items: Vec<Json>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    results: Vec<Json>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct KeptWait {
    number: u64,
    owner: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    node: Option<String>,
    #[serde(default, skip_serializing_if = "is_zero")]
    definition: u32,
    what: KeptWhat,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KeptWhat {
    User,
    Receive { message: Option<String> },
    Service,
    Timer { due: String, cycle: Option<KeptCycle> },
    Message { name: String },
    Signal { name: String },
    Condition { held: bool },
    Incident { reason: String, resume: String, flow: Option<String> },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct KeptCycle {
    text: String,
    set: String,
    round: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_none(visit: &u64) -> bool {
    *visit == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_false(it: &bool) -> bool {
    !it
}
