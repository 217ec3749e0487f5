//! What only services of the house may say.

use actix_web::post;
use actix_web::web::{Bytes, Data};
use shared::code::Code;
use shared::contract::order::OrderAdvanced;
use shared::http::reply::{Answer, ApiError, Done, Reply};
use shared::http::server::detached;
use shared::identity::Caller;

use crate::usecase;
use crate::usecase::Ctx;

/// Steps of orders of our own engine, as soon as flow-service has made them; the bus brings them too.
#[post("/internal/order/advanced")]
pub(crate) async fn follow_order(ctx: Data<Ctx>, caller: Caller, body: Bytes) -> Answer<Done> {
    caller.require_service()?;
    let facts: Vec<OrderAdvanced> = serde_json::from_slice(&body)
        .map_err(|error| ApiError::new(Code::InvalidParameter, error.to_string()))?;
    detached(async move { usecase::follow_order::follow_order(&ctx, facts).await }).await?;
    Ok(Reply(Done::new()))
}
