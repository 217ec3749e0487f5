//! People came, changed, were bound, enabled or disabled: what waited for them goes out, what they
//! shall not get any more does not.

use std::collections::BTreeMap;

use shared::contract::Delivered;
use shared::id::Tenant;
use shared::inbox;

use super::{CONSUMER, Ctx};
use crate::domain::person::Person;
use crate::error::Error;
use crate::store::{deliveries, people};

/// One transaction for a whole batch of events.
pub(crate) async fn update_people(
    ctx: &Ctx,
    events: Vec<Delivered<Vec<(Tenant, Person)>>>,
) -> Result<(), Error> {
    ctx.db
        .transaction(async |tx| {
            let news = inbox::fresh(tx, CONSUMER, events).await?;
            let newest = newest(news.into_iter().flatten());
            let tenants: Vec<&str> = newest.iter().map(|(tenant, _)| tenant.as_str()).collect();
            people::lock(tx, &tenants).await?;
            people::save_all(tx, &newest).await?;
            let codes: Vec<&str> = newest.iter().map(|(_, person)| person.code.as_str()).collect();
            deliveries::wake_people(tx, tenants.clone(), codes.clone()).await?;
            deliveries::skip_disabled(tx, tenants, codes).await?;
            Ok::<(), Error>(())
        })
        .await?;
    ctx.wake.notify_one();
    Ok(())
}

/// Each person once, as the highest revision says, in the order of the keys.
fn newest(people: impl Iterator<Item = (Tenant, Person)>) -> Vec<(Tenant, Person)> {
    let mut newest: BTreeMap<(Tenant, String), Person> = BTreeMap::new();
    for (tenant, person) in people {
        let place = (tenant, person.code.clone());
        if newest.get(&place).is_none_or(|known| known.revision <= person.revision) {
            newest.insert(place, person);
        }
    }
    newest.into_iter().map(|((tenant, _), person)| (tenant, person)).collect()
}
