//! The two ways in which the platform says yes and no.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::tally::Outcome;

/// What an API gives back: the members of a good answer, or a refusal.
pub(super) type Reply = Result<Value, Refusal>;

pub(super) enum Answer {
    Json {
        status: u16,
        body: Value,
    },
    /// A page for people.
    Html {
        status: u16,
        html: String,
    },
    /// A browser is sent elsewhere.
    Redirect(String),
    /// The page that a punished address gets instead of JSON.
    Page,
    Unavailable,
    /// The connection closes without a byte.
    Silence,
}

pub(super) enum Refusal {
    /// Said before the API itself is asked.
    Gate(Gate),
    /// Said by an old API: errcode and errmsg.
    Old(i64, String),
    /// Said by a new API: HTTP status, code and message.
    New(u16, String, String),
}

pub(super) enum Gate {
    UnknownApi,
    NeedsGet,
    NeedsPost,
    TokenMissing,
    /// The old code for a bad token; the new APIs have only one.
    TokenBad(String),
    NotGranted {
        scope: &'static str,
        app_key: String,
    },
    AppThrottled,
    GlobalThrottled,
    Busy,
    ContentType,
    NotJson,
    Missing(String),
    Invalid(String),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Old, behind the gateway that wraps its refusals in 88.
    Topapi,
    /// Old, outside of `/topapi/`: bare codes.
    Oapi,
    /// HTTP status and a code in words.
    New,
}

impl Dialect {
    pub(super) fn of(path: &str) -> Dialect {
        if path.starts_with("/topapi/") {
            Dialect::Topapi
        } else if path.starts_with("/v1.0/") {
            Dialect::New
        } else {
            Dialect::Oapi
        }
    }
}

impl From<Gate> for Refusal {
    fn from(gate: Gate) -> Self {
        Refusal::Gate(gate)
    }
}

pub(super) fn old(code: i64, text: impl Into<String>) -> Refusal {
    Refusal::Old(code, text.into())
}

pub(super) fn outcome(reply: &Reply) -> Outcome {
    match reply {
        Ok(_) => Outcome::Ok,
        Err(Refusal::Gate(Gate::AppThrottled | Gate::GlobalThrottled)) => Outcome::Throttled,
        Err(_) => Outcome::Failed,
    }
}

pub(super) fn render(path: &str, reply: Reply) -> Answer {
    let dialect = Dialect::of(path);
    let refusal = match (reply, dialect) {
        (Ok(body), Dialect::New) => return Answer::Json { status: 200, body },
        (Ok(body), Dialect::Topapi | Dialect::Oapi) => {
            let good = merged(json!({ "errcode": 0, "errmsg": "ok" }), body);
            return Answer::Json { status: 200, body: with_request_id(dialect, good) };
        }
        (Err(refusal), _) => refusal,
    };
    if dialect == Dialect::New {
        let (status, body) = new_refusal(refusal);
        return Answer::Json { status, body };
    }
    let body = match refusal {
        Refusal::Gate(gate) => old_gate(dialect, path, gate),
        Refusal::Old(code, text) => bare(code, &text),
        Refusal::New(status, _, text) => bare(i64::from(status), &text),
    };
    Answer::Json { status: 200, body: with_request_id(dialect, body) }
}

/// An identifier as the new API writes it.
pub(super) fn request_id() -> String {
    Uuid::new_v4().to_string().to_uppercase()
}

fn old_gate(dialect: Dialect, path: &str, gate: Gate) -> Value {
    let by_the_gateway = |code: &str, text: &str| match dialect {
        Dialect::Topapi => wrapped(code, text),
        Dialect::Oapi | Dialect::New => bare(code.parse().unwrap_or(40014), text),
    };
    // Outside of `/topapi/` rate limits were seen wrapped all the same, except for the token.
    let by_the_limiter = |code: i64, text: &str| match path {
        "/gettoken" => bare(code, text),
        _ => wrapped(&code.to_string(), text),
    };
    match gate {
        Gate::UnknownApi if dialect == Dialect::Topapi => unknown_method(path),
        Gate::UnknownApi => bare(404, "请求的URI地址不存在"),
        Gate::NeedsGet => bare(43001, "需要GET请求"),
        Gate::NeedsPost => bare(43002, "需要POST请求"),
        Gate::TokenMissing if dialect == Dialect::Topapi => {
            wrapped("40000", "access_token is blank")
        }
        Gate::TokenMissing => bare(41001, "缺少access_token参数"),
        Gate::TokenBad(code) if code == "42001" => by_the_gateway(&code, "access_token超时"),
        Gate::TokenBad(code) => by_the_gateway(&code, "不合法的access_token"),
        Gate::NotGranted { scope, app_key } => wrapped("60011", &not_granted(scope, &app_key)),
        Gate::AppThrottled => by_the_limiter(90018, "当前应用调用该接口次数过多，请求被暂时限制了"),
        Gate::GlobalThrottled => by_the_limiter(90002, &global_limit(path)),
        Gate::Busy => bare(-1, "系统繁忙"),
        Gate::ContentType => bare(43004, "无效的HTTP HEADER Content-Type"),
        Gate::NotJson => bare(43009, "POST参数必须为JSON"),
        Gate::Missing(name) => bare(40, &format!("Missing required arguments:{name}")),
        Gate::Invalid(name) => bare(41, &format!("Invalid arguments:{name}")),
    }
}

fn new_refusal(refusal: Refusal) -> (u16, Value) {
    let gate = match refusal {
        Refusal::New(status, code, text) => return (status, worded(&code, &text)),
        Refusal::Old(code, text) => return (400, worded(&code.to_string(), &text)),
        Refusal::Gate(gate) => gate,
    };
    match gate {
        Gate::UnknownApi | Gate::NeedsGet | Gate::NeedsPost => {
            let text = "Specified api is not found, please check your url and method.";
            (404, worded("InvalidAction.NotFound", text))
        }
        Gate::TokenMissing => {
            let text = "缺少参数：x-acs-dingtalk-access-token";
            (400, worded("AuthenticationFailed.MissingParameter", text))
        }
        Gate::TokenBad(_) => (400, worded("InvalidAuthentication", "不合法的access_token")),
        Gate::NotGranted { scope, app_key } => {
            let code = "Forbidden.AccessDenied.AccessTokenPermissionDenied";
            let detail = json!({ "accessdenieddetail": { "requiredScopes": [scope] } });
            (403, merged(worded(code, &not_granted(scope, &app_key)), detail))
        }
        Gate::AppThrottled => {
            let text = "当前应用调用该接口的QPS超过限制";
            (403, worded("Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", text))
        }
        Gate::GlobalThrottled => {
            (403, worded("Forbidden.AccessDenied.QpsLimitForApi", "该接口的总QPS超过限制"))
        }
        Gate::Busy => (500, worded("unknownError", "系统繁忙")),
        Gate::ContentType | Gate::NotJson => {
            (400, worded("Missingbody", "body is mandatory for this action."))
        }
        Gate::Missing(name) => (
            400,
            worded(&format!("Missing{name}"), &format!("{name} is mandatory for this action.")),
        ),
        Gate::Invalid(name) => (400, worded("invalidParameter", &format!("{name} is invalid"))),
    }
}

fn bare(code: i64, text: &str) -> Value {
    json!({ "errcode": code, "errmsg": text })
}

fn wrapped(code: &str, text: &str) -> Value {
    json!({
        "errcode": 88,
        "sub_code": code,
        "sub_msg": text,
        "errmsg": format!("ding talk error[subcode={code},submsg={text}]"),
    })
}

fn worded(code: &str, text: &str) -> Value {
    json!({ "code": code, "requestid": request_id(), "message": text })
}

fn unknown_method(path: &str) -> Value {
    let tail = path.trim_start_matches("/topapi/").replace('/', ".");
    let text = format!("不合法ApiName，ApiName = dingtalk.oapi.{tail}");
    json!({ "errcode": 22, "sub_msg": text, "errmsg": format!("Invalid method[submsg={text}]") })
}

fn not_granted(scope: &str, app_key: &str) -> String {
    format!(
        "应用尚未开通所需的权限：[{scope}]，点击链接申请并开通即可：\
         https://open-dev.dingtalk.com/appscope/apply?content={app_key}%23{scope}, \
         {{requiredScopes=[{scope}]}}"
    )
}

fn global_limit(path: &str) -> String {
    let api = path.trim_start_matches("/topapi/").trim_start_matches('/').replace('/', ".");
    format!(
        "当前所有钉钉应用调用该接口次数过多，超出了该接口承受的最大qps，请求被暂时限制了，\
         建议错开整点时刻调用该接口, apiPath(dingtalk.oapi.{api})"
    )
}

fn with_request_id(dialect: Dialect, body: Value) -> Value {
    if dialect != Dialect::Topapi {
        return body;
    }
    let id: String = Uuid::new_v4().simple().to_string().chars().take(13).collect();
    merged(body, json!({ "request_id": id }))
}

fn merged(first: Value, second: Value) -> Value {
    let mut all = Map::new();
    for part in [first, second] {
        if let Value::Object(members) = part {
            all.extend(members);
        }
    }
    Value::Object(all)
}
