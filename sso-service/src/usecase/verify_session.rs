//! Whether a token, and the session it names, are good.

use shared::id::Tenant;
use shared::session::{self, AccessClaims, Refusal};
use uuid::Uuid;

use super::{Ctx, use_keys};
use crate::error::Error;
use crate::store::sessions;

/// What a token of a standing session says.
pub(crate) async fn verify_session(ctx: &Ctx, token: &str) -> Result<AccessClaims, Error> {
    let claims = verify_token(ctx, token).await?;
    let tenant = Tenant::stored(claims.tenant.clone());
    if show_session(ctx, &tenant, &claims.sid).await? {
        Ok(claims)
    } else {
        Err(Error::SessionInvalid)
    }
}

/// What a token says, whether its session stands or not.
pub(super) async fn verify_token(ctx: &Ctx, token: &str) -> Result<AccessClaims, Error> {
    let keys = use_keys::keys(ctx).await?;
    match session::verify(token, &keys.public, ctx.clock.now()) {
        Ok(claims) => Ok(claims),
        Err(Refusal::Invalid | Refusal::Expired) => Err(Error::SessionInvalid),
        // Another process may have made a key since we looked.
        Err(Refusal::UnknownKey) => {
            let keys = use_keys::fresh_keys(ctx).await?;
            session::verify(token, &keys.public, ctx.clock.now()).or(Err(Error::SessionInvalid))
        }
    }
}

/// Whether the enterprise has such a session, and it stands.
pub(crate) async fn show_session(ctx: &Ctx, tenant: &Tenant, id: &str) -> Result<bool, Error> {
    let Ok(id) = Uuid::parse_str(id) else { return Ok(false) };
    let conn = ctx.db.connection().await?;
    Ok(sessions::stands(&conn, tenant, id).await?)
}
