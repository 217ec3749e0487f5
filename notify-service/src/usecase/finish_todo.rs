//! Ticks off the to-do of a task that has closed.

use shared::dingtalk::{Access, Trouble};

use super::call_dingtalk::{Round, Setback};
use crate::domain::outcome::Outcome;
use crate::ports::dingtalk::{Api, TODO_MISSING};
use crate::store::claims::Claimed;

/// What came of it; a to-do that is gone needs no tick.
pub(crate) async fn finish_todo(round: &Round<'_>, claim: &Claimed) -> Outcome {
    let Some((todo, unionid)) = &claim.remote else { return Outcome::TickedOff };
    let dingtalk = &round.ctx.dingtalk;
    let ask = |access: Access| async move { dingtalk.finish_todo(&access, unionid, todo).await };
    match round.call(Api::FinishTodo, ask).await {
        Ok(()) => Outcome::TickedOff,
        Err(Setback::Trouble(Trouble::Refused { message, .. })) if message == TODO_MISSING => {
            Outcome::TickedOff
        }
        Err(setback) => setback.into(),
    }
}
