//! A delivery of users (E 2.2).

use shared::contract::directory::PeopleChanged;
use shared::id::Tenant;
use shared::outbox;
use shared::patch::Patch;

use super::{Ctx, lock_for_erp};
use crate::domain::batch::{Batch, Row};
use crate::domain::user::{Proposal, Staff, User};
use crate::error::Error;
use crate::events::facts;
use crate::store::{departments, users};

/// Judges row by row under the enterprise's lock; a thousand people cost a handful of statements.
pub(crate) async fn sync_users(
    ctx: &Ctx,
    tenant: &Tenant,
    rows: Vec<Row<Proposal>>,
    any_order: bool,
) -> Result<Batch<User>, Error> {
    let named = Named::of(&rows);
    ctx.db
        .transaction(async |tx| {
            let directory = lock_for_erp(tx, tenant).await?;
            let known = departments::list_existing(tx, tenant, named.departments).await?;
            let staff = Staff::new(
                users::load_staff(tx, tenant, named.people, named.mobiles).await?,
                known,
            );
            let batch = staff.absorb(rows, any_order);
            users::save_all(tx, tenant, directory.revision, &batch.changed).await?;
            let events: Vec<PeopleChanged> =
                facts::people_changed(tenant, directory.revision, &batch.changed);
            outbox::announce_all(tx, &events).await?;
            Ok(batch)
        })
        .await
}

/// Everything a delivery refers to.
#[derive(Default)]
struct Named {
    people: Vec<String>,
    departments: Vec<String>,
    mobiles: Vec<String>,
}

impl Named {
    fn of(rows: &[Row<Proposal>]) -> Self {
        let mut named = Named::default();
        for row in rows.iter().flatten() {
            named.people.push(row.code.clone());
            named.departments.push(row.dept_id.clone());
            if let Patch::Set(supervisor) = &row.supervisor {
                named.people.push(supervisor.clone());
            }
            if let Patch::Set(mobile) = &row.mobile {
                named.mobiles.push(mobile.clone());
            }
        }
        named
    }
}
