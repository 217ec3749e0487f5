//! A flow-service that knows nothing but its own orders: stages of people, each with one task that
//! the first of them decides. Passing opens the next stage, rejecting ends the order.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{LazyLock, Mutex};

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::contract::order::{
    ClosedWork, CompleteTask, OpenedWork, OrderAdvanced, OrderFinished, Place,
};
use shared::identity::{Actor, IDENTITY_HEADER, Keys};
use shared::testing;

pub(crate) const APP: &str = "APP001";
pub(crate) const FLOW: &str = "OUR_FLOW";

/// How it treats an enterprise.
#[derive(Clone, Copy, Default)]
pub(crate) struct Manners {
    /// The decision is made, and its answer gets lost.
    pub(crate) loses_answers: bool,
    /// Saying the same twice is refused.
    pub(crate) is_strict: bool,
}

struct Run {
    tenant: String,
    stages: Vec<Vec<String>>,
    /// The stage whose task waits; none = over.
    waits: Option<usize>,
    decided: HashMap<String, (String, String)>,
    facts: Vec<OrderAdvanced>,
}

static RUNS: LazyLock<Mutex<HashMap<i64, Run>>> = LazyLock::new(Mutex::default);
static MANNERS: LazyLock<Mutex<HashMap<String, Manners>>> = LazyLock::new(Mutex::default);
static ASKED: LazyLock<Mutex<HashMap<String, usize>>> = LazyLock::new(Mutex::default);
static NUMBERS: AtomicI64 = AtomicI64::new(1_000_001);

pub(crate) static ADDRESS: LazyLock<SocketAddr> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let app = || {
            actix_web::App::new().route("/internal/task/complete", web::post().to(complete_task))
        };
        actix_web::rt::System::new().block_on(async move {
            let server = actix_web::HttpServer::new(app).workers(2).disable_signals();
            server.listen(listener).unwrap().run().await
        })
    });
    address
});

pub(crate) fn behave(tenant: &str, manners: Manners) {
    MANNERS.lock().unwrap().insert(tenant.to_owned(), manners);
}

/// How often it was asked to decide something.
pub(crate) fn asked(tenant: &str) -> usize {
    ASKED.lock().unwrap().get(tenant).copied().unwrap_or_default()
}

/// Starts an order; gives its number.
pub(crate) fn start(tenant: &str, stages: &[&[&str]]) -> i64 {
    start_below(tenant, stages, None)
}

/// Starts an order that another one calls.
pub(crate) fn start_below(tenant: &str, stages: &[&[&str]], parent: Option<i64>) -> i64 {
    let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
    let stages: Vec<Vec<String>> = stages
        .iter()
        .map(|people| people.iter().map(|user| (*user).to_owned()).collect())
        .collect();
    let fact = OrderAdvanced {
        started: Some(place("start", "开始")),
        opened: vec![opened(number, 0, &stages[0])],
        parent_order_id: parent,
        ..step(tenant, number, 1)
    };
    let run = Run {
        tenant: tenant.to_owned(),
        stages,
        waits: Some(0),
        decided: HashMap::new(),
        facts: vec![fact],
    };
    RUNS.lock().unwrap().insert(number, run);
    number
}

/// Everything it has told of an order.
pub(crate) fn facts(number: i64) -> Vec<OrderAdvanced> {
    RUNS.lock().unwrap()[&number].facts.clone()
}

/// The task of a stage.
pub(crate) fn task(number: i64, stage: usize) -> String {
    format!("{number}-{}", stage + 1)
}

/// A step of which people see nothing.
pub(crate) fn turn(number: i64) {
    let mut runs = RUNS.lock().unwrap();
    let run = runs.get_mut(&number).unwrap();
    run.facts.push(step(&run.tenant, number, run.facts.len() as i64 + 1));
}

/// Ends an order from outside.
pub(crate) fn end(number: i64, result: &str) {
    let mut runs = RUNS.lock().unwrap();
    let run = runs.get_mut(&number).unwrap();
    let mut fact = step(&run.tenant, number, run.facts.len() as i64 + 1);
    if let Some(stage) = run.waits.take() {
        fact.closed.push(closed(number, stage, "revoke", None));
    }
    fact.finished = Some(finished(result));
    run.facts.push(fact);
}

/// Decides as the address does, without asking anybody.
pub(crate) fn decide(number: i64, stage: usize, user: &str, action: &str) {
    let wanted = CompleteTask {
        task_id: task(number, stage),
        user_code: user.to_owned(),
        action: action.to_owned(),
        comment: None,
        form_data: None,
        variables: None,
        bpmn_error_code: None,
    };
    let tenant = RUNS.lock().unwrap()[&number].tenant.clone();
    made(&tenant, &wanted).unwrap();
}

async fn complete_task(request: HttpRequest, body: web::Json<CompleteTask>) -> HttpResponse {
    let keys = Keys::new(&testing::INTERNAL_KEY.to_owned().into(), Clock::system());
    let token = request.headers().get(IDENTITY_HEADER).unwrap().to_str().unwrap();
    let caller = keys.verify(token).unwrap();
    assert!(matches!(caller.actor, Actor::Service(_)));
    let tenant = caller.tenant.into_string();
    *ASKED.lock().unwrap().entry(tenant.clone()).or_default() += 1;
    let manners = MANNERS.lock().unwrap().get(&tenant).copied().unwrap_or_default();
    match made(&tenant, &body) {
        Ok(_) if manners.loses_answers => HttpResponse::BadGateway().body("<html>502</html>"),
        Ok(facts) if manners.is_strict && facts.is_empty() => refused(-4001, "WRONG_STATE", ""),
        Ok(facts) => HttpResponse::Ok().json(json!({"status": 0, "msg": "success", "data": facts})),
        Err((status, code, field)) => refused(status, code, field),
    }
}

fn refused(status: i64, code: &str, field: &str) -> HttpResponse {
    let details: Vec<Value> = [field]
        .iter()
        .filter(|field| !field.is_empty())
        .map(|field| json!({"field": field, "message": "流程服务的说明"}))
        .collect();
    let data = json!({"errorCode": code, "errorMessage": "流程服务拒绝", "errorDetails": details,
        "requestId": "r"});
    HttpResponse::Ok().json(json!({"status": status, "msg": "", "data": data}))
}

/// What became true; nothing where the same person said the same before.
fn made(
    tenant: &str,
    wanted: &CompleteTask,
) -> Result<Vec<OrderAdvanced>, (i64, &'static str, &'static str)> {
    let unknown = (-4002, "UNKNOWN_REFERENCE", "taskId");
    let (number, _) = wanted.task_id.rsplit_once('-').ok_or(unknown)?;
    let number: i64 = number.parse().or(Err(unknown))?;
    let mut runs = RUNS.lock().unwrap();
    let run = runs.get_mut(&number).filter(|run| run.tenant == tenant).ok_or(unknown)?;
    let result = if wanted.bpmn_error_code.is_some() { "reject" } else { &wanted.action };
    let said = (wanted.user_code.clone(), result.to_owned());
    if run.decided.get(&wanted.task_id) == Some(&said) {
        return Ok(Vec::new());
    }
    let waiting = run.waits.filter(|stage| task(number, *stage) == wanted.task_id);
    let stage = waiting.ok_or((-4001, "WRONG_STATE", ""))?;
    let people = &run.stages[stage];
    if !people.is_empty() && !people.contains(&wanted.user_code) {
        return Err((-4001, "NOT_PERMITTED", ""));
    }
    if wanted.form_data.as_ref().is_some_and(|form| form["amount"].is_string()) {
        return Err((-4002, "INVALID_PARAMETER", "formData.amount"));
    }
    run.decided.insert(wanted.task_id.clone(), said);
    let mut fact = step(tenant, number, run.facts.len() as i64 + 1);
    let mut done = closed(number, stage, result, Some(&wanted.user_code));
    done.comment.clone_from(&wanted.comment);
    fact.closed.push(done);
    let next = run.stages.get(stage + 1).filter(|_| result == "pass");
    match next {
        Some(people) => fact.opened.push(opened(number, stage + 1, people)),
        None => fact.finished = Some(finished(result)),
    }
    run.waits = next.map(|_| stage + 1);
    run.facts.push(fact.clone());
    Ok(vec![fact])
}

fn place(id: &str, name: &str) -> Place {
    Place { activity_id: id.to_owned(), activity_name: name.to_owned() }
}

fn opened(number: i64, stage: usize, people: &[String]) -> OpenedWork {
    OpenedWork {
        task_id: task(number, stage),
        place: place(&format!("stage{stage}"), &format!("第{}级审批", stage + 1)),
        assignees: people.to_vec(),
        due_at: Some("2030-01-25T10:00:00.123456789+00:00".to_owned()),
        ..OpenedWork::default()
    }
}

fn closed(number: i64, stage: usize, result: &str, handler: Option<&str>) -> ClosedWork {
    ClosedWork {
        task_id: task(number, stage),
        place: place(&format!("stage{stage}"), &format!("第{}级审批", stage + 1)),
        result: result.to_owned(),
        handler: handler.map(str::to_owned),
        comment: None,
        form_data: None,
        ..ClosedWork::default()
    }
}

fn finished(result: &str) -> OrderFinished {
    OrderFinished {
        result: result.to_owned(),
        place: place("end", "结束"),
        task_id: None,
        handler: None,
        reason: None,
    }
}

fn step(tenant: &str, number: i64, seq: i64) -> OrderAdvanced {
    OrderAdvanced {
        tenant: tenant.to_owned(),
        app: APP.to_owned(),
        order_id: number,
        parent_order_id: None,
        business_key: format!("SO-{number}"),
        flow_code: FLOW.to_owned(),
        flow_version: 1,
        title: format!("销售订单审批 SO-{number}"),
        running_number: format!("{FLOW}_202501_{seq:04}"),
        initiator: "USER001".to_owned(),
        seq,
        at: format!("2025-01-24T07:{seq:02}:00.123456789+00:00"),
        started: None,
        opened: Vec::new(),
        closed: Vec::new(),
        calls: Vec::new(),
        dropped_calls: Vec::new(),
        finished: None,
        form_data: None,
        variables: None,
        ..OrderAdvanced::default()
    }
}
