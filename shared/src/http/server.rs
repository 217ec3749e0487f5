//! The HTTP server of a service: our middleware around its routes, use cases detached from the
//! connection that asked for them.

use std::cell::RefCell;
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use actix_web::body::MessageBody;
use actix_web::dev::{ServerHandle, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::HeaderValue;
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, HttpServer};
use metrics::Label;
use tokio::runtime::Handle;
use tracing::Instrument;

use super::reply::ApiError;
use super::request_id;
use crate::code::Code;
use crate::identity::REQUEST_ID_HEADER;

/// The largest body a service takes; the gateway is stricter per address.
const BODY_MAX_BYTES: usize = 8 * 1024 * 1024;

/// Seconds that open connections get to finish once the server stops.
const SHUTDOWN_SECS: u64 = 25;

thread_local! {
    /// The process's main runtime, as seen from a request thread.
    static MAIN: RefCell<Option<Handle>> = const { RefCell::new(None) };
}

/// Binds now, so that a taken port fails the start and not the first request.
pub fn bind(address: &str) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).map_err(|error| {
        anyhow::anyhow!("cannot listen on {address} (http.address): {error}; stop what uses it or set another port")
    })?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// The address a listener really has.
pub fn address(listener: &TcpListener) -> anyhow::Result<SocketAddr> {
    Ok(listener.local_addr()?)
}

/// Starts a server over `listener` with the service's routes; ends when the handle stops it.
pub fn start<F>(
    listener: TcpListener,
    workers: usize,
    routes: F,
) -> anyhow::Result<(ServerHandle, tokio::task::JoinHandle<std::io::Result<()>>)>
where
    F: Fn(&mut ServiceConfig) + Clone + Send + 'static,
{
    let main = Handle::current();
    let server = HttpServer::new(move || {
        MAIN.with(|slot| *slot.borrow_mut() = Some(main.clone()));
        App::new()
            .app_data(web::PayloadConfig::new(BODY_MAX_BYTES))
            .wrap(from_fn(observe))
            .default_service(web::to(not_found))
            .configure(routes.clone())
    })
    .listen(listener)?
    .workers(workers)
    .disable_signals()
    .client_request_timeout(Duration::from_secs(15))
    // Longer than any client of ours keeps a connection, so that none is closed under a request.
    .keep_alive(Duration::from_secs(75))
    .shutdown_timeout(SHUTDOWN_SECS)
    .run();
    let handle = server.handle();
    Ok((handle, crate::telemetry::spawn(server)))
}

async fn not_found() -> Result<web::Bytes, ApiError> {
    Err(ApiError::of(Code::NotFound))
}

/// Runs a use case on the main runtime and waits for it. A client that hangs up ends the waiting,
/// not the work: no transaction is cut half way.
pub async fn detached<T, E>(
    work: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Result<T, ApiError>
where
    T: Send + 'static,
    E: Into<ApiError> + Send + 'static,
{
    let main = MAIN.with(|slot| slot.borrow().clone()).unwrap_or_else(Handle::current);
    let work = request_id::scope(request_id::current().unwrap_or_default(), work.in_current_span());
    match main.spawn(work).await {
        Ok(outcome) => outcome.map_err(Into::into),
        Err(error) => {
            tracing::error!(cause = %error, "a use case panicked");
            Err(ApiError::of(Code::Internal))
        }
    }
}

/// The method as a label; what a stranger makes up is one word, so that metrics stay bounded.
fn known_method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "HEAD" => "HEAD",
        _ => "other",
    }
}

/// Gives every request its id and span, and counts and times it.
async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let given = request.headers().get(REQUEST_ID_HEADER).and_then(|value| value.to_str().ok());
    let id = request_id::accept(given);
    let method = known_method(request.method());
    let began = Instant::now();
    let span = tracing::info_span!("request", request_id = %id, method, path = %request.path());
    let outcome = request_id::scope(id.clone(), async {
        let mut response = match next.call(request).await {
            Ok(response) => response.map_into_boxed_body(),
            Err(error) => return Err(error),
        };
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        Ok(response)
    })
    .instrument(span)
    .await?;
    let route = outcome.request().match_pattern().unwrap_or_else(|| "other".to_owned());
    let labels = [
        Label::from_static_parts("method", method),
        Label::new("route", route),
        Label::new("status", outcome.status().as_u16().to_string()),
    ];
    metrics::histogram!("http_request_seconds", labels.iter())
        .record(began.elapsed().as_secs_f64());
    Ok(outcome)
}

const REQUEST_ID: actix_web::http::header::HeaderName =
    actix_web::http::header::HeaderName::from_static(REQUEST_ID_HEADER);
