//! Drawings that would run for ever or fill the memory are stopped, and say why.

use chrono::DateTime;
use flow_engine::value::Variables;
use flow_engine::{Command, Effect, Instance, Library, State, Step, advance};

use crate::script::library;

#[test]
fn a_circle_without_a_wait_is_held() {
    let step = started(
        r#"<startEvent id="s"/><task id="a"/><sequenceFlow id="f" sourceRef="s" targetRef="a"/>
        <exclusiveGateway id="x"/><sequenceFlow id="g" sourceRef="a" targetRef="x"/>
        <endEvent id="e"/>
        <sequenceFlow id="h" sourceRef="x" targetRef="a"><conditionExpression>stop != true</conditionExpression></sequenceFlow>
        <sequenceFlow id="i" sourceRef="x" targetRef="e"><conditionExpression>stop</conditionExpression></sequenceFlow>"#,
    );

    assert_eq!(incidents(&step), 1);
    assert_eq!(step.instance.waits().count(), 1);
}

#[test]
fn tokens_that_multiply_end_the_order() {
    let chain: String = (0..9)
        .map(|n| {
            format!(
                r#"<task id="t{n}" completionQuantity="1000"/><sequenceFlow id="f{n}" sourceRef="t{n}" targetRef="t{}"/>"#,
                n + 1
            )
        })
        .collect();
    let step = started(&format!(
        r#"<startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="t0"/>{chain}<task id="t9"/>"#
    ));

    assert_eq!(step.instance.state(), State::Failed);
    assert!(step.effects.len() < 10, "{}", step.effects.len());
}

#[test]
fn instances_of_instances_end_the_order() {
    let many = r#"<multiInstanceLoopCharacteristics><loopCardinality>1000</loopCardinality></multiInstanceLoopCharacteristics>"#;
    let step = started(&format!(
        r#"<startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="p"/>
        <subProcess id="p">{many}<startEvent id="ps"/>
          <sequenceFlow id="pf" sourceRef="ps" targetRef="u"/><userTask id="u">{many}</userTask>
        </subProcess>"#
    ));

    assert_eq!(step.instance.state(), State::Failed);
}

#[test]
fn too_many_instances_are_an_incident() {
    let step = started(
        r#"<startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="u"/>
        <userTask id="u"><multiInstanceLoopCharacteristics>
          <loopCardinality>1000000000</loopCardinality>
        </multiInstanceLoopCharacteristics></userTask>"#,
    );

    assert_eq!(incidents(&step), 1);
}

#[test]
fn processes_that_call_each_other_are_stopped() {
    let text = drawing(
        r#"<startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="c"/>
        <callActivity id="c" calledElement="elsewhere"/>"#,
    );
    let (mut library, key) = library(&text);
    library.link(&key, "elsewhere", &key);

    let step = start(&library, &key);

    assert_eq!(incidents(&step), 1);
    let runs = step.effects.iter().filter(|it| matches!(it, Effect::RunOpened { .. })).count();
    assert!(runs < 100, "{runs}");
}

#[test]
fn a_signal_that_calls_for_itself_is_held() {
    let step = started(
        r#"<startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="u"/><userTask id="u"/>
        <boundaryEvent id="b" attachedToRef="u" cancelActivity="false"><signalEventDefinition signalRef="again"/></boundaryEvent>
        <intermediateThrowEvent id="t"><signalEventDefinition signalRef="again"/></intermediateThrowEvent>
        <sequenceFlow id="g" sourceRef="b" targetRef="t"/>"#,
    );
    let again = Command::Signal { name: "again".into(), variables: Variables::new() };

    let step = advance(&Library::new(), step.instance, again, DateTime::UNIX_EPOCH).unwrap();

    assert_eq!(incidents(&step), 1);
}

fn drawing(body: &str) -> String {
    format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL">
<signal id="again" name="again"/><process id="main" isExecutable="true">{body}</process></definitions>"#
    )
}

fn started(body: &str) -> Step {
    let (library, key) = library(&drawing(body));
    start(&library, &key)
}

fn start(library: &Library, key: &str) -> Step {
    let command = Command::Start { at: None, variables: Variables::new() };
    advance(library, Instance::new(key), command, DateTime::UNIX_EPOCH).unwrap()
}

fn incidents(step: &Step) -> usize {
    step.effects.iter().filter(|it| matches!(it, Effect::Incident { .. })).count()
}

#[test]
fn what_was_done_long_ago_is_forgotten_but_not_the_start() {
    let (library, key) = library(&drawing(
        r#"<startEvent id="s"/><userTask id="a"/><userTask id="b"/><endEvent id="e"/>
        <sequenceFlow id="f" sourceRef="s" targetRef="a"/><sequenceFlow id="g" sourceRef="a" targetRef="b"/>
        <exclusiveGateway id="x" default="i"/><sequenceFlow id="h" sourceRef="b" targetRef="x"/>
        <sequenceFlow id="i" sourceRef="x" targetRef="a"/>
        <sequenceFlow id="j" sourceRef="x" targetRef="e"><conditionExpression>stop = true</conditionExpression></sequenceFlow>"#,
    ));
    let done = |instance, command| {
        advance(&library, instance, command, DateTime::UNIX_EPOCH).unwrap().instance
    };
    let mut instance = start(&library, &key).instance;
    for wait in 1..=2_000 {
        instance = done(instance, Command::CompleteTask { wait, variables: Variables::new() });
    }

    let targets = instance.return_targets(2_001);
    let told: Vec<(&str, bool)> = targets.iter().map(|it| (&*it.node, it.is_start)).collect();
    assert_eq!(told, [("b", false), ("a", false), ("s", true)]);
    let text = serde_json::to_string(&instance.snapshot()).unwrap();
    assert!(text.len() < 100_000, "{}", text.len());

    let back = Command::Return { wait: 2_001, visit: targets[2].visit, straight_back: false };
    instance = done(instance, back);

    assert_eq!(instance.waits().map(|it| it.node.to_owned()).collect::<Vec<_>>(), ["s"]);
}
