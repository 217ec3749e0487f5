//! Removes what has outlived its purpose: old inbox rows, history whose order never came.

use std::sync::Arc;

use super::Ctx;
use crate::error::Error;
use crate::store::approval_logs;

/// Safe to run at any time, by any number of processes.
pub(crate) async fn sweep(ctx: Arc<Ctx>) -> Result<(), Error> {
    let conn = ctx.db.connection().await?;
    let removed = approval_logs::delete_orphans(&conn).await?;
    drop(conn);
    let removed = removed + shared::inbox::forget_old(&ctx.db).await?;
    tracing::debug!(removed, "swept");
    Ok(())
}
