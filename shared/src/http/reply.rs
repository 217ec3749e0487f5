//! The envelope `{status, msg, data}` of every answer, also of the failures.

use std::fmt;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};
use serde::Serialize;

use crate::code::Code;
use crate::fault::{Fault, FieldError, chain};

/// What a handler returns.
pub type Answer<T> = Result<Reply<T>, ApiError>;

/// A success: `{"status":0,"msg":"success","data":…}`.
pub struct Reply<T>(pub T);

/// `data: {"success": true}`, the answer of writes that have nothing else to say.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Done {
    /// Always `true`.
    pub success: bool,
}

impl Done {
    /// It happened.
    pub fn new() -> Self {
        Done { success: true }
    }
}

impl Default for Done {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    status: i32,
    msg: &'a str,
    data: T,
}

impl<T: Serialize> Responder for Reply<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        json(StatusCode::OK, &Envelope { status: 0, msg: "success", data: self.0 })
    }
}

fn json<T: Serialize>(status: StatusCode, value: &T) -> HttpResponse {
    match serde_json::to_vec(value) {
        Ok(bytes) => HttpResponse::build(status)
            .insert_header((CONTENT_TYPE, "application/json; charset=utf-8"))
            .body(bytes),
        Err(error) => {
            tracing::error!(cause = %error, "an answer could not be written as JSON");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// A failure on its way to the caller.
#[derive(Debug)]
pub struct ApiError {
    /// The code of the contract's table.
    pub code: Code,
    /// One Chinese sentence for the caller.
    pub message: String,
    /// Every bad field.
    pub details: Vec<FieldError>,
    /// Seconds until a retry makes sense.
    pub retry_after_secs: Option<u32>,
    /// The methods an address has, for 405.
    pub allow: Option<String>,
}

impl ApiError {
    /// A failure with its own sentence.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            details: Vec::new(),
            retry_after_secs: None,
            allow: None,
        }
    }

    /// A failure with the table's sentence.
    pub fn of(code: Code) -> Self {
        Self::new(code, code.sentence())
    }

    /// INVALID_PARAMETER with all bad fields.
    pub fn bad_fields(details: Vec<FieldError>) -> Self {
        let message = match details.first() {
            Some(first) if details.len() == 1 => format!("{}：{}", first.field, first.message),
            Some(first) => {
                format!("{}：{}（共 {} 处错误）", first.field, first.message, details.len())
            }
            None => Code::InvalidParameter.sentence().to_owned(),
        };
        Self::new(Code::InvalidParameter, message).with_details(details)
    }

    /// The same failure, naming fields.
    pub fn with_details(mut self, details: Vec<FieldError>) -> Self {
        self.details = details;
        self
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.message)
    }
}

impl std::error::Error for ApiError {}

/// The edge: writes the cause to the log, once, and keeps it from the caller.
impl<E: Fault> From<E> for ApiError {
    fn from(error: E) -> Self {
        let code = error.code();
        match code {
            Code::Internal => tracing::error!(cause = chain(&error), "request failed"),
            Code::Unavailable | Code::UpstreamFailed => {
                tracing::warn!(cause = chain(&error), "request failed");
            }
            _ => tracing::info!(code = code.name(), cause = chain(&error), "request refused"),
        }
        let message = match code {
            Code::Internal | Code::Unavailable => code.sentence().to_owned(),
            _ => error.to_string(),
        };
        Self {
            code,
            message,
            details: error.details(),
            retry_after_secs: error.retry_after_secs(),
            allow: None,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorData<'a> {
    error_code: &'a str,
    error_message: &'a str,
    error_details: Vec<ErrorDetail<'a>>,
    request_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorDetail<'a> {
    field: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    element_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
}

impl<'a> From<&'a FieldError> for ErrorDetail<'a> {
    fn from(error: &'a FieldError) -> Self {
        let place = error.place.as_deref();
        Self {
            field: &error.field,
            message: &error.message,
            element_id: place.map(|place| place.element_id.as_str()),
            line: place.map(|place| place.line),
            code: place.map(|place| place.code),
        }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.http()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let details = self.details.iter().map(ErrorDetail::from).collect();
        let data = ErrorData {
            error_code: self.code.name(),
            error_message: &self.message,
            error_details: details,
            request_id: super::request_id::current().unwrap_or_default(),
        };
        let envelope = Envelope { status: self.code.status(), msg: self.code.message(), data };
        let mut response = json(self.status_code(), &envelope);
        if self.code == Code::SessionInvalid {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_secs {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        if let Some(methods) = &self.allow
            && let Ok(value) = methods.parse()
        {
            response.headers_mut().insert(ALLOW, value);
        }
        response
    }
}
