//! One case: the requests it makes, and what their answers are held to.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Signing, World};

use super::fixture::{Other, world_for};
use super::{MOST_REPEATS, overridden, row_code, sign_in, special};
use crate::helpers::{exchange, wire};

/// What an answer is held to.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    http: Vec<i64>,
    pub(super) status: Option<i64>,
    alternative: Option<i64>,
    successes: Option<u64>,
    failures: Option<u64>,
    row_code: Option<String>,
}

/// A case as the file has it.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) id: String,
    pub(super) method: String,
    pub(super) path: String,
    signed: bool,
    pub(super) input: Value,
    bases: Value,
    pub(super) expected: Expected,
}

/// A request ready to be sent.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) path: String,
    pub(super) body: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) http: i64,
    pub(super) body: Value,
}

impl Case {
    pub(super) fn new(case: &Value, bases: &Value) -> Self {
        let text = |name: &str| case[name].as_str().unwrap_or_default().to_owned();
        let expect = &case["expect"];
        let http =
            expect["http"].as_array().map(|all| all.iter().filter_map(Value::as_i64).collect());
        Self {
            id: text("id"),
            method: text("method"),
            path: text("path"),
            signed: case["sign"] != "none",
            input: case["input"].clone(),
            bases: bases.clone(),
            expected: Expected {
                http: http.unwrap_or_else(|| vec![200]),
                status: expect["status"].as_i64(),
                alternative: expect["status_alt"].as_i64(),
                successes: expect["successCount"].as_u64(),
                failures: expect["failCount"].as_u64(),
                row_code: expect["rowErrorCode"].as_str().map(|word| row_code(word).to_owned()),
            },
        }
    }

    pub(super) fn is_for(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path == path
    }

    /// The differences, one line each.
    pub(super) async fn run(self, other: &Other) -> Vec<String> {
        if let Some(differing) = sign_in::run(&self).await {
            return differing;
        }
        let world = world_for(&self, other).await;
        if let Some(differing) = special::run(&self, &world).await {
            return differing;
        }
        if let Some(steps) = self.input["steps"].as_array() {
            return self.run_steps(&world, steps).await;
        }
        let mut differing = Vec::new();
        let copies = self.input["concurrent"].as_u64().unwrap_or(1);
        let repeats = self.input["repeat"].as_u64().unwrap_or(1).min(MOST_REPEATS);
        for (place, request) in self.requests(&self.input).into_iter().enumerate() {
            for _ in 0..repeats {
                let sent = (0..copies).map(|_| self.send(&world, &request));
                for answer in join_all(sent).await {
                    differing.extend(self.judge(&answer, place, &request));
                }
            }
        }
        differing
    }

    /// All steps on one state; the last answer counts.
    async fn run_steps(&self, world: &World, steps: &[Value]) -> Vec<String> {
        let mut before: Option<Request> = None;
        let mut last = None;
        for step in steps {
            let mut request = self.requests(step).remove(0);
            if step["same_bytes"] == true {
                request.body = before.map(|before| before.body).unwrap_or_default();
            }
            last = Some((self.send(world, &request).await, request.clone()));
            before = Some(request);
        }
        let (answer, request) = last.unwrap();
        self.judge(&answer, 0, &request).into_iter().collect()
    }

    /// One request, or one for each value or body.
    fn requests(&self, input: &Value) -> Vec<Request> {
        let mut path = input["path"].as_str().unwrap_or(&self.path).to_owned();
        if let Some(query) = input["query"].as_str() {
            path = format!("{path}?{query}");
        }
        let request = |body: Vec<u8>| Request { path: path.clone(), body };
        if let Some(raw) = input["body_raw"].as_str() {
            return vec![request(raw.as_bytes().to_vec())];
        }
        if let Some(bodies) = input["each_body"].as_array() {
            return bodies.iter().map(|body| request(body.to_string().into_bytes())).collect();
        }
        let Some(base) = self.base(input) else { return vec![request(Vec::new())] };
        let Some(each) = input["each_set"].as_object() else {
            return vec![request(base.to_string().into_bytes())];
        };
        let pairs = each.iter().flat_map(|(pointer, values)| {
            values.as_array().unwrap().iter().map(move |value| (pointer, value))
        });
        let changed = |(pointer, value): (&String, &Value)| {
            let mut body = base.clone();
            set(&mut body, pointer, value.clone());
            request(body.to_string().into_bytes())
        };
        pairs.map(changed).collect()
    }

    /// The body before `each_set`; nothing for a request without one.
    fn base(&self, input: &Value) -> Option<Value> {
        let mut body = match (input["base"].as_str(), input.get("body")) {
            (Some(name), _) => self.bases[name].clone(),
            (None, Some(body)) => body.clone(),
            (None, None) if self.method == "GET" || input.get("each_set").is_none() => return None,
            (None, None) => json!({}),
        };
        for (pointer, value) in input["set"].as_object().into_iter().flatten() {
            set(&mut body, pointer, value.clone());
        }
        for pointer in input["del"].as_array().into_iter().flatten() {
            remove(&mut body, pointer.as_str().unwrap());
        }
        Some(body)
    }

    pub(super) async fn send(&self, world: &World, request: &Request) -> Answer {
        let erp = world.erp();
        let method = self.input["method_override"].as_str().unwrap_or(&self.method);
        let signature = erp.header(method, &request.path, &request.body, &Signing::default());
        let mut headers: Vec<(String, String)> = Vec::new();
        if !request.body.is_empty() {
            headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
        }
        if self.signed {
            headers.push(("A-Signature".to_owned(), signature));
        }
        for (name, value) in self.input["headers"].as_object().into_iter().flatten() {
            headers.retain(|(known, _)| known != name);
            headers.extend(value.as_str().map(|value| (name.clone(), value.to_owned())));
        }
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        if let Some(target) = self.input["path_raw"].as_str() {
            let answer = exchange(world, wire(method, target, &headers, &request.body)).await;
            return Answer { http: i64::from(answer.http), body: answer.body };
        }
        let answered = erp.send_raw(method, &request.path, request.body.clone(), &headers).await;
        Answer { http: i64::from(answered.http), body: answered.body }
    }

    /// What is wrong with an answer, if anything is.
    pub(super) fn judge(&self, answer: &Answer, place: usize, request: &Request) -> Option<String> {
        let expected = &self.expected;
        let data = &answer.body["data"];
        let wanted = overridden(&self.id, place, expected);
        let got = answer.body["status"].as_i64();
        let status_fits = wanted.is_none()
            || got == wanted
            || (expected.alternative.is_some() && got == expected.alternative);
        let rows = data["failDetails"].as_array().cloned().unwrap_or_default();
        let code_fits = expected
            .row_code
            .as_ref()
            .is_none_or(|code| rows.iter().any(|row| row["code"] == code.as_str()));
        let counts_fit =
            expected.successes.is_none_or(|count| data["successCount"].as_u64() == Some(count))
                && expected.failures.is_none_or(|count| data["failCount"].as_u64() == Some(count));
        let fits = expected.http.contains(&answer.http) && status_fits && code_fits && counts_fit;
        let sent: String = String::from_utf8_lossy(&request.body).chars().take(200).collect();
        (!fits).then(|| {
            format!(
                "{} #{place} {} {sent}: wanted {wanted:?} {expected:?}, got {} {}",
                self.id, request.path, answer.http, answer.body
            )
        })
    }
}

/// Puts a value where a pointer says; the last member may be new.
fn set(body: &mut Value, pointer: &str, value: Value) {
    if let Some(place) = body.pointer_mut(pointer) {
        *place = value;
        return;
    }
    let (above, name) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(above).unwrap()[name] = value;
}

fn remove(body: &mut Value, pointer: &str) {
    let (above, name) = pointer.rsplit_once('/').unwrap();
    match body.pointer_mut(above).unwrap() {
        Value::Object(members) => drop(members.remove(name)),
        Value::Array(items) => drop(items.remove(name.parse().unwrap())),
        other => panic!("nothing to remove from {other}"),
    }
}
