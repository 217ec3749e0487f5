//! Tasks opened for people, or closed: deliveries open, to-dos are to be ticked off.

use shared::inbox;
use uuid::Uuid;

use super::{CONSUMER, Ctx};
use crate::domain::change::{OrderChange, fold};
use crate::error::Error;
use crate::store::{deliveries, notices};

/// One transaction and a handful of statements for a whole batch of events.
pub(crate) async fn notify_tasks(
    ctx: &Ctx,
    changes: Vec<(Uuid, OrderChange)>,
) -> Result<(), Error> {
    let ids: Vec<Uuid> = changes.iter().map(|(id, _)| *id).collect();
    ctx.db
        .transaction(async |tx| {
            let firsts = inbox::once(tx, CONSUMER, &ids).await?;
            let fresh = changes.into_iter().filter(|(id, _)| firsts.contains(id));
            let folded = fold(fresh.map(|(_, change)| change).collect());
            if folded.standings.is_empty() {
                return Ok::<(), Error>(());
            }
            notices::save_all(tx, &folded).await?;
            notices::save_standings(tx, &folded).await?;
            deliveries::open_all(tx, &folded).await?;
            deliveries::settle_all(tx, &folded).await?;
            Ok(())
        })
        .await?;
    ctx.wake.notify_one();
    Ok(())
}
