//! One call as it came in, before anybody judged it.

use actix_web::{
    HttpRequest,
    http::header::{CONTENT_TYPE, HeaderMap},
};
use serde_json::{Map, Value};

use super::answer::{Dialect, Gate, Refusal};
use crate::form::pairs;

const TOKEN_HEADER: &str = "x-acs-dingtalk-access-token";

pub(super) struct Call {
    pub(super) method: String,
    /// As sent, still percent-encoded.
    pub(super) path: String,
    /// What stood in the place of the pattern's braces; filled by `routes`.
    pub(super) params: Vec<(&'static str, String)>,
    query: Vec<(String, String)>,
    token_header: Option<String>,
    body: Body,
}

enum Body {
    Empty,
    Json(Map<String, Value>),
    Form(Map<String, Value>),
    NotJson,
    OtherType,
}

impl Call {
    pub(super) fn read(request: &HttpRequest, body: &[u8]) -> Call {
        let headers = request.headers();
        Call {
            method: request.method().to_string(),
            path: request.path().to_owned(),
            params: Vec::new(),
            query: pairs(request.query_string()),
            token_header: text_of(headers, TOKEN_HEADER),
            body: Body::read(&text_of(headers, CONTENT_TYPE.as_str()).unwrap_or_default(), body),
        }
    }

    pub(super) fn dialect(&self) -> Dialect {
        Dialect::of(&self.path)
    }

    pub(super) fn query(&self, name: &str) -> Option<&str> {
        let (_, value) = self.query.iter().find(|(key, _)| key == name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    pub(super) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value)
    }

    /// The token, looked for only where this generation of the API looks for it.
    pub(super) fn token(&self) -> Option<&str> {
        match self.dialect() {
            Dialect::New => self.token_header.as_deref(),
            Dialect::Topapi | Dialect::Oapi => self.query("access_token").or(self.form_token()),
        }
        .filter(|token| !token.is_empty())
    }

    fn form_token(&self) -> Option<&str> {
        match &self.body {
            Body::Form(fields) => fields.get("access_token").and_then(Value::as_str),
            Body::Empty | Body::Json(_) | Body::NotJson | Body::OtherType => None,
        }
    }

    /// The fields of an old API: JSON or a form, or nothing at all.
    pub(super) fn fields(&self) -> Result<Map<String, Value>, Refusal> {
        match &self.body {
            Body::Empty => Ok(Map::new()),
            Body::Json(fields) | Body::Form(fields) => Ok(fields.clone()),
            Body::NotJson => Err(Gate::NotJson.into()),
            Body::OtherType => Err(Gate::ContentType.into()),
        }
    }

    /// The body of a new API, which is JSON or missing.
    pub(super) fn json(&self) -> Result<&Map<String, Value>, Refusal> {
        match &self.body {
            Body::Json(fields) => Ok(fields),
            Body::Empty | Body::Form(_) | Body::NotJson | Body::OtherType => {
                Err(Gate::NotJson.into())
            }
        }
    }
}

impl Body {
    fn read(content_type: &str, bytes: &[u8]) -> Body {
        let mime = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if bytes.is_empty() {
            return Body::Empty;
        }
        match mime.as_str() {
            "application/json" => match serde_json::from_slice(bytes) {
                Ok(Value::Object(fields)) => Body::Json(fields),
                Ok(_) | Err(_) => Body::NotJson,
            },
            "application/x-www-form-urlencoded" => {
                let fields = pairs(&String::from_utf8_lossy(bytes));
                Body::Form(fields.into_iter().map(|(k, v)| (k, Value::String(v))).collect())
            }
            _ => Body::OtherType,
        }
    }
}

fn text_of(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
