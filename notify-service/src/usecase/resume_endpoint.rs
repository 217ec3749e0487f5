//! Lets the pushes of an application go on, whoever stopped them.

use super::Ctx;
use crate::error::Error;
use crate::store::endpoints::{self, EndpointKey};

/// What piled up goes out at a pace.
pub(crate) async fn resume_endpoint(ctx: &Ctx, key: EndpointKey) -> Result<(), Error> {
    let is_known =
        ctx.db.transaction(async |tx| Ok::<_, Error>(endpoints::resume(tx, &key).await?)).await?;
    if !is_known {
        return Err(Error::UnknownEndpoint(key.1.to_string()));
    }
    tracing::info!(tenant = %key.0, app = %key.1, "pushes resumed");
    ctx.wake_erp.notify_one();
    Ok(())
}
