//! Records what came of a push, if it is still held: its own state, the line's next, the
//! endpoint's health, and what the flow is told.

use std::time::Duration;

use shared::outbox;
use uuid::Uuid;

use super::Ctx;
use crate::domain::health::{self, Change, PausedBy};
use crate::domain::push::Known;
use crate::domain::verdict::{Next, Verdict, after};
use crate::error::Error;
use crate::events::facts;
use crate::store::endpoints::{self, EndpointKey, Failure};
use crate::store::push_claims::{self, Held};
use crate::store::{lines, pushes};

/// One transaction.
pub(crate) async fn record_push(
    ctx: &Ctx,
    key: &EndpointKey,
    lease: Uuid,
    held: &Held,
    verdict: &Verdict,
    took: Duration,
) -> Result<(), Error> {
    let (tenant, id) = (key.0.as_str(), held.known.id);
    let took_ms = i32::try_from(took.as_millis()).unwrap_or(i32::MAX);
    let recorded = ctx
        .db
        .transaction(async |tx| {
            let tx = &*tx;
            // Sent together, done in this order: everybody locks so.
            let ((), still, health) = tokio::try_join!(
                lines::lock(tx, tenant, held.line),
                push_claims::load(tx, lease, id),
                endpoints::load(tx, key),
            )?;
            let Some((known, is_unwanted)) = still else { return Ok(None) };
            let health = health.unwrap_or_default();
            let mut next = after(&known, verdict);
            if is_unwanted {
                next = Next { entry: next.entry, ..after(&known, &Verdict::Unwanted) };
            }
            if !is_legal(&known, &next) {
                return Ok(None);
            }
            let change = health::after(&health, known.kind, held.order, verdict);
            let detail = next.entry.as_ref().and_then(|entry| entry.detail.as_deref());
            let failure = Failure {
                order: held.order,
                detail: detail.unwrap_or_default(),
                probe_secs: ctx.push.probe_secs,
            };
            let freed = if next.holds { Vec::new() } else { vec![(tenant.to_owned(), held.line)] };
            let told = next.answer.clone().zip(held.call.as_ref());
            let facts: Vec<_> = told
                .map(|(answer, call)| facts::service_answered(tenant, held.order, call, answer))
                .into_iter()
                .collect();
            tokio::try_join!(
                push_claims::save(tx, lease, id, &next, took_ms),
                pushes::promote_all(tx, &freed),
                outbox::announce_all(tx, &facts),
                endpoints::save_change(tx, key, &change, &failure),
            )?;
            Ok::<_, Error>(Some((next, change, health.is_down)))
        })
        .await?;
    if let Some((next, change, was_down)) = recorded {
        tell(key, held, verdict, &next);
        warn(key, &change, was_down, &next);
        if !next.holds || change == Change::Back {
            ctx.wake_erp.notify_one();
        }
    }
    Ok(())
}

/// What the table does not know is a bug: it is left to the next round, and said aloud.
fn is_legal(known: &Known, next: &Next) -> bool {
    let is_legal = known.state.may_become(next.state);
    if !is_legal {
        let (from, to) = (known.state.word(), next.state.word());
        tracing::error!(push = known.id, from, to, "a verdict does not fit the push's state");
    }
    is_legal
}

/// The log and the metrics of the push.
fn tell((tenant, app): &EndpointKey, held: &Held, verdict: &Verdict, next: &Next) {
    let kind = held.known.kind.word();
    let labels = [("kind", kind), ("outcome", verdict.word())];
    metrics::counter!("notify_erp_pushes_total", &labels).increment(1);
    let (push, order, state) = (held.known.id, held.order, next.state.word());
    let Some(entry) = &next.entry else { return };
    let detail = entry.detail.as_deref().unwrap_or_default();
    match (entry.ok, next.state) {
        (true, _) => tracing::info!(%tenant, %app, order, push, kind, state, "pushed to the ERP"),
        (false, crate::domain::push::State::Parked) => {
            tracing::error!(%tenant, %app, order, push, kind, detail, "push parked; the order's later pushes wait for it");
        }
        (false, _) => {
            tracing::info!(%tenant, %app, order, push, kind, state, detail, "the ERP did not take a push")
        }
    }
}

/// What a person should know of the endpoint.
fn warn((tenant, app): &EndpointKey, change: &Change, was_down: bool, next: &Next) {
    let detail = next.entry.as_ref().and_then(|entry| entry.detail.as_deref()).unwrap_or_default();
    match change {
        Change::Down { rest_secs: Some(_) } if !was_down => {
            tracing::error!(%tenant, %app, detail, "an ERP refuses our signature or wants a rest; one probe at a time from now on");
        }
        Change::Down { .. } if !was_down => {
            tracing::error!(%tenant, %app, detail, "an ERP does not work; one probe at a time from now on");
        }
        Change::Back => tracing::info!(%tenant, %app, "an ERP works again"),
        Change::Paused(PausedBy::Failures) => {
            tracing::error!(%tenant, %app, detail, "pushes paused after a day of only failures; resume them with aiflow-admin");
        }
        Change::Paused(_) => {
            tracing::error!(%tenant, %app, detail, "pushes paused: the ERP says that its address is gone");
        }
        Change::NoLog { .. } => {
            tracing::warn!(%tenant, %app, "the ERP takes no approval logs; asked again in a day")
        }
        Change::None | Change::Well | Change::Failed { .. } | Change::Down { .. } => {}
    }
}
