//! Removes what has outlived its purpose: nonces, attempts to sign in, sessions, tokens, keys, old
//! audit records, old inbox rows.

use std::sync::Arc;

use super::{Ctx, use_keys};
use crate::error::Error;
use crate::store::{audit, logins, nonces, refresh_tokens, sessions, signing_keys};

/// Safe to run at any time, by any number of processes.
pub(crate) async fn sweep(ctx: Arc<Ctx>) -> Result<(), Error> {
    let conn = ctx.db.connection().await?;
    let removed = nonces::delete_old(&conn).await?
        + audit::delete_old(&conn).await?
        + logins::delete_old(&conn).await?
        + refresh_tokens::delete_old(&conn, ctx.session.refresh_days).await?
        + sessions::delete_old(&conn).await?
        + signing_keys::delete_old(&conn, use_keys::overlap_secs(&ctx)).await?;
    drop(conn);
    let removed = removed + shared::inbox::forget_old(&ctx.db).await?;
    tracing::debug!(removed, "swept");
    Ok(())
}
