//! Each rule refuses what it is for and lets its neighbour pass.

use crate::bpmn::{Finding, check, parse};

/// Judges a process with a start event `s` and an end event `e` around what is given; `→` in
/// `a→b` draws a flow.
fn judge(inside: &str) -> Vec<Finding> {
    judge_file(&format!("<process id='p'><startEvent id='s'/>{inside}<endEvent id='e'/></process>"))
}

fn judge_file(inside: &str) -> Vec<Finding> {
    let head = "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' \
        xmlns:aiflow='http://aiflow/bpmn' xmlns:camunda='http://camunda.org/schema/1.0/bpmn'>\
        <message id='m'/><signal id='g'/>";
    let mut xml = format!("{head}{inside}</definitions>");
    let mut number = 0;
    while let Some(at) = xml.find('→') {
        let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let from = xml[..at].rfind(|c| !name(c)).map_or(0, |at| at + 1);
        let after = at + '→'.len_utf8();
        let to = xml[after..].find(|c| !name(c)).map_or(xml.len(), |len| after + len);
        let (source, target) = (&xml[from..at], &xml[after..to]);
        number += 1;
        let flow =
            format!("<sequenceFlow id='f{number}' sourceRef='{source}' targetRef='{target}'/>");
        xml.replace_range(from..to, &flow);
    }
    check(&parse(&xml).unwrap())
}

fn codes(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code).collect()
}

/// Each case: what stands in the process, and the codes found; none = fine.
fn table(cases: &[(&str, &[&str])]) {
    for (inside, expected) in cases {
        let found = judge(inside);
        assert_eq!(codes(&found), *expected, "{inside}\n{found:#?}");
    }
}

const TIMER: &str =
    "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>";

#[test]
fn flows_join_nodes_of_one_scope_that_may_have_them() {
    table(&[
        ("<task id='a'/>s→a a→e", &[]),
        ("s→x", &["UNKNOWN_REFERENCE"]),
        ("<sequenceFlow id='f' targetRef='e'/>", &["MISSING_REFERENCE"]),
        ("<subProcess id='u'><task id='a'/></subProcess>s→a", &["FLOW_CROSSES_SCOPE"]),
        ("e→s", &["FLOW_NOT_ALLOWED", "FLOW_NOT_ALLOWED"]),
        (
            "<task id='a'/><boundaryEvent id='b' attachedToRef='a'><signalEventDefinition/>\
             </boundaryEvent>a→b b→e",
            &["FLOW_NOT_ALLOWED"],
        ),
        ("<task id='a' isForCompensation='true'/>s→a", &["FLOW_NOT_ALLOWED"]),
        (
            "<subProcess id='a' triggeredByEvent='true'><startEvent id='i'><signalEventDefinition/>\
             </startEvent></subProcess>a→e",
            &["FLOW_NOT_ALLOWED"],
        ),
        (
            "<sequenceFlow id='f' sourceRef='s' targetRef='e'><conditionExpression/></sequenceFlow>",
            &["MISSING_CONDITION"],
        ),
    ]);
}

#[test]
fn every_choice_of_an_exclusive_gateway_has_a_condition_or_is_the_default() {
    let flow = |id: &str, condition: &str| {
        format!("<sequenceFlow id='{id}' sourceRef='x' targetRef='e'>{condition}</sequenceFlow>")
    };
    let condition = "<conditionExpression>${a}</conditionExpression>";
    let gateway = |default: &str, first: &str, second: &str| {
        let flows = flow("a", first) + &flow("b", second);
        codes(&judge(&format!("<exclusiveGateway id='x' {default}/>s→x{flows}")))
    };

    assert_eq!(gateway("", condition, condition), [""; 0]);
    assert_eq!(gateway("default='b'", condition, ""), [""; 0]);
    assert_eq!(gateway("", condition, ""), ["MISSING_CONDITION"]);
    assert_eq!(gateway("default='z'", condition, condition), ["UNKNOWN_REFERENCE"]);
    assert_eq!(codes(&judge("<exclusiveGateway id='x'/>s→x x→e")), [""; 0]);
}

#[test]
fn events_have_triggers_that_fit_their_place() {
    let define = |kind: &str| format!("<{kind}EventDefinition/>");
    let end = |kind: &str| codes(&judge(&format!("<endEvent id='a'>{}</endEvent>", define(kind))));
    let throw = |kind: &str| {
        let event =
            format!("<intermediateThrowEvent id='a'>{}</intermediateThrowEvent>", define(kind));
        codes(&judge(&event))
    };

    for kind in ["message", "signal", "error", "terminate", "compensate"] {
        assert_eq!(end(kind), [""; 0], "{kind}");
    }
    for kind in ["cancel", "link"] {
        assert!(end(kind).contains(&"BAD_EVENT"), "{kind}");
    }
    for kind in ["message", "signal", "compensate"] {
        assert_eq!(throw(kind), [""; 0], "{kind}");
    }
    for kind in ["cancel", "conditional", "error", "terminate", "timer"] {
        assert!(throw(kind).contains(&"BAD_EVENT"), "{kind}");
    }
    assert_eq!(throw("escalation"), ["MISSING_REFERENCE"]);
    table(&[
        ("<intermediateCatchEvent id='a'/>", &["MISSING_EVENT"]),
        (
            "<intermediateCatchEvent id='a'><compensateEventDefinition/></intermediateCatchEvent>",
            &["BAD_EVENT"],
        ),
        ("<startEvent id='a'><errorEventDefinition/></startEvent>", &["BAD_EVENT"]),
        (
            "<subProcess id='a'><startEvent id='i'><signalEventDefinition/></startEvent></subProcess>",
            &["BAD_EVENT"],
        ),
        (
            "<transaction id='a'><startEvent id='i'/><endEvent id='c'><cancelEventDefinition/></endEvent></transaction>",
            &[],
        ),
    ]);
}

#[test]
fn boundary_events_are_attached_to_activities() {
    let boundary = |attributes: &str, definition: &str| {
        let event = format!("<boundaryEvent id='b' {attributes}>{definition}</boundaryEvent>");
        codes(&judge(&format!("<task id='a'/>{event}s→a b→e")))
    };

    assert_eq!(boundary("attachedToRef='a'", TIMER), [""; 0]);
    assert_eq!(boundary("attachedToRef='x'", TIMER), ["UNKNOWN_REFERENCE"]);
    assert_eq!(boundary("attachedToRef='e'", TIMER), ["BAD_EVENT"]);
    assert_eq!(boundary("attachedToRef='a'", ""), ["MISSING_EVENT"]);
    assert_eq!(boundary("attachedToRef='a'", "<cancelEventDefinition/>"), ["BAD_EVENT"]);
    assert_eq!(boundary("attachedToRef='a'", "<terminateEventDefinition/>"), ["BAD_EVENT"]);
    let calm = "attachedToRef='a' cancelActivity='false'";
    assert_eq!(boundary(calm, "<signalEventDefinition/>"), [""; 0]);
    assert_eq!(boundary(calm, "<errorEventDefinition/>"), ["BAD_EVENT"]);
    let loose =
        format!("<task id='a'/><boundaryEvent id='b' attachedToRef='a'>{TIMER}</boundaryEvent>");
    assert_eq!(codes(&judge(&loose)), ["TOO_FEW_FLOWS"]);
}

#[test]
fn compensation_leads_to_a_compensation_activity() {
    let with = |association: &str, mark: &str| {
        codes(&judge(&format!(
            "<task id='a'/><boundaryEvent id='b' attachedToRef='a'><compensateEventDefinition/>\
             </boundaryEvent><task id='u' {mark}/>{association}"
        )))
    };
    let association = "<association sourceRef='b' targetRef='u'/>";

    assert_eq!(with(association, "isForCompensation='true'"), [""; 0]);
    assert_eq!(with(association, ""), ["BAD_REFERENCE"]);
    assert_eq!(with("", "isForCompensation='true'"), ["MISSING_REFERENCE"]);
}

#[test]
fn event_gateways_lead_to_events() {
    let gateway = |attributes: &str, targets: &str| {
        let flows = "g1→a g1→b";
        codes(&judge(&format!("<eventBasedGateway id='g1' {attributes}/>{targets} {flows}")))
    };
    let catch = |id: &str| {
        format!(
            "<intermediateCatchEvent id='{id}'><signalEventDefinition/></intermediateCatchEvent>"
        )
    };
    let receive = "<receiveTask id='b'/>";

    assert_eq!(gateway("", &(catch("a") + receive)), [""; 0]);
    assert_eq!(gateway("", &(catch("a") + "<task id='b'/>")), ["BAD_EVENT"]);
    assert_eq!(gateway("", &(catch("a") + &catch("b") + "s→b")), ["FLOW_NOT_ALLOWED"]);
    assert_eq!(gateway("eventGatewayType='Parallel'", &(catch("a") + receive)), ["BAD_VALUE"]);
    assert_eq!(
        gateway("instantiate='true'", &(catch("a") + receive + "s→g1")),
        ["FLOW_NOT_ALLOWED"]
    );
    assert_eq!(codes(&judge("<eventBasedGateway id='x'/>")), ["TOO_FEW_FLOWS"]);
}

#[test]
fn links_come_in_pairs() {
    let link = |tag: &str, id: &str, name: &str| {
        format!("<{tag} id='{id}'><linkEventDefinition name='{name}'/></{tag}>")
    };
    let throw = |id: &str, name: &str| link("intermediateThrowEvent", id, name);
    let catch = |id: &str, name: &str| link("intermediateCatchEvent", id, name);

    assert_eq!(codes(&judge(&(throw("a", "l") + &throw("b", "l") + &catch("c", "l")))), [""; 0]);
    assert_eq!(codes(&judge(&throw("a", "l"))), ["UNKNOWN_REFERENCE"]);
    assert_eq!(codes(&judge(&catch("a", "l"))), ["UNKNOWN_REFERENCE"]);
    let twice = throw("a", "l") + &catch("b", "l") + &catch("c", "l");
    assert_eq!(codes(&judge(&twice)), ["DUPLICATE_LINK"]);
    let flows = throw("a", "l") + &catch("b", "l") + "a→e s→b";
    assert_eq!(codes(&judge(&flows)), ["FLOW_NOT_ALLOWED", "FLOW_NOT_ALLOWED"]);
}

#[test]
fn tasks_say_how_they_are_done() {
    table(&[
        ("<serviceTask id='a' aiflow:address='/erp'/>", &[]),
        ("<serviceTask id='a' camunda:expression='${1}'/>", &[]),
        ("<serviceTask id='a' camunda:class='x'/>", &["MISSING_IMPLEMENTATION"]),
        ("<serviceTask id='a' aiflow:address='erp'/>", &["BAD_VALUE"]),
        ("<userTask id='a' camunda:topic='x'/>", &["UNSUPPORTED_EXTENSION"]),
        (
            "<userTask id='a'><extensionElements><camunda:taskListener/></extensionElements></userTask>",
            &["UNSUPPORTED_EXTENSION"],
        ),
        ("<scriptTask id='a'><script>b = a + 1</script></scriptTask>", &[]),
        (
            "<scriptTask id='a' scriptFormat='groovy'><script>a</script></scriptTask>",
            &["UNSUPPORTED_LANGUAGE"],
        ),
        ("<scriptTask id='a' scriptFormat='ours'><script>b = a</script></scriptTask>", &[]),
        ("<scriptTask id='a'/>", &["MISSING_IMPLEMENTATION"]),
        ("<businessRuleTask id='a'/>", &["UNSUPPORTED_TASK"]),
        ("<sendTask id='a'/>", &["MISSING_REFERENCE"]),
        ("<sendTask id='a' messageRef='m'/>", &[]),
        ("<receiveTask id='a'/>", &[]),
        ("<receiveTask id='a' instantiate='true'/>", &["MISSING_REFERENCE"]),
        ("<task id='a' startQuantity='0'/>", &["BAD_VALUE"]),
        ("<task id='a' completionQuantity='-1'/>", &["BAD_VALUE"]),
    ]);
}

#[test]
fn loops_say_how_often() {
    let task = |inside: &str| codes(&judge(&format!("<task id='a'>{inside}</task>")));

    assert_eq!(task("<standardLoopCharacteristics loopMaximum='3'/>"), [""; 0]);
    assert_eq!(task("<standardLoopCharacteristics/>"), ["INCOMPLETE_LOOP"]);
    assert_eq!(task("<standardLoopCharacteristics loopMaximum='-1'/>"), ["BAD_VALUE"]);
    assert_eq!(task("<multiInstanceLoopCharacteristics/>"), ["INCOMPLETE_LOOP"]);
    let many = "<multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality>\
        </multiInstanceLoopCharacteristics>";
    assert_eq!(task(many), [""; 0]);
}

#[test]
fn every_scope_begins_somewhere() {
    let cases = [
        ("<process id='p'/>", "NO_START"),
        ("<process id='p'><endEvent id='e'/></process>", "NO_START"),
        ("<process id='p'><task id='a'/>a→a</process>", "NO_START"),
        ("<process id='p'><startEvent id='a'/><startEvent id='b'/></process>", "SEVERAL_STARTS"),
        ("<globalTask id='G'/>", "NO_PROCESS"),
        ("", "NO_PROCESS"),
        ("<process id='p'><task id='a'/></process>", ""),
    ];

    for (xml, expected) in cases {
        assert_eq!(codes(&judge_file(xml)).first().copied().unwrap_or_default(), expected, "{xml}");
    }
    table(&[
        ("<subProcess id='a'/>", &["NO_START"]),
        ("<subProcess id='a' triggeredByEvent='true'/>", &["NO_START"]),
        ("<adHocSubProcess id='a'/>", &["NO_ACTIVITY"]),
        ("<adHocSubProcess id='a'><task id='t'/></adHocSubProcess>", &[]),
        (
            "<adHocSubProcess id='a'><task id='t'/><endEvent id='x'/></adHocSubProcess>",
            &["BAD_EVENT"],
        ),
    ]);
}

#[test]
fn calls_lead_to_processes_and_not_in_circles() {
    let call = |called: &str| {
        let callee = "<process id='q' isExecutable='false'><startEvent id='x'/></process>\
            <process id='r'><startEvent id='y'/><callActivity id='z' calledElement='p'/></process>";
        let call = format!("<callActivity id='c' {called}/>");
        let caller = format!("<process id='p'><startEvent id='s'/>{call}</process>");
        codes(&judge_file(&(caller + callee)))
    };

    assert_eq!(call("calledElement='ELSEWHERE'"), [""; 0]);
    assert_eq!(call(""), ["MISSING_REFERENCE"]);
    assert_eq!(call("calledElement='${x}'"), ["UNSUPPORTED_CALL"]);
    assert_eq!(call("calledElement='q'"), ["BAD_REFERENCE"]);
    assert_eq!(call("calledElement='r'"), ["CALL_CIRCLE", "CALL_CIRCLE"]);
    assert_eq!(call("calledElement='p'"), ["CALL_CIRCLE"]);
}

#[test]
fn circles_wait_or_decide() {
    let circle = |nodes: &str| codes(&judge(&format!("{nodes} s→a a→b b→a")));

    assert_eq!(circle("<task id='a'/><userTask id='b'/>"), [""; 0]);
    assert_eq!(
        circle("<task id='a'/><exclusiveGateway id='b'/>"),
        ["ENDLESS_LOOP", "ENDLESS_LOOP"]
    );
    let decided = "<sequenceFlow id='out' sourceRef='b' targetRef='e'><conditionExpression>x\
        </conditionExpression></sequenceFlow>";
    let gateway = format!("<task id='a'/><inclusiveGateway id='b'/>{decided}");
    assert_eq!(circle(&gateway), [""; 0]);
    assert_eq!(circle("<task id='a'/><task id='b'/><task id='c'/>b→c c→e "), ["ENDLESS_LOOP"; 2]);
    let link = "<intermediateThrowEvent id='a'><linkEventDefinition name='l'/></intermediateThrowEvent>\
        <intermediateCatchEvent id='b'><linkEventDefinition name='l'/></intermediateCatchEvent>";
    assert_eq!(codes(&judge(&format!("{link}b→a"))), ["ENDLESS_LOOP"; 2]);
}

#[test]
fn every_expression_and_time_can_be_read() {
    let timer = |inside: &str| {
        let event = format!("<timerEventDefinition>{inside}</timerEventDefinition>");
        codes(&judge(&format!("<intermediateCatchEvent id='a'>{event}</intermediateCatchEvent>")))
    };

    assert_eq!(timer("<timeDuration>PT1H</timeDuration>"), [""; 0]);
    assert_eq!(timer("<timeDuration>1 hour</timeDuration>"), ["BAD_TIMER"]);
    assert_eq!(timer("<timeDate>soon</timeDate>"), ["BAD_TIMER"]);
    assert_eq!(timer("<timeCycle>R3/PT1H</timeCycle>"), [""; 0]);
    assert_eq!(timer("<timeCycle>${wait}</timeCycle>"), [""; 0]);
    assert_eq!(timer("<timeCycle>${wait</timeCycle>"), ["BAD_EXPRESSION"]);
    assert_eq!(timer(""), ["NO_TIME"]);
    table(&[
        ("<userTask id='a' camunda:assignee='${a +}'/>", &["BAD_EXPRESSION"]),
        ("<userTask id='a' camunda:assignee='kim'/>", &[]),
        ("<scriptTask id='a'><script>b = 1\nc = (</script></scriptTask>", &["BAD_EXPRESSION"]),
        (
            "<serviceTask id='a' aiflow:address='/x'><extensionElements><aiflow:call><aiflow:error \
             code='E' when=')'/><aiflow:input>1</aiflow:input></aiflow:call></extensionElements></serviceTask>",
            &["BAD_EXPRESSION", "MISSING_REFERENCE"],
        ),
    ]);
}

#[test]
fn all_faults_are_told_in_the_order_of_the_text() {
    let found = judge("\n<businessRuleTask id='a'/>\ns→x\n<task/>\n<sendTask id='b'/>");

    let told = found.iter().map(|it| (it.line, it.code)).collect::<Vec<_>>();
    let expected = [
        (2, "UNSUPPORTED_TASK"),
        (3, "UNKNOWN_REFERENCE"),
        (4, "MISSING_ID"),
        (5, "MISSING_REFERENCE"),
    ];
    assert_eq!(told, expected);
}

#[test]
fn ids_names_and_scripts_have_a_length() {
    let (id, name, script) = ("i".repeat(256), "名".repeat(501), "a\n".repeat(201));

    let found = judge(&format!(
        "<task id='{id}'/><task id='a' name='{name}'/>\
         <scriptTask id='b'><script>{script}</script></scriptTask>"
    ));

    assert_eq!(codes(&found), ["ID_TOO_LONG", "NAME_TOO_LONG", "SCRIPT_TOO_LONG"]);
}

#[test]
fn a_sketch_may_leave_times_open_and_nothing_else() {
    let sketch = |more: &str| {
        let file = format!(
            "<process id='p' isExecutable='false'><startEvent id='s'/>s→t\
             <intermediateCatchEvent id='t'><timerEventDefinition/></intermediateCatchEvent>{more}</process>"
        );
        codes(&judge_file(&file))
    };

    assert!(sketch("").is_empty());
    assert_eq!(sketch("<businessRuleTask id='b'/>t→b"), ["UNSUPPORTED_TASK"]);
}
