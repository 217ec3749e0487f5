//! People came, changed, or were disabled: our copy follows, and whoever may not act is signed out.

use shared::contract::Delivered;
use shared::contract::directory::PeopleChanged;
use shared::inbox;

use super::{Ctx, end_session};
use crate::error::Error;
use crate::store::{people, sessions};

/// The consumer's name in the inbox.
const CONSUMER: &str = "sso";

/// One transaction for a whole batch of events.
pub(crate) async fn update_people(
    ctx: &Ctx,
    events: Vec<Delivered<PeopleChanged>>,
) -> Result<(), Error> {
    ctx.db
        .transaction(async |tx| {
            let news = inbox::fresh(tx, CONSUMER, events).await?;
            let changed: Vec<_> = news
                .iter()
                .flat_map(|event| event.people.iter().map(|person| (event.tenant.as_str(), person)))
                .collect();
            people::save_all(tx, &changed).await?;
            let left = changed.iter().filter(|(_, person)| !person.active);
            let (tenants, codes): (Vec<&str>, Vec<&str>) =
                left.map(|(tenant, person)| (*tenant, person.user_code.as_str())).unzip();
            if !codes.is_empty() {
                let ended = sessions::end_of_disabled(tx, tenants, codes).await?;
                end_session::tell(tx, &ended, "disabled").await?;
            }
            Ok(())
        })
        .await
}
