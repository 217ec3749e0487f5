//! `GET /odoo/api/oauth2/authorize`: who asks, for whom, and the code that goes back.

use super::{
    call::{Call, only},
    login,
    server::Answer,
    state::{Code, State},
};
use crate::form::with_query;

pub(super) const ADDRESS: &str = "/odoo/api/oauth2/authorize";

/// What a client asks a browser to fetch.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) redirect_uri: String,
    pub(super) state: String,
    /// PKCE, always S256.
    pub(super) challenge: Option<String>,
}

pub(super) fn authorize(state: &mut State, call: &Call) -> Answer {
    let wish = match Wish::read(state, &call.query) {
        Ok(wish) => wish,
        Err(answer) => return answer,
    };
    match login::who(state, call) {
        None => {
            let here = format!("{ADDRESS}?{}", call.raw_query);
            Answer::redirect(with_query(login::ADDRESS, &[("redirect", &here)]))
        }
        Some(_) if state.habits.ask_consent => login::consent_page(&call.raw_query),
        Some(user_id) => wish.grant(state, user_id),
    }
}

impl Wish {
    /// The document's sample redirects an unknown client's browser to wherever the request says. We
    /// read it the safe way (RFC 6749, 4.1.2.1): unless client and address are the registered pair,
    /// nobody is sent anywhere, and the ERP says on a page of its own what is wrong.
    pub(super) fn read(state: &State, query: &[(String, String)]) -> Result<Wish, Answer> {
        let client = &state.options.client;
        let twice = |name: &String| query.iter().filter(|(known, _)| known == name).count() > 1;
        if query.iter().any(|(name, _)| twice(name)) {
            return Err(Answer::refusal_page("invalid_request", "参数重复"));
        }
        if only(query, "client_id") != Some(client.id.as_str()) {
            return Err(Answer::refusal_page("invalid_client", "无效的客户端ID"));
        }
        let redirect_uri = only(query, "redirect_uri").unwrap_or_default().to_owned();
        if !client.redirect_uris.contains(&redirect_uri) {
            return Err(Answer::refusal_page("invalid_request", "回调地址未登记"));
        }

        let wish = Wish {
            redirect_uri,
            state: only(query, "state").unwrap_or_default().to_owned(),
            challenge: only(query, "code_challenge").map(str::to_owned),
        };
        let mistake = if !client.may_use_codes {
            Some(("unauthorized_client", "客户端无权使用此授权类型"))
        } else if only(query, "response_type") != Some("code") {
            Some(("unsupported_response_type", "response_type must be code"))
        } else if wish.state.is_empty() {
            Some(("invalid_request", "state is missing"))
        } else if !is_fair_challenge(query) {
            Some(("invalid_request", "code_challenge_method must be S256"))
        } else {
            None
        };
        match mistake {
            Some((error, text)) => Err(wish.refuse(error, text)),
            None => Ok(wish),
        }
    }

    /// Sends the browser back with a code.
    pub(super) fn grant(self, state: &mut State, user_id: String) -> Answer {
        let code = state.secret();
        let back =
            with_query(&self.redirect_uri, &[("code", code.as_str()), ("state", &self.state)]);
        let expires_ms = state.clock.now_ms() + state.options.code_secs * 1000;
        state.codes.insert(code, Code { wish: self, user_id, expires_ms, used: false });
        Answer::redirect(back)
    }

    /// Sends the browser back with an error.
    pub(super) fn refuse(&self, error: &str, text: &str) -> Answer {
        let mut pairs = vec![("error", error), ("error_description", text)];
        if !self.state.is_empty() {
            pairs.push(("state", &self.state));
        }
        Answer::redirect(with_query(&self.redirect_uri, &pairs))
    }
}

/// No challenge, or one of S256: 43 letters of base64url. Without a method it would be `plain`.
fn is_fair_challenge(query: &[(String, String)]) -> bool {
    let given = |name: &str| query.iter().any(|(known, _)| known == name);
    if !given("code_challenge") {
        return !given("code_challenge_method");
    }
    let is_url_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    only(query, "code_challenge_method") == Some("S256")
        && only(query, "code_challenge")
            .is_some_and(|text| text.len() == 43 && text.bytes().all(is_url_sign))
}
