//! What the text says is what the tree holds.

use super::parse;
use crate::bpmn::model::{
    Behavior, Definitions, Dialect, EventDefinition, Kind, Loop, Node, Process, Task, Timer,
};

const HEAD: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:tns="t" targetNamespace="t" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xmlns:aiflow="http://aiflow/bpmn" xmlns:flowable="http://flowable.org/bpmn"
    xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:other="o"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0">"#;

fn file(inside: &str) -> Definitions {
    parse(&format!("{HEAD}{inside}</definitions>")).unwrap()
}

fn process(inside: &str) -> Process {
    file(&format!("<process id='p'>{inside}</process>")).processes.remove(0)
}

fn node(inside: &str) -> Node {
    process(inside).body.nodes.remove(0)
}

fn events(inside: &str) -> Vec<EventDefinition> {
    node(inside).kind.events().unwrap().definitions.clone()
}

fn codes(process: &Process) -> Vec<&'static str> {
    process.defects.iter().map(|finding| finding.code).collect()
}

#[test]
fn what_is_no_drawing_is_refused() {
    let cases = [
        ("", "XML_EMPTY"),
        ("  \n", "XML_EMPTY"),
        ("hello", "XML_MALFORMED"),
        ("<html></html>", "NOT_BPMN"),
        ("<definitions/>", "NOT_BPMN"),
        ("<a><b></a>", "XML_MALFORMED"),
        ("<a>\u{0}</a>", "XML_MALFORMED"),
        ("<a>&#0;</a>", "XML_MALFORMED"),
        ("<a>&b;</a>", "XML_MALFORMED"),
        ("<a b='1' b='2'/>", "XML_MALFORMED"),
        ("<a/><a/>", "XML_MALFORMED"),
        ("<a:b/>", "XML_MALFORMED"),
    ];

    for (xml, expected) in cases {
        let findings = parse(xml).unwrap_err();
        assert_eq!(findings[0].code, expected, "{xml}");
    }
}

#[test]
fn any_prefix_and_a_byte_order_mark_will_do() {
    let xml = "\u{feff}<x:definitions xmlns:x='http://www.omg.org/spec/BPMN/20100524/MODEL'>\
        <x:process id='p'><x:task id='t'/></x:process></x:definitions>";

    assert_eq!(parse(xml).unwrap().processes[0].body.nodes[0].id, "t");
}

#[test]
fn events_name_what_they_refer_to() {
    let roots = "<message id='m' name='paid'/><signal id='s'/><error id='e' errorCode='E1'/>\
        <escalation id='c' escalationCode='C1'/><signalEventDefinition id='d' signalRef='tns:s'/>\
        <interface id='i'><operation id='o'><inMessageRef>m</inMessageRef></operation></interface>";
    let text = |text: &str| Some(text.to_owned());
    let cases = [
        ("<messageEventDefinition messageRef='tns:m'/>", EventDefinition::Message(text("paid"))),
        (
            "<messageEventDefinition><operationRef>o</operationRef></messageEventDefinition>",
            EventDefinition::Message(text("paid")),
        ),
        ("<messageEventDefinition/>", EventDefinition::Message(text("到 款"))),
        ("<messageEventDefinition messageRef='x'/>", EventDefinition::Message(None)),
        ("<signalEventDefinition signalRef='s'/>", EventDefinition::Signal(text("s"))),
        ("<eventDefinitionRef>d</eventDefinitionRef>", EventDefinition::Signal(text("s"))),
        ("<errorEventDefinition errorRef='e'/>", EventDefinition::Error(text("E1"))),
        ("<errorEventDefinition/>", EventDefinition::Error(None)),
        ("<escalationEventDefinition escalationRef='c'/>", EventDefinition::Escalation(text("C1"))),
        (
            "<timerEventDefinition><timeDuration> PT1H </timeDuration></timerEventDefinition>",
            EventDefinition::Timer(Timer::Duration("PT1H".into())),
        ),
        ("<timerEventDefinition/>", EventDefinition::Timer(Timer::Unclear)),
        (
            "<conditionalEventDefinition><condition>${a}<!-- b --></condition>\
             </conditionalEventDefinition>",
            EventDefinition::Conditional(text("${a}")),
        ),
        ("<linkEventDefinition name='l'/>", EventDefinition::Link(text("l"))),
        (
            "<compensateEventDefinition activityRef='v'/>",
            EventDefinition::Compensate { activity: text("v"), wait: true },
        ),
    ];

    for (xml, expected) in cases {
        let event = format!("<startEvent id='v' name='到\n款'>{xml}</startEvent>");
        let file = file(&format!("{roots}<process id='p'>{event}</process>"));
        let found = &file.processes[0].body.nodes[0].kind.events().unwrap().definitions;
        assert_eq!(found, &[expected], "{xml}");
    }
}

#[test]
fn a_link_that_names_its_target_is_called_like_it() {
    let found = events(
        "<intermediateThrowEvent id='t'><linkEventDefinition id='a' name='from'>\
         <target>b</target></linkEventDefinition></intermediateThrowEvent>\
         <intermediateCatchEvent id='c'><linkEventDefinition id='b' name='to'/>\
         </intermediateCatchEvent>",
    );

    assert_eq!(found, [EventDefinition::Link(Some("to".into()))]);
}

#[test]
fn multiple_instances_are_read_from_the_standard_and_from_vendors() {
    let cases = [
        (
            "<multiInstanceLoopCharacteristics isSequential='true'>\
             <loopDataInputRef>in</loopDataInputRef><inputDataItem id='x' name='each'/>\
             </multiInstanceLoopCharacteristics>",
            ("bills", "each"),
        ),
        (
            "<multiInstanceLoopCharacteristics><loopDataInputRef>list</loopDataInputRef>\
             <inputDataItem id='x'/></multiInstanceLoopCharacteristics>",
            ("list", "x"),
        ),
        (
            "<multiInstanceLoopCharacteristics flowable:collection='${c}' \
             flowable:elementVariable='v'/>",
            ("${c}", "v"),
        ),
        (
            "<multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics \
             inputCollection='=c' inputElement='v'/></extensionElements>\
             </multiInstanceLoopCharacteristics>",
            ("=c", "v"),
        ),
    ];
    let data = "<dataObjectReference id='r' dataObjectRef='o'/><dataObject id='o' name='bills'/>";
    let binding = "<ioSpecification><dataInput id='in'/></ioSpecification><dataInputAssociation>\
        <sourceRef>r</sourceRef><targetRef>in</targetRef></dataInputAssociation>";

    for (xml, (wanted, variable)) in cases {
        let node = node(&format!("<userTask id='t'>{binding}{xml}</userTask>{data}"));
        let Some(Loop::Multi { collection, element, .. }) = node.looping else { panic!("{xml}") };
        assert_eq!((collection.as_deref(), element.as_deref()), (Some(wanted), Some(variable)));
    }
}

#[test]
fn behaviours_know_their_events() {
    let multi = |xml: &str| {
        let task = format!("<task id='t'>{xml}</task>");
        let signal = "<signal id='s'/><signalEventDefinition id='d' signalRef='s'/>";
        let file = file(&format!("{signal}<process id='p'>{task}</process>"));
        match &file.processes[0].body.nodes[0].looping {
            Some(Loop::Multi { behavior, .. }) => behavior.clone(),
            other => panic!("{other:?}"),
        }
    };
    let signal = EventDefinition::Signal(Some("s".into()));

    let one = multi("<multiInstanceLoopCharacteristics behavior='One' oneBehaviorEventRef='d'/>");
    let complex = multi(
        "<multiInstanceLoopCharacteristics behavior='Complex'><complexBehaviorDefinition>\
         <condition>a</condition><event><signalEventDefinition signalRef='s'/></event>\
         </complexBehaviorDefinition></multiInstanceLoopCharacteristics>",
    );

    assert_eq!(one, Behavior::One(Some(signal.clone())));
    assert_eq!(complex, Behavior::Complex(vec![("a".into(), signal)]));
    assert_eq!(multi("<multiInstanceLoopCharacteristics/>"), Behavior::All);
}

#[test]
fn vendors_are_told_apart() {
    let task = node(
        "<userTask id='t' flowable:assignee='a' other:x='y' name='审 批'><extensionElements>\
         <aiflow:call><aiflow:input name='n'>${v}</aiflow:input></aiflow:call>\
         </extensionElements></userTask>",
    );

    let dialects = task.attributes.iter().map(|it| it.dialect).collect::<Vec<_>>();
    assert_eq!(dialects, [Dialect::Flowable, Dialect::Other]);
    let input = &task.extensions[0].children[0];
    assert_eq!((input.name.as_str(), input.text.as_str()), ("input", "${v}"));
    assert_eq!(input.attributes, [("name".to_owned(), "n".to_owned())]);
}

#[test]
fn the_standard_way_to_name_people_reads_like_attributes() {
    let owner = |text: &str| {
        format!(
            "<potentialOwner><resourceAssignmentExpression><formalExpression>{text}\
             </formalExpression></resourceAssignmentExpression></potentialOwner>"
        )
    };
    let task = node(&format!(
        "<userTask id='t'>{}<humanPerformer><resourceAssignmentExpression><formalExpression>\
         ${{boss}}</formalExpression></resourceAssignmentExpression></humanPerformer></userTask>",
        owner("user(u1), group(g1), g2, ${pick(a, b)}")
    ));

    let found = task.attributes.iter().map(|it| (it.name.as_str(), it.value.as_str()));
    let expected = [
        ("assignee", "${boss}"),
        ("candidateUsers", "u1"),
        ("candidateGroups", "g1,g2,${pick(a, b)}"),
    ];
    assert_eq!(found.collect::<Vec<_>>(), expected);
}

#[test]
fn a_global_task_is_a_process_of_its_own_that_can_be_called() {
    let file = file(
        "<globalUserTask id='g' name='全局'/>\
         <process id='p'><callActivity id='c' calledElement='tns:g'/></process>",
    );

    assert_eq!(file.processes[0].body.nodes[0].kind, Kind::Call { called: Some("g".into()) });
    let global = &file.processes[1];
    assert!(global.global);
    assert_eq!(global.body.nodes[1].kind, Kind::Task(Task::User));
    assert_eq!(global.body.nodes[1].id, "g");
    assert_eq!(global.body.flows.len(), 2);
}

#[test]
fn an_association_says_what_undoes_what() {
    let body = process(
        "<task id='a'/><boundaryEvent id='b' attachedToRef='a'><compensateEventDefinition/>\
         </boundaryEvent><task id='u' isForCompensation='true'/>\
         <association sourceRef='b' targetRef='u'/><association sourceRef='a' targetRef='u'/>",
    )
    .body;

    assert_eq!(body.compensations, [("b".to_owned(), "u".to_owned())]);
}

#[test]
fn files_without_an_executable_mark_are_meant_as_a_whole() {
    let executable = |marks: [&str; 2]| {
        let [a, b] = marks;
        let file = file(&format!(
            "<process id='a' {a}><task id='x'/></process><process id='b' {b}><task id='y'/></process>"
        ));
        [file.processes[0].executable, file.processes[1].executable]
    };
    let (yes, no) = ("isExecutable='true'", "isExecutable='false'");

    assert_eq!(executable([no, no]), [true, true]);
    assert_eq!(executable([no, yes]), [false, true]);
    assert_eq!(executable(["", no]), [true, false]);
}

#[test]
fn what_the_tree_cannot_hold_becomes_a_defect() {
    let cases = [
        ("<task/>", "MISSING_ID"),
        ("<choreographyTask id='a'/>", "UNSUPPORTED_ELEMENT"),
        ("<task id='a' startQuantity='many'/>", "BAD_VALUE"),
        ("<startEvent id='a' isInterrupting='maybe'/>", "BAD_VALUE"),
        ("<sendTask id='a' messageRef='m'/>", "UNKNOWN_REFERENCE"),
        (
            "<startEvent id='a'><eventDefinitionRef>d</eventDefinitionRef></startEvent>",
            "UNKNOWN_REFERENCE",
        ),
        ("<startEvent id='a'><strangeEventDefinition/></startEvent>", "UNSUPPORTED_ELEMENT"),
        (
            "<sequenceFlow id='f'><conditionExpression language='groovy'>a</conditionExpression>\
             </sequenceFlow>",
            "UNSUPPORTED_LANGUAGE",
        ),
        (
            "<task id='a'><dataInputAssociation><assignment/></dataInputAssociation></task>",
            "UNSUPPORTED_DATA_MAPPING",
        ),
        (
            "<endEvent id='a'><messageEventDefinition camunda:class='x'/></endEvent>",
            "UNSUPPORTED_EXTENSION",
        ),
    ];

    for (xml, expected) in cases {
        assert_eq!(codes(&process(xml)), [expected], "{xml}");
    }
    assert_eq!(file("<process id='a'><task id='a'/></process>").defects[0].code, "DUPLICATE_ID");
}
