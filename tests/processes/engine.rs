//! kill -9 of flow-service while orders of our own engine run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fakes::odoo::{Credential, Odoo, Options};
use serde_json::{Value, json};
use tests::{DRAWINGS, Drawing};
use tokio::task::JoinSet;

use super::erp::{Erp, Patience};
use super::house::{APP_SECRET, House};
use super::world::{APP, World};
use super::{is_long, pause, say, until};

/// How many orders run, and how many people work on them at once.
const ORDERS: usize = 1_000;
const AT_ONCE: usize = 16;

/// How an order ended: its state, its end event, and the activities it completed.
#[derive(Debug, PartialEq)]
struct Ended {
    state: String,
    end: String,
    completed: Vec<String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_orders_end_as_if_flow_service_had_never_been_killed() {
    let house = House::start("engine").await;
    let world = World::start(&house).await;
    let odoo = tell_the_erp(&house, &world).await;
    publish(&world.erp).await;
    let done = Arc::new(AtomicUsize::new(0));
    let work = {
        let (erp, done) = (world.erp.clone(), done.clone());
        shared::telemetry::spawn(async move { run_all(erp, done).await })
    };

    let mut kills = 0;
    while !work.is_finished() {
        pause(3_000).await;
        house.kill9("flow");
        house.start_again("flow");
        kills += 1;
        say(&format!(
            "flow-service killed {kills} times, {} orders ended",
            done.load(Ordering::Relaxed)
        ));
    }
    let orders = work.await.unwrap();

    let mut wrong = Vec::new();
    for (order, drawing) in &orders {
        let ended = ended(&world.erp, *order).await;
        if ended != expected(drawing) {
            wrong.push((*order, drawing.code, ended));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} orders ended otherwise, such as {:?}",
        wrong.len(),
        wrong.first()
    );
    let took = until(Duration::from_secs(180), "the ERP has heard of every order", || async {
        each_is_told_once(&odoo, &orders)
    })
    .await;
    say(&format!(
        "{} orders, {kills} kills; the ERP knew of all {took:.1?} after the last",
        orders.len()
    ));
    house.close().await;
}

async fn tell_the_erp(house: &House, world: &World) -> Odoo {
    let credential = Credential {
        enterprise_code: world.tenant.clone(),
        app_id: APP.to_owned(),
        app_secret: APP_SECRET.to_owned(),
    };
    let odoo = Odoo::start(Options { credential, ..Options::demo() }).await.unwrap();
    let endpoint =
        json!({"enterpriseCode": world.tenant, "appId": APP, "baseUrl": odoo.base_url()});
    house.admin_of("notify", "/erp_endpoint", endpoint).await;
    odoo
}

async fn publish(erp: &Erp) {
    let form = json!({"components": [{"type": "number", "name": "amount", "label": "金额", "required": true}]});
    for drawing in &DRAWINGS {
        let flow = json!({"flowCode": drawing.code, "flowName": drawing.code, "formSchema": form,
            "bpmnXml": drawing.xml()});
        erp.post("/aflow/api/flow/create", &flow).await.ok();
        erp.post("/aflow/api/flow/publish", &json!({"flowCode": drawing.code, "flowVersion": 1}))
            .await
            .ok();
    }
}

/// Starts every order and does what people do until it is over; gives the orders with their flows.
async fn run_all(erp: Erp, done: Arc<AtomicUsize>) -> BTreeMap<i64, &'static Drawing> {
    let count = if is_long() { ORDERS * 5 } else { ORDERS };
    let next = Arc::new(AtomicUsize::new(0));
    let mut people = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (erp, next, done) = (erp.clone(), next.clone(), done.clone());
        people.spawn(async move {
            let mut orders = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(drawing) = DRAWINGS.get(number % DRAWINGS.len()) else { break };
                if number >= count {
                    break;
                }
                orders.push((run(&erp, drawing, number).await, drawing));
                done.fetch_add(1, Ordering::Relaxed);
            }
            orders
        });
    }
    people.join_all().await.into_iter().flatten().collect()
}

/// One order from start to end. A request without an answer is sent again as it was.
async fn run(erp: &Erp, drawing: &Drawing, number: usize) -> i64 {
    let start = json!({"flowCode": drawing.code, "initiator": "USER001", "businessKey": format!("ENGINE{number}"),
        "formData": {"amount": 80_000}});
    let (answer, _) = erp.insist("/aflow/api/order/start", &start, Patience::STUBBORN).await;
    let order = answer.ok()["orderId"].as_i64().unwrap();
    let began = Instant::now();
    loop {
        let tasks = patient_get(erp, &format!("/aflow/api/order/tasks?orderId={order}")).await;
        let tasks = tasks.as_array().cloned().unwrap_or_default();
        let of_people = |task: &&Value| task["activityType"] == "userTask";
        for task in tasks.iter().filter(of_people) {
            complete(erp, task).await;
        }
        if tasks.is_empty() {
            let history =
                patient_get(erp, &format!("/aflow/api/order/history?orderId={order}")).await;
            if state_of(&history, order) != "running" {
                return order;
            }
            assert!(
                began.elapsed() < Duration::from_secs(180),
                "order {order} stands still: {history}"
            );
            pause(200).await;
        }
    }
}

/// Passes a task; that somebody (we, before our answer was lost) has passed it already is well.
async fn complete(erp: &Erp, task: &Value) {
    let decision =
        json!({"taskId": task["taskId"], "userCode": task["assignees"][0], "action": "pass"});
    let (answer, _) = erp.insist("/aflow/api/task/complete", &decision, Patience::STUBBORN).await;
    assert!(answer.is_ok() || answer.code() == "WRONG_STATE", "{decision}: {answer:?}");
}

async fn patient_get(erp: &Erp, path: &str) -> Value {
    loop {
        let answer = erp.get(path).await;
        if !answer.may_be_repeated() {
            return answer.ok();
        }
        pause(250).await;
    }
}

fn state_of(history: &Value, order: i64) -> String {
    let orders = history["orders"].as_array().cloned().unwrap_or_default();
    let own = orders.iter().find(|one| one["orderId"] == order).unwrap();
    own["state"].as_str().unwrap().to_owned()
}

async fn ended(erp: &Erp, order: i64) -> Ended {
    let history = patient_get(erp, &format!("/aflow/api/order/history?orderId={order}")).await;
    let records = history["records"].as_array().cloned().unwrap_or_default();
    let is_work = |record: &&Value| {
        let kind = record["activityType"].as_str().unwrap_or_default();
        record["event"] == "completed" && ["userTask", "serviceTask", "scriptTask"].contains(&kind)
    };
    let mut completed: Vec<String> = records
        .iter()
        .filter(is_work)
        .map(|record| record["activityId"].as_str().unwrap().to_owned())
        .collect();
    completed.sort_unstable();
    let orders = history["orders"].as_array().cloned().unwrap_or_default();
    let own = orders.iter().find(|one| one["orderId"] == order).unwrap();
    let end = own["endActivityId"].as_str().unwrap_or_default().to_owned();
    Ended { state: own["state"].as_str().unwrap().to_owned(), end, completed }
}

fn expected(drawing: &Drawing) -> Ended {
    let completed = drawing.completed.iter().map(|&id| id.to_owned()).collect();
    Ended { state: "completed".to_owned(), end: drawing.end.to_owned(), completed }
}

/// START first, COMPLETE last, nothing twice.
fn each_is_told_once(odoo: &Odoo, orders: &BTreeMap<i64, &Drawing>) -> Result<(), String> {
    let mut told: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for push in odoo.pushes() {
        assert!(push.proven, "the ERP could not verify {push:?}");
        if !push.action().is_empty() && push.status == 200 {
            told.entry(push.order()).or_default().push(push.action().to_owned());
        }
    }
    let missing: Vec<i64> = orders
        .keys()
        .copied()
        .filter(|order| told.get(order).is_none_or(|actions| actions.len() < 2))
        .collect();
    let others: Vec<_> = told
        .iter()
        .filter(|(order, actions)| {
            orders.contains_key(order)
                && !["START", "COMPLETE"]
                    .starts_with(&actions.iter().map(String::as_str).collect::<Vec<_>>())
        })
        .collect();
    assert!(others.is_empty(), "not START and then COMPLETE: {:?}", others.first());
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("{} of {} are missing", missing.len(), orders.len()))
    }
}

/// What somebody may send as a drawing, each with a code of its own: (what it is, the drawing).
fn hostile_drawings() -> Vec<(&'static str, String)> {
    let file = |body: &str| {
        format!(
            "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' targetNamespace='x'>\
             <process id='p' isExecutable='true'>{body}</process></definitions>"
        )
    };
    let between = |node: &str| {
        file(&format!(
            "<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='a'/>{node}\
             <sequenceFlow id='f2' sourceRef='a' targetRef='e'/><endEvent id='e'/>"
        ))
    };
    let bomb = "<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>";
    let deep = |count: usize| {
        format!("{}{}", "<subProcess id='x'>".repeat(count), "</subProcess>".repeat(count))
    };
    let attributes: String = (0..60_000).map(|number| format!(" a{number}='1'")).collect();
    let brackets = format!("{}1{}", "(".repeat(2_000), ")".repeat(2_000));
    let condition = format!(
        "<exclusiveGateway id='a'/><sequenceFlow id='f3' sourceRef='a' targetRef='e'>\
         <conditionExpression>${{{brackets}}}</conditionExpression></sequenceFlow>"
    );
    vec![
        ("an entity bomb", format!("{bomb}{}", between("<task id='a' name='&b;'/>"))),
        ("depth 1,000", file(&deep(1_000))),
        ("depth 20,000", file(&deep(20_000))),
        ("60,000 attributes", between(&format!("<task id='a'{attributes}/>"))),
        ("an expression bomb", between(&condition)),
        ("a call of itself", between("<callActivity id='a' calledElement='p'/>")),
        (
            "a loop without a wait",
            between("<task id='a'/><sequenceFlow id='f3' sourceRef='a' targetRef='a'/>"),
        ),
        ("no end of text", between(&format!("<task id='a' name='{}'/>", "长".repeat(300_000)))),
        ("half a file", "<definitions".repeat(1_000)),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_drawings_are_refused_or_stopped_and_flow_service_lives_on() {
    let house = House::start("drawings").await;
    let world = World::start(&house).await;
    tell_the_erp(&house, &world).await;
    let before = house.pid("flow");

    for (number, (what, drawing)) in hostile_drawings().into_iter().enumerate() {
        let code = format!("HOSTILE{number}");
        let flow = json!({"flowCode": code, "flowName": what, "formSchema": {"components": []},
            "bpmnXml": drawing});
        let created = world.erp.post("/aflow/api/flow/create", &flow).await;
        let version = json!({"flowCode": code, "flowVersion": 1});
        let published = world.erp.post("/aflow/api/flow/publish", &version).await;
        assert!(!created.is_ok() || !published.is_ok(), "{what} was published");
        for answer in [created, published] {
            let known = answer.http == 200 || answer.http == 413;
            assert!(known && answer.took < Duration::from_secs(5), "{what}: {answer:?}");
        }
    }
    publish(&world.erp).await;
    let order = run(&world.erp, &DRAWINGS[0], 1).await;

    assert_eq!(ended(&world.erp, order).await, expected(&DRAWINGS[0]));
    assert_eq!(house.pid("flow"), before, "flow-service is another process now");
    house.close().await;
}
