//! Keeps our copies of names and flows up to date with what their owners tell.

use shared::contract::Delivered;
use shared::contract::directory::PeopleChanged;
use shared::contract::flow::FlowPublished;
use shared::inbox;

use super::Ctx;
use crate::error::Error;
use crate::store::{flows, people};

const CONSUMER: &str = "task";

/// Names; an older fact changes nothing.
pub(crate) async fn store_people(
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
            Ok(())
        })
        .await
}

/// Titles and pages of flows; an older fact changes nothing.
pub(crate) async fn store_flows(
    ctx: &Ctx,
    events: Vec<Delivered<FlowPublished>>,
) -> Result<(), Error> {
    ctx.db
        .transaction(async |tx| {
            let news = inbox::fresh(tx, CONSUMER, events).await?;
            flows::save_all(tx, &news).await?;
            Ok::<_, Error>(())
        })
        .await?;
    ctx.known_flows.invalidate_all();
    Ok(())
}
