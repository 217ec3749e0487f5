//! How many orders a second one core moves from start over three tasks to the end, in memory.
//!
//! `cargo run --release -p flow-engine --example speed`

use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

use chrono::DateTime;
use flow_engine::value::Variables;
use flow_engine::{Command, Instance, Library, Process, State, advance, bpmn};

const DRAWING: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL">
  <process id="three" isExecutable="true">
    <startEvent id="start"/>
    <sequenceFlow id="f1" sourceRef="start" targetRef="a"/>
    <userTask id="a"/>
    <sequenceFlow id="f2" sourceRef="a" targetRef="b"/>
    <userTask id="b"/>
    <sequenceFlow id="f3" sourceRef="b" targetRef="c"/>
    <userTask id="c"/>
    <sequenceFlow id="f4" sourceRef="c" targetRef="end"/>
    <endEvent id="end"/>
  </process>
</definitions>"#;
const ORDERS: u32 = 500_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let definitions = bpmn::parse(DRAWING).map_err(|findings| format!("{findings:?}"))?;
    let processes = Process::compile(&definitions).map_err(|findings| format!("{findings:?}"))?;
    let mut library = Library::new();
    for process in processes {
        library.insert("three", Arc::new(process));
    }
    let begun = Instant::now();
    for _ in 0..ORDERS {
        one_order(&library)?;
    }
    let spent = begun.elapsed().as_secs_f64();
    let mut out = std::io::stdout();
    writeln!(out, "{:.0} orders a second", f64::from(ORDERS) / spent)?;
    Ok(())
}

fn one_order(library: &Library) -> Result<(), Box<dyn std::error::Error>> {
    let now = DateTime::UNIX_EPOCH;
    let start = Command::Start { at: None, variables: Variables::new() };
    let mut step = advance(library, Instance::new("three"), start, now)?;
    for wait in 1..=3 {
        let done = Command::CompleteTask { wait, variables: Variables::new() };
        step = advance(library, step.instance, done, now)?;
    }
    if step.instance.state() == State::Completed { Ok(()) } else { Err("it did not end".into()) }
}
