//! Stops the pushes of an application; they are kept.

use super::Ctx;
use crate::error::Error;
use crate::store::endpoints::{self, EndpointKey};

/// Calls under way come to their end.
pub(crate) async fn pause_endpoint(ctx: &Ctx, key: EndpointKey) -> Result<(), Error> {
    let conn = ctx.db.connection().await?;
    if !endpoints::pause(&conn, &key).await? {
        return Err(Error::UnknownEndpoint(key.1.to_string()));
    }
    tracing::info!(tenant = %key.0, app = %key.1, "pushes paused");
    Ok(())
}
