//! `POST /odoo/api/oauth2/userinfo`: whom an access token was given for.

use serde_json::{Map, Value, json};

use super::{call::Call, options::User, server::Answer, state::State, token::refused};

pub(super) const ADDRESS: &str = "/odoo/api/oauth2/userinfo";

pub(super) fn userinfo(state: &State, call: &Call) -> Answer {
    let wanted = if state.habits.userinfo_by_get { "GET" } else { "POST" };
    if call.method != wanted {
        return refused(405, "invalid_request", "method not allowed");
    }
    let bearer = call.authorization.as_deref().and_then(|header| header.strip_prefix("Bearer "));
    let now = state.clock.now_ms();
    let grant = state.grants.iter().find(|grant| {
        Some(grant.access_token.as_str()) == bearer && !grant.revoked && now < grant.expires_ms
    });
    match grant.and_then(|grant| state.user(&grant.user_id)) {
        Some(user) => Answer::json(200, described(user, state.habits.answers_in_snake_case())),
        None => refused(401, "invalid_token", "无效或过期的访问令牌"),
    }
}

fn described(user: &User, snake_case: bool) -> Value {
    let fields = [
        ("userId", "user_id", Some(&user.user_id)),
        ("username", "username", Some(&user.username)),
        ("name", "name", Some(&user.name)),
        ("phoneNumber", "phone_number", user.phone_number.as_ref()),
        ("email", "email", user.email.as_ref()),
        ("deptId", "dept_id", user.dept_id.as_ref()),
        ("deptName", "dept_name", user.dept_name.as_ref()),
    ];
    let named = fields.into_iter().filter_map(|(camel, snake, value)| {
        let name = if snake_case { snake } else { camel };
        value.map(|value| (name.to_owned(), json!(value)))
    });
    Value::Object(named.collect::<Map<_, _>>())
}
