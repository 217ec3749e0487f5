//! What the BPMN engine itself costs, in memory and on one core: reading, running, many at once.

use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{anyhow, bail};
use chrono::{DateTime, Utc};
use flow_engine::bpmn::{Finding, parse};
use flow_engine::value::{Value, Variables};
use flow_engine::{Command, Effect, Instance, Library, Process, State, Step, advance};

use crate::report::Promise;

/// Instances that run from start to end in a second.
const INSTANCES_PROMISED: f64 = 100_000.0;

/// What was measured, one sentence each.
#[derive(Default)]
pub(crate) struct Measured {
    pub(crate) notes: Vec<String>,
    pub(crate) promises: Vec<Promise>,
}

/// Measures everything, each for about `time`.
pub(crate) fn measure(time: Duration) -> anyhow::Result<Measured> {
    let mut measured = Measured::default();
    let drawing = drawing_of(200);
    let read = per_second(time, || compile(&drawing).map(drop))?;
    measured.notes.push(format!(
        "Reading, checking and building a drawing of 200 nodes ({} KiB) takes {:.2} ms",
        drawing.len() / 1024,
        1e3 / read
    ));
    let three = library(&three_tasks())?;
    let instances = per_second(time, || run(&three, Variables::new()))?;
    measured.promises.push(Promise {
        promised: "the engine runs 100,000 instances a second: start, three tasks, end".to_owned(),
        measured: format!("{instances:.0} on one core"),
        kept: instances >= INSTANCES_PROMISED,
    });
    let hundred = library(&hundred_fold())?;
    let many = per_second(time, || run(&hundred, Variables::new()))?;
    measured.notes.push(format!(
        "An order with one task for each of 100 people, from start to end: {:.2} ms, {:.1} µs a task",
        1e3 / many,
        1e4 / many
    ));
    // As many as one task may be repeated.
    let large = people_list(1_000);
    let listed = library(&for_each_person())?;
    let wide = per_second(time, || {
        let opened = open(&listed, large.clone())?.effects;
        let tasks = opened.iter().filter(|effect| matches!(effect, Effect::OpenTask(_))).count();
        if tasks == 1_000 { Ok(()) } else { bail!("{tasks} tasks were opened") }
    })?;
    measured.notes.push(format!("Opening 1,000 tasks of one order: {:.1} ms", 1e3 / wide));
    Ok(measured)
}

fn per_second(time: Duration, mut work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    work()?;
    let (began, mut count) = (Instant::now(), 0_u32);
    while began.elapsed() < time {
        work()?;
        count += 1;
    }
    Ok(f64::from(count) / began.elapsed().as_secs_f64())
}

fn compile(xml: &str) -> anyhow::Result<Vec<Process>> {
    let definitions = parse(xml).map_err(said)?;
    Process::compile(&definitions).map_err(said)
}

fn said(findings: Vec<Finding>) -> anyhow::Error {
    findings.first().map_or_else(
        || anyhow!("refused without a reason"),
        |finding| anyhow!("line {}, {}: {}", finding.line, finding.element_id, finding.message),
    )
}

fn library(xml: &str) -> anyhow::Result<Library> {
    let mut library = Library::new();
    for process in compile(xml)? {
        let id = process.id().to_owned();
        library.insert(&id, Arc::new(process));
    }
    Ok(library)
}

fn step(library: &Library, instance: Instance, command: Command) -> anyhow::Result<Step> {
    advance(library, instance, command, DateTime::<Utc>::UNIX_EPOCH)
        .map_err(|refused| anyhow!("{}", refused.why))
}

fn open(library: &Library, variables: Variables) -> anyhow::Result<Step> {
    step(library, Instance::new("bench"), Command::Start { at: None, variables })
}

/// From start to end; every task is completed as it opens.
fn run(library: &Library, variables: Variables) -> anyhow::Result<()> {
    let mut now = open(library, variables)?;
    let mut waiting: Vec<u64> = Vec::new();
    loop {
        for effect in &now.effects {
            if let Effect::OpenTask(task) = effect {
                waiting.push(task.wait);
            }
        }
        let Some(wait) = waiting.pop() else { break };
        now = step(
            library,
            now.instance,
            Command::CompleteTask { wait, variables: Variables::new() },
        )?;
    }
    if now.instance.state() != State::Completed {
        bail!("an instance did not end: {:?}", now.effects);
    }
    black_box(now);
    Ok(())
}

fn wrapped(body: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:flowable="http://flowable.org/bpmn"
 targetNamespace="http://aiflow/bench"><process id="bench" isExecutable="true">{body}</process></definitions>"#
    )
}

/// start → `count` - 2 tasks and gateways → end.
fn drawing_of(count: usize) -> String {
    let mut body = String::from(r#"<startEvent id="n0"/>"#);
    for number in 1..count {
        let kind = match number {
            number if number == count - 1 => r#"endEvent"#,
            number if number % 4 == 0 => r#"parallelGateway"#,
            _ => r#"userTask name="部门经理审批" flowable:assignee="${initiator}""#,
        };
        let name = kind.split(' ').next().unwrap_or_default();
        let attributes = kind.strip_prefix(name).unwrap_or_default();
        let before = number - 1;
        // Writing to a String cannot fail.
        let _ = write!(
            body,
            r#"<sequenceFlow id="f{number}" sourceRef="n{before}" targetRef="n{number}"/><{name} id="n{number}"{attributes}/>"#
        );
    }
    wrapped(&body)
}

fn three_tasks() -> String {
    drawing_of(5).replace("parallelGateway", "userTask")
}

fn hundred_fold() -> String {
    wrapped(
        r#"<startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="a"/>
<userTask id="a" flowable:assignee="USER001"><multiInstanceLoopCharacteristics><loopCardinality>100</loopCardinality></multiInstanceLoopCharacteristics></userTask>
<sequenceFlow id="f2" sourceRef="a" targetRef="end"/><endEvent id="end"/>"#,
    )
}

fn for_each_person() -> String {
    wrapped(
        r#"<startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="a"/>
<userTask id="a" flowable:assignee="${person}"><multiInstanceLoopCharacteristics flowable:collection="people" flowable:elementVariable="person"/></userTask>
<sequenceFlow id="f2" sourceRef="a" targetRef="end"/><endEvent id="end"/>"#,
    )
}

fn people_list(count: usize) -> Variables {
    let people = (0..count).map(|number| Value::Text(format!("U{number:05}"))).collect();
    Variables::from([("people".to_owned(), Value::List(people))])
}
