//! `/health/ready` of the door: each service behind it with its state.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::Data;
use awc::Client;
use futures_util::future::join_all;
use serde_json::{Map, Value, json};
use shared::http::health::envelope;

use crate::door::Door;

/// Up when every service is; degraded while some part of one is; down when one does not answer.
pub(crate) async fn ready(door: Data<Door>, client: Data<Client>) -> HttpResponse {
    let services = &door.services;
    let all = [
        ("flow", &services.flow),
        ("task", &services.task),
        ("sync", &services.sync),
        ("sso", &services.sso),
        ("notify", &services.notify),
    ];
    let states = join_all(all.map(|(name, base)| ask(&client, name, base))).await;
    let worst = if door.draining.has_begun() {
        "draining"
    } else if states.iter().any(|(_, state)| state["state"] == "down") {
        "down"
    } else if states.iter().any(|(_, state)| state["state"] != "up") {
        "degraded"
    } else {
        "up"
    };
    let parts: Map<String, Value> =
        states.into_iter().map(|(name, state)| (name.to_owned(), state)).collect();
    envelope(!matches!(worst, "down" | "draining"), json!({"state": worst, "parts": parts}))
}

async fn ask<'a>(client: &Client, name: &'a str, base: &str) -> (&'a str, Value) {
    let down = || json!({"state": "down"});
    let asked =
        client.get(format!("{base}/health/ready")).timeout(Duration::from_secs(2)).send().await;
    let state = match asked {
        Ok(mut answer) => match answer.json::<Value>().await {
            Ok(body) => body.get("data").cloned().unwrap_or_else(down),
            Err(_) => down(),
        },
        Err(_) => down(),
    };
    (name, state)
}
