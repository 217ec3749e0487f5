//! The one entrance for the text of a drawing: XML → [`Definitions`].
//!
//! What cannot be read at all is refused here. What can be read but not executed (a reference to
//! nothing, an id given twice) becomes a defect of the tree, so that a draft can be stored and
//! shown, and `check` reports it with everything else.

mod body;
mod event;
mod extension;
mod node;
mod people;
mod repeat;
mod roots;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use roxmltree::{Document, ParsingOptions};

use super::model::{
    Body, Definitions, Dialect, EventDefinition, Events, Kind, Node, Process, SequenceFlow, Task,
    Timer,
};
use super::{Finding, guard};
use roots::Roots;

const MODEL: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";
/// Elements, texts, comments and instructions of one document.
const MAX_XML_NODES: u32 = 50_000;

type Element<'a> = roxmltree::Node<'a, 'a>;

/// Reads a drawing; the text is bounded in size, depth, elements and attributes, and has no DTD.
pub fn parse(xml: &str) -> Result<Definitions, Vec<Finding>> {
    let xml = xml.strip_prefix('\u{feff}').unwrap_or(xml);
    guard::admit(xml).map_err(|finding| vec![finding])?;
    let options =
        ParsingOptions { allow_dtd: false, nodes_limit: MAX_XML_NODES, ..Default::default() };
    let document =
        Document::parse_with_options(xml, options).map_err(|error| vec![malformed(xml, &error)])?;
    let root = document.root_element();
    if !is_model(root, "definitions") {
        let message = format!("根元素必须是 BPMN 2.0 的 definitions（命名空间 {MODEL}）");
        return Err(vec![text_fault(1, "NOT_BPMN", message)]);
    }
    Ok(Reader::new(xml, root).definitions(root))
}

fn malformed(xml: &str, error: &roxmltree::Error) -> Finding {
    if xml.trim().is_empty() {
        return text_fault(1, "XML_EMPTY", "BPMN 内容为空".into());
    }
    let row = error.pos().row;
    let error = error.to_string().chars().take(200).collect::<String>();
    let message = format!("不是格式正确的 XML：{error}");
    text_fault(row, "XML_MALFORMED", message)
}

fn text_fault(line: u32, code: &'static str, message: String) -> Finding {
    Finding { element_id: String::new(), line, code, message }
}

/// Reads one document; gathers defects on its way.
struct Reader<'a> {
    /// Offsets of the line ends.
    line_ends: Vec<usize>,
    roots: Roots<'a>,
    defects: Vec<Finding>,
}

impl<'a> Reader<'a> {
    fn new(xml: &str, root: Element<'a>) -> Self {
        let line_ends = xml.match_indices('\n').map(|(at, _)| at).collect();
        Self { line_ends, roots: Roots::new(root), defects: Vec::new() }
    }

    fn definitions(mut self, root: Element<'a>) -> Definitions {
        self.doubled_ids(root);
        let defects = std::mem::take(&mut self.defects);
        let mut processes = Vec::new();
        let mut globals = Vec::new();
        for element in model_children(root) {
            match element.tag_name().name() {
                "process" => processes.push(self.process(element)),
                tag => globals.extend(global_task(tag).map(|task| self.global(element, task))),
            }
        }
        settle_executable(&mut processes);
        processes.append(&mut globals);
        Definitions { processes, defects }
    }

    fn doubled_ids(&mut self, root: Element<'a>) {
        let mut seen = BTreeSet::new();
        for element in root.descendants().filter(|e| e.tag_name().namespace() == Some(MODEL)) {
            let Some(id) = element.attribute("id") else { continue };
            if !seen.insert(id) {
                self.defect(element, "DUPLICATE_ID", format!("标识 {id} 重复"));
            }
        }
    }

    fn process(&mut self, element: Element<'a>) -> Process {
        let id = self.id(element);
        let executable = self.flag(element, "isExecutable", true);
        let body = self.body(element);
        Process {
            id,
            name: title(element),
            executable,
            sketch: false,
            line: self.line(element),
            attributes: extension::attributes(element),
            extensions: extension::extensions(element),
            body,
            global: false,
            defects: std::mem::take(&mut self.defects),
        }
    }

    /// A global task as a process of its own.
    fn global(&mut self, element: Element<'a>, task: Task) -> Process {
        let line = self.line(element);
        let task = match task {
            Task::Script { .. } => node::script(element),
            other => other,
        };
        let task = self.node(element, Kind::Task(task));
        let id = task.id.clone();
        let (enter, leave) = (format!("{id}.start"), format!("{id}.end"));
        let start = Kind::Start { events: Events::default(), interrupting: true };
        let end = Kind::End { events: Events::default() };
        let flows = vec![
            SequenceFlow::plain(format!("{id}.in"), line, &enter, &id),
            SequenceFlow::plain(format!("{id}.out"), line, &id, &leave),
        ];
        let nodes = vec![Node::plain(enter, line, start), task, Node::plain(leave, line, end)];
        Process {
            id,
            name: title(element),
            executable: true,
            sketch: false,
            line,
            // Those of a global task are its task's.
            attributes: Vec::new(),
            extensions: Vec::new(),
            body: Body { nodes, flows, ..Default::default() },
            global: true,
            defects: std::mem::take(&mut self.defects),
        }
    }

    /// The element's id; one without gets its place as id.
    fn id(&mut self, element: Element<'a>) -> String {
        match element.attribute("id") {
            Some(id) if !id.trim().is_empty() => id.to_owned(),
            Some(_) | None => {
                let tag = element.tag_name().name();
                if tag != "sequenceFlow" {
                    self.defect(element, "MISSING_ID", format!("元素 {tag} 没有标识（id）"));
                }
                format!("{tag}@{}", element.range().start)
            }
        }
    }

    fn line(&self, element: Element<'a>) -> u32 {
        let start = element.range().start;
        let before = self.line_ends.partition_point(|end| *end < start);
        u32::try_from(before + 1).unwrap_or(u32::MAX)
    }

    fn defect(&mut self, element: Element<'a>, code: &'static str, message: String) {
        let named = element.ancestors().find_map(|e| e.attribute("id"));
        let line = self.line(element);
        let element_id = named.unwrap_or_default().to_owned();
        self.defects.push(Finding { element_id, line, code, message });
    }

    fn flag(&mut self, element: Element<'a>, name: &str, absent: bool) -> bool {
        match element.attribute(name).map(str::trim) {
            None => absent,
            Some("true" | "1") => true,
            Some("false" | "0") => false,
            Some(other) => {
                let message = format!("属性 {name} 的值 {other} 不是 true 或 false");
                self.defect(element, "BAD_VALUE", message);
                absent
            }
        }
    }

    fn number(&mut self, element: Element<'a>, name: &str) -> Option<i64> {
        let text = element.attribute(name)?.trim();
        let number = text.parse().ok();
        if number.is_none() {
            let message = format!("属性 {name} 的值 {text} 不是整数");
            self.defect(element, "BAD_VALUE", message);
        }
        number
    }

    fn unknown(&mut self, element: Element<'a>, what: &str, reference: &str) {
        let message = format!("引用的{what} {reference} 不存在");
        self.defect(element, "UNKNOWN_REFERENCE", message);
    }
}

/// Many tools write `isExecutable="false"` unasked. Where no process is marked, all are meant, but
/// for those that leave times open: they are sketches.
fn settle_executable(processes: &mut [Process]) {
    if processes.iter().any(|process| process.executable) {
        return;
    }
    for process in processes.iter_mut().filter(|process| !process.body.nodes.is_empty()) {
        process.executable = true;
        process.sketch = process.body.all_nodes().into_iter().any(leaves_a_time_open);
    }
}

fn leaves_a_time_open(node: &Node) -> bool {
    let open = EventDefinition::Timer(Timer::Unclear);
    node.kind.as_event().is_some_and(|events| events.definitions.contains(&open))
}

fn global_task(tag: &str) -> Option<Task> {
    match tag {
        "globalTask" => Some(Task::Global),
        "globalUserTask" => Some(Task::User),
        "globalManualTask" => Some(Task::Manual),
        "globalScriptTask" => Some(Task::Script { format: None, script: String::new() }),
        "globalBusinessRuleTask" => Some(Task::BusinessRule),
        _ => None,
    }
}

fn is_model(element: Element<'_>, name: &str) -> bool {
    element.has_tag_name((MODEL, name))
}

fn model_children<'a>(element: Element<'a>) -> impl Iterator<Item = Element<'a>> {
    element.children().filter(|child| child.tag_name().namespace() == Some(MODEL))
}

fn child<'a>(element: Element<'a>, name: &str) -> Option<Element<'a>> {
    model_children(element).find(|child| child.tag_name().name() == name)
}

/// The trimmed text of an element, comments left out.
fn text(element: Element<'_>) -> String {
    let parts = element.children().filter(|part| part.is_text()).filter_map(|part| part.text());
    parts.collect::<String>().trim().to_owned()
}

/// The text of a child; an empty one counts as absent.
fn child_text(element: Element<'_>, name: &str) -> Option<String> {
    child(element, name).map(text).filter(|text| !text.is_empty())
}

fn owned(element: Element<'_>, name: &str) -> Option<String> {
    element.attribute(name).map(str::to_owned)
}

/// The element's name on one line; tools break lines in names to fit them into shapes.
fn title(element: Element<'_>) -> Option<String> {
    let name = element.attribute("name")?;
    Some(name.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn dialect(namespace: &str) -> Dialect {
    match namespace {
        "http://aiflow/bpmn" => Dialect::Aiflow,
        "http://flowable.org/bpmn" => Dialect::Flowable,
        "http://activiti.org/bpmn" => Dialect::Activiti,
        "http://camunda.org/schema/1.0/bpmn" => Dialect::Camunda,
        "http://camunda.org/schema/zeebe/1.0" => Dialect::Zeebe,
        _ => Dialect::Other,
    }
}
