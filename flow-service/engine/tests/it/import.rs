//! Drawings come in.

use flow_engine::bpmn::{self, model::Kind};

#[test]
fn a_small_drawing_becomes_a_tree() {
    let xml = r#"<b:definitions xmlns:b="http://www.omg.org/spec/BPMN/20100524/MODEL">
      <b:process id="leave" name="请假">
        <b:startEvent id="begin"/>
        <b:sequenceFlow id="f1" sourceRef="begin" targetRef="ask"/>
        <b:userTask id="ask" name="审批"/>
        <b:sequenceFlow id="f2" sourceRef="ask" targetRef="done"/>
        <b:endEvent id="done"/>
      </b:process>
    </b:definitions>"#;

    let definitions = bpmn::parse(xml).unwrap();

    let process = &definitions.processes[0];
    assert_eq!((process.id.as_str(), process.executable), ("leave", true));
    assert_eq!(process.body.flows[1].target, "done");
    assert_eq!(process.body.nodes[1].line, 5);
    assert!(matches!(process.body.nodes[2].kind, Kind::End { .. }));
}
