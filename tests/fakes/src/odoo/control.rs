//! What a test asks for: other dialects, and answers that no ERP should give.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::options::User;

/// What a test asks for; whatever is absent stays as it is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Control {
    /// Ends all faults and dialects first.
    pub reset: bool,
    pub advance_secs: i64,
    /// Every token handed out so far stops working.
    pub revoke_tokens: bool,
    /// Everybody is signed out of the ERP.
    pub sign_out: bool,
    pub code_secs: Option<i64>,
    pub may_use_codes: Option<bool>,
    /// Hires a person, or replaces the one with the same user id.
    pub user: Option<User>,
    /// The token address takes forms in snake_case, as RFC 6749 has it, and answers so.
    pub form: Option<bool>,
    /// Answers in snake_case, whatever is asked in.
    pub snake_case: Option<bool>,
    /// The person's description is had by GET only; POST is answered 405.
    pub userinfo_by_get: Option<bool>,
    /// Also somebody who is signed in is asked for permission.
    pub ask_consent: Option<bool>,
    /// How the token address answers from now on.
    pub token: Option<Fault>,
    /// How the userinfo address answers from now on.
    pub userinfo: Option<Fault>,
    /// How what aiflow tells of orders is answered from now on.
    pub receive: Option<Fault>,
    /// How approval logs are answered from now on.
    pub log: Option<Fault>,
    /// How calls of service tasks are answered from now on.
    pub service: Option<Fault>,
    /// How everything about these orders is answered from now on, whatever else was asked for.
    pub orders: HashMap<i64, Fault>,
    /// The secret with which aiflow has to sign from now on.
    pub app_secret: Option<String>,
}

/// How an address answers. Only `fine`, `slow` and `merge` do what was asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fault {
    #[default]
    Fine,
    /// As usual, but so many milliseconds later.
    Slow(u64),
    /// As usual, but with these members put over its own; null takes one away.
    Merge(Value),
    /// Exactly this.
    Say { status: u16, body: Value },
    /// This status and `Retry-After`, with an empty body.
    Busy { status: u16, retry_after: String },
    /// A page instead of JSON, with status 200.
    NotJson,
    /// 100 MB of the beginning of an answer.
    Huge,
    /// An answer that comes a byte a second.
    Drip,
    /// 302 to there.
    Redirect(String),
}

/// How it behaves at present.
#[derive(Default)]
pub(super) struct Habits {
    pub(super) form: bool,
    pub(super) snake_case: bool,
    pub(super) userinfo_by_get: bool,
    pub(super) ask_consent: bool,
    pub(super) token: Fault,
    pub(super) userinfo: Fault,
    pub(super) receive: Fault,
    pub(super) log: Fault,
    pub(super) service: Fault,
}

impl Habits {
    pub(super) fn turn(&mut self, control: Control) {
        set(&mut self.form, control.form);
        set(&mut self.snake_case, control.snake_case);
        set(&mut self.userinfo_by_get, control.userinfo_by_get);
        set(&mut self.ask_consent, control.ask_consent);
        set(&mut self.token, control.token);
        set(&mut self.userinfo, control.userinfo);
        set(&mut self.receive, control.receive);
        set(&mut self.log, control.log);
        set(&mut self.service, control.service);
    }

    pub(super) fn answers_in_snake_case(&self) -> bool {
        self.form || self.snake_case
    }
}

fn set<T>(place: &mut T, wish: Option<T>) {
    if let Some(value) = wish {
        *place = value;
    }
}
