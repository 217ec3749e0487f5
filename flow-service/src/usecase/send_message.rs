//! A message for an order that waits for it, or for a flow that it starts.

use flow_engine::value::Variables;
use shared::id::Tenant;

use super::Ctx;
use super::create_flow::key_of;
use super::move_order::{Cause, Done, Job, move_order};
use super::start_order::{Fired, start_at_point};
use super::work_errands::finish_step;
use crate::domain::run::{Act, Refusal};
use crate::error::Error;
use crate::store::errands;

/// How often somebody else may take a message's place before it gives up.
const MOST_ROUNDS: usize = 20;

/// What is asked.
pub(crate) struct SendMessage {
    pub(crate) name: String,
    pub(crate) order: Option<i64>,
    pub(crate) business_key: Option<String>,
    pub(crate) variables: Variables,
}

/// A message on its way.
pub(super) struct Message {
    pub(super) name: String,
    pub(super) business_key: Option<String>,
    /// Nobody without that business key gets it.
    pub(super) only_that_key: bool,
    /// Who starts the order that it starts.
    pub(super) initiator: String,
    pub(super) variables: Variables,
}

/// How many got it: 1 or 0. The order named; else one with that business key; else who waits longest;
/// else the flow that it starts.
pub(crate) async fn send_message(
    ctx: &Ctx,
    tenant: &Tenant,
    request: SendMessage,
) -> Result<usize, Error> {
    let id = shared::http::request_id::current().unwrap_or_default();
    let content = format!("{:?}{:?}{:?}", request.order, request.business_key, request.variables);
    let key = key_of(&["message", tenant.as_str(), &id, &request.name, &content]);
    let conn = ctx.db.connection().await?;
    let was_heard = errands::was_heard(&conn, key).await?;
    drop(conn);
    if was_heard {
        return Ok(1);
    }
    let cause = Cause { errand: None, heard: Some(key) };
    let done = match request.order {
        Some(order) => {
            let (name, variables) = (request.name, request.variables);
            let job = Job::act(tenant, order, Act::Message { name, wait: None, variables });
            match move_order(ctx, job.because_of(cause)).await {
                Ok(done) => Some(done),
                Err(Error::Order(Refusal::NothingWaits | Refusal::Over)) => None,
                Err(error) => return Err(error),
            }
        }
        None => {
            let message = Message {
                name: request.name,
                only_that_key: request.business_key.is_some(),
                business_key: request.business_key,
                initiator: String::new(),
                variables: request.variables,
            };
            deliver_message(ctx, tenant, message, cause, &key.to_string()).await?
        }
    };
    let Some(done) = done else { return Ok(0) };
    finish_step(ctx, tenant, done).await;
    Ok(1)
}

/// `None` = nobody waits and nothing starts. `firing` names this message: one that starts an order
/// twice starts it once.
pub(super) async fn deliver_message(
    ctx: &Ctx,
    tenant: &Tenant,
    message: Message,
    cause: Cause,
    firing: &str,
) -> Result<Option<Done>, Error> {
    let Message { name, business_key, only_that_key, initiator, variables } = message;
    for _ in 0..MOST_ROUNDS {
        let conn = ctx.db.connection().await?;
        let mut waiting = match &business_key {
            Some(key) => errands::find_waiting(&conn, tenant, &name, Some(key)).await?,
            None => None,
        };
        if waiting.is_none() && !only_that_key {
            waiting = errands::find_waiting(&conn, tenant, &name, None).await?;
        }
        let Some((order, wait)) = waiting else {
            let Some(point) = errands::find_point(&conn, tenant, Some(&name), None).await? else {
                return Ok(None);
            };
            drop(conn);
            let fired = Fired {
                point: point.id,
                flow: point.flow,
                version: point.version,
                process: point.process,
                node: point.node,
                cause: firing.to_owned(),
                business_key: business_key.unwrap_or_default(),
                initiator,
                variables,
                next: None,
            };
            return start_at_point(ctx, tenant, fired, cause).await.map(Some);
        };
        drop(conn);
        let act =
            Act::Message { name: name.clone(), wait: Some(wait), variables: variables.clone() };
        match move_order(ctx, Job::act(tenant, order, act).because_of(cause)).await {
            Ok(done) => return Ok(Some(done)),
            // Somebody else was faster: look again.
            Err(Error::Order(Refusal::NothingWaits | Refusal::Over)) => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::Crowded)
}
