//! One request as it came in, before anybody judged it.

use actix_web::{
    HttpRequest,
    http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderName},
};
use serde_json::{Map, Value};

use crate::form::pairs;

pub(super) struct Call {
    pub(super) method: String,
    pub(super) path: String,
    /// As sent.
    pub(super) raw_query: String,
    pub(super) query: Vec<(String, String)>,
    /// Without parameters, in lower case.
    pub(super) content_type: String,
    pub(super) authorization: Option<String>,
    cookies: String,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Call {
    pub(super) fn read(request: &HttpRequest, body: &[u8]) -> Call {
        let header = |name: HeaderName| {
            request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let content_type = header(CONTENT_TYPE).unwrap_or_default();
        let content_type = content_type.split(';').next().unwrap_or_default();
        Call {
            method: request.method().to_string(),
            path: request.path().to_owned(),
            raw_query: request.query_string().to_owned(),
            query: pairs(request.query_string()),
            content_type: content_type.trim().to_ascii_lowercase(),
            authorization: header(AUTHORIZATION),
            cookies: header(COOKIE).unwrap_or_default(),
            headers: request
                .headers()
                .iter()
                .filter_map(|(name, value)| {
                    Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
                })
                .collect(),
            body: body.to_vec(),
        }
    }

    /// The only value of a header, by its name in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Some(value.as_str()),
            _ => None,
        }
    }

    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        let cookies = self.cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
        cookies.into_iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The body where it is a form.
    pub(super) fn form(&self) -> Option<Vec<(String, String)>> {
        let is_form = self.content_type == "application/x-www-form-urlencoded";
        is_form.then(|| pairs(&String::from_utf8_lossy(&self.body)))
    }

    /// The body where it is a JSON object.
    pub(super) fn json(&self) -> Option<Map<String, Value>> {
        if self.content_type != "application/json" {
            return None;
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(fields)) => Some(fields),
            Ok(_) | Err(_) => None,
        }
    }
}

/// The only value of a name; nothing where it is absent, empty or given twice.
pub(super) fn only<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut found = pairs.iter().filter(|(known, _)| known == name);
    match (found.next(), found.next()) {
        (Some((_, value)), None) if !value.is_empty() => Some(value),
        _ => None,
    }
}
