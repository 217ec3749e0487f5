//! The to-dos of one person, as the app that made them may list them.

use serde_json::{Map, Value, json};

use super::{
    super::{
        answer::{Refusal, Reply},
        call::Call,
        options::App,
        state::State,
    },
    Verb,
    card::Card,
    check_people,
};
use crate::clock::HOUR_MS;

const FINISHED_HOURS: i64 = 180 * 24;
const ROLES: [&str; 3] = ["executor", "creator", "participant"];

pub(super) fn query(state: &mut State, app: &App, call: &Call) -> Reply {
    let verb = Verb("orgTaskQuery");
    let person = check_people(state, call, verb)?;
    let wanted = Wanted::read(call.json()?, verb)?;
    let oldest_end = state.clock.now_ms() - FINISHED_HOURS * HOUR_MS;
    let is_asked = |card: &&Card| {
        !card.deleted
            && card.app_key == app.app_key
            && card.done_ms.is_none_or(|done| done >= oldest_end)
            && wanted.fits(card, &person)
    };
    let cards: Vec<&Card> = state.cards.list.iter().filter(is_asked).collect();
    if wanted.start > cards.len() {
        return Err(verb.refuses("nextToken is invalid"));
    }
    let page = cards.iter().skip(wanted.start).take(state.options.limits.todo_page);
    let shown: Vec<Value> = page.map(|card| card.listed_for(&person)).collect();
    let next = wanted.start + shown.len();
    let next_token = (next < cards.len()).then(|| next.to_string());
    Ok(json!({ "nextToken": next_token, "todoCards": shown }))
}

struct Wanted {
    start: usize,
    is_done: Option<bool>,
    kind: Option<String>,
    /// One of these, and of it every role.
    roles: Vec<Vec<String>>,
}

impl Wanted {
    fn read(body: &Map<String, Value>, verb: Verb) -> Result<Wanted, Refusal> {
        let given = |name: &str| body.get(name).filter(|value| !value.is_null());
        let invalid = |name: &str| verb.refuses(&format!("{name} is invalid"));
        let start = match given("nextToken").map(Value::as_str) {
            None | Some(Some("")) => 0,
            Some(token) => {
                let token = token.and_then(|token| token.parse().ok());
                token.ok_or_else(|| invalid("nextToken"))?
            }
        };
        let is_done = match given("isDone") {
            Some(flag) => Some(flag.as_bool().ok_or_else(|| invalid("isDone"))?),
            None => None,
        };
        let kind = match given("todoType") {
            Some(kind) => Some(kind.as_str().ok_or_else(|| invalid("todoType"))?.to_owned()),
            None => None,
        };
        let roles = match given("roleTypes") {
            Some(roles) => parse_roles(roles).ok_or_else(|| invalid("roleTypes"))?,
            None => Vec::new(),
        };
        Ok(Wanted { start, is_done, kind, roles })
    }

    fn fits(&self, card: &Card, person: &str) -> bool {
        let has = |role: &String| has_role(card, person, role);
        let fits_role = if self.roles.is_empty() {
            ROLES.iter().any(|role| has_role(card, person, role))
        } else {
            self.roles.iter().any(|all| all.iter().all(has))
        };
        fits_role
            && self.is_done.is_none_or(|is_done| is_done == card.is_done_for(person))
            && self.kind.as_deref().is_none_or(|kind| kind == card.kind())
    }
}

fn has_role(card: &Card, person: &str, role: &str) -> bool {
    match role {
        "executor" => card.has_executor(person),
        "creator" => card.creator == person,
        _ => card.participants.iter().any(|unionid| unionid == person),
    }
}

fn parse_roles(value: &Value) -> Option<Vec<Vec<String>>> {
    let mut roles = Vec::new();
    for group in value.as_array()? {
        let mut all = Vec::new();
        for role in group.as_array()? {
            all.push(role.as_str().filter(|role| ROLES.contains(role))?.to_owned());
        }
        roles.push(all);
    }
    Some(roles)
}
