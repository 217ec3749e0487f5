//! Records what came of errands, if the round still holds them.

use std::collections::HashMap;

use shared::id::Tenant;
use uuid::Uuid;

use super::Ctx;
use crate::domain::delivery::Known;
use crate::domain::outcome::{Next, Outcome, after};
use crate::error::Error;
use crate::store::claims::{self, Claimed};
use crate::store::people;

/// One transaction for the outcomes of one call.
pub(crate) async fn record_outcomes(
    ctx: &Ctx,
    tenant: &Tenant,
    lease: Uuid,
    group: &[Claimed],
    outcomes: Vec<(i64, Outcome)>,
) -> Result<(), Error> {
    let outcomes: HashMap<i64, Outcome> = outcomes.into_iter().collect();
    let ids: Vec<i64> = outcomes.keys().copied().collect();
    let blamed: Vec<String> = group
        .iter()
        .filter(|claim| outcomes.get(&claim.known.id).is_some_and(Outcome::blames_person))
        .map(|claim| claim.user.clone())
        .collect();
    let nexts = ctx
        .db
        .transaction(async |tx| {
            let held = claims::load(tx, lease, &ids).await?;
            let next = |known: Known| Some((known, after(&known, outcomes.get(&known.id)?)));
            let nexts: Vec<_> = held.into_iter().filter_map(next).filter(is_legal).collect();
            claims::save_all(tx, lease, &nexts).await?;
            people::forget_ding_users(tx, tenant, blamed).await?;
            Ok::<_, Error>(nexts)
        })
        .await?;
    for (known, next) in nexts {
        if let Some(outcome) = outcomes.get(&known.id) {
            tell(tenant, known.channel.word(), known.id, outcome, &next);
        }
    }
    Ok(())
}

/// What the table does not know is a bug: it is left to the next round, and said aloud.
fn is_legal((known, next): &(Known, Next)) -> bool {
    let is_legal = known.state.may_become(next.state);
    if !is_legal {
        let (from, to) = (known.state.word(), next.state.word());
        tracing::error!(
            delivery = known.id,
            from,
            to,
            "an outcome does not fit the delivery's state"
        );
    }
    is_legal
}

/// The log and the metrics.
fn tell(tenant: &Tenant, channel: &'static str, id: i64, outcome: &Outcome, next: &Next) {
    let labels = [("channel", channel), ("outcome", outcome.word())];
    metrics::counter!("notify_pushes_total", &labels).increment(1);
    let state = next.state.word();
    let entry = next.entry.as_ref();
    let detail = entry.and_then(|entry| entry.detail.as_deref()).unwrap_or_default();
    match next.entry.as_ref().map(|entry| entry.ok) {
        Some(true) => {
            tracing::info!(%tenant, delivery = id, channel, state, outcome = outcome.word(), "delivery moved on")
        }
        Some(false) if next.due_in_ms.is_none() => {
            tracing::warn!(%tenant, delivery = id, channel, state, detail, "delivery came to an end without arriving");
        }
        Some(false) => {
            tracing::info!(%tenant, delivery = id, channel, state, detail, "delivery will be tried again");
        }
        None => {}
    }
}
