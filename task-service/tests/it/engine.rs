//! A flow-service that knows nothing but its own orders: stages of people, each with one task that
//! the first of them decides. Passing opens the next stage, rejecting ends the order, rebutting goes
//! back to the first stage, taking back reopens the task. Everything else is only told.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{LazyLock, Mutex};

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::contract::order::{
    ClosedWork, CopiedTo, OpenedWork, OperateTask, Operated, Operation, OperationDone,
    OrderAdvanced, OrderFinished, Place, TakeBack, Why,
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
    /// The stage whose task waits, and the task; none = over.
    waits: Option<(usize, String)>,
    /// Every task that opened more than once or again, and its stage.
    rounds: usize,
    decided: HashMap<String, (String, String)>,
    urges: i32,
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
        let app =
            || actix_web::App::new().route("/internal/task/operate", web::post().to(operate_task));
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
        opened: vec![opened(&task(number, 0), 0, &stages[0])],
        initiator_actions: vec!["recall".to_owned(), "urge".to_owned()],
        parent_order_id: parent,
        ..step(tenant, number, 1)
    };
    let run = Run {
        tenant: tenant.to_owned(),
        stages,
        waits: Some((0, task(number, 0))),
        rounds: 0,
        decided: HashMap::new(),
        urges: 0,
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
    if let Some((stage, task)) = run.waits.take() {
        fact.closed.push(closed(&task, stage, "revoke", None));
    }
    fact.finished = Some(finished(result));
    run.facts.push(fact);
}

/// Decides as the address does, without asking anybody.
pub(crate) fn decide(number: i64, stage: usize, user: &str, action: &str) {
    let operation = match action {
        "pass" => Operation::Pass { next_people: Default::default() },
        _ => Operation::Reject,
    };
    operate(&task(number, stage), user, operation);
}

/// Does something with a task, without asking anybody.
pub(crate) fn operate(task: &str, user: &str, operation: Operation) {
    let number: i64 = task.split('-').next().unwrap().parse().unwrap();
    let wanted = OperateTask {
        task_id: Some(task.to_owned()),
        order_id: None,
        user_code: user.to_owned(),
        app: None,
        operation,
        comment: None,
        attachments: Vec::new(),
        form_data: None,
        variables: None,
        bpmn_error_code: None,
    };
    let tenant = RUNS.lock().unwrap()[&number].tenant.clone();
    made(&tenant, &wanted).unwrap();
}

async fn operate_task(request: HttpRequest, body: web::Json<OperateTask>) -> HttpResponse {
    let keys = Keys::new(&testing::INTERNAL_KEY.to_owned().into(), Clock::system());
    let token = request.headers().get(IDENTITY_HEADER).unwrap().to_str().unwrap();
    let caller = keys.verify(token).unwrap();
    assert!(matches!(caller.actor, Actor::Service(_)));
    let tenant = caller.tenant.into_string();
    *ASKED.lock().unwrap().entry(tenant.clone()).or_default() += 1;
    let manners = MANNERS.lock().unwrap().get(&tenant).copied().unwrap_or_default();
    match made(&tenant, &body) {
        Ok(_) if manners.loses_answers => HttpResponse::BadGateway().body("<html>502</html>"),
        Ok(done) if manners.is_strict && !done.applied => refused(-4001, "WRONG_STATE", ""),
        Ok(done) => HttpResponse::Ok().json(json!({"status": 0, "msg": "success", "data": done})),
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
    wanted: &OperateTask,
) -> Result<OperationDone, (i64, &'static str, &'static str)> {
    let unknown = (-4002, "UNKNOWN_REFERENCE", "taskId");
    let late = (-4001, "WRONG_STATE", "");
    let number = match (&wanted.task_id, wanted.order_id) {
        (Some(task), _) => task.split('-').next().and_then(|number| number.parse().ok()),
        (None, order) => order,
    };
    let number: i64 = number.ok_or(unknown)?;
    let mut runs = RUNS.lock().unwrap();
    let run = runs.get_mut(&number).filter(|run| run.tenant == tenant).ok_or(unknown)?;
    if wanted.app.as_deref().is_some_and(|app| app != APP) {
        return Err((-4001, "NOT_PERMITTED", ""));
    }
    let (stage, waiting) = run.waits.clone().unwrap_or((usize::MAX, String::new()));
    let asked = wanted.task_id.clone().unwrap_or(waiting.clone());
    let user = &wanted.user_code;
    let is_error = wanted.bpmn_error_code.is_some();
    let result = match &wanted.operation {
        Operation::Pass { .. } if !is_error => Some("pass"),
        Operation::Pass { .. } | Operation::Reject => Some("reject"),
        Operation::Rebut { .. } => Some("rebut"),
        _ => None,
    };
    if let Some(result) = result {
        let said = (user.clone(), result.to_owned());
        if run.decided.get(&asked) == Some(&said) {
            return Ok(OperationDone::default());
        }
    }
    let is_for_the_waiting = !matches!(
        wanted.operation,
        Operation::TakeBack | Operation::Comment { .. } | Operation::Copy { .. }
    );
    if is_for_the_waiting && asked != waiting {
        return Err(late);
    }
    let people = run.stages.get(stage).cloned().unwrap_or_default();
    // What waits for nobody only the application decides.
    let is_theirs = people.contains(user) || (people.is_empty() && wanted.app.is_some());
    if result.is_some() && !is_theirs {
        return Err((-4001, "NOT_PERMITTED", ""));
    }
    if wanted.form_data.as_ref().is_some_and(|form| form["amount"].is_string()) {
        return Err((-4002, "INVALID_PARAMETER", "formData.amount"));
    }
    let mut fact = step(tenant, number, run.facts.len() as i64 + 1);
    let mut done = OperationDone { applied: true, ..OperationDone::default() };
    let told = |action: &str, people: &[String], count: Option<i32>| Operated {
        task_id: wanted.task_id.clone(),
        place: place("stage", "审批"),
        action: action.to_owned(),
        user_code: user.clone(),
        on_behalf_of: None,
        comment: wanted.comment.clone(),
        people: people.to_vec(),
        attachments: wanted.attachments.clone(),
        count,
        waiting_since: None,
    };
    if let Some(result) = result {
        run.decided.insert(asked.clone(), (user.clone(), result.to_owned()));
        let mut ended = closed(&asked, stage, result, Some(user));
        ended.comment.clone_from(&wanted.comment);
        ended.attachments.clone_from(&wanted.attachments);
        fact.closed.push(ended);
        let next = match result {
            "pass" => (stage + 1 < run.stages.len()).then_some(stage + 1),
            "rebut" => Some(0),
            _ => None,
        };
        if result == "rebut" {
            run.rounds += 1;
            fact.voided = run.decided.keys().filter(|task| **task != asked).cloned().collect();
            fact.voided.sort();
        }
        run.waits = next.map(|next| (next, again(number, next, run.rounds)));
        match &run.waits {
            Some((next, task)) => fact.opened.push(opened(task, *next, &run.stages[*next])),
            None => fact.finished = Some(finished(result)),
        }
        if result == "pass" && next.is_some() {
            fact.take_back.push(TakeBack { task_id: asked.clone(), user_code: user.clone() });
        }
    }
    match &wanted.operation {
        Operation::Pass { .. } | Operation::Reject | Operation::Rebut { .. } => {}
        Operation::Transfer { to } | Operation::Delegate { to } => {
            let to = std::slice::from_ref(to);
            let action = match wanted.operation {
                Operation::Transfer { .. } => "transfer",
                _ => "delegate",
            };
            run.stages[stage] = to.to_vec();
            fact.opened.push(opened(&asked, stage, to));
            fact.operations.push(told(action, to, None));
        }
        Operation::TakeBack => {
            let (before, by) =
                run.decided.remove(&asked).map(|(by, _)| (stage - 1, by)).ok_or(late)?;
            fact.closed.push(closed(&waiting, stage, "revoke", None));
            fact.opened.push(opened(&asked, before, &[by]));
            fact.operations.push(told("take_back", &[], None));
            run.waits = Some((before, asked.clone()));
        }
        Operation::Urge => {
            run.urges += 1;
            if run.urges > 2 {
                let next = Some("2025-01-24T08:00:00+00:00".to_owned());
                return Ok(OperationDone {
                    sent: Some(0),
                    next_allowed_at: next,
                    ..OperationDone::default()
                });
            }
            fact.operations.push(Operated {
                task_id: Some(asked.clone()),
                ..told("urge", &people, Some(run.urges))
            });
            done.sent = Some(people.len() as i64);
        }
        Operation::Copy { people } => {
            let comment = wanted.comment.clone();
            let by = Some(user.clone());
            fact.copies.push(CopiedTo { people: people.clone(), by, comment });
            fact.operations.push(told("copy", people, None));
        }
        Operation::Comment { mentions } => fact.operations.push(told("comment", mentions, None)),
        Operation::AddSign { place, people } => {
            fact.operations.push(told(&format!("add_sign_{place}"), people, None));
        }
        Operation::RemoveSign { people } => fact.operations.push(told("remove_sign", people, None)),
        Operation::Claim => fact.operations.push(told("claim", &[], None)),
        Operation::Release => fact.operations.push(told("release", &[], None)),
        Operation::Recall => {
            fact.operations.push(told("recall", &[], None));
            fact.closed.push(closed(&waiting, stage, "revoke", None));
            run.waits = None;
        }
    }
    if run.waits.is_some() {
        fact.initiator_actions = vec!["recall".to_owned(), "urge".to_owned()];
    }
    run.facts.push(fact.clone());
    done.facts = vec![fact];
    Ok(done)
}

/// The task of a stage that is walked again.
fn again(number: i64, stage: usize, round: usize) -> String {
    match round {
        0 => task(number, stage),
        round => format!("{number}-{}", round * 10 + stage + 1),
    }
}

fn place(id: &str, name: &str) -> Place {
    Place { activity_id: id.to_owned(), activity_name: name.to_owned() }
}

fn opened(task: &str, stage: usize, people: &[String]) -> OpenedWork {
    let why = |user: &String| Why {
        user_code: user.clone(),
        on_behalf_of: None,
        rule: "指定人员".to_owned(),
        chain: vec![format!("第{}级", stage + 1), user.clone()],
    };
    OpenedWork {
        task_id: task.to_owned(),
        place: place(&format!("stage{stage}"), &format!("第{}级审批", stage + 1)),
        assignees: people.to_vec(),
        due_at: Some("2030-01-25T10:00:00.123456789+00:00".to_owned()),
        // As an older release does, which offered what it does not say.
        actions: match stage {
            0 => Vec::new(),
            _ => ["pass", "reject", "rebut", "transfer"].map(str::to_owned).to_vec(),
        },
        why: people.iter().map(why).collect(),
    }
}

fn closed(task: &str, stage: usize, result: &str, handler: Option<&str>) -> ClosedWork {
    ClosedWork {
        task_id: task.to_owned(),
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
        flow_name: "自有审批".to_owned(),
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
