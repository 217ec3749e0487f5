//! Removes what has outlived its purpose: old inbox rows.

use std::sync::Arc;

use super::Ctx;
use crate::error::Error;

/// Safe to run at any time, by any number of processes.
pub(crate) async fn sweep(ctx: Arc<Ctx>) -> Result<(), Error> {
    let removed = shared::inbox::forget_old(&ctx.db).await?;
    tracing::debug!(removed, "swept");
    Ok(())
}
