//! What an ERP's answer means, and where the push stands after it.

use serde_json::Value;

use super::push::{Kind, Known, State};
use super::schedule;

/// The most that is kept of what an ERP said, in characters.
const MESSAGE_CHARS: usize = 200;

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// Nothing, and why.
    Silence(String),
    /// Something.
    Http { status: u16, retry_after_secs: Option<u64>, body: Body },
}

/// The body of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Body {
    Json(Value),
    NotJson,
    TooLong,
}

/// What it means.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// 2xx and `status: 0`.
    Done(Value),
    /// `status: -4001` or `-4002`: the ERP will never take this push as it is.
    Refused { code: i64, message: String, answer: Value },
    /// The ERP does not accept our signature.
    Distrusted,
    /// 410.
    Gone,
    /// The ERP has no address for approval logs.
    Unsupported,
    /// It was known already that it has none.
    NotAsked,
    /// The flow no longer wants the call; it was not made.
    Unwanted,
    /// Anything else: to be tried again, not before the seconds that the ERP asked for.
    Later { after_secs: Option<u64>, is_silent: bool, code: Option<String>, detail: String },
    /// It did not leave the house.
    NotTried { pause_ms: u64, detail: Option<&'static str> },
}

/// How a call came out, for the flow.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CallAnswer {
    pub(crate) outcome: CallOutcome,
    pub(crate) answer: Value,
    pub(crate) reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallOutcome {
    Answered,
    Refused,
    Failed,
}

impl CallAnswer {
    pub(crate) fn failed(reason: String) -> Self {
        Self { outcome: CallOutcome::Failed, answer: Value::Null, reason }
    }
}

/// Where the push stands next.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Next {
    pub(crate) state: State,
    /// In how many milliseconds it is tried again.
    pub(crate) due_in_ms: Option<u64>,
    pub(crate) tries: u32,
    pub(crate) holds: bool,
    /// What is written into the ledger; nothing when it did not leave the house.
    pub(crate) entry: Option<Entry>,
    /// What stands at the push without a line of the ledger.
    pub(crate) note: Option<&'static str>,
    /// What the flow is told.
    pub(crate) answer: Option<CallAnswer>,
}

/// A line of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) ok: bool,
    pub(crate) code: Option<String>,
    pub(crate) detail: Option<String>,
}

impl Verdict {
    /// The word of the metrics.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Verdict::Done(_) => "delivered",
            Verdict::Refused { .. } => "refused",
            Verdict::Distrusted => "distrusted",
            Verdict::Gone => "gone",
            Verdict::Unsupported | Verdict::NotAsked => "not_supported",
            Verdict::Unwanted => "unwanted",
            Verdict::Later { is_silent: true, .. } => "no_answer",
            Verdict::Later { is_silent: false, .. } => "failed",
            Verdict::NotTried { .. } => "not_tried",
        }
    }

    /// The ERP did not do what it is there for.
    pub(crate) fn is_failure(&self) -> bool {
        matches!(self, Verdict::Distrusted | Verdict::Later { .. })
    }

    fn entry(&self) -> Option<Entry> {
        let line =
            |ok, code: Option<String>, detail: Option<String>| Some(Entry { ok, code, detail });
        match self {
            Verdict::Done(_) => line(true, None, None),
            Verdict::Refused { code, message, .. } => {
                line(false, Some(code.to_string()), Some(message.clone()))
            }
            Verdict::Distrusted => line(
                false,
                Some("signature".to_owned()),
                Some(
                    "the ERP does not accept our signature: its secret is not the newest one"
                        .to_owned(),
                ),
            ),
            Verdict::Gone => {
                line(false, Some("410".to_owned()), Some("the address is gone".to_owned()))
            }
            Verdict::Unsupported => {
                line(true, None, Some("the ERP does not take approval logs".to_owned()))
            }
            Verdict::Later { code, detail, .. } => line(false, code.clone(), Some(detail.clone())),
            Verdict::NotAsked | Verdict::Unwanted | Verdict::NotTried { .. } => None,
        }
    }
}

/// Reads an answer. Delivered is 2xx *and* a JSON object with `status: 0`: a login page behind a
/// proxy says 200, too.
pub(crate) fn judge(kind: Kind, answer: Answer) -> Verdict {
    let (http, retry_after_secs, body) = match answer {
        Answer::Silence(why) => {
            return Verdict::Later { after_secs: None, is_silent: true, code: None, detail: why };
        }
        Answer::Http { status, retry_after_secs, body } => (status, retry_after_secs, body),
    };
    let status = match &body {
        Body::Json(json) => json.get("status").and_then(Value::as_i64),
        Body::NotJson | Body::TooLong => None,
    };
    let later = |detail: String| Verdict::Later {
        after_secs: retry_after_secs.filter(|_| matches!(http, 429 | 503)),
        is_silent: false,
        code: Some(status.filter(|status| *status != 0).map_or(http.into(), i64::from).to_string()),
        detail,
    };
    match (http, status, body) {
        (200..=299, Some(0), Body::Json(json)) => Verdict::Done(json),
        (401, ..) | (403, Some(-4_002), _) => Verdict::Distrusted,
        (404 | 405 | 501, ..) if kind == Kind::Log => Verdict::Unsupported,
        (410, ..) => Verdict::Gone,
        (200..=299 | 400..=499, Some(code @ (-4_001 | -4_002)), Body::Json(json))
            if !matches!(http, 408 | 429) =>
        {
            Verdict::Refused { code, message: message(&json), answer: json }
        }
        (300..=399, ..) => later(format!("HTTP {http}: redirects are not followed")),
        (_, _, Body::TooLong) => later(format!("HTTP {http}: the answer is longer than 64 KiB")),
        (_, _, Body::NotJson) => later(format!("HTTP {http}: the answer is not JSON")),
        (_, Some(status), Body::Json(json)) => {
            later(format!("HTTP {http}, status {status}: {}", message(&json)))
        }
        (_, None, Body::Json(_)) => later(format!("HTTP {http}: the answer has no status")),
    }
}

/// What an ERP said, fit for one line.
fn message(answer: &Value) -> String {
    let places = ["/data/errorMessage", "/msg", "/message"];
    let said = places.iter().find_map(|place| answer.pointer(place)?.as_str());
    let said = said.filter(|text| !text.is_empty()).unwrap_or("no message");
    said.chars().filter(|c| !shared::id::is_forbidden(*c)).take(MESSAGE_CHARS).collect()
}

/// The rule: what stands, what came of it, what follows.
pub(crate) fn after(known: &Known, verdict: &Verdict) -> Next {
    let entry = verdict.entry();
    let at = |state: State| Next {
        state,
        due_in_ms: None,
        tries: 0,
        holds: state.holds(known.kind, known.tries),
        entry: entry.clone(),
        note: None,
        answer: None,
    };
    let again = |pause_ms: u64, tries: u32| Next {
        due_in_ms: Some(pause_ms),
        tries,
        holds: known.state.holds(known.kind, tries),
        ..at(known.state)
    };
    let untried = known.tries.saturating_sub(1);
    let is_call = known.kind == Kind::Call;
    match verdict {
        Verdict::Done(answer) => {
            let answer = CallAnswer {
                outcome: CallOutcome::Answered,
                answer: answer.clone(),
                reason: String::new(),
            };
            Next { answer: is_call.then_some(answer), ..at(State::Delivered) }
        }
        Verdict::Refused { code, message, answer } if is_call => {
            let reason = format!("ERP 拒绝了调用（{code}）：{message}");
            let answer =
                CallAnswer { outcome: CallOutcome::Refused, answer: answer.clone(), reason };
            Next { answer: Some(answer), ..at(State::Refused) }
        }
        Verdict::Refused { .. } => at(State::Parked),
        Verdict::Gone if is_call => {
            let answer = CallAnswer::failed("ERP 答复该地址已停用（410）".to_owned());
            Next { answer: Some(answer), ..at(State::Failed) }
        }
        // The endpoint is paused; nothing is lost, and it costs no try.
        Verdict::Gone | Verdict::Distrusted => again(0, untried),
        Verdict::Unsupported => at(State::NotSupported),
        Verdict::NotAsked => {
            Next { note: Some("the ERP does not take approval logs"), ..at(State::NotSupported) }
        }
        Verdict::Unwanted => {
            Next { note: Some("the flow no longer wants it"), ..at(State::Skipped) }
        }
        Verdict::Later { after_secs, detail, .. } => {
            match schedule::after_failed_push(known.tries, known.id) {
                Some(pause_ms) => {
                    let asked = after_secs.map(|secs| schedule::not_before(secs, known.id));
                    again(asked.unwrap_or(pause_ms), known.tries)
                }
                None if is_call => {
                    let answer =
                        CallAnswer::failed(format!("多次调用 ERP 未成功，已放弃：{detail}"));
                    Next { answer: Some(answer), ..at(State::Failed) }
                }
                None => at(State::Parked),
            }
        }
        Verdict::NotTried { pause_ms, detail } => {
            Next { note: *detail, ..again(*pause_ms, untried) }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn http(status: u16, body: Value) -> Answer {
        Answer::Http { status, retry_after_secs: None, body: Body::Json(body) }
    }

    fn page(status: u16) -> Answer {
        Answer::Http { status, retry_after_secs: None, body: Body::NotJson }
    }

    fn word(kind: Kind, answer: Answer) -> &'static str {
        judge(kind, answer).word()
    }

    fn due(kind: Kind, tries: u32) -> Known {
        Known { id: 1, kind, state: State::Due, tries }
    }

    #[test]
    fn delivered_is_a_good_status_twice() {
        for status in [200, 201, 202] {
            assert_eq!(word(Kind::Start, http(status, json!({"status": 0}))), "delivered");
        }
        for answer in [
            page(200),
            page(204),
            http(200, json!({})),
            http(200, json!({"status": "0"})),
            http(200, json!([0])),
            http(200, json!({"status": 1})),
            http(200, json!({"status": -1024})),
            http(500, json!({"status": 0})),
            http(302, json!({"status": 0})),
        ] {
            assert_eq!(word(Kind::Start, answer.clone()), "failed", "{answer:?}");
        }
    }

    #[test]
    fn only_the_two_documented_codes_are_final() {
        for (status, code) in [(200, -4_001), (200, -4_002), (400, -4_002), (403, -4_001)] {
            assert_eq!(word(Kind::Start, http(status, json!({"status": code}))), "refused");
        }
        for (status, code) in [(500, -4_001), (503, -4_002), (429, -4_001)] {
            assert_eq!(word(Kind::Start, http(status, json!({"status": code}))), "failed");
        }
        assert_eq!(word(Kind::Start, http(403, json!({"status": -4_002}))), "distrusted");
        assert_eq!(word(Kind::Start, page(401)), "distrusted");
        assert_eq!(word(Kind::Start, page(403)), "failed");
        assert_eq!(word(Kind::Start, page(410)), "gone");
    }

    #[test]
    fn a_missing_address_means_something_for_logs_alone() {
        for status in [404, 405, 501] {
            assert_eq!(word(Kind::Log, page(status)), "not_supported");
            assert_eq!(word(Kind::Start, page(status)), "failed");
            assert_eq!(word(Kind::Call, page(status)), "failed");
        }
    }

    #[test]
    fn retry_after_counts_where_it_is_defined() {
        let after = |status| {
            let answer = Answer::Http { status, retry_after_secs: Some(90), body: Body::NotJson };
            let verdict = judge(Kind::Start, answer);
            super::after(&due(Kind::Start, 1), &verdict).due_in_ms.unwrap() / 1_000
        };

        assert!((90..=108).contains(&after(503)), "{}", after(503));
        assert!((90..=108).contains(&after(429)));
        assert!((4..=6).contains(&after(500)));
    }

    #[test]
    fn a_refused_push_is_parked_and_a_refused_call_is_told() {
        let refused =
            judge(Kind::Call, http(200, json!({"status": -4_001, "msg": "库存\u{7}不足"})));

        assert_eq!(after(&due(Kind::Start, 1), &refused).state, State::Parked);
        let next = after(&due(Kind::Call, 1), &refused);
        assert_eq!((next.state, next.holds), (State::Refused, false));
        let answer = next.answer.unwrap();
        assert_eq!(answer.outcome, CallOutcome::Refused);
        assert_eq!(answer.reason, "ERP 拒绝了调用（-4001）：库存不足");
        assert_eq!(answer.answer["status"], -4_001);
    }

    #[test]
    fn after_three_days_a_push_is_parked_and_a_call_given_up() {
        let silence = judge(Kind::Start, Answer::Silence("no answer".to_owned()));

        assert_eq!(after(&due(Kind::End, 10_000), &silence).state, State::Parked);
        let next = after(&due(Kind::Call, 10_000), &silence);
        assert_eq!(
            (next.state, next.answer.unwrap().outcome),
            (State::Failed, CallOutcome::Failed)
        );
    }

    #[test]
    fn what_did_not_leave_or_was_distrusted_costs_no_try() {
        for verdict in
            [Verdict::Distrusted, Verdict::Gone, Verdict::NotTried { pause_ms: 5, detail: None }]
        {
            let next = after(&due(Kind::Start, 3), &verdict);
            assert_eq!((next.state, next.tries, next.holds), (State::Due, 2, true));
        }
    }

    #[test]
    fn every_verdict_moves_along_the_table() {
        let later =
            Verdict::Later { after_secs: None, is_silent: true, code: None, detail: String::new() };
        let refused =
            Verdict::Refused { code: -4_001, message: String::new(), answer: Value::Null };
        let all = [
            Verdict::Done(Value::Null),
            refused,
            Verdict::Distrusted,
            Verdict::Gone,
            Verdict::Unsupported,
            Verdict::NotAsked,
            Verdict::Unwanted,
            later,
            Verdict::NotTried { pause_ms: 1, detail: None },
        ];
        for verdict in &all {
            for kind in [Kind::Start, Kind::End, Kind::Log, Kind::Call] {
                for tries in [1, 10_000] {
                    let next = after(&due(kind, tries), verdict);
                    assert!(State::Due.may_become(next.state), "{verdict:?}");
                    assert_eq!(next.due_in_ms.is_some(), next.state == State::Due, "{verdict:?}");
                }
            }
        }
    }
}
