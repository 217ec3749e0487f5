//! A person has pushes sent again: one, those that failed, or all since an instant.

use super::Ctx;
use crate::error::Error;
use crate::store::pushes;
pub(crate) use crate::store::pushes::Replayed;

/// Pushes replayed by one request.
const MOST: i64 = 1_000;

/// How many were put back into their lines. One that cannot be replayed is an error when it was
/// named, and left alone when it was one of many.
pub(crate) async fn replay_pushes(ctx: &Ctx, wanted: Replayed) -> Result<usize, Error> {
    let replayed = ctx
        .db
        .transaction(async |tx| {
            let found = pushes::load(tx, &wanted, MOST).await?;
            if let Replayed::One(id) = &wanted {
                found.first().ok_or(Error::UnknownPush(*id))?.known.replay()?;
            }
            let again: Vec<_> =
                found.iter().filter(|one| one.known.replay().is_ok() && !one.is_held).collect();
            let ids: Vec<i64> = again.iter().map(|one| one.known.id).collect();
            pushes::save_replays(tx, &ids).await?;
            let lines: Vec<_> = again.iter().map(|one| (one.tenant.clone(), one.line)).collect();
            pushes::promote_all(tx, &lines).await?;
            Ok::<usize, Error>(ids.len())
        })
        .await?;
    tracing::info!(pushes = replayed, "pushes replayed");
    ctx.wake_erp.notify_one();
    Ok(replayed)
}
