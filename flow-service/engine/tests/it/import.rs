//! Drawings come in: what they contain, and what hostile ones do to us, which is nothing.

use std::time::{Duration, Instant};

use flow_engine::bpmn::{self, Flow, check, inventory, parse};
use proptest::prelude::*;

const DRAWING: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<b:definitions xmlns:b="http://www.omg.org/spec/BPMN/20100524/MODEL"
               xmlns:flowable="http://flowable.org/bpmn">
  <b:signal id="stop" name="停"/>
  <b:process id="leave" name="请假">
    <b:startEvent id="begin"/>
    <b:sequenceFlow id="f1" sourceRef="begin" targetRef="ask"/>
    <b:userTask id="ask" name="审批" flowable:assignee="${boss}">
      <b:multiInstanceLoopCharacteristics>
        <b:loopCardinality>2</b:loopCardinality>
      </b:multiInstanceLoopCharacteristics>
    </b:userTask>
    <b:boundaryEvent id="late" attachedToRef="ask" cancelActivity="false">
      <b:timerEventDefinition><b:timeDuration>P1D</b:timeDuration></b:timerEventDefinition>
    </b:boundaryEvent>
    <b:sequenceFlow id="f2" sourceRef="late" targetRef="done"/>
    <b:exclusiveGateway id="ok" default="f4"/>
    <b:sequenceFlow id="f3" sourceRef="ask" targetRef="ok"/>
    <b:sequenceFlow id="f4" sourceRef="ok" targetRef="done"/>
    <b:sequenceFlow id="f5" sourceRef="ok" targetRef="done">
      <b:conditionExpression>${days &gt; 3}</b:conditionExpression>
    </b:sequenceFlow>
    <b:subProcess id="watch" triggeredByEvent="true">
      <b:startEvent id="stopped"><b:signalEventDefinition signalRef="stop"/></b:startEvent>
      <b:sequenceFlow id="f6" sourceRef="stopped" targetRef="note"/>
      <b:scriptTask id="note"><b:script>stopped = true</b:script></b:scriptTask>
    </b:subProcess>
    <b:endEvent id="done"/>
  </b:process>
</b:definitions>"#;

#[test]
fn a_drawing_is_listed_as_it_was_drawn() {
    let definitions = parse(DRAWING).unwrap();

    let lists = inventory(&definitions);

    assert_eq!(check(&definitions), []);
    let list = &lists[0];
    let nodes = list.nodes.iter().map(|it| (it.id, it.tag, it.parent)).collect::<Vec<_>>();
    let expected = [
        ("begin", "startEvent", "leave"),
        ("ask", "userTask", "leave"),
        ("late", "boundaryEvent", "leave"),
        ("ok", "exclusiveGateway", "leave"),
        ("watch", "subProcess", "leave"),
        ("done", "endEvent", "leave"),
        ("stopped", "startEvent", "watch"),
        ("note", "scriptTask", "watch"),
    ];
    assert_eq!(nodes, expected);
    let late = &list.nodes[2];
    assert_eq!((late.attached_to, late.interrupting), (Some("ask"), Some(false)));
    assert_eq!((late.events.as_slice(), late.event_sub_process), (["timer"].as_slice(), false));
    assert_eq!(list.nodes[1].name, "审批");
    assert_eq!(list.nodes[1].looping, Some("multiInstanceLoopCharacteristics"));
    assert_eq!(list.nodes[3].default_flow, Some("f4"));
    assert!(list.nodes[4].event_sub_process);
    let last = Flow { id: "f6", source: "stopped", target: "note", conditional: false };
    assert_eq!(list.flows.last(), Some(&last));
    assert!(list.flows.iter().any(|flow| flow.id == "f5" && flow.conditional));
}

#[test]
fn a_hostile_text_is_refused_soon_and_on_a_small_stack() {
    let many = |count: usize, part: fn(usize) -> String| (0..count).map(part).collect::<String>();
    let texts = [
        "<a>".repeat(100_000),
        format!("<a{}/>", many(60_000, |n| format!(" a{n}='x'"))),
        format!("<a{}/>", many(60_000, |n| format!(" xmlns:a{n}='x'"))),
        "<".repeat(1_000_000),
        "<a ".repeat(300_000),
        "<a b='".repeat(150_000),
        "<!--".repeat(250_000),
        format!("<a>{}</a>", "<!---->".repeat(140_000)),
        format!("<a>{}</a>", "<![CDATA[x]]>".repeat(75_000)),
        "<!DOCTYPE a [<!ENTITY x \"xxxxxxxxxx\">]>".repeat(9),
        format!("<a>{}</a>", "&#65;".repeat(200_000)),
        "\u{0}".repeat(1_000),
        "\u{feff}".repeat(1_000),
    ];
    let begun = Instant::now();

    let refused = std::thread::Builder::new()
        .stack_size(256 * 1024)
        .spawn(move || texts.iter().all(|text| parse(text).is_err()));

    assert!(refused.unwrap().join().unwrap());
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn the_deepest_and_the_largest_drawing_fit_an_ordinary_thread() {
    let depth = 60;
    let open = |n| format!("<subProcess id='u{n}'><startEvent id='s{n}'/>");
    let deep = (0..depth).map(open).collect::<String>() + &"</subProcess>".repeat(depth);
    let task = |n: usize| {
        format!(
            "<userTask id='t{n}' name='{}'/><sequenceFlow id='f{n}' sourceRef='t{n}' targetRef='t{}'/>",
            "审批".repeat(10),
            n + 1
        )
    };
    let wide = (0..2_400).map(task).collect::<String>();
    let file = |inside: String| {
        format!(
            "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'><process id='p'>\
             <startEvent id='s'/>{inside}</process></definitions>"
        )
    };
    let begun = Instant::now();

    let judged = std::thread::spawn(move || {
        [deep, wide].map(|inside| check(&parse(&file(inside)).unwrap()).len())
    });

    assert_eq!(judged.join().unwrap(), [0, 1]);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

/// Reads and, where that succeeds, does everything else a drawing goes through.
fn survive(text: &str) {
    if let Ok(definitions) = parse(text) {
        let findings: Vec<bpmn::Finding> = check(&definitions);
        assert!(findings.iter().all(|it| it.line > 0 && !it.message.is_empty()));
        inventory(&definitions);
    }
}

/// The drawing, with parts of it changing places.
fn shuffled() -> impl Strategy<Value = String> {
    let parts = DRAWING.split_inclusive(['>', '"', ' ']).map(str::to_owned).collect::<Vec<_>>();
    let count = parts.len();
    let swaps = prop::collection::vec((0..count, 0..count), 1..12);
    swaps.prop_map(move |swaps| {
        let mut parts = parts.clone();
        for (a, b) in swaps {
            parts.swap(a, b);
        }
        parts.concat()
    })
}

proptest! {
    #[test]
    fn any_text_is_survived(text in "\\PC*") {
        survive(&text);
    }

    #[test]
    fn any_markup_is_survived(text in "(<|>|/|!|\\?|'|\"|=|a| |xmlns|-|\\[|CDATA|&){0,60}") {
        survive(&text);
    }

    #[test]
    fn any_change_of_a_drawing_is_survived(text in shuffled()) {
        survive(&text);
    }

    #[test]
    fn any_cut_of_a_drawing_is_survived(at in 0..DRAWING.len()) {
        survive(&DRAWING.chars().take(at).collect::<String>());
    }
}
