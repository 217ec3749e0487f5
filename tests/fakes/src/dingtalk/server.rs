//! The HTTP side: turns requests into calls and answers into responses.

use std::{
    io,
    pin::Pin,
    sync::{Mutex, PoisonError},
    task::{Context, Poll},
};

use actix_web::{
    HttpRequest, HttpResponse,
    body::{BodySize, MessageBody},
    http::{StatusCode, header},
    web::{Bytes, Data},
};
use serde_json::Value;

use super::{answer::Answer, call::Call, desk, gate, sign_in, state::State};

const JSON: &str = "application/json;charset=UTF-8";
const PUNISHMENT: &str =
    "<!DOCTYPE html><html><head><title>punish</title></head><body>访问被拦截</body></html>";

pub(super) async fn serve(
    request: HttpRequest,
    body: Bytes,
    state: Data<Mutex<State>>,
) -> HttpResponse {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let call = Call::read(&request, &body);
    if call.path.starts_with("/_") {
        let (status, body) = desk::answer(&mut state, &call);
        return json(status, &body);
    }
    let answer = match call.path.as_str() {
        sign_in::PAGE => sign_in::page(&mut state, &call),
        _ => gate::answer(&mut state, call),
    };
    match answer {
        Answer::Json { status, body } => json(status, &body),
        Answer::Html { status, html } => HttpResponse::build(status_of(status))
            .content_type("text/html;charset=UTF-8")
            .body(html),
        Answer::Redirect(to) => {
            HttpResponse::Found().insert_header((header::LOCATION, to)).finish()
        }
        Answer::Page => HttpResponse::Ok().content_type("text/html;charset=UTF-8").body(PUNISHMENT),
        Answer::Unavailable => HttpResponse::ServiceUnavailable().body("503 Service Unavailable"),
        Answer::Silence => HttpResponse::Ok().body(Broken),
    }
}

fn json(status: u16, body: &Value) -> HttpResponse {
    HttpResponse::build(status_of(status)).content_type(JSON).body(body.to_string())
}

fn status_of(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A body that fails at once: the server closes the connection before it wrote anything.
struct Broken;

impl MessageBody for Broken {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Poll::Ready(Some(Err(io::Error::other("no answer"))))
    }
}
