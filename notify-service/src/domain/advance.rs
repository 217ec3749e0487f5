//! What an order's step means for its ERP: which pushes follow from a fact, and in which order
//! facts count.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::push::Kind;

/// A step of an order, as it was told.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    pub(crate) order: i64,
    /// The order that called this one.
    pub(crate) parent: Option<i64>,
    pub(crate) app: String,
    pub(crate) business_key: String,
    pub(crate) running_number: String,
    pub(crate) initiator: String,
    pub(crate) seq: i64,
    pub(crate) at: DateTime<Utc>,
    pub(crate) started: Option<Place>,
    pub(crate) handled: Vec<Handled>,
    pub(crate) calls: Vec<Call>,
    pub(crate) dropped_calls: Vec<String>,
    pub(crate) finished: Option<Finished>,
    pub(crate) form_data: Option<Value>,
    pub(crate) variables: Option<Value>,
}

/// An element of the drawing.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// A task that a person decided, or gave to somebody else.
#[derive(Clone, Debug)]
pub(crate) struct Handled {
    pub(crate) task: String,
    pub(crate) name: String,
    pub(crate) result: &'static str,
    pub(crate) handler: String,
    pub(crate) comment: Option<String>,
    pub(crate) form_data: Option<Value>,
}

/// What a service task wants.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) address: String,
    pub(crate) body: Value,
}

/// How an order ended.
#[derive(Clone, Debug)]
pub(crate) struct Finished {
    pub(crate) ending: Ending,
    pub(crate) place: Place,
    pub(crate) task: Option<String>,
    pub(crate) handler: Option<String>,
    pub(crate) reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Pass,
    Reject,
    Revoke,
    Fail,
}

/// What an ERP is to be told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Telling {
    pub(crate) kind: Kind,
    pub(crate) call: Option<String>,
    /// Of a call; everything else goes to an address of the endpoint.
    pub(crate) address: Option<String>,
    pub(crate) body: Value,
}

impl Ending {
    /// A word of a later version is told as an order that did not come to its end.
    pub(crate) fn of(word: &str) -> Self {
        match word {
            "pass" => Ending::Pass,
            "reject" => Ending::Reject,
            "revoke" => Ending::Revoke,
            _ => Ending::Fail,
        }
    }

    fn action(self) -> &'static str {
        match self {
            Ending::Pass => "COMPLETE",
            Ending::Reject => "REJECT",
            Ending::Revoke | Ending::Fail => "CANCEL",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Ending::Pass => "pass",
            Ending::Reject => "reject",
            Ending::Revoke => "revoke",
            Ending::Fail => "fail",
        }
    }
}

/// The word of the document for how a task was decided, and what is said with it; nothing for one
/// that nobody decided. The document has no word for a rebuttal.
pub(crate) fn decided(
    result: &str,
    comment: Option<String>,
) -> Option<(&'static str, Option<String>)> {
    match result {
        "pass" => Some(("APPROVED", comment)),
        "reject" => Some(("REJECTED", comment)),
        "rebut" => Some(("REJECTED", Some(after("驳回".to_owned(), comment)))),
        _ => None,
    }
}

/// The same of what else was done with a task: the document knows only of tasks that went to
/// somebody else.
pub(crate) fn operated(
    action: &str,
    people: &[String],
    comment: Option<String>,
) -> Option<(&'static str, Option<String>)> {
    let what = match action {
        "transfer" => "转办给",
        "delegate" => "委派给",
        "handover" => "交接给",
        "agent" => "由代理人处理",
        "timeout_transfer" => "超时转交给",
        _ => return None,
    };
    Some(("TRANSFERRED", Some(after(format!("{what} {}", people.join("、")), comment))))
}

fn after(what: String, comment: Option<String>) -> String {
    match comment {
        Some(comment) => format!("{what}：{comment}"),
        None => what,
    }
}

impl Fact {
    /// What an ERP creates its document under: its own reference, else the running number.
    fn key(&self) -> &str {
        if self.business_key.is_empty() { &self.running_number } else { &self.business_key }
    }

    /// The pushes in the order in which they leave. `root` is the order that the ERP knows: what an
    /// order that another one called began and ended is the caller's own affair.
    pub(crate) fn tellings(&self, root: i64) -> Vec<Telling> {
        let is_own = self.parent.is_none();
        let start = self.started.as_ref().filter(|_| is_own).map(|place| self.start(place));
        let log = (!self.handled.is_empty()).then(|| self.log(root));
        let call = |call: &Call| Telling {
            kind: Kind::Call,
            call: Some(call.id.clone()),
            address: Some(call.address.clone()),
            body: call.body.clone(),
        };
        let end = self.finished.as_ref().filter(|_| is_own).map(|finished| self.end(finished));
        let calls = self.calls.iter().map(call);
        start.into_iter().chain(log).chain(calls).chain(end).collect()
    }

    fn start(&self, place: &Place) -> Telling {
        let mut body = self.receive("START", &place.id, place);
        body.insert("handlerUserCode".to_owned(), json!(self.initiator));
        plain(Kind::Start, body)
    }

    fn end(&self, finished: &Finished) -> Telling {
        let task = finished.task.as_deref().unwrap_or(&finished.place.id);
        let mut body = self.receive(finished.ending.action(), task, &finished.place);
        if let Some(handler) = &finished.handler {
            body.insert("handlerUserCode".to_owned(), json!(handler));
        }
        if finished.ending != Ending::Pass {
            // The document has no field for why; variables are what an ERP may look into.
            let variables = body.entry("processVariables").or_insert_with(|| json!({}));
            if let Some(variables) = variables.as_object_mut() {
                variables.insert("aiflowResult".to_owned(), json!(finished.ending.word()));
                if let Some(reason) = &finished.reason {
                    variables.insert("aiflowReason".to_owned(), json!(reason));
                }
            }
        }
        plain(Kind::End, body)
    }

    fn receive(&self, action: &str, task: &str, place: &Place) -> Map<String, Value> {
        let mut body = Map::new();
        let mut put = |name: &str, value: Value| drop(body.insert(name.to_owned(), value));
        put("orderId", json!(self.order));
        put("businessKey", json!(self.key()));
        put("taskId", json!(task));
        put("taskName", json!(place.name));
        put("action", json!(action));
        put("formData", self.form_data.clone().unwrap_or_else(|| json!({})));
        put("processVariables", self.variables.clone().unwrap_or_else(|| json!({})));
        put("handleTime", json!(shared::time::format(self.at)));
        body
    }

    fn log(&self, root: i64) -> Telling {
        let line = |one: &Handled| {
            let mut line = json!({
                "taskId": one.task, "taskName": one.name, "handlerUserCode": one.handler,
                "handleResult": one.result, "handleComment": one.comment.as_deref().unwrap_or_default(),
                "handleTime": shared::time::format(self.at),
            });
            if let (Some(form_data), Some(line)) = (&one.form_data, line.as_object_mut()) {
                line.insert("formData".to_owned(), form_data.clone());
            }
            line
        };
        let logs: Vec<Value> = self.handled.iter().map(line).collect();
        let body = json!({"orderId": root, "businessKey": self.key(), "logs": logs});
        Telling { kind: Kind::Log, call: None, address: None, body }
    }
}

fn plain(kind: Kind, body: Map<String, Value>) -> Telling {
    Telling { kind, call: None, address: None, body: Value::Object(body) }
}

/// The facts of one order that count now, in order, and those that have to wait for an earlier
/// one. What was heard before has no effect again.
pub(crate) fn line_up(next_seq: i64, mut facts: Vec<Fact>) -> (Vec<Fact>, Vec<Fact>) {
    facts.sort_by_key(|fact| fact.seq);
    let (mut ready, mut early) = (Vec::new(), Vec::<Fact>::new());
    let mut next = next_seq;
    for fact in facts {
        let was_heard = fact.seq < next || early.last().is_some_and(|last| last.seq == fact.seq);
        if was_heard {
            continue;
        }
        if fact.seq == next {
            next += 1;
            ready.push(fact);
        } else {
            early.push(fact);
        }
    }
    (ready, early)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(id: &str, name: &str) -> Place {
        Place { id: id.to_owned(), name: name.to_owned() }
    }

    fn fact(seq: i64) -> Fact {
        Fact {
            order: 7,
            parent: None,
            app: "APP001".to_owned(),
            business_key: "SO-1".to_owned(),
            running_number: "SALES_202501_0001".to_owned(),
            initiator: "USER001".to_owned(),
            seq,
            at: shared::time::parse("2025-01-24 15:30:00").unwrap(),
            started: None,
            handled: Vec::new(),
            calls: Vec::new(),
            dropped_calls: Vec::new(),
            finished: None,
            form_data: None,
            variables: None,
        }
    }

    fn finished(ending: Ending) -> Finished {
        Finished {
            ending,
            place: place("approve", "审批"),
            task: Some("7-1".to_owned()),
            handler: Some("USER002".to_owned()),
            reason: Some("金额不对".to_owned()),
        }
    }

    fn handled() -> Handled {
        Handled {
            task: "7-1".to_owned(),
            name: "审批".to_owned(),
            result: "APPROVED",
            handler: "USER002".to_owned(),
            comment: Some("同意".to_owned()),
            form_data: Some(json!({"amount": 1})),
        }
    }

    #[test]
    fn a_start_is_told_in_the_words_of_the_document() {
        let start = Fact {
            started: Some(place("start", "开始")),
            form_data: Some(json!({"amount": 10_000})),
            variables: Some(json!({"x": 1})),
            ..fact(1)
        };

        let told = start.tellings(7);

        let body = json!({
            "orderId": 7, "businessKey": "SO-1", "taskId": "start", "taskName": "开始", "action": "START",
            "formData": {"amount": 10_000}, "processVariables": {"x": 1}, "handlerUserCode": "USER001",
            "handleTime": "2025-01-24 15:30:00",
        });
        assert_eq!(told, [Telling { kind: Kind::Start, call: None, address: None, body }]);
    }

    #[test]
    fn every_ending_is_one_action_and_a_bad_one_says_why() {
        let table = [
            (Ending::Pass, "COMPLETE", Value::Null),
            (Ending::Reject, "REJECT", json!("reject")),
            (Ending::Revoke, "CANCEL", json!("revoke")),
            (Ending::Fail, "CANCEL", json!("fail")),
        ];
        for (ending, action, result) in table {
            let end = Fact { finished: Some(finished(ending)), ..fact(2) };

            let told = end.tellings(7);

            let body = &told[0].body;
            assert_eq!((told.len(), &body["action"]), (1, &json!(action)));
            assert_eq!(
                (&body["taskId"], &body["handlerUserCode"]),
                (&json!("7-1"), &json!("USER002"))
            );
            assert_eq!(body["processVariables"]["aiflowResult"], result);
        }
    }

    #[test]
    fn what_the_document_has_no_word_for_stands_in_the_comment() {
        let said = |text: &str| Some(text.to_owned());
        let people = ["U3".to_owned(), "U4".to_owned()];

        assert_eq!(decided("pass", None), Some(("APPROVED", None)));
        assert_eq!(decided("reject", said("不")), Some(("REJECTED", said("不"))));
        assert_eq!(decided("rebut", None), Some(("REJECTED", said("驳回"))));
        assert_eq!(decided("rebut", said("金额")), Some(("REJECTED", said("驳回：金额"))));
        assert_eq!(decided("revoke", None), None);
        assert_eq!(
            operated("transfer", &people, said("忙")),
            Some(("TRANSFERRED", said("转办给 U3、U4：忙")))
        );
        for told in ["delegate", "handover", "agent", "timeout_transfer"] {
            assert_eq!(operated(told, &people, None).unwrap().0, "TRANSFERRED", "{told}");
        }
        for silent in ["comment", "urge", "claim", "release", "copy", "add_sign_before"] {
            assert_eq!(operated(silent, &people, None), None, "{silent}");
        }
    }

    #[test]
    fn a_step_is_told_as_start_logs_calls_end() {
        let call = Call { id: "7-2".to_owned(), address: "/x".to_owned(), body: json!({}) };
        let all = Fact {
            started: Some(place("start", "开始")),
            handled: vec![handled(), handled()],
            calls: vec![call],
            finished: Some(finished(Ending::Pass)),
            ..fact(1)
        };

        let told = all.tellings(7);

        let kinds: Vec<Kind> = told.iter().map(|one| one.kind).collect();
        assert_eq!(kinds, [Kind::Start, Kind::Log, Kind::Call, Kind::End]);
        assert_eq!(told[1].body["logs"].as_array().unwrap().len(), 2);
        assert_eq!(told[1].body["logs"][0]["handleResult"], "APPROVED");
    }

    #[test]
    fn of_a_called_order_only_what_people_and_services_do_is_told_under_its_callers_number() {
        let call = Call { id: "9-2".to_owned(), address: "/x".to_owned(), body: json!({}) };
        let child = Fact {
            order: 9,
            parent: Some(7),
            started: Some(place("start", "开始")),
            handled: vec![handled()],
            calls: vec![call],
            finished: Some(finished(Ending::Pass)),
            ..fact(1)
        };

        let told = child.tellings(7);

        let kinds: Vec<Kind> = told.iter().map(|one| one.kind).collect();
        assert_eq!(kinds, [Kind::Log, Kind::Call]);
        assert_eq!(told[0].body["orderId"], 7);
    }

    #[test]
    fn an_order_without_a_reference_is_told_under_its_running_number() {
        let start =
            Fact {
                started: Some(place("start", "开始")), business_key: String::new(), ..fact(1)
            };

        assert_eq!(start.tellings(7)[0].body["businessKey"], "SALES_202501_0001");
    }

    #[test]
    fn facts_count_in_order_once_and_wait_for_what_they_follow() {
        let facts = [4, 2, 1, 2, 6, 4, 3].map(fact).to_vec();

        let (ready, early) = line_up(2, facts);

        let seqs = |facts: &[Fact]| facts.iter().map(|fact| fact.seq).collect::<Vec<_>>();
        assert_eq!((seqs(&ready), seqs(&early)), (vec![2, 3, 4], vec![6]));
    }
}
