//! DingTalk's two API generations behind one client: where the token goes, how errors look, what
//! may be tried again.

use std::time::Duration;

use serde_json::{Value, json};

use crate::http::client::{self, read_limited};

const ANSWER_MAX_BYTES: usize = 1024 * 1024;

/// An enterprise's DingTalk application as a caller needs it: no secret, a live token.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Access {
    /// The application's access token; works on both hosts.
    pub token: String,
    /// Sender of work notifications.
    pub agent_id: i64,
    /// Host of the old API, such as `https://oapi.dingtalk.com`.
    pub oapi_url: String,
    /// Host of the new API, such as `https://api.dingtalk.com`.
    pub api_url: String,
}

/// Why DingTalk did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The token is unknown or has ended: fetch one, try once more.
    #[error("DingTalk refused the token ({code})")]
    Token {
        /// DingTalk's code.
        code: String,
    },
    /// A limit per second: wait a second.
    #[error("DingTalk is limiting calls ({code})")]
    Throttled {
        /// DingTalk's code.
        code: String,
    },
    /// Busy, away, or an answer that is none: try again later.
    #[error("DingTalk did not answer: {0}")]
    Away(String),
    /// A final no.
    #[error("DingTalk refused: {code} {message}")]
    Refused {
        /// DingTalk's code: a number of the old API, a word of the new one.
        code: String,
        /// DingTalk's message.
        message: String,
    },
}

/// Calls DingTalk; cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
}

impl Client {
    /// A client whose calls end within `timeout`.
    pub fn new(timeout: Duration) -> anyhow::Result<Self> {
        Ok(Self { http: client::new(timeout)? })
    }

    /// A fresh token and its life in seconds (`GET /gettoken`).
    pub async fn token(
        &self,
        oapi_url: &str,
        app_key: &str,
        app_secret: &str,
    ) -> Result<(String, i64), Trouble> {
        let request = self
            .http
            .get(format!("{}/gettoken", oapi_url.trim_end_matches('/')))
            .query(&[("appkey", app_key), ("appsecret", app_secret)]);
        let answer = old_answer(request).await?;
        let token = answer.get("access_token").and_then(Value::as_str);
        let life = answer.get("expires_in").and_then(Value::as_i64).unwrap_or(7_200);
        match token {
            Some(token) => Ok((token.to_owned(), life)),
            None => Err(Trouble::Away("no access_token in the answer".to_owned())),
        }
    }

    /// Posts to the old API; errors are told by `errcode` under HTTP 200.
    pub async fn post_old(
        &self,
        access: &Access,
        path: &str,
        body: &Value,
    ) -> Result<Value, Trouble> {
        let request = self
            .http
            .post(format!("{}{path}", access.oapi_url.trim_end_matches('/')))
            .query(&[("access_token", &access.token)])
            .json(body);
        old_answer(request).await
    }

    /// Calls the new API; errors are told by the HTTP status and `code`.
    pub async fn call_new(
        &self,
        access: &Access,
        method: reqwest::Method,
        path: &str,
        body: &Value,
    ) -> Result<Value, Trouble> {
        let request = self
            .http
            .request(method, format!("{}{path}", access.api_url.trim_end_matches('/')))
            .header("x-acs-dingtalk-access-token", &access.token)
            .json(body);
        new_answer(request).await
    }

    /// The token of a person who signed in with `code`, for [`Client::show_self`].
    pub async fn person_token(
        &self,
        api_url: &str,
        app_key: &str,
        app_secret: &str,
        code: &str,
    ) -> Result<Value, Trouble> {
        let body = json!({"clientId": app_key, "clientSecret": app_secret, "code": code,
            "grantType": "authorization_code"});
        let address = format!("{}/v1.0/oauth2/userAccessToken", api_url.trim_end_matches('/'));
        new_answer(self.http.post(address).json(&body)).await
    }

    /// Who the person of that token is.
    pub async fn show_self(&self, api_url: &str, token: &str) -> Result<Value, Trouble> {
        let address = format!("{}/v1.0/contact/users/me", api_url.trim_end_matches('/'));
        new_answer(self.http.get(address).header("x-acs-dingtalk-access-token", token)).await
    }
}

async fn new_answer(request: reqwest::RequestBuilder) -> Result<Value, Trouble> {
    let (status, answer) = send(request).await?;
    if (200..300).contains(&status) {
        return Ok(answer);
    }
    let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Err(new_trouble(status, text("code"), text("message")))
}

async fn send(request: reqwest::RequestBuilder) -> Result<(u16, Value), Trouble> {
    // `without_url`: the old API's token stands in the address.
    let response =
        request.send().await.map_err(|error| Trouble::Away(error.without_url().to_string()))?;
    let status = response.status().as_u16();
    let body = read_limited(response, ANSWER_MAX_BYTES)
        .await
        .map_err(|error| Trouble::Away(error.to_string()))?;
    match serde_json::from_slice(&body) {
        Ok(answer) => Ok((status, answer)),
        // The punishment page of a blocked address is HTML.
        Err(_) => Err(Trouble::Away(format!("HTTP {status} with an answer that is not JSON"))),
    }
}

async fn old_answer(request: reqwest::RequestBuilder) -> Result<Value, Trouble> {
    let (status, answer) = send(request).await?;
    match answer.get("errcode").map(number) {
        Some(Some(0)) => Ok(answer),
        Some(Some(code)) => Err(old_trouble(code, &answer)),
        Some(None) | None => Err(Trouble::Away(format!("HTTP {status} without errcode"))),
    }
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// The reason is `sub_code` where it stands, else `errcode`: both spellings mean the same.
fn old_trouble(errcode: i64, answer: &Value) -> Trouble {
    let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
    let code = text("sub_code").unwrap_or_else(|| errcode.to_string());
    let message = text("sub_msg").or_else(|| text("errmsg")).unwrap_or_default();
    match code.as_str() {
        "40014" | "42001" | "40001" | "33001" | "40000" => Trouble::Token { code },
        "90002" | "90018" => Trouble::Throttled { code },
        "-1" | "15" => Trouble::Away(format!("{code} {message}")),
        blocked if blocked.len() == 5 && blocked.starts_with("900") && blocked < "90018" => {
            Trouble::Away(format!("{code} {message}"))
        }
        _ => Trouble::Refused { code, message },
    }
}

fn new_trouble(status: u16, code: String, message: String) -> Trouble {
    match code.as_str() {
        "InvalidAuthentication" | "accesstoken.expired" => Trouble::Token { code },
        limit
            if limit.contains("QpsLimit")
                || limit.contains("QpmLimit")
                || limit.contains("flowControl") =>
        {
            Trouble::Throttled { code }
        }
        "todo.taskCreate.lockError" => Trouble::Throttled { code },
        _ if status >= 500 => Trouble::Away(format!("HTTP {status} {code} {message}")),
        _ => Trouble::Refused { code, message },
    }
}

/// A work notification's card: one text, one button (`action_card`).
pub fn card(title: &str, markdown: &str, button: &str, url: &str) -> Value {
    json!({
        "msgtype": "action_card",
        "action_card": {"title": title, "markdown": markdown, "single_title": button, "single_url": url},
    })
}

/// Text inside markdown, with what could make a link, a picture or a mention taken away.
pub fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '!' | '|' | '~'
            | '<' | '>' => {
                safe.push('\\');
                safe.push(c);
            }
            // A full-width sign looks the same to people and mentions nobody.
            '@' => safe.push('＠'),
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    // Auto-linking needs a real colon before the slashes.
    safe.replace("://", "：//")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn old(text: &str) -> Trouble {
        let answer: Value = serde_json::from_str(text).unwrap();
        old_trouble(number(&answer["errcode"]).unwrap(), &answer)
    }

    #[test]
    fn the_wrapped_and_the_bare_spelling_of_a_code_mean_the_same() {
        assert!(matches!(
            old(r#"{"errcode":88,"sub_code":"40014","sub_msg":"x"}"#),
            Trouble::Token { .. }
        ));
        assert!(matches!(old(r#"{"errcode":40014,"errmsg":"x"}"#), Trouble::Token { .. }));
        assert!(matches!(old(r#"{"errcode":88,"sub_code":"90018"}"#), Trouble::Throttled { .. }));
        assert!(matches!(old(r#"{"errcode":-1,"errmsg":"busy"}"#), Trouble::Away(_)));
        assert!(matches!(old(r#"{"errcode":88,"sub_code":"60011"}"#), Trouble::Refused { .. }));
        assert!(matches!(old(r#"{"errcode":88,"sub_code":"90020"}"#), Trouble::Refused { .. }));
        assert!(matches!(old(r#"{"errcode":90004}"#), Trouble::Away(_)));
    }

    #[test]
    fn the_new_dialect_is_told_by_its_word() {
        let trouble = |status, code: &str| new_trouble(status, code.to_owned(), String::new());

        assert!(matches!(trouble(400, "InvalidAuthentication"), Trouble::Token { .. }));
        assert!(matches!(
            trouble(403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"),
            Trouble::Throttled { .. }
        ));
        assert!(matches!(trouble(500, "todo.taskCreate.systemError"), Trouble::Away(_)));
        assert!(matches!(trouble(400, "todo.taskCreate.paramError"), Trouble::Refused { .. }));
    }

    #[test]
    fn names_cannot_smuggle_links_pictures_or_mentions() {
        let safe = plain("[点我](http://evil) @all ![](http://evil/p.png)");

        assert!(!safe.contains("]("));
        assert!(!safe.contains("@all"));
        assert!(!safe.contains("http://"));
    }
}
