//! What a session costs: its check at every request, and its refresh.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};
use shared::id::{Tenant, UserCode};
use shared::identity::{Actor, Caller, IDENTITY_HEADER};
use tokio::task::JoinSet;

use crate::house::House;
use crate::load::{Meter, Outcome, Plan, Signer, Source, Wire, write};
use crate::proc::Watch;
use crate::sign_in::{SignedIn, TENANT};

const PATH: &str = "/aflow/api/task/todo";

/// The list as people's programs ask for it: another session with each request.
pub(crate) fn with_bearer(people: &[SignedIn]) -> Source {
    let requests: Vec<Vec<u8>> = people
        .iter()
        .map(|person| {
            let mut request = Vec::new();
            let bearer = format!("Bearer {}", person.access);
            write("GET", PATH, ("Authorization", &bearer), b"", &mut request);
            request
        })
        .collect();
    one_of(requests)
}

/// The same list as the gateway passes it on.
pub(crate) fn direct(people: &[SignedIn]) -> anyhow::Result<Source> {
    let keys = House::keys();
    let mut requests = Vec::new();
    for person in people {
        let actor = Actor::Person(UserCode::stored(person.user.as_str()));
        let token = keys.issue(&Caller { tenant: Tenant::stored(TENANT), actor })?;
        let mut request = Vec::new();
        write("GET", PATH, (IDENTITY_HEADER, &token), b"", &mut request);
        requests.push(request);
    }
    Ok(one_of(requests))
}

/// The same list as the ERP asks for it.
pub(crate) fn signed(erp: &Signer, people: &[SignedIn]) -> Source {
    let requests = people.iter().map(|person| {
        let mut request = Vec::new();
        erp.write("GET", &format!("{PATH}?userCode={}", person.user), b"", &mut request);
        request
    });
    one_of(requests.collect())
}

fn one_of(requests: Vec<Vec<u8>>) -> Source {
    Arc::new(move |number, into| {
        let place = usize::try_from(number).unwrap_or(0) % requests.len().max(1);
        into.extend_from_slice(requests.get(place).map_or(&[], Vec::as_slice));
    })
}

/// Refreshes, each session on a connection of its own and one after the other, because each answer
/// holds what the next request needs.
pub(crate) async fn refresh(
    plan: Plan,
    people: &[SignedIn],
    watch: &Watch,
) -> anyhow::Result<Outcome> {
    let (meter, mut drivers) = (Arc::new(Meter::default()), JoinSet::new());
    for person in people.iter().take(plan.connections) {
        drivers.spawn(drive(plan.address, person.clone(), meter.clone()));
    }
    meter.measure(&plan, watch, drivers).await
}

async fn drive(
    address: SocketAddr,
    person: SignedIn,
    meter: Arc<Meter>,
) -> anyhow::Result<Vec<u32>> {
    let mut wire = Wire::open(address).await?;
    let (mut token, mut latencies, mut request) = (person.refresh, Vec::new(), Vec::new());
    while meter.goes_on() {
        request.clear();
        let body = json!({"refreshToken": token}).to_string();
        let address = "/aflow/api/oauth2/refresh";
        write("POST", address, ("Accept", "application/json"), body.as_bytes(), &mut request);
        let began = Instant::now();
        let answer = tokio::time::timeout(Duration::from_secs(10), wire.exchange(&request));
        let answer = answer.await.context("no answer to a refresh")??;
        meter.note(began, &mut latencies);
        let body: Value = serde_json::from_slice(answer.body)?;
        let next = body.pointer("/data/refreshToken").and_then(Value::as_str);
        token = next.with_context(|| format!("a refresh was refused: {body}"))?.to_owned();
    }
    Ok(latencies)
}
