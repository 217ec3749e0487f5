//! The ERP's OAuth2 addresses: a code for tokens, a token for who it is.

use std::time::Duration;

use reqwest::header::ACCEPT;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use shared::http::client::{self, read_limited};

use crate::domain::binding::Identity;
use crate::domain::provider::{Dialect, Provider};

/// The most that is read of an answer.
const ANSWER_MAX_BYTES: usize = 64 * 1024;

/// The longest token that is taken.
const TOKEN_MAX_BYTES: usize = 8 * 1024;

/// Calls the ERP; both calls of a sign-in together end within its time limit.
pub(crate) struct ErpOauth {
    http: reqwest::Client,
    timeout: Duration,
}

/// What the browser brought back, and what the exchange must repeat.
pub(crate) struct Grant<'a> {
    pub(crate) code: &'a str,
    pub(crate) redirect_uri: &'a str,
    pub(crate) verifier: Option<&'a str>,
}

/// Who signed in, and the ERP's tokens as JSON.
pub(crate) struct SignedIn {
    pub(crate) identity: Identity,
    pub(crate) tokens: String,
}

/// Why the ERP did not say who it is. The texts are for the log: they hold the ERP's own word for it,
/// never a token, a code or a secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("the ERP did not answer: {0}")]
    Away(String),
    #[error("the ERP does not accept our client: {0}")]
    Client(String),
    #[error("the ERP does not accept the code: {0}")]
    Code(String),
    #[error("the ERP answered wrongly: {0}")]
    Wrong(String),
}

impl ErpOauth {
    pub(crate) fn new(timeout: Duration) -> anyhow::Result<Self> {
        Ok(Self { http: client::new(timeout)?, timeout })
    }

    /// Exchanges the code and asks who it is.
    pub(crate) async fn sign_in(
        &self,
        provider: &Provider,
        grant: Grant<'_>,
    ) -> Result<SignedIn, Trouble> {
        let both = async {
            let tokens = self.exchange(provider, grant).await?;
            let access = access_token(&tokens)?;
            let answer = self.userinfo(provider, &access).await?;
            let identity =
                Identity::read(&answer).map_err(|refusal| Trouble::Wrong(refusal.to_string()))?;
            Ok(SignedIn { identity, tokens: tokens.to_string() })
        };
        match tokio::time::timeout(self.timeout, both).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Trouble::Away("not within the time limit".to_owned())),
        }
    }

    async fn exchange(&self, provider: &Provider, grant: Grant<'_>) -> Result<Value, Trouble> {
        let request = self.http.post(provider.token_url.as_str());
        let request = match provider.dialect {
            Dialect::Json => {
                let mut body = json!({"clientId": provider.client_id, "clientSecret": provider.client_secret.expose(),
                    "grantType": "authorization_code", "code": grant.code, "redirectUri": grant.redirect_uri});
                if let (Some(verifier), Some(members)) = (grant.verifier, body.as_object_mut()) {
                    members.insert("codeVerifier".to_owned(), json!(verifier));
                }
                request.json(&body)
            }
            Dialect::Form => {
                let mut parts = vec![
                    ("client_id", provider.client_id.as_str()),
                    ("client_secret", provider.client_secret.expose()),
                    ("grant_type", "authorization_code"),
                    ("code", grant.code),
                    ("redirect_uri", grant.redirect_uri),
                ];
                parts.extend(grant.verifier.map(|verifier| ("code_verifier", verifier)));
                request.form(&parts)
            }
        };
        let (status, answer) = send(request).await?;
        understood(status, answer)
    }

    /// By POST, as documented; by GET where the address does not take a POST.
    async fn userinfo(&self, provider: &Provider, token: &str) -> Result<Value, Trouble> {
        let address = provider.userinfo_url.as_str();
        let (status, answer) = send(self.http.post(address).bearer_auth(token)).await?;
        if status == StatusCode::METHOD_NOT_ALLOWED {
            let (status, answer) = send(self.http.get(address).bearer_auth(token)).await?;
            return understood(status, answer);
        }
        understood(status, answer)
    }
}

async fn send(request: RequestBuilder) -> Result<(StatusCode, Option<Value>), Trouble> {
    let request = request.header(ACCEPT, "application/json");
    // `without_url`: an address of the ERP may hold what is not for the log.
    let response =
        request.send().await.map_err(|error| Trouble::Away(error.without_url().to_string()))?;
    let status = response.status();
    match read_limited(response, ANSWER_MAX_BYTES).await {
        Ok(body) => Ok((status, serde_json::from_slice(&body).ok())),
        Err(client::Error::TooLong(limit)) => {
            Err(Trouble::Wrong(format!("an answer of more than {limit} bytes")))
        }
        Err(error) => Err(Trouble::Away(error.to_string())),
    }
}

/// The answer itself, out of an envelope where it stands in one; or what the ERP says is wrong.
fn understood(status: StatusCode, answer: Option<Value>) -> Result<Value, Trouble> {
    let Some(answer) = answer.filter(Value::is_object) else {
        let text = format!("HTTP {} without a JSON object", status.as_u16());
        return Err(if status.is_server_error() {
            Trouble::Away(text)
        } else {
            Trouble::Wrong(text)
        });
    };
    if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
        return Err(refused(status, &plain(error)));
    }
    if status.is_server_error() {
        return Err(Trouble::Away(format!("HTTP {}", status.as_u16())));
    }
    if !status.is_success() {
        return Err(refused(status, ""));
    }
    match (answer.get("status").or(answer.get("code")), answer.get("data")) {
        (Some(code), Some(data)) if data.is_object() && is_zero(code) => Ok(data.clone()),
        (Some(code), _) if code.is_number() && !is_zero(code) => {
            Err(Trouble::Wrong(format!("status {}", plain(code))))
        }
        _ => Ok(answer),
    }
}

fn refused(status: StatusCode, word: &str) -> Trouble {
    let text = format!("HTTP {} {word}", status.as_u16());
    match word {
        "invalid_client" | "unauthorized_client" => Trouble::Client(text),
        "invalid_grant" => Trouble::Code(text),
        "server_error" | "temporarily_unavailable" => Trouble::Away(text),
        _ => Trouble::Wrong(text),
    }
}

/// Some word of the ERP, fit for a log line.
fn plain(word: &Value) -> String {
    let text = word.as_str().map_or_else(|| word.to_string(), str::to_owned);
    text.chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
        .take(64)
        .collect()
}

fn is_zero(code: &Value) -> bool {
    code.as_i64() == Some(0) || code.as_str() == Some("0")
}

fn access_token(tokens: &Value) -> Result<String, Trouble> {
    let text = |names: [&str; 2]| names.iter().find_map(|name| tokens.get(*name));
    let kind = text(["tokenType", "token_type"]).filter(|kind| !kind.is_null());
    if kind
        .is_some_and(|kind| !kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")))
    {
        return Err(Trouble::Wrong("a token that is not of type Bearer".to_owned()));
    }
    let token = text(["accessToken", "access_token"]).and_then(Value::as_str).unwrap_or_default();
    let fits =
        (1..=TOKEN_MAX_BYTES).contains(&token.len()) && token.bytes().all(|c| c.is_ascii_graphic());
    if fits {
        Ok(token.to_owned())
    } else {
        Err(Trouble::Wrong("no usable access token".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_taken_bare_and_in_an_envelope() {
        let bare = json!({"accessToken": "t"});
        let wrapped = json!({"status": 0, "msg": "success", "data": {"accessToken": "t"}});

        assert_eq!(understood(StatusCode::OK, Some(bare.clone())).unwrap(), bare);
        assert_eq!(understood(StatusCode::OK, Some(wrapped)).unwrap(), bare);
        let refused = json!({"status": -4001, "msg": "no", "data": null});
        assert!(matches!(understood(StatusCode::OK, Some(refused)), Err(Trouble::Wrong(_))));
    }

    #[test]
    fn the_erps_words_for_what_is_wrong_are_understood() {
        let of = |status: u16, word: &str| {
            understood(StatusCode::from_u16(status).unwrap(), Some(json!({"error": word})))
        };

        assert!(matches!(of(401, "invalid_client"), Err(Trouble::Client(_))));
        assert!(matches!(of(400, "invalid_grant"), Err(Trouble::Code(_))));
        assert!(matches!(of(200, "invalid_grant"), Err(Trouble::Code(_))));
        assert!(matches!(of(401, "invalid_token"), Err(Trouble::Wrong(_))));
        assert!(matches!(of(503, "temporarily_unavailable"), Err(Trouble::Away(_))));
        assert!(matches!(understood(StatusCode::BAD_GATEWAY, None), Err(Trouble::Away(_))));
        assert!(matches!(understood(StatusCode::FOUND, None), Err(Trouble::Wrong(_))));
    }

    #[test]
    fn a_token_that_could_break_a_header_is_none() {
        for token in [json!("t"), json!("a.b-c_d~e")] {
            assert!(access_token(&json!({"access_token": token, "token_type": "bearer"})).is_ok());
        }
        let huge = "t".repeat(TOKEN_MAX_BYTES + 1);
        for token in
            [json!(""), json!(7), json!("a\r\nX: y"), json!("a b"), json!(huge), json!(null)]
        {
            assert!(access_token(&json!({"accessToken": token})).is_err(), "{token}");
        }
        assert!(access_token(&json!({"accessToken": "t", "tokenType": "mac"})).is_err());
    }
}
