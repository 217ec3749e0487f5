//! A person leaves a push out, so that those behind it can go.

use shared::outbox;

use super::Ctx;
use crate::domain::verdict::CallAnswer;
use crate::error::Error;
use crate::events::facts;
use crate::store::pushes::{self, Replayed};

/// The flow is told that a call will not be made.
pub(crate) async fn skip_push(ctx: &Ctx, id: i64) -> Result<(), Error> {
    ctx.db
        .transaction(async |tx| {
            let found = pushes::load(tx, &Replayed::One(id), 1).await?;
            let push = found.first().ok_or(Error::UnknownPush(id))?;
            push.known.skip()?;
            pushes::save_skip(tx, id).await?;
            pushes::promote_all(tx, &[(push.tenant.clone(), push.line)]).await?;
            if let Some(call) = &push.call {
                let answer = CallAnswer::failed("管理员跳过了对 ERP 的调用".to_owned());
                let fact = facts::service_answered(&push.tenant, push.order, call, answer);
                outbox::announce(tx, &fact).await?;
            }
            Ok::<(), Error>(())
        })
        .await?;
    tracing::info!(push = id, "push left out");
    ctx.wake_erp.notify_one();
    Ok(())
}
