//! Binds a person to their DingTalk user, by id or by mobile.

use shared::id::{Tenant, UserCode};
use shared::outbox;

use super::{Ctx, lock_for_erp};
use crate::error::Error;
use crate::events::facts;
use crate::store::users;

/// What is asked; at least one of the two is there.
pub(crate) struct BindUser {
    pub(crate) user: UserCode,
    pub(crate) dingtalk_user_id: Option<String>,
    pub(crate) mobile: Option<String>,
}

/// A repeat changes nothing and gives the same answer.
pub(crate) async fn bind_user(
    ctx: &Ctx,
    tenant: &Tenant,
    request: BindUser,
) -> Result<UserCode, Error> {
    ctx.db
        .transaction(async |tx| {
            let directory = lock_for_erp(tx, tenant).await?;
            let code = request.user.as_str();
            let stored = users::find(tx, tenant, code)
                .await?
                .ok_or_else(|| Error::UnknownUser(code.to_owned()))?;
            if let Some(link) = &request.dingtalk_user_id
                && users::find_by_link(tx, tenant, link)
                    .await?
                    .is_some_and(|holder| holder.code != code)
            {
                return Err(Error::LinkTaken(link.clone()));
            }
            let mut bound = stored.clone();
            bound.dingtalk_user_id = request.dingtalk_user_id.or(bound.dingtalk_user_id);
            bound.dingtalk_mobile = request.mobile.or(bound.dingtalk_mobile);
            if bound != stored {
                let changed = [bound];
                users::save_all(tx, tenant, directory.revision, &changed).await?;
                outbox::announce_all(
                    tx,
                    &facts::people_changed(tenant, directory.revision, &changed),
                )
                .await?;
            }
            Ok(request.user)
        })
        .await
}
