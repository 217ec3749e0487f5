//! The HTTP side: which address does what, and how answers and faults become responses.

use std::{
    io,
    pin::Pin,
    sync::{Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    body::{BodySize, MessageBody},
    http::{StatusCode, header},
    web::{Bytes, Data},
};
use serde_json::Value;
use tokio::time::{Interval, interval, sleep};

use super::{
    authorize, call::Call, control::Fault, desk, login, received::Received, state::State, token,
    userinfo, workflow,
};
use crate::form::escaped;

const HUGE_BYTES: usize = 100 * 1024 * 1024;
const CHUNK_BYTES: usize = 64 * 1024;

pub(super) enum Answer {
    Json {
        status: u16,
        body: Value,
    },
    Page {
        status: u16,
        html: String,
    },
    Redirect {
        to: String,
        cookie: Option<String>,
    },
    /// An empty body, and when to come again.
    Busy {
        status: u16,
        retry_after: String,
    },
}

impl Answer {
    pub(super) fn json(status: u16, body: Value) -> Answer {
        Answer::Json { status, body }
    }

    pub(super) fn page(status: u16, title: &str, body: &str) -> Answer {
        let html = format!(
            "<!DOCTYPE html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\
             <title>{title}</title></head><body><h1>{title}</h1>{body}</body></html>"
        );
        Answer::Page { status, html }
    }

    pub(super) fn refusal_page(error: &str, text: &str) -> Answer {
        let body = format!("<p id=\"error\">{}</p><p>{}</p>", escaped(error), escaped(text));
        Answer::page(400, "无法授权", &body)
    }

    pub(super) fn redirect(to: String) -> Answer {
        Answer::Redirect { to, cookie: None }
    }

    fn status(&self) -> u16 {
        match self {
            Answer::Json { status, .. }
            | Answer::Page { status, .. }
            | Answer::Busy { status, .. } => *status,
            Answer::Redirect { .. } => 302,
        }
    }
}

pub(super) async fn serve(
    request: HttpRequest,
    body: Bytes,
    state: Data<Mutex<State>>,
) -> HttpResponse {
    let call = Call::read(&request, &body);
    let (fault, answer) = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        if call.path.starts_with("/_") {
            let (status, body) = desk::answer(&mut state, &call);
            return render(Answer::json(status, body));
        }
        let fault = match call.path.as_str() {
            token::ADDRESS => state.habits.token.clone(),
            userinfo::ADDRESS => state.habits.userinfo.clone(),
            _ if workflow::is_push(&call) => workflow::fault(&state, &call),
            _ => Fault::Fine,
        };
        let answer = match &fault {
            Fault::Fine | Fault::Slow(_) | Fault::Merge(_) => route(&mut state, &call),
            Fault::Say { status, body } => Answer::json(*status, body.clone()),
            Fault::Busy { status, retry_after } => {
                Answer::Busy { status: *status, retry_after: retry_after.clone() }
            }
            Fault::NotJson => Answer::page(200, "维护中", "<p>系统维护中</p>"),
            Fault::Redirect(to) => Answer::redirect(to.clone()),
            Fault::Huge | Fault::Drip => Answer::json(200, Value::Null),
        };
        state.received.push(Received::of(&call, answer.status()));
        if workflow::is_push(&call) {
            workflow::remember(&mut state, &call, answer.status());
        }
        (fault, answer)
    };
    match fault {
        Fault::Slow(millis) => {
            sleep(Duration::from_millis(millis)).await;
            render(answer)
        }
        Fault::Merge(over) => render(merged(answer, over)),
        Fault::Huge => endless(HUGE_BYTES, Bytes::from(vec![b'a'; CHUNK_BYTES]), None),
        Fault::Drip => {
            let every_second = interval(Duration::from_secs(1));
            endless(HUGE_BYTES, Bytes::from_static(b"a"), Some(every_second))
        }
        Fault::Fine
        | Fault::Say { .. }
        | Fault::Busy { .. }
        | Fault::NotJson
        | Fault::Redirect(_) => render(answer),
    }
}

fn route(state: &mut State, call: &Call) -> Answer {
    match (call.method.as_str(), call.path.as_str()) {
        ("GET", authorize::ADDRESS) => authorize::authorize(state, call),
        ("POST", token::ADDRESS) => token::token(state, call),
        (_, token::ADDRESS) => token::refused(405, "invalid_request", "method not allowed"),
        _ if workflow::is_push(call) => workflow::receive(state, call),
        (_, userinfo::ADDRESS) => userinfo::userinfo(state, call),
        ("GET", login::ADDRESS) => login::show(call),
        ("POST", login::ADDRESS) => login::sign_in(state, call),
        ("POST", login::CONSENT) => login::consent(state, call),
        ("GET", "/web/session/logout") => login::sign_out(state, call),
        ("GET", "/" | "/web") => login::home(state, call),
        _ => Answer::page(404, "404", "<p>没有这个页面</p>"),
    }
}

fn render(answer: Answer) -> HttpResponse {
    let begin = |status: u16| {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response: HttpResponseBuilder = HttpResponse::build(status);
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        response
    };
    let status = answer.status();
    match answer {
        Answer::Json { body, .. } => {
            let mut response = begin(status);
            if status == 401 {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
            }
            response.content_type("application/json").body(body.to_string())
        }
        Answer::Busy { retry_after, .. } => {
            begin(status).insert_header((header::RETRY_AFTER, retry_after)).finish()
        }
        Answer::Page { html, .. } => {
            begin(status).content_type("text/html; charset=utf-8").body(html)
        }
        Answer::Redirect { to, cookie } => {
            let mut response = begin(status);
            response.insert_header((header::LOCATION, to));
            if let Some(cookie) = cookie {
                response.insert_header((header::SET_COOKIE, cookie));
            }
            response.finish()
        }
    }
}

/// A good answer with other members; a refusal stays as it is.
fn merged(answer: Answer, over: Value) -> Answer {
    let (Answer::Json { status: 200, mut body }, Value::Object(over)) = (answer, over) else {
        return token::refused(500, "server_error", "nothing to merge with");
    };
    if let Some(members) = body.as_object_mut() {
        for (name, value) in over {
            match value {
                Value::Null => drop(members.remove(&name)),
                value => drop(members.insert(name, value)),
            }
        }
    }
    Answer::json(200, body)
}

fn endless(left: usize, chunk: Bytes, pace: Option<Interval>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(Endless { left, chunk, pace })
}

/// The same bytes again and again, at a pace or as fast as they are taken.
struct Endless {
    left: usize,
    chunk: Bytes,
    pace: Option<Interval>,
}

impl MessageBody for Endless {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if let Some(pace) = &mut self.pace {
            ready!(pace.poll_tick(context));
        }
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left = self.left.saturating_sub(self.chunk.len());
        Poll::Ready(Some(Ok(self.chunk.clone())))
    }
}
