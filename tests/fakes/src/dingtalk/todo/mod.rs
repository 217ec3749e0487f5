//! To-do tasks: created once per source, done by their executors, listed page by page.

mod card;
mod draft;
mod query;

use serde_json::{Value, json};

pub(super) use self::card::Card;
use super::{
    answer::{Refusal, Reply, request_id},
    call::Call,
    options::App,
    routes::Api,
    state::State,
};

pub(super) const CREATE: &str = "/v1.0/todo/users/{unionId}/tasks";
const ONE: &str = "/v1.0/todo/users/{unionId}/tasks/{taskId}";
const EXECUTORS: &str = "/v1.0/todo/users/{unionId}/tasks/{taskId}/executorStatus";
const QUERY: &str = "/v1.0/todo/users/{unionId}/org/tasks/query";
const WRITE: &str = "Todo.Todo.Write";
const READ: &str = "Todo.Todo.Read";

pub(super) const APIS: &[Api] = &[
    Api::granted("POST", CREATE, WRITE, create),
    Api::granted("PUT", ONE, WRITE, update),
    Api::granted("PUT", EXECUTORS, WRITE, update_executor_status),
    Api::granted("DELETE", ONE, WRITE, delete),
    Api::granted("POST", QUERY, READ, query::query),
];

#[derive(Default)]
pub(super) struct Cards {
    pub(super) list: Vec<Card>,
}

/// The first half of the error codes of one call.
#[derive(Clone, Copy)]
struct Verb(&'static str);

impl Verb {
    fn refuses(self, text: &str) -> Refusal {
        Refusal::New(400, format!("todo.{}.paramError", self.0), text.to_owned())
    }
}

fn create(state: &mut State, app: &App, call: &Call) -> Reply {
    let verb = Verb("taskCreate");
    let owner = check_people(state, call, verb)?;
    let body = call.json()?;
    let draft = draft::check_new(state, body, verb)?;
    let is_taken = |card: &Card| {
        card.app_key == app.app_key && Some(card.source_id.as_str()) == draft.source_id.as_deref()
    };
    if state.cards.list.iter().any(is_taken) {
        return Err(verb.refuses("task exist"));
    }
    let card = Card::new(app, owner, draft, state.clock.now_ms());
    let answer = card.to_json();
    state.cards.list.push(card);
    Ok(answer)
}

fn update(state: &mut State, app: &App, call: &Call) -> Reply {
    let verb = Verb("taskUpdate");
    check_people(state, call, verb)?;
    let body = call.json()?;
    let change = draft::check_change(state, body, verb)?;
    let now = state.clock.now_ms();
    let modifier = call.query("operatorId").unwrap_or(call.param("unionId")).to_owned();
    find(state, app, call, verb)?.absorb(change, modifier, now);
    Ok(json!({ "result": true, "requestId": request_id() }))
}

fn update_executor_status(state: &mut State, app: &App, call: &Call) -> Reply {
    let verb = Verb("taskExecutorStatusUpdate");
    check_people(state, call, verb)?;
    let limit = state.options.limits.todo_people_on_update;
    let list = call.json()?.get("executorStatusList").and_then(Value::as_array);
    let Some(list) = list.filter(|list| !list.is_empty() && list.len() <= limit) else {
        return Err(verb.refuses("executorStatusList is invalid"));
    };
    let mut wishes = Vec::new();
    for entry in list {
        let id = entry.get("id").and_then(Value::as_str);
        let is_done = entry.get("isDone").and_then(Value::as_bool);
        let (Some(id), Some(is_done)) = (id, is_done) else {
            return Err(verb.refuses("executorStatusList is invalid"));
        };
        wishes.push((id, is_done));
    }
    let now = state.clock.now_ms();
    let card = find(state, app, call, verb)?;
    if wishes.iter().any(|(id, _)| !card.has_executor(id)) {
        return Err(verb.refuses("executor not exist"));
    }
    for (id, is_done) in wishes {
        card.set_done(id, is_done);
    }
    card.settle(now);
    Ok(json!({ "result": true, "requestId": request_id() }))
}

fn delete(state: &mut State, app: &App, call: &Call) -> Reply {
    let verb = Verb("taskDelete");
    check_people(state, call, verb)?;
    find(state, app, call, verb)?.deleted = true;
    Ok(json!({ "result": true, "requestId": request_id() }))
}

/// Owner and operator must be unionIds of people here; gives back the owner.
fn check_people(state: &State, call: &Call, verb: Verb) -> Result<String, Refusal> {
    let owner = call.param("unionId");
    if state.directory.by_unionid(owner).is_none() {
        return Err(verb.refuses("unionId is invalid"));
    }
    let operator = call.query("operatorId");
    if operator.is_some_and(|operator| state.directory.by_unionid(operator).is_none()) {
        return Err(verb.refuses("operatorId is invalid"));
    }
    Ok(owner.to_owned())
}

fn find<'a>(
    state: &'a mut State,
    app: &App,
    call: &Call,
    verb: Verb,
) -> Result<&'a mut Card, Refusal> {
    let id = call.param("taskId");
    let found = state.cards.list.iter_mut().find(|card| card.id == id && !card.deleted);
    let Some(card) = found else { return Err(verb.refuses("task not exist")) };
    if card.app_key != app.app_key {
        return Err(verb.refuses("task not belong to bizTag"));
    }
    if card.owner != call.param("unionId") {
        return Err(verb.refuses("task not exist"));
    }
    Ok(card)
}
