//! The ERP's own pages: signing in, and saying no to whoever asks.

use super::{
    authorize::{self, Wish},
    call::{Call, only},
    server::Answer,
    state::State,
};
use crate::form::{escaped, pairs};

pub(super) const ADDRESS: &str = "/web/login";
pub(super) const CONSENT: &str = "/web/consent";
const COOKIE: &str = "session_id";

/// The user who is signed in in this browser.
pub(super) fn who(state: &State, call: &Call) -> Option<String> {
    state.sessions.get(call.cookie(COOKIE)?).cloned()
}

pub(super) fn show(call: &Call) -> Answer {
    page(only(&call.query, "redirect").unwrap_or_default(), "")
}

/// A form was sent: user and password, or 拒绝.
pub(super) fn sign_in(state: &mut State, call: &Call) -> Answer {
    let form = call.form().unwrap_or_default();
    let redirect = only(&form, "redirect").unwrap_or_default();
    if only(&form, "action") == Some("deny") {
        return deny(state, redirect);
    }
    let (login, password) = (only(&form, "login"), only(&form, "password"));
    let user = state.options.users.iter().find(|user| {
        (Some(user.username.as_str()) == login || Some(user.user_id.as_str()) == login)
            && Some(user.password.as_str()) == password
    });
    let Some(user_id) = user.map(|user| user.user_id.clone()) else {
        return page(redirect, "用户名或密码错误");
    };
    let session = state.secret();
    state.sessions.insert(session.clone(), user_id);
    let to = match asked(redirect) {
        Some(_) => redirect,
        None => "/web",
    };
    Answer::Redirect {
        to: to.to_owned(),
        cookie: Some(format!("{COOKIE}={session}; Path=/; HttpOnly; SameSite=Lax")),
    }
}

pub(super) fn sign_out(state: &mut State, call: &Call) -> Answer {
    state.sessions.remove(call.cookie(COOKIE).unwrap_or_default());
    let cookie = format!("{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    Answer::Redirect { to: ADDRESS.to_owned(), cookie: Some(cookie) }
}

/// Where one lands who signs in for the ERP's own sake.
pub(super) fn home(state: &State, call: &Call) -> Answer {
    let user = who(state, call).and_then(|user_id| state.user(&user_id));
    let name = user.map_or("未登录", |user| user.name.as_str());
    Answer::page(200, "Odoo", &format!("<p id=\"who\">{}</p>", escaped(name)))
}

pub(super) fn consent_page(query: &str) -> Answer {
    let form = format!(
        "<p>aiflow 请求使用您的 ERP 账号登录。</p>\
         <form method=\"post\" action=\"{CONSENT}\">\
         <input type=\"hidden\" name=\"redirect\" value=\"{}?{}\">\
         <button id=\"allow\" name=\"action\" value=\"allow\">同意</button> \
         <button id=\"deny\" name=\"action\" value=\"deny\">拒绝</button></form>",
        authorize::ADDRESS,
        escaped(query)
    );
    Answer::page(200, "授权", &form)
}

pub(super) fn consent(state: &mut State, call: &Call) -> Answer {
    let form = call.form().unwrap_or_default();
    let redirect = only(&form, "redirect").unwrap_or_default();
    if only(&form, "action") != Some("allow") {
        return deny(state, redirect);
    }
    let Some(query) = asked(redirect) else { return page("", "") };
    match (Wish::read(state, &pairs(query)), who(state, call)) {
        (Err(answer), _) => answer,
        (Ok(_), None) => page(redirect, ""),
        (Ok(wish), Some(user_id)) => wish.grant(state, user_id),
    }
}

fn deny(state: &State, redirect: &str) -> Answer {
    let Some(query) = asked(redirect) else { return page("", "") };
    match Wish::read(state, &pairs(query)) {
        Ok(wish) => wish.refuse("access_denied", "用户拒绝授权"),
        Err(answer) => answer,
    }
}

/// The query of the authorize request that a form remembers; it leads nowhere else.
fn asked(redirect: &str) -> Option<&str> {
    redirect.strip_prefix(authorize::ADDRESS)?.strip_prefix('?')
}

fn page(redirect: &str, mistake: &str) -> Answer {
    let form = format!(
        "<p id=\"mistake\">{mistake}</p>\
         <form method=\"post\" action=\"{ADDRESS}\">\
         <input type=\"hidden\" name=\"redirect\" value=\"{}\">\
         <label>用户名 <input name=\"login\" autofocus></label> \
         <label>密码 <input name=\"password\" type=\"password\"></label> \
         <button id=\"sign-in\" name=\"action\" value=\"login\">登录</button> \
         <button id=\"deny\" name=\"action\" value=\"deny\">拒绝</button></form>",
        escaped(redirect)
    );
    Answer::page(200, "Odoo 登录", &form)
}
