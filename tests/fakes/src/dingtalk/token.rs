//! Tokens: one live token per app, renewed whenever it is asked for again.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    answer::{Gate, Refusal, Reply, old},
    call::Call,
    options::App,
    routes::Api,
    state::State,
};

pub(super) const APIS: &[Api] = &[
    Api::open("GET", GETTOKEN, get_token),
    Api::open("POST", ACCESS_TOKEN, access_token),
    Api::open("POST", CORP_TOKEN, corp_token),
];

const GETTOKEN: &str = "/gettoken";
const ACCESS_TOKEN: &str = "/v1.0/oauth2/accessToken";
const CORP_TOKEN: &str = "/v1.0/oauth2/{corpId}/token";
const LIFE_SECS: i64 = 7200;

#[derive(Default)]
pub(super) struct Tokens {
    by_app: HashMap<String, Token>,
}

struct Token {
    value: String,
    expires_ms: i64,
}

impl Tokens {
    pub(super) fn revoke(&mut self) {
        self.by_app.clear();
    }
}

/// The app whose live token the call carries.
pub(super) fn owner(state: &State, call: &Call) -> Result<App, Refusal> {
    let Some(given) = call.token() else { return Err(Gate::TokenMissing.into()) };
    let now = state.clock.now_ms();
    let is_live = |token: &Token| token.value == given && now < token.expires_ms;
    let owner = state.tokens.by_app.iter().find(|(_, token)| is_live(token));
    owner.and_then(|(app_key, _)| state.app(app_key)).cloned().ok_or_else(|| {
        let code = state.faults.token_code.as_deref().unwrap_or("40014");
        Gate::TokenBad(code.to_owned()).into()
    })
}

fn get_token(state: &mut State, call: &Call) -> Reply {
    let legacy = (call.query("corpid"), call.query("corpsecret"));
    let (Some(key), Some(secret)) = (call.query("appkey"), call.query("appsecret")) else {
        return Err(match legacy {
            (Some(_), Some(_)) => old(40089, "不合法的corpid或corpsecret"),
            _ => old(40035, "缺少参数 corpid or appkey"),
        });
    };
    let Some(app) = known(state, key, secret) else {
        return Err(old(40096, "不合法的appKey或appSecret"));
    };
    let token = issue(state, &app, GETTOKEN)?;
    Ok(json!({ "access_token": token, "expires_in": LIFE_SECS }))
}

fn access_token(state: &mut State, call: &Call) -> Reply {
    let body = call.json()?;
    let (key, secret) = (needed(body, "appKey")?, needed(body, "appSecret")?);
    let Some(app) = known(state, key, secret) else {
        return Err(refused(400, "invalidClientIdOrSecret", "无效的clientId或者clientSecret"));
    };
    let token = issue(state, &app, ACCESS_TOKEN)?;
    Ok(json!({ "accessToken": token, "expireIn": LIFE_SECS }))
}

fn corp_token(state: &mut State, call: &Call) -> Reply {
    let corp_id = call.param("corpId");
    if !state.options.apps.iter().any(|app| app.corp_id == corp_id) {
        return Err(refused(500, "unknownError", "未知错误"));
    }
    let body = call.json()?;
    let (key, secret) = (needed(body, "client_id")?, needed(body, "client_secret")?);
    if needed(body, "grant_type")? != "client_credentials" {
        return Err(refused(400, "unsupported.grant.type", "不支持的grant_type"));
    }
    let Some(app) = known(state, key, secret) else {
        return Err(refused(400, "invalid.client", "无效的client"));
    };
    if app.corp_id != corp_id {
        return Err(refused(401, "unauthorized.client", "client未被该组织授权"));
    }
    let token = issue(state, &app, CORP_TOKEN)?;
    Ok(json!({ "access_token": token, "expires_in": LIFE_SECS }))
}

fn issue(state: &mut State, app: &App, api: &str) -> Result<String, Refusal> {
    state.throttle.admit(&app.app_key, api, state.clock.second(), state.options.qps)?;
    let now = state.clock.now_ms();
    let expires_ms = now + LIFE_SECS * 1000;
    if let Some(token) = state.tokens.by_app.get_mut(&app.app_key)
        && now < token.expires_ms
    {
        token.expires_ms = expires_ms;
        return Ok(token.value.clone());
    }
    let value = Uuid::new_v4().simple().to_string();
    state.calls.tokens_issued += 1;
    state.tokens.by_app.insert(app.app_key.clone(), Token { value: value.clone(), expires_ms });
    Ok(value)
}

pub(super) fn known(state: &State, key: &str, secret: &str) -> Option<App> {
    state.app(key).filter(|app| app.app_secret == secret).cloned()
}

pub(super) fn needed<'a>(body: &'a Map<String, Value>, name: &str) -> Result<&'a str, Refusal> {
    let text = body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.ok_or_else(|| Gate::Missing(name.to_owned()).into())
}

pub(super) fn refused(status: u16, code: &str, text: &str) -> Refusal {
    Refusal::New(status, code.to_owned(), text.to_owned())
}
