//! Twelve flows of our own engine, one for each way that orders go: for tests of the whole house.

/// A flow, and how its orders end when everybody passes.
pub struct Drawing {
    /// Its code, which is also the id of its process.
    pub code: &'static str,
    /// What stands between start and end.
    body: &'static str,
    /// Root elements: messages, signals, errors.
    roots: &'static str,
    /// Further processes.
    beside: &'static str,
    /// The activities of people and of services that an order completes, sorted by id.
    pub completed: &'static [&'static str],
    /// The end event it comes to.
    pub end: &'static str,
}

impl Drawing {
    /// The drawing as text.
    pub fn xml(&self) -> String {
        let Self { code, body, roots, beside, .. } = self;
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xmlns:flowable="http://flowable.org/bpmn" xmlns:aiflow="http://aiflow/bpmn" targetNamespace="http://aiflow/tests">
  {roots}
  <process id="{code}" name="{code}" isExecutable="true">{body}</process>
  {beside}
</definitions>"#
        )
    }
}

/// Every drawing. People are USER001 to USER003; the form value `amount` is 80000.
pub const DRAWINGS: [Drawing; 12] = [
    Drawing {
        code: "SEQUENCE",
        body: r#"<startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="a"/>
<userTask id="a" name="初审" flowable:assignee="USER001"/><sequenceFlow id="f2" sourceRef="a" targetRef="b"/>
<userTask id="b" name="复审" flowable:assignee="USER002"/><sequenceFlow id="f3" sourceRef="b" targetRef="c"/>
<userTask id="c" name="终审" flowable:assignee="USER003"/><sequenceFlow id="f4" sourceRef="c" targetRef="end"/>
<endEvent id="end"/>"#,
        roots: "",
        beside: "",
        completed: &["a", "b", "c"],
        end: "end",
    },
    Drawing {
        code: "EXCLUSIVE",
        body: r#"<startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="a"/>
<userTask id="a" flowable:assignee="USER001"/><sequenceFlow id="f2" sourceRef="a" targetRef="large"/>
<exclusiveGateway id="large" default="f4"/>
<sequenceFlow id="f3" sourceRef="large" targetRef="b"><conditionExpression xsi:type="tFormalExpression">${amount &gt; 50000}</conditionExpression></sequenceFlow>
<sequenceFlow id="f4" sourceRef="large" targetRef="small_end"/>
<userTask id="b" flowable:assignee="USER002"/><sequenceFlow id="f5" sourceRef="b" targetRef="end"/>
<endEvent id="small_end"/><endEvent id="end"/>"#,
        roots: "",
        beside: "",
        completed: &["a", "b"],
        end: "end",
    },
    Drawing {
        code: "PARALLEL",
        body: r#"<startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="split"/>
<parallelGateway id="split"/>
<sequenceFlow id="f2" sourceRef="split" targetRef="a"/><sequenceFlow id="f3" sourceRef="split" targetRef="b"/>
<userTask id="a" flowable:assignee="USER001"/><userTask id="b" flowable:assignee="USER002"/>
<sequenceFlow id="f4" sourceRef="a" targetRef="join"/><sequenceFlow id="f5" sourceRef="b" targetRef="join"/>
<parallelGateway id="join"/><sequenceFlow id="f6" sourceRef="join" targetRef="c"/>
<userTask id="c" flowable:assignee="USER003"/><sequenceFlow id="f7" sourceRef="c" targetRef="end"/><endEvent id="end"/>"#,
        roots: "",
        beside: "",
        completed: &["a", "b", "c"],
        end: "end",
    },
    Drawing {
        code: "INCLUSIVE",
        body: r#"<startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="split"/>
<inclusiveGateway id="split" default="f4"/>
<sequenceFlow id="f2" sourceRef="split" targetRef="a"><conditionExpression xsi:type="tFormalExpression">${amount &gt; 10000}</conditionExpression></sequenceFlow>
<sequenceFlow id="f3" sourceRef="split" targetRef="b"><conditionExpression xsi:type="tFormalExpression">${amount &gt; 50000}</conditionExpression></sequenceFlow>
<sequenceFlow id="f4" sourceRef="split" targetRef="c"/>
<userTask id="a" flowable:assignee="USER001"/><userTask id="b" flowable:assignee="USER002"/><userTask id="c" flowable:assignee="USER003"/>
<sequenceFlow id="f5" sourceRef="a" targetRef="join"/><sequenceFlow id="f6" sourceRef="b" targetRef="join"/><sequenceFlow id="f7" sourceRef="c" targetRef="join"/>
<inclusiveGateway id="join"/><sequenceFlow id="f8" sourceRef="join" targetRef="end"/><endEvent id="end"/>"#,
        roots: "",
        beside: "",
        completed: &["a", "b"],
        end: "end",
    },
    Drawing {
        code: "ALL_SIGN",
        body: r#"<startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="a"/>
<userTask id="a" flowable:assignee="${person}"><multiInstanceLoopCharacteristics isSequential="false"
  flowable:collection="${['USER001','USER002','USER003']}" flowable:elementVariable="person"/></userTask>
<sequenceFlow id="f2" sourceRef="a" targetRef="end"/><endEvent id="end"/>"#,
        roots: "",
        beside: "",
        completed: &["a", "a", "a"],
        end: "end",
    },
    Drawing {
        code: "ONE_BY_ONE",
        body: r#"<startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="a"/>
<userTask id="a" flowable:assignee="${person}"><multiInstanceLoopCharacteristics isSequential="true"
  flowable:collection="${['USER003','USER001']}" flowable:elementVariable="person"/></userTask>
<sequenceFlow id="f2" sourceRef="a" targetRef="end"/><endEvent id="end"/>"#,
        roots: "",
        beside: "",
        completed: &["a", "a"],
        end: "end",
    },
    Drawing {
        code: "INSIDE",
        body: r#"<startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="inside"/>
<subProcess id="inside"><startEvent id="begin"/><sequenceFlow id="g1" sourceRef="begin" targetRef="a"/>
<userTask id="a" flowable:assignee="USER001"/><sequenceFlow id="g2" sourceRef="a" targetRef="done"/><endEvent id="done"/></subProcess>
<boundaryEvent id="late" attachedToRef="inside"><timerEventDefinition><timeDuration>PT8H</timeDuration></timerEventDefinition></boundaryEvent>
<sequenceFlow id="f2" sourceRef="inside" targetRef="b"/><userTask id="b" flowable:assignee="USER002"/>
<sequenceFlow id="f3" sourceRef="b" targetRef="end"/><endEvent id="end"/>
<sequenceFlow id="f4" sourceRef="late" targetRef="late_end"/><endEvent id="late_end"/>"#,
        roots: "",
        beside: "",
        completed: &["a", "b"],
        end: "end",
    },
    Drawing {
        code: "TIMER",
        body: r#"<startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="a"/>
<userTask id="a" flowable:assignee="USER001"/><sequenceFlow id="f2" sourceRef="a" targetRef="wait"/>
<intermediateCatchEvent id="wait"><timerEventDefinition><timeDuration>PT2S</timeDuration></timerEventDefinition></intermediateCatchEvent>
<sequenceFlow id="f3" sourceRef="wait" targetRef="b"/><userTask id="b" flowable:assignee="USER002"/>
<sequenceFlow id="f4" sourceRef="b" targetRef="end"/><endEvent id="end"/>"#,
        roots: "",
        beside: "",
        completed: &["a", "b"],
        end: "end",
    },
    Drawing {
        code: "CALLS",
        body: r#"<startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="call"/>
<callActivity id="call" calledElement="CALLED"/><sequenceFlow id="f2" sourceRef="call" targetRef="b"/>
<userTask id="b" flowable:assignee="USER002"/><sequenceFlow id="f3" sourceRef="b" targetRef="end"/><endEvent id="end"/>"#,
        roots: "",
        beside: r#"<process id="CALLED" isExecutable="true"><startEvent id="begin"/><sequenceFlow id="g1" sourceRef="begin" targetRef="a"/>
<userTask id="a" flowable:assignee="USER001"/><sequenceFlow id="g2" sourceRef="a" targetRef="done"/><endEvent id="done"/></process>"#,
        completed: &["a", "b"],
        end: "end",
    },
    Drawing {
        code: "RACE",
        body: r#"<startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="a"/>
<userTask id="a" flowable:assignee="USER001"/><sequenceFlow id="f2" sourceRef="a" targetRef="race"/>
<eventBasedGateway id="race"/>
<sequenceFlow id="f3" sourceRef="race" targetRef="word"/><sequenceFlow id="f4" sourceRef="race" targetRef="late"/>
<intermediateCatchEvent id="word"><messageEventDefinition messageRef="m1"/></intermediateCatchEvent>
<intermediateCatchEvent id="late"><timerEventDefinition><timeDuration>PT1S</timeDuration></timerEventDefinition></intermediateCatchEvent>
<sequenceFlow id="f5" sourceRef="word" targetRef="word_end"/><endEvent id="word_end"/>
<sequenceFlow id="f6" sourceRef="late" targetRef="b"/><userTask id="b" flowable:assignee="USER003"/>
<sequenceFlow id="f7" sourceRef="b" targetRef="end"/><endEvent id="end"/>"#,
        roots: r#"<message id="m1" name="RACE_WORD"/>"#,
        beside: "",
        completed: &["a", "b"],
        end: "end",
    },
    Drawing {
        code: "TELLS_ERP",
        body: r#"<startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="a"/>
<userTask id="a" flowable:assignee="USER001"/><sequenceFlow id="f2" sourceRef="a" targetRef="tell"/>
<serviceTask id="tell" aiflow:address="/odoo/api/order/approved"><extensionElements><aiflow:call>
<aiflow:input name="amount">${amount}</aiflow:input><aiflow:output variable="erpNo">${answer.data.no}</aiflow:output></aiflow:call></extensionElements></serviceTask>
<sequenceFlow id="f3" sourceRef="tell" targetRef="b"/><userTask id="b" flowable:assignee="USER002"/>
<sequenceFlow id="f4" sourceRef="b" targetRef="end"/><endEvent id="end"/>"#,
        roots: "",
        beside: "",
        completed: &["a", "b", "tell"],
        end: "end",
    },
    Drawing {
        code: "AGAIN",
        body: r#"<startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="count"/>
<scriptTask id="count"><script>rounds = rounds == null ? 1 : rounds + 1</script></scriptTask>
<sequenceFlow id="f2" sourceRef="count" targetRef="a"/>
<userTask id="a" flowable:assignee="USER001"/><sequenceFlow id="f3" sourceRef="a" targetRef="again"/>
<exclusiveGateway id="again" default="f5"/>
<sequenceFlow id="f4" sourceRef="again" targetRef="count"><conditionExpression xsi:type="tFormalExpression">${rounds &lt; 3}</conditionExpression></sequenceFlow>
<sequenceFlow id="f5" sourceRef="again" targetRef="end"/><endEvent id="end"/>"#,
        roots: "",
        beside: "",
        completed: &["a", "a", "a", "count", "count", "count"],
        end: "end",
    },
];
