//! The HTTP side: turns requests into calls and answers into responses.

use std::{
    io,
    net::TcpListener,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    body::{BodySize, MessageBody},
    dev::{Server, ServerHandle},
    http::StatusCode,
    rt::System,
    web::{self, Bytes, Data},
};
use serde_json::Value;
use tokio::sync::oneshot;

use super::{answer::Answer, call::Call, desk, gate, state::State};

const BODY_LIMIT: usize = 16 * 1024 * 1024;
const JSON: &str = "application/json;charset=UTF-8";
const PUNISHMENT: &str =
    "<!DOCTYPE html><html><head><title>punish</title></head><body>访问被拦截</body></html>";

/// Serves until told to stop; the handle for that goes to `ready`.
pub(super) fn run(
    listener: TcpListener,
    state: Arc<Mutex<State>>,
    ready: oneshot::Sender<io::Result<ServerHandle>>,
) {
    System::new().block_on(async {
        let server = match build(listener, state) {
            Ok(server) => server,
            Err(error) => {
                drop(ready.send(Err(error)));
                return;
            }
        };
        if ready.send(Ok(server.handle())).is_ok() {
            drop(server.await);
        }
    });
}

fn build(listener: TcpListener, state: Arc<Mutex<State>>) -> io::Result<Server> {
    let state = Data::from(state);
    let app = move || {
        App::new()
            .app_data(state.clone())
            .app_data(web::PayloadConfig::new(BODY_LIMIT))
            .default_service(web::to(serve))
    };
    Ok(HttpServer::new(app).workers(1).disable_signals().listen(listener)?.run())
}

async fn serve(request: HttpRequest, body: Bytes, state: Data<Mutex<State>>) -> HttpResponse {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let call = Call::read(&request, &body);
    if call.path.starts_with("/_") {
        let (status, body) = desk::answer(&mut state, &call);
        return json(status, &body);
    }
    match gate::answer(&mut state, call) {
        Answer::Json { status, body } => json(status, &body),
        Answer::Page => HttpResponse::Ok().content_type("text/html;charset=UTF-8").body(PUNISHMENT),
        Answer::Unavailable => HttpResponse::ServiceUnavailable().body("503 Service Unavailable"),
        Answer::Silence => HttpResponse::Ok().body(Broken),
    }
}

fn json(status: u16, body: &Value) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status).content_type(JSON).body(body.to_string())
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
