//! Facts of sync-service: people came, changed, were bound, enabled or disabled.

use std::sync::Arc;

use shared::contract::Delivered;
use shared::contract::directory::PeopleChanged;
use shared::id::Tenant;

use crate::domain::person::Person;
use crate::error::Error;
use crate::usecase;
use crate::usecase::Ctx;

pub(crate) async fn people_changed(
    ctx: Arc<Ctx>,
    events: Vec<Delivered<PeopleChanged>>,
) -> Result<(), Error> {
    let people = |event: Delivered<_>| Delivered { id: event.id, body: people(event.body) };
    let events = events.into_iter().map(people).collect();
    usecase::update_people::update_people(&ctx, events).await
}

fn people(event: PeopleChanged) -> Vec<(Tenant, Person)> {
    let tenant = Tenant::stored(event.tenant);
    let person = |one: shared::contract::directory::Person| Person {
        code: one.user_code,
        name: one.name,
        mobile: one.mobile,
        dingtalk_user_id: one.dingtalk_user_id,
        active: one.active,
        revision: one.revision,
    };
    event.people.into_iter().map(|one| (tenant.clone(), person(one))).collect()
}
