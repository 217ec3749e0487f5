//! What a process says of itself, and what an element sees.

use std::sync::Arc;

use chrono::DateTime;
use flow_engine::bpmn;
use flow_engine::value::Variables;
use flow_engine::{Command, Instance, Library, Process, advance};

const DRAWING: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:aiflow="http://aiflow/bpmn">
  <process id="main" name="请假" isExecutable="true" aiflow:mode="any">
    <extensionElements><aiflow:policy nobody="skip"/></extensionElements>
    <startEvent id="start"/>
    <subProcess id="sub">
      <userTask id="inner" name="里"><property id="note"/></userTask>
    </subProcess>
    <userTask id="outer" aiflow:ratio="60"/>
    <sequenceFlow id="f1" sourceRef="start" targetRef="sub"/>
    <sequenceFlow id="f2" sourceRef="sub" targetRef="outer"/>
  </process>
</definitions>"#;

#[test]
fn a_process_has_attributes_and_extensions_of_its_own() {
    let info = main().info();

    assert_eq!((&*info.id, &*info.name, info.kind), ("main", "请假", "process"));
    assert_eq!(info.attributes[0].name, "mode");
    assert_eq!(info.extensions[0].name, "policy");
    assert_eq!(info.extensions[0].attributes, [("nobody".to_owned(), "skip".to_owned())]);
}

#[test]
fn user_tasks_are_listed_in_the_order_of_the_text_those_inside_too() {
    let tasks = main().user_tasks();

    let ids: Vec<&str> = tasks.iter().map(|it| &*it.id).collect();
    assert_eq!(ids, ["inner", "outer"]);
    assert_eq!(tasks[1].attributes[0].value, "60");
}

#[test]
fn an_element_sees_its_own_variables_and_those_around_it() {
    let mut library = Library::new();
    library.insert("main", Arc::new(main()));
    let variables = Variables::from([("days".to_owned(), 3.into())]);
    let start = Command::Start { at: None, variables };
    let step = advance(&library, Instance::new("main"), start, DateTime::UNIX_EPOCH).unwrap();

    let names: Vec<String> = step.instance.visible(1).into_keys().collect();

    assert_eq!(names, ["days", "note"]);
    assert!(step.instance.visible(2).is_empty());
}

fn main() -> Process {
    let definitions = bpmn::parse(DRAWING).unwrap();
    Process::compile(&definitions).unwrap().remove(0)
}
