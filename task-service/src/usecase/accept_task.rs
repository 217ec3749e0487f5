//! Somebody says that they have seen a task of our own engine and shall do it: nothing moves.

use shared::id::Tenant;

use super::Ctx;
use super::write_orders::{Change, Job};
use crate::domain::decision::{Action, Decider, Judgement, Refusal, judge};
use crate::domain::order::Verdict;
use crate::error::Error;
use crate::store::tasks;

/// Who shall do what.
#[derive(Clone, Debug)]
pub(crate) struct Acceptance {
    pub(crate) task: String,
    pub(crate) decider: Decider,
}

/// Whether anything changed; saying it a second time changes nothing.
pub(crate) async fn accept_task(
    ctx: &Ctx,
    tenant: &Tenant,
    acceptance: Acceptance,
) -> Result<bool, Error> {
    let Acceptance { task, decider } = acceptance;
    let conn = ctx.db.connection().await?;
    let Some((order, standing)) = tasks::find_native(&conn, tenant, &task, &decider.user).await?
    else {
        return match tasks::is_third_party(&conn, tenant, &task, &decider.user).await? {
            true => Err(Refusal::ThirdParty.into()),
            false => Err(Error::UnknownTask(task)),
        };
    };
    drop(conn);
    match judge(&standing, Action::Accept, &decider)? {
        Judgement::Done => Ok(false),
        Judgement::Go => {
            let change = Change::Accept { task, decider };
            let accepted = ctx.writes.submit(Job::new(order, change)).await??;
            Ok(accepted.verdict == Verdict::Applied)
        }
    }
}
