//! A person tries again: what failed, was parked or blocked, or found DingTalk not configured.

use super::Ctx;
use crate::domain::delivery::{Known, State};
use crate::error::Error;
use crate::store::deliveries;
pub(crate) use crate::store::deliveries::Replayed;

/// Deliveries replayed by one request.
const MOST: i64 = 1_000;

/// How many were made due again. One that cannot be replayed is an error when it was named, and
/// left alone when it was one of many.
pub(crate) async fn replay_deliveries(ctx: &Ctx, wanted: Replayed) -> Result<usize, Error> {
    let replayed = ctx
        .db
        .transaction(async |tx| {
            let known = deliveries::load(tx, &wanted, MOST).await?;
            let replays = match &wanted {
                Replayed::One(id) => {
                    let one = known.first().ok_or(Error::UnknownDelivery(*id))?;
                    vec![(*one, one.replay()?)]
                }
                Replayed::Of(..) => many(known),
            };
            deliveries::save_replays(tx, &replays).await?;
            Ok::<usize, Error>(replays.len())
        })
        .await?;
    tracing::info!(deliveries = replayed, "deliveries replayed");
    ctx.wake.notify_one();
    Ok(replayed)
}

fn many(known: Vec<Known>) -> Vec<(Known, State)> {
    known.into_iter().filter_map(|one| Some((one, one.replay().ok()?))).collect()
}
