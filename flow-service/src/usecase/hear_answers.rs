//! An ERP answered the call of a service task, or never will: its order goes on, or gets stuck.

use flow_engine::value::Value;
use futures_util::future::join_all;
use shared::contract::Delivered;
use shared::contract::order::ServiceAnswered;
use shared::id::Tenant;

use super::Ctx;
use super::move_order::{Cause, Job, move_order};
use super::work_errands::work_errands;
use crate::domain::order::parse_wire_id;
use crate::domain::run::{Act, Refusal};
use crate::error::Error;
use crate::store::errands;

/// The error that an ERP's refusal raises where it names none itself.
const REFUSED: &str = "ERP_REFUSED";

/// One after the other for each order, orders side by side.
pub(crate) async fn hear_answers(
    ctx: &Ctx,
    events: Vec<Delivered<ServiceAnswered>>,
) -> Result<(), Error> {
    let outcomes = join_all(events.into_iter().map(|event| hear(ctx, event))).await;
    outcomes.into_iter().collect()
}

async fn hear(ctx: &Ctx, event: Delivered<ServiceAnswered>) -> Result<(), Error> {
    let conn = ctx.db.connection().await?;
    let was_heard = errands::was_heard(&conn, event.id).await?;
    drop(conn);
    let ServiceAnswered { tenant, call_id, outcome, answer, reason, .. } = event.body;
    let Some((order, wait, _)) = parse_wire_id(&call_id).filter(|_| !was_heard) else {
        return Ok(());
    };
    let act = match outcome.as_str() {
        "answered" => Act::Answer { wait, answer: Value::from_json(&answer) },
        "refused" => {
            let code = ["/data/errorCode", "/errorCode"]
                .iter()
                .find_map(|place| answer.pointer(place)?.as_str())
                .unwrap_or(REFUSED);
            let (code, answer) = (code.to_owned(), Value::from_json(&answer));
            Act::Refuse { wait, code, message: reason, answer }
        }
        _ => Act::Fail { wait, reason },
    };
    let cause = Cause { errand: None, heard: Some(event.id) };
    let job = Job::act(&Tenant::stored(tenant), order, act).because_of(cause);
    match move_order(ctx, job).await {
        Ok(done) => {
            tracing::info!(order, outcome, "a service answered");
            work_errands(ctx, done.errands).await;
            Ok(())
        }
        // The call is not wanted any longer, or was answered before.
        Err(Error::Order(Refusal::NothingWaits | Refusal::Over) | Error::UnknownOrder(_)) => Ok(()),
        Err(error) => Err(error),
    }
}
