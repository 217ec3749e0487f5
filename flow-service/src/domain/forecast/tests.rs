//! What a forecast says of small drawings.

use std::sync::Arc;

use flow_engine::{Process, bpmn};

use super::*;
use crate::domain::approval::Mode;
use crate::domain::approvers::{TaskSpec, parse_defaults, parse_task};
use crate::domain::people::{People, Presence};

struct Drawn {
    library: Library,
    specs: BTreeMap<String, TaskSpec>,
}

fn draw(elements: &str) -> Drawn {
    let xml = format!(
        "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:aiflow=\"http://aiflow/bpmn\" \
         xmlns:flowable=\"http://flowable.org/bpmn\" targetNamespace=\"t\">\
         <message id=\"m\" name=\"paid\"/><process id=\"p\" isExecutable=\"true\">{elements}</process></definitions>"
    );
    let process =
        Process::compile(&bpmn::parse(&xml).unwrap()).unwrap().into_iter().next().unwrap();
    let (defaults, _) = parse_defaults(&process.info());
    let specs = process.user_tasks().into_iter();
    let specs = specs.map(|task| (task.id.to_string(), parse_task(&task, &defaults).0)).collect();
    let mut library = Library::new();
    library.insert("p", Arc::new(process));
    Drawn { library, specs }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_764_000_000, 0).unwrap()
}

fn variables(json: serde_json::Value) -> Variables {
    let members = json.as_object().unwrap().iter();
    members.map(|(name, value)| (name.clone(), Value::from_json(value))).collect()
}

impl Drawn {
    fn forecast(&self, given: serde_json::Value) -> Rest {
        begin(&self.library, "p", variables(given), now()).unwrap()
    }

    fn started(&self, given: serde_json::Value) -> Instance {
        let start = Command::Start { at: None, variables: variables(given) };
        flow_engine::advance(&self.library, Instance::new("p"), start, now()).unwrap().instance
    }

    fn rest_of(&self, instance: Instance) -> Rest {
        go_on(&self.library, instance, BTreeMap::from([(0, "p".to_owned())]), now())
    }
}

fn names(rest: &Rest) -> Vec<String> {
    let mark = |ahead: &Ahead| if ahead.is_loop { "!" } else { "" };
    rest.ahead.iter().map(|ahead| format!("{}{}", ahead.node, mark(ahead))).collect()
}

fn task(id: &str) -> String {
    format!("<userTask id=\"{id}\" flowable:assignee=\"U1\"/>")
}

fn flow(from: &str, to: &str) -> String {
    format!("<sequenceFlow id=\"{from}_{to}\" sourceRef=\"{from}\" targetRef=\"{to}\"/>")
}

fn when(from: &str, to: &str, condition: &str) -> String {
    format!(
        "<sequenceFlow id=\"{from}_{to}\" sourceRef=\"{from}\" targetRef=\"{to}\">\
         <conditionExpression xsi:type=\"tFormalExpression\">${{{condition}}}</conditionExpression></sequenceFlow>"
    )
}

/// A start, these elements, and an end; what is one after the other is given by `flows`.
fn linear(elements: &[String], flows: &[String]) -> Drawn {
    draw(&format!(
        "<startEvent id=\"s\"/>{}{}<endEvent id=\"e\"/>",
        elements.concat(),
        flows.concat()
    ))
}

fn by_amount() -> Drawn {
    linear(
        &[task("lead"), "<exclusiveGateway id=\"g\" default=\"g_e\"/>".to_owned(), task("boss")],
        &[
            flow("s", "lead"),
            flow("lead", "g"),
            when("g", "boss", "amount &gt; 1000"),
            flow("g", "e"),
            flow("boss", "e"),
        ],
    )
}

#[test]
fn the_values_entered_decide_which_way_is_shown() {
    let drawn = by_amount();

    let (small, large) = (
        drawn.forecast(serde_json::json!({"amount": 10})),
        drawn.forecast(serde_json::json!({"amount": 5000})),
    );

    assert_eq!((names(&small), small.ends), (vec!["lead".to_owned()], true));
    assert_eq!((names(&large), large.ends), (vec!["lead".to_owned(), "boss".to_owned()], true));
}

#[test]
fn what_waits_already_is_not_ahead() {
    let drawn = by_amount();
    let instance = drawn.started(serde_json::json!({"amount": 5000}));
    let before = instance.snapshot();

    let rest = drawn.rest_of(instance.clone());

    assert_eq!((names(&rest), rest.ends), (vec!["boss".to_owned()], true));
    let after = (
        serde_json::to_string(&before).unwrap(),
        serde_json::to_string(&instance.snapshot()).unwrap(),
    );
    assert_eq!(after.0, after.1);
}

#[test]
fn a_circle_is_marked_and_followed_no_further() {
    let drawn = linear(
        &[
            task("fill"),
            task("check"),
            "<exclusiveGateway id=\"g\" default=\"g_fill\"/>".to_owned(),
        ],
        &[
            flow("s", "fill"),
            flow("fill", "check"),
            flow("check", "g"),
            when("g", "e", "complete"),
            flow("g", "fill"),
        ],
    );

    let again = drawn.forecast(serde_json::json!({"complete": false}));
    let through = drawn.forecast(serde_json::json!({"complete": true}));

    assert_eq!(
        (names(&again), again.ends),
        (vec!["fill".into(), "check".into(), "fill!".into()], false)
    );
    assert_eq!(
        (names(&through), through.ends),
        (vec!["fill".to_owned(), "check".to_owned()], true)
    );
}

#[test]
fn a_circle_without_tasks_ends_the_forecast_all_the_same() {
    let wait = "<intermediateCatchEvent id=\"w\"><timerEventDefinition><timeDuration>PT1H</timeDuration>\
                </timerEventDefinition></intermediateCatchEvent>";
    let drawn = linear(
        &[wait.to_owned(), "<exclusiveGateway id=\"g\" default=\"g_w\"/>".to_owned()],
        &[flow("s", "w"), flow("w", "g"), when("g", "e", "paid"), flow("g", "w")],
    );

    let rest = drawn.forecast(serde_json::json!({"paid": false}));

    assert_eq!((rest.ahead.len(), rest.ends), (0, false));
}

#[test]
fn whatever_is_waited_for_comes_and_what_interrupts_does_not() {
    let drawn = linear(
        &[
            task("a"),
            "<boundaryEvent id=\"late\" attachedToRef=\"a\"><timerEventDefinition><timeDuration>PT1H</timeDuration>\
             </timerEventDefinition></boundaryEvent>"
                .to_owned(),
            "<serviceTask id=\"call\" aiflow:address=\"/odoo/x\"/>".to_owned(),
            "<intermediateCatchEvent id=\"pay\"><messageEventDefinition messageRef=\"m\"/></intermediateCatchEvent>"
                .to_owned(),
            "<receiveTask id=\"r\"/>".to_owned(),
            task("b"),
            task("remind"),
        ],
        &[
            flow("s", "a"),
            flow("a", "call"),
            flow("call", "pay"),
            flow("pay", "r"),
            flow("r", "b"),
            flow("b", "e"),
            flow("late", "remind"),
            flow("remind", "e"),
        ],
    );

    let rest = drawn.forecast(serde_json::json!({}));

    assert_eq!((names(&rest), rest.ends), (vec!["a".to_owned(), "b".to_owned()], true));
}

#[test]
fn a_repeated_task_and_parallel_branches_are_no_circle() {
    let repeated = "<userTask id=\"each\" flowable:assignee=\"${who}\"><multiInstanceLoopCharacteristics \
                    isSequential=\"true\" flowable:collection=\"people\" flowable:elementVariable=\"who\"/></userTask>";
    let inside = format!(
        "<subProcess id=\"sub\"><multiInstanceLoopCharacteristics flowable:collection=\"people\" \
         flowable:elementVariable=\"who\"/><startEvent id=\"is\"/>{}<endEvent id=\"ie\"/>{}{}</subProcess>",
        "<userTask id=\"inner\" flowable:assignee=\"${who}\"/>",
        flow("is", "inner"),
        flow("inner", "ie")
    );
    let drawn = linear(
        &[
            "<parallelGateway id=\"g\"/><parallelGateway id=\"j\"/>".to_owned(),
            task("left"),
            repeated.to_owned(),
            inside,
            task("last"),
        ],
        &[
            flow("s", "g"),
            flow("g", "left"),
            flow("g", "each"),
            flow("left", "j"),
            flow("each", "j"),
            flow("j", "sub"),
            flow("sub", "last"),
            flow("last", "e"),
        ],
    );

    let rest = drawn.forecast(serde_json::json!({"people": ["A", "B", "C"]}));

    assert_eq!(names(&rest), ["left", "each", "inner", "last"]);
    assert!(rest.ends);
    let times: Vec<usize> = rest.ahead.iter().map(|ahead| ahead.seen.len()).collect();
    assert_eq!(times, [1, 3, 3, 1]);
    let chosen = BTreeMap::new();
    let known = Known { starter: "S", manager: None, chosen: &chosen, now: now() };
    let mut people = People::default();
    people.users.extend(["A", "B"].map(|code| (code.to_owned(), Presence::Active)));
    people.users.insert("C".to_owned(), Presence::Disabled);
    let whose = rest.ahead[1].whose(drawn.specs.get("each"));
    let picked = pick(&whose, &known, &people);
    let users: Vec<&str> = picked.people.iter().map(|person| person.user.as_str()).collect();
    assert_eq!((users, whose.mode()), (vec!["A", "B"], Mode::Any));
    assert_eq!(picked.trouble.as_deref(), Some("用户 C 已停用"));
}

#[test]
fn it_is_said_what_must_be_looked_up_first() {
    let drawn = linear(
        &["<userTask id=\"a\" aiflow:mode=\"all\"><extensionElements><aiflow:approvers><aiflow:users codes=\"A,B\"/>\
           </aiflow:approvers></extensionElements></userTask>"
            .to_owned()],
        &[flow("s", "a"), flow("a", "e")],
    );
    let rest = drawn.forecast(serde_json::json!({}));
    let chosen = BTreeMap::new();
    let known = Known { starter: "S", manager: None, chosen: &chosen, now: now() };
    let whose = rest.ahead[0].whose(drawn.specs.get("a"));
    let mut people = People::default();

    assert_eq!(wanted(&[whose], &known, &people).users, ["A", "B"]);
    people.users.extend(["A", "B"].map(|code| (code.to_owned(), Presence::Active)));
    assert!(wanted(&[whose], &known, &people).is_empty());
    let picked = pick(&whose, &known, &people);
    assert_eq!((picked.people.len(), picked.trouble, whose.mode()), (2, None, Mode::All));
}
