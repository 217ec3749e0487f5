//! What flow-service hears and tells.

pub(crate) mod facts;

use std::sync::Arc;

use shared::contract::Delivered;
use shared::contract::directory::{DepartmentsChanged, PeopleChanged};
use shared::contract::order::ServiceAnswered;
use shared::inbox::Subscriptions;

use crate::error::Error;
use crate::usecase::{Ctx, hear_answers, store_departments, store_people};

/// The subscription table.
pub(crate) fn subscriptions() -> Subscriptions<Ctx> {
    Subscriptions::default().on(people_changed).on(departments_changed).on(service_answered)
}

async fn people_changed(ctx: Arc<Ctx>, events: Vec<Delivered<PeopleChanged>>) -> Result<(), Error> {
    store_people::store_people(&ctx, events).await
}

async fn departments_changed(
    ctx: Arc<Ctx>,
    events: Vec<Delivered<DepartmentsChanged>>,
) -> Result<(), Error> {
    store_departments::store_departments(&ctx, events).await
}

async fn service_answered(
    ctx: Arc<Ctx>,
    events: Vec<Delivered<ServiceAnswered>>,
) -> Result<(), Error> {
    hear_answers::hear_answers(&ctx, events).await
}
