//! `POST /odoo/api/oauth2/token`: a code, once, for tokens.

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{
    call::{Call, only},
    server::Answer,
    state::{Grant, State},
};

pub(super) const ADDRESS: &str = "/odoo/api/oauth2/token";

pub(super) fn token(state: &mut State, call: &Call) -> Answer {
    let Some(asked) = Asked::read(state.habits.form, call) else {
        let wanted = match state.habits.form {
            true => "the body must be a form",
            false => "the body must be a JSON object of type application/json",
        };
        return refused(400, "invalid_request", wanted);
    };
    let client = &state.options.client;
    if asked.client_id != client.id || asked.client_secret != client.secret {
        return refused(401, "invalid_client", "无效的客户端ID或密钥");
    }
    if !client.may_use_codes {
        return refused(400, "unauthorized_client", "客户端无权使用此授权类型");
    }
    let granted = match asked.grant_type.as_str() {
        "authorization_code" => redeem(state, &asked),
        "refresh_token" => renew(state, &asked),
        _ => return refused(400, "unsupported_grant_type", "不支持的授权类型"),
    };
    match granted {
        Some((user_id, code)) => issue(state, user_id, code),
        None => refused(400, "invalid_grant", "无效的授权码或刷新令牌"),
    }
}

/// The request in either dialect; what is absent is empty.
struct Asked {
    client_id: String,
    client_secret: String,
    grant_type: String,
    code: String,
    redirect_uri: String,
    verifier: Option<String>,
    refresh_token: String,
}

impl Asked {
    fn read(form: bool, call: &Call) -> Option<Asked> {
        if form {
            let fields = call.form()?;
            let text = |name: &str| only(&fields, name).unwrap_or_default().to_owned();
            // RFC 6749, 2.3.1: a server takes the pair from the header, and may take it from the body.
            let (client_id, client_secret) =
                basic(call).unwrap_or_else(|| (text("client_id"), text("client_secret")));
            return Some(Asked {
                client_id,
                client_secret,
                grant_type: text("grant_type"),
                code: text("code"),
                redirect_uri: text("redirect_uri"),
                verifier: only(&fields, "code_verifier").map(str::to_owned),
                refresh_token: text("refresh_token"),
            });
        }
        let fields = call.json()?;
        let find = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
        let text = |name: &str| find(name).unwrap_or_default();
        Some(Asked {
            client_id: text("clientId"),
            client_secret: text("clientSecret"),
            grant_type: text("grantType"),
            code: text("code"),
            redirect_uri: text("redirectUri"),
            verifier: find("codeVerifier"),
            refresh_token: text("refreshToken"),
        })
    }
}

fn basic(call: &Call) -> Option<(String, String)> {
    let encoded = call.authorization.as_deref()?.strip_prefix("Basic ")?;
    let text = String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((crate::form::decoded(id), crate::form::decoded(secret)))
}

/// Who gave the code, if it may be exchanged. One try is all it has; a second one ends what came of
/// the first, because one of the two was a thief's.
fn redeem(state: &mut State, asked: &Asked) -> Option<(String, String)> {
    let now = state.clock.now_ms();
    let code = state.codes.get_mut(&asked.code)?;
    if std::mem::replace(&mut code.used, true) {
        let from_it = state.grants.iter_mut().filter(|grant| grant.code == asked.code);
        from_it.for_each(|grant| grant.revoked = true);
        return None;
    }
    let is_proven = match (&code.wish.challenge, &asked.verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => {
            *challenge == BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
        }
        (Some(_), None) | (None, Some(_)) => false,
    };
    let may = now < code.expires_ms && code.wish.redirect_uri == asked.redirect_uri && is_proven;
    may.then(|| (code.user_id.clone(), asked.code.clone()))
}

/// A refresh token is good once.
fn renew(state: &mut State, asked: &Asked) -> Option<(String, String)> {
    let is_it = |grant: &&mut Grant| grant.refresh_token == asked.refresh_token && !grant.revoked;
    let grant = state.grants.iter_mut().find(is_it)?;
    grant.revoked = true;
    Some((grant.user_id.clone(), grant.code.clone()))
}

fn issue(state: &mut State, user_id: String, code: String) -> Answer {
    let (access_token, refresh_token) = (state.secret(), state.secret());
    let secs = state.options.token_secs;
    let body = if state.habits.answers_in_snake_case() {
        json!({ "access_token": access_token, "token_type": "Bearer", "expires_in": secs,
            "refresh_token": refresh_token })
    } else {
        json!({ "accessToken": access_token, "tokenType": "Bearer", "expiresIn": secs,
            "refreshToken": refresh_token })
    };
    let expires_ms = state.clock.now_ms() + secs * 1000;
    let revoked = false;
    state.grants.push(Grant { code, user_id, access_token, refresh_token, expires_ms, revoked });
    Answer::json(200, body)
}

pub(super) fn refused(status: u16, error: &str, text: &str) -> Answer {
    let fields = [("error", error), ("error_description", text)];
    let body: Map<String, Value> =
        fields.into_iter().map(|(name, text)| (name.to_owned(), json!(text))).collect();
    Answer::json(status, Value::Object(body))
}
