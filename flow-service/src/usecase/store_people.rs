//! Keeps our copy of who exists up to date; tasks that waited for somebody look again, and those of
//! whoever has left move.

use shared::contract::Delivered;
use shared::contract::directory::PeopleChanged;
use shared::inbox;

use super::Ctx;
use super::relieve_leavers::relieve_people;
use super::retry_incident::reassign_waiting;
use crate::error::Error;
use crate::store::people;

/// An older fact changes nothing.
pub(crate) async fn store_people(
    ctx: &Ctx,
    events: Vec<Delivered<PeopleChanged>>,
) -> Result<(), Error> {
    let ids: Vec<_> = events.iter().map(|event| event.id).collect();
    let mut changed = Vec::new();
    for event in &events {
        for person in &event.body.people {
            changed.push((event.body.tenant.clone(), person.user_code.clone()));
        }
    }
    ctx.db
        .transaction(async |tx| {
            let firsts = inbox::once(tx, "flow", &ids).await?;
            let news = events.iter().filter(|event| firsts.contains(&event.id));
            let rows: Vec<_> = news
                .flat_map(|event| {
                    event.body.people.iter().map(|person| (event.body.tenant.as_str(), person))
                })
                .collect();
            people::save_all(tx, &rows).await?;
            Ok::<_, Error>(())
        })
        .await?;
    for (tenant, code) in &changed {
        ctx.known.forget(tenant, code).await;
    }
    reassign_waiting(ctx, &changed).await?;
    relieve_people(ctx, &changed).await
}
