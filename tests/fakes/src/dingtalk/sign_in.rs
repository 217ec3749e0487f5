//! Signing in with DingTalk: the page with the QR code, user tokens, and codes inside the client.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    answer::{Answer, Gate, Refusal, Reply, old},
    args::Args,
    call::Call,
    options::{App, Person},
    routes::Api,
    state::State,
    token::{known, needed, refused},
};
use crate::form::{encoded, escaped, with_query};

pub(super) const APIS: &[Api] = &[
    Api::open("POST", "/v1.0/oauth2/userAccessToken", user_token),
    Api::open("GET", ME, me),
    Api::granted("POST", "/topapi/v2/user/getuserinfo", "qyapi_get_member", inside),
];

/// The page of `login.dingtalk.com`, which is no API.
pub(super) const PAGE: &str = "/oauth2/auth";
const ME: &str = "/v1.0/contact/users/me";

/// Of both kinds of codes; for that of the page it is our guess.
const CODE_MS: i64 = 5 * 60_000;
const TOKEN_SECS: i64 = 7200;
const REFRESH_MS: i64 = 30 * 24 * 3_600_000;

#[derive(Default)]
pub(super) struct SignIns {
    /// From the page: for which app, who, until when, and whether the organisation is told.
    codes: HashMap<String, Code>,
    /// From inside the client: who, until when.
    inside: HashMap<String, (String, i64)>,
    tokens: Vec<UserToken>,
}

struct Code {
    app_key: String,
    userid: String,
    expires_ms: i64,
    tells_corp: bool,
}

struct UserToken {
    app_key: String,
    userid: String,
    value: String,
    expires_ms: i64,
    refresh: String,
    refresh_until_ms: i64,
    tells_corp: bool,
}

/// GET shows the page, POST is somebody who has scanned it and said yes.
pub(super) fn page(state: &mut State, call: &Call) -> Answer {
    let asked = call.query("client_id").and_then(|key| state.app(key)).cloned();
    let Some(app) = asked else { return mistake("invalid client_id", "应用不存在") };
    let redirect_uri = call.query("redirect_uri").unwrap_or_default().to_owned();
    if !app.redirect_uris.contains(&redirect_uri) {
        return mistake("invalid redirect_uri", "回调地址与开发者后台的设置不一致");
    }
    if call.query("response_type") != Some("code") {
        return mistake("invalid response_type", "response_type must be code");
    }
    let scope = call.query("scope").unwrap_or_default();
    if !["openid", "openid corpid"].contains(&scope) {
        return mistake("invalid scope", "scope must be openid or openid corpid");
    }
    let scanned = call.fields().unwrap_or_default();
    let userid = scanned.get("userid").and_then(Value::as_str);
    match (call.method.as_str(), userid.and_then(|userid| state.directory.person(userid))) {
        ("POST", Some(person)) => {
            let code = Uuid::new_v4().simple().to_string();
            let mut pairs = vec![("authCode", code.as_str()), ("code", code.as_str())];
            let csrf = call.query("state");
            pairs.extend(csrf.map(|csrf| ("state", csrf)));
            let back = with_query(&redirect_uri, &pairs);
            let issued = Code {
                app_key: app.app_key,
                userid: person.userid.clone(),
                expires_ms: state.clock.now_ms() + CODE_MS,
                tells_corp: scope.contains("corpid"),
            };
            state.sign_ins.codes.insert(code, issued);
            Answer::Redirect(back)
        }
        _ => show(state, call),
    }
}

/// One button a person instead of a telephone that scans.
fn show(state: &State, call: &Call) -> Answer {
    let names = ["client_id", "redirect_uri", "response_type", "scope", "state", "prompt"];
    let kept = names.iter().filter_map(|name| Some((name, call.query(name)?)));
    let query: Vec<String> =
        kept.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let button = |person: &Person| {
        let (userid, name) = (escaped(&person.userid), escaped(&person.name));
        format!(
            "<p><button id=\"scan-{userid}\" name=\"userid\" value=\"{userid}\">{name}</button></p>"
        )
    };
    let people: String = state.directory.people().iter().map(button).collect();
    Answer::Html {
        status: 200,
        html: format!(
            "<!DOCTYPE html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>扫码登录</title></head>\
             <body><h1>请使用钉钉扫描二维码登录</h1><form method=\"post\" action=\"{PAGE}?{}\">{people}</form>\
             </body></html>",
            escaped(&query.join("&"))
        ),
    }
}

fn mistake(error: &str, text: &str) -> Answer {
    let html = format!(
        "<!DOCTYPE html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>{text}</title></head>\
         <body><p id=\"error\">{error}</p><p>{text}</p></body></html>"
    );
    Answer::Html { status: 400, html }
}

fn user_token(state: &mut State, call: &Call) -> Reply {
    let body = call.json()?;
    let (key, secret) = (needed(body, "clientId")?, needed(body, "clientSecret")?);
    let Some(app) = known(state, key, secret) else {
        return Err(refused(400, "invalidClientIdOrSecret", "无效的clientId或者clientSecret"));
    };
    let (userid, tells_corp) = match needed(body, "grantType")? {
        "authorization_code" => redeem(state, &app, body)?,
        "refresh_token" => renew(state, &app, body)?,
        _ => return Err(refused(400, "invalidParameter.grantType", "不合法的grantType")),
    };
    let value = || Uuid::new_v4().simple().to_string();
    let now = state.clock.now_ms();
    let token = UserToken {
        app_key: app.app_key,
        userid,
        value: value(),
        expires_ms: now + TOKEN_SECS * 1000,
        refresh: value(),
        refresh_until_ms: now + REFRESH_MS,
        tells_corp,
    };
    let mut answer = json!({ "accessToken": token.value, "refreshToken": token.refresh, "expireIn": TOKEN_SECS });
    if let (true, Some(answer)) = (tells_corp, answer.as_object_mut()) {
        answer.insert("corpId".to_owned(), json!(app.corp_id));
    }
    state.sign_ins.tokens.push(token);
    Ok(answer)
}

/// A code is good once, and only for the app whose page it came from.
fn redeem(
    state: &mut State,
    app: &App,
    body: &Map<String, Value>,
) -> Result<(String, bool), Refusal> {
    let now = state.clock.now_ms();
    let code = state.sign_ins.codes.remove(needed(body, "code")?);
    let good = code.filter(|code| code.app_key == app.app_key && now < code.expires_ms);
    let good = good
        .ok_or_else(|| refused(400, "invalidParameter.authCode.notFound", "不合法的临时授权码"))?;
    Ok((good.userid, good.tells_corp))
}

fn renew(
    state: &mut State,
    app: &App,
    body: &Map<String, Value>,
) -> Result<(String, bool), Refusal> {
    let now = state.clock.now_ms();
    let given = needed(body, "refreshToken")?;
    let found = state.sign_ins.tokens.iter().find(|token| {
        token.refresh == given && token.app_key == app.app_key && now < token.refresh_until_ms
    });
    let found = found.ok_or_else(|| {
        refused(400, "invalidParameter.refreshToken.notFound", "不合法的refreshToken")
    })?;
    Ok((found.userid.clone(), found.tells_corp))
}

/// Whoever the user token belongs to; an app's token says nothing here.
fn me(state: &mut State, call: &Call) -> Reply {
    let Some(given) = call.token() else { return Err(Gate::TokenMissing.into()) };
    let now = state.clock.now_ms();
    let live = |token: &&UserToken| token.value == given && now < token.expires_ms;
    let found = state.sign_ins.tokens.iter().find(live);
    let found = found.map(|token| (token.app_key.clone(), token.userid.clone()));
    let Some((app_key, userid)) = found else {
        return Err(Gate::TokenBad("40014".to_owned()).into());
    };
    let Some(app) = state.app(&app_key).cloned() else { return Err(person_gone()) };
    if !app.scopes.contains("Contact.User.Read") {
        return Err(Gate::NotGranted { scope: "Contact.User.Read", app_key }.into());
    }
    state.throttle.admit(&app.app_key, ME, state.clock.second(), state.options.qps)?;
    let person = state.directory.person(&userid).ok_or_else(person_gone)?;
    let mut answer = json!({
        "nick": person.name, "unionId": person.unionid, "openId": format!("open-{}", person.userid),
        "avatarUrl": person.avatar.clone().unwrap_or_default(), "visitor": false,
        "email": person.email.clone().unwrap_or_default(), "loginEmail": "",
    });
    if let (true, Some(mobile), Some(answer)) =
        (app.scopes.contains("Contact.User.mobile"), &person.mobile, answer.as_object_mut())
    {
        answer.insert("mobile".to_owned(), json!(mobile));
        answer.insert("stateCode".to_owned(), json!("86"));
    }
    Ok(answer)
}

/// What a page inside the client gets from JSAPI; for tests.
pub(super) fn code_inside(state: &mut State, userid: &str) -> Option<String> {
    let userid = state.directory.person(userid)?.userid.clone();
    let code = Uuid::new_v4().simple().to_string();
    let expires_ms = state.clock.now_ms() + CODE_MS;
    state.sign_ins.inside.insert(code.clone(), (userid, expires_ms));
    Some(code)
}

fn inside(state: &mut State, _: &App, call: &Call) -> Reply {
    let code = Args::of(call)?.text("code")?;
    let now = state.clock.now_ms();
    let found = state.sign_ins.inside.remove(&code).filter(|(_, expires_ms)| now < *expires_ms);
    let person = found.and_then(|(userid, _)| state.directory.person(&userid));
    let person = person.ok_or_else(|| old(40078, "不存在的临时授权码"))?;
    Ok(json!({ "result": {
        "userid": person.userid, "unionid": person.unionid, "name": person.name,
        "associated_unionid": format!("associated-{}", person.userid),
        "device_id": format!("device-{}", person.userid),
        "sys": person.admin, "sys_level": if person.admin { 1 } else { 0 },
    } }))
}

fn person_gone() -> Refusal {
    refused(404, "userNotFound", "用户不存在")
}
