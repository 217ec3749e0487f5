//! What task-service hears and tells.

pub(crate) mod facts;

use std::sync::Arc;

use shared::contract::Delivered;
use shared::contract::directory::PeopleChanged;
use shared::contract::flow::FlowPublished;
use shared::contract::order::OrderAdvanced;
use shared::inbox::Subscriptions;

use crate::error::Error;
use crate::usecase::{Ctx, follow_order, store_copies};

/// The subscription table.
pub(crate) fn subscriptions() -> Subscriptions<Ctx> {
    Subscriptions::default().on(people_changed).on(flow_published).on(order_advanced)
}

async fn people_changed(ctx: Arc<Ctx>, events: Vec<Delivered<PeopleChanged>>) -> Result<(), Error> {
    store_copies::store_people(&ctx, events).await
}

async fn flow_published(ctx: Arc<Ctx>, events: Vec<Delivered<FlowPublished>>) -> Result<(), Error> {
    store_copies::store_flows(&ctx, events).await
}

async fn order_advanced(ctx: Arc<Ctx>, events: Vec<Delivered<OrderAdvanced>>) -> Result<(), Error> {
    let facts = events.into_iter().map(|event| event.body).collect();
    follow_order::follow_order(&ctx, facts).await
}
