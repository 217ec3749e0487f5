//! `/health/live`, `/health/ready` with each part's state, and `/metrics`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::{HttpResponse, web};
use serde_json::json;

use crate::bus::Bus;
use crate::db::Database;

/// The parts a service stands on.
#[derive(Clone)]
pub struct Parts {
    /// Its database.
    pub db: Database,
    /// Its bus.
    pub bus: Bus,
    /// Whether it is about to stop.
    pub draining: Draining,
}

/// Set when a process is about to stop: readiness says no while requests are still served, so that
/// whoever sends them can turn away in time.
#[derive(Clone, Default)]
pub struct Draining(Arc<AtomicBool>);

/// How long readiness says no before the server stops accepting.
const NOTICE: Duration = Duration::from_millis(500);

impl Draining {
    /// Says no from now on, and gives everybody a moment to notice.
    pub async fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
        tokio::time::sleep(NOTICE).await;
    }

    /// Whether it has begun.
    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Adds the addresses.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/health/live", web::get().to(live))
        .route("/health/ready", web::get().to(ready))
        .route("/metrics", web::get().to(metrics));
}

/// The process runs.
pub async fn live() -> HttpResponse {
    envelope(true, json!({"state": "up"}))
}

/// Database away = down (503). Broker away = degraded: intake goes on (still 200).
async fn ready(parts: web::Data<Parts>) -> HttpResponse {
    let (database, bus) = (parts.db.is_ready().await, parts.bus.is_ready());
    let word = |up| if up { "up" } else { "down" };
    let draining = parts.draining.has_begun();
    let state = match (database, bus) {
        _ if draining => "draining",
        (true, true) => "up",
        (true, false) => "degraded",
        (false, _) => "down",
    };
    envelope(
        database && !draining,
        json!({"state": state, "parts": {"database": word(database), "bus": word(bus)}}),
    )
}

/// All metrics of the process.
pub async fn metrics() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(crate::telemetry::metrics_text())
}

/// The envelope of a health answer: 200, or 503 with UNAVAILABLE's status.
pub fn envelope(up: bool, data: serde_json::Value) -> HttpResponse {
    if up {
        HttpResponse::Ok().json(json!({"status": 0, "msg": "success", "data": data}))
    } else {
        HttpResponse::ServiceUnavailable()
            .json(json!({"status": -1024, "msg": "系统错误", "data": data}))
    }
}
