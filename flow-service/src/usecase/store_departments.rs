//! Keeps our copy of departments up to date.

use shared::contract::Delivered;
use shared::contract::directory::DepartmentsChanged;
use shared::inbox;

use super::Ctx;
use crate::error::Error;
use crate::store::departments;

/// An older fact changes nothing.
pub(crate) async fn store_departments(
    ctx: &Ctx,
    events: Vec<Delivered<DepartmentsChanged>>,
) -> Result<(), Error> {
    let ids: Vec<_> = events.iter().map(|event| event.id).collect();
    ctx.db
        .transaction(async |tx| {
            let firsts = inbox::once(tx, "flow", &ids).await?;
            let news = events.iter().filter(|event| firsts.contains(&event.id));
            let rows: Vec<_> = news
                .flat_map(|event| {
                    let tenant = event.body.tenant.as_str();
                    event.body.departments.iter().map(move |department| (tenant, department))
                })
                .collect();
            departments::save_all(tx, &rows).await?;
            Ok::<_, Error>(())
        })
        .await
}
