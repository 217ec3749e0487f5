//! Removes what has outlived its purpose: nonces, old audit records, old inbox rows.

use std::sync::Arc;

use super::Ctx;
use crate::error::Error;
use crate::store::{audit, nonces};

/// Safe to run at any time, by any number of processes.
pub(crate) async fn sweep(ctx: Arc<Ctx>) -> Result<(), Error> {
    let conn = ctx.db.connection().await?;
    let removed = nonces::delete_old(&conn).await? + audit::delete_old(&conn).await?;
    drop(conn);
    let removed = removed + shared::inbox::forget_old(&ctx.db).await?;
    tracing::debug!(removed, "swept");
    Ok(())
}
