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
    ctx.db
        .transaction(async |tx| {
            let news = inbox::fresh(tx, "flow", events).await?;
            let rows: Vec<_> = news
                .iter()
                .flat_map(|event| {
                    let tenant = event.tenant.as_str();
                    event.departments.iter().map(move |department| (tenant, department))
                })
                .collect();
            departments::save_all(tx, &rows).await?;
            Ok::<_, Error>(())
        })
        .await
}
