//! Facts of flow-service: a step moved an order of our own engine.

use std::sync::Arc;

use shared::contract::Delivered;
use shared::contract::order::OrderAdvanced;

use crate::error::Error;
use crate::usecase;
use crate::usecase::Ctx;

pub(crate) async fn order_advanced(
    ctx: Arc<Ctx>,
    events: Vec<Delivered<OrderAdvanced>>,
) -> Result<(), Error> {
    usecase::tell_erp::tell_erp(&ctx, events).await
}
