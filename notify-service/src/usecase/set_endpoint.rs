//! Says where an application's ERP is.

use super::Ctx;
use crate::domain::endpoint::Endpoint;
use crate::error::Error;
use crate::store::endpoints::{self, EndpointKey};

/// Stores it, and says how many pushes never went out because there was none.
pub(crate) async fn set_endpoint(
    ctx: &Ctx,
    key: EndpointKey,
    endpoint: Endpoint,
) -> Result<i64, Error> {
    let known = ctx.credentials.show(&key.0, &key.1).await;
    known.map_err(Error::Secret)?.ok_or_else(|| Error::UnknownApplication(key.1.to_string()))?;
    let is_admitted = [&endpoint.receive, &endpoint.log]
        .iter()
        .all(|path| endpoint.base.join(path).is_some_and(|url| ctx.erp.admits(&url)));
    if !is_admitted {
        return Err(Error::NotAdmitted);
    }
    let left = ctx
        .db
        .transaction(async |tx| Ok::<_, Error>(endpoints::save(tx, &key, &endpoint).await?))
        .await?;
    tracing::info!(tenant = %key.0, app = %key.1, base = endpoint.base.as_str(), "ERP endpoint set");
    ctx.wake_erp.notify_one();
    Ok(left)
}
