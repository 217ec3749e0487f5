//! What a runner asks of an engine, whichever way it is reached.

use std::time::Duration;

use serde_json::Value;

use crate::corpus::Variables;

/// An engine for one run of one case. What goes wrong is a sentence for the report.
pub trait Driver {
    /// Creates and publishes a drawing under a code. The answer of each is told apart, because an
    /// import only has to be stored.
    fn create(&mut self, code: &str, xml: &str) -> Result<(), String>;
    /// Publishes what was created under a code.
    fn publish(&mut self, code: &str) -> Result<(), String>;
    /// Starts an order of a process; its id.
    fn start(&mut self, process: &str, variables: &Variables) -> Result<String, String>;
    /// The open tasks of the run, user and receive tasks, of every order in it.
    fn tasks(&mut self) -> Result<Vec<Task>, String>;
    /// Completes a task, or ends it with a BPMN error.
    fn complete(
        &mut self,
        task: &Task,
        variables: &Variables,
        error: Option<&str>,
    ) -> Result<(), String>;
    /// Gives a message to whoever waits.
    fn message(&mut self, name: &str, variables: &Variables) -> Result<(), String>;
    /// Gives a signal to all who wait.
    fn signal(&mut self, name: &str, variables: &Variables) -> Result<(), String>;
    /// The variables of an order.
    fn variables(&mut self, order: &str) -> Result<Variables, String>;
    /// Sets variables of an order.
    fn set_variables(&mut self, order: &str, variables: &Variables) -> Result<(), String>;
    /// Ends an order.
    fn cancel(&mut self, order: &str) -> Result<(), String>;
    /// Everything that happened in the run, in order, and how its orders stand.
    fn history(&mut self) -> Result<History, String>;
    /// Lets time go by.
    fn pass(&mut self, time: Duration) -> Result<(), String>;
    /// The time that has gone by since the run began.
    fn elapsed(&self) -> Duration;
}

/// An open task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The id to complete it by.
    pub id: String,
    /// Its order.
    pub order: String,
    /// The activity.
    pub activity: String,
    /// Rises from task to task.
    pub created: u64,
}

/// What happened.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// In order.
    pub records: Vec<Record>,
    /// How each order stands, called and event-started ones too.
    pub orders: Vec<Order>,
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Record {
    /// Rises over everything.
    pub seq: u64,
    /// The order it happened to, or the one that called that.
    pub order: String,
    /// The activity, event or gateway.
    pub activity: String,
    /// `started`, `completed`, `cancelled`, `failed`
    pub event: String,
}

/// How an order stands.
#[derive(Clone, Debug)]
pub struct Order {
    /// Its id.
    pub id: String,
    /// The id of its process.
    pub process: String,
    /// `running`, `completed`, `failed`, `cancelled`
    pub state: String,
    /// Why it cannot go on, where it is stuck.
    pub stuck: Option<String>,
}

impl Order {
    /// The corpus's word for its state; what is stuck is an error, for it will not go on.
    pub fn final_state(&self) -> &'static str {
        match (self.state.as_str(), &self.stuck) {
            ("completed", _) => "completed",
            ("cancelled", _) => "cancelled",
            ("failed", _) | (_, Some(_)) => "error",
            _ => "waiting",
        }
    }
}

impl History {
    /// An order by its id.
    pub fn order(&self, id: &str) -> Option<&Order> {
        self.orders.iter().find(|order| order.id == id)
    }
}

/// Whether two JSON values are the same when `1` and `1.0` are.
pub fn same(a: Option<&Value>, b: &Value) -> bool {
    match (a, b) {
        (Some(Value::Number(a)), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (a, b) => a == Some(b),
    }
}
