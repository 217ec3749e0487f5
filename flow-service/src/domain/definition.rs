//! A flow that runs here: its drawing and its form, and what becomes of them when they are compiled.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use flow_engine::bpmn::{self, Finding, model};
use flow_engine::expr::{Expression, Lookup};
use flow_engine::time::{Cycle, Period, instant};
use flow_engine::value::Value;
use flow_engine::{NodeInfo, Process, Trigger};
use serde_json::Value as Json;
use shared::id::FlowCode;

use super::approvers::{self, Defaults, Fault, TaskSpec};
use super::form::Schema;
use super::policy::OnReject;

/// The longest drawing, in bytes.
pub(crate) const XML_MAX_BYTES: usize = 1024 * 1024;

/// What a version says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Definition {
    pub(crate) name: String,
    /// The form as it was sent; absent = that of `form_code`, as it is when the version goes online.
    pub(crate) schema: Option<Json>,
    /// A form of `form/sync` that the flow uses.
    pub(crate) form_code: Option<String>,
    pub(crate) xml: String,
}

/// What an update asks to change; absent = keep.
#[derive(Clone, Debug, Default)]
pub(crate) struct Revision {
    pub(crate) name: Option<String>,
    pub(crate) schema: Option<Json>,
    pub(crate) form_code: Option<String>,
    pub(crate) xml: Option<String>,
}

impl Definition {
    pub(crate) fn revised(self, revision: Revision) -> Definition {
        Definition {
            name: revision.name.unwrap_or(self.name),
            schema: revision.schema.or(self.schema),
            form_code: revision.form_code.or(self.form_code),
            xml: revision.xml.unwrap_or(self.xml),
        }
    }
}

/// What a text is not: a drawing at all.
pub(crate) fn read_drawing(xml: &str) -> Result<(), Vec<Finding>> {
    bpmn::parse(xml).map(|_| ())
}

/// A version that can be run.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) flow: FlowCode,
    pub(crate) version: i32,
    pub(crate) app: String,
    pub(crate) name: String,
    pub(crate) schema: Schema,
    /// The executable processes, in the order of the drawing.
    pub(crate) processes: Vec<Arc<Process>>,
    pub(crate) specs: Specs,
}

/// What the user tasks of processes say of their approvals, by process id and node id.
pub(crate) type Specs = BTreeMap<String, Arc<BTreeMap<String, Arc<TaskSpec>>>>;

/// What a drawing holds once it is compiled.
#[derive(Debug)]
pub(crate) struct Drawing {
    /// The executable processes, in document order.
    pub(crate) processes: Vec<Arc<Process>>,
    /// The forms that its elements name.
    pub(crate) form_keys: Vec<String>,
    /// What its user tasks say of their approvals.
    pub(crate) specs: Specs,
    /// What is wrong with that: it stops a version from going online, and no order of one that is.
    pub(crate) faults: Vec<Finding>,
}

/// The executable processes of a drawing, or everything that is wrong with it. Starts that nobody
/// could trigger are refused here: the house watches no conditions outside of orders.
pub(crate) fn compile(xml: &str) -> Result<Drawing, Vec<Finding>> {
    let definitions = bpmn::parse(xml)?;
    let processes = match Process::compile(&definitions) {
        Ok(processes) => processes,
        Err(mut findings) => {
            findings.extend(read_specs(&definitions, &[]).1);
            return Err(findings);
        }
    };
    let (specs, faults) = read_specs(&definitions, &processes);
    let mut findings = Vec::new();
    if processes.is_empty() {
        findings.push(finding("", 1, "NO_PROCESS", "图中没有可执行的流程"));
    }
    for process in &processes {
        let line = line_of(&definitions, process.id());
        for start in process.starts() {
            match &start.trigger {
                Trigger::Condition(_) => findings.push(finding(
                    &start.node,
                    line,
                    "CONDITIONAL_START",
                    "不支持由条件启动流程",
                )),
                Trigger::Timer(timer) => {
                    if let Err(message) = first_due(timer, DateTime::UNIX_EPOCH) {
                        findings.push(finding(&start.node, line, "INVALID_TIMER", &message));
                    }
                }
                Trigger::None | Trigger::Message(_) | Trigger::Signal(_) => {}
            }
        }
    }
    if findings.is_empty() {
        let mut form_keys = Vec::new();
        for process in &definitions.processes {
            gather_form_keys(&process.body, &mut form_keys);
        }
        let processes = processes.into_iter().map(Arc::new).collect();
        Ok(Drawing { processes, form_keys, specs, faults })
    } else {
        findings.extend(faults);
        Err(findings)
    }
}

/// What user tasks say of their approvals, and everything that is wrong with it. Without `compiled`
/// processes only the faults of the tasks themselves are found.
fn read_specs(definitions: &model::Definitions, compiled: &[Process]) -> (Specs, Vec<Finding>) {
    let (mut specs, mut findings) = (Specs::new(), Vec::new());
    let runs = |process: &&model::Process| process.executable && !process.sketch;
    for process in definitions.processes.iter().filter(runs) {
        let found = compiled.iter().find(|found| found.id() == process.id);
        let (defaults, faults) =
            found.map_or_else(Default::default, |found| approvers::parse_defaults(&found.info()));
        findings.extend(faults.into_iter().map(|it| fault(&process.id, process.line, it)));
        let mut of_process = BTreeMap::new();
        let nodes = process.body.all_nodes();
        let tasks = nodes.iter().filter(|node| is_user_task(node));
        for task in tasks.clone() {
            let (spec, mut faults) = read_spec(task, &defaults);
            if let OnReject::Node(target) = &spec.on_reject
                && !tasks.clone().any(|other| other.id == *target && other.id != task.id)
            {
                let message = format!("onReject 指向的 {target} 不是本流程中的其他用户任务");
                faults.push(Fault::missing(message));
            }
            findings.extend(faults.into_iter().map(|it| fault(&task.id, task.line, it)));
            of_process.insert(task.id.clone(), Arc::new(spec));
        }
        specs.insert(process.id.clone(), Arc::new(of_process));
    }
    (specs, findings)
}

fn is_user_task(node: &model::Node) -> bool {
    matches!(node.kind, model::Kind::Task(model::Task::User))
}

fn read_spec(task: &model::Node, defaults: &Defaults) -> (TaskSpec, Vec<Fault>) {
    let info = NodeInfo {
        id: task.id.as_str().into(),
        name: task.name.as_deref().unwrap_or(&task.id).into(),
        kind: "userTask",
        attributes: task.attributes.clone(),
        extensions: task.extensions.clone(),
    };
    approvers::parse_task(&info, defaults)
}

fn fault(element: &str, line: u32, fault: Fault) -> Finding {
    finding(element, line, fault.code, &fault.message)
}

/// `formKey` attributes and zeebe's form definitions, also of what is inside sub-processes.
fn gather_form_keys(body: &model::Body, keys: &mut Vec<String>) {
    for node in &body.nodes {
        let attributes = node.attributes.iter().map(|one| (&one.name, &one.value));
        let extensions = node.extensions.iter().flat_map(|one| &one.attributes);
        let all = attributes.chain(extensions.map(|(name, value)| (name, value)));
        keys.extend(all.filter(|(name, _)| *name == "formKey").map(|(_, value)| value.clone()));
        if let model::Kind::SubProcess { body, .. } = &node.kind {
            gather_form_keys(body, keys);
        }
    }
}

fn finding(element: &str, line: u32, code: &'static str, message: &str) -> Finding {
    Finding { element_id: element.to_owned(), line, code, message: message.to_owned() }
}

fn line_of(definitions: &model::Definitions, process: &str) -> u32 {
    let found = definitions.processes.iter().find(|known| known.id == process);
    found.map_or(1, |process| process.line)
}

impl Compiled {
    /// The process of this id, else the first.
    pub(crate) fn process(&self, id: Option<&str>) -> Option<&Arc<Process>> {
        match id {
            Some(id) => self.processes.iter().find(|process| process.id() == id),
            None => self.processes.first(),
        }
    }

    /// What a user task says of its approval.
    #[expect(dead_code, reason = "called once approvals run")]
    pub(crate) fn spec(&self, process: &str, node: &str) -> Option<&Arc<TaskSpec>> {
        self.specs.get(process)?.get(node)
    }

    /// The name under which the engine knows one of its processes.
    pub(crate) fn key(&self, process: &Process) -> String {
        format!("{}/{}/{}", self.flow, self.version, process.id())
    }
}

/// A way to start a flow that needs nobody to ask for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StartPoint {
    pub(crate) process: String,
    pub(crate) node: String,
    pub(crate) trigger: StartTrigger,
}

/// What triggers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StartTrigger {
    Message(String),
    Signal(String),
    Timer(StartTimer),
}

/// When a flow starts by itself, as written in the drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StartTimer {
    Date(String),
    Duration(String),
    Cycle(String),
}

impl StartTimer {
    /// When it is due for the `round`th time, from 0, if it was set at `set`; `None` = never again.
    pub(crate) fn due(
        &self,
        set: DateTime<Utc>,
        round: u32,
    ) -> Result<Option<DateTime<Utc>>, String> {
        let (StartTimer::Date(text) | StartTimer::Duration(text) | StartTimer::Cycle(text)) = self;
        let text = plain(text, set)?;
        let once = |due: Option<DateTime<Utc>>| if round == 0 { due } else { None };
        match self {
            StartTimer::Date(_) => match instant(&text) {
                Ok(due) => Ok(once(Some(due))),
                Err(fault) => Err(fault.to_string()),
            },
            StartTimer::Duration(_) => match Period::parse(&text) {
                Ok(period) => Ok(once(period.after(set))),
                Err(fault) => Err(fault.to_string()),
            },
            StartTimer::Cycle(_) => match Cycle::parse(&text) {
                Ok(cycle) => Ok(cycle.due(set, round)),
                Err(fault) => Err(fault.to_string()),
            },
        }
    }
}

/// A timer's text; an expression in it sees no variables.
fn plain(text: &str, now: DateTime<Utc>) -> Result<String, String> {
    struct Nothing;
    impl Lookup for Nothing {
        fn get(&self, _: &str) -> Option<&Value> {
            None
        }
    }
    let expression = Expression::template(text).map_err(|fault| fault.to_string())?;
    expression.eval(&Nothing, now).map(|value| value.to_string()).map_err(|fault| fault.to_string())
}

fn start_timer(timer: &model::Timer) -> Option<StartTimer> {
    match timer {
        model::Timer::Date(text) => Some(StartTimer::Date(text.clone())),
        model::Timer::Duration(text) => Some(StartTimer::Duration(text.clone())),
        model::Timer::Cycle(text) => Some(StartTimer::Cycle(text.clone())),
        model::Timer::Unclear => None,
    }
}

fn first_due(timer: &model::Timer, now: DateTime<Utc>) -> Result<(), String> {
    let timer = start_timer(timer).ok_or("定时器没有写明时间")?;
    timer.due(now, 0).map(|_| ())
}

/// Every way in which these processes start without being asked for.
pub(crate) fn start_points(processes: &[Arc<Process>]) -> Vec<StartPoint> {
    let mut points = Vec::new();
    for process in processes {
        for start in process.starts() {
            let trigger = match &start.trigger {
                Trigger::Message(name) => Some(StartTrigger::Message(name.clone())),
                Trigger::Signal(name) => Some(StartTrigger::Signal(name.clone())),
                Trigger::Timer(timer) => start_timer(timer).map(StartTrigger::Timer),
                Trigger::None | Trigger::Condition(_) => None,
            };
            if let Some(trigger) = trigger {
                points.push(StartPoint {
                    process: process.id().to_owned(),
                    node: start.node,
                    trigger,
                });
            }
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_examples_can_be_published() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/examples");
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        let files: Vec<_> =
            files.filter(|path| path.extension().is_some_and(|it| it == "bpmn")).collect();

        assert!(files.len() >= 3, "{files:?}");
        for file in files {
            let drawing = compile(&std::fs::read_to_string(&file).unwrap()).unwrap();
            assert_eq!(drawing.faults, [], "{file:?}");
            assert!(drawing.specs.values().any(|tasks| !tasks.is_empty()), "{file:?}");
        }
    }
}
